/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a StreamID and SubstreamID to what becomes of the requests (3.3). */
#include "export.h"
#include "smmuv3/bits.h"

#define FIRST_TRANSLATION_SIZE ENTRY_FIRST_SIZE(ioasid_smmuv3_translation, entry)

#define SUBSTREAM_LIMIT (UINT32_C(1) << 20)

#define STE_SHIFT 6 /* an entry has 64 bytes, and so has a context descriptor */
#define L1_SHIFT  3

struct lookup {
	const struct ioasid_smmuv3_regs *regs;
	ioasid_smmuv3_read read;
	void *opaque;
	struct ioasid_smmuv3_translation *t;
};

/*
 * Reads an entry of @size bytes: memory has it little-endian (5). What is beyond the output address
 * size is not there (3.4.3); addresses of stage 2 are for that to judge.
 */
static bool read_entry(const struct lookup *l, const struct ioasid_smmuv3_table *stage2,
		       uint64_t address, uint64_t *raw, size_t size)
{
	if ((!stage2 && address >> smmu_oas(l->regs)) ||
	    l->read(l->opaque, stage2, address, raw, size)) {
		l->t->entry = address;
		return false;
	}
	entry_to_numbers(raw, size);
	return true;
}

/* An address, cleared up to a bit that may be beyond all. */
static uint64_t align(uint64_t address, unsigned shift)
{
	return shift < 64 ? address & (~UINT64_C(0) << shift) : 0;
}

/* Level 1 descriptors (5.1). */
static enum ioasid_smmuv3_reason find_ste_in_two_levels(const struct lookup *l, uint32_t stream_id,
							unsigned log2size, uint64_t *address)
{
	unsigned split = smmu_split(l->regs), span;
	uint64_t table = l->regs->strtab_base & ENTRY_BITS(55, 6), raw;
	uint32_t index = stream_id & ((UINT32_C(1) << split) - 1);

	/* the table is aligned to its size, or 64 bytes if that is more (6.3.24) */
	if (log2size > split + 3)
		table = align(table, log2size - split + L1_SHIFT);
	if (!read_entry(l, NULL, table + ((uint64_t)(stream_id >> split) << L1_SHIFT), &raw, 8))
		return IOASID_SMMUV3_STE_ACCESS;
	span = (unsigned)entry_field(raw, 4, 0);
	if (!span || span > 11 || span > split + 1 || index >> (span - 1))
		return IOASID_SMMUV3_STREAM_ABSENT;
	*address = align(raw & ENTRY_BITS(55, 6), STE_SHIFT + span - 1) +
		   ((uint64_t)index << STE_SHIFT);
	return IOASID_SMMUV3_OK;
}

