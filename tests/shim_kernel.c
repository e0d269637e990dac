/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of lib/vfio/sys.h, what the iommufd back end does with its nodes. */
#include "shim_ioas.h"
#include "shim_kernel.h"

#include <errno.h>
#include <string.h>

#include "vfio/sys.h"

#define FIRST_FD	100
#define N_FDS		8
#define N_OBJECTS	16

enum kind { FREE, IOAS, HWPT, DEVICE };

static struct {
	enum kind kind;
	uint32_t ioas;		/* of a page table */
} objects[N_OBJECTS];		/* by id; 0 is unused */

static struct {
	bool open, is_iommu;
	unsigned int device;
	uint32_t id, ioas;	/* bound; attached; 0: not */
} fds[N_FDS];

void shim_reset(void)
{
	shim_reset_system("/dev/iommu");
	memset(objects, 0, sizeof(objects));
	memset(fds, 0, sizeof(fds));
	shim_ioas_reset();
}

unsigned int shim_open_fds(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < N_FDS; i++)
		n += fds[i].open;
	return n;
}

unsigned int shim_objects(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < N_OBJECTS; i++)
		n += objects[i].kind != FREE;
	return n;
}

int shim_iommu_fd(void)
{
	int i;

	for (i = 0; i < N_FDS; i++)
		if (fds[i].open && fds[i].is_iommu)
			return FIRST_FD + i;
	return 0;
}

int shim_device_fd(unsigned int device)
{
	int i;

	for (i = 0; i < N_FDS; i++)
		if (fds[i].open && !fds[i].is_iommu && fds[i].device == device)
			return FIRST_FD + i;
	return 0;
}

uint32_t shim_attached(unsigned int device)
{
	int fd = shim_device_fd(device);

	return fd ? fds[fd - FIRST_FD].ioas : 0;
}

static int new_fd(bool is_iommu, unsigned int device)
{
	int i;

	for (i = 0; i < N_FDS; i++)
		if (!fds[i].open) {
			fds[i].open = true;
			fds[i].is_iommu = is_iommu;
			fds[i].device = device;
			fds[i].id = fds[i].ioas = 0;
			return FIRST_FD + i;
		}
	return -EMFILE;
}

int sys_open(const char *path)
{
	unsigned int i;

	shim.opens++;
	if (!strcmp(path, "/dev/iommu"))
		return shim.open_iommu ? -shim.open_iommu : new_fd(true, 0);
	if (strncmp(path, "/dev/vfio/devices/", 18) || shim.no_cdev)
		return -ENOENT;
	for (i = 0; i < SHIM_DEVICES; i++)
		if (shim.devices[i].vfio && !strcmp(path + 18, shim.devices[i].vfio))
			return shim.open_vfio ? -shim.open_vfio : new_fd(false, i);
	return -ENOENT;
}

void sys_close(int fd)
{
	objects[fds[fd - FIRST_FD].id].kind = FREE;
	fds[fd - FIRST_FD].open = false;
	fds[fd - FIRST_FD].ioas = 0;
}

/* The lowest id that is free, as the kernel does. */
static uint32_t new_object(enum kind kind)
{
	uint32_t id;

	for (id = 1; id < N_OBJECTS && objects[id].kind != FREE; id++)
		;
	objects[id].kind = kind;
	objects[id].ioas = 0;
	return id;
}

static bool is(uint32_t id, enum kind kind)
{
	return id < N_OBJECTS && objects[id].kind == kind;
}

static int destroy(uint32_t id)
{
	unsigned int i;

	if (is(id, FREE) || id >= N_OBJECTS)
		return -ENOENT;
	for (i = 0; i < N_OBJECTS; i++)
		if (objects[i].kind == HWPT && objects[i].ioas == id)
			return -EBUSY;
	for (i = 0; i < N_FDS; i++)
		if (fds[i].open && (fds[i].ioas == id || fds[i].id == id))
			return -EBUSY;
	if (objects[id].kind == IOAS)
		shim_ioas_destroy(id);
	objects[id].kind = FREE;
	return 0;
}

