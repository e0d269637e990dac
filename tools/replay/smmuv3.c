/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Arm SMMUv3. A device's source-id is its StreamID. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "kind.h"

/* Low addresses have 48 bits; with more of them (VAX), a table of 4K pages has not. */
static uint32_t address_bits(const union unit *unit)
{
	(void)unit;
	return 48;
}

static const char *title(const union unit *unit)
{
	(void)unit;
	return "SMMUv3";
}

struct reader {
	ioasid_vtd_read read;
	void *opaque;
};

/* What stage 2 translates is not there: captures have none. */
static int read_memory(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		       void *buffer, size_t length)
{
	const struct reader *r = opaque;

	return stage2 ? -EFAULT : r->read(r->opaque, address, buffer, length);
}

static int lookup(const union unit *unit, uint16_t sid, ioasid_vtd_read read, void *opaque,
		  union translation *t)
{
	struct reader reader = { read, opaque };

	t->smmuv3 = (struct ioasid_smmuv3_translation)IOASID_SMMUV3_TRANSLATION_INIT;
	return ioasid_smmuv3_lookup(&unit->smmuv3, sid, IOASID_NO_PASID, read_memory, &reader,
				    &t->smmuv3);
}

static enum use use(const union translation *t)
{
	switch (t->smmuv3.kind) {
	case IOASID_SMMUV3_BLOCKED:
		break;
	case IOASID_SMMUV3_BYPASS:
		return USE_MEMORY;
	case IOASID_SMMUV3_STAGE1:
	case IOASID_SMMUV3_STAGE2:
		return USE_TABLE;
	case IOASID_SMMUV3_NESTED:
		return USE_TWO_TABLES;
	}
	return USE_NOTHING;
}

static bool same_root(const struct ioasid_smmuv3_table *a, const struct ioasid_smmuv3_table *b)
{
	return a->format == b->format && a->root == b->root && a->levels == b->levels &&
	       a->input_bits == b->input_bits && a->output_bits == b->output_bits &&
	       a->granule_bits == b->granule_bits && a->flags == b->flags;
}

static void block(union translation *t)
{
	t->smmuv3 = (struct ioasid_smmuv3_translation)IOASID_SMMUV3_TRANSLATION_INIT;
	t->smmuv3.kind = IOASID_SMMUV3_BLOCKED;
}

static bool same_table(const union translation *left, const union translation *right)
{
	const struct ioasid_smmuv3_translation *a = &left->smmuv3, *b = &right->smmuv3;

	return a->kind == b->kind && a->world == b->world && a->vmid == b->vmid &&
	       a->asid == b->asid && a->privileged == b->privileged &&
	       a->privileged_no_access == b->privileged_no_access &&
	       same_root(&a->table[0], &b->table[0]) && same_root(&a->table[1], &b->table[1]) &&
	       same_root(&a->stage2, &b->stage2);
}

static void below(const union translation *both, union translation *lower)
{
	static const struct ioasid_smmuv3_table none;

	*lower = *both;
	lower->smmuv3.kind = IOASID_SMMUV3_STAGE2;
	lower->smmuv3.table[0] = none;
	lower->smmuv3.table[1] = none;
}

static int describe(const union unit *unit, const union translation *t,
		    struct ioasid_pgtable *pgtable)
{
	(void)unit;
	return ioasid_smmuv3_translation_get_pgtable(
		&t->smmuv3, t->smmuv3.kind == IOASID_SMMUV3_STAGE2 ? IOASID_PGTABLE_ARM_S2 :
		IOASID_PGTABLE_ARM_S1, pgtable);
}

static int decode(const union unit *unit, const uint64_t *raw, size_t bytes, union command *c,
		  const char **why)
{
	enum ioasid_smmuv3_reason reason = IOASID_SMMUV3_OK;
	int ret;

	(void)bytes; /* always 16 */
	c->smmuv3 = (struct ioasid_smmuv3_cmd)IOASID_SMMUV3_CMD_INIT;
	ret = ioasid_smmuv3_cmd_decode(&unit->smmuv3, raw, &c->smmuv3, &reason);
	if (reason != IOASID_SMMUV3_OK)
		*why = ioasid_smmuv3_reason_text(reason);
	return ret;
}

static unsigned int type(const union command *c)
{
	return c->smmuv3.opcode;
}

