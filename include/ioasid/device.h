/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file device.h
 * Devices: bound to a context, attached to spaces.
 *
 * All DMA of a bound device is blocked until the device is attached, and again after it is
 * detached. The IOMMU cannot tell the devices of one isolation group apart; all of them are
 * attached to the same space.
 */
#ifndef IOASID_DEVICE_H
#define IOASID_DEVICE_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The kind of a device, and the rule that its PASIDs follow; ioasid_pasid(7) has the table. The
 * PASIDs that a program names are virtual ones, vPASIDs; on the bus, a request carries a physical
 * one, the pPASID.
 */
enum ioasid_device_type {
	/** Physical, without PASIDs. */
	IOASID_DEVICE_PHYSICAL = 1,
	/** Mediated, without PASIDs: its parent's driver does its DMA. */
	IOASID_DEVICE_MEDIATED_SOFTWARE = 2,
	/** Mediated, without vPASIDs: all its requests carry one pPASID of its parent. */
	IOASID_DEVICE_MEDIATED_DEFAULT = 3,
	/** Physical; the user owns the PASID table: vPASIDs are pPASIDs. */
	IOASID_DEVICE_PHYSICAL_USER = 4,
	/** Physical; the kernel owns the PASID table: vPASIDs are pPASIDs. */
	IOASID_DEVICE_PHYSICAL_KERNEL = 5,
	/** Mediated; pPASIDs come from its parent's pool. */
	IOASID_DEVICE_MEDIATED = 6,
	/** As IOASID_DEVICE_PHYSICAL_KERNEL, with shared work queues. */
	IOASID_DEVICE_PHYSICAL_SHARED = 7,
	/** As IOASID_DEVICE_MEDIATED, with shared work queues: pPASIDs come from one global
	 *  pool. */
	IOASID_DEVICE_MEDIATED_SHARED = 8,
};

/** The isolation group of a device that another framework has bound, if it is not known. */
#define IOASID_NO_GROUP UINT32_MAX

/** What a device and the IOMMU in front of it can do. */
struct ioasid_device_info {
	/** sizeof(struct ioasid_device_info), set by the caller. */
	size_t size;
	/** Requester ID: PCI bus, device and function; for a mediated device, its parent's. */
	uint32_t requester;
	/**
	 * Isolation group; for a mediated device, its parent's. The IOMMU tells a mediated device
	 * apart by its pPASIDs, so its attachments are its own nevertheless.
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
	/** It can be attached to nested spaces that have a shadow page table. */
	bool nesting_software;
	/** It can be attached to nested spaces whose levels the IOMMU walks. */
	bool nesting_hardware;
	/**
	 * With hardware nesting: the IOMMU caches entries that are not present, too. So far no back
	 * end knows of such an IOMMU.
	 */
	bool caching_mode;
	/** DMA is coherent with the CPU's caches. */
	bool coherent;
	/** The device can send page requests. */
	bool page_requests;
	/** The IOMMU can record which pages DMA writes. */
	bool dirty_tracking;
	/** The IOMMU can enforce snooping, and the library knows that it can. */
	bool enforce_snoop;
	/**
	 * There is no IOMMU, and nothing isolates the device (IOASID_CTX_NO_IOMMU): it must be
	 * given the physical addresses that ioasid_space_query_physical() tells. What this
	 * structure says about its IOMMU then describes the page table that the kernel keeps, and
	 * that nothing walks.
	 */
	bool no_iommu;
	/** Kind of device. */
	enum ioasid_device_type type;
	/** For a mediated device, the pPASID of requests without one; else IOASID_NO_PASID. */
	uint32_t default_pasid;
	/** The most mappings that a space can have while the device is attached to it; 0: any
	 *  number. */
	uint64_t max_mappings;
	/** Bit IOASID_PASID_TABLE_*: formats for ioasid_space_bind_pasid_table(). */
	uint64_t pasid_table_formats;
	/** Bit IOASID_VIOMMU_*: types that ioasid_viommu_create() can make of the IOMMU. */
	uint64_t viommu_types;
	/**
	 * With nesting_hardware, bit IOASID_PGTABLE_*: the formats of ioasid_space_bind_pgtable()
	 * that the IOMMU walks itself. 0: it takes only what its vendor defines, see ioasid/raw.h.
	 */
	uint64_t hardware_formats;
};

