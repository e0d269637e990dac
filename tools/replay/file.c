/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading files. An archive can have anything by their names: a pipe, a link to a device. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

static int read_all(struct file *f, int fd)
{
	size_t room = 0;
	ssize_t got;

	do {
		f->data = grow(f->data, f->size + 1, &room, 1);
		got = read(fd, f->data + f->size, room - f->size - 1);
		if (got > 0)
			f->size += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	f->data[f->size] = 0;
	return got < 0 ? fail("%s: %s", f->path, strerror(errno)) : 0;
}

static int read_regular(struct file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail("%s: %s", f->path, strerror(errno));
	return S_ISREG(st.st_mode) ? read_all(f, fd) : fail("%s: not a regular file", f->path);
}

int file_open(struct file *f, char *path, bool optional)
{
	int fd, ret;

	*f = (struct file){ .path = path };
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT && optional)
		return 0;
	if (fd < 0)
		return fail("%s: %s", path, strerror(errno));
	ret = read_regular(f, fd);
	close(fd);
	return ret;
}

void file_close(struct file *f)
{
	free(f->path);
	free(f->data);
}
