/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RISC-V's IOMMU: any unit, directories and commands; what is read and comes out stays in range. */
#include <ioasid/riscv.h>

#include "unit.h"

static struct unit_spaces spaces;

static int read_memory(void *opaque, const struct ioasid_riscv_dc *second, uint64_t address,
		       void *buffer, size_t length)
{
	struct memory *m = opaque;

	must(address >> 56 == 0, "%#jx", (uintmax_t)address);
	must(!second || (m->reads && second->second_levels), "no second stage");
	return memory_read(m, address, buffer, length, 6);
}

static void check_reason(enum ioasid_riscv_reason why, int rc)
{
	must((why == IOASID_RISCV_OK) == (rc == 0), "reason %d, result %d", (int)why, rc);
	must(ioasid_riscv_reason_text(why)[0], "reason %d has no text", (int)why);
}

static void check_root(uint32_t levels, uint64_t root, uint32_t least, uint32_t most)
{
	must(!levels || (levels >= least && levels <= most), "%u levels", levels);
	must(root >> 56 == 0 && root % PAGE == 0 && (levels || !root), "%u levels at %#jx", levels,
	     (uintmax_t)root);
}

static void check_dc(const struct ioasid_riscv_dc *dc)
{
	check_root(dc->pdt_levels, dc->pdt_root, 1, 3);
	check_root(dc->first_levels, dc->first_root, 2, 5);
	check_root(dc->second_levels, dc->second_root, 2, 5);
	must(dc->second_root % (4 * PAGE) == 0, "%#jx", (uintmax_t)dc->second_root);
	must(!dc->pdt_levels || (dc->processes && !dc->first_levels), "both");
	must(dc->pscid >> 20 == 0 && dc->gscid >> 16 == 0, "PSCID %u, GSCID %u", dc->pscid,
	     dc->gscid);
	must(!dc->msi || dc->second_levels, "MSI table without second stage");
}

/* The decoders, each with words that came from nowhere. */
static struct ioasid_riscv_dc decode_entries(struct input *in,
					     const struct ioasid_riscv_regs *regs)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_riscv_pc pc = IOASID_RISCV_PC_INIT;
	size_t words = regs->capabilities >> 22 & 1 ? 8 : 4;
	enum ioasid_riscv_reason why;
	uint64_t *raw = calloc(words, 8);
	int rc;

	for (size_t i = 0; i < words; i++)
		raw[i] = take(in, 8);
	rc = ioasid_riscv_dc_decode(regs, raw, &dc, &why);
	check_reason(why, rc);
	must(rc == 0 || rc == -ENOENT || rc == -EINVAL, "%d", rc);
	check_dc(&dc);
	rc = ioasid_riscv_pc_decode(regs, &dc, raw, &pc, &why);
	check_reason(why, rc);
	check_root(pc.first_levels, pc.first_root, 2, 5);
	free(raw);
	return dc;
}

static void check_kind(const struct ioasid_riscv_translation *t)
{
	bool first = t->kind == IOASID_RISCV_FIRST_STAGE || t->kind == IOASID_RISCV_NESTED;
	bool second = t->kind == IOASID_RISCV_SECOND_STAGE || t->kind == IOASID_RISCV_NESTED;

	must(t->kind >= IOASID_RISCV_BLOCKED && t->kind <= IOASID_RISCV_NESTED, "kind %d",
	     (int)t->kind);
	must((t->kind == IOASID_RISCV_BLOCKED) == (t->reason != IOASID_RISCV_OK), "reason %d",
	     (int)t->reason);
	must((ioasid_riscv_reason_get_cause(t->reason, IOASID_RISCV_READ) == 0) ==
	     (t->reason == IOASID_RISCV_OK), "reason %d", (int)t->reason);
	must(first == (t->first_levels > 0), "kind %d", (int)t->kind);
	must(second == (t->second_levels > 0), "kind %d", (int)t->kind);
	check_root(t->first_levels, t->first_root, 2, 5);
	check_root(t->second_levels, t->second_root, 2, 5);
}

static struct ioasid_riscv_translation look(struct input *in,
					    const struct ioasid_riscv_regs *regs,
					    const struct ioasid_riscv_dc *dc, uint32_t device_id)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	struct memory memory = { in, 0 };
	uint32_t process_id = (uint32_t)take(in, 4);
	bool half = process_id & 1u << 30;
	int rc;

	process_id = process_id & 1u << 31 ? IOASID_NO_PASID : process_id & ~(1u << 30);
	if (half) {
		memory.reads = 3; /* those of the device directory */
		rc = ioasid_riscv_lookup_pc(regs, dc, process_id, read_memory, &memory, &t);
	} else {
		rc = ioasid_riscv_lookup(regs, device_id, process_id, read_memory, &memory, &t);
	}
	must(rc == (process_id != IOASID_NO_PASID && process_id >> 20 ? -EINVAL : 0),
	     "%d, process_id %#x", rc, process_id);
	if (rc)
		t.kind = IOASID_RISCV_BLOCKED;
	else
		check_kind(&t);
	return t;
}

