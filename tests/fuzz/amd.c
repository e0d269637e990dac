/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AMD's IOMMU: any unit, tables and commands; what is read and what comes out stays in range. */
#include <ioasid/amd.h>

#include "unit.h"

static struct unit_spaces spaces;

static int read_memory(void *opaque, const struct ioasid_amd_dte *host, uint64_t address,
		       void *buffer, size_t length)
{
	struct memory *m = opaque;

	must(length == (m->reads ? 8 : 32), "%zu bytes", length);
	/* a table at the end of 52 bits may reach beyond: there is no memory then */
	must(address >> 53 == 0, "%#jx", (uintmax_t)address);
	must(!host || (m->reads && host->host_levels), "no host table");
	return memory_read(m, address, buffer, length, 4);
}

static void check_reason(enum ioasid_amd_reason why, int rc)
{
	must(rc == 0 || rc == -EINVAL, "%d", rc);
	must((why == IOASID_AMD_OK) == (rc == 0), "reason %d, result %d", (int)why, rc);
	must(ioasid_amd_reason_text(why)[0], "reason %d has no text", (int)why);
	must((ioasid_amd_reason_get_code(why) == 0) == (rc == 0), "reason %d", (int)why);
}

static void decode_entry(struct input *in, const struct ioasid_amd_regs *regs)
{
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	enum ioasid_amd_reason why;
	uint64_t *raw = calloc(4, 8);
	int rc;

	for (int i = 0; i < 4; i++)
		raw[i] = take(in, 8);
	rc = ioasid_amd_dte_decode(regs, raw, &dte, &why);
	free(raw);
	check_reason(why, rc);
	must(dte.host_levels <= 6 && dte.host_root >> 52 == 0 && dte.host_root % PAGE == 0,
	     "%u levels at %#jx", dte.host_levels, (uintmax_t)dte.host_root);
	must(dte.gcr3_levels <= 3 && dte.gcr3_root >> 52 == 0 && dte.gcr3_root % PAGE == 0,
	     "%u levels at %#jx", dte.gcr3_levels, (uintmax_t)dte.gcr3_root);
	must(dte.guest == (dte.gcr3_levels > 0), "%u levels", dte.gcr3_levels);
	must(dte.guest == (dte.guest_levels == 4 || dte.guest_levels == 5), "%u levels",
	     dte.guest_levels);
}

static void check_kind(const struct ioasid_amd_translation *t)
{
	bool host = t->kind == IOASID_AMD_HOST || t->kind == IOASID_AMD_NESTED;
	bool guest = t->kind == IOASID_AMD_GUEST || t->kind == IOASID_AMD_NESTED;

	must(t->kind >= IOASID_AMD_BLOCKED && t->kind <= IOASID_AMD_NESTED, "kind %d",
	     (int)t->kind);
	must((t->kind == IOASID_AMD_BLOCKED) == (t->reason != IOASID_AMD_OK), "reason %d",
	     (int)t->reason);
	if (t->kind == IOASID_AMD_BLOCKED)
		return;
	must(host == (t->host_levels > 0), "kind %d", (int)t->kind);
	must(guest == (t->guest_levels > 0), "kind %d", (int)t->kind);
	must(guest == (t->pasid != IOASID_NO_PASID), "kind %d, PASID %#x", (int)t->kind, t->pasid);
	must(t->readable || t->writable, "no permission");
}

static struct ioasid_amd_translation look(struct input *in, const struct ioasid_amd_regs *regs,
					  uint16_t device)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	struct memory memory = { in, 0 };
	uint32_t pasid = (uint32_t)take(in, 4);
	int rc;

	if (pasid & 1u << 31)
		pasid = IOASID_NO_PASID;
	rc = ioasid_amd_lookup(regs, device, pasid, read_memory, &memory, &t);
	must(rc == (pasid != IOASID_NO_PASID && pasid >> 20 ? -EINVAL : 0), "%d, PASID %#x", rc,
	     pasid);
	if (rc)
		t.kind = IOASID_AMD_BLOCKED;
	else
		check_kind(&t);
	return t;
}

