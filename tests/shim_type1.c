/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Of lib/vfio/sys.h, what the type1 back end does with its nodes. The rules are those of Linux
 * 6.12, drivers/vfio/container.c, group.c and vfio_iommu_type1.c.
 */
#include "shim_type1.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio/sys.h"

#define FIRST_FD  100
#define N_FDS	  12
#define N_WRITTEN 64u

struct shim_t1 shim_t1;

enum kind { FREE, CONTAINER, GROUP, DEVICE };

struct file {
	enum kind kind;
	/* of a container */
	bool has_iommu, records;
	struct shim_entry entries[SHIM_T1_ENTRIES];
	unsigned int n_entries;
	/* of a group, and of a device its group */
	uint32_t group;
	struct file *container;
	unsigned int device;
};

static struct file files[N_FDS];

/* Pages that were written while the container recorded that. */
static struct written {
	const struct file *container;
	uint64_t iova;
} written[N_WRITTEN];
static unsigned int n_written;

static const struct shim_range usual[2] = {
	{ 0, 0xfedfffff }, { 0xfef00000, (UINT64_C(1) << 39) - 1 },
};

void shim_reset(void)
{
	shim_reset_system("/dev/vfio/vfio");
	memset(files, 0, sizeof(files));
	memset(&shim_t1, 0, sizeof(shim_t1));
	shim_t1.page_sizes = 0x40201000;
	memcpy(shim_t1.ranges, usual, sizeof(usual));
	shim_t1.n_ranges = 2;
	shim_t1.max_entries = 16;
	shim_t1.dirty_limit = 1u << 28;
	n_written = 0;
}

unsigned int shim_open_fds(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < N_FDS; i++)
		n += files[i].kind != FREE;
	return n;
}

unsigned int shim_objects(void)
{
	return 0;
}

static int fd_of(const struct file *file)
{
	return file ? (int)(file - files) + FIRST_FD : 0;
}

static struct file *find_group(uint32_t group)
{
	unsigned int i;

	for (i = 0; i < N_FDS; i++)
		if (files[i].kind == GROUP && files[i].group == group)
			return &files[i];
	return NULL;
}

static struct file *find_device(unsigned int device)
{
	unsigned int i;

	for (i = 0; i < N_FDS; i++)
		if (files[i].kind == DEVICE && files[i].device == device)
			return &files[i];
	return NULL;
}

int shim_device_fd(unsigned int device)
{
	return fd_of(find_device(device));
}

int shim_group_fd(uint32_t group)
{
	return fd_of(find_group(group));
}

int shim_container_fd(uint32_t group)
{
	const struct file *file = find_group(group);

	return file ? fd_of(file->container) : 0;
}

unsigned int shim_entries(uint32_t group, const struct shim_entry **entries)
{
	const struct file *container = find_group(group)->container;

	*entries = container->entries;
	return container->n_entries;
}

static int new_file(enum kind kind, uint32_t group, unsigned int device)
{
	unsigned int i;

	shim.open_twice |= kind == DEVICE && find_device(device);
	for (i = 0; i < N_FDS; i++)
		if (files[i].kind == FREE) {
			files[i] = (struct file){ .kind = kind, .group = group, .device = device };
			return fd_of(&files[i]);
		}
	return -EMFILE;
}

/* Nothing in this back end asks for these. */
int sys_dup(int fd)
{
	(void)fd;
	return -EBADF;
}

int sys_device(int fd, unsigned int *major_number, unsigned int *minor_number)
{
	(void)fd;
	*major_number = *minor_number = 0;
	return -EBADF;
}

int sys_read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	(void)fd;
	(void)offset;
	(void)buffer;
	(void)size;
	return -EBADF;
}

int sys_open(const char *path)
{
	unsigned int i;
	uint32_t group;

	shim.opens++;
	if (!strcmp(path, "/dev/vfio/vfio"))
		return shim_t1.open_container ? -shim_t1.open_container :
						new_file(CONTAINER, 0, 0);
	if (strncmp(path, "/dev/vfio/", 10) || !isdigit((unsigned char)path[10]) ||
	    shim_t1.no_group_nodes)
		return -ENOENT;
	group = (uint32_t)strtoul(path + 10, NULL, 10);
	if (shim_t1.open_group || find_group(group))
		return shim_t1.open_group ? -shim_t1.open_group : -EBUSY;
	for (i = 0; i < SHIM_DEVICES; i++)
		if (shim.devices[i].vfio && shim.devices[i].group == group)
			return new_file(GROUP, group, 0);
	return -ENOENT;
}

