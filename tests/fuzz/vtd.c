/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d: any unit, tables and descriptors; what is read and what comes out stays in range. */
#include <errno.h>
#include <ioasid/vtd.h>

#include "fuzz.h"

/* Guest memory that says what the input says, however it is read. */
struct memory {
	struct input *in;
	const struct ioasid_vtd_caps *caps;
	uint64_t rtaddr;
	unsigned int reads;
};

static int read_memory(void *opaque, uint64_t gpa, void *buffer, size_t length)
{
	struct memory *m = opaque;
	size_t i;

	must(length == 8 || length == 16 || length == 32 || length == 64, "%zu bytes", length);
	must(gpa % length == 0, "%zu bytes at %#jx", length, (uintmax_t)gpa);
	/* Where the root table is was the guest's word alone. */
	must(m->reads == 0 || gpa >> m->caps->haw == 0, "%#jx, width %u", (uintmax_t)gpa,
	     m->caps->haw);
	must(m->reads > 0 || gpa >> 12 == m->rtaddr >> 12, "root table at %#jx", (uintmax_t)gpa);
	must(++m->reads <= 4, "more reads than levels");
	if (is_empty(m->in))
		return -1;
	for (i = 0; i < length; i++)
		((uint8_t *)buffer)[i] = take8(m->in);
	return 0;
}

static void check_reason(enum ioasid_vtd_reason why, int rc)
{
	must((why == IOASID_VTD_OK) == (rc == 0), "reason %d, result %d", (int)why, rc);
	must(ioasid_vtd_reason_text(why)[0], "reason %d has no text", (int)why);
}

static void check_root(uint64_t root, const struct ioasid_vtd_caps *caps)
{
	must(root % PAGE == 0 && root >> caps->haw == 0, "%#jx, width %u", (uintmax_t)root,
	     caps->haw);
}

static void check_stages(enum ioasid_vtd_kind kind, uint32_t second, uint64_t second_root,
			 uint32_t first, uint64_t first_root, const struct ioasid_vtd_caps *caps)
{
	bool has_second = kind == IOASID_VTD_SECOND_STAGE || kind == IOASID_VTD_NESTED;
	bool has_first = kind == IOASID_VTD_FIRST_STAGE || kind == IOASID_VTD_NESTED;

	must(kind >= IOASID_VTD_BLOCKED && kind <= IOASID_VTD_NESTED, "kind %d", (int)kind);
	must(has_second ? second >= 3 && second <= 5 : !second && !second_root, "%u levels",
	     second);
	must(has_first ? first == 4 || first == 5 : !first && !first_root, "%u levels", first);
	if (has_second)
		check_root(second_root, caps);
	if (kind == IOASID_VTD_FIRST_STAGE)
		check_root(first_root, caps);
	if (kind == IOASID_VTD_NESTED)
		must(first_root % PAGE == 0 && first_root >> (12 + 9 * second) == 0,
		     "%#jx, %u levels", (uintmax_t)first_root, second);
}

static void decode_entries(struct input *in, const struct ioasid_vtd_caps *caps)
{
	struct ioasid_vtd_context context = IOASID_VTD_CONTEXT_INIT;
	struct ioasid_vtd_pasid pasid = IOASID_VTD_PASID_INIT;
	bool scalable = take8(in) & 1, quiet;
	enum ioasid_vtd_reason why;
	uint64_t raw[8], at;
	int rc, i;

	for (i = 0; i < 8; i++)
		raw[i] = take(in, 8);
	rc = ioasid_vtd_root_decode(caps, raw, scalable, take8(in), &at, &why);
	check_reason(why, rc);
	if (!rc)
		check_root(at, caps);
	rc = ioasid_vtd_pasid_dir_decode(caps, raw[0], &at, &quiet, &why);
	check_reason(why, rc);
	if (!rc)
		check_root(at, caps);
	rc = ioasid_vtd_pasid_decode(caps, raw, &pasid, &why);
	check_reason(why, rc);
	if (!rc)
		check_stages(pasid.kind, pasid.second_levels, pasid.second_root, pasid.first_levels,
			     pasid.first_root, caps);
	rc = ioasid_vtd_context_decode(caps, raw, scalable, &context, &why);
	check_reason(why, rc);
	if (!rc && scalable) {
		check_root(context.pasid_dir, caps);
		must(context.rid_pasid >> 20 == 0 && context.pasid_bits >= 13 &&
		     context.pasid_bits <= 20, "PASID %#x, %u bits", context.rid_pasid,
		     context.pasid_bits);
	} else if (!rc) {
		check_stages(context.kind, context.levels, context.root, 0, 0, caps);
	}
}

