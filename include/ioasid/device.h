/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file device.h
 * Devices: bound to a context, attached to spaces.
 *
 * A bound device can do no DMA until it is attached: every request is blocked, before the first
 * attach and after each detach. Devices of one isolation group cannot be told apart by the IOMMU;
 * they are all attached to one and the same space.
 */
#ifndef IOASID_DEVICE_H
#define IOASID_DEVICE_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What kind of device it is, and which rule its PASIDs follow; ioasid_pasid(7) has the table. The
 * PASIDs that a program names are virtual ones, vPASIDs; on the bus a request carries a physical
 * one, pPASID.
 */
enum ioasid_device_type {
	/** Physical, without PASIDs. */
	IOASID_DEVICE_PHYSICAL = 1,
	/** Mediated, without PASIDs: its parent's driver does its DMA for it. */
	IOASID_DEVICE_MEDIATED_SOFTWARE = 2,
	/** Mediated, without vPASIDs: all its requests carry one pPASID of its parent. */
	IOASID_DEVICE_MEDIATED_DEFAULT = 3,
	/** Physical; the user owns the PASID table: vPASIDs are pPASIDs. */
	IOASID_DEVICE_PHYSICAL_USER = 4,
	/** Physical; the kernel owns the PASID table: vPASIDs are pPASIDs. */
	IOASID_DEVICE_PHYSICAL_KERNEL = 5,
	/** Mediated; the pPASIDs are of its parent's pool. */
	IOASID_DEVICE_MEDIATED = 6,
	/** As IOASID_DEVICE_PHYSICAL_KERNEL, with shared work queues. */
	IOASID_DEVICE_PHYSICAL_SHARED = 7,
	/** As IOASID_DEVICE_MEDIATED, with shared work queues: the pPASIDs are of one global
	 *  pool. */
	IOASID_DEVICE_MEDIATED_SHARED = 8,
};

/** Isolation group of a device that another framework has bound: not known. */
#define IOASID_NO_GROUP UINT32_MAX

/** What a device and the IOMMU in front of it can do. */
struct ioasid_device_info {
	/** sizeof(struct ioasid_device_info), set by the caller. */
	size_t size;
	/** Requester ID: PCI bus, device and function; of a mediated device its parent's. */
	uint32_t requester;
	/**
	 * Isolation group; of a mediated device its parent's. A mediated device is told apart by
	 * its pPASIDs: its attachments are its own all the same.
	 */
	uint32_t group;
	/** Bit n: pages of 2^n bytes. */
	uint64_t page_sizes;
	/** Width in bits of the IOVAs that the IOMMU translates. */
	uint32_t address_bits;
	/** Width in bits of (v)PASIDs; 0: none. */
	uint32_t pasid_bits;
	/** Bit IOASID_PGTABLE_*: formats for ioasid_space_bind_pgtable(). */
	uint64_t pgtable_formats;
	/** Spaces on a parent are possible: by shadow page table. */
	bool nesting_software;
	/** Spaces on a parent are possible: walked by the IOMMU. */
	bool nesting_hardware;
	/** With hardware nesting: entries that are not present are cached too. */
	bool caching_mode;
	/** DMA is coherent with the CPU's caches. */
	bool coherent;
	/** The device can send page requests. */
	bool page_requests;
	/** The IOMMU can record written pages. */
	bool dirty_tracking;
	/** The IOMMU can enforce snooping, and the library knows of it. */
	bool enforce_snoop;
	/**
	 * There is no IOMMU, and nothing isolates the device (IOASID_CTX_NO_IOMMU): it is to be
	 * given physical addresses, of ioasid_space_query_physical(). What else is told of its
	 * IOMMU is that of the kernel's record.
	 */
	bool no_iommu;
	/** Kind of device. */
	enum ioasid_device_type type;
	/** pPASID of the requests of a mediated device that name none; else IOASID_NO_PASID. */
	uint32_t default_pasid;
	/** The most mappings that a space can have that the device is attached to; 0: any
	 *  number. */
	uint64_t max_mappings;
	/** Bit IOASID_PASID_TABLE_*: formats for ioasid_space_bind_pasid_table(). */
	uint64_t pasid_table_formats;
	/** Bit IOASID_VIOMMU_*: what ioasid_viommu_create() can make of the IOMMU. */
	uint64_t viommu_types;
	/**
	 * With nesting_hardware, bit IOASID_PGTABLE_*: those formats of ioasid_space_bind_pgtable()
	 * that the IOMMU walks itself. 0: it takes what its vendor defines, see ioasid/raw.h.
	 */
	uint64_t hardware_formats;
};

