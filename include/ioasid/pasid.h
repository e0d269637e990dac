/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file pasid.h
 * PASIDs as the program, or its guest, names them (vPASIDs), and as they are on the bus (pPASIDs).
 *
 * The type of a device says how the one becomes the other (enum ioasid_device_type). All of the
 * interface, events included, goes by vPASIDs; a pPASID is of interest to a VMM whose CPUs translate
 * PASIDs for a guest that submits work to shared work queues. Only vPASIDs are state that moves along
 * when a guest is migrated.
 */
#ifndef IOASID_PASID_H
#define IOASID_PASID_H

#include <ioasid/common.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Looks up the pPASID that requests with a vPASID carry on the bus: what a VMM enters into its CPUs'
 * PASID translation. It stays the same until the vPASID is detached.
 *
 * @param vpasid one that is attached; or IOASID_NO_PASID for the default PASID of a mediated device.
 * @return 0; -ENOENT: the vPASID is not attached, or requests without PASID carry none. Since 0.1.
 */
int ioasid_device_get_ppasid(const struct ioasid_device *device, uint32_t vpasid, uint32_t *ppasid);

/** A vPASID that is attached. Never grows. */
struct ioasid_pasid_info {
	uint32_t vpasid;
	uint32_t ppasid;
	/** Where requests with it go. */
	struct ioasid_space *space;
};

/**
 * Lists the vPASIDs that a device is attached for, ascending: what a VMM writes into the state of a
 * guest that it saves. To restore it, attach each again, to the space that stands for the saved one;
 * the pPASIDs are then new ones.
 *
 * @param pasids,n room for n; as many as fit are written.
 * @return how many there are in all. Since 0.1.
 */
size_t ioasid_device_query_pasids(const struct ioasid_device *device,
				  struct ioasid_pasid_info *pasids, size_t n);

/** Formats of PASID tables. */
enum ioasid_pasid_table_format {
	/** Intel VT-d in scalable mode: PASID directory and PASID tables (VT-d specification, 9.5, 9.6). */
	IOASID_PASID_TABLE_VTD = 1,
};

/** Requests without PASID are not translated: their addresses are the parent's. */
#define IOASID_PASID_TABLE_RID_BYPASS 0x1u
/** Requests without PASID are blocked. */
#define IOASID_PASID_TABLE_RID_BLOCKED 0x2u

/** A PASID table that the user (a guest) manages: from a PASID to a page table. */
struct ioasid_pasid_table {
	/** sizeof(struct ioasid_pasid_table) */
	size_t size;
	enum ioasid_pasid_table_format format;
	/** How many levels lead to a PASID's entry. VTD: 2. */
	uint32_t levels;
	/** Address of the first table: an IOVA of the parent, a multiple of 4096. */
	uint64_t base;
	/** Width in bits of the PASIDs that it has room for. VTD: 13 to 20 (PDTS + 7, 9.4). */
	uint32_t pasid_bits;
	/**
	 * The PASID whose entry requests without PASID use; requests with that PASID are blocked (VTD:
	 * RID_PASID, 9.4). Not looked at with a flag that says otherwise.
	 */
	uint32_t rid_pasid;
	/** Width in bits of the addresses that entries hold, 32 to 52; 0: 52. */
	uint32_t address_bits;
	/** IOASID_PASID_TABLE_* */
	uint32_t flags;
	/**
	 * The most PASIDs that the library keeps what it has looked up for, 1 to 65536; 0: 1024. If a
	 * guest uses more, what was looked up longest ago goes, and is looked up again when used.
	 */
	uint32_t max_pasids;
	uint32_t reserved; /**< 0 */
	/**
	 * What the guest's IOMMU tells it of itself. VTD: CAP_REG and ECAP_REG, as for
	 * ioasid_vtd_caps_init(); entries that ask for two stages (ECAP_REG.NEST) are malformed.
	 */
	uint64_t caps[2];
};

#define IOASID_PASID_TABLE_INIT { .size = sizeof(struct ioasid_pasid_table) }

/**
 * Binds a guest's PASID table to a space on a parent. The space is then many address spaces: each
 * PASID of a device that is attached to it, by ioasid_device_attach(), goes through the page table
 * that its entry leads to. Binding again replaces the table in one step.
 *
 * Entries are read when a request needs them, once, and what they said is kept, as is the page table's
 * content, until it is invalidated: ioasid_inv_add_pasid() reads the entry again. Page tables are
 * filled on demand. PASIDs whose entries lead to one page table share what is kept of it. What the
 * guest writes is no error here: a DMA that meets a malformed entry faults.
 *
 * Only devices of type IOASID_DEVICE_PHYSICAL_USER can be attached to such a space. It has no
 * mappings and no children.
 *
 * @return 0; -EINVAL: the space is a root, a member out of range, unknown flag; -EOPNOTSUPP: the
 *         format is not known, no IOASID_CAP_USER_PASID_TABLE, the space is not nested in software or
 *         is to be filled on invalidation, or a device that is attached cannot use it; -EBUSY: the
 *         space has mappings, a page table or children; -E2BIG; -ENOMEM; -EDEADLK: the calling thread
 *         is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_bind_pasid_table(struct ioasid_space *space,
				  const struct ioasid_pasid_table *table);

/**
 * Undoes ioasid_space_bind_pasid_table(): all DMA through the space faults.
 *
 * @return 0; -EINVAL: none is bound; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_unbind_pasid_table(struct ioasid_space *space);

#ifdef __cplusplus
}
#endif

#endif