/* Any fault of a request, and any page request: the record names the device, and a cause. */
static void encode_records(const uint64_t words[2], uint32_t device_id,
			   const struct ioasid_riscv_translation *t)
{
	const struct ioasid_event event = event_of(words);
	const struct ioasid_page_request request = page_request_of(words);
	uint64_t raw[4] = { 0 };
	bool there = ioasid_riscv_fault_encode(&event, device_id, t, raw);

	must(there ? raw[0] >> 40 == device_id && (raw[0] & 0xfff) && raw[2] == event.iova :
		     !raw[0] && !raw[2], "%d, %#jx", there, (uintmax_t)raw[0]);
	must(!there || !t->silent, "the guest wants no record");
	ioasid_riscv_page_request_encode(&request, device_id & 0xffffff, raw);
	must(raw[0] >> 40 == (device_id & 0xffffff), "%#jx", (uintmax_t)raw[0]);
}

static void check_pgtable(const struct ioasid_riscv_translation *t)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int rc = ioasid_riscv_translation_get_pgtable(t, IOASID_PGTABLE_RISCV, &p);

	check_described(&spaces, rc, t->first_levels, &p);
}

static void check_pasid_table(const struct ioasid_riscv_regs *regs,
			      const struct ioasid_riscv_dc *dc)
{
	struct ioasid_pasid_table p = IOASID_PASID_TABLE_INIT;
	int rc = ioasid_riscv_dc_get_pasid_table(regs, dc, &p);

	must(rc == 0 || rc == -ENOENT || rc == -EOPNOTSUPP, "%d", rc);
	must((rc == -ENOENT) == !dc->pdt_levels, "%d, %u levels", rc, dc->pdt_levels);
	if (rc)
		return;
	must_succeed(ioasid_space_bind_pasid_table(spaces.child, &p));
	must_succeed(ioasid_space_unbind_pasid_table(spaces.child));
}

static void check_cmd(const struct ioasid_riscv_cmd *cmd)
{
	must(cmd->length == 0 || (cmd->length >= PAGE && !(cmd->length & (cmd->length - 1))),
	     "%#jx", (uintmax_t)cmd->length);
	must(cmd->length ? cmd->start % cmd->length == 0 : cmd->start == 0, "%#jx + %#jx",
	     (uintmax_t)cmd->start, (uintmax_t)cmd->length);
	must(cmd->process_id == IOASID_NO_PASID || cmd->process_id >> 20 == 0, "process_id %#x",
	     cmd->process_id);
	must(cmd->pscid >> 20 == 0 && cmd->gscid >> 16 == 0 && cmd->device_id >> 24 == 0,
	     "PSCID %u, GSCID %u, device %#x", cmd->pscid, cmd->gscid, cmd->device_id);
	must(cmd->group < 512 && cmd->response < 16, "group %u", cmd->group);
	must(cmd->store_address % 4 == 0, "%#jx", (uintmax_t)cmd->store_address);
}

static void decode_command(struct input *in, const struct ioasid_riscv_regs *regs,
			   uint32_t device_id, const struct ioasid_riscv_translation *t)
{
	struct ioasid_riscv_cmd cmd = IOASID_RISCV_CMD_INIT;
	uint64_t raw[2] = { take(in, 8), take(in, 8) };
	enum ioasid_page_response_code response;
	enum ioasid_riscv_reason why;
	bool stale;
	int rc = ioasid_riscv_cmd_decode(regs, raw, &cmd, &why);

	encode_records(raw, device_id, t);
	must(rc == 0 || rc == -EINVAL, "%d", rc);
	check_reason(why, rc);
	must(!ioasid_riscv_reason_get_cause(why, IOASID_RISCV_READ), "reason %d", (int)why);
	if (rc)
		return;
	check_cmd(&cmd);
	must(ioasid_riscv_cmd_get_response(&cmd, &response) ==
		     (cmd.opcode == IOASID_RISCV_CMD_ATS_PRGR), "opcode %#x", cmd.opcode);
	stale = ioasid_riscv_cmd_is_mapping_stale(&cmd, device_id, t);
	must(!stale || !ioasid_riscv_cmd_is_lookup_stale(&cmd, device_id, t), "opcode %#x",
	     cmd.opcode);
	ioasid_inv_reset(spaces.batch);
	must_succeed(ioasid_riscv_cmd_add(&cmd, t, spaces.batch, spaces.space));
	must(ioasid_inv_get_count(spaces.batch) ==
		     (stale && cmd.opcode != IOASID_RISCV_CMD_ATS_INVAL),
	     "%zu entries", ioasid_inv_get_count(spaces.batch));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ioasid_riscv_translation t;
	struct ioasid_riscv_regs regs;
	struct ioasid_riscv_dc dc;
	uint32_t device_id;

	spaces_open(&spaces);
	ioasid_riscv_regs_init(&regs, take(&in, 8));
	regs.ddtp = take(&in, 8);
	regs.fctl = take8(&in);
	regs.flags = take8(&in) & IOASID_RISCV_GXL_WRITABLE;
	device_id = (uint32_t)take(&in, 4);
	dc = decode_entries(&in, &regs);
	check_pasid_table(&regs, &dc);
	t = look(&in, &regs, &dc, device_id);
	check_pgtable(&t);
	while (!is_empty(&in))
		decode_command(&in, &regs, device_id, &t);
	return 0;
}