#define IOASID_DEVICE_INFO_INIT IOASID_INIT(ioasid_device_info)

/**
 * Binds a device to the context: the context owns it until it is unbound.
 *
 * @param name a PCI address such as "0000:00:02.0" or, on the emulated back end, the name that the
 *        platform gives the device. On the iommufd back end also the path of its node, such as
 *        "/dev/vfio/devices/vfio0": whatever has a slash in it. The device's name is then the one
 *        that the system gives it.
 * @param cookie the caller's name for the device, any value; records carry it.
 * @return 0; -ENODEV: no such device, or the kernel does not offer it: it is bound to another
 *         driver than vfio-pci, or behind no IOMMU; -EBUSY: bound already, here or by another
 *         process; -EACCES: no permission to open its node, or VFIO wants a VF token for it;
 *         -EPERM: its isolation group is not viable, or its interrupts are not isolated; -EINVAL:
 *         no name, or one of two devices has the type IOASID_DEVICE_PHYSICAL_SHARED and the other
 *         IOASID_DEVICE_MEDIATED_SHARED; -ENOSPC: the pool of its parent has no pPASID left;
 *         -ENOMEM.
 * Since 0.1.
 */
int ioasid_device_bind(struct ioasid_ctx *ctx, const char *name, uint64_t cookie,
		       struct ioasid_device **device);

/**
 * ioasid_device_bind() for a device whose node the program has open, or was passed, since it may
 * not open nodes itself.
 *
 * @param fd of a node in /dev/vfio/devices. It becomes the device's, and is closed when that is
 *        unbound; after a failure it is still the caller's. The device is bound as long as any
 *        duplicate is open, so that there should be none.
 * @return 0; -EINVAL: @p fd is no descriptor of such a node; -ENODEV, -EBUSY, -EPERM, -ENOMEM, and
 *         -EACCES for want of a VF token: as ioasid_device_bind(); -EOPNOTSUPP: the back end cannot
 *         take a device by a descriptor.
 * Since 0.1.
 */
int ioasid_device_bind_fd(struct ioasid_ctx *ctx, int fd, uint64_t cookie,
			  struct ioasid_device **device);

/**
 * Detaches the device from all its spaces and gives it back. Waits for its DMA in flight.
 *
 * @return 0; -EBUSY: a channel of the device is open, or it has a vDEVICE; -EDEADLK: the calling
 *         thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_device_unbind(struct ioasid_device *device);

/** The cookie given to ioasid_device_bind(). Since 0.1. */
uint64_t ioasid_device_get_cookie(const struct ioasid_device *device);

/** The device's name. Belongs to the device. Since 0.1. */
const char *ioasid_device_get_name(const struct ioasid_device *device);

/**
 * The descriptor of the device, with which it is driven: on Linux that of VFIO, for regions,
 * interrupts and reset. It is there from the bind on, belongs to the device, and is closed when
 * that is unbound. Binding, attaching and detaching are the library's.
 *
 * @return the descriptor; -EOPNOTSUPP: the back end's devices have none, or another framework has
 *         it (ioasid_device_adopt()).
 * Since 0.1.
 */
int ioasid_device_get_fd(const struct ioasid_device *device);

