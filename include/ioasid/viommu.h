/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file viommu.h vIOMMUs: a guest's share of an IOMMU, and its devices under the IDs by which the
 * guest knows them.
 *
 * A vIOMMU is a slice of one IOMMU for one guest, on the root space that holds the guest's memory.
 * Spaces are nested on it (struct ioasid_space_options, viommu). A vDEVICE gives a device the ID
 * that it has behind the guest's IOMMU: SMMUv3's StreamID, AMD's DeviceID, VT-d's requester ID.
 * Commands and events then use that ID, so that a VMM need not translate it.
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

/** The kind of IOMMU that the guest sees. */
enum ioasid_viommu_type {
	/**
	 * No particular IOMMU: a VMM that emulates one decodes the guest's commands itself, and
	 * submits batches (ioasid/inv.h).
	 */
	IOASID_VIOMMU_PLAIN = 1,
	/** An SMMUv3. Its commands and event records are passed on unchanged. */
	IOASID_VIOMMU_SMMUV3 = 2,
	/** The same with NVIDIA's CMDQV: the guest has command queues that hardware reads, and
	 *  access to their registers (Linux 6.17). */
	IOASID_VIOMMU_TEGRA241 = 3,
	/** A type that the library does not know, by the kernel's number for it (raw_type). */
	IOASID_VIOMMU_RAW = 4,
};

/** How to create a vIOMMU. */
struct ioasid_viommu_options {
	/** sizeof(struct ioasid_viommu_options) */
	size_t size;
	/** IOASID_VIOMMU_*: one of viommu_types of ioasid_device_query_info(). */
	enum ioasid_viommu_type type;
	/** IOASID_VIOMMU_RAW: the kernel's number for the type, not 0 (on Linux enum
	 *  iommu_viommu_type). */
	uint32_t raw_type;
	/** IOASID_VIOMMU_RAW: the kernel's number for the layout of commands. */
	uint32_t raw_commands;
	/** 0 */
	uint32_t reserved;
	/** IOASID_VIOMMU_RAW: data that the driver reads and writes in a layout of its own, at most
	 *  4096 bytes; NULL: none. */
	void *data;
	size_t data_size;
};

#define IOASID_VIOMMU_OPTIONS_INIT IOASID_INIT(ioasid_viommu_options)

/**
 * Creates a vIOMMU.
 *
 * The parent cannot be destroyed before the vIOMMU, and has to fulfil the same conditions as when a
 * space is nested on it (ioasid_space_create()). The device only says which IOMMU the vIOMMU is a
 * slice of, and can be unbound earlier.
 *
 * @param parent a root: the guest's memory.
 * @param device a device behind the IOMMU.
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
 * Carries out commands of the guest in order, as its IOMMU would. Device IDs in them are those of
 * vDEVICEs. When the call returns, DMA no longer uses what was invalidated, as after a CMD_SYNC.
 *
 * For an IOASID_VIOMMU_SMMUV3 or IOASID_VIOMMU_TEGRA241, a command is 16 bytes, as in the guest's
 * queue. It can be TLBI_NH_ALL, _ASID, _VA and _VAA, TLBI_NSNH_ALL, CFGI_CD, CFGI_CD_ALL and
 * ATC_INV; the VMM has to handle all others. VMIDs are ignored. An invalidation by ASID covers at
 * least every space on the vIOMMU that can have the ASID. In a space with a PASID table
 * (ioasid/pasid.h), CFGI_CD has the context descriptor read again. If an erratum of the physical
 * unit requires that some commands be issued twice, this happens. For an IOASID_VIOMMU_RAW, the
 * driver defines contents and size, which is at most 4096 bytes.
 *
 * @param commands,size,n @p n commands of @p size bytes each. With n = 0, the call tests whether
 *        the vIOMMU takes commands of this size.
 * @param handled always receives how many commands were carried out. On success, all of them; on a
 *        bad command, its index, since those before it were carried out and none after it. May be
 *        NULL.
 * @return 0; -EIO: a command cannot be passed on, is malformed, or names no vDEVICE; -EINVAL:
 *         size, or the driver refuses a command for another reason; -EOPNOTSUPP: an
 *         IOASID_VIOMMU_PLAIN has no commands; -EDEADLK: the calling thread is inside
 *         ioasid_dma_begin(); -ENOMEM: *handled is 0, and what could not be refreshed is not
 *         translated until it is invalidated again. Since 0.1.
 */
