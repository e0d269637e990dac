/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel for the tests of the kernel back ends: a file system of a few names (shim_system.c); an
 * iommufd and VFIO's devices (shim_kernel.c), or VFIO's containers and groups (shim_type1.c), that
 * keep to Linux's rules as far as objects and errors go; and a record of all that was asked of
 * them.
 */
#ifndef TESTS_SHIM_KERNEL_H
#define TESTS_SHIM_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Linux 6.6, include/uapi/linux/iommufd.h and vfio.h: _IO(';', number). */
enum shim_command {
	SHIM_DESTROY = 0x3b80,
	SHIM_IOAS_ALLOC = 0x3b81,
	SHIM_ALLOW = 0x3b82,
	SHIM_COPY = 0x3b83,
	SHIM_IOVA_RANGES = 0x3b84,
	SHIM_MAP = 0x3b85,
	SHIM_UNMAP = 0x3b86,
	SHIM_OPTION = 0x3b87,
	SHIM_VFIO_IOAS = 0x3b88,
	SHIM_MAP_FILE = 0x3b8f,		/* Linux 6.13 */
	SHIM_CHANGE_PROCESS = 0x3b92,
	SHIM_HWPT_ALLOC = 0x3b89,
	SHIM_FAULT_ALLOC = 0x3b8e,
	SHIM_VEVENTQ_ALLOC = 0x3b93,
	SHIM_HW_INFO = 0x3b8a,
	SHIM_SET_DIRTY = 0x3b8b,	/* Linux 6.7 */
	SHIM_GET_DIRTY = 0x3b8c,
	SHIM_INVALIDATE = 0x3b8d,
	SHIM_GET_PA = 0x3b95,		/* Linux 7.3 */
	SHIM_BIND = 0x3b00 + 118,
	SHIM_REGION_INFO = 0x3b00 + 108,
	SHIM_ATTACH = 0x3b00 + 119,
	SHIM_DETACH = 0x3b00 + 120,
};

#define SHIM_WORDS   12u
#define SHIM_DEVICES 4u
#define SHIM_CONFIG_OFFSET 0x70000000000u
#define SHIM_MAJOR   511u	/* of their nodes; the minor numbers are their indices */

/* One ioctl: its words of 32 bits as they went in. */
struct shim_call {
	int fd;
	unsigned long command;
	uint32_t words[SHIM_WORDS];
	int result;
};

/* The devices: 1 and 2 alone in groups 1 and 2; 3 and 4 in group 7. */
struct shim_device {
	const char *name, *driver, *vfio;
	uint32_t group;
};

struct shim {
	const char *node;		/* the back end's */
	int access, open_iommu;		/* errors, 0: none */
	int open_vfio;
	bool no_commands;		/* of iommufd, as from 32-bit programs on 64 bits */
	bool no_group, no_cdev;
	bool no_dev;			/* devices' folders in sysfs have no node's number */
	bool no_sysfs;			/* as in a container that it is not mounted in */
	int no_entry, no_read;		/* errors of looking into folders and files, 0: none */
	uint8_t pasid_bits;
	unsigned int version;		/* of Linux; 7.3 after booting: shim_version.h */
	const uint32_t *config;		/* of each device, 4096 bytes */
	int no_config;			/* error that reading it ends with, 0: none */
	bool virtual_functions;		/* what the devices are: of a physical one at 09:00.0, */
	const char *pf_driver;		/* which has this driver, or NULL, */
	bool pf_vfio;			/* and is VFIO's, whatever that is called */
	bool physical_functions;	/* or these */
	const uint8_t *vf_token;	/* that VFIO wants for device 0; NULL: none for any */
	int no_physical;		/* error that GET_PA begins with, 0: none */
	int no_dmabuf;			/* error that a dma-buf is refused with, 0: none */
	bool no_device;			/* descriptors are not of character devices */
	const char *class, *bus;	/* of the devices' nodes, and of the devices */
	uint64_t aperture_start, aperture_last;
	uint64_t smallest_page;
	uint64_t large_page;		/* size that IOMMUs have beside; 0: none */
	bool no_aperture;		/* no address at all can be mapped */
	bool late_aperture;		/* it is 0 to 0 until a device is attached */
	uint32_t hw_type, hw_length;
	uint64_t hw_data[5];		/* as the type has it */
	uint64_t hw_capabilities;
	bool has_cmdqv;			/* there is an answer for type 3 too */
	bool nests;			/* IOMMUs take nested page tables, */
	uint32_t nested_type, inv_type;	/* of that type, and such invalidations; */
	uint32_t inv_bad; /* they refuse this entry of an array, 1: the first; 0: none */
	unsigned int unlike;		/* bit i: device i takes only page tables made for it */
	uint64_t lock_limit;
	const char *reserved;		/* the file reserved_regions of each group */
	const char *vtd_cap;		/* the file iommu/intel-iommu/cap of each device, or NULL */
	const char *amd_cap;		/* the file iommu/amd-iommu/cap of each, or NULL */
	const char *status;		/* the file /proc/self/status; NULL: there is none */
	const char *group_name;		/* the file name of each group; NULL: there is none */
	const char *dev_vfio[4];	/* what is in /dev/vfio */
	struct shim_device devices[SHIM_DEVICES];

	unsigned int fail_nth;		/* this ioctl from now on fails, 1: the next; 0: none */
	int fail_error;
	unsigned int fail_more;		/* and as many after it */
	void (*slow)(void);		/* the next of these commands takes as long as this, once */
	unsigned long slow_command;	/* 0: a close(2) */
	bool resets;			/* it goes on: devices of that bus are not to be moved */

	struct shim_call calls[4096];
	unsigned int n_calls;
	unsigned int expected;		/* of these, by shim_expect.h */
	unsigned int opens;
	bool open_twice;		/* a device that was open has been opened */
};

extern struct shim shim;

/* As after booting. */
void shim_reset(void);
/* For that: what is not of one back end. */
void shim_reset_system(const char *node);
/* Keeps an ioctl and the @size bytes of its argument. 0, or the error with which it shall fail. */
int shim_record(int fd, unsigned long command, const void *arg, size_t size);
/* Takes as long as shim.slow has @command take. */
void shim_take_long(unsigned long command);
/* Forgets the calls so far. */
void shim_forget(void);
/* Descriptors that are open, and objects that exist, devices among them. */
unsigned int shim_open_fds(void);
unsigned int shim_objects(void);
/* The descriptors: of the iommufd, and of a device; 0: not open. */
int shim_iommu_fd(void);
int shim_device_fd(unsigned int device);
int shim_is_open(int fd);
/* A device that somebody else binds, and takes back. */
uint32_t shim_new_device(void);
void shim_drop_device(uint32_t id);
/* The IOAS that VFIO's commands work on, as anybody can set it; 0: none. */
extern uint32_t shim_vfio_ioas;
/* The IOAS that the device is attached to; 0: none. What it has: shim_ioas.h. */
uint32_t shim_attached(unsigned int device);
/* The page table that it is attached to, if it was told one; else 0. */
uint32_t shim_hwpt(unsigned int device);

#endif
