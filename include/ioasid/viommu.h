/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file viommu.h
 * vIOMMUs: what a guest has of an IOMMU, and its devices by the names that it has for them.
 *
 * A vIOMMU is a slice of one IOMMU for one guest, on the root space that holds the guest's memory.
 * Spaces are nested on it (struct ioasid_space_options, viommu). A vDEVICE gives a device the ID
 * that it has behind the guest's IOMMU: SMMUv3's StreamID, AMD's DeviceID, VT-d's requester ID.
 * From then on events come and commands go by that ID, so that a VMM need not translate them.
 *
 * A guest with devices behind several IOMMUs has a vIOMMU for each.
 */
#ifndef IOASID_VIOMMU_H
#define IOASID_VIOMMU_H

#include <ioasid/common.h>
#include <ioasid/event.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What the guest sees. */
enum ioasid_viommu_type {
	/**
	 * No particular IOMMU: a VMM that emulates one decodes the guest's commands itself, and
	 * submits batches (ioasid/inv.h).
	 */
	IOASID_VIOMMU_PLAIN = 1,
	/** An SMMUv3, whose commands and event records are passed on as they are. */
	IOASID_VIOMMU_SMMUV3 = 2,
	/** The same with NVIDIA's CMDQV: the guest has command queues that hardware reads, and the
	 *  registers of these (Linux 6.17). */
	IOASID_VIOMMU_TEGRA241 = 3,
	/** One that the library does not know, by the kernel's number for it (raw_type). */
	IOASID_VIOMMU_RAW = 4,
};

/** How to create a vIOMMU. */
struct ioasid_viommu_options {
	/** sizeof(struct ioasid_viommu_options) */
	size_t size;
	/** IOASID_VIOMMU_*; viommu_types of ioasid_device_query_info() says which the device's
	 *  IOMMU has. */
	enum ioasid_viommu_type type;
	/** IOASID_VIOMMU_RAW: the kernel's number for the type, not 0 (on Linux enum
	 *  iommu_viommu_type). */
	uint32_t raw_type;
	/** IOASID_VIOMMU_RAW: the kernel's number for the layout of commands. */
	uint32_t raw_commands;
	/** 0 */
	uint32_t reserved;
	/** IOASID_VIOMMU_RAW: what the driver takes and gives back in a layout of its own; NULL:
	 *  nothing. */
	void *data;
	size_t data_size;
};

#define IOASID_VIOMMU_OPTIONS_INIT IOASID_INIT(ioasid_viommu_options)

/**
 * Creates a vIOMMU.
 *
 * The parent stays alive as long as it, and has to be what it has to be when a space is nested on
 * it (ioasid_space_create()). The device only says which IOMMU it is a slice of, and can be unbound
 * before it.
 *
 * @param parent a root: the guest's memory.
 * @param device one that is behind the IOMMU.
 * @return 0; -EINVAL: no known type, reserved is not 0, a member for IOASID_VIOMMU_RAW is set
 *         without it or raw_type is 0 with it, the parent is no root, parent and device are of
 *         different contexts, or the driver refuses; -EOPNOTSUPP: no IOASID_CAP_VIOMMU, or the
 *         device's IOMMU has no such type, or it cannot have the parent's mappings; -EADDRINUSE,
 *         -EFAULT: as ioasid_space_create(); -E2BIG: options->size; -ENOMEM. Since 0.1.
 */
int ioasid_viommu_create(struct ioasid_space *parent, struct ioasid_device *device,
			 const struct ioasid_viommu_options *options,
			 struct ioasid_viommu **viommu);

/**
 * Destroys a vIOMMU.
 *
 * @return 0; -EBUSY: it has spaces, vDEVICEs, event queues or hardware queues, ioasid_errmsg() says
 *         which. Since 0.1.
 */
int ioasid_viommu_destroy(struct ioasid_viommu *viommu);

/** The root that it was created on. Since 0.1. */
struct ioasid_space *ioasid_viommu_get_parent(const struct ioasid_viommu *viommu);

/**
 * Carries out commands of the guest's in their order, as its IOMMU would. The device IDs in them
 * are those of vDEVICEs. When the call returns, what was invalidated is not used by DMA any more,
 * as after a CMD_SYNC.
 *
 * Of an IOASID_VIOMMU_SMMUV3 a command is 16 bytes, as the guest's queue has it. What it can be is
 * TLBI_NH_ALL, _ASID, _VA and _VAA, TLBI_NSNH_ALL, CFGI_CD, CFGI_CD_ALL and ATC_INV; all else is
 * the VMM's to deal with. VMIDs in them are ignored. Everything nested on the vIOMMU is invalidated
 * that can have the ASID, and no less. In a space with a PASID table (ioasid/pasid.h), CFGI_CD has
 * the context descriptor read again. A unit that needs some commands twice, for an erratum of its
 * own, gets them so. Of an IOASID_VIOMMU_RAW, size and contents are the driver's affair.
 *
 * @param commands,size,n @p n commands of @p size bytes each. None: tests whether there are
 *         commands.
 * @param handled receives how many were carried out, always: all on success; on a bad command its
 *        index, since those before it, and none after it, were carried out. May be NULL.
 * @return 0; -EIO: a command that cannot be passed on, is malformed, or names no vDEVICE; -EINVAL:
 *         size, or the driver refuses a command for another reason; -EOPNOTSUPP: an
 *         IOASID_VIOMMU_PLAIN has no commands; -EDEADLK: the calling thread is inside
 *         ioasid_dma_begin(); -ENOMEM: *handled is 0 then, and what could not be refreshed is not
 *         translated until it is invalidated again. Since 0.1.
 */