/**
 * The descriptor of the device's group, on type1: for those of the kernel's commands that want one,
 * as VFIO's reset of a whole bus, or KVM's VFIO device. With iommufd they go by devices. It belongs
 * to the library, is the same for all devices of the group, and is closed when the last of them is
 * unbound. Nothing is to be set by it: the group's container is the library's.
 *
 * @return the descriptor; -EOPNOTSUPP: groups have none on this back end.
 * Since 0.1.
 */
int ioasid_device_get_group_fd(const struct ioasid_device *device);

/**
 * The number by which the kernel knows the device, on the descriptor of ioasid_ctx_get_fd(): for a
 * framework that has to name it there.
 *
 * @return 0; -EOPNOTSUPP: the back end has no such numbers.
 * Since 0.1.
 */
int ioasid_device_get_kernel_id(const struct ioasid_device *device, uint32_t *id);

/**
 * Fills in what the device can do.
 *
 * @return 0; -EINVAL: info->size too small to hold a size; -E2BIG: longer than this library knows
 *         and not zero there.
 * Since 0.1.
 */
int ioasid_device_query_info(const struct ioasid_device *device, struct ioasid_device_info *info);

/** What the caches in front of a device have done since the context was opened, or it was bound. */
struct ioasid_device_stats {
	/** sizeof(struct ioasid_device_stats), set by the caller. */
	size_t size;
	/** The IOTLB of the device's IOMMU, which all devices behind that share: found there. */
	uint64_t iotlb_hits;
	/** Not found there; a walk followed. */
	uint64_t iotlb_misses;
	/** Entries that had to go for others. */
	uint64_t iotlb_evictions;
	/** Entries that went by invalidations, and by changes of parents and attachments. */
	uint64_t iotlb_dropped;
	/** Walks of both levels, also those that ended in a fault. */
	uint64_t walks;
	/** Entries of guests' tables that these read. */
	uint64_t entries_read;
	/** Walks that did not begin at the root, thanks to the paging-structure caches. */
	uint64_t structure_hits;
	/** The device's own TLB, as above; a miss goes on to the IOTLB. 0 if it has none. */
	uint64_t device_tlb_hits;
	uint64_t device_tlb_misses;
	uint64_t device_tlb_evictions;
	uint64_t device_tlb_dropped;
};

#define IOASID_DEVICE_STATS_INIT IOASID_INIT(ioasid_device_stats)

/**
 * Fills in what the caches in front of a device have done: a snapshot, for those who develop
 * drivers of IOMMUs. Hits are counted by DMA without a lock; those of DMA in flight may still be
 * missing.
 *
 * @return 0; -EOPNOTSUPP: the device's IOMMU has no IOTLB that can be asked, see
 *         IOASID_CAP_NESTING_HARDWARE; -EINVAL, -E2BIG: as ioasid_device_query_info(). Since 0.1.
 */
int ioasid_device_query_stats(const struct ioasid_device *device,
			      struct ioasid_device_stats *stats);

/**
 * The IOVA ranges that the device reserves (for MSI, for firmware): a space that it is attached to
 * cannot have mappings there.
 *
 * @param ranges,n room for n ranges; as many as fit are written.
 * @return how many there are in all.
 * Since 0.1.
 */
size_t ioasid_device_query_reserved(const struct ioasid_device *device,
				    struct ioasid_range *ranges, size_t n);

