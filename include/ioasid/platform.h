/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file platform.h
 * Descriptions of emulated platforms: IOMMUs and the devices behind them.
 *
 * A description is plain memory. It is built call by call, or read from a text file
 * (ioasid_platform(5)), and copied when a context is opened on it. Two threads must not use it at
 * the same time. It holds at most 64 IOMMUs, 4096 devices, 4096 reserved ranges and 256 failures.
 */
#ifndef IOASID_PLATFORM_H
#define IOASID_PLATFORM_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which entry of a full set of a cache is replaced. */
enum ioasid_replacement {
	/** The least recently used one. */
	IOASID_REPLACE_LRU = 1,
	/** One chosen by pseudorandom numbers, which are the same in each run. */
	IOASID_REPLACE_RANDOM = 2,
};

/** The caches of an emulated IOMMU that walks two levels. 0 selects the default of a member. */
struct ioasid_platform_iotlb {
	/** Translations in the IOTLB: a power of two, 1 to 65536; 0: 256. */
	uint32_t entries;
	/** Entries of each set: a power of two, 1 to 64, at most entries; 0: 8, or entries if that
	 *  is less. */
	uint32_t ways;
	/** 0: IOASID_REPLACE_LRU. */
	enum ioasid_replacement replacement;
	/** Seed of the pseudorandom numbers. */
	uint32_t seed;
	/** Entries of the paging-structure cache: up to 1024; 0: there is none. */
	uint32_t structures;
	/** 0 */
	uint32_t reserved;
};

/** An emulated IOMMU. 0 selects the default of a member. */
struct ioasid_platform_iommu {
	/** sizeof(struct ioasid_platform_iommu) */
	size_t size;
	/** Required, unique: 1 to 63 ASCII letters, digits, and any of "-_.:". */
	const char *name;
	/** Width in bits of the IOVAs that it translates: 32 to 59; 0: 48. */
	uint32_t address_bits;
	/** Width in bits of PASIDs: 1 to 20; 0: it has none. */
	uint32_t pasid_bits;
	/** Bit IOASID_PGTABLE_*: page-table formats; 0: all that the library knows. */
	uint64_t pgtable_formats;
	/** Its devices cannot be attached to spaces that have a shadow page table. */
	bool no_nesting;
	/** It takes no page requests: no device behind it can send any. */
	bool no_page_requests;
	/** It can walk two levels itself, the guest's page table and its parent, behind an
	 *  IOTLB. */
	bool hardware_nesting;
	/** It does not record written pages: its devices are refused by spaces with dirty
	 *  tracking. */
	bool no_dirty_tracking;
	/** It does not enforce snooping: its devices are refused by spaces that ask for that. */
	bool no_enforce_snoop;
	/** 0 */
	uint8_t reserved[3];
	/** With hardware_nesting: its caches. */
	struct ioasid_platform_iotlb iotlb;
};

#define IOASID_PLATFORM_IOMMU_INIT IOASID_INIT(ioasid_platform_iommu)

/** An emulated device. */
struct ioasid_platform_device {
	/** sizeof(struct ioasid_platform_device) */
	size_t size;
	/** Required, unique: a PCI address "DDDD:BB:DD.F", or any name that an IOMMU could have. */
	const char *name;
	/** Required unless it has a parent: the name of an IOMMU added before. */
	const char *iommu;
	/**
	 * Requester ID, unique behind its IOMMU. 0: that of the PCI address, if the name is one;
	 * else one that no other device has.
	 */
	uint32_t requester;
	/** Isolation group, 1 or above, all of it behind one IOMMU; 0: a group of its own. */
	uint32_t group;
	/** Width in bits of its (v)PASIDs, at most the IOMMU's; 0: it has none. */
	uint32_t pasid_bits;
	/**
	 * With a parent: the pPASID of its requests without PASID, 1 or above, unique under the
	 * parent. 0: none or, if the device has vPASIDs, one from the parent's pool.
	 */
	uint32_t default_pasid;
	/**
	 * NULL: a physical device. Else the device is mediated, and this is the name of the
	 * physical device, added before, of which it is a part. Its IOMMU, requester ID and group
	 * are the parent's: leave those members 0. A parent belongs to its driver and cannot be
	 * bound.
	 */
	const char *parent;
	/**
	 * For a physical device with PASIDs: its mediated devices get the pPASIDs 1 to pasid_pool;
	 * 0: all that it has.
	 */
	uint32_t pasid_pool;
	/**
	 * How many page requests it can have outstanding, 1 to 512; 0: 32, if its IOMMU takes page
	 * requests; IOASID_NO_PAGE_REQUESTS: it sends none.
	 */
	uint32_t page_requests;
	/** The user owns its PASID table: physical, with PASIDs, without shared work queues. */
	bool user_pasid_table;
	/** It has shared work queues, which take the PASID from the submitter; needs PASIDs. */
	bool shared_queues;
	/**
	 * The device TLB (device_tlb) needs invalidations of its own: ioasid_inv_add_device_tlb().
	 * Without this, every invalidation of a space includes the caches of its devices.
	 */
	bool device_tlb_explicit;
	/** 0 */
	uint8_t reserved[5];
	/**
	 * How many translations it caches itself (ATS): a power of two, 1 to 65536, behind an IOMMU
	 * with hardware_nesting; 0: none.
	 */
	uint32_t device_tlb;
	/** 0 */
	uint32_t reserved2;
};

