/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A platform description, as the emulated back end sees it.
 *
 * A description keeps what its author said, so that it can be formatted again: a zero stands for
 * "choose". platform_copy() chooses: requester IDs and groups, after all that were named, and
 * formats. What it returns does not change any more; any number of threads may look things up.
 */
#ifndef EMULATED_PLATFORM_H
#define EMULATED_PLATFORM_H

#include <ioasid/device.h>
#include <ioasid/pgtable.h>
#include <ioasid/platform.h>

#include "accounts.h"
#include "failure.h"

#define PLATFORM_NAME_SIZE	64 /* with its NUL */

#define PLATFORM_MAX_IOMMUS	64
#define PLATFORM_MAX_DEVICES	4096
#define PLATFORM_MAX_RESERVED	4096
#define PLATFORM_MAX_FAILURES	256

#define PLATFORM_MIN_ADDRESS_BITS	32
#define PLATFORM_MAX_ADDRESS_BITS	59 /* of Sv57x4, the widest format */
#define PLATFORM_DEFAULT_ADDRESS_BITS	48
#define PLATFORM_MAX_PASID_BITS		20 /* PCIe 6.0, 6.20 */
#define PLATFORM_MAX_PASID		((1u << PLATFORM_MAX_PASID_BITS) - 1)
#define PLATFORM_MAX_REQUESTER		0xffff
#define PLATFORM_MAX_PAGE_REQUESTS	512 /* as many as group indices: PCIe 6.0, 10.4.1 */
#define PLATFORM_DEFAULT_PAGE_REQUESTS	32
#define PLATFORM_MAX_TLB		65536
#define PLATFORM_MAX_TLB_WAYS		64
#define PLATFORM_MAX_STRUCTURES		1024

#define PLATFORM_ALL_FORMATS \
	(UINT64_C(1) << IOASID_PGTABLE_VTD_SS | UINT64_C(1) << IOASID_PGTABLE_VTD_FS | \
	 UINT64_C(1) << IOASID_PGTABLE_ARM_S1 | UINT64_C(1) << IOASID_PGTABLE_ARM_S2 | \
	 UINT64_C(1) << IOASID_PGTABLE_AMD_V1 | \
	 UINT64_C(1) << IOASID_PGTABLE_AMD_V2 | UINT64_C(1) << IOASID_PGTABLE_RISCV | \
	 UINT64_C(1) << IOASID_PGTABLE_RISCV_S2)

struct platform_iommu {
	char name[PLATFORM_NAME_SIZE];
	uint32_t address_bits;
	uint32_t pasid_bits;
	uint64_t pgtable_formats;	/* bit IOASID_PGTABLE_*; a copy: not 0 */
	bool no_nesting;
	bool no_page_requests;
	bool no_dirty_tracking;
	bool no_enforce_snoop;
	bool hardware_nesting;
	struct ioasid_platform_iotlb iotlb;	/* a copy: nothing is 0 but seed and structures */
	uint16_t next_named;		/* see the hash tables below */
};

struct platform_device {
	char name[PLATFORM_NAME_SIZE];
	uint32_t iommu;			/* index in iommus */
	uint32_t requester;		/* if has_requester; a copy: always */
	uint32_t group;			/* a copy: not 0; all of a group have one IOMMU */
	uint32_t pasid_bits;
	uint32_t parent;		/* index in devices + 1; 0: physical */
	uint32_t default_pasid;		/* 0: none, or to be chosen when it is bound */
	uint32_t pasid_pool;		/* 0: all */
	bool user_pasid_table;
	bool shared_queues;
	bool is_parent;
	bool has_shared;		/* a parent: of devices with shared work queues */
	uint32_t page_requests;		/* as the API's; a copy: how many, 0 for none */
	bool has_requester;
	bool requester_named;		/* by the author, not by the PCI address */
	bool tlb_explicit;
	uint32_t tlb_entries;		/* of its own TLB; 0: none */
	uint16_t next_named, next_requester, next_group;
};

/* Reserved for one device, or for all behind an IOMMU. In a copy sorted by start. */
struct platform_reserved {
	bool is_device;
	uint32_t owner;			/* index in iommus or in devices */
	uint64_t start;
	uint64_t last;
};

