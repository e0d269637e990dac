/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file pasid.h
 * PASIDs as the program, or its guest, names them (vPASIDs), and as they are on the bus (pPASIDs).
 *
 * The type of a device says how the one becomes the other (enum ioasid_device_type). All of the
 * interface, events included, goes by vPASIDs; a pPASID is of interest to a VMM whose CPUs
 * translate PASIDs for a guest that submits work to shared work queues. Only vPASIDs are state that
 * moves along when a guest is migrated.
 */
#ifndef IOASID_PASID_H
#define IOASID_PASID_H

#include <ioasid/common.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Looks up the pPASID that requests with a vPASID carry on the bus: what a VMM enters into its
 * CPUs' PASID translation. It stays the same until the vPASID is detached.
 *
 * @param vpasid one that is attached; or IOASID_NO_PASID for the default PASID of a mediated
 *        device.
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
 * guest that it saves. To restore it, attach each again, to the space that stands for the saved
 * one; the pPASIDs are then new ones.
 *
 * @param pasids,n room for n; as many as fit are written.
 * @return how many there are in all. Since 0.1.
 */
size_t ioasid_device_query_pasids(const struct ioasid_device *device,
				  struct ioasid_pasid_info *pasids, size_t n);

/** Formats of PASID tables. */
enum ioasid_pasid_table_format {
	/** Intel VT-d in scalable mode: PASID directory and PASID tables (VT-d specification, 9.5,
	 *  9.6). */
	IOASID_PASID_TABLE_VTD = 1,
	/**
	 * SMMUv3: context descriptors, linear or in two levels (Arm IHI 0070, 5.3, 5.4). Their
	 * stream table entry is the VMM's. Of each, the table of low addresses, TTB0.
	 */
	IOASID_PASID_TABLE_SMMUV3 = 2,
	/** AMD's IOMMU: GCR3 tables of 1 to 3 levels (AMD IOMMU specification, 48882, 2.2.6). */
	IOASID_PASID_TABLE_AMD = 3,
	/** RISC-V's IOMMU: a process directory of 1 to 3 levels (its specification, 1.0, 3.2). */
	IOASID_PASID_TABLE_RISCV = 4,
};

struct ioasid_smmuv3_regs;

/** Requests without PASID are not translated: their addresses are the parent's. */
#define IOASID_PASID_TABLE_RID_BYPASS 0x1u
/** Requests without PASID are blocked. */
#define IOASID_PASID_TABLE_RID_BLOCKED 0x2u
/** RISCV: IOASID_PGTABLE_IGNORE_ACCESSED of its page tables (DC.tc.SADE). */
#define IOASID_PASID_TABLE_IGNORE_ACCESSED 0x4u

/** A PASID table that the user (a guest) manages: from a PASID to a page table. */
struct ioasid_pasid_table {
	/** sizeof(struct ioasid_pasid_table) */
	size_t size;
	enum ioasid_pasid_table_format format;
	/** How many levels lead to a PASID's entry. VTD: 2; AMD: GLX + 1; RISCV: PD8, PD17,
	 *  PD20. */
	uint32_t levels;
	/** Address of the first table: an IOVA of the parent, a multiple of 4096. */
	uint64_t base;
	/**
	 * Width in bits of the PASIDs that it has room for. VTD: 13 to 20 (PDTS + 7, 9.4); AMD: at
	 * most 9 for each level; RISCV: at most 8, 17, 20.
	 */
	uint32_t pasid_bits;
	/**
	 * The PASID whose entry requests without PASID use (VTD: RID_PASID, 9.4; AMD: 0, with GIOV;
	 * RISCV: 0, with DPE). VTD, SMMUV3: requests with that PASID are blocked. Not looked at
	 * with a flag that says otherwise.
	 */
	uint32_t rid_pasid;
	/** Width in bits of the addresses that entries hold, 32 to 52, RISCV: 56; 0: the most. */
	uint32_t address_bits;
	/** IOASID_PASID_TABLE_* */
	uint32_t flags;
	/**
	 * The most PASIDs that the library keeps what it has looked up for, 1 to 65536; 0: 1024. If
	 * a guest uses more, what was looked up longest ago goes, and is looked up again when used.
	 */
	uint32_t max_pasids;
	/** AMD: levels of its page tables, 4 or 5 (GuestPagingMode); others: 0. */
	uint32_t pgtable_levels;
	/**
	 * What the guest's IOMMU tells it of itself. VTD: CAP_REG and ECAP_REG, as for
	 * ioasid_vtd_caps_init(); entries that ask for two stages (ECAP_REG.NEST) are malformed.
	 * RISCV: capabilities, and 0; if that is 0 too, all of Sv39, Sv48 and Sv57.
	 */
	uint64_t caps[2];
	/** SMMUV3: the guest's unit (ioasid/smmuv3.h), copied; others: NULL. */
	const struct ioasid_smmuv3_regs *smmuv3_regs;
	/**
	 * SMMUV3: the stream table entry, of Config 101b, stage 1 alone (5.2). It says what levels,
	 * base, pasid_bits, rid_pasid and flags say of other formats: they are 0, as is
	 * address_bits.
	 */
	uint64_t smmuv3_ste[8];
};

#define IOASID_PASID_TABLE_INIT IOASID_INIT(ioasid_pasid_table)

/**
 * Binds a guest's PASID table to a space on a parent. The space is then many address spaces: each
 * PASID of a device that is attached to it, by ioasid_device_attach(), goes through the page table
 * that its entry leads to. Binding again replaces the table in one step.
 *
 * Entries are read when a request needs them, once, and what they said is kept, as is the page
 * table's content, until it is invalidated: ioasid_inv_add_pasid() reads the entry again. Page
 * tables are filled on demand. PASIDs whose entries lead to one page table share what is kept of
 * it; when one more comes to lead there, what is kept is compared with the table first. What the
 * guest writes is no error here: a DMA that meets a malformed entry faults.
 *
 * Only devices of type IOASID_DEVICE_PHYSICAL_USER can be attached to such a space. It has no
 * mappings and no children.
 *
 * To a space that is nested in hardware by a kernel, on a vIOMMU, the IOMMU reads the table itself:
 * an SMMUv3 or AMD's, as pasid_table_formats of a device says, whatever its type. What it has
 * cached goes by commands to the vIOMMU (ioasid_viommu_invalidate()), and max_pasids has no
 * meaning.
 *
 * @return 0; -EINVAL: the space is a root, a member out of range or not of the format, unknown
 *         flag, the stream table entry illegal or of another Config; -EOPNOTSUPP: the
 *         format is not known, no IOASID_CAP_USER_PASID_TABLE, the space is nested in hardware, but
 *         not so, or in software and cannot be filled on demand, or a device that is attached
 *         cannot use it; -EBUSY: the space has mappings, a page table or children; by the IOMMU
 *         itself, with a device attached, also -EINVAL: its driver refuses it, -EADDRINUSE, -EBUSY,
 *         -EFAULT: as ioasid_device_attach(); -E2BIG; -ENOMEM; -EDEADLK: the calling
 *         thread is inside ioasid_dma_begin().
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
