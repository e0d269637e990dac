/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a guest's IOMMU has of a device, in the layouts that drivers take: VT-d's first stage,
 * SMMUv3's stream table entry, AMD's device table entry. The last two are of a vIOMMU, which their
 * IOMMUs' commands go to.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "iommufd.h"

int iofd_bind_pgtable(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap)
{
	const struct pgt *pgt = &pair->low;
	const struct uapi_vtd_s1 s1 = {
		.flags = (pgt->supervisor ? UAPI_VTD_S1_SRE : 0) |
			 (pgt->set_extended ? UAPI_VTD_S1_EAFE : 0) |
			 (pgt->write_protect ? UAPI_VTD_S1_WPE : 0),
		.pgtbl_addr = pair->low_root,
		.addr_width = pgt->input_bits,
	};

	(void)reap;
	if (pgt->id != PGT_VTD_FS)
		return err_set(EOPNOTSUPP, "space %u: no IOMMU that the kernel has nests "
			       "page-table format %u by itself: create the space with "
			       "IOASID_NESTING_SOFTWARE", space->id, (unsigned int)pgt->id);
	return iofd_bind_vendor(space, pair, UAPI_HWPT_DATA_VTD_S1, &s1, sizeof(s1));
}

/* The entry is the guest's; the driver refuses what is not its business. */
static int bind_smmuv3(struct ioasid_space *space, const struct ioasid_pasid_table *t)
{
	const struct pgt_pair unknown = { .low.id = 0 };
	const struct uapi_smmuv3 data = { .ste = {
		htole64(t->smmuv3_ste[0] & UAPI_SMMUV3_STE0),
		htole64(t->smmuv3_ste[1] & UAPI_SMMUV3_STE1),
	} };

	return iofd_bind_vendor(space, &unknown, UAPI_HWPT_DATA_SMMUV3, &data, sizeof(data));
}

/* Bits @high to @low of @value, put at @at. */
static uint64_t field(uint64_t value, unsigned int high, unsigned int low, unsigned int at)
{
	return (value >> low & (UINT64_MAX >> (63 - (high - low)))) << at;
}

/*
 * The device table entry (AMD 48882, 2.2.2.1). The DomainID tells tables of one vIOMMU apart in
 * IOTLBs; the driver makes one of the host's of it.
 */
static struct uapi_amd amd_entry(const struct ioasid_space *space,
				 const struct ioasid_pasid_table *t)
{
	bool without_pasid = !(t->flags & IOASID_PASID_TABLE_RID_BYPASS);

	return (struct uapi_amd){ .dte = {
		1 |						/* V */
		(uint64_t)without_pasid << 54 |			/* GIoV */
		UINT64_C(1) << 55 |				/* GV */
		(uint64_t)(t->levels - 1) << 56 |		/* GLX */
		field(t->base, 14, 12, 58),			/* guest CR3 table root pointer */
		field(space->id, 15, 0, 0) |			/* DomainID */
		field(t->base, 30, 15, 16) | field(t->base, 51, 31, 43),
		(uint64_t)(t->pgtable_levels - 4) << 54,	/* GuestPagingMode */
	} };
}

static int bind_amd(struct ioasid_space *space, const struct ioasid_pasid_table *t)
{
	const struct pgt_pair unknown = { .low.id = 0 };
	const struct uapi_amd data = amd_entry(space, t);

	if (t->flags & IOASID_PASID_TABLE_RID_BLOCKED)
		return err_set(EOPNOTSUPP, "space %u: AMD's IOMMU cannot block requests without "
			       "PASID alone", space->id);
	if (space->id > UINT16_MAX)
		return err_set(EOPNOTSUPP, "space %u: AMD's IOMMU has 16 bits for its number",
			       space->id);
	return iofd_bind_vendor(space, &unknown, UAPI_HWPT_DATA_AMD, &data, sizeof(data));
}

int iofd_bind_pasid_table(struct ioasid_space *space, const struct ioasid_pasid_table *t,
			  struct reap *reap)
{
	(void)reap;
	if (!space->viommu)
		return err_set(EOPNOTSUPP, "space %u: for a PASID table it has to be nested on a "
			       "vIOMMU", space->id);
	if (t->format == IOASID_PASID_TABLE_SMMUV3)
		return bind_smmuv3(space, t);
	if (t->format == IOASID_PASID_TABLE_AMD)
		return bind_amd(space, t);
	return err_set(EOPNOTSUPP, "space %u: no IOMMU that the kernel has reads PASID-table "
		       "format %u by itself", space->id, (unsigned int)t->format);
}
