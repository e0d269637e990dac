/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of lib/vfio/sys.h, what the iommufd back end does with its nodes. */
#include "shim_fault.h"
#include "shim_hwpt.h"
#include "shim_ioas.h"
#include "shim_kernel.h"
#include "shim_version.h"
#include "shim_viommu.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vfio/sys.h"

#define FIRST_FD	100
#define N_FDS		8
#define N_OBJECTS	16

enum kind { FREE, IOAS, HWPT, DEVICE, VIOMMU, ON_VIOMMU, FAULT };

static struct {
	enum kind kind;
	uint32_t ioas, parent;	/* of a page table; and what it is nested on, 0: nothing */
	uint32_t device;	/* of a vDEVICE */
	uint32_t events;	/* of an event queue: the type, which is not 0 */
} objects[N_OBJECTS];		/* by id; 0 is unused */

static struct {
	bool open, is_iommu;
	unsigned int device;
	uint32_t id, ioas;	/* bound; attached; 0: not */
	uint32_t hwpt;		/* attached to; 0: the kernel's own choice */
	const char *reserved;	/* as it was when it was bound */
} fds[N_FDS];

uint32_t shim_vfio_ioas;

void shim_reset(void)
{
	shim_vfio_ioas = 0;
	shim_reset_system("/dev/iommu");
	memset(objects, 0, sizeof(objects));
	memset(fds, 0, sizeof(fds));
	shim_ioas_reset();
	shim_hwpt_reset();
	shim_viommu_reset();
	shim_fault_reset();
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

int shim_is_open(int fd)
{
	return fd >= FIRST_FD && fd < FIRST_FD + N_FDS && fds[fd - FIRST_FD].open;
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

uint32_t shim_hwpt(unsigned int device)
{
	int fd = shim_device_fd(device);

	return fd ? fds[fd - FIRST_FD].hwpt : 0;
}

static int new_fd(bool is_iommu, unsigned int device)
{
	int i;

	shim.open_twice |= !is_iommu && shim_device_fd(device);
	for (i = 0; i < N_FDS; i++)
		if (!fds[i].open) {
			fds[i].open = true;
			fds[i].is_iommu = is_iommu;
			fds[i].device = device;
			fds[i].id = fds[i].ioas = fds[i].hwpt = 0;
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

int sys_dup(int fd)
{
	return shim_is_open(fd) ? new_fd(fds[fd - FIRST_FD].is_iommu, fds[fd - FIRST_FD].device) :
				  -EBADF;
}

int sys_device(int fd, unsigned int *major_number, unsigned int *minor_number)
{
	if (!shim_is_open(fd))
		return -EBADF;
	if (shim.no_device)
		return -ENOTTY;
	*major_number = fds[fd - FIRST_FD].is_iommu ? 10 : SHIM_MAJOR;
	*minor_number = fds[fd - FIRST_FD].device;
	return 0;
}

int sys_read_at(int fd, uint64_t offset, void *buffer, size_t size)
{
	if (!shim_is_open(fd) || offset < SHIM_CONFIG_OFFSET)
		return -EINVAL;
	if (shim.no_config)
		return -shim.no_config;
	memcpy(buffer, (const uint8_t *)shim.config + (offset - SHIM_CONFIG_OFFSET), size);
	return (int)size;
}

void sys_close(int fd)
{
	shim_take_long(0);
	objects[fds[fd - FIRST_FD].id].kind = FREE;
	fds[fd - FIRST_FD].open = false;
	fds[fd - FIRST_FD].ioas = fds[fd - FIRST_FD].hwpt = 0;
	shim_ioas_release((unsigned int)(fd - FIRST_FD));
}

/* The lowest id that is free, as the kernel does. */
static uint32_t new_object(enum kind kind)
{
	uint32_t id;

	for (id = 1; id < N_OBJECTS && objects[id].kind != FREE; id++)
		;
	objects[id].kind = kind;
	objects[id].ioas = objects[id].parent = objects[id].device = objects[id].events = 0;
	return id;
}

uint32_t shim_new_device(void)
{
	return new_object(DEVICE);
}

void shim_drop_device(uint32_t id)
{
	objects[id].kind = FREE;
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
		if (objects[i].kind != FREE && (objects[i].ioas == id || objects[i].parent == id))
			return -EBUSY;
	for (i = 0; i < N_FDS; i++)
		if (fds[i].open && (fds[i].ioas == id || fds[i].hwpt == id || fds[i].id == id))
			return -EBUSY;
	if (objects[id].kind == IOAS) {
		shim_ioas_destroy(id);
		shim_vfio_ioas = shim_vfio_ioas == id ? 0 : shim_vfio_ioas;
	}
	if (objects[id].kind == HWPT)
		shim_hwpt_destroy(id);
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

/* With a device attached, its reserved range is none that is permitted. */
static int late_ranges(uint32_t *w, uint64_t *range)
{
	const uint32_t room = w[2];
	bool attached = false;
	unsigned int i;

	for (i = 0; i < N_FDS; i++)
		attached |= fds[i].open && fds[i].ioas == w[1];
	range[0] = range[1] = 0;
	w[2] = attached ? 2 : 1;
	if (room < w[2])
		return -EMSGSIZE;
	if (attached) {
		range[1] = 0xfedfffff;
		range[2] = 0xfef00000;
		range[3] = shim.aperture_last;
	}
	return 0;
}

static int iova_ranges(uint32_t *w)
{
	uint64_t *range = (uint64_t *)(uintptr_t)get64(w + 4);

	if (!is(w[1], IOAS) || w[2] < 1)
		return -ENOENT;
	put64(w + 6, shim.smallest_page);
	if (shim.late_aperture)
		return late_ranges(w, range);
	range[0] = shim.aperture_start;
	range[1] = shim.aperture_last;
	w[2] = !shim.no_aperture;
	return 0;
}

static int hw_info(uint32_t *w)
{
	if (!is(w[2], DEVICE))
		return -ENOENT;
	if (w[1] && w[6] == 3)
		return shim.has_cmdqv ? 0 : -EOPNOTSUPP;
	if (w[3] < sizeof(shim.hw_data))
		return -EFAULT;
	memcpy((void *)(uintptr_t)get64(w + 4), shim.hw_data, sizeof(shim.hw_data));
	w[6] = shim_version_tells(shim.hw_type) ? shim.hw_type : 0;
	w[3] = w[6] ? shim.hw_length : 0;
	if (shim.version >= LINUX(6, 15))
		memcpy(w + 7, &shim.pasid_bits, 1);
	if (shim.version >= LINUX(6, 7))
		put64(w + 8, shim.hw_capabilities);
	return 0;
}

/* The device with that id takes only page tables that were made for it, and this is another's. */
static bool is_unlike(uint32_t id, uint32_t hwpt)
{
	unsigned int i;

	for (i = 0; i < N_FDS; i++)
		if (fds[i].open && fds[i].id == id && !fds[i].is_iommu)
			return shim.unlike >> fds[i].device & 1 && shim_hwpt_maker(hwpt) != id;
	return false;
}

static int hwpt_alloc(uint32_t *w)
{
	uint32_t viommu = is(w[3], VIOMMU) ? w[3] : 0;
	uint32_t parent = is(w[3], HWPT) ? w[3] : viommu ? objects[viommu].parent : 0;
	int ret = shim_hwpt_check(w, parent);

	if (!is(w[2], DEVICE) || (!parent && !is(w[3], IOAS)))
		return -ENOENT;
	if (w[1] & 4 && (w[0] < 48 || !is(w[10], FAULT)))
		return w[0] < 48 ? -EINVAL : -ENOENT;
	if (parent && is_unlike(w[2], parent))
		return -EINVAL;
	if (viommu && shim_viommu.nothing_on_it)
		return -EOPNOTSUPP;
	if (ret)
		return ret;
	w[4] = new_object(HWPT);
	objects[w[4]].ioas = parent ? objects[parent].ioas : w[3];
	objects[w[4]].parent = viommu ? viommu : parent;
	shim_hwpt_new(w[4], w);
	return 0;
}

static int viommu_alloc(uint32_t *w)
{
	int ret = shim_viommu_check(SHIM_VIOMMU_ALLOC, w);

	if (ret == -EOPNOTSUPP)
		return ret;
	if (!is(w[3], DEVICE) || !is(w[4], HWPT))
		return -ENOENT;
	if (ret || is_unlike(w[3], w[4]))
		return -EINVAL;
	w[5] = new_object(VIOMMU);
	objects[w[5]].parent = w[4];
	objects[w[5]].ioas = objects[w[4]].ioas;
	return 0;
}

/* A vDEVICE, an event queue or a hardware queue: where its command names the vIOMMU, and its id. */
static int on_viommu(unsigned long command, uint32_t *w)
{
	bool vdevice = command == SHIM_VDEVICE_ALLOC;
	uint32_t viommu = w[vdevice ? 1 : 2], *out = &w[vdevice ? 3 : 5], id;
	int ret = shim_viommu_check(command, w);

	if (ret)
		return ret;
	if (!is(viommu, VIOMMU) || (vdevice && !is(w[2], DEVICE)))
		return -ENOENT;
	if (vdevice && is_unlike(w[2], objects[viommu].parent))
		return -EINVAL;
	for (id = 1; vdevice && id < N_OBJECTS; id++)
		if (is(id, ON_VIOMMU) && objects[id].device == w[2])
			return -EEXIST;
	for (id = 1; command == SHIM_VEVENTQ_ALLOC && id < N_OBJECTS; id++)
		if (is(id, ON_VIOMMU) && objects[id].parent == viommu &&
		    objects[id].events == w[3])
			return -EEXIST;
	*out = new_object(ON_VIOMMU);
	objects[*out].parent = viommu;
	objects[*out].device = vdevice ? w[2] : 0;
	if (command == SHIM_VEVENTQ_ALLOC) {
		objects[*out].events = w[3];
		w[6] = (uint32_t)new_fd(false, SHIM_DEVICES);
		fds[w[6] - FIRST_FD].hwpt = *out;	/* the descriptor holds it */
	}
	return 0;
}

/* IOMMU_IOAS_MAP_WRITEABLE, _READABLE. */
static uint32_t permission(uint32_t flags)
{
	return (flags & 4 ? SHIM_READ : 0) | (flags & 2 ? SHIM_WRITE : 0);
}

/* What page tables had recorded there goes too. */
static int unmap(uint32_t ioas, uint64_t iova, uint64_t length)
{
	int ret = shim_ioas_unmap(ioas, iova, length);
	uint32_t id;

	for (id = 1; id < N_OBJECTS && !ret; id++)
		if (is(id, HWPT) && objects[id].ioas == ioas)
			shim_hwpt_unmapped(id, iova, length);
	return ret;
}

/* Linux, iommufd_vfio_ioas(): words of 16 bits from the third of 32 on are operation and 0. */
static int vfio_ioas(uint32_t *w)
{
	uint16_t half[2];

	memcpy(half, w + 2, sizeof(half));
	if (half[1] || half[0] > 2)
		return -EOPNOTSUPP;
	if (half[0] == 0) {
		w[1] = shim_vfio_ioas;
		return shim_vfio_ioas ? 0 : -ENODEV;
	}
	if (half[0] == 1 && !is(w[1], IOAS))
		return -ENOENT;
	shim_vfio_ioas = half[0] == 1 ? w[1] : 0;
	return 0;
}

/*
 * Linux, iommufd_ioas_noiommu_get_pa(). Memory lies in the machine as in the process, 1 TiB higher.
 */
static int get_pa(uint32_t *w)
{
	const uint64_t iova = get64(w + 4), length = get64(w + 6);
	uint64_t host;

	if (shim.no_physical)
		return -shim.no_physical;
	if (w[1] || w[3])
		return -EOPNOTSUPP;
	if (!length)
		return -EINVAL;
	if (!is(w[2], IOAS) || !shim_ioas_look(w[2], iova, &host))
		return -ENOENT;
	put64(w + 8, host + (UINT64_C(1) << 40));
	put64(w + 6, length < 4096 - iova % 4096 ? length : 4096 - iova % 4096);
	return 0;
}

static int iommu_ioctl(unsigned long command, uint32_t *w)
{
	switch (command) {
	case SHIM_OPTION:	/* of an IOAS, or of the iommufd before it has any object */
		return w[3] ? (is(w[3], IOAS) ? 0 : -ENOENT) : shim_objects() ? -EBUSY : 0;
	case SHIM_GET_PA:
		return get_pa(w);
	case SHIM_VFIO_IOAS:
		return vfio_ioas(w);
	case SHIM_IOAS_ALLOC:
		w[2] = new_object(IOAS);
		return 0;
	case SHIM_DESTROY:
		return destroy(w[1]);
	case SHIM_HWPT_ALLOC:
		return hwpt_alloc(w);
	case SHIM_VIOMMU_ALLOC:
		return viommu_alloc(w);
	case SHIM_VDEVICE_ALLOC:
	case SHIM_VEVENTQ_ALLOC:
	case SHIM_HW_QUEUE_ALLOC:
		return on_viommu(command, w);
	case SHIM_INVALIDATE:
		if (is(w[1], VIOMMU))
			return shim_viommu_invalidate(w);
		/* fall through */
	case SHIM_SET_DIRTY:
	case SHIM_GET_DIRTY:
		return is(w[command == SHIM_SET_DIRTY ? 2 : 1], HWPT) ?
			       shim_hwpt_ioctl(command, w) : -ENOENT;
	case SHIM_FAULT_ALLOC:
		if (w[1])
			return -EOPNOTSUPP;
		w[2] = new_object(FAULT);
		w[3] = (uint32_t)new_fd(false, SHIM_DEVICES);
		shim_fault.fd = (int)w[3];
		return 0;
	case SHIM_IOVA_RANGES:
		return iova_ranges(w);
	case SHIM_HW_INFO:
		return hw_info(w);
	case SHIM_ALLOW:
		return is(w[1], IOAS) ?
			       shim_ioas_allow(w[1], (uint64_t *)(uintptr_t)get64(w + 4), w[2]) :
			       -ENOENT;
	case SHIM_MAP:
		return is(w[2], IOAS) ?
			       shim_ioas_map(w[2], get64(w + 8), get64(w + 6), get64(w + 4),
					     permission(w[1])) :
			       -ENOENT;
	case SHIM_MAP_FILE:
		return is(w[2], IOAS) ?
		       shim_ioas_map_file(w[2], get64(w + 8), get64(w + 6), (int)w[3], get64(w + 4),
					  permission(w[1])) : -ENOENT;
	case SHIM_CHANGE_PROCESS:
		return shim_ioas_all_files() ? 0 : -EINVAL;
	case SHIM_COPY:
		return is(w[2], IOAS) && is(w[3], IOAS) ?
		       shim_ioas_copy(w[2], get64(w + 6), get64(w + 4), w[3], get64(w + 8),
				      permission(w[1])) : -ENOENT;
	case SHIM_UNMAP:
		return is(w[1], IOAS) ? unmap(w[1], get64(w + 2), get64(w + 4)) : -ENOENT;
	}
	return -ENOTTY;
}

static uint32_t group_of(int i)
{
	return shim.devices[fds[i].device].group;
}

/*
 * To an IOAS or a page table; the rest of the group moves along. PASIDs need a page table that was
 * made for them, and then the device's requests without one do too.
 */
static int attach(int i, uint32_t *w)
{
	uint32_t hwpt = is(w[2], HWPT) ? w[2] : 0, to;
	int k;

	if (fds[i].id && hwpt && w[1] & 1)
		return fds[i].hwpt && !shim_hwpt_has_pasids(fds[i].hwpt) ? -EINVAL :
		       shim_hwpt_has_pasids(hwpt) ? 0 : -EINVAL;
	if (!fds[i].id || (!hwpt && !is(w[2], IOAS)))
		return -ENOENT;
	if (hwpt && is_unlike(fds[i].id, hwpt))
		return -EINVAL;
	for (k = 0; k < N_FDS && !fds[i].ioas; k++)	/* the group is attached as one */
		if (fds[k].open && fds[k].ioas && !fds[k].is_iommu && group_of(k) == group_of(i) &&
		    (fds[k].hwpt != hwpt || (!hwpt && fds[k].ioas != w[2])))
			return -EINVAL;
	to = hwpt ? objects[hwpt].ioas : w[2];	/* of one that is nested: its parent's */
	for (k = 0; k < N_FDS; k++)
		if (k == i || (fds[k].open && fds[k].ioas && !fds[k].is_iommu &&
			       fds[i].ioas && group_of(k) == group_of(i))) {
			if (fds[k].ioas != to &&
			    shim_ioas_claim((unsigned int)k, to, fds[k].reserved))
				return -EADDRINUSE;
			fds[k].hwpt = hwpt;
			fds[k].ioas = to;
		}
	w[2] = hwpt ? hwpt : 1000;		/* of the automatic page table */
	return 0;
}

/* Linux, vfio_pci_core_match_token_uuid(), for device nodes since 6.17. */
static int check_token(unsigned int device, const uint32_t *w)
{
	const uint8_t *given = w[1] & 1 ? (const uint8_t *)(uintptr_t)get64(w + 4) : NULL;
	const uint8_t *wanted = device ? NULL : shim.vf_token;

	if (shim.version < LINUX(6, 17))
		return 0;
	if (!wanted)
		return given ? -EINVAL : 0;
	return given && !memcmp(given, wanted, 16) ? 0 : -EACCES;
}

static int vfio_ioctl(int fd, unsigned long command, uint32_t *w)
{
	int i = fd - FIRST_FD, ret;

	switch (command) {
	case SHIM_BIND:
		ret = check_token(fds[i].device, w);
		if (ret)
			return ret;
		if (!shim_is_open((int)w[2]) || !fds[(int)w[2] - FIRST_FD].is_iommu)
			return -EBADF;
		w[3] = fds[i].id = new_object(DEVICE);
		fds[i].reserved = shim.reserved ? shim.reserved : "";
		return 0;
	case SHIM_REGION_INFO:
		if (!shim.config || w[2] != 7)
			return -EINVAL;
		put64(w + 6, SHIM_CONFIG_OFFSET);
		return 0;
	case SHIM_ATTACH:
		return attach(i, w);
	case SHIM_DETACH:
		if (w[1] & 1)
			return 0;
		fds[i].ioas = fds[i].hwpt = 0;
		shim_ioas_release((unsigned int)i);
		return 0;
	}
	return -ENOTTY;
}

static int answer(int fd, unsigned long command, uint32_t *w)
{
	int ret = shim_version_check(command, w);

	if (!shim_is_open(fd))
		return -EBADF;
	if (fds[fd - FIRST_FD].is_iommu && shim.no_commands)
		return -ENOTTY;
	if (ret)
		return ret;
	return fds[fd - FIRST_FD].is_iommu ? iommu_ioctl(command, w) : vfio_ioctl(fd, command, w);
}

int sys_ioctl(int fd, unsigned long command, void *arg)
{
	unsigned int n;
	uint32_t size;
	int ret;

	shim_take_long(command);
	/* Linux, vfio_df_ioctl_detach_pt(): the lock of all devices that are reset together */
	while (command == SHIM_DETACH && __atomic_load_n(&shim.resets, __ATOMIC_RELAXED))
		usleep(1000);
	n = shim.n_calls;
	memcpy(&size, arg, sizeof(size));
	if (command == SHIM_DESTROY && !((uint32_t *)arg)[1])	/* no object: a mere question */
		return answer(fd, command, arg);
	ret = shim_record(fd, command, arg, size);
	if (!ret)
		ret = answer(fd, command, arg);
	if (shim.n_calls > n)
		shim.calls[n].result = ret;
	return ret;
}
