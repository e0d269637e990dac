/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: the context descriptors of a stream (Arm IHI 0070, 5.3 and 5.4), by their helpers. */
#include <endian.h>
#include <errno.h>

#include <ioasid/smmuv3.h>

#include "pasidtab/pasidtab.h"
#include "util/bits.h"
#include "util/err.h"

/* The stream table entry takes the place of members (5.2: S1CDMax, S1DSS). */
static int prepare(struct ioasid_pasid_table *table)
{
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;

	if (table->base || table->levels || table->pasid_bits || table->rid_pasid ||
	    table->address_bits || table->flags || table->pgtable_levels)
		return err_set(EINVAL, "of SMMUv3 the stream table entry says what other members "
			       "say: they are 0");
	if (!table->smmuv3_regs)
		return err_set(EINVAL, "of SMMUv3 the unit's registers are needed");
	if (ioasid_smmuv3_ste_decode(table->smmuv3_regs, table->smmuv3_ste, &ste, NULL) ||
	    ste.kind != IOASID_SMMUV3_STAGE1)
		return err_set(EINVAL,
			       "the stream table entry is illegal, or has other than stage 1");
	table->pasid_bits = ste.cd_bits;
	if (ste.cd_bits && ste.default_substream == IOASID_SMMUV3_SUBSTREAM_TERMINATE)
		table->flags = IOASID_PASID_TABLE_RID_BLOCKED;
	else if (ste.cd_bits && ste.default_substream == IOASID_SMMUV3_SUBSTREAM_BYPASS)
		table->flags = IOASID_PASID_TABLE_RID_BYPASS;
	return 0;
}

struct reader {
	pasidtab_load load;
	void *opaque;
	int ret;
};

/* There is no stage 2: all addresses are the parent's. */
static int read_entry(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		      void *buffer, size_t length)
{
	unsigned int i, n = (unsigned int)(length / sizeof(uint64_t));
	struct reader *r = opaque;
	uint64_t *words = buffer;

	(void)stage2;
	r->ret = r->load(r->opaque, address, words, n);
	for (i = 0; i < n && !r->ret; i++)
		words[i] = htole64(words[i]);
	return r->ret;
}

static enum ioasid_fault_reason reason_of(enum ioasid_smmuv3_reason why)
{
	switch (why) {
	case IOASID_SMMUV3_CD_ACCESS:
		return IOASID_FAULT_PASID_TABLE_NOT_MAPPED;
	case IOASID_SMMUV3_SUBSTREAM_ABSENT:
	case IOASID_SMMUV3_CD_ABSENT:
		return IOASID_FAULT_PASID_NOT_PRESENT;
	default:
		return IOASID_FAULT_PASID_MALFORMED;
	}
}

static struct ioasid_smmuv3_translation translation(const struct ioasid_pasid_table *table,
						    uint32_t substream, struct reader *reader)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;

	ioasid_smmuv3_ste_decode(table->smmuv3_regs, table->smmuv3_ste, &ste, NULL);
	ioasid_smmuv3_lookup_cd(table->smmuv3_regs, &ste, substream, read_entry, reader, &t);
	return t;
}

static void look_up(const struct ioasid_pasid_table *table, uint32_t pasid, pasidtab_load load,
		    void *opaque, struct pasidtab_entry *entry)
{
	struct reader reader = { load, opaque, 0 };
	/* requests without PASID, if they have a descriptor at all, have that of SubstreamID 0 */
	bool without = !table->flags && pasid == table->rid_pasid;
	struct ioasid_smmuv3_translation t =
		translation(table, without ? IOASID_NO_PASID : pasid, &reader);

	if (reader.ret == -ENOMEM)
		entry->kind = PASIDTAB_NOMEM;
	else if (t.kind != IOASID_SMMUV3_STAGE1)
		pasidtab_fault(entry, reason_of(t.reason));
	else if (ioasid_smmuv3_translation_get_pgtable(&t, IOASID_PGTABLE_ARM_S1, &entry->pgtable))
		pasidtab_fault(entry, IOASID_FAULT_PASID_MALFORMED);
	else
		entry->kind = PASIDTAB_TABLE;
}

/*
 * A SubstreamID without a table of level 1 is as one that is too large, and one that stands for
 * requests without any is disabled (7.3.7, 7.3.9).
 */
static uint8_t record_code(const struct ioasid_pasid_table *table, uint32_t pasid,
			   pasidtab_load load, void *opaque)
{
	struct reader reader = { load, opaque, 0 };
	enum ioasid_smmuv3_reason reason = translation(table, pasid, &reader).reason;

	/* what cannot be read has gone meanwhile: that is the parent's affair */
	return reader.ret ? 0 : ioasid_smmuv3_reason_get_code(reason);
}

const struct pasidtab_format pasidtab_smmuv3 = { prepare, look_up, true, record_code };
