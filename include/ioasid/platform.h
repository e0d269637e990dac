/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file platform.h
 * Descriptions of emulated platforms: IOMMUs and the devices behind them.
 *
 * A description is plain memory, built call by call or read from a text file (ioasid_platform(5)),
 * and copied when a context is opened on it. It must not be used by two threads at once. It holds
 * at most 64 IOMMUs, 4096 devices and 4096 reserved ranges.
 */
#ifndef IOASID_PLATFORM_H
#define IOASID_PLATFORM_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which entry of a full set of a cache goes. */
enum ioasid_replacement {
	/** The one that was used the longest ago. */
	IOASID_REPLACE_LRU = 1,
	/** Any, by pseudorandom numbers: the same ones in each run. */
	IOASID_REPLACE_RANDOM = 2,
};

/** What an emulated IOMMU that walks two levels caches. Zeros stand for the values named. */
struct ioasid_platform_iotlb {
	/** Translations: a power of two, 1 to 65536; 0: 256. */
	uint32_t entries;
	/** Of each set: a power of two, 1 to 64, at most the entries; 0: 8, or as many as there
	 *  are. */
	uint32_t ways;
	/** 0: IOASID_REPLACE_LRU. */
	enum ioasid_replacement replacement;
	/** Where the pseudorandom numbers begin. */
	uint32_t seed;
	/** Ways down to the lower levels of guests' tables: up to 1024; 0: none. */
	uint32_t structures;
	uint32_t reserved;
};

/** An emulated IOMMU. Zeros stand for the values named. */
struct ioasid_platform_iommu {
	/** sizeof(struct ioasid_platform_iommu) */
	size_t size;
	/** Required, unique: 1 to 63 ASCII letters, digits, and any of "-_.:". */
	const char *name;
	/** Width of the IOVAs translated: 32 to 59; 0: 48. */
	uint32_t address_bits;
	/** Width of PASIDs: 1 to 20; 0: none. */
	uint32_t pasid_bits;
	/** Bit IOASID_PGTABLE_*: page-table formats; 0: all that the library knows. */
	uint64_t pgtable_formats;
	/** Nesting by shadow page table is refused. */
	bool no_nesting;
	/** Page requests are refused: no device behind it can send any. */
	bool no_page_requests;
	/** It can walk two levels itself, the guest's page table and its parent, behind an
	 *  IOTLB. */
	bool hardware_nesting;
	/** Written pages are not recorded: spaces with dirty tracking are refused. */
	bool no_dirty_tracking;
	/** It does not enforce snooping: spaces that ask for it refuse its devices. */
	bool no_enforce_snoop;
	uint8_t reserved[3];
	/** With hardware_nesting. */
	struct ioasid_platform_iotlb iotlb;
};

#define IOASID_PLATFORM_IOMMU_INIT IOASID_INIT(ioasid_platform_iommu)

/** An emulated device. */
struct ioasid_platform_device {
	/** sizeof(struct ioasid_platform_device) */
	size_t size;
	/** Required, unique: a PCI address "DDDD:BB:DD.F" or any name as for an IOMMU. */
	const char *name;
	/** Required unless it has a parent: the name of an IOMMU added before. */
	const char *iommu;
	/**
	 * Requester ID, unique behind its IOMMU. 0: the one in the PCI address that is the name,
	 * else one that no device has.
	 */
	uint32_t requester;
	/** Isolation group, 1 or above, all of it behind one IOMMU; 0: one of its own. */
	uint32_t group;
	/** Width of its (v)PASIDs, at most the IOMMU's; 0: none. */
	uint32_t pasid_bits;
	/**
	 * With a parent: the pPASID of its requests without PASID, 1 or above, which nobody else
	 * under the parent has. 0: none, or, if it has vPASIDs, one from the parent's pool.
	 */
	uint32_t default_pasid;
	/**
	 * NULL: a physical device. Else the device is mediated: the name of the physical device,
	 * added before, that it is a part of. Its IOMMU, requester ID and group are the parent's:
	 * leave them 0. A parent belongs to its driver and cannot be bound.
	 */
	const char *parent;
	/**
	 * Of a physical device with PASIDs: its mediated devices get the pPASIDs 1 to pasid_pool;
	 * 0: all that it has.
	 */
	uint32_t pasid_pool;
	/**
	 * How many page requests it can have sent without a response, 1 to 512; 0: 32, if its IOMMU
	 * takes page requests; IOASID_NO_PAGE_REQUESTS: it sends none.
	 */
	uint32_t page_requests;
	/** The user owns its PASID table: physical, with PASIDs, without shared work queues. */
	bool user_pasid_table;
	/** It has shared work queues, which take the PASID from whoever submits; needs PASIDs. */
	bool shared_queues;
	/**
	 * The device TLB, below, has to be told itself what to give up:
	 * ioasid_inv_add_device_tlb(). Else every invalidation of a space concerns the devices'
	 * caches too.
	 */
	bool device_tlb_explicit;
	uint8_t reserved[5];
	/**
	 * Translations that it caches itself (ATS): a power of two, 1 to 65536, behind an IOMMU
	 * with hardware_nesting; 0: none.
	 */
	uint32_t device_tlb;
	uint32_t reserved2;
};

/** What can be made to fail, by how it is counted. */
enum ioasid_operation {
	/** An allocation of memory that the library makes while it works on a context's objects. */
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

/** An operation that fails: how a program handles that can be tested. */
struct ioasid_platform_failure {
	/** sizeof(struct ioasid_platform_failure) */
	size_t size;
	/** Of what kind. */
	enum ioasid_operation operation;
	/** An errno, positive, among those of ioasid_errors(7); 0: ENOMEM, as for any
	 *  allocation. */
	int error;
	/** Which one of its kind on a context, from 1 on; 0: the first. */
	uint64_t nth;
	/** All after it fail as well. */
	bool repeat;
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
 * Sets the size of the pool that all mediated devices with shared work queues take their pPASIDs
 * from: those are 1 to @p pasids, as far as each of the parents has them.
 *
 * @param pasids at most 2^20 - 1; 0: as many as the parents have.
 * @return 0; -EINVAL: too many. Since 0.1.
 */
int ioasid_platform_set_pasid_pool(struct ioasid_platform *platform, uint32_t pasids);

/**
 * Adds an operation that is to fail: the n-th of its kind on each context that is opened on the
 * platform. It fails before it has changed anything. Calls count that have nothing wrong by
 * themselves, which is found before the context is looked at.
 *
 * @param failure copied.
 * @return 0; -EINVAL: a member out of range; -E2BIG: more than 256, or the structure is longer than
 *         this library knows; -ENOMEM. Since 0.1.
 */
int ioasid_platform_add_failure(struct ioasid_platform *platform,
				const struct ioasid_platform_failure *failure);

/**
 * Sets how much memory a user, or with IOASID_CTX_ACCOUNT_PROCESS a process, may lock for DMA by
 * contexts that are opened with this description: the RLIMIT_MEMLOCK of a process on a kernel.
 * Counted are the pages of each mapping of a root to which a device is attached, or on which a
 * space is nested, and registered memory, once: see ioasid_emulation(7).
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
