/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file pasid.h PASIDs as the program, or its guest, names them (vPASIDs), and as they appear on
 * the bus (pPASIDs).
 *
 * The type of a device determines how a vPASID becomes a pPASID (enum ioasid_device_type). All of
 * the interface, including events, uses vPASIDs. Only a VMM whose CPUs translate PASIDs, for a
 * guest that submits work to shared work queues, needs pPASIDs. When a guest is migrated, vPASIDs
 * are part of the state that moves, and pPASIDs are not.
 */
#ifndef IOASID_PASID_H
#define IOASID_PASID_H

#include <ioasid/common.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Looks up the pPASID that requests with a vPASID carry on the bus, which a VMM enters into its
 * CPUs' PASID translation. It stays the same until the vPASID is detached.
 *
 * @param vpasid one that is attached; or any that the device can have, if it is attached to a space
 *        with a PASID table of the user's; or IOASID_NO_PASID for the default PASID of a mediated
 *        device.
 * @return 0; -ENOENT: the vPASID is not attached, or requests without PASID carry none. Since 0.1.
 */
int ioasid_device_get_ppasid(const struct ioasid_device *device, uint32_t vpasid, uint32_t *ppasid);

/** A vPASID that is attached. Never grows. */
struct ioasid_pasid_info {
	uint32_t vpasid;
	uint32_t ppasid;
	/** The space that requests with the vPASID go through. */
	struct ioasid_space *space;
};

/**
 * Lists the vPASIDs for which a device is attached, in ascending order, for a VMM that saves the
 * state of a guest. To restore it, attach each vPASID again, to the space that replaces the saved
 * one; the pPASIDs can differ then.
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
	 * SMMUv3: context descriptors, linear or in two levels (Arm IHI 0070, 5.3, 5.4). The VMM
	 * supplies the stream table entry. Of each descriptor, only the table of low addresses,
	 * TTB0, is used.
	 */
	IOASID_PASID_TABLE_SMMUV3 = 2,
	/** AMD's IOMMU: GCR3 tables of 1 to 3 levels (AMD IOMMU specification, 48882, 2.2.6). */
	IOASID_PASID_TABLE_AMD = 3,
	/** RISC-V's IOMMU: a process directory of 1 to 3 levels (its specification, 1.0, 3.2). */
	IOASID_PASID_TABLE_RISCV = 4,
};

struct ioasid_smmuv3_regs;

/** Requests without PASID are not translated: they use addresses of the parent. */
#define IOASID_PASID_TABLE_RID_BYPASS 0x1u
/** Requests without PASID are blocked. */
#define IOASID_PASID_TABLE_RID_BLOCKED 0x2u
/** RISCV: its page tables are used with IOASID_PGTABLE_IGNORE_ACCESSED (DC.tc.SADE). */
#define IOASID_PASID_TABLE_IGNORE_ACCESSED 0x4u

/** A PASID table that the user (a guest) manages: it leads from a PASID to a page table. */
struct ioasid_pasid_table {
	/** sizeof(struct ioasid_pasid_table) */
	size_t size;
	enum ioasid_pasid_table_format format;
	/** How many levels lead to a PASID's entry. VTD: 2; AMD: GLX + 1; RISCV: 1, 2 or 3 for PD8,
	 *  PD17 and PD20. */
	uint32_t levels;
	/** Address of the first table: an IOVA of the parent, a multiple of 4096. */
	uint64_t base;
	/**
	 * Width in bits of the PASIDs that the table has room for. VTD: 13 to 20 (PDTS + 7, 9.4);
	 * AMD: at most 9 for each level; RISCV: at most 8, 17 or 20 with 1, 2 or 3 levels.
	 */
	uint32_t pasid_bits;
	/**
	 * The PASID whose entry is used for requests without PASID (VTD: RID_PASID, 9.4; AMD: 0,
	 * with GIOV; RISCV: 0, with DPE). VTD, SMMUV3: requests that carry this PASID are blocked.
	 * Ignored with IOASID_PASID_TABLE_RID_BYPASS and IOASID_PASID_TABLE_RID_BLOCKED.
	 */
	uint32_t rid_pasid;
	/** Width in bits of the addresses in entries, 32 to 52, RISCV: to 56; 0: the most. */
	uint32_t address_bits;
	/** IOASID_PASID_TABLE_* */
	uint32_t flags;
	/**
	 * How many PASIDs the library keeps look-ups for, 1 to 65536; 0: 1024. If a guest uses
	 * more, the oldest look-up is dropped, and repeated when its PASID is used again.
	 */
	uint32_t max_pasids;
	/** AMD: levels of its page tables, 4 or 5 (GuestPagingMode); others: 0. */
	uint32_t pgtable_levels;
	/**
	 * The capabilities that the IOMMU shows to the guest. VTD: CAP_REG and ECAP_REG, as for
	 * ioasid_vtd_caps_init(); entries that ask for two stages (ECAP_REG.NEST) are malformed.
	 * RISCV: the capabilities register, and 0; if both are 0, all of Sv39, Sv48 and Sv57.
	 */
	uint64_t caps[2];
	/** SMMUV3: the registers of the guest's unit (ioasid/smmuv3.h), copied; others: NULL. */
	const struct ioasid_smmuv3_regs *smmuv3_regs;
	/**
	 * SMMUV3: the stream table entry, of Config 101b, stage 1 alone (5.2). It says what levels,
	 * base, pasid_bits, rid_pasid and flags say for other formats; these members and
	 * address_bits have to be 0.
	 */
	uint64_t smmuv3_ste[8];
};

#define IOASID_PASID_TABLE_INIT IOASID_INIT(ioasid_pasid_table)

/**
 * Binds a guest's PASID table to a nested space. The space is then many address spaces: attach a
 * device to it with ioasid_device_attach(), and each PASID of the device goes through the page
 * table that the PASID's entry leads to. Binding again replaces the table in one step.
 *
 * An entry is read once, when a request first needs it. What it said is kept until it is
 * invalidated, as is what was read of its page table, which is filled on demand;
 * ioasid_inv_add_pasid() has the entry read again. PASIDs whose entries lead to the same page table
 * share the shadow of that table. When one more PASID comes to use it, the shadow is compared with
 * the table first. What the guest writes is never an error of this call: a DMA that meets a
 * malformed entry faults.
 *
 * Only devices of type IOASID_DEVICE_PHYSICAL_USER can be attached to such a space. The space has
 * neither mappings nor nested spaces.
 *
 * If the space is nested in hardware by a kernel, on a vIOMMU, the IOMMU reads the table itself.
 * This works with an SMMUv3 and with AMD's IOMMU, if pasid_table_formats of the device says so, for
 * devices of any type. The guest's commands invalidate what the IOMMU has cached
 * (ioasid_viommu_invalidate()), and max_pasids is ignored.
 *
 * @return 0; -EINVAL: the space is a root; a member is out of range or not one of the format;
 *         unknown flag; the stream table entry is illegal or has another Config; -EOPNOTSUPP: the
 *         format is not known; no IOASID_CAP_USER_PASID_TABLE; the space is nested in hardware, but
 *         not by a kernel on a vIOMMU; it is nested in software and cannot be filled on demand; or
 *         an attached device cannot use the table; -EBUSY: the space has mappings, a page table or
 *         nested spaces; where the IOMMU reads the table, with a device attached, also -EINVAL: its
 *         driver refuses the table, -EADDRINUSE, -EBUSY,
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