#define IOASID_DEVICE_INFO_INIT IOASID_INIT(ioasid_device_info)

/**
 * Binds a device to the context: the context owns it until it is unbound.
 *
 * @param name a PCI address such as "0000:00:02.0" or, on the emulated back end, the name that the
 *        platform gives the device. On the iommufd back end, a name with a slash in it is the path
 *        of the device's node, such as "/dev/vfio/devices/vfio0"; ioasid_device_get_name() then
 *        returns the name that the system gives the device.
 * @param cookie any value that identifies the device to the caller; events and page requests carry
 *        it.
 * @return 0; -ENODEV: no such device, or the kernel does not offer it, because it is bound to
 *         another driver than vfio-pci or is not behind an IOMMU; -EBUSY: bound already, here or by
 *         another process; -EACCES: no permission to open its node, or VFIO wants a VF token for
 *         it, which ioasid_device_bind_with() gives; -EPERM: its isolation group is not viable, or
 *         its interrupts are not isolated; -EINVAL: no name, or the device has one of the types
 *         IOASID_DEVICE_PHYSICAL_SHARED and IOASID_DEVICE_MEDIATED_SHARED while a device of the
 *         other is bound; -ENOSPC: its parent's pool has no pPASID left; -ENOMEM: also, no file
 *         descriptor is left.
 * Since 0.1.
 */
int ioasid_device_bind(struct ioasid_ctx *ctx, const char *name, uint64_t cookie,
		       struct ioasid_device **device);

/**
 * As ioasid_device_bind(), for a device whose node the program has open already, for example
 * because it was passed the descriptor and may not open nodes itself.
 *
 * @param fd a descriptor of a node in /dev/vfio/devices. On success it belongs to the device, and
 *        is closed when the device is unbound. On failure it is still the caller's, but the kernel
 *        may have bound it: close it then. The device stays bound as long as a duplicate is open
 *        anywhere, so there should be none.
 * @return 0; -EINVAL: @p fd is no descriptor of such a node; -ENODEV, -EBUSY, -EPERM, -ENOMEM, and
 *         -EACCES for want of a VF token: as ioasid_device_bind(); -EOPNOTSUPP: the back end cannot
 *         take a device by a descriptor.
 * Since 0.1.
 */
int ioasid_device_bind_fd(struct ioasid_ctx *ctx, int fd, uint64_t cookie,
			  struct ioasid_device **device);

/** The device is had by fd, not by name. */
#define IOASID_BIND_FD 0x1u

/** How ioasid_device_bind_with() is to bind a device. */
struct ioasid_bind_options {
	/** sizeof(struct ioasid_bind_options) */
	size_t size;
	/** IOASID_BIND_* */
	uint64_t flags;
	/** As for ioasid_device_bind(); NULL with IOASID_BIND_FD. */
	const char *name;
	/** As for ioasid_device_bind(). */
	uint64_t cookie;
	/** With IOASID_BIND_FD: as for ioasid_device_bind_fd(). */
	int fd;
	/** 0. */
	uint32_t reserved;
	/**
	 * VF token: the 16 bytes of a UUID, in the order in which they are written. A virtual
	 * function of SR-IOV whose physical function is bound to vfio-pci needs the token of that,
	 * and so does the physical function while virtual ones are in use. If none is, it takes the
	 * token for its own. NULL: none. Only read during the call.
	 */
	const uint8_t *vf_token;
};

#define IOASID_BIND_OPTIONS_INIT IOASID_INIT(ioasid_bind_options)

/**
 * As ioasid_device_bind() or, with IOASID_BIND_FD, as ioasid_device_bind_fd(), with all that can be
 * said about it.
 *
 * @return 0; -ENODEV, -EBUSY, -EPERM, -ENOSPC, -ENOMEM: as these; -EACCES also: not the VF token
 *         that VFIO wants; -EINVAL also: unknown flag, reserved is not 0, name and IOASID_BIND_FD,
 *         options->size too small to hold a size, or a VF token for a device that wants none;
 *         -E2BIG: options longer than this library knows; -EOPNOTSUPP: the back end cannot take a
 *         device by a descriptor, or the kernel no VF token.
 * Since 0.1.
 */
