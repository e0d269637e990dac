/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file space.h
 * I/O address spaces (IOASIDs): one I/O page table each, alone or nested on a parent.
 */
#ifndef IOASID_SPACE_H
#define IOASID_SPACE_H

#include <ioasid/common.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Who walks the levels of a nested space. */
enum ioasid_nesting {
	/** The library merges both levels into a shadow page table. */
	IOASID_NESTING_SOFTWARE = 1,
	/** The IOMMU walks both levels. */
	IOASID_NESTING_HARDWARE = 2,
};

/** When a shadow page table follows the guest's. */
enum ioasid_fill {
	/** At each invalidation: the shadow holds what the tables said when last invalidated. */
	IOASID_FILL_ON_INVALIDATION = 1,
	/** When a DMA misses, as an IOTLB does; invalidations refresh what is there. */
	IOASID_FILL_ON_DEMAND = 2,
};

/** Whether a device's DMA may bypass the CPU's caches (no-snoop). */
enum ioasid_enforce_snoop {
	/** It may not: devices whose IOMMU does not enforce snooping are refused. */
	IOASID_ENFORCE_SNOOP_ON = 1,
	/** It may. A kernel back end refuses this. */
	IOASID_ENFORCE_SNOOP_OFF = 2,
};

/**
 * The pages of the space that DMA writes can be recorded (ioasid/dirty.h); needs
 * IOASID_CAP_DIRTY_TRACKING. Devices whose IOMMU cannot record them can be attached neither to the
 * space nor to one that is nested on it.
 */
#define IOASID_SPACE_DIRTY_TRACKING UINT64_C(0x1)

/**
 * The page table has pages of the smallest size only, and so have those of spaces nested on the
 * root; needs IOASID_CAP_SMALL_PAGES. Mappings have to be aligned to pages even before a device is
 * attached.
 */
#define IOASID_SPACE_SMALL_PAGES UINT64_C(0x2)

/** How to create a space. */
struct ioasid_space_options {
	/** sizeof(struct ioasid_space_options) */
	size_t size;
	/** NULL: a root, which maps memory. Else the space to nest on. */
	struct ioasid_space *parent;
	/**
	 * With a parent; 0: the library chooses. It chooses hardware if all IOMMUs of an emulated
	 * platform, or the IOMMU of the member viommu, nest in hardware, the parent is a root, and
	 * neither fill, memory_limit nor mapping_limit is set; else software, as always on a kernel
	 * back end without a vIOMMU: devices that are bound later can be behind any IOMMU. With
	 * hardware nesting the parent has to be a root, nothing can be nested on the space, and
	 * only a page table can fill it, not mappings.
	 */
	enum ioasid_nesting nesting;
	/**
	 * With software nesting; 0: the format of the page table decides when it is bound: on
	 * invalidation for VT-d second-stage tables and AMD's host tables; on demand for all other
	 * formats, since guests that use those send no invalidations for new mappings. A back end
	 * without IOASID_CAP_FILL_ON_DEMAND always fills on invalidation.
	 */
	enum ioasid_fill fill;
	/** For a root: IOASID_SPACE_DIRTY_TRACKING, IOASID_SPACE_SMALL_PAGES. */
	uint64_t flags;
	/**
	 * With software nesting: the most memory in bytes that the shadow page table may take, at
	 * least 131072; 0: any amount. For each level at which a guest uses a page as a table, it
	 * can make the library hold up to 20 KiB. What does not fit is not translated, as if memory
	 * had run out (-ENOMEM), until the guest uses fewer tables.
	 */
	uint64_t memory_limit;
	/**
	 * Where page requests for the space go; NULL: a DMA without a translation faults. Devices
	 * without page requests can be attached as well; their DMA faults. Requests go to the queue
	 * of the space to which the device is attached, never to that of a parent.
	 */
	struct ioasid_fault_queue *fault_queue;
	/**
	 * With software nesting on a kernel back end: the most mappings that the kernel may hold
	 * for this space; 0: 65536. Contiguous pages are one mapping. A page table that takes more
	 * is not translated at all (-E2BIG) until an invalidation finds that it takes fewer.
	 */
	uint64_t mapping_limit;
	/**
	 * NULL, or a vIOMMU (ioasid/viommu.h) to nest the space on. The parent of the space is then
	 * the vIOMMU's, and the member parent is the same or NULL. The vIOMMU cannot be destroyed
	 * before the space. A device needs a vDEVICE on it before it can be attached to the space.
	 * nesting is what the vIOMMU's IOMMU can do, or 0: hardware if the IOMMU can, unless
	 * another option asks for a shadow.
	 */
	struct ioasid_viommu *viommu;
	/**
	 * For a root and the spaces nested on it; needs IOASID_CAP_ENFORCE_SNOOP. 0: snooping is
	 * enforced as long as the IOMMUs of all attached devices can enforce it.
	 */
	enum ioasid_enforce_snoop enforce_snoop;
	/** 0 */
	uint32_t reserved;
};