/* The kernel takes any order; this back end closes devices before their group. */
void sys_close(int fd)
{
	struct file *file = &files[fd - FIRST_FD];
	unsigned int i;

	shim_take_long(0);
	for (i = 0; i < N_FDS; i++)
		if (file->kind == GROUP && files[i].kind == DEVICE && files[i].group == file->group)
			abort();
	file->kind = FREE;
}

static int set_container(struct file *group, const int *fd)
{
	struct file *container = &files[*fd - FIRST_FD];

	if (group->container)
		return -EINVAL;
	if (container->kind != CONTAINER)
		return -EBADFD;
	group->container = container;
	return 0;
}

static int set_iommu(struct file *container)
{
	unsigned int i;

	for (i = 0; i < N_FDS; i++)
		if (files[i].kind == GROUP && files[i].container == container)
			break;
	if (i == N_FDS || container->has_iommu)
		return -EINVAL;
	container->has_iommu = true;
	return 0;
}

/*
 * What is @behind a device's name, vfio_pci_core_match(): 0, or -errno. The token as text:
 * UUID_STRING_LEN.
 */
static int check_token(unsigned int device, const char *behind)
{
	const uint8_t *t = device ? NULL : shim.vf_token;
	char wanted[64];

	if (*behind && (shim_t1.no_tokens || strncmp(behind, " vf_token=", 10)))
		return -ENODEV;
	if (!t)
		return *behind ? -EINVAL : 0;
	snprintf(wanted, sizeof(wanted), " vf_token=%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x", t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8],
		 t[9], t[10], t[11], t[12], t[13], t[14], t[15]);
	return strcmp(behind, wanted) ? -EACCES : 0;
}

static int get_device(const struct file *group, const char *name)
{
	size_t length = strcspn(name, " ");
	unsigned int i;
	int ret;

	for (i = 0; i < SHIM_DEVICES; i++)
		if (strlen(shim.devices[i].name) == length &&
		    !strncmp(shim.devices[i].name, name, length))
			break;
	if (i == SHIM_DEVICES || shim.devices[i].group != group->group)
		return -ENODEV;
	ret = check_token(i, name + length);
	if (ret)
		return ret;
	if (!group->container || !group->container->has_iommu)
		return -EINVAL;
	return new_file(DEVICE, group->group, i);
}