int ioasid_device_bind_with(struct ioasid_ctx *ctx, const struct ioasid_bind_options *options,
			    struct ioasid_device **device);

/**
 * Detaches the device from all its spaces, waits for its DMA in flight, and gives the device back.
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
 * The descriptor with which the device is driven: on Linux that of VFIO, for regions, interrupts
 * and reset. It exists as soon as the device is bound, belongs to the device, and is closed when
 * the device is unbound. Leave binding, attaching and detaching to the library.
 *
 * @return the descriptor; -EOPNOTSUPP: devices of this back end have none, or another framework has
 *         it (ioasid_device_adopt()).
 * Since 0.1.
 */
int ioasid_device_get_fd(const struct ioasid_device *device);

/**
 * The descriptor of the device's group, on type1: for commands of the kernel that need it, such as
 * VFIO's reset of a whole bus or those of KVM's VFIO device. With iommufd, such commands take
 * devices. The descriptor belongs to the library, is the same for all devices of the group, and is
 * closed when the last of them is unbound. Do not change the group's state through it: the library
 * manages the group's container.
 *
 * @return the descriptor; -EOPNOTSUPP: groups have none on this back end.
 * Since 0.1.
 */
int ioasid_device_get_group_fd(const struct ioasid_device *device);

/**
 * The kernel's number for the device on the descriptor of ioasid_ctx_get_fd(), for a framework that
 * has to name it there.
 *
 * @return 0; -EOPNOTSUPP: the back end has no such numbers.
 * Since 0.1.
 */
int ioasid_device_get_kernel_id(const struct ioasid_device *device, uint32_t *id);

/**
 * Fills in what the device and the IOMMU in front of it can do.
 *
 * @return 0; -EINVAL: info->size too small to hold a size; -E2BIG: longer than this library knows
 *         and not zero there.
 * Since 0.1.
 */
int ioasid_device_query_info(const struct ioasid_device *device, struct ioasid_device_info *info);

/**
 * What the caches in front of a device have done: the IOMMU's since the context was opened, the
 * device's own since it was bound.
 */
struct ioasid_device_stats {
	/** sizeof(struct ioasid_device_stats), set by the caller. */
	size_t size;
	/** Look-ups in the IOTLB, which all devices behind the IOMMU share, that found an entry. */
	uint64_t iotlb_hits;
	/** Look-ups that found none; a walk followed. */
	uint64_t iotlb_misses;
	/** Entries that were evicted to make room for others. */
	uint64_t iotlb_evictions;
	/** Entries that invalidations removed, or changes of parents and attachments. */
	uint64_t iotlb_dropped;
	/** Walks of both levels, including those that ended in a fault. */
	uint64_t walks;
	/** Entries of guests' tables that these walks read. */
	uint64_t entries_read;
	/** Walks that began below the root, thanks to the paging-structure caches. */
	uint64_t structure_hits;
	/** The same for the device's own TLB; a miss goes on to the IOTLB. 0 if it has none. */
	uint64_t device_tlb_hits;
	uint64_t device_tlb_misses;
	uint64_t device_tlb_evictions;
	uint64_t device_tlb_dropped;
};

#define IOASID_DEVICE_STATS_INIT IOASID_INIT(ioasid_device_stats)

/**
 * Fills in what the caches in front of a device have done: a snapshot, for people who develop IOMMU
 * drivers. DMA counts hits without a lock; those of DMA in flight may be missing.
 *
 * @return 0; -EOPNOTSUPP: the device is not behind an emulated IOMMU that nests in hardware;
 *         -EINVAL, -E2BIG: as ioasid_device_query_info(). Since 0.1.
 */
int ioasid_device_query_stats(const struct ioasid_device *device,
			      struct ioasid_device_stats *stats);

/**
 * The IOVA ranges that the device reserves, for MSI or for firmware, ascending by their starts: a
 * space that the device is attached to cannot have mappings there. They can overlap.
 *
 * @param ranges,n room for n ranges; as many as fit are written.
 * @return how many there are in all.
 * Since 0.1.
 */
