/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "shim_ioas.h"
#include "shim_kernel.h"
#include "shim_version.h"

#define N_AREAS 8192u

static struct area {
	uint64_t start, last;
	uint64_t host;		/* or in the file */
	uint64_t file;		/* its inode's number; 0: memory */
	bool dmabuf;
	uint32_t perm;
	bool writable;		/* the memory, as it was first mapped */
	uint32_t ioas;
} areas[N_AREAS];
static unsigned int n_areas;

static struct allowed {
	uint64_t start, last;
	uint32_t ioas;
} allowed[64];
static unsigned int n_allowed;
static struct { uint64_t start, last; } foreign;	/* last 0: none */

/* Of attached devices. */
static struct reserved {
	uint64_t start, last;
	uint32_t ioas;
	unsigned int owner;
} reserved[32];
static unsigned int n_reserved;

static struct area *find(uint32_t ioas, uint64_t start, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < n_areas; i++)
		if (areas[i].ioas == ioas && areas[i].start <= last && areas[i].last >= start)
			return &areas[i];
	return NULL;
}

static bool is_reserved(uint32_t ioas, uint64_t start, uint64_t last)
{
	unsigned int i;

	for (i = 0; i < n_reserved; i++)
		if (reserved[i].ioas == ioas && reserved[i].start <= last &&
		    reserved[i].last >= start)
			return true;
	return false;
}

static int add(const struct area *area)
{
	if (area->last < area->start || ((area->start | area->host | (area->last + 1)) & 4095))
		return -EINVAL;
	if (is_reserved(area->ioas, area->start, area->last))
		return -EINVAL;
	if (find(area->ioas, area->start, area->last))
		return -EEXIST;
	if (n_areas == N_AREAS)
		return -ENOMEM;
	areas[n_areas++] = *area;
	return 0;
}

int shim_ioas_map(uint32_t ioas, uint64_t iova, uint64_t length, uint64_t host, uint32_t perm)
{
	const struct area area = {
		.start = iova, .last = iova + length - 1, .host = host, .perm = perm,
		.writable = perm & SHIM_WRITE, .ioas = ioas,
	};

	return add(&area);
}

static bool is_dmabuf(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == 0x444d4142;
}

static bool has_devices(uint32_t ioas)
{
	unsigned int i;

	for (i = 0; i < SHIM_DEVICES; i++)
		if (shim_attached(i) == ioas)
			return true;
	return false;
}

/* iopt_alloc_dmabuf_pages(), Linux 6.19 */
static int check_dmabuf(const struct stat *st, uint64_t last)
{
	if ((uint64_t)st->st_size <= last)
		return -EINVAL;
	return -shim.no_dmabuf;
}

/*
 * Of others memfd_pin_folios(), once a device is attached: files of shmem or hugetlbfs, which are
 * those that have seals.
 */
int shim_ioas_map_file(uint32_t ioas, uint64_t iova, uint64_t length, int fd, uint64_t from,
		       uint32_t perm)
{
	struct area area = {
		.start = iova, .last = iova + length - 1, .host = from, .perm = perm,
		.writable = perm & SHIM_WRITE, .ioas = ioas,
	};
	struct stat st;
	int ret = 0;

	if (fstat(fd, &st))
		return -EBADF;
	area.file = st.st_ino;
	area.dmabuf = shim.version >= LINUX(6, 19) && is_dmabuf(fd);
	if (area.dmabuf)
		ret = check_dmabuf(&st, from + length - 1);
	else if (fcntl(fd, F_GET_SEALS) < 0 && has_devices(ioas))
		ret = -EINVAL;
	return ret ? ret : add(&area);
}

/* A new mapping for each that the source has there. */
int shim_ioas_copy(uint32_t ioas, uint64_t iova, uint64_t length, uint32_t source, uint64_t from,
		   uint32_t perm)
{
	uint64_t done = 0;
	int ret = 0;

	while (!ret && done < length) {
		const struct area *s = find(source, from + done, from + done);
		struct area area;
		uint64_t n;

		if (!s)
			return -ENOENT;
		if (perm & SHIM_WRITE && !s->writable)
			return -EPERM;
		n = s->last - (from + done) + 1;
		if (n > length - done)
			n = length - done;
		area = (struct area){
			.start = iova + done, .last = iova + done + n - 1,
			.host = s->host + (from + done - s->start), .file = s->file,
			.dmabuf = s->dmabuf, .perm = perm, .writable = s->writable, .ioas = ioas,
		};
		ret = add(&area);
		done += n;
	}
	return ret;
}

