/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors of the invalidation queue (6.5.2, 7.6.1): what they say. */
#include "export.h"
#include "guest/ats.h"
#include "vtd/bits.h"

#define FIRST_INV_SIZE ENTRY_FIRST_SIZE(ioasid_vtd_inv, response)

struct decoder {
	const struct ioasid_vtd_caps *caps;
	const uint64_t *raw;
	struct ioasid_vtd_inv *inv;
};

/* One type of descriptor. */
struct type {
	enum ioasid_vtd_reason (*decode)(struct decoder *d);
	uint64_t reserved[2]; /* of the two low quadwords; the two high ones have no fields */
	bool wide; /* for scalable mode only: has to be 256 bits wide (6.5.2.10) */
	int needs; /* bit of ECAP_REG, or -1 */
};

static uint16_t domain_of(const struct decoder *d)
{
	/* unimplemented bits are ignored, not reserved (6.5.2.3) */
	return (uint16_t)(entry_field(d->raw[0], 31, 16) &
			  ENTRY_BITS(vtd_domain_bits(d->caps) - 1, 0));
}

/*
 * The 2^shift bytes around an address of @width bits. @whole is the granularity of a range that
 * leaves no address out.
 */
static void set_range(struct ioasid_vtd_inv *inv, uint64_t address, unsigned shift, unsigned width,
		      enum ioasid_vtd_granularity whole)
{
	if (shift >= width) {
		inv->granularity = whole;
		return;
	}
	inv->granularity = IOASID_VTD_GRANULARITY_RANGE;
	inv->length = ENTRY_BIT(shift);
	inv->start = address & ENTRY_BITS(width - 1, shift);
}

/* Two granularities that context-cache, PASID-cache and IOTLB descriptors have in common. */
static enum ioasid_vtd_reason all_of_it(struct decoder *d)
{
	d->inv->granularity = IOASID_VTD_GRANULARITY_GLOBAL;
	return IOASID_VTD_OK;
}

static enum ioasid_vtd_reason all_of_domain(struct decoder *d)
{
	d->inv->granularity = IOASID_VTD_GRANULARITY_DOMAIN;
	d->inv->domain = domain_of(d);
	return IOASID_VTD_OK;
}

/* 6.5.2.1 */
static enum ioasid_vtd_reason decode_context_cache(struct decoder *d)
{
	/* function mask: how many of the function number's bits, from bit 2 down, are ignored */
	static const uint16_t ignore[4] = { 0, 4, 6, 7 };
	struct ioasid_vtd_inv *inv = d->inv;

	switch (entry_field(d->raw[0], 5, 4)) {
	case 1:
		return all_of_it(d);
	case 2:
		return all_of_domain(d);
	case 3:
		inv->granularity = IOASID_VTD_GRANULARITY_DEVICE;
		inv->domain = domain_of(d);
		inv->source_id = (uint16_t)entry_field(d->raw[0], 47, 32);
		inv->source_ignore = ignore[entry_field(d->raw[0], 49, 48)];
		return IOASID_VTD_OK;
	}
	return IOASID_VTD_DESCRIPTOR_GRANULARITY;
}

/* 6.5.2.2 */
static enum ioasid_vtd_reason decode_pasid_cache(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;

	switch (entry_field(d->raw[0], 5, 4)) {
	case 0:
		return all_of_domain(d);
	case 1:
		inv->granularity = IOASID_VTD_GRANULARITY_PASID;
		inv->domain = domain_of(d);
		inv->pasid = (uint32_t)entry_field(d->raw[0], 51, 32);
		return IOASID_VTD_OK;
	case 3:
		return all_of_it(d);
	}
	return IOASID_VTD_DESCRIPTOR_GRANULARITY;
}

/* 6.5.2.3. Draining of reads and writes (DR, DW) is always done. */
static enum ioasid_vtd_reason decode_iotlb(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;
	unsigned mask = (unsigned)entry_field(d->raw[1], 5, 0);

	switch (entry_field(d->raw[0], 5, 4)) {
	case 1:
		return all_of_it(d);
	case 2:
		return all_of_domain(d);
	case 3:
		if (!entry_bit(d->caps->cap, VTD_CAP_PSI))
			return IOASID_VTD_DESCRIPTOR_GRANULARITY;
		if (mask > vtd_mamv(d->caps))
			return IOASID_VTD_DESCRIPTOR_ADDRESS_MASK;
		inv->domain = domain_of(d);
		inv->leaf_only = entry_bit(d->raw[1], 6);
		/* bits beyond MGAW are ignored */
		set_range(inv, d->raw[1], 12 + mask, vtd_mgaw(d->caps),
			  IOASID_VTD_GRANULARITY_DOMAIN);
		return IOASID_VTD_OK;
	}
	return IOASID_VTD_DESCRIPTOR_GRANULARITY;
}