/**
 * Attaches the device: its DMA goes through @p space from now on.
 *
 * Attaching to the space where the device is already succeeds and changes nothing. If another
 * device of its group is attached, @p space must be that device's space.
 *
 * The first attach of a device behind an IOMMU can narrow the space: the device's reserved ranges
 * and whatever lies beyond the IOMMU's width are no longer permitted there, nor in the parent of a
 * space that is nested in hardware, and mappings have to be aligned to the IOMMU's smallest page.
 *
 * @return 0; -EBUSY: attached to another space; -EINVAL: device and space are of different
 *         contexts, or the group is attached elsewhere; -EADDRINUSE: the space has a mapping or an
 *         allowed range where the device cannot have one, or a mapping is not aligned; -EFAULT:
 *         memory mapped in the space is no longer there; -ENOSPC: the space has more mappings than
 *         max_mappings of the device; -ENOMEM; -EOPNOTSUPP: the IOMMU lacks what the space needs
 *         (nesting, the page table's format, width and smallest pages, dirty tracking, enforced
 *         snooping);
 *         -E2BIG: a nested space takes more mappings in the kernel than its mapping_limit;
 *         -ENOENT: the space is on a vIOMMU, where the device has no vDEVICE.
 * Since 0.1.
 */
int ioasid_device_attach(struct ioasid_device *device, struct ioasid_space *space);

/**
 * Moves the device from its space to another in one step: each access goes through the one or the
 * other, and from some moment on all through the other, also those of a DMA that has begun before;
 * none is blocked in between. The other devices of its group move along. When the call returns no
 * DMA uses the old space any more. With the kernel's IOMMUs it is one step as far as their drivers
 * make it one: that of VT-d blocks DMA for a moment in between (seen with Linux 7.3).
 *
 * Without IOASID_CAP_ATOMIC_REPLACE the mappings are exchanged one after another. Those that both
 * spaces have, of the same memory at the same IOVA with the same permission, stay, and DMA to them
 * goes on. DMA to others can be blocked meanwhile, also by a call that fails, and one that touches
 * several can meet some of each space.
 *
 * @return as ioasid_device_attach(); -EINVAL also: not attached; -EDEADLK: the calling thread is
 *         inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_device_replace(struct ioasid_device *device, struct ioasid_space *space);

/**
 * Detaches the device; its DMA is blocked when the call returns, unless another device of its group
 * is still attached: the IOMMU cannot tell them apart. The space's permitted ranges and
 * alignment are those of the devices that remain. Detaching a device that is not attached succeeds.
 *
 * @return 0; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_device_detach(struct ioasid_device *device);

/** The space that the device is attached to, or NULL. Since 0.1. */
struct ioasid_space *ioasid_device_get_space(const struct ioasid_device *device);

/**
 * Attaches the requests that carry a PASID. They narrow the space to the IOMMU's width too; the
 * device's reserved ranges are not theirs.
 *
 * Mediated devices with shared work queues and one parent share their PASIDs: all that are attached
 * for one are attached to one space, requests of the others go there too, and
 * ioasid_device_replace_pasid() moves them all.
 *
 * @param pasid a vPASID, below 2^pasid_bits of ioasid_device_query_info(). PASID 0 is the device's
 *        own and refused, since requests without PASID may use it.
 * @return as ioasid_device_attach(); -EINVAL also: PASID out of range, or a device that shares it
 *         is attached elsewhere; -EOPNOTSUPP also: the device has no PASIDs, or its PASID table is
 *         the user's; -ENOSPC: no pPASID is left for it.
 * Since 0.1.
 */
int ioasid_device_attach_pasid(struct ioasid_device *device, uint32_t pasid,
			       struct ioasid_space *space);

/**
 * The others for the requests that carry a PASID.
 *
 * @param pasid as for ioasid_device_attach_pasid().
 * @return as their namesakes; -EINVAL also: PASID out of range, or a device that shares it is
 *         attached elsewhere; -EOPNOTSUPP also: the device has no PASIDs, or its PASID table is the
 *         user's.
 * Since 0.1.
 */
int ioasid_device_replace_pasid(struct ioasid_device *device, uint32_t pasid,
				struct ioasid_space *space);
int ioasid_device_detach_pasid(struct ioasid_device *device, uint32_t pasid);
struct ioasid_space *ioasid_device_get_pasid_space(const struct ioasid_device *device,
						   uint32_t pasid);

#ifdef __cplusplus
}
#endif

#endif