static void put64(uint32_t *words, uint64_t value)
{
	memcpy(words, &value, sizeof(value));
}

static uint64_t get64(const uint32_t *words)
{
	uint64_t value;

	memcpy(&value, words, sizeof(value));
	return value;
}

static int iova_ranges(uint32_t *w)
{
	uint64_t *range = (uint64_t *)(uintptr_t)get64(w + 4);

	if (!is(w[1], IOAS) || w[2] < 1)
		return -ENOENT;
	range[0] = shim.aperture_start;
	range[1] = shim.aperture_last;
	w[2] = 1;
	put64(w + 6, 4096);
	return 0;
}

static int hw_info(uint32_t *w)
{
	uint64_t *vtd = (uint64_t *)(uintptr_t)get64(w + 4);

	if (!is(w[2], DEVICE) || w[3] != 24)
		return -ENOENT;
	vtd[1] = shim.cap_reg;
	w[6] = shim.hw_type;
	return 0;
}

/* IOMMU_IOAS_MAP_WRITEABLE, _READABLE. */
static uint32_t permission(uint32_t flags)
{
	return (flags & 4 ? SHIM_READ : 0) | (flags & 2 ? SHIM_WRITE : 0);
}

static int iommu_ioctl(unsigned long command, uint32_t *w)
{
	switch (command) {
	case SHIM_IOAS_ALLOC:
		w[2] = new_object(IOAS);
		return 0;
	case SHIM_DESTROY:
		return destroy(w[1]);
	case SHIM_HWPT_ALLOC:
		if (!is(w[2], DEVICE) || !is(w[3], IOAS))
			return -ENOENT;
		w[4] = new_object(HWPT);
		objects[w[4]].ioas = w[3];
		return 0;
	case SHIM_IOVA_RANGES:
		return iova_ranges(w);
	case SHIM_HW_INFO:
		return hw_info(w);
	case SHIM_MAP:
		return is(w[2], IOAS) ? shim_ioas_map(w[2], get64(w + 8), get64(w + 6), get64(w + 4),
						      permission(w[1])) : -ENOENT;
	case SHIM_COPY:
		return is(w[2], IOAS) && is(w[3], IOAS) ?
		       shim_ioas_copy(w[2], get64(w + 6), get64(w + 4), w[3], get64(w + 8),
				      permission(w[1])) : -ENOENT;
	case SHIM_UNMAP:
		return is(w[1], IOAS) ? shim_ioas_unmap(w[1], get64(w + 2), get64(w + 4)) : -ENOENT;
	}
	return -ENOTTY;
}

static int vfio_ioctl(int fd, unsigned long command, uint32_t *w)
{
	int i = fd - FIRST_FD;

	switch (command) {
	case SHIM_BIND:
		if ((int)w[2] != shim_iommu_fd())
			return -EBADF;
		w[3] = fds[i].id = new_object(DEVICE);
		return 0;
	case SHIM_ATTACH:
		if (!fds[i].id || !is(w[2], IOAS))
			return -ENOENT;
		fds[i].ioas = w[2];
		for (i = 0; i < N_FDS; i++)	/* the rest of the group moves along */
			if (fds[i].open && fds[i].ioas && !fds[i].is_iommu &&
			    shim.devices[fds[i].device].group ==
			    shim.devices[fds[fd - FIRST_FD].device].group)
				fds[i].ioas = w[2];
		w[2] = 1000;			/* of the automatic page table */
		return 0;
	case SHIM_DETACH:
		fds[i].ioas = 0;
		return 0;
	}
	return -ENOTTY;
}

int sys_ioctl(int fd, unsigned long command, void *arg)
{
	uint32_t size;
	int ret;

	memcpy(&size, arg, sizeof(size));
	ret = shim_record(fd, command, arg, size);
	if (ret)
		return ret;
	return fd == shim_iommu_fd() ? iommu_ioctl(command, arg) : vfio_ioctl(fd, command, arg);
}