int shim_ioas_unmap(uint32_t ioas, uint64_t iova, uint64_t length)
{
	uint64_t last = length == UINT64_MAX ? UINT64_MAX : iova + length - 1;
	unsigned int i, n = 0;

	for (i = 0; i < n_areas; i++)
		if (areas[i].ioas == ioas && areas[i].start <= last && areas[i].last >= iova) {
			if (areas[i].start < iova || areas[i].last > last)
				return -ENOENT;
			n++;
		}
	if (!n)
		return -ENOENT;
	for (i = 0; i < n_areas;)
		if (areas[i].ioas == ioas && areas[i].start >= iova && areas[i].last <= last)
			areas[i] = areas[--n_areas];
		else
			i++;
	return 0;
}

uint32_t shim_ioas_look(uint32_t ioas, uint64_t iova, uint64_t *host)
{
	const struct area *area = find(ioas, iova, iova);

	if (!area)
		return 0;
	*host = area->host + (iova - area->start);
	return area->perm;
}

uint64_t shim_ioas_file(uint32_t ioas, uint64_t iova)
{
	const struct area *area = find(ioas, iova, iova);

	return area ? area->file : 0;
}

bool shim_ioas_all_files(void)
{
	unsigned int i;

	for (i = 0; i < n_areas; i++)
		if (!areas[i].file || areas[i].dmabuf)
			return false;
	return true;
}

unsigned int shim_ioas_count(uint32_t ioas)
{
	unsigned int i, n = 0;

	for (i = 0; i < n_areas; i++)
		n += areas[i].ioas == ioas;
	return n;
}

bool shim_ioas_has(uint32_t ioas, uint64_t start, uint64_t last)
{
	const struct area *area = find(ioas, start, start);

	return area && area->start <= start && area->last >= last;
}

static void disallow(uint32_t ioas)
{
	unsigned int i;

	for (i = 0; i < n_allowed;)
		if (allowed[i].ioas == ioas)
			allowed[i] = allowed[--n_allowed];
		else
			i++;
}

int shim_ioas_allow(uint32_t ioas, const uint64_t *ranges, uint32_t n)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		if (ranges[2 * i] >= ranges[2 * i + 1])
			return -EINVAL;
		for (k = 0; k < i; k++)
			if (ranges[2 * i] <= ranges[2 * k + 1] &&
			    ranges[2 * k] <= ranges[2 * i + 1])
				return -EINVAL;
	}
	for (i = 0; i < n; i++)
		if (foreign.last && ranges[2 * i] <= foreign.last &&
		    foreign.start <= ranges[2 * i + 1])
			return -EADDRINUSE;
	disallow(ioas);
	if (n > sizeof(allowed) / sizeof(allowed[0]) - n_allowed)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		allowed[n_allowed++] = (struct allowed){ ranges[2 * i], ranges[2 * i + 1], ioas };
	return 0;
}

unsigned int shim_ioas_allowed(uint32_t ioas, uint64_t *ranges, unsigned int n)
{
	unsigned int i, count = 0;

	for (i = 0; i < n_allowed; i++) {
		if (allowed[i].ioas != ioas)
			continue;
		if (count < n) {
			ranges[2 * count] = allowed[i].start;
			ranges[2 * count + 1] = allowed[i].last;
		}
		count++;
	}
	return count;
}

void shim_ioas_release(unsigned int owner)
{
	unsigned int i;

	for (i = 0; i < n_reserved;)
		if (reserved[i].owner == owner)
			reserved[i] = reserved[--n_reserved];
		else
			i++;
}

/* The next of @regions, lines of sysfs' file, that the kernel reserves. False: none is left. */
static bool next_region(const char **regions, struct reserved *r)
{
	const char *line = *regions;
	char type[32];
	int n;

	do {
		n = sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &r->start, &r->last, type);
		line += strcspn(line, "\n");
		line += *line == '\n';
	} while (n == 3 && (r->last < r->start || !strcmp(type, "direct-relaxable")));
	*regions = line;
	return n == 3;
}

/* iopt_table_enforce_dev_resv_regions() */
int shim_ioas_claim(unsigned int owner, uint32_t ioas, const char *regions)
{
	struct reserved r = { .ioas = ioas, .owner = owner };
	const char *at = regions;

	while (next_region(&at, &r))
		if (find(ioas, r.start, r.last))
			return -EADDRINUSE;
	shim_ioas_release(owner);
	for (at = regions; next_region(&at, &r);)
		reserved[n_reserved++] = r;
	return 0;
}

void shim_ioas_reserve(uint64_t start, uint64_t last)
{
	foreign.start = start;
	foreign.last = last;
}

void shim_ioas_destroy(uint32_t ioas)
{
	if (shim_ioas_count(ioas))
		shim_ioas_unmap(ioas, 0, UINT64_MAX);
	disallow(ioas);
}

void shim_ioas_reset(void)
{
	n_areas = n_allowed = n_reserved = 0;
	foreign.last = 0;
}
