/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device and PASID to what becomes of its requests (2.2.2, 2.2.6). */
#include "amd/bits.h"
#include "export.h"
#include "guest/gcr3.h"

#define FIRST_TRANSLATION_SIZE ENTRY_FIRST_SIZE(ioasid_amd_translation, entry)

#define PASID_LIMIT (UINT32_C(1) << 20)
#define DTE_SIZE    32u

struct lookup {
	const struct ioasid_amd_regs *regs;
	ioasid_amd_read read;
	void *opaque;
	struct ioasid_amd_translation *t;
};

static bool read_entry(const struct lookup *l, const struct ioasid_amd_dte *host, uint64_t address,
		       uint64_t *raw, size_t size)
{
	if (l->read(l->opaque, host, address, raw, size)) {
		l->t->entry = address;
		return false;
	}
	entry_to_numbers(raw, size);
	return true;
}

/* Size, bits 8:0 of the base register, counts pages, less one. */
static enum ioasid_amd_reason read_dte(const struct lookup *l, uint16_t device_id,
				       struct ioasid_amd_dte *dte)
{
	uint64_t base = l->regs->device_table & ENTRY_BITS(51, 12);
	uint64_t bytes = (entry_field(l->regs->device_table, 8, 0) + 1) << 12;
	uint64_t raw[DTE_SIZE / 8], offset = (uint64_t)device_id * DTE_SIZE;
	enum ioasid_amd_reason why;

	if (offset >= bytes)
		return IOASID_AMD_DEVICE_RANGE;
	if (!read_entry(l, NULL, base + offset, raw, sizeof(raw)))
		return IOASID_AMD_DTE_ACCESS;
	ioasid_amd_dte_decode(l->regs, raw, dte, &why);
	return why;
}

static enum ioasid_amd_reason read_gcr3(const struct lookup *l, const struct ioasid_amd_dte *host,
					uint64_t address, uint64_t *next)
{
	static const enum ioasid_amd_reason reasons[] = {
		[GCR3_VALID] = IOASID_AMD_OK,
		[GCR3_ABSENT] = IOASID_AMD_GCR3_ABSENT,
		[GCR3_RESERVED] = IOASID_AMD_GCR3_RESERVED,
	};
	uint64_t raw;

	if (!read_entry(l, host, address, &raw, sizeof(raw)))
		return host ? IOASID_AMD_GCR3_TRANSLATION : IOASID_AMD_GCR3_ACCESS;
	return reasons[gcr3_decode(raw, next)];
}

/* Where there is a host table, it translates these addresses only in GCR3TRPMode. */
static const struct ioasid_amd_dte *gcr3_host(const struct lookup *l,
					      const struct ioasid_amd_dte *dte)
{
	if (!dte->host_levels || !entry_bit(l->regs->efr2, AMD_EFR2_GCR3TRP) ||
	    !entry_bit(l->regs->control, AMD_CONTROL_GCR3TRP))
		return NULL;
	return dte;
}

static enum ioasid_amd_reason lookup_guest(const struct lookup *l, const struct ioasid_amd_dte *dte)
{
	uint32_t pasid = l->t->pasid;
	uint64_t at = dte->gcr3_root;
	enum ioasid_amd_reason reason;

	if ((uint64_t)pasid >> amd_pasid_bits(l->regs) ||
	    pasid >> GCR3_INDEX_BITS * dte->gcr3_levels)
		return IOASID_AMD_PASID_RANGE;
	for (unsigned level = dte->gcr3_levels; level; level--) {
		reason = read_gcr3(l, gcr3_host(l, dte), gcr3_at(at, pasid, level), &at);
		if (reason != IOASID_AMD_OK)
			return reason;
	}
	l->t->guest_levels = dte->guest_levels;
	l->t->guest_root = at;
	return IOASID_AMD_OK;
}

static enum ioasid_amd_kind kind_of(const struct ioasid_amd_translation *t)
{
	if (t->guest_levels)
		return t->host_levels ? IOASID_AMD_NESTED : IOASID_AMD_GUEST;
	return t->host_levels ? IOASID_AMD_HOST : IOASID_AMD_BYPASS;
}

static enum ioasid_amd_reason lookup_translation(struct lookup *l,
						 const struct ioasid_amd_dte *dte)
{
	struct ioasid_amd_translation *t = l->t;
	enum ioasid_amd_reason reason = IOASID_AMD_OK;

	if (!dte->translation_valid)
		return IOASID_AMD_DTE_NO_TRANSLATION;
	if (!dte->readable && !dte->writable)
		return IOASID_AMD_DTE_PERMISSION;
	if (t->pasid != IOASID_NO_PASID && !dte->guest)
		return IOASID_AMD_PASID_DISABLED;
	if (t->pasid == IOASID_NO_PASID && dte->guest_without_pasid)
		t->pasid = 0;
	if (t->pasid != IOASID_NO_PASID)
		reason = lookup_guest(l, dte);
	if (reason != IOASID_AMD_OK)
		return reason;
	t->device_tlb = dte->device_tlb;
	t->readable = dte->readable;
	t->writable = dte->writable;
	t->page_requests = dte->page_requests;
	t->response_pasid = dte->response_pasid;
	t->host_levels = dte->host_levels;
	t->host_root = dte->host_root;
	t->host_accessed = dte->host_levels && dte->host_accessed;
	t->host_dirty = dte->host_levels && dte->host_dirty;
	t->kind = kind_of(t);
	return IOASID_AMD_OK;
}

/* A unit that is off, and an entry that is not valid, let all requests pass. */
static void pass(struct ioasid_amd_translation *t)
{
	t->kind = IOASID_AMD_BYPASS;
	t->pasid = IOASID_NO_PASID;
	t->readable = true;
	t->writable = true;
}

static enum ioasid_amd_reason lookup(struct lookup *l, uint16_t device_id)
{
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	enum ioasid_amd_reason reason;

	if (!entry_bit(l->regs->control, AMD_CONTROL_ENABLE)) {
		pass(l->t);
		return IOASID_AMD_OK;
	}
	reason = read_dte(l, device_id, &dte);
	if (reason != IOASID_AMD_OK)
		return reason;
	if (!dte.valid) {
		pass(l->t);
		return IOASID_AMD_OK;
	}
	l->t->suppress = dte.suppress;
	l->t->suppress_all = dte.suppress_all;
	l->t->domain = dte.domain;
	return lookup_translation(l, &dte);
}

IOASID_EXPORT int ioasid_amd_lookup(const struct ioasid_amd_regs *regs, uint16_t device_id,
				    uint32_t pasid, ioasid_amd_read read, void *opaque,
				    struct ioasid_amd_translation *translation)
{
	struct ioasid_amd_translation t = { .kind = IOASID_AMD_BLOCKED, .pasid = pasid };
	struct lookup l = { regs, read, opaque, &t };
	int ret = amd_check(regs, translation->size, FIRST_TRANSLATION_SIZE, NULL);

	if (ret)
		return ret;
	if (pasid >= PASID_LIMIT && pasid != IOASID_NO_PASID)
		return err_set(EINVAL, "PASID 0x%x is wider than 20 bits", pasid);
	err_put_aside();
	t.reason = lookup(&l, device_id);
	err_take_back();
	entry_put(translation, &t, sizeof(t));
	return 0;
}
