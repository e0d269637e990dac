/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Intel VT-d, scalable mode: a PASID directory of PASID tables (VT-d specification 4.1, 3.4.3). */
#include <errno.h>

#include "guest/vtd_pasid.h"
#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

#define ECAP_NEST (UINT64_C(1) << 26)	/* 11.4.3 */
#define ECAP_PSS_SHIFT 35		/* width of PASIDs less one, 5 bits */

static int prepare(struct ioasid_pasid_table *table)
{
	if (table->levels != 2)
		return err_set(EINVAL, "a PASID table of VT-d has 2 levels, not %u", table->levels);
	if (table->pasid_bits < 13)
		return err_set(EINVAL, "pasid_bits %u, of VT-d 13 to 20", table->pasid_bits);
	return pasidtab_check(table, 0, 52, 20);
}

static struct ioasid_vtd_caps caps_of(const struct ioasid_pasid_table *table)
{
	struct ioasid_vtd_caps caps;

	ioasid_vtd_caps_init(&caps, table->caps[0], table->caps[1] & ~ECAP_NEST);
	if (table->address_bits)
		caps.haw = table->address_bits;
	return caps;
}

static enum ioasid_fault_reason reason_of(int ret)
{
	return ret == -ENOENT ? IOASID_FAULT_PASID_NOT_PRESENT : IOASID_FAULT_PASID_MALFORMED;
}

/* What the page table of a PASID-table entry is (9.6). */
static void describe(const struct ioasid_vtd_pasid *pasid, const struct ioasid_vtd_caps *caps,
		     struct pasidtab_entry *entry)
{
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;

	vtd_use_pasid(&t, pasid);
	entry->kind = pasid->kind == IOASID_VTD_PASSTHROUGH ? PASIDTAB_BYPASS : PASIDTAB_TABLE;
	if (entry->kind == PASIDTAB_TABLE)
		ioasid_vtd_translation_get_pgtable(&t, caps, pasid->kind == IOASID_VTD_FIRST_STAGE ?
						   IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS,
						   &entry->pgtable);
}

static void look_up(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
		    void *opaque, struct pasidtab_entry *entry)
{
	const struct ioasid_vtd_caps caps = caps_of(table);
	struct ioasid_vtd_pasid decoded = IOASID_VTD_PASID_INIT;
	uint64_t raw[8], next = 0;
	int ret;

	if ((uint64_t)pasid >> ((table->caps[1] >> ECAP_PSS_SHIFT & 0x1f) + 1)) {
		pasidtab_fault(entry, IOASID_FAULT_PASID_RANGE);
		return;
	}
	/* bits 19:6 of a PASID select a directory entry, 5:0 a table entry (3.4.3) */
	if (!pasidtab_read(load, opaque, table->base + 8 * (uint64_t)(pasid >> 6), raw, 1, entry))
		return;
	ret = ioasid_vtd_pasid_dir_decode(&caps, raw[0], &next, NULL, NULL);
	if (ret) {
		pasidtab_fault(entry, reason_of(ret));
		return;
	}
	if (!pasidtab_read(load, opaque, next + 64 * (uint64_t)(pasid & 63), raw, 8, entry))
		return;
	ret = ioasid_vtd_pasid_decode(&caps, raw, &decoded, NULL);
	if (ret)
		pasidtab_fault(entry, reason_of(ret));
	else
		describe(&decoded, &caps, entry);
}

const struct pasidtab_format pasidtab_vtd = { prepare, look_up, true, NULL };