/* SMMU_STRTAB_BASE and SMMU_STRTAB_BASE_CFG (6.3.24, 6.3.25). */
static enum ioasid_smmuv3_reason find_ste(const struct lookup *l, uint32_t stream_id,
					  uint64_t *address)
{
	unsigned log2size = (unsigned)entry_field(l->regs->strtab_base_cfg, 5, 0);
	unsigned bits = smmu_sid_bits(l->regs);

	bits = log2size < bits ? log2size : bits;
	if ((uint64_t)stream_id >> bits)
		return IOASID_SMMUV3_STREAM_RANGE;
	if (smmu_has_two_levels(l->regs))
		return find_ste_in_two_levels(l, stream_id, log2size, address);
	*address = align(l->regs->strtab_base & ENTRY_BITS(55, 6), log2size + STE_SHIFT) +
		   ((uint64_t)stream_id << STE_SHIFT);
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason read_ste(const struct lookup *l, uint32_t stream_id,
					  struct ioasid_smmuv3_ste *ste)
{
	uint64_t address, raw[8];
	enum ioasid_smmuv3_reason why = find_ste(l, stream_id, &address);

	if (why != IOASID_SMMUV3_OK)
		return why;
	if (!read_entry(l, NULL, address, raw, sizeof(raw)))
		return IOASID_SMMUV3_STE_ACCESS;
	ioasid_smmuv3_ste_decode(l->regs, raw, ste, &why);
	return why;
}

/*
 * Which context descriptor a request uses (S1CDMax, S1DSS: 5.2); IOASID_NO_PASID is none: it
 * bypasses stage 1.
 */
static enum ioasid_smmuv3_reason choose_cd(const struct ioasid_smmuv3_ste *ste, uint32_t substream,
					   uint32_t *index)
{
	bool without = substream == IOASID_NO_PASID;

	*index = without ? 0 : substream;
	if (ste->kind != IOASID_SMMUV3_STAGE1 && ste->kind != IOASID_SMMUV3_NESTED) {
		*index = IOASID_NO_PASID;
		return without ? IOASID_SMMUV3_OK : IOASID_SMMUV3_SUBSTREAM_STAGE;
	}
	if (!without && (!ste->cd_bits || substream >> ste->cd_bits))
		return IOASID_SMMUV3_SUBSTREAM_RANGE;
	if (!ste->cd_bits)
		return IOASID_SMMUV3_OK;
	switch (ste->default_substream) {
	case IOASID_SMMUV3_SUBSTREAM_TERMINATE:
		return without ? IOASID_SMMUV3_STREAM_DISABLED : IOASID_SMMUV3_OK;
	case IOASID_SMMUV3_SUBSTREAM_BYPASS:
		if (without)
			*index = IOASID_NO_PASID;
		return IOASID_SMMUV3_OK;
	case IOASID_SMMUV3_SUBSTREAM_0:
		break;
	}
	return without || substream ? IOASID_SMMUV3_OK : IOASID_SMMUV3_STREAM_DISABLED;
}

static enum ioasid_smmuv3_reason unreadable(const struct ioasid_smmuv3_table *stage2)
{
	return stage2 ? IOASID_SMMUV3_CD_TRANSLATION : IOASID_SMMUV3_CD_ACCESS;
}

/* Level 1 context descriptors (5.3) lead to tables of 64 or 1024, aligned to their size. */
static enum ioasid_smmuv3_reason find_cd(const struct lookup *l,
					 const struct ioasid_smmuv3_ste *ste,
					 const struct ioasid_smmuv3_table *stage2, uint32_t index,
					 uint64_t *address)
{
	unsigned split = ste->cd_format == IOASID_SMMUV3_CD_64K ? 10 : 6;
	uint64_t table = ste->cd_pointer, raw;

	if (ste->cd_format != IOASID_SMMUV3_CD_LINEAR) {
		if (!read_entry(l, stage2, table + ((uint64_t)(index >> split) << L1_SHIFT), &raw,
				8))
			return unreadable(stage2);
		if (!entry_bit(raw, 0)) /* V */
			return IOASID_SMMUV3_SUBSTREAM_ABSENT;
		table = align(raw & ENTRY_BITS(55, 12), split + STE_SHIFT);
		if (table >> (stage2 ? smmu_ias(l->regs) : smmu_oas(l->regs)))
			return IOASID_SMMUV3_SUBSTREAM_ABSENT; /* 3.4.3, cases 3 and 4 */
		index &= (UINT32_C(1) << split) - 1;
	}
	*address = table + ((uint64_t)index << STE_SHIFT);
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason read_cd(const struct lookup *l,
					 const struct ioasid_smmuv3_ste *ste,
					 uint32_t index, struct ioasid_smmuv3_cd *cd)
{
	const struct ioasid_smmuv3_table *stage2 =
		ste->kind == IOASID_SMMUV3_NESTED ? &ste->stage2 : NULL;
	uint64_t address, raw[8];
	enum ioasid_smmuv3_reason why = find_cd(l, ste, stage2, index, &address);

	if (why != IOASID_SMMUV3_OK)
		return why;
	if (!read_entry(l, stage2, address, raw, sizeof(raw)))
		return unreadable(stage2);
	ioasid_smmuv3_cd_decode(l->regs, ste, raw, cd, &why);
	return why;
}

static void use_ste(struct ioasid_smmuv3_translation *t, const struct ioasid_smmuv3_ste *ste)
{
	t->world = ste->world;
	t->ats = ste->ats;
	t->privileged = ste->privileged;
	t->unprivileged = ste->unprivileged;
	t->vmid = ste->vmid;
	t->stage2 = ste->stage2;
}

static void use_cd(struct ioasid_smmuv3_translation *t, const struct ioasid_smmuv3_cd *cd)
{
	t->asid = cd->asid;
	t->abort = cd->abort;
	t->record = cd->record;
	t->stall = cd->stall;
	t->privileged_no_access = cd->privileged_no_access;
	t->table[0] = cd->table[0];
	t->table[1] = cd->table[1];
}

/* From a stream table entry on. */
static enum ioasid_smmuv3_reason lookup_cd(const struct lookup *l,
					   const struct ioasid_smmuv3_ste *ste, uint32_t substream)
{
	struct ioasid_smmuv3_cd cd = IOASID_SMMUV3_CD_INIT;
	enum ioasid_smmuv3_kind kind = ste->kind;
	enum ioasid_smmuv3_reason why;
	uint32_t index;

	if (kind == IOASID_SMMUV3_BLOCKED)
		return IOASID_SMMUV3_STE_ABORT;
	l->t->stage2_record = ste->stage2_record;
	l->t->stage2_stall = ste->stage2_stall;
	why = choose_cd(ste, substream, &index);
	if (why != IOASID_SMMUV3_OK)
		return why;
	if (index != IOASID_NO_PASID)
		why = read_cd(l, ste, index, &cd);
	else if (kind == IOASID_SMMUV3_STAGE1)
		kind = IOASID_SMMUV3_BYPASS;
	else if (kind == IOASID_SMMUV3_NESTED)
		kind = IOASID_SMMUV3_STAGE2;
	if (why != IOASID_SMMUV3_OK)
		return why;
	l->t->kind = kind;
	l->t->cd_index = index;
	use_ste(l->t, ste);
	use_cd(l->t, &cd);
	return IOASID_SMMUV3_OK;
}

static enum ioasid_smmuv3_reason lookup(const struct lookup *l, uint32_t stream_id,
					uint32_t substream)
{
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;
	enum ioasid_smmuv3_reason why;

	if (!entry_bit(l->regs->cr0, SMMU_CR0_SMMUEN)) {
		if (entry_bit(l->regs->gbpa, SMMU_GBPA_ABORT))
			return IOASID_SMMUV3_DISABLED;
		l->t->kind = IOASID_SMMUV3_BYPASS;
		return IOASID_SMMUV3_OK;
	}
	why = read_ste(l, stream_id, &ste);
	return why == IOASID_SMMUV3_OK ? lookup_cd(l, &ste, substream) : why;
}

/*
 * Has the event of this reason to be recorded? Of unknown StreamIDs, and of context descriptors
 * that stage 2 does not translate, if the guest wants it.
 */
static bool is_silent(const struct ioasid_smmuv3_regs *regs,
		      const struct ioasid_smmuv3_translation *t, enum ioasid_smmuv3_reason reason)
{
	if (reason == IOASID_SMMUV3_CD_TRANSLATION)
		return !t->stage2_record && !t->stage2_stall; /* 5.5 */
	if (reason == IOASID_SMMUV3_STREAM_RANGE || reason == IOASID_SMMUV3_STREAM_ABSENT)
		return !entry_bit(regs->cr2, SMMU_CR2_RECINVSID);
	return !ioasid_smmuv3_reason_get_code(reason);
}

static int check(const struct ioasid_smmuv3_regs *regs, uint32_t substream,
		 const struct ioasid_smmuv3_translation *translation)
{
	int ret = smmu_check(regs, translation->size, FIRST_TRANSLATION_SIZE, NULL);

	if (!ret && substream >= SUBSTREAM_LIMIT && substream != IOASID_NO_PASID)
		ret = err_set(EINVAL, "SubstreamID 0x%x is wider than 20 bits", substream);
	return ret;
}

static void answer(const struct lookup *l, enum ioasid_smmuv3_reason reason,
		   struct ioasid_smmuv3_translation *translation)
{
	l->t->reason = reason;
	l->t->silent = l->t->kind == IOASID_SMMUV3_BLOCKED && is_silent(l->regs, l->t, reason);
	entry_put(translation, l->t, sizeof(*l->t));
}

static struct ioasid_smmuv3_translation blocked(uint32_t substream)
{
	return (struct ioasid_smmuv3_translation){
		.kind = IOASID_SMMUV3_BLOCKED,
		.substream = substream,
		.cd_index = IOASID_NO_PASID,
	};
}

IOASID_EXPORT int ioasid_smmuv3_lookup(const struct ioasid_smmuv3_regs *regs, uint32_t stream_id,
				       uint32_t substream, ioasid_smmuv3_read read, void *opaque,
				       struct ioasid_smmuv3_translation *translation)
{
	struct ioasid_smmuv3_translation t = blocked(substream);
	struct lookup l = { regs, read, opaque, &t };
	int ret = check(regs, substream, translation);

	if (ret)
		return ret;
	err_put_aside();
	answer(&l, lookup(&l, stream_id, substream), translation);
	err_take_back();
	return 0;
}

IOASID_EXPORT int ioasid_smmuv3_lookup_cd(const struct ioasid_smmuv3_regs *regs,
					  const struct ioasid_smmuv3_ste *ste, uint32_t substream,
					  ioasid_smmuv3_read read, void *opaque,
					  struct ioasid_smmuv3_translation *translation)
{
	struct ioasid_smmuv3_translation t = blocked(substream);
	struct lookup l = { regs, read, opaque, &t };
	int ret = smmu_check_size(ste->size, FIRST_STE_SIZE);

	if (!ret)
		ret = check(regs, substream, translation);
	if (ret)
		return ret;
	err_put_aside();
	answer(&l, lookup_cd(&l, ste, substream), translation);
	err_take_back();
	return 0;
}