static void put32(unsigned char *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

/* A capability at @at, 8 bytes of header: its number, version 1, where the next one is. */
static void put_header(unsigned char *answer, uint32_t at, uint16_t id, uint32_t next)
{
	const uint16_t words[2] = { id, 1 };

	memcpy(answer + at, words, sizeof(words));
	put32(answer + at + 4, next);
}

static uint64_t smallest_page(void)
{
	return shim_t1.page_sizes ? shim_t1.page_sizes & -shim_t1.page_sizes : 4096;
}

/* Migration, mappings that are left, ranges: in the order in which Linux has them. */
static int get_info(const struct file *container, unsigned char *w)
{
	const uint32_t migration = (shim_t1.unpadded ? 20 : 24) + shim_t1.pad;
	const uint32_t avail = migration + (shim_t1.unpadded ? 28 : 32);
	const uint32_t iovas = avail + (shim_t1.packed || shim_t1.unpadded ? 12 : 16);
	uint32_t n = shim_t1.n_ranges, size, needed = iovas + 16 + 16 * n;
	uint64_t page;

	memcpy(&size, w, sizeof(size));
	put32(w + 4, shim_t1.page_sizes ? 3 : 2);
	memcpy(w + 8, &shim_t1.page_sizes, sizeof(uint64_t));
	put32(w + 16, 0);
	if (size < needed) {
		put32(w, needed);
		return 0;
	}
	put32(w + 16, shim_t1.odd_offset ? shim_t1.odd_offset : migration);
	put_header(w, migration, shim_t1.no_migration ? 98 : 2, avail);
	page = shim_t1.dirty_sizes ? shim_t1.dirty_sizes : smallest_page();
	memcpy(w + avail - 16, &page, sizeof(page));
	memcpy(w + avail - 8, &shim_t1.dirty_limit, sizeof(uint64_t));
	put_header(w, avail, shim_t1.no_avail ? 99 : 3, n ? iovas : 0);
	put32(w + avail + 8, shim_t1.max_entries - container->n_entries);
	if (n) {
		put_header(w, iovas, 1, 0);
		put32(w + iovas + 8, shim_t1.claim_ranges ? shim_t1.claim_ranges : n);
		memcpy(w + iovas + 16, shim_t1.ranges, 16 * (size_t)n);
	}
	return 0;
}

struct dma_map {
	uint32_t argsz, flags;
	uint64_t vaddr, iova, size;
};

struct dirty_bitmap {
	uint64_t pgsize, size, data;
};

struct dma_unmap {
	uint32_t argsz, flags;
	uint64_t iova, size;
	struct dirty_bitmap bitmap;	/* flag 1 */
};

struct dirty_pages {
	uint32_t argsz, flags;
	uint64_t iova, size;		/* flag 4 */
	struct dirty_bitmap bitmap;
};

static bool overlap(const struct shim_entry *e, uint64_t iova, uint64_t size)
{
	return e->iova <= iova + size - 1 && iova <= e->iova + e->size - 1;
}

void shim_write(uint32_t group, uint64_t iova)
{
	const struct file *container = find_group(group)->container;
	unsigned int i;

	for (i = 0; i < container->n_entries; i++)
		if (overlap(&container->entries[i], iova, 1) && container->records)
			written[n_written++] = (struct written){ container, iova };
}

bool shim_records(uint32_t group)
{
	return find_group(group)->container->records;
}

static bool too_large(const struct shim_entry *e)
{
	return e->size / smallest_page() > shim_t1.dirty_limit * 8;
}

/* Sets the bits of an entry's pages, counted from @base on, and forgets them. */
static void report(const struct file *container, const struct shim_entry *e, uint64_t base,
		   uint64_t *bits)
{
	uint64_t page = smallest_page(), at;
	unsigned int i, n = 0;

	for (at = e->iova; !shim_t1.narrows && at < e->iova + e->size; at += page)
		bits[(at - base) / page / 64] |= UINT64_C(1) << (at - base) / page % 64;
	for (i = 0; i < n_written; i++) {
		at = written[i].iova;
		if (written[i].container == container && overlap(e, at, 1))
			bits[(at - base) / page / 64] |= UINT64_C(1) << (at - base) / page % 64;
		else
			written[n++] = written[i];
	}
	n_written = n;
}

/* It has room for the pages of the range, which are of the size that there is. */
static bool fits(const struct dirty_bitmap *b, uint64_t size)
{
	const uint64_t page = smallest_page();

	return b->pgsize == page && b->size <= shim_t1.dirty_limit &&
	       b->size * 8 >= (size / page + 63) / 64 * 64;
}

static bool cuts(const struct file *container, uint64_t iova, uint64_t size)
{
	unsigned int i;

	for (i = 0; i < container->n_entries; i++) {
		const struct shim_entry *e = &container->entries[i];

		if (overlap(e, iova, size) &&
		    (e->iova < iova || e->iova + e->size > iova + size))
			return true;
	}
	return false;
}

static int get_dirty(const struct file *container, const struct dirty_pages *d)
{
	unsigned int i;

	if (d->argsz < sizeof(*d) || !d->size || !container->records ||
	    (d->iova | d->size) & (smallest_page() - 1) || !fits(&d->bitmap, d->size) ||
	    cuts(container, d->iova, d->size))
		return -EINVAL;
	for (i = 0; i < container->n_entries; i++)
		if (overlap(&container->entries[i], d->iova, d->size))
			report(container, &container->entries[i], d->iova,
			       (uint64_t *)(uintptr_t)d->bitmap.data);
	return 0;
}

static int dirty_pages(struct file *container, const struct dirty_pages *d)
{
	unsigned int i;

	switch (d->flags) {
	case 1:
		for (i = 0; i < container->n_entries; i++)
			if (too_large(&container->entries[i]))
				return -EINVAL;
		container->records = true;
		return 0;
	case 2:
		container->records = false;
		return 0;
	case 4:
		return get_dirty(container, d);
	}
	return -EINVAL;
}

static int map_dma(struct file *container, const struct dma_map *map)
{
	unsigned int i, at = 0;

	if (!map->size || (map->size | map->iova | map->vaddr) & (smallest_page() - 1) ||
	    !(map->flags & 3))
		return -EINVAL;
	for (i = 0; i < container->n_entries; i++) {
		if (overlap(&container->entries[i], map->iova, map->size))
			return -EEXIST;
		at += container->entries[i].iova < map->iova;
	}
	if (container->n_entries == shim_t1.max_entries)
		return -ENOSPC;
	if (container->records && map->size / smallest_page() > shim_t1.dirty_limit * 8)
		return -EINVAL;
	memmove(&container->entries[at + 1], &container->entries[at],
		(container->n_entries++ - at) * sizeof(container->entries[0]));
	container->entries[at] =
		(struct shim_entry){ map->iova, map->size, map->vaddr, map->flags };
	return 0;
}

static int unmap_dma(struct file *container, struct dma_unmap *unmap)
{
	bool all = unmap->flags & 2;
	uint64_t sum = 0, size = all ? UINT64_MAX : unmap->size;
	unsigned int i, n = 0;

	if (all ? unmap->iova || unmap->size :
		  !size || (size | unmap->iova) & (smallest_page() - 1))
		return -EINVAL;
	if (!all && cuts(container, unmap->iova, size))
		return -EINVAL;
	if (unmap->flags & 1 && (!container->records || unmap->argsz < sizeof(*unmap) ||
				 !fits(&unmap->bitmap, unmap->size)))
		return -EINVAL;
	for (i = 0; i < container->n_entries; i++) {
		if (overlap(&container->entries[i], unmap->iova, size)) {
			sum += container->entries[i].size;
			if (unmap->flags & 1)
				report(container, &container->entries[i], unmap->iova,
				       (uint64_t *)(uintptr_t)unmap->bitmap.data);
		} else {
			container->entries[n++] = container->entries[i];
		}
	}
	container->n_entries = n;
	unmap->size = sum;
	return shim_t1.is_iommufd && !sum && !all ? -ENOENT : 0;
}

/* What is kept of an argument. */
static int record(int fd, unsigned long command, void *arg)
{
	uint64_t number = (uintptr_t)arg;
	uint32_t size;

	switch (command) {
	case SHIM_API_VERSION:
		return shim_record(fd, command, "", 0);
	case SHIM_CHECK_EXTENSION:
	case SHIM_SET_IOMMU:
		return shim_record(fd, command, &number, sizeof(number));
	case SHIM_SET_CONTAINER:
		return shim_record(fd, command, arg, sizeof(int));
	case SHIM_GET_DEVICE_FD:
		return shim_record(fd, command, arg, strcspn(arg, " "));
	case SHIM_GET_INFO:
		return shim_record(fd, command, arg, 24);
	}
	memcpy(&size, arg, sizeof(size));
	return shim_record(fd, command, arg, size);
}

static int container_ioctl(struct file *container, unsigned long command, void *arg)
{
	switch (command) {
	case SHIM_API_VERSION:
		return shim_t1.version;
	case SHIM_CHECK_EXTENSION:
		return ((uintptr_t)arg == 3 && !shim_t1.no_type1) ||
		       ((uintptr_t)arg == 4 && !shim_t1.no_snoop_control) ||
		       ((uintptr_t)arg == 9 && !shim_t1.no_unmap_all);
	case SHIM_SET_IOMMU:
		return (uintptr_t)arg == 3 ? set_iommu(container) : -ENODEV;
	}
	if (!container->has_iommu)
		return -EINVAL;
	switch (command) {
	case SHIM_GET_INFO:
		return get_info(container, arg);
	case SHIM_MAP_DMA:
		return map_dma(container, arg);
	case SHIM_UNMAP_DMA:
		return unmap_dma(container, arg);
	case SHIM_DIRTY_PAGES:
		return shim_t1.no_migration ? -ENOTTY : dirty_pages(container, arg);
	}
	return -ENOTTY;
}

static int group_ioctl(struct file *group, unsigned long command, void *arg)
{
	uint32_t *w = arg;

	switch (command) {
	case SHIM_GET_STATUS:
		w[1] = shim_t1.not_viable ? 0 : 1;
		return 0;
	case SHIM_SET_CONTAINER:
		return set_container(group, arg);
	case SHIM_GET_DEVICE_FD:
		return get_device(group, arg);
	}
	return -ENOTTY;
}

int sys_ioctl(int fd, unsigned long command, void *arg)
{
	struct file *file = &files[fd - FIRST_FD];
	int ret;

	shim_take_long(command);
	ret = record(fd, command, arg);
	if (ret)
		return ret;
	return file->kind == CONTAINER ? container_ioctl(file, command, arg) :
					 group_ioctl(file, command, arg);
}