/* Prefetches, device TLBs, answers to faults that an emulated device does not raise: nothing. */
static enum effect effect(const union command *c)
{
	switch (c->smmuv3.opcode) {
	case IOASID_SMMUV3_CMD_CFGI_STE:
	case IOASID_SMMUV3_CMD_CFGI_STE_RANGE:
	case IOASID_SMMUV3_CMD_CFGI_CD:
	case IOASID_SMMUV3_CMD_CFGI_CD_ALL:
		return EFFECT_LOOKUP;
	case IOASID_SMMUV3_CMD_SYNC: /* a VMM signals completion as it says */
		return EFFECT_WAIT;
	case IOASID_SMMUV3_CMD_TLBI_NH_ALL:
	case IOASID_SMMUV3_CMD_TLBI_NH_ASID:
	case IOASID_SMMUV3_CMD_TLBI_NH_VA:
	case IOASID_SMMUV3_CMD_TLBI_NH_VAA:
	case IOASID_SMMUV3_CMD_TLBI_EL2_ALL:
	case IOASID_SMMUV3_CMD_TLBI_EL2_ASID:
	case IOASID_SMMUV3_CMD_TLBI_EL2_VA:
	case IOASID_SMMUV3_CMD_TLBI_EL2_VAA:
	case IOASID_SMMUV3_CMD_TLBI_S12_VMALL:
	case IOASID_SMMUV3_CMD_TLBI_S2_IPA:
	case IOASID_SMMUV3_CMD_TLBI_NSNH_ALL:
		return EFFECT_MAPPINGS;
	default:
		return EFFECT_NONE;
	}
}

static bool is_lookup_stale(const union command *c, uint16_t sid, const union translation *t)
{
	return ioasid_smmuv3_cmd_is_lookup_stale(&c->smmuv3, sid, &t->smmuv3);
}

static int add(const union command *c, const union translation *t, struct ioasid_inv *batch,
	       struct ioasid_space *space)
{
	return ioasid_smmuv3_cmd_add(&c->smmuv3, &t->smmuv3, batch, space);
}

static const char *type_name(unsigned int number)
{
	static const char *const names[] = {
		[IOASID_SMMUV3_CMD_PREFETCH_CONFIG] = "PREFETCH_CONFIG",
		[IOASID_SMMUV3_CMD_PREFETCH_ADDR] = "PREFETCH_ADDR",
		[IOASID_SMMUV3_CMD_CFGI_STE] = "CFGI_STE",
		[IOASID_SMMUV3_CMD_CFGI_STE_RANGE] = "CFGI_STE_RANGE",
		[IOASID_SMMUV3_CMD_CFGI_CD] = "CFGI_CD",
		[IOASID_SMMUV3_CMD_CFGI_CD_ALL] = "CFGI_CD_ALL",
		[IOASID_SMMUV3_CMD_CFGI_VMS_PIDM] = "CFGI_VMS_PIDM",
		[IOASID_SMMUV3_CMD_TLBI_NH_ALL] = "TLBI_NH_ALL",
		[IOASID_SMMUV3_CMD_TLBI_NH_ASID] = "TLBI_NH_ASID",
		[IOASID_SMMUV3_CMD_TLBI_NH_VA] = "TLBI_NH_VA",
		[IOASID_SMMUV3_CMD_TLBI_NH_VAA] = "TLBI_NH_VAA",
		[IOASID_SMMUV3_CMD_TLBI_EL2_ALL] = "TLBI_EL2_ALL",
		[IOASID_SMMUV3_CMD_TLBI_EL2_ASID] = "TLBI_EL2_ASID",
		[IOASID_SMMUV3_CMD_TLBI_EL2_VA] = "TLBI_EL2_VA",
		[IOASID_SMMUV3_CMD_TLBI_EL2_VAA] = "TLBI_EL2_VAA",
		[IOASID_SMMUV3_CMD_TLBI_S12_VMALL] = "TLBI_S12_VMALL",
		[IOASID_SMMUV3_CMD_TLBI_S2_IPA] = "TLBI_S2_IPA",
		[IOASID_SMMUV3_CMD_TLBI_NSNH_ALL] = "TLBI_NSNH_ALL",
		[IOASID_SMMUV3_CMD_ATC_INV] = "ATC_INV",
		[IOASID_SMMUV3_CMD_PRI_RESP] = "PRI_RESP",
		[IOASID_SMMUV3_CMD_RESUME] = "RESUME",
		[IOASID_SMMUV3_CMD_STALL_TERM] = "STALL_TERM",
		[IOASID_SMMUV3_CMD_SYNC] = "SYNC",
	};

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

static void print(const union command *c)
{
	const struct ioasid_smmuv3_cmd *cmd = &c->smmuv3;

	if (effect(c) == EFFECT_LOOKUP)
		printf(", stream 0x%04" PRIx32, cmd->stream_id & ~cmd->stream_ignore);
	if (cmd->asid)
		printf(", ASID %" PRIu16, cmd->asid);
	if (cmd->vmid)
		printf(", VMID %" PRIu16, cmd->vmid);
	if (cmd->length)
		printf(", 0x%" PRIx64 "+0x%" PRIx64, cmd->start, cmd->length);
}

const struct kind kind_smmuv3 = {
	.name = "smmuv3",
	.spoiled_entry = 0x743, /* valid, a table or a page, AP[1], SH, AF */
	.longest_command = 16,
	.translates_interrupts = true,
	.address_bits = address_bits,
	.title = title,
	.lookup = lookup,
	.use = use,
	.block = block,
	.same_table = same_table,
	.below = below,
	.describe = describe,
	.decode = decode,
	.type = type,
	.effect = effect,
	.is_lookup_stale = is_lookup_stale,
	.add = add,
	.type_name = type_name,
	.print = print,
};