size_t ioasid_device_query_reserved(const struct ioasid_device *device,
				    struct ioasid_range *ranges, size_t n);

/**
 * Attaches the device: from now on, its DMA goes through @p space.
 *
 * Attaching a device to the space to which it is already attached succeeds and changes nothing. If
 * another device of its group is attached, @p space must be that device's space.
 *
 * The first attach of a device behind an IOMMU can narrow the space: ranges that the device
 * reserves, and addresses beyond the IOMMU's width, are no longer permitted, and mappings have to
 * be aligned to the IOMMU's smallest page. For a space that is nested in hardware, the same applies
 * to its parent.
 *
 * @return 0; -EBUSY: attached to another space; -EINVAL: device and space are of different
 *         contexts, the group is attached elsewhere, or the kernel refuses, also to take out what a
 *         detach has left; -EADDRINUSE: the space has a mapping or an allowed range where the
 *         device cannot have one, or a mapping is not aligned; -EFAULT:
 *         memory that is mapped in the space is no longer mapped in the process, or cannot be
 *         locked (a device's, on iommufd); -ENOSPC: the space has more mappings than max_mappings
 *         of the device; -ENOMEM: also, more memory than may be locked; -EOPNOTSUPP: the IOMMU
 *         lacks what the space needs (nesting, the page table's format, width and smallest pages,
 *         dirty tracking, enforced snooping); -E2BIG: a nested space takes more mappings in the
 *         kernel than its mapping_limit; -ENOENT: the space is on a vIOMMU where the device has no
 *         vDEVICE.
 * Since 0.1.
 */
int ioasid_device_attach(struct ioasid_device *device, struct ioasid_space *space);

/**
 * Moves the device from its space to another in one step, together with the other devices of its
 * group. Each access goes through the old space or through the new one, and none is blocked in
 * between. From some moment on all go through the new one, including the later accesses of a DMA
 * that began before. When the call returns, no DMA uses the old space any more. On a kernel back
 * end, this is one step as far as the IOMMU's driver makes it one: the VT-d driver blocks DMA for a
 * moment in between (seen with Linux 7.3).
 *
 * Without IOASID_CAP_ATOMIC_REPLACE, the mappings are exchanged one after another. Mappings that
 * both spaces have, of the same memory at the same IOVA with the same permission, stay in place,
 * and DMA to them continues. DMA to all others can be blocked for a moment, even by a call that
 * fails, and a DMA that touches several mappings can meet some of each space.
 *
 * @return as ioasid_device_attach(); -EINVAL also: not attached; -EDEADLK: the calling thread is
 *         inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_device_replace(struct ioasid_device *device, struct ioasid_space *space);

/**
 * Detaches the device. When the call returns, its DMA is blocked, unless another device of its
 * group is still attached: the IOMMU cannot tell them apart. The remaining devices determine which
 * ranges and which alignment the space permits. Detaching a device that is not attached succeeds.
 *
 * @return 0; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_device_detach(struct ioasid_device *device);

/** The space that the device is attached to, or NULL. Since 0.1. */
struct ioasid_space *ioasid_device_get_space(const struct ioasid_device *device);

/**
 * Attaches the requests that carry a PASID. This narrows the space to the IOMMU's width as well,
 * but the device's reserved ranges do not apply to these requests.
 *
 * Mediated devices with shared work queues and the same parent share their PASIDs: all that are
 * attached for one PASID are attached to the same space, requests of the others go there too, and
 * ioasid_device_replace_pasid() moves all of them.
 *
 * @param pasid a vPASID, from 1 up to below 2^pasid_bits of ioasid_device_query_info(). PASID 0 is
 *        refused, since the device's requests without PASID may use it.
 * @return as ioasid_device_attach(); -EINVAL also: PASID out of range, or a device that shares it
 *         is attached elsewhere; -EOPNOTSUPP also: the device has no PASIDs, or its PASID table is
 *         the user's; -ENOSPC: no pPASID is left for it.
 * Since 0.1.
 */
int ioasid_device_attach_pasid(struct ioasid_device *device, uint32_t pasid,
			       struct ioasid_space *space);

/**
 * Replace, detach and get the space of the requests that carry a PASID.
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