/* 6.5.2.4. MAMV doesn't bound it: guests send larger masks. */
static enum ioasid_vtd_reason decode_pasid_iotlb(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;
	uint64_t granularity = entry_field(d->raw[0], 5, 4);

	if (granularity < 2)
		return IOASID_VTD_DESCRIPTOR_GRANULARITY;
	inv->domain = domain_of(d);
	inv->pasid = (uint32_t)entry_field(d->raw[0], 51, 32);
	inv->granularity = IOASID_VTD_GRANULARITY_PASID;
	if (granularity == 3) {
		inv->leaf_only = entry_bit(d->raw[1], 6);
		set_range(inv, d->raw[1], 12 + (unsigned)entry_field(d->raw[1], 5, 0), 64,
			  IOASID_VTD_GRANULARITY_PASID);
	}
	return IOASID_VTD_OK;
}

/* An address with S, as PCIe ATS has it. */
static void set_ats_range(struct ioasid_vtd_inv *inv, uint64_t address, bool s)
{
	set_range(inv, address, ats_shift(address, s), 64, IOASID_VTD_GRANULARITY_GLOBAL);
}

/* PFSID and MIP, hints for throttling, are of no use here. */
static enum ioasid_vtd_reason check_pfsid(const struct decoder *d)
{
	uint64_t pfsid = ENTRY_BITS(15, 12) | ENTRY_BITS(63, 52);

	if (!vtd_can(d->caps, VTD_ECAP_DIT) && d->raw[0] & pfsid)
		return IOASID_VTD_DESCRIPTOR_RESERVED;
	return IOASID_VTD_OK;
}

/* 6.5.2.5 */
static enum ioasid_vtd_reason decode_device_tlb(struct decoder *d)
{
	d->inv->source_id = (uint16_t)entry_field(d->raw[0], 47, 32);
	set_ats_range(d->inv, d->raw[1], entry_bit(d->raw[1], 0));
	return check_pfsid(d);
}

/* 6.5.2.6 */
static enum ioasid_vtd_reason decode_pasid_device_tlb(struct decoder *d)
{
	d->inv->source_id = (uint16_t)entry_field(d->raw[0], 31, 16);
	d->inv->all_pasids = entry_bit(d->raw[1], 0);
	if (!d->inv->all_pasids)
		d->inv->pasid = (uint32_t)entry_field(d->raw[0], 51, 32);
	set_ats_range(d->inv, d->raw[1], entry_bit(d->raw[1], 11));
	return check_pfsid(d);
}

/* 6.5.2.7 */
static enum ioasid_vtd_reason decode_interrupt_entry_cache(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;
	unsigned mask = (unsigned)entry_field(d->raw[0], 31, 27);

	inv->granularity = IOASID_VTD_GRANULARITY_GLOBAL;
	if (entry_bit(d->raw[0], 4) && mask < 16) {
		inv->granularity = IOASID_VTD_GRANULARITY_RANGE;
		inv->count = UINT32_C(1) << mask;
		inv->index = (uint32_t)entry_field(d->raw[0], 47, 32) & ~(inv->count - 1);
	}
	return IOASID_VTD_OK;
}

/* 6.5.2.8 */
static enum ioasid_vtd_reason decode_wait(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;

	inv->granularity = IOASID_VTD_GRANULARITY_GLOBAL;
	inv->interrupt = entry_bit(d->raw[0], 4);
	inv->status_write = entry_bit(d->raw[0], 5);
	inv->fence = entry_bit(d->raw[0], 6);
	inv->page_request_drain = entry_bit(d->raw[0], 7);
	if (inv->page_request_drain && !vtd_can(d->caps, VTD_ECAP_PDS))
		return IOASID_VTD_DESCRIPTOR_RESERVED;
	if (inv->status_write) { /* else both are ignored; bits beyond HAW always are */
		inv->status_data = (uint32_t)entry_field(d->raw[0], 63, 32);
		inv->status_address = d->raw[1] & ENTRY_BITS(d->caps->haw - 1, 2);
	}
	return IOASID_VTD_OK;
}

/* 7.6.1. Bit 66 has been the last request's before 4.0: Linux before 6.18 sets it. */
static enum ioasid_vtd_reason decode_page_group_response(struct decoder *d)
{
	struct ioasid_vtd_inv *inv = d->inv;

	inv->granularity = IOASID_VTD_GRANULARITY_GLOBAL;
	inv->source_id = (uint16_t)entry_field(d->raw[0], 31, 16);
	inv->pasid = IOASID_NO_PASID;
	if (entry_bit(d->raw[0], 4)) /* PP */
		inv->pasid = (uint32_t)entry_field(d->raw[0], 51, 32);
	inv->group = (uint16_t)entry_field(d->raw[1], 11, 3);
	inv->response = (uint32_t)entry_field(d->raw[0], 15, 12);
	return IOASID_VTD_OK;
}