static void check_pgtable(const struct ioasid_vtd_translation *t,
			  const struct ioasid_vtd_caps *caps, enum ioasid_pgtable_format format,
			  uint32_t levels, uint64_t root)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int rc = ioasid_vtd_translation_get_pgtable(t, caps, format, &p);

	must(rc == (levels ? 0 : -ENOENT), "%d with %u levels", rc, levels);
	if (!rc)
		must(p.format == format && p.levels == levels && p.root == root &&
		     p.address_bits == caps->haw, "another table than found");
}

static struct ioasid_vtd_translation look(struct input *in, const struct ioasid_vtd_caps *caps,
					  uint64_t rtaddr, uint16_t source_id)
{
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;
	struct memory memory = { in, caps, rtaddr, 0 };
	uint32_t pasid = (uint32_t)take(in, 4);
	int rc;

	if (pasid & 1u << 31)
		pasid = IOASID_NO_PASID;
	rc = ioasid_vtd_lookup(caps, rtaddr, source_id, pasid, read_memory, &memory, &t);
	must(rc == (pasid != IOASID_NO_PASID && pasid >> 20 ? -EINVAL : 0), "%d, PASID %#x", rc,
	     pasid);
	if (rc) {
		t.kind = IOASID_VTD_BLOCKED;
		return t;
	}
	must((t.kind == IOASID_VTD_BLOCKED) == (t.reason != IOASID_VTD_OK), "kind %d, reason %d",
	     (int)t.kind, (int)t.reason);
	must((t.reason != IOASID_VTD_OK) == (ioasid_vtd_reason_get_code(t.reason) != 0),
	     "reason %d", (int)t.reason);
	must(!ioasid_vtd_reason_get_queue_error(t.reason), "reason %d", (int)t.reason);
	must(t.pasid == IOASID_NO_PASID || t.pasid >> 20 == 0, "PASID %#x", t.pasid);
	check_stages(t.kind, t.second_levels, t.second_root, t.first_levels, t.first_root, caps);
	check_pgtable(&t, caps, IOASID_PGTABLE_VTD_SS, t.second_levels, t.second_root);
	check_pgtable(&t, caps, IOASID_PGTABLE_VTD_FS, t.first_levels, t.first_root);
	return t;
}

static void check_inv(const struct ioasid_vtd_inv *inv, const struct ioasid_vtd_caps *caps)
{
	unsigned int nd = 4 + 2 * (unsigned int)(caps->cap & 7); /* CAP_REG.ND (11.4.2) */

	must(inv->type >= IOASID_VTD_INV_CONTEXT_CACHE &&
	     inv->type <= IOASID_VTD_INV_PAGE_GROUP_RESPONSE, "type %d", (int)inv->type);
	must(inv->granularity >= IOASID_VTD_GRANULARITY_GLOBAL &&
	     inv->granularity <= IOASID_VTD_GRANULARITY_RANGE, "granularity %d",
	     (int)inv->granularity);
	must(nd >= 16 || inv->domain >> nd == 0, "domain-id %#x, %u bits", inv->domain, nd);
	must(inv->pasid >> 20 == 0 || (inv->pasid == IOASID_NO_PASID &&
				       inv->type == IOASID_VTD_INV_PAGE_GROUP_RESPONSE),
	     "PASID %#x", inv->pasid);
	must(inv->source_ignore == 0 || inv->source_ignore == 4 || inv->source_ignore == 6 ||
	     inv->source_ignore == 7, "mask %#x", inv->source_ignore);
	must(inv->status_address % 4 == 0 && inv->status_address >> caps->haw == 0, "%#jx",
	     (uintmax_t)inv->status_address);
	if (inv->type == IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE)
		must(!inv->count == (inv->granularity != IOASID_VTD_GRANULARITY_RANGE) &&
		     inv->index + inv->count <= 65536, "%u + %u", inv->index, inv->count);
	else if (inv->granularity == IOASID_VTD_GRANULARITY_RANGE)
		must(inv->length >= PAGE && !(inv->length & (inv->length - 1)) &&
		     inv->start % inv->length == 0, "%#jx + %#jx", (uintmax_t)inv->start,
		     (uintmax_t)inv->length);
	else
		must(!inv->start && !inv->length, "%#jx + %#jx", (uintmax_t)inv->start,
		     (uintmax_t)inv->length);
}