/* Any fault of a request, and any page request: the record names the device, and its kind. */
static void encode_records(const uint64_t words[2], uint16_t device,
			   const struct ioasid_amd_translation *t)
{
	const struct ioasid_event event = event_of(words);
	const struct ioasid_page_request request = page_request_of(words);
	uint64_t raw[2] = { 0, 0 };
	bool there = ioasid_amd_fault_encode(&event, device, t, raw);

	must(there ? (raw[0] & 0xffff) == device && raw[0] >> 60 >= 1 && raw[0] >> 60 <= 4 :
		     !raw[0] && !raw[1], "%d, %#jx", there, (uintmax_t)raw[0]);
	must(!there || t->kind != IOASID_AMD_BLOCKED ||
	     raw[0] >> 60 == ioasid_amd_reason_get_code(t->reason), "%#jx", (uintmax_t)raw[0]);
	ioasid_amd_page_request_encode(&request, device, raw);
	must((raw[0] & 0xffff) == device && raw[0] >> 60 == 1 && raw[1] % PAGE == 0, "%#jx",
	     (uintmax_t)raw[0]);
}

static void check_pgtable(const struct ioasid_amd_translation *t,
			  enum ioasid_pgtable_format format, uint32_t levels)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int rc = ioasid_amd_translation_get_pgtable(t, format, &p);

	check_described(&spaces, rc, levels, &p);
}

static void check_cmd(const struct ioasid_amd_cmd *cmd)
{
	must(cmd->length == 0 || (cmd->length >= PAGE && !(cmd->length & (cmd->length - 1))),
	     "%#jx", (uintmax_t)cmd->length);
	must(cmd->length ? cmd->start % cmd->length == 0 : cmd->start == 0, "%#jx + %#jx",
	     (uintmax_t)cmd->start, (uintmax_t)cmd->length);
	must(cmd->pasid == IOASID_NO_PASID || cmd->pasid >> 20 == 0, "PASID %#x", cmd->pasid);
	must(cmd->group < 512 && cmd->response < 16, "group %u", cmd->group);
	must(cmd->store_address % 8 == 0 && cmd->store_address >> 52 == 0, "%#jx",
	     (uintmax_t)cmd->store_address);
}

static void decode_command(struct input *in, const struct ioasid_amd_regs *regs, uint16_t device,
			   const struct ioasid_amd_translation *t)
{
	struct ioasid_amd_cmd cmd = IOASID_AMD_CMD_INIT;
	uint64_t raw[2] = { take(in, 8), take(in, 8) };
	enum ioasid_page_response_code response;
	enum ioasid_amd_reason why;
	uint64_t entry[2];
	bool stale;
	int rc = ioasid_amd_cmd_decode(regs, raw, &cmd, &why);

	encode_records(raw, device, t);
	check_reason(why, rc);
	must(ioasid_amd_cmd_fault_encode(why, device, raw[0], entry) == (rc != 0), "reason %d",
	     (int)why);
	if (rc)
		return;
	check_cmd(&cmd);
	must(ioasid_amd_cmd_get_response(&cmd, &response) ==
		     (cmd.opcode == IOASID_AMD_CMD_COMPLETE_PPR_REQUEST), "opcode %#x", cmd.opcode);
	stale = ioasid_amd_cmd_is_mapping_stale(&cmd, device, t);
	ioasid_amd_cmd_is_lookup_stale(&cmd, device, t);
	ioasid_inv_reset(spaces.batch);
	must_succeed(ioasid_amd_cmd_add(&cmd, t, spaces.batch, spaces.space));
	must(ioasid_inv_get_count(spaces.batch) ==
		     (stale && cmd.opcode != IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES),
	     "%zu entries", ioasid_inv_get_count(spaces.batch));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ioasid_amd_translation t;
	struct ioasid_amd_regs regs;
	uint16_t device;

	spaces_open(&spaces);
	ioasid_amd_regs_init(&regs, take(&in, 8), take8(&in));
	regs.control = take(&in, 8);
	regs.device_table = take(&in, 8);
	regs.flags = take8(&in) & IOASID_AMD_IOTLB;
	device = (uint16_t)take(&in, 2);
	decode_entry(&in, &regs);
	t = look(&in, &regs, device);
	check_pgtable(&t, IOASID_PGTABLE_AMD_V1, t.host_levels);
	check_pgtable(&t, IOASID_PGTABLE_AMD_V2, t.guest_levels);
	while (!is_empty(&in))
		decode_command(&in, &regs, device, &t);
	return 0;
}