/* Bits 11:9 are the upper part of the type, so they are not among the reserved ones. */
static const struct type types[] = {
	[IOASID_VTD_INV_CONTEXT_CACHE] = {
		decode_context_cache,
		{ ENTRY_BITS(63, 50) | ENTRY_BITS(15, 12) | ENTRY_BITS(8, 6), ENTRY_BITS(63, 0) },
		false, -1,
	},
	[IOASID_VTD_INV_IOTLB] = {
		decode_iotlb,
		{ ENTRY_BITS(63, 32) | ENTRY_BITS(15, 12) | ENTRY_BIT(8), ENTRY_BITS(11, 7) },
		false, -1,
	},
	[IOASID_VTD_INV_DEVICE_TLB] = {
		decode_device_tlb,
		{ ENTRY_BITS(51, 48) | ENTRY_BITS(31, 21) | ENTRY_BITS(8, 4), ENTRY_BITS(11, 1) },
		false, VTD_ECAP_DT,
	},
	[IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE] = {
		decode_interrupt_entry_cache,
		{ ENTRY_BITS(63, 48) | ENTRY_BITS(26, 12) | ENTRY_BITS(8, 5), ENTRY_BITS(63, 0) },
		false, -1,
	},
	[IOASID_VTD_INV_WAIT] = {
		decode_wait,
		{ ENTRY_BITS(31, 12) | ENTRY_BIT(8), ENTRY_BITS(1, 0) },
		false, -1,
	},
	[IOASID_VTD_INV_PASID_IOTLB] = {
		decode_pasid_iotlb,
		{ ENTRY_BITS(63, 52) | ENTRY_BITS(15, 12) | ENTRY_BITS(8, 6), ENTRY_BITS(11, 7) },
		true, -1,
	},
	[IOASID_VTD_INV_PASID_CACHE] = {
		decode_pasid_cache,
		{ ENTRY_BITS(63, 52) | ENTRY_BITS(15, 12) | ENTRY_BITS(8, 6), ENTRY_BITS(63, 0) },
		true, -1,
	},
	[IOASID_VTD_INV_PASID_DEVICE_TLB] = {
		decode_pasid_device_tlb,
		{ 0, ENTRY_BITS(10, 1) },
		true, VTD_ECAP_DT,
	},
	[IOASID_VTD_INV_PAGE_GROUP_RESPONSE] = {
		decode_page_group_response,
		{ ENTRY_BITS(63, 52) | ENTRY_BITS(8, 5), ENTRY_BITS(63, 12) | ENTRY_BITS(1, 0) },
		true, VTD_ECAP_PRS,
	},
};

/* Which widths and types a mode allows (6.5.2.10, 11.4.9.9). */
static enum ioasid_vtd_reason check_mode(const struct ioasid_vtd_caps *caps, enum vtd_mode mode,
					 size_t bytes, const struct type *type)
{
	bool smts = vtd_can(caps, VTD_ECAP_SMTS), adms = vtd_can(caps, VTD_ECAP_ADMS);

	if (mode == VTD_MODE_RESERVED || (mode == VTD_MODE_SCALABLE && !smts) ||
	    (mode == VTD_MODE_ABORT && !adms))
		return IOASID_VTD_DESCRIPTOR_MODE;
	if (bytes != 16 && bytes != 32)
		return IOASID_VTD_DESCRIPTOR_WIDTH;
	if (bytes == 16 && mode != VTD_MODE_LEGACY)
		return IOASID_VTD_DESCRIPTOR_WIDTH;
	if (bytes == 32 && !smts && !adms)
		return IOASID_VTD_DESCRIPTOR_WIDTH;
	if (!type || (type->wide && mode == VTD_MODE_LEGACY) ||
	    (type->needs >= 0 && !vtd_can(caps, (unsigned)type->needs)))
		return IOASID_VTD_DESCRIPTOR_TYPE;
	return IOASID_VTD_OK;
}

static const struct type *find_type(uint64_t raw)
{
	uint64_t number = entry_field(raw, 3, 0) | entry_field(raw, 11, 9) << 4;

	if (number < sizeof(types) / sizeof(types[0]) && types[number].decode)
		return &types[number];
	return NULL;
}

IOASID_EXPORT int ioasid_vtd_inv_decode(const struct ioasid_vtd_caps *caps, uint64_t rtaddr,
					const uint64_t *raw, size_t bytes,
					struct ioasid_vtd_inv *inv, enum ioasid_vtd_reason *why)
{
	const struct type *type = find_type(raw[0]);
	struct ioasid_vtd_inv new = { 0 };
	struct decoder d = { caps, raw, &new };
	enum ioasid_vtd_reason reason;
	int ret = vtd_check(caps, inv->size, FIRST_INV_SIZE, why);

	if (ret)
		return ret;
	reason = check_mode(caps, vtd_mode(rtaddr), bytes, type);
	if (reason == IOASID_VTD_OK &&
	    (raw[0] & type->reserved[0] || raw[1] & type->reserved[1] ||
	     (bytes == 32 && (raw[2] || raw[3]))))
		reason = IOASID_VTD_DESCRIPTOR_RESERVED;
	if (reason == IOASID_VTD_OK) {
		new.type = (enum ioasid_vtd_inv_type)(type - types);
		reason = type->decode(&d);
	}
	if (reason == IOASID_VTD_OK)
		entry_put(inv, &new, sizeof(new));
	return vtd_answer(EINVAL, reason, why);
}