/** The kinds of operations that can be made to fail; each kind is counted for itself. */
enum ioasid_operation {
	/** An allocation of memory that the library makes while it works on a context's objects */
	IOASID_OP_ALLOC = 1,
	/** ioasid_ctx_open() */
	IOASID_OP_OPEN,
	/** ioasid_device_bind() */
	IOASID_OP_BIND,
	/** ioasid_space_create() */
	IOASID_OP_CREATE,
	/** ioasid_ctx_register_memory() */
	IOASID_OP_REGISTER,
	/** ioasid_space_map() and the other calls that map */
	IOASID_OP_MAP,
	/** ioasid_mapping_unmap(), ioasid_space_unmap() and the others */
	IOASID_OP_UNMAP,
	/** ioasid_device_attach(), ioasid_device_attach_pasid() */
	IOASID_OP_ATTACH,
	/** ioasid_device_replace(), ioasid_device_replace_pasid() */
	IOASID_OP_REPLACE,
	/** ioasid_device_detach(), ioasid_device_detach_pasid() */
	IOASID_OP_DETACH,
	/** ioasid_space_bind_pgtable(), ioasid_space_bind_pasid_table() */
	IOASID_OP_BIND_TABLE,
	/** ioasid_inv_submit(), ioasid_viommu_invalidate() */
	IOASID_OP_INVALIDATE,
	/**
	 * ioasid_event_queue_create(), ioasid_viommu_create_events(),
	 * ioasid_fault_queue_create()
	 */
	IOASID_OP_QUEUE,
	/** ioasid_channel_open() */
	IOASID_OP_CHANNEL,
	/** ioasid_space_dirty_start(), ioasid_space_dirty_read() */
	IOASID_OP_DIRTY,
	/** ioasid_ctx_change_process() */
	IOASID_OP_CHANGE_PROCESS,
	/** ioasid_viommu_create() */
	IOASID_OP_VIOMMU,
	/** ioasid_vdevice_create() */
	IOASID_OP_VDEVICE,
	/** ioasid_hw_queue_create() */
	IOASID_OP_HW_QUEUE,
};

/** An operation that is made to fail, to test how a program handles that. */
struct ioasid_platform_failure {
	/** sizeof(struct ioasid_platform_failure) */
	size_t size;
	/** The kind of operation. */
	enum ioasid_operation operation;
	/** A positive errno, one of those in ioasid_errors(7); 0: ENOMEM. An allocation can only
	 *  fail with ENOMEM. */
	int error;
	/** Which one of its kind on each context, from 1 on; 0: the first. */
	uint64_t nth;
	/** All later ones fail as well. */
	bool repeat;
	/** 0 */
	uint8_t reserved[7];
};

#define IOASID_PLATFORM_FAILURE_INIT IOASID_INIT(ioasid_platform_failure)

/** A device that cannot send page requests. */
#define IOASID_NO_PAGE_REQUESTS UINT32_MAX

#define IOASID_PLATFORM_DEVICE_INIT IOASID_INIT(ioasid_platform_device)

/** Makes an empty description. @return 0; -ENOMEM. Since 0.1. */
int ioasid_platform_new(struct ioasid_platform **platform);

/**
 * Makes the default description: an IOMMU "iommu0" with 48 bits of IOVA, 16 bits of PASID and the
 * MSI range 0xfee00000-0xfeefffff reserved; behind it the devices "0000:00:01.0" and
 * "0000:00:02.0", each in its own group and with PASIDs, and "0000:00:03.0" and "0000:00:03.1",
 * which share one. @return 0; -ENOMEM. Since 0.1.
 */