#define IOASID_SPACE_OPTIONS_INIT IOASID_INIT(ioasid_space_options)

/** A space's state. */
struct ioasid_space_info {
	/** sizeof(struct ioasid_space_info), set by the caller. */
	size_t size;
	/** The space's number: unique in its context at any time. */
	uint32_t id;
	/** 0 for a root, 1 for a space on a root, and so on. */
	uint32_t depth;
	/** 0 for a root. */
	enum ioasid_nesting nesting;
	/** 0 unless nested in software, with a page table or a PASID table bound. */
	enum ioasid_fill fill;
	/**
	 * Whether a table entry that becomes present has to be invalidated too, as the general
	 * contract says. False: that invalidation may be left out.
	 */
	bool caching_mode;
	/** Whether a user-managed page table is bound. */
	bool pgtable_bound;
	/** Whether a user-managed PASID table is bound (ioasid/pasid.h). */
	bool pasid_table_bound;
	/** Whether written pages are being recorded: ioasid_space_dirty_start(). */
	bool dirty_tracking;
	/** Whether snooping is enforced for all devices that are attached. */
	bool snoop_enforced;
	uint8_t reserved[3];
	/** Mappings must start and end at multiples of this. */
	uint64_t iova_alignment;
	/** Live mappings. */
	uint64_t mappings;
	/** Memory that the library holds for this space. */
	uint64_t memory_bytes;
};

#define IOASID_SPACE_INFO_INIT IOASID_INIT(ioasid_space_info)

/**
 * Creates a space.
 *
 * A root holds mappings of memory and of files. The addresses of a nested space lead to addresses
 * of its parent. It is filled in one of two ways: by ioasid_space_map_parent() (the map protocol),
 * or by a page table that the guest keeps in the parent's address space and that is bound with
 * ioasid_space_bind_pgtable() (the page-table protocol).
 *
 * A parent cannot be destroyed while spaces are nested on it. Creating the first of them demands of
 * the parent what attaching a first device does: its mappings have to be aligned to 4096, and lie
 * below 2^57.
 *
 * @param options NULL for a root.
 * @return 0; -EINVAL: unknown flag or value; reserved not 0; nesting, fill or a limit without a
 *         parent; one of the flags or enforce_snoop with a parent; memory_limit too small; hardware
 *         nesting together with fill or a limit, or on a parent that is not a root; a parent that
 *         is nested in hardware itself or has a PASID table; nested deeper than 8; parent, vIOMMU
 *         or fault queue of another context; vIOMMU on another parent;
 *         -EADDRINUSE, -EFAULT: the parent has mappings that no page table can hold (see
 *         ioasid_device_attach()); -EOPNOTSUPP: the nesting asked for is not possible, or
 *         dirty tracking, enforce_snoop or small pages are not; -E2BIG; -ENOMEM.
 * Since 0.1.
 */
int ioasid_space_create(struct ioasid_ctx *ctx, const struct ioasid_space_options *options,
			struct ioasid_space **space);

/**
 * Destroys a space with its mappings and its page table's binding.
 *
 * @return 0; -EBUSY: a device is attached, a space is nested on it, a vIOMMU is on it, VFIO's
 *         commands work on it (ioasid/vfio.h), or it is the identity root, ioasid_errmsg() says
 *         who; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_destroy(struct ioasid_space *space);

/** The space's number, as in ioasid_space_info. Since 0.1. */
uint32_t ioasid_space_get_id(const struct ioasid_space *space);

/**
 * The kernel's number for the space's table on the descriptor of ioasid_ctx_get_fd(): with iommufd,
 * that of its IOAS. The table exists while a device is attached to the space or, for a root, while
 * a space is nested on it or VFIO's commands work on it (ioasid/vfio.h). A later table can have
 * another number.
 *
 * @return 0; -ENOENT: there is none at the moment; -EOPNOTSUPP: the back end has no such numbers.
 * Since 0.1.
 */
int ioasid_space_get_kernel_id(const struct ioasid_space *space, uint32_t *id);

/** The parent; NULL for a root. Since 0.1. */
struct ioasid_space *ioasid_space_get_parent(const struct ioasid_space *space);

/** Fills in the space's state. @return 0; -EINVAL, -E2BIG: info->size. Since 0.1. */
int ioasid_space_query_info(const struct ioasid_space *space, struct ioasid_space_info *info);

/**
 * The ranges in which mappings are permitted now, ascending: what the IOMMUs in front of the
 * attached devices translate, less what those devices reserve. Existing mappings and
 * ioasid_space_allow() do not matter.
 *
 * @param ranges,n room for n ranges; as many as fit are written.
 * @return how many there are in all.
 * Since 0.1.
 */
size_t ioasid_space_query_permitted(const struct ioasid_space *space, struct ioasid_range *ranges,
				    size_t n);

/**
 * The remaining ranges, merged and ascending: what attached devices reserve, and what their IOMMUs
 * do not translate. Parameters and result are as above. Since 0.1.
 */
size_t ioasid_space_query_reserved(const struct ioasid_space *space, struct ioasid_range *ranges,
				   size_t n);