/* A space for batches, the same for all inputs. */
static struct ioasid_ctx *ctx;
static struct ioasid_space *space;
static struct ioasid_inv *batch;

static void open_space(void)
{
	struct ioasid_space_options child = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;

	ctx = open_emulated(NULL, 0);
	must_succeed(ioasid_space_create(ctx, NULL, &child.parent));
	must_succeed(ioasid_space_create(ctx, &child, &space));
	pgtable.format = IOASID_PGTABLE_VTD_SS;
	pgtable.levels = 4;
	must_succeed(ioasid_space_bind_pgtable(space, &pgtable));
	must_succeed(ioasid_inv_new(ctx, 1, &batch));
}

static void use_descriptor(const struct ioasid_vtd_inv *inv, uint16_t source_id,
			   const struct ioasid_vtd_translation *t)
{
	bool iotlb = inv->type == IOASID_VTD_INV_IOTLB || inv->type == IOASID_VTD_INV_PASID_IOTLB;
	bool stale = ioasid_vtd_inv_is_mapping_stale(inv, source_id, t);
	bool tables = ioasid_vtd_inv_is_lookup_stale(inv, source_id, t);

	must(!tables || inv->type == IOASID_VTD_INV_CONTEXT_CACHE ||
	     inv->type == IOASID_VTD_INV_PASID_CACHE, "type %d", (int)inv->type);
	ioasid_inv_reset(batch);
	must_succeed(ioasid_vtd_inv_add(inv, t, batch, space));
	must(ioasid_inv_get_count(batch) == (iotlb && stale), "%zu entries",
	     ioasid_inv_get_count(batch));
	must_succeed(ioasid_inv_submit(batch, NULL));
}

static void decode_descriptor(struct input *in, const struct ioasid_vtd_caps *caps, uint64_t rtaddr,
			      uint16_t source_id, const struct ioasid_vtd_translation *t)
{
	static const size_t widths[] = { 16, 32, 16, 32, 16, 32, 0, 8 };
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	enum ioasid_vtd_reason why;
	size_t bytes = widths[take8(in) % 8], i;
	uint64_t *raw = calloc(4, 8);
	int rc;

	for (i = 0; i < (bytes < 16 ? 16 : bytes) / 8; i++)
		raw[i] = take(in, 8);
	rc = ioasid_vtd_inv_decode(caps, rtaddr, raw, bytes, &inv, &why);
	free(raw);
	must(rc == 0 || rc == -EINVAL, "%d", rc);
	check_reason(why, rc);
	must((rc != 0) == (ioasid_vtd_reason_get_queue_error(why) != 0), "reason %d", (int)why);
	must(!ioasid_vtd_reason_get_code(why), "reason %d", (int)why);
	if (rc)
		return;
	check_inv(&inv, caps);
	use_descriptor(&inv, source_id, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ioasid_vtd_translation t;
	struct ioasid_vtd_caps caps;
	uint64_t cap = take(&in, 8), ecap = take(&in, 8), rtaddr;
	uint16_t source_id;

	if (!ctx)
		open_space();
	ioasid_vtd_caps_init(&caps, cap, ecap);
	caps.haw = 32 + take8(&in) % 21;
	rtaddr = take(&in, 8);
	source_id = (uint16_t)take(&in, 2);
	decode_entries(&in, &caps);
	t = look(&in, &caps, rtaddr, source_id);
	while (!is_empty(&in))
		decode_descriptor(&in, &caps, rtaddr, source_id, &t);
	return 0;
}
