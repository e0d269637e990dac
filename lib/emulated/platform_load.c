/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform descriptions that are there already: in a file, and the default one. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "export.h"
#include "platform.h"
#include "util/alloc.h"
#include "util/err.h"

/* More than the longest text that ioasid_platform_format() can give. */
#define MAX_FILE (2u << 20)

static const char default_text[] =
	"iommu iommu0 address-bits=48 pasid-bits=16\n"
	"reserved iommu0 0xfee00000 1M\n"
	"device 0000:00:01.0 iommu=iommu0 group=1 pasid-bits=16\n"
	"device 0000:00:02.0 iommu=iommu0 group=2 pasid-bits=16\n"
	"device 0000:00:03.0 iommu=iommu0 group=3\n"
	"device 0000:00:03.1 iommu=iommu0 group=3\n";

IOASID_EXPORT int ioasid_platform_new_default(struct ioasid_platform **platform)
{
	return ioasid_platform_parse(default_text, sizeof(default_text) - 1, platform);
}

/* Reads up to @size bytes; how many, or -1 and errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, buf + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

/* errno as one of the few errors that ioasid_platform_load() has; the message says which it was. */
static int cannot_read(const char *path)
{
	switch (errno) {
	case ENOENT:
	case EACCES:
	case EISDIR:
	case ENOMEM:
		return err_set(errno, "%s: %m", path);
	default:
		return err_set(EIO, "%s: %m", path);
	}
}

static int parse_fd(int fd, const char *path, struct ioasid_platform **platform)
{
	char *text = mem_alloc(MAX_FILE + 1);
	ssize_t length;
	int ret;

	if (!text)
		return err_set(ENOMEM, "%s: out of memory", path);
	length = read_all(fd, text, MAX_FILE + 1);
	if (length < 0) {
		ret = cannot_read(path);
	} else if (length > (ssize_t)MAX_FILE) {
		ret = err_set(EFBIG, "%s: larger than %u bytes", path, MAX_FILE);
	} else {
		ret = ioasid_platform_parse(text, (size_t)length, platform);
		if (ret)
			err_set(-ret, "%s: %s", path, err_text());
	}
	mem_free(text);
	return ret;
}

IOASID_EXPORT int ioasid_platform_load(const char *path, struct ioasid_platform **platform)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int ret;

	if (fd < 0)
		return cannot_read(path);
	ret = parse_fd(fd, path, platform);
	close(fd);
	return ret;
}
