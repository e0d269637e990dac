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

/** Whether a device's DMA may leave the CPU's caches alone (no-snoop). */
enum ioasid_enforce_snoop {
	/** Not through this space: devices whose IOMMU does not enforce snooping are refused. */
	IOASID_ENFORCE_SNOOP_ON = 1,
	/** It may. On a kernel back end that cannot be asked for. */
	IOASID_ENFORCE_SNOOP_OFF = 2,
};

/**
 * Pages of the space that DMA writes can be recorded (ioasid/dirty.h); needs
 * IOASID_CAP_DIRTY_TRACKING. Devices whose IOMMU cannot do that cannot be attached, neither to the
 * space nor to one that is nested on it.
 */
#define IOASID_SPACE_DIRTY_TRACKING UINT64_C(0x1)

/**
 * The page table has pages of the smallest size only, as do those of spaces nested on the root;
 * needs IOASID_CAP_SMALL_PAGES. Mappings then have to be aligned to pages from the beginning.
 */
#define IOASID_SPACE_SMALL_PAGES UINT64_C(0x2)

/** How to create a space. */
struct ioasid_space_options {
	/** sizeof(struct ioasid_space_options) */
	size_t size;
	/** NULL: a root, whose mappings are of memory. Else the space to nest on. */
	struct ioasid_space *parent;
	/**
	 * With a parent. 0: hardware where all IOMMUs can do it, the parent is a root and nothing
	 * below asks for a shadow; else software. In hardware the parent has to be a root, nothing
	 * nests on the space, and only a page table fills it.
	 */
	enum ioasid_nesting nesting;
	/**
	 * With software nesting; 0: by the format of the page table when it is bound: on
	 * invalidation for VT-d second-stage tables and AMD's host tables, on demand for all
	 * others, whose guests send nothing for new mappings.
	 */
	enum ioasid_fill fill;
	/** Of a root: IOASID_SPACE_DIRTY_TRACKING, IOASID_SPACE_SMALL_PAGES. */
	uint64_t flags;
	/**
	 * With software nesting: the most memory in bytes that the shadow page table may take, at
	 * least 131072; 0: any amount. A guest can make the library hold up to 20 KiB for each
	 * level at which it uses a page as a table. What does not fit is not translated: as if
	 * memory had run out, with -ENOMEM, until the guest uses fewer tables.
	 */
	uint64_t memory_limit;
	/**
	 * Where page requests for the space go; NULL: a DMA without a translation faults. Devices
	 * without page requests can be attached all the same: their DMA faults. The queue of the
	 * space counts that a device is attached to, never that of a parent.
	 */
	struct ioasid_fault_queue *fault_queue;
	/**
	 * With software nesting on a back end where a kernel has the translations: the most
	 * mappings that it may have of this space; 0: 65536. Contiguous pages are one mapping. A
	 * page table that takes more translates nothing, with -E2BIG, until it is invalidated and
	 * takes less.
	 */
	uint64_t mapping_limit;
	/**
	 * NULL, or a vIOMMU (ioasid/viommu.h) to nest the space on: its parent is that of the
	 * space, and parent the same or NULL. The vIOMMU stays alive as long as the space. Devices
	 * need a vDEVICE there before they are attached. nesting is 0 or what the vIOMMU's IOMMU
	 * can do; 0 is hardware if it can, unless something asks for a shadow.
	 */
	struct ioasid_viommu *viommu;
	/**
	 * Of a root, and for the spaces nested on it too. 0: on as long as the IOMMUs of all
	 * devices that are attached can; needs IOASID_CAP_ENFORCE_SNOOP.
	 */
	enum ioasid_enforce_snoop enforce_snoop;
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
	/** 0 unless nested in software with a page table, or a PASID table, bound. */
	enum ioasid_fill fill;
	/**
	 * Whether an entry that becomes present has to be invalidated as well, as the general
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
 * A root holds mappings of memory and of files. A space on a parent is filled in one of two ways:
 * by ioasid_space_map_parent() (the map protocol), or by a page table that the guest keeps in the
 * parent's address space, bound with ioasid_space_bind_pgtable() (the page-table protocol). What
 * its addresses lead to are addresses of the parent.
 *
 * The parent stays alive at least as long: destroying it fails with -EBUSY. Creating the first
 * space on it demands of the parent what the first attach of a device does: aligned mappings, below
 * 2^57.
 *
 * @param options NULL for a root.
 * @return 0; -EINVAL: unknown flag or value, memory_limit too small, enforce_snoop with a parent,
 *         parent or fault queue of another context, nested deeper than 8, in hardware on a space
 *         that is no root, or on one that is nested in hardware, one of the flags with a parent,
 *         vIOMMU of another context or on another parent;
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
 * The number by which the kernel knows the space's table, on the descriptor of ioasid_ctx_get_fd():
 * with iommufd, its IOAS. It is there while a device is attached to the space or, for a root, a
 * space is nested on it or VFIO's commands work on it (ioasid/vfio.h), and can be another one the
 * next time.
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
 * The ranges in which mappings can be made now: what the IOMMUs in front of the attached devices
 * translate, less what those devices reserve. Ascending; neither mappings that exist nor
 * ioasid_space_allow() count.
 *
 * @param ranges,n room for n ranges; as many as fit are written.
 * @return how many there are in all.
 * Since 0.1.
 */
size_t ioasid_space_query_permitted(const struct ioasid_space *space, struct ioasid_range *ranges,
				    size_t n);

/**
 * The other ranges: what attached devices reserve, and what their IOMMUs do not translate. Merged,
 * ascending; as above. Since 0.1.
 */
size_t ioasid_space_query_reserved(const struct ioasid_space *space, struct ioasid_range *ranges,
				   size_t n);

/**
 * The physical address of what is mapped at an IOVA, for a device that no IOMMU translates for
 * (IOASID_CTX_NO_IOMMU). It stays so while the mapping is there and such a device is attached, and
 * is of memory that is locked. With other devices that are attached it has nothing to do.
 *
 * @param length at most so many bytes; not 0.
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
 * Sets the ranges in which the library may choose IOVAs (IOASID_ANY_IOVA), replacing what was set
 * before; a device whose reserved ranges touch them can no longer be attached. Without any (the
 * default, and after n = 0) it chooses from all permitted ones. Where the space has a table of the
 * kernel's (iommufd), the kernel holds them too, against all who use that table.
 *
 * @return 0; -EINVAL: a range has fewer than two addresses or runs over the end, or two overlap;
 *         -EADDRINUSE: a range touches a reserved one; -ENOMEM; -EOPNOTSUPP: a space on a parent
 *         with a page table.
 * Since 0.1.
 */
int ioasid_space_allow(struct ioasid_space *space, const struct ioasid_range *ranges, size_t n);

/**
 * Binds a page table that the guest manages to a space on a parent.
 *
 * From now on every change to the table has to be followed by an invalidation (ioasid/inv.h) before
 * a DMA depends on it; ioasid_space_query_info() says whether entries that become present may be
 * excepted. With IOASID_FILL_ON_INVALIDATION the table is read now. A table that is malformed or
 * not in the parent's mappings is no error here: a DMA that meets it faults; nor is a part that
 * there is no memory for: a DMA that meets that fails with -ENOMEM. When the parent no longer maps
 * a part of the table, what that part said is gone as well. Binding again replaces the table in one
 * step.
 *
 * @return 0; -EINVAL: the space is a root, root not a multiple of 4096 or beyond address_bits,
 *         unknown flag; -EOPNOTSUPP: format or number of levels not supported, or not by the IOMMU
 *         of a device that is attached; -EBUSY: the space has
 *         mappings; nested in hardware by a kernel, with a device attached, also -EINVAL: the
 *         IOMMU's driver refuses the table, -EADDRINUSE, -EBUSY, -EFAULT: as
 *         ioasid_device_attach(); -ENOMEM: the table before stays bound; -EDEADLK: the calling
 *         thread is inside ioasid_dma_begin(). Where a kernel has the translations also -ENOMEM,
 *         -ENOSPC, -E2BIG, as ioasid_inv_submit(): then the table is bound.
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

/** A run of translations: contiguous on both sides, of one permission. */
struct ioasid_run {
	uint64_t iova;
	uint64_t length;
	/** Where it leads: an IOVA of the parent; for a root the host address. */
	uint64_t target;
	/** IOASID_READ, IOASID_WRITE */
	uint32_t perm;
	uint32_t reserved;
};

/**
 * Lists what the space translates now, in ascending order: a snapshot for tests, tools and
 * debugging. Nothing is read from guest memory: of a shadow page table filled on demand this is
 * what has been used so far, of a space nested in hardware what the IOTLBs hold. Translations that
 * would fault because the parent does not map their target are not listed.
 *
 * @param cursor in: where to begin, 0 at first; out: where to go on. A call looks at a bounded
 *        number of table entries, so it can return 0 runs before the end, and a long run can come
 *        in pieces.
 * @param last the last IOVA of interest.
 * @return the number of runs written, at most @p n; when *cursor is beyond @p last, or 0 again
 *         after the highest address, it is done: *done is set.
 * Since 0.1.
 */
size_t ioasid_space_query_runs(const struct ioasid_space *space, uint64_t *cursor, uint64_t last,
			       struct ioasid_run *runs, size_t n, bool *done);

#ifdef __cplusplus
}
#endif

#endif
