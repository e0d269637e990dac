/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3: any unit, tables and commands; what is read and what comes out stays in range. */
#include <ioasid/smmuv3.h>

#include "unit.h"

static struct unit_spaces spaces;

static int read_memory(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		       void *buffer, size_t length)
{
	must(length == 8 || length == 64, "%zu bytes", length);
	must(address >> 56 == 0, "%#jx", (uintmax_t)address);
	must(!stage2 || stage2->levels, "no stage 2");
	return memory_read(opaque, address, buffer, length, 4);
}

static void check_reason(enum ioasid_smmuv3_reason why, int rc)
{
	must((why == IOASID_SMMUV3_OK) == (rc == 0), "reason %d, result %d", (int)why, rc);
	must(ioasid_smmuv3_reason_text(why)[0], "reason %d has no text", (int)why);
}

static bool is_there(const struct ioasid_smmuv3_table *t)
{
	static const struct ioasid_smmuv3_table none;

	if (!t->format) {
		must(!memcmp(t, &none, sizeof(none)), "something of a table");
		return false;
	}
	return true;
}

static const uint32_t table_flags = IOASID_SMMUV3_TABLE_BIG_ENDIAN | IOASID_SMMUV3_TABLE_HAD |
	IOASID_SMMUV3_TABLE_TBI | IOASID_SMMUV3_TABLE_E0PD | IOASID_SMMUV3_TABLE_HA |
	IOASID_SMMUV3_TABLE_HD | IOASID_SMMUV3_TABLE_AFFD | IOASID_SMMUV3_TABLE_DS |
	IOASID_SMMUV3_TABLE_LPA;

static void check_table(const struct ioasid_smmuv3_table *t)
{
	if (!is_there(t))
		return;
	must(t->format == IOASID_SMMUV3_VMSA32_LPAE || t->format == IOASID_SMMUV3_VMSA64,
	     "format %d", (int)t->format);
	must(t->granule_bits == 12 || t->granule_bits == 14 || t->granule_bits == 16, "granule %u",
	     t->granule_bits);
	must(t->input_bits >= 16 && t->input_bits <= 52, "%u input bits", t->input_bits);
	must(t->output_bits >= 32 && t->output_bits <= 52, "%u output bits", t->output_bits);
	must(t->levels >= 1 && t->levels <= 5, "%u levels", t->levels);
	must(t->root >> t->output_bits == 0 && t->root % 8 == 0, "root %#jx", (uintmax_t)t->root);
	must(!(t->flags & ~table_flags), "flags %#x", t->flags);
}

static void check_kind(enum ioasid_smmuv3_kind kind, const struct ioasid_smmuv3_table *stage2)
{
	must(kind >= IOASID_SMMUV3_BLOCKED && kind <= IOASID_SMMUV3_NESTED, "kind %d", (int)kind);
	must(is_there(stage2) == (kind == IOASID_SMMUV3_STAGE2 || kind == IOASID_SMMUV3_NESTED),
	     "kind %d", (int)kind);
	check_table(stage2);
}

/* The decoders, each with a structure that came from nowhere. */
static void decode_entries(struct input *in, const struct ioasid_smmuv3_regs *regs)
{
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;
	struct ioasid_smmuv3_cd cd = IOASID_SMMUV3_CD_INIT;
	enum ioasid_smmuv3_reason why;
	uint64_t *raw = calloc(8, 8);
	int rc;

	for (int i = 0; i < 8; i++)
		raw[i] = take(in, 8);
	rc = ioasid_smmuv3_ste_decode(regs, raw, &ste, &why);
	check_reason(why, rc);
	must(rc == 0 || rc == -ENOENT || rc == -EINVAL, "%d", rc);
	if (!rc) {
		check_kind(ste.kind, &ste.stage2);
		must(ste.cd_bits <= 31 && ste.cd_pointer >> 52 == 0, "%u bits at %#jx", ste.cd_bits,
		     (uintmax_t)ste.cd_pointer);
	}
	rc = ioasid_smmuv3_cd_decode(regs, &ste, raw, &cd, &why);
	check_reason(why, rc);
	check_table(&cd.table[0]);
	check_table(&cd.table[1]);
	free(raw);
}