int ioasid_viommu_invalidate(struct ioasid_viommu *viommu, const void *commands, size_t size,
			     size_t n, size_t *handled);

/**
 * Creates a vDEVICE: it places the device behind the vIOMMU, where the guest knows it as @p
 * virtual_id.
 *
 * A device needs a vDEVICE before it can be attached to a space on the vIOMMU. The vDEVICE cannot
 * be destroyed while the device is attached to such a space.
 *
 * @param virtual_id a number that no other device behind the vIOMMU has; for an
 *        IOASID_VIOMMU_SMMUV3 at most 32 bits, for an IOASID_VIOMMU_TEGRA241 20.
 * @return 0; -EINVAL: the device is of another context or behind another IOMMU, or virtual_id is
 *         too large; -EOPNOTSUPP: the IOMMU's driver cannot have the device behind a vIOMMU;
 *         -EEXIST: the device has a vDEVICE, or another has the number; -ENOMEM. Since 0.1.
 */
int ioasid_vdevice_create(struct ioasid_viommu *viommu, struct ioasid_device *device,
			  uint64_t virtual_id, struct ioasid_vdevice **vdevice);

/**
 * Destroys a vDEVICE. The device can then be unbound, or put behind another vIOMMU.
 *
 * @return 0; -EBUSY: the device is attached to a space on the vIOMMU. Since 0.1.
 */
int ioasid_vdevice_destroy(struct ioasid_vdevice *vdevice);

/** The guest's name for the device. Since 0.1. */
uint64_t ioasid_vdevice_get_id(const struct ioasid_vdevice *vdevice);

/**
 * The device that has the ID behind the vIOMMU, or NULL: finds the device that a guest's command
 * names, for a batch (ioasid_inv_add_pasid() and others). Since 0.1.
 */
struct ioasid_device *ioasid_viommu_get_device(const struct ioasid_viommu *viommu,
					       uint64_t virtual_id);

/** The format of events. */
enum ioasid_event_format {
	/** Only the members of struct ioasid_event. */
	IOASID_EVENTS_PLAIN = 1,
	/**
	 * These members, and the SMMUv3's record (7.3) with the StreamID that the guest knows:
	 * F_TRANSLATION, F_ADDR_SIZE, F_ACCESS, F_PERMISSION, C_BAD_STE, C_BAD_CD,
	 * C_BAD_SUBSTREAMID or F_STREAM_DISABLED. Faults in the parent concern the VMM, not the
	 * guest, and do not come in this format.
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
	/** How many events the queue holds, 1 to 524288; 0: 256. */
	uint32_t depth;
	/** IOASID_EVENTS_RAW: the kernel's number for the type, not 0 (on Linux enum
	 *  iommu_veventq_type), and how many bytes a record has, 1 to 32. */
	uint32_t raw_type;
	uint32_t raw_size;
};

#define IOASID_VIOMMU_EVENTS_OPTIONS_INIT IOASID_INIT(ioasid_viommu_events_options)

/**
 * Creates an event queue that receives the unrecoverable faults in spaces on the vIOMMU (on a
 * kernel, Linux 6.15). The member virtual_id of an event tells which device caused it; the device
 * has to have a vDEVICE there. The queue is used like any other (ioasid/event.h). On the emulated
 * platform, event queues of the context receive the same faults as well.
 *
 * @return 0; -EINVAL: no known format, depth, raw_type or raw_size; -EEXIST: the vIOMMU already has
 *         an event queue of that format, or in the kernel one that was destroyed while a child of
 *         fork(2) had its descriptor; -EOPNOTSUPP: the vIOMMU has no events of that format;
 *         -EMFILE, -ENFILE: no file descriptor left; -E2BIG: options->size; -ENOMEM. Since 0.1.
 */