/**
 * The physical address of what is mapped at an IOVA, for a device without an IOMMU
 * (IOASID_CTX_NO_IOMMU). The memory is locked, and the address stays valid while the mapping exists
 * and such a device is attached. To other attached devices the address means nothing.
 *
 * @param length how many bytes are of interest; not 0.
 * @param contiguous receives how many bytes from there on are physically contiguous, within the
 *        mapping and @p length.
 * @return 0; -EINVAL: length 0; -EOVERFLOW: the range runs past the end of the address space;
 *         -ENOENT: nothing is mapped at @p iova; -EPERM: the process has no CAP_SYS_RAWIO;
 *         -EOPNOTSUPP: no IOASID_CAP_NO_IOMMU, no device is attached, or the first that was is
 *         behind an IOMMU, or the space is nested in hardware.
 * Since 0.1.
 */
int ioasid_space_query_physical(const struct ioasid_space *space, uint64_t iova, uint64_t length,
				uint64_t *physical, uint64_t *contiguous);

/**
 * Sets the ranges from which the library may choose IOVAs (IOASID_ANY_IOVA), replacing what was set
 * before. A device that reserves a part of them can no longer be attached. Without such ranges,
 * which is the default and the effect of n = 0, the library chooses from all permitted ones. Where
 * the space has a table in the kernel (iommufd), the kernel keeps the ranges free for all users of
 * that table.
 *
 * @return 0; -EINVAL: a range has fewer than two addresses or runs over the end, or two overlap;
 *         -EADDRINUSE: a range touches a reserved one; -ENOMEM; -EOPNOTSUPP: a space on a parent
 *         with a page table.
 * Since 0.1.
 */
int ioasid_space_allow(struct ioasid_space *space, const struct ioasid_range *ranges, size_t n);

/**
 * Binds a page table that the guest manages to a nested space.
 *
 * From now on, every change to the table has to be followed by an invalidation (ioasid/inv.h)
 * before a DMA depends on it; caching_mode of ioasid_space_query_info() says whether entries that
 * become present are excepted. With IOASID_FILL_ON_INVALIDATION the table is read now.
 *
 * It is not an error if the table is malformed or lies outside the parent's mappings: a DMA that
 * meets such a part faults. Nor is it an error if there is no memory for a part of it: a DMA that
 * meets that part fails with -ENOMEM. When the parent unmaps a part of the table, the translations
 * from that part disappear too. Binding again replaces the table in one step.
 *
 * @return 0; -EINVAL: the space is a root; root is not a multiple of the root table's size, or lies
 *         beyond address_bits; another member is out of range or is not one of the format; unknown
 *         flag; -EOPNOTSUPP: the format or number of levels is not supported, or not by the IOMMU
 *         of an attached device; -EBUSY: the space has mappings or a PASID table; nested in
 *         hardware by a kernel, with a device attached, also -EINVAL: the IOMMU's driver refuses
 *         the table, -EADDRINUSE, -EBUSY, -EFAULT: as ioasid_device_attach(); -ENOMEM: the table
 *         before stays bound; -EDEADLK: the calling thread is inside ioasid_dma_begin(). On a
 *         kernel back end that nests in software also -ENOMEM, -ENOSPC, -E2BIG, as
 *         ioasid_inv_submit(): the table is bound then.
 * Since 0.1.
 */
int ioasid_space_bind_pgtable(struct ioasid_space *space, const struct ioasid_pgtable *pgtable);

/**
 * Undoes ioasid_space_bind_pgtable(): all DMA through the space faults.
 *
 * @return 0; -EINVAL: none is bound; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_unbind_pgtable(struct ioasid_space *space);

/** A run of translations: contiguous on both sides, with one permission. */
struct ioasid_run {
	uint64_t iova;
	uint64_t length;
	/** Where it leads: an IOVA of the parent; for a root, an address in the process. */
	uint64_t target;
	/** IOASID_READ, IOASID_WRITE */
	uint32_t perm;
	uint32_t reserved;
};

/**
 * Lists what the space translates now, in ascending order: a snapshot for tests, tools and
 * debugging. Guest memory is not read: for a shadow page table that is filled on demand, the list
 * has what has been used so far, and for a space nested in hardware, what the IOTLBs hold (nothing
 * on a kernel back end). Translations that would fault because the parent does not map their target
 * are not listed.
 *
 * @param cursor in: where to begin, 0 at first; out: where to continue. A call looks at a bounded
 *        number of table entries, so it can return 0 runs before the end, and a long run can come
 *        in pieces.
 * @param last the last IOVA of interest.
 * @param done receives whether the list is complete. *cursor is then beyond @p last, or 0 after the
 *        highest address.
 * @return the number of runs written, at most @p n.
 * Since 0.1.
 */
size_t ioasid_space_query_runs(const struct ioasid_space *space, uint64_t *cursor, uint64_t last,
			       struct ioasid_run *runs, size_t n, bool *done);

#ifdef __cplusplus
}
#endif

#endif