int ioasid_viommu_invalidate(struct ioasid_viommu *viommu, const void *commands, size_t size,
			     size_t n, size_t *handled);

/**
 * Creates a vDEVICE: the device is behind the vIOMMU, and the guest's name for it is @p virtual_id.
 *
 * It is needed before the device is attached to a space on the vIOMMU, and stays for as long as it
 * is attached to one.
 *
 * @param virtual_id any number, which no other device behind the vIOMMU has; for an
 *        IOASID_VIOMMU_SMMUV3 at most 32 bits, for an IOASID_VIOMMU_TEGRA241 20.
 * @return 0; -EINVAL: the device is of another context or behind another IOMMU, or virtual_id is
 *         too large; -EOPNOTSUPP: the IOMMU's driver cannot have the device behind a vIOMMU;
 *         -EEXIST: the device has a vDEVICE, or another has the number; -ENOMEM. Since 0.1.
 */
int ioasid_vdevice_create(struct ioasid_viommu *viommu, struct ioasid_device *device,
			  uint64_t virtual_id, struct ioasid_vdevice **vdevice);

/**
 * Destroys a vDEVICE. The device is the guest's no longer, and can be unbound.
 *
 * @return 0; -EBUSY: the device is attached to a space on the vIOMMU. Since 0.1.
 */
int ioasid_vdevice_destroy(struct ioasid_vdevice *vdevice);

/** The guest's name for the device. Since 0.1. */
uint64_t ioasid_vdevice_get_id(const struct ioasid_vdevice *vdevice);

/**
 * The device with a number behind the vIOMMU: what a guest's command names, for a batch
 * (ioasid_inv_add_pasid() and others). NULL if there is none. Since 0.1.
 */
struct ioasid_device *ioasid_viommu_get_device(const struct ioasid_viommu *viommu,
					       uint64_t virtual_id);

/** In what form events come. */
enum ioasid_event_format {
	/** As members of struct ioasid_event alone. */
	IOASID_EVENTS_PLAIN = 1,
	/**
	 * Beside them as the SMMUv3's records (7.3), with the StreamID that the guest knows:
	 * F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION, C_BAD_STE, C_BAD_CD,
	 * C_BAD_SUBSTREAMID and F_STREAM_DISABLED. Faults of the parent are the VMM's own, and none
	 * of these.
	 */
	IOASID_EVENTS_SMMUV3 = 2,
	/** Errors of the hardware queues of an IOASID_VIOMMU_TEGRA241: IOASID_EVENT_RECORD, of 16
	 *  bytes. */
	IOASID_EVENTS_TEGRA241 = 3,
	/** IOASID_EVENT_RECORD, in a layout that the library does not know (raw_type). */
	IOASID_EVENTS_RAW = 4,
};

/** How to create an event queue on a vIOMMU. */
struct ioasid_viommu_events_options {
	/** sizeof(struct ioasid_viommu_events_options) */
	size_t size;
	/** IOASID_EVENTS_*: one that goes with the vIOMMU's type; on the emulated platform also
	 *  IOASID_EVENTS_PLAIN. */
	enum ioasid_event_format format;
	/** How many events it holds, 1 to 524288; 0: 256. */
	uint32_t depth;
	/** IOASID_EVENTS_RAW: the kernel's number for the type, not 0 (on Linux enum
	 *  iommu_veventq_type), and how many bytes a record has, 1 to 32. */
	uint32_t raw_type;
	uint32_t raw_size;
};

#define IOASID_VIOMMU_EVENTS_OPTIONS_INIT IOASID_INIT(ioasid_viommu_events_options)

/**
 * Creates an event queue that receives the unrecoverable faults of the spaces on the vIOMMU, of
 * devices that have a vDEVICE there; virtual_id says of which. It is used like any other
 * (ioasid/event.h), and event queues of the context still receive the same faults.
 *
 * @return 0; -EINVAL: no known format, depth, raw_type or raw_size; -EEXIST: the vIOMMU has an
 *         event queue of that format; -EOPNOTSUPP: the vIOMMU has none of that format; -EMFILE,
 *         -ENFILE: no file descriptor left; -E2BIG: options->size; -ENOMEM. Since 0.1.
 */
int ioasid_viommu_create_events(struct ioasid_viommu *viommu,
				const struct ioasid_viommu_events_options *options,
				struct ioasid_event_queue **queue);