int ioasid_platform_new_default(struct ioasid_platform **platform);

/**
 * Makes a description from the text of a platform file, ioasid_platform(5).
 *
 * @return 0; -EINVAL: malformed, ioasid_errmsg() says in which line; -ENOMEM. Since 0.1.
 */
int ioasid_platform_parse(const char *text, size_t length, struct ioasid_platform **platform);

/**
 * Reads a platform file.
 *
 * @return as ioasid_platform_parse(); -EFBIG: larger than 2 MiB; -ENOENT: no such file; -EACCES: no
 *         permission; -EISDIR: a directory; -EIO: it cannot be read for another reason. Since 0.1.
 */
int ioasid_platform_load(const char *path, struct ioasid_platform **platform);

/** Frees a description. Since 0.1. */
void ioasid_platform_free(struct ioasid_platform *platform);

/**
 * Adds an IOMMU.
 *
 * @param iommu copied, as is its name.
 * @return 0; -EINVAL: a member out of range; -EEXIST: an IOMMU or a device has the name; -E2BIG:
 *         too many, or the structure is longer than this library knows; -ENOMEM. Since 0.1.
 */
int ioasid_platform_add_iommu(struct ioasid_platform *platform,
			      const struct ioasid_platform_iommu *iommu);

/**
 * Adds a device.
 *
 * @param device copied, as are the names in it.
 * @return 0; -EINVAL: a member out of range, members that do not go together, the group is behind
 *         another IOMMU, or the parent is mediated itself or lacks PASIDs; -ENOENT: no such IOMMU
 *         or parent; -EEXIST: an IOMMU or a device has the name, a device behind the same IOMMU the
 *         requester ID, or one with the same parent the default PASID; -E2BIG: as for an IOMMU;
 *         -ENOMEM. Since 0.1.
 */
int ioasid_platform_add_device(struct ioasid_platform *platform,
			       const struct ioasid_platform_device *device);

/**
 * Reserves a range of IOVAs for all devices behind an IOMMU, or for one device. Ranges may overlap.
 *
 * @param name an IOMMU or a device added before.
 * @param start,length multiples of 4096; length not 0.
 * @return 0; -ENOENT: no such name; -EINVAL: alignment, length; -EOVERFLOW: past the end;
 *         -E2BIG: too many; -ENOMEM. Since 0.1.
 */
int ioasid_platform_add_reserved(struct ioasid_platform *platform, const char *name,
				 uint64_t start, uint64_t length);

/**
 * Sets the size of the pool from which all mediated devices with shared work queues take their
 * pPASIDs: 1 to @p pasids, as far as each of the parents has them.
 *
 * @param pasids at most 2^20 - 1; 0: as many as the parents have.
 * @return 0; -EINVAL: too many. Since 0.1.
 */
int ioasid_platform_set_pasid_pool(struct ioasid_platform *platform, uint32_t pasids);

/**
 * Adds an operation that is to fail: the n-th of its kind on each context that is opened on the
 * platform. It fails before it has changed anything. Only calls whose arguments are valid in
 * themselves count, since these are checked before the context is looked at.
 *
 * @param failure copied.
 * @return 0; -EINVAL: a member out of range; -E2BIG: more than 256, or the structure is longer than
 *         this library knows; -ENOMEM. Since 0.1.
 */
int ioasid_platform_add_failure(struct ioasid_platform *platform,
				const struct ioasid_platform_failure *failure);

/**
 * Sets how much memory a user, or with IOASID_CTX_ACCOUNT_PROCESS a process, may lock for DMA
 * through contexts that are opened with this description; on a kernel back end that is
 * RLIMIT_MEMLOCK. The pages of each mapping count if a device is attached to its root or a space is
 * nested on it. Registered memory counts once. See ioasid_emulation(7).
 *
 * @param bytes 0: any amount. Since 0.1.
 */
void ioasid_platform_set_locked_memory(struct ioasid_platform *platform, uint64_t bytes);

/**
 * The description as the text of a platform file, which ioasid_platform_parse() reads back.
 *
 * @param buf,size where to write; always terminated if size is not 0.
 * @return the length of the whole text, as snprintf(3). Since 0.1.
 */
size_t ioasid_platform_format(const struct ioasid_platform *platform, char *buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif
