/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the root, context and PASID tables. */
#include "export.h"
#include "vtd/bits.h"

#define FIRST_CONTEXT_SIZE ENTRY_FIRST_SIZE(ioasid_vtd_context, pasid_dir)
#define FIRST_PASID_SIZE   ENTRY_FIRST_SIZE(ioasid_vtd_pasid, first_root)

#define MIN_HAW 32u
#define MAX_HAW 52u

/* In all entries: bit 0 is P, bits 63:12 are an address; but for root entries, bit 1 is FPD. */
#define P	ENTRY_BIT(0)
#define FPD	ENTRY_BIT(1)
#define ADDRESS ENTRY_BITS(63, 12)

IOASID_EXPORT void ioasid_vtd_caps_init(struct ioasid_vtd_caps *caps, uint64_t cap, uint64_t ecap)
{
	*caps = (struct ioasid_vtd_caps){ .cap = cap, .ecap = ecap, .haw = MAX_HAW };
}

int vtd_check(const struct ioasid_vtd_caps *caps, size_t size, size_t least,
	      enum ioasid_vtd_reason *why)
{
	int ret = entry_check_size("VT-d", size, least);

	if (why)
		*why = IOASID_VTD_OK;
	if (!ret)
		ret = entry_check_unit("VT-d", 0, 0, &caps->reserved, 1);
	if (!ret && (caps->haw < MIN_HAW || caps->haw > MAX_HAW))
		ret = err_set(EINVAL, "VT-d: host address width %u, must be %u to %u", caps->haw,
			      MIN_HAW, MAX_HAW);
	return ret;
}

IOASID_EXPORT int ioasid_vtd_root_decode(const struct ioasid_vtd_caps *caps, const uint64_t raw[2],
					 bool scalable, uint8_t devfn, uint64_t *context_table,
					 enum ioasid_vtd_reason *why)
{
	uint64_t half = raw[scalable && devfn >= 0x80]; /* 9.2: UP and UCTP, LP and LCTP */
	uint64_t reserved = ENTRY_BITS(11, 1);
	uint64_t rest = scalable ? 0 : raw[1]; /* 9.1: the upper quadword is reserved */
	int ret = vtd_check(caps, 0, 0, why);

	if (ret)
		return ret;
	if (!(half & P))
		return vtd_answer(ENOENT,
				  scalable ? IOASID_VTD_SM_ROOT_ABSENT : IOASID_VTD_ROOT_ABSENT,
				  why);
	if (half & (reserved | vtd_beyond_haw(caps)) || rest)
		return vtd_answer(EINVAL,
				  scalable ? IOASID_VTD_SM_ROOT_RESERVED : IOASID_VTD_ROOT_RESERVED,
				  why);
	*context_table = half & ADDRESS;
	return vtd_answer(0, IOASID_VTD_OK, why);
}

/* 9.3 */
static enum ioasid_vtd_reason decode_legacy(const struct ioasid_vtd_caps *caps, const uint64_t *raw,
					    struct ioasid_vtd_context *c)
{
	unsigned type = (unsigned)entry_field(raw[0], 3, 2);
	unsigned aw = (unsigned)entry_field(raw[1], 2, 0);
	uint64_t low = ENTRY_BITS(11, 4);
	uint64_t high = ENTRY_BITS(63, 8 + vtd_domain_bits(caps)) | ENTRY_BIT(7);

	if (type != 2) /* pass-through ignores the address */
		low |= vtd_beyond_haw(caps);
	if (raw[0] & low || raw[1] & high)
		return IOASID_VTD_CONTEXT_RESERVED;
	if (type == 3 || (type == 2 && !vtd_can(caps, VTD_ECAP_PT)) ||
	    (type == 1 && !vtd_can(caps, VTD_ECAP_DT)))
		return IOASID_VTD_CONTEXT_TYPE;
	if (!vtd_aw_supported(caps, aw))
		return IOASID_VTD_CONTEXT_WIDTH;

	c->kind = type == 2 ? IOASID_VTD_PASSTHROUGH : IOASID_VTD_SECOND_STAGE;
	c->device_tlb = type == 1;
	c->domain = (uint16_t)entry_field(raw[1], 23, 8);
	if (type != 2) {
		c->levels = aw + 2;
		c->root = raw[0] & ADDRESS;
	}
	return IOASID_VTD_OK;
}

/* 9.4 */
static enum ioasid_vtd_reason decode_scalable(const struct ioasid_vtd_caps *caps,
					      const uint64_t *raw, struct ioasid_vtd_context *c)
{
	uint64_t low = ENTRY_BITS(8, 5) | vtd_beyond_haw(caps);
	uint64_t high = ENTRY_BITS(63, 21);

	low |= vtd_can(caps, VTD_ECAP_DT) ? 0 : ENTRY_BIT(2);
	low |= vtd_can(caps, VTD_ECAP_PASID) ? 0 : ENTRY_BIT(3);
	low |= vtd_can(caps, VTD_ECAP_PRS) ? 0 : ENTRY_BIT(4);
	high |= vtd_can(caps, VTD_ECAP_RPS) ? 0 : ENTRY_BITS(19, 0);
	high |= vtd_can(caps, VTD_ECAP_RPRIVS) ? 0 : ENTRY_BIT(20);
	if (raw[0] & low || raw[1] & high || raw[2] || raw[3])
		return IOASID_VTD_SM_CONTEXT_RESERVED;

	c->device_tlb = entry_bit(raw[0], 2);
	c->pasid_enable = entry_bit(raw[0], 3);
	c->page_request = entry_bit(raw[0], 4);
	/* PDTS: 2^(PDTS + 7) directory entries, each for 2^6 PASIDs */
	c->pasid_bits = (uint32_t)entry_field(raw[0], 11, 9) + 7 + 6;
	c->pasid_dir = raw[0] & ADDRESS;
	c->rid_pasid = (uint32_t)entry_field(raw[1], 19, 0);
	c->rid_supervisor = entry_bit(raw[1], 20);
	if (c->page_request && !c->device_tlb)
		return IOASID_VTD_SM_CONTEXT_PRE;
	if (c->rid_pasid >> c->pasid_bits)
		return IOASID_VTD_SM_CONTEXT_RID_PASID;
	return IOASID_VTD_OK;
}

IOASID_EXPORT int ioasid_vtd_context_decode(const struct ioasid_vtd_caps *caps, const uint64_t *raw,
					    bool scalable, struct ioasid_vtd_context *context,
					    enum ioasid_vtd_reason *why)
{
	struct ioasid_vtd_context c = { .fault_disable = raw[0] & FPD };
	enum ioasid_vtd_reason reason;
	int ret = vtd_check(caps, context->size, FIRST_CONTEXT_SIZE, why);

	if (ret)
		return ret;
	if (!(raw[0] & P)) {
		entry_put(context, &c, sizeof(c));
		return vtd_answer(ENOENT,
				  scalable ? IOASID_VTD_SM_CONTEXT_ABSENT :
					     IOASID_VTD_CONTEXT_ABSENT,
				  why);
	}
	reason = scalable ? decode_scalable(caps, raw, &c) : decode_legacy(caps, raw, &c);
	if (reason == IOASID_VTD_OK)
		entry_put(context, &c, sizeof(c));
	return vtd_answer(EINVAL, reason, why);
}

IOASID_EXPORT int ioasid_vtd_pasid_dir_decode(const struct ioasid_vtd_caps *caps, uint64_t raw,
					      uint64_t *pasid_table, bool *fault_disable,
					      enum ioasid_vtd_reason *why)
{
	int ret = vtd_check(caps, 0, 0, why);

	if (ret)
		return ret;
	if (!(raw & P)) {
		if (fault_disable)
			*fault_disable = raw & FPD;
		return vtd_answer(ENOENT, IOASID_VTD_PASID_DIR_ABSENT, why);
	}
	if (raw & (ENTRY_BITS(11, 2) | vtd_beyond_haw(caps)))
		return vtd_answer(EINVAL, IOASID_VTD_PASID_DIR_RESERVED, why);
	if (fault_disable)
		*fault_disable = raw & FPD;
	*pasid_table = raw & ADDRESS;
	return vtd_answer(0, IOASID_VTD_OK, why);
}

/* 9.6. The address width is left out: see pasid_second_stage(). */
static bool pasid_has_reserved(const struct ioasid_vtd_caps *caps, const uint64_t *raw)
{
	bool first = vtd_can(caps, VTD_ECAP_FSTS), second = vtd_can(caps, VTD_ECAP_SSTS);
	uint64_t r[3] = {
		ENTRY_BIT(5) | ENTRY_BITS(11, 10) | vtd_beyond_haw(caps),
		ENTRY_BITS(22, 16) | ENTRY_BITS(31, 27),
		ENTRY_BIT(1) | ENTRY_BITS(11, 8) | vtd_beyond_haw(caps),
	};

	r[0] |= second ? 0 : ADDRESS;
	r[0] |= second && vtd_can(caps, VTD_ECAP_SSADS) ? 0 : ENTRY_BIT(9);
	if (vtd_domain_bits(caps) < 16)
		r[1] |= ENTRY_BITS(15, vtd_domain_bits(caps));
	r[1] |= vtd_can(caps, VTD_ECAP_SMPWCS) ? 0 : ENTRY_BIT(23); /* PWSNP */
	r[1] |= vtd_can(caps, VTD_ECAP_SC) ? 0 : ENTRY_BIT(24); /* PGSNP */
	r[1] |= vtd_can(caps, VTD_ECAP_MTS) ? 0 : ENTRY_BITS(26, 25) | ENTRY_BITS(63, 32);
	r[2] |= vtd_can(caps, VTD_ECAP_SRS) ? 0 : ENTRY_BIT(0);
	r[2] |= first ? 0 : ENTRY_BITS(4, 2) | ADDRESS;
	r[2] |= vtd_can(caps, VTD_ECAP_EAFS) ? 0 : ENTRY_BIT(7);
	return raw[0] & r[0] || raw[1] & r[1] || raw[2] & r[2] || raw[3] || raw[4] || raw[5] ||
	       raw[6] || raw[7];
}

static enum ioasid_vtd_kind pasid_kind(const struct ioasid_vtd_caps *caps, uint64_t pgtt)
{
	if (pgtt == 1 && vtd_can(caps, VTD_ECAP_FSTS))
		return IOASID_VTD_FIRST_STAGE;
	if (pgtt == 2 && vtd_can(caps, VTD_ECAP_SSTS))
		return IOASID_VTD_SECOND_STAGE;
	if (pgtt == 3 && vtd_can(caps, VTD_ECAP_NEST))
		return IOASID_VTD_NESTED;
	if (pgtt == 4 && vtd_can(caps, VTD_ECAP_PT))
		return IOASID_VTD_PASSTHROUGH;
	return IOASID_VTD_BLOCKED;
}

/*
 * The address width is ignored where no second stage is used, and reserved on a unit without any.
 * Linux sets it for first-stage tables on all units, and emulated units accept that.
 */
static enum ioasid_vtd_reason pasid_second_stage(const struct ioasid_vtd_caps *caps,
						 const uint64_t *raw, struct ioasid_vtd_pasid *p)
{
	unsigned aw = (unsigned)entry_field(raw[0], 4, 2);

	if (p->kind != IOASID_VTD_SECOND_STAGE && p->kind != IOASID_VTD_NESTED)
		return IOASID_VTD_OK;
	if (!vtd_aw_supported(caps, aw))
		return IOASID_VTD_PASID_WIDTH;
	p->second_levels = aw + 2;
	p->second_root = raw[0] & ADDRESS;
	p->second_dirty = entry_bit(raw[0], 9);
	return IOASID_VTD_OK;
}

static enum ioasid_vtd_reason pasid_first_stage(const struct ioasid_vtd_caps *caps,
						const uint64_t *raw, struct ioasid_vtd_pasid *p)
{
	uint64_t mode = entry_field(raw[2], 3, 2); /* FSPM */
	unsigned width;

	if (p->kind != IOASID_VTD_FIRST_STAGE && p->kind != IOASID_VTD_NESTED)
		return IOASID_VTD_OK;
	if (mode > 1 || (mode == 1 && !entry_bit(caps->cap, VTD_CAP_FS5LP)))
		return IOASID_VTD_PASID_PAGING_MODE;
	p->first_levels = 4 + (uint32_t)mode;
	p->first_root = raw[2] & ADDRESS;
	p->extended_accessed = entry_bit(raw[2], 7);
	p->write_protect = entry_bit(raw[2], 4);
	if (p->kind == IOASID_VTD_NESTED) {
		width = vtd_aw_bits(p->second_levels - 2);
		if (vtd_mgaw(caps) < width)
			width = vtd_mgaw(caps);
		if (p->first_root >> width)
			return IOASID_VTD_PASID_ROOT;
	}
	return IOASID_VTD_OK;
}

static enum ioasid_vtd_reason decode_pasid(const struct ioasid_vtd_caps *caps, const uint64_t *raw,
					   struct ioasid_vtd_pasid *p)
{
	enum ioasid_vtd_reason reason;

	if (pasid_has_reserved(caps, raw))
		return IOASID_VTD_PASID_RESERVED;
	p->kind = pasid_kind(caps, entry_field(raw[0], 8, 6)); /* PGTT */
	if (p->kind == IOASID_VTD_BLOCKED)
		return IOASID_VTD_PASID_TYPE;
	p->domain = (uint16_t)entry_field(raw[1], 15, 0);
	p->page_snoop = entry_bit(raw[1], 24);
	p->supervisor = entry_bit(raw[2], 0);
	reason = pasid_second_stage(caps, raw, p);
	return reason == IOASID_VTD_OK ? pasid_first_stage(caps, raw, p) : reason;
}

IOASID_EXPORT int ioasid_vtd_pasid_decode(const struct ioasid_vtd_caps *caps, const uint64_t raw[8],
					  struct ioasid_vtd_pasid *pasid,
					  enum ioasid_vtd_reason *why)
{
	struct ioasid_vtd_pasid p = { .fault_disable = raw[0] & FPD };
	enum ioasid_vtd_reason reason;
	int ret = vtd_check(caps, pasid->size, FIRST_PASID_SIZE, why);

	if (ret)
		return ret;
	if (!(raw[0] & P)) {
		entry_put(pasid, &p, sizeof(p));
		return vtd_answer(ENOENT, IOASID_VTD_PASID_ABSENT, why);
	}
	reason = decode_pasid(caps, raw, &p);
	if (reason == IOASID_VTD_OK)
		entry_put(pasid, &p, sizeof(p));
	return vtd_answer(EINVAL, reason, why);
}