/** A hardware queue's type. */
enum ioasid_hw_queue_type {
	/** A virtual command queue (VCMDQ) of an IOASID_VIOMMU_TEGRA241. */
	IOASID_HW_QUEUE_TEGRA241 = 1,
	/** One that the library does not know, by the kernel's number for it (raw_type). */
	IOASID_HW_QUEUE_RAW = 2,
};

/** How to create a hardware queue. */
struct ioasid_hw_queue_options {
	/** sizeof(struct ioasid_hw_queue_options) */
	size_t size;
	/** IOASID_HW_QUEUE_* */
	enum ioasid_hw_queue_type type;
	/** IOASID_HW_QUEUE_RAW: the kernel's number for the type, not 0 (on Linux enum
	 *  iommu_hw_queue_type). */
	uint32_t raw_type;
	/** Which of the vIOMMU's queues of that type. */
	uint32_t index;
	/** 0 */
	uint32_t reserved;
	/** Where it is in the guest's memory: an IOVA of the parent, and a length. */
	uint64_t iova;
	uint64_t length;
};

#define IOASID_HW_QUEUE_OPTIONS_INIT IOASID_INIT(ioasid_hw_queue_options)

/**
 * Creates a hardware queue: a queue in the guest's memory that hardware reads itself, without the
 * VMM. Needs IOASID_CAP_HW_QUEUE.
 *
 * Its memory has to be mapped in the parent as a whole, and stays so: unmapping it fails with
 * -EBUSY until the queue is destroyed. The pages have to follow each other in physical memory.
 *
 * @return 0; -EINVAL: no known type, raw_type is 0 where it must not be or set where it must be 0,
 *         reserved is not 0, length is 0, or the driver refuses index, address or length;
 *         -EOVERFLOW: the range runs past the end; -ENOENT: not all of it is mapped; -EFAULT: its
 *         pages do not follow each other, or cannot be had; -EEXIST: the vIOMMU has a queue with
 *         that index; -EIO: queues are created in the order of their indices, and this is not the
 *         next; -EOPNOTSUPP: no IOASID_CAP_HW_QUEUE, or the vIOMMU has no such queues; -E2BIG:
 *         options->size; -ENOMEM. Since 0.1.
 */
int ioasid_hw_queue_create(struct ioasid_viommu *viommu,
			   const struct ioasid_hw_queue_options *options,
			   struct ioasid_hw_queue **queue);

/**
 * Destroys a hardware queue.
 *
 * @return 0; -EBUSY: a queue with a higher index has to go before. Since 0.1.
 */
int ioasid_hw_queue_destroy(struct ioasid_hw_queue *queue);

/**
 * Tells a hardware queue that its registers have been written. Hardware sees that by itself, so
 * that on a kernel there is nothing to do. The emulated platform has no thread that would look: a
 * VMM calls this when its guest has written PROD, CONFIG or GERRORN of the queue, and finds in
 * CONS, STATUS and GERROR what has become of it (ioasid_hw_queue_create(3)).
 *
 * At most as many commands are carried out as the queue has room for. CONS has passed a command
 * when DMA does not use any more what it invalidates.
 *
 * @return 0, whatever the queue says; -EDEADLK: the calling thread is inside ioasid_dma_begin();
 *         -ENOMEM: commands that CONS has not passed will be carried out by a later call. Since
 *         0.1.
 */
int ioasid_hw_queue_kick(struct ioasid_hw_queue *queue);

/** A vIOMMU's state. */
struct ioasid_viommu_info {
	/** sizeof(struct ioasid_viommu_info), set by the caller. */
	size_t size;
	enum ioasid_viommu_type type;
	uint32_t reserved;
	/** For ioasid_viommu_map_registers(); length 0: none, or only the program knows. */
	uint64_t registers_offset;
	uint64_t registers_length;
};

#define IOASID_VIOMMU_INFO_INIT IOASID_INIT(ioasid_viommu_info)

/** Fills in a vIOMMU's state. @return 0; -EINVAL, -E2BIG: info->size. Since 0.1. */
int ioasid_viommu_query_info(const struct ioasid_viommu *viommu, struct ioasid_viommu_info *info);

/**
 * Maps registers that a vIOMMU has for its guest into the process, for the VMM to show to it: those
 * of an IOASID_VIOMMU_TEGRA241, of which ioasid_viommu_query_info() says where they are, or of an
 * IOASID_VIOMMU_RAW where its driver said so in data. They can be mapped once, and are unmapped
 * when the vIOMMU is destroyed.
 *
 * @return 0; -EINVAL: there are none at this offset, or not of this length; -EBUSY: they are
 *         mapped; -EOPNOTSUPP: the vIOMMU has no registers; -ENOMEM. Since 0.1.
 */
int ioasid_viommu_map_registers(struct ioasid_viommu *viommu, uint64_t offset, uint64_t length,
				void **registers);

#ifdef __cplusplus
}
#endif

#endif
