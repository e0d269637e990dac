/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of lib/vfio/sys.h, on a kernel that is played here. */
#include "shim_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vfio/sys.h"

#define FIRST_FD	100
#define N_FDS		8
#define N_OBJECTS	16
#define PCI		"/sys/bus/pci/devices/"
#define NO_DEVICE	4u

struct shim shim;

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
	static const struct shim_device devices[4] = {
		{ "0000:00:02.0", "vfio-pci", "vfio0", 1 }, { "0000:03:1f.7", "vfio-pci", "vfio1", 2 },
		{ "0000:05:00.0", "vfio-pci", "vfio2", 7 }, { "0000:05:00.1", "vfio-pci", "vfio3", 7 },
	};

	memset(&shim, 0, sizeof(shim));
	memset(objects, 0, sizeof(objects));
	memset(fds, 0, sizeof(fds));
	memcpy(shim.devices, devices, sizeof(devices));
	shim.aperture_last = (UINT64_C(1) << 48) - 1;
	shim.hw_type = 1;
	shim.cap_reg = UINT64_C(3) << 34;
	shim.lock_limit = UINT64_MAX;
	shim.reserved = "0x00000000fee00000 0x00000000feefffff msi\n";
}

void shim_forget(void)
{
	shim.n_calls = 0;
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

/* The device that a path below PCI names, and what follows its name. */
static unsigned int device_at(const char *path, const char **rest)
{
	unsigned int i;

	if (strncmp(path, PCI, strlen(PCI)))
		return NO_DEVICE;
	path += strlen(PCI);
	for (i = 0; i < NO_DEVICE; i++) {
		size_t n = strlen(shim.devices[i].name);

		if (!strncmp(path, shim.devices[i].name, n)) {
			*rest = path + n;
			return i;
		}
	}
	return NO_DEVICE;
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
	for (i = 0; i < NO_DEVICE; i++)
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

int sys_access(const char *path)
{
	return strcmp(path, "/dev/iommu") ? -ENOENT : -shim.access;
}

int sys_read(const char *path, char *buffer, size_t size)
{
	unsigned int group;
	int end = 0;

	if (sscanf(path, "/sys/kernel/iommu_groups/%u/reserved_regions%n", &group, &end) != 1 || !end)
		return -ENOENT;
	return snprintf(buffer, size, "%s", shim.reserved);
}

int sys_link_name(const char *path, char *buffer, size_t size)
{
	const char *rest;
	unsigned int i = device_at(path, &rest);

	if (i == NO_DEVICE)
		return -ENOENT;
	if (!*rest)
		snprintf(buffer, size, "%s", shim.devices[i].name);
	else if (!strcmp(rest, "/driver") && shim.devices[i].driver)
		snprintf(buffer, size, "%s", shim.devices[i].driver);
	else if (!strcmp(rest, "/iommu_group") && !shim.no_group)
		snprintf(buffer, size, "%u", shim.devices[i].group);
	else
		return -ENOENT;
	return 0;
}

int sys_entry(const char *path, unsigned int index, char *buffer, size_t size)
{
	const char *rest;
	unsigned int i = device_at(path, &rest), group;

	if (i != NO_DEVICE && !strcmp(rest, "/vfio-dev") && shim.devices[i].vfio && !index) {
		snprintf(buffer, size, "%s", shim.devices[i].vfio);
		return 0;
	}
	if (sscanf(path, "/sys/kernel/iommu_groups/%u/devices", &group) != 1)
		return -ENOENT;
	for (i = 0; i < NO_DEVICE; i++)
		if (shim.devices[i].group == group && !index--) {
			snprintf(buffer, size, "%s", shim.devices[i].name);
			return 0;
		}
	return -ENOENT;
}

uint64_t sys_lock_limit(void)
{
	return shim.lock_limit;
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
		return is(w[2], IOAS) ? 0 : -ENOENT;
	case SHIM_UNMAP:
		return is(w[1], IOAS) ? 0 : -ENOENT;
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
	struct shim_call *call;

	if (shim.n_calls == sizeof(shim.calls) / sizeof(shim.calls[0]))
		return -EIO;
	call = &shim.calls[shim.n_calls++];
	memset(call, 0, sizeof(*call));
	call->fd = fd;
	call->command = command;
	memcpy(&size, arg, sizeof(size));
	if (size > sizeof(call->words))
		return -E2BIG;
	memcpy(call->words, arg, size);
	if (shim.fail_nth && !--shim.fail_nth)
		return -shim.fail_error;
	return fd == shim_iommu_fd() ? iommu_ioctl(command, arg) : vfio_ioctl(fd, command, arg);
}