int ioasid_viommu_create_events(struct ioasid_viommu *viommu,
				const struct ioasid_viommu_events_options *options,
				struct ioasid_event_queue **queue);

/** A hardware queue's type. */
enum ioasid_hw_queue_type {
	/** A virtual command queue (VCMDQ) of an IOASID_VIOMMU_TEGRA241. */
	IOASID_HW_QUEUE_TEGRA241 = 1,
	/** A type that the library does not know, by the kernel's number for it (raw_type). */
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
	/** The index of the queue among the vIOMMU's queues of that type. */
	uint32_t index;
	/** 0 */
	uint32_t reserved;
	/** Where it is in the guest's memory: an IOVA of the parent, and a length. */
	uint64_t iova;
	uint64_t length;
};

#define IOASID_HW_QUEUE_OPTIONS_INIT IOASID_INIT(ioasid_hw_queue_options)

/**
 * Creates a hardware queue: a queue in the guest's memory that hardware reads without the VMM.
 * Needs IOASID_CAP_HW_QUEUE.
 *
 * All of its memory has to be mapped in the parent, and cannot be unmapped (-EBUSY) until the queue
 * is destroyed. Its pages have to be contiguous in physical memory.
 *
 * @return 0; -EINVAL: no known type, raw_type is 0 where it must not be or set where it must be 0,
 *         reserved is not 0, length is 0, or the driver refuses index, address or length;
 *         -EOVERFLOW: the range runs past the end; -ENOENT: not all of it is mapped; -EFAULT: its
 *         pages are not contiguous, or cannot be locked; -EEXIST: the vIOMMU has a queue with that
 *         index; -EIO: queues have to be created in the order of their indices, and this is not the
 *         next one; -EOPNOTSUPP: no IOASID_CAP_HW_QUEUE, or the vIOMMU has no such queues; -E2BIG:
 *         options->size; -ENOMEM. Since 0.1.
 */
int ioasid_hw_queue_create(struct ioasid_viommu *viommu,
			   const struct ioasid_hw_queue_options *options,
			   struct ioasid_hw_queue **queue);

/**
 * Destroys a hardware queue.
 *
 * @return 0; -EBUSY: a queue with a higher index has to be destroyed first. Since 0.1.
 */
int ioasid_hw_queue_destroy(struct ioasid_hw_queue *queue);

/**
 * Tells a hardware queue that its registers have been written. Real hardware notices by itself, so
 * this does nothing on a kernel back end. The emulated platform has no thread of its own that would
 * notice: a VMM calls this function after its guest has written PROD, CONFIG or GERRORN of the
 * queue, and finds the result in CONS, STATUS and GERROR (ioasid_hw_queue_create(3)).
 *
 * A call carries out at most as many commands as the queue has room for. Once CONS has passed a
 * command, DMA no longer uses what the command invalidates.
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
	/** For ioasid_viommu_map_registers(); length 0: there are no registers, or, for an
	 *  IOASID_VIOMMU_RAW, only the program knows where they are. */
	uint64_t registers_offset;
	uint64_t registers_length;
};

#define IOASID_VIOMMU_INFO_INIT IOASID_INIT(ioasid_viommu_info)

/** Fills in a vIOMMU's state. @return 0; -EINVAL, -E2BIG: info->size. Since 0.1. */
int ioasid_viommu_query_info(const struct ioasid_viommu *viommu, struct ioasid_viommu_info *info);

/**
 * Maps into the process the registers that a vIOMMU has for its guest, so that the VMM can show
 * them to the guest. For an IOASID_VIOMMU_TEGRA241, ioasid_viommu_query_info() tells where they
 * are; for an IOASID_VIOMMU_RAW, its driver tells in data. They can be mapped once, and are
 * unmapped when the vIOMMU is destroyed.
 *
 * @return 0; -EINVAL: there are none at this offset, or not of this length; -EBUSY: they are
 *         mapped already; -EOPNOTSUPP: the vIOMMU has no registers; -ENOMEM. Since 0.1.
 */
int ioasid_viommu_map_registers(struct ioasid_viommu *viommu, uint64_t offset, uint64_t length,
				void **registers);

#ifdef __cplusplus
}
#endif

#endif