#define PLATFORM_BUCKETS 1024

struct ioasid_platform {
	struct platform_iommu *iommus;
	struct platform_device *devices;
	struct platform_reserved *reserved;
	struct failure *failures;
	size_t n_iommus, room_iommus;
	size_t n_devices, room_devices;
	size_t n_reserved, room_reserved;
	size_t n_failures, room_failures;
	uint64_t locked_memory;		/* 0: any amount */
	struct accounts *accounts;	/* of that; all copies share them */
	/* of all mediated ones with shared queues; a copy: never 0 */
	uint32_t pasid_pool;

	/* Hash tables chained by index + 1, so that a copy is a plain copy; 0 ends a chain. */
	uint16_t iommu_named[PLATFORM_BUCKETS];
	uint16_t device_named[PLATFORM_BUCKETS];
	uint16_t device_requester[PLATFORM_BUCKETS];
	uint16_t device_group[PLATFORM_BUCKETS];
};

/* Room for one element more, in the array whose address is @array. 0 or err_set(). */
int platform_make_room(void *array, size_t n, size_t *room, size_t size, size_t max,
		       const char *what);

/* platform_failure.c: what fails. */
struct line;
int platform_read_failure(const struct line *line, struct ioasid_platform *platform);
/* The name of an errno; NULL: none that functions of the library give. */
const char *platform_error_word(int number);

/* platform_iotlb.c: what is cached. 0 or err_set(). */
int platform_check_iotlb(const struct ioasid_platform_iommu *iommu);
int platform_check_device_tlb(const struct platform_iommu *iommu,
			      const struct ioasid_platform_device *device);
void platform_choose_iotlb(struct ioasid_platform_iotlb *iotlb);

/* Entering into the tables: once the members that are the key are set. */
void platform_index_iommu(struct ioasid_platform *platform, size_t iommu);
void platform_index_device(struct ioasid_platform *platform, size_t device);
void platform_index_requester(struct ioasid_platform *platform, size_t device);
void platform_index_group(struct ioasid_platform *platform, size_t device);

/* The members that are about PASIDs and parents. Fills in those of @to. */
int platform_check_pasids(const struct ioasid_platform *platform,
			  const struct ioasid_platform_device *from, struct platform_device *to);
/* Makes each mediated device what its parent is, and sizes the pool that they share. */
void platform_choose_pasids(struct ioasid_platform *platform);
enum ioasid_device_type platform_device_type(const struct platform_device *device);
/* Is @pasid some device's default, under @parent, or under any with shared work queues (NULL)? */
bool platform_pasid_is_default(const struct ioasid_platform *platform,
			       const struct platform_device *parent, uint32_t pasid);

static inline struct platform_device *platform_parent(const struct ioasid_platform *platform,
						      const struct platform_device *device)
{
	return device->parent ? &platform->devices[device->parent - 1] : NULL;
}

/* A copy with everything chosen, for ioasid_platform_free(); NULL for want of memory. */
struct ioasid_platform *platform_copy(const struct ioasid_platform *platform);

/* NULL if there is none. */
const struct platform_iommu *platform_find_iommu(const struct ioasid_platform *platform,
						 const char *name);
const struct platform_device *platform_find_device(const struct ioasid_platform *platform,
						   const char *name);
/* Behind that IOMMU, by requester ID. */
const struct platform_device *platform_find_requester(const struct ioasid_platform *platform,
						      uint32_t iommu, uint32_t requester);
/* Any device of the group. */
const struct platform_device *platform_find_group(const struct ioasid_platform *platform,
						  uint32_t group);

static inline const struct platform_iommu *
platform_device_iommu(const struct ioasid_platform *platform, const struct platform_device *device)
{
	return &platform->iommus[device->iommu];
}

/*
 * What is reserved for a device of a copy, by itself and by its IOMMU: ascending, merged where
 * ranges overlap or touch. As many as fit are written; returns how many there are.
 */
size_t platform_device_reserved(const struct ioasid_platform *platform,
				const struct platform_device *device, struct ioasid_range *ranges,
				size_t n);

/* The word for an IOASID_PGTABLE_* in a platform file; NULL if it is not known. */
const char *platform_pgtable_word(unsigned int format);

#endif