static struct ioasid_smmuv3_translation look(struct input *in,
					     const struct ioasid_smmuv3_regs *regs,
					     uint32_t stream_id)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct memory memory = { in, 0 };
	uint32_t substream = (uint32_t)take(in, 4);
	bool stage1;
	int rc;

	if (substream & 1u << 31)
		substream = IOASID_NO_PASID;
	rc = ioasid_smmuv3_lookup(regs, stream_id, substream, read_memory, &memory, &t);
	must(rc == (substream != IOASID_NO_PASID && substream >> 20 ? -EINVAL : 0),
	     "%d, SubstreamID %#x", rc, substream);
	if (rc) {
		t.kind = IOASID_SMMUV3_BLOCKED;
		return t;
	}
	stage1 = t.kind == IOASID_SMMUV3_STAGE1 || t.kind == IOASID_SMMUV3_NESTED;
	must((t.kind == IOASID_SMMUV3_BLOCKED) == (t.reason != IOASID_SMMUV3_OK),
	     "kind %d, reason %d", (int)t.kind, (int)t.reason);
	must(!ioasid_smmuv3_reason_get_queue_error(t.reason), "reason %d", (int)t.reason);
	must((t.cd_index != IOASID_NO_PASID) == stage1, "index %#x", t.cd_index);
	must(stage1 || (!is_there(&t.table[0]) && !is_there(&t.table[1])), "kind %d", (int)t.kind);
	check_table(&t.table[0]);
	check_table(&t.table[1]);
	if (t.kind != IOASID_SMMUV3_BLOCKED)
		check_kind(t.kind, &t.stage2);
	return t;
}

static void check_pgtable(const struct ioasid_smmuv3_translation *t,
			  enum ioasid_pgtable_format format, bool expected)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int rc = ioasid_smmuv3_translation_get_pgtable(t, format, &p);

	check_described(&spaces, rc, expected, &p);
}

static void check_pgtables(const struct ioasid_smmuv3_translation *t)
{
	check_pgtable(t, IOASID_PGTABLE_ARM_S1, is_there(&t->table[0]) || is_there(&t->table[1]));
	check_pgtable(t, IOASID_PGTABLE_ARM_S2, is_there(&t->stage2));
}

static void check_cmd(const struct ioasid_smmuv3_cmd *cmd)
{
	must(cmd->start % PAGE == 0 && cmd->length % PAGE == 0, "%#jx + %#jx",
	     (uintmax_t)cmd->start, (uintmax_t)cmd->length);
	must(!cmd->length || cmd->start + (cmd->length - 1) >= cmd->start, "%#jx + %#jx",
	     (uintmax_t)cmd->start, (uintmax_t)cmd->length);
	must(cmd->length || !cmd->start, "everything from %#jx", (uintmax_t)cmd->start);
	must(cmd->substream == IOASID_NO_PASID || cmd->substream >> 20 == 0, "SubstreamID %#x",
	     cmd->substream);
	must(cmd->level <= 3 && cmd->response < 3 && cmd->signal < 3, "a reserved value");
	must(cmd->msi_address % 4 == 0 && cmd->msi_address >> 56 == 0, "%#jx",
	     (uintmax_t)cmd->msi_address);
}

static void decode_command(struct input *in, const struct ioasid_smmuv3_regs *regs,
			   uint32_t stream_id, const struct ioasid_smmuv3_translation *t)
{
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;
	uint64_t raw[2] = { take(in, 8), take(in, 8) };
	enum ioasid_smmuv3_reason why;
	bool stale;
	int rc = ioasid_smmuv3_cmd_decode(regs, raw, &cmd, &why);

	must(rc == 0 || rc == -EINVAL, "%d", rc);
	check_reason(why, rc);
	must((rc != 0) == (ioasid_smmuv3_reason_get_queue_error(why) != 0), "reason %d", (int)why);
	must(!ioasid_smmuv3_reason_get_code(why), "reason %d", (int)why);
	if (rc)
		return;
	check_cmd(&cmd);
	stale = ioasid_smmuv3_cmd_is_mapping_stale(&cmd, stream_id, t);
	must(!stale || !ioasid_smmuv3_cmd_is_lookup_stale(&cmd, stream_id, t), "opcode %#x",
	     cmd.opcode);
	ioasid_inv_reset(spaces.batch);
	must_succeed(ioasid_smmuv3_cmd_add(&cmd, t, spaces.batch, spaces.space));
	must(ioasid_inv_get_count(spaces.batch) ==
		     (stale && cmd.opcode != IOASID_SMMUV3_CMD_ATC_INV),
	     "%zu entries", ioasid_inv_get_count(spaces.batch));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ioasid_smmuv3_translation t;
	struct ioasid_smmuv3_regs regs;
	uint32_t idr[6], stream_id;

	spaces_open(&spaces);
	for (int i = 0; i < 6; i++)
		idr[i] = (uint32_t)take(&in, 4);
	ioasid_smmuv3_regs_init(&regs, idr);
	regs.cr0 = (uint32_t)take(&in, 2);
	regs.cr2 = take8(&in);
	regs.gbpa = (uint32_t)take8(&in) << 20;
	regs.strtab_base_cfg = (uint32_t)take(&in, 4);
	regs.strtab_base = take(&in, 8);
	regs.flags = take8(&in) & IOASID_SMMUV3_NO_GLOBAL;
	stream_id = (uint32_t)take(&in, 4);
	decode_entries(&in, &regs);
	t = look(&in, &regs, stream_id);
	check_pgtables(&t);
	while (!is_empty(&in))
		decode_command(&in, &regs, stream_id, &t);
	return 0;
}
