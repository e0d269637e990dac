/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Intel VT-d. */
#include <inttypes.h>
#include <stdio.h>

#include "kind.h"

/* MGAW is the widest address that the unit translates, less one (VT-d 4.1, 11.4.2). */
static uint32_t address_bits(const union unit *unit)
{
	return (uint32_t)(unit->vtd.caps.cap >> 16 & 0x3f) + 1;
}

static const char *title(const union unit *unit)
{
	return unit->vtd.rtaddr >> 10 & 3 ? "VT-d in scalable mode" : "VT-d in legacy mode";
}

static int lookup(const union unit *unit, uint16_t sid, ioasid_vtd_read read, void *opaque,
		  union translation *t)
{
	t->vtd = (struct ioasid_vtd_translation)IOASID_VTD_TRANSLATION_INIT;
	return ioasid_vtd_lookup(&unit->vtd.caps, unit->vtd.rtaddr, sid, IOASID_NO_PASID, read,
				 opaque, &t->vtd);
}

static enum use use(const union translation *t)
{
	switch (t->vtd.kind) {
	case IOASID_VTD_BLOCKED:
		break;
	case IOASID_VTD_PASSTHROUGH:
		return USE_MEMORY;
	case IOASID_VTD_SECOND_STAGE:
	case IOASID_VTD_FIRST_STAGE:
		return USE_TABLE;
	case IOASID_VTD_NESTED:
		return USE_TWO_TABLES;
	}
	return USE_NOTHING;
}

static void block(union translation *t)
{
	t->vtd = (struct ioasid_vtd_translation)IOASID_VTD_TRANSLATION_INIT;
	t->vtd.kind = IOASID_VTD_BLOCKED;
}

static bool same_table(const union translation *left, const union translation *right)
{
	const struct ioasid_vtd_translation *a = &left->vtd, *b = &right->vtd;

	return a->kind == b->kind && a->domain == b->domain && a->pasid == b->pasid &&
	       a->first_levels == b->first_levels && a->first_root == b->first_root &&
	       a->second_levels == b->second_levels && a->second_root == b->second_root &&
	       a->supervisor == b->supervisor && a->write_protect == b->write_protect &&
	       a->second_dirty == b->second_dirty;
}

static void below(const union translation *both, union translation *lower)
{
	*lower = *both;
	lower->vtd.kind = IOASID_VTD_SECOND_STAGE;
	lower->vtd.first_levels = 0;
	lower->vtd.first_root = 0;
}

static int describe(const union unit *unit, const union translation *t,
		    struct ioasid_pgtable *pgtable)
{
	return ioasid_vtd_translation_get_pgtable(
		&t->vtd, &unit->vtd.caps,
		t->vtd.first_levels ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS, pgtable);
}

static int decode(const union unit *unit, const uint64_t *raw, size_t bytes, union command *c,
		  const char **why)
{
	enum ioasid_vtd_reason reason = IOASID_VTD_OK;
	int ret;

	c->vtd = (struct ioasid_vtd_inv)IOASID_VTD_INV_INIT;
	ret = ioasid_vtd_inv_decode(&unit->vtd.caps, unit->vtd.rtaddr, raw, bytes, &c->vtd,
				    &reason);
	if (reason != IOASID_VTD_OK)
		*why = ioasid_vtd_reason_text(reason);
	return ret;
}

static unsigned int type(const union command *c)
{
	return c->vtd.type;
}

static enum effect effect(const union command *c)
{
	switch (c->vtd.type) {
	case IOASID_VTD_INV_CONTEXT_CACHE:
	case IOASID_VTD_INV_PASID_CACHE:
		return EFFECT_LOOKUP;
	case IOASID_VTD_INV_IOTLB:
	case IOASID_VTD_INV_PASID_IOTLB:
		return EFFECT_MAPPINGS;
	case IOASID_VTD_INV_WAIT:
		/*
		 * A VMM stores status_data at status_address if status_write, and raises the
		 * completion event if interrupt.
		 */
		return EFFECT_WAIT;
	case IOASID_VTD_INV_DEVICE_TLB:
	case IOASID_VTD_INV_PASID_DEVICE_TLB:
		/* A batch covers the device TLBs behind a space; an emulated device has none. */
	case IOASID_VTD_INV_PAGE_GROUP_RESPONSE:
		/* For who has asked. */
	case IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE:
		/* For the VMM's interrupt remapping. */
		break;
	}
	return EFFECT_NONE;
}

static bool is_lookup_stale(const union command *c, uint16_t sid, const union translation *t)
{
	return ioasid_vtd_inv_is_lookup_stale(&c->vtd, sid, &t->vtd);
}

static int add(const union command *c, const union translation *t, struct ioasid_inv *batch,
	       struct ioasid_space *space)
{
	return ioasid_vtd_inv_add(&c->vtd, &t->vtd, batch, space);
}

/* By number in the specification (VT-d 4.1, 6.5.2, 7.6.1). */
static const char *type_name(unsigned int number)
{
	static const char *const names[] = {
		[IOASID_VTD_INV_CONTEXT_CACHE] = "context cache",
		[IOASID_VTD_INV_PASID_CACHE] = "PASID cache",
		[IOASID_VTD_INV_IOTLB] = "IOTLB",
		[IOASID_VTD_INV_PASID_IOTLB] = "PASID-based IOTLB",
		[IOASID_VTD_INV_DEVICE_TLB] = "device TLB",
		[IOASID_VTD_INV_PASID_DEVICE_TLB] = "PASID-based device TLB",
		[IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE] = "interrupt entry cache",
		[IOASID_VTD_INV_WAIT] = "wait",
		[IOASID_VTD_INV_PAGE_GROUP_RESPONSE] = "page group response",
	};

	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}

static void print(const union command *c)
{
	const struct ioasid_vtd_inv *inv = &c->vtd;

	if (inv->granularity == IOASID_VTD_GRANULARITY_GLOBAL)
		printf(inv->type == IOASID_VTD_INV_WAIT ? "" : ", all");
	if (inv->domain)
		printf(", domain %" PRIu16, inv->domain);
	if (inv->source_id)
		printf(", device 0x%04" PRIx16, inv->source_id);
	if (inv->pasid)
		printf(", PASID %" PRIu32, inv->pasid);
	if (inv->length)
		printf(", 0x%" PRIx64 "+0x%" PRIx64, inv->start, inv->length);
}

const struct kind kind_vtd = {
	.name = "vtd",
	.spoiled_entry = 0x87, /* R, W, U/S; PS where there are no leaves */
	.longest_command = 32,
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
