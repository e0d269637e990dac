/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device's source-id and PASID to what becomes of its requests (3.4). */
#include "export.h"
#include "guest/vtd_pasid.h"
#include "vtd/bits.h"

#define FIRST_TRANSLATION_SIZE ENTRY_FIRST_SIZE(ioasid_vtd_translation, first_root)

#define PASID_LIMIT (UINT32_C(1) << 20)

struct lookup {
	const struct ioasid_vtd_caps *caps;
	ioasid_vtd_read read;
	void *opaque;
	uint16_t source_id;
	uint32_t pasid; /* of the request */
	struct ioasid_vtd_translation *t;
};

/* Reads an entry of @size bytes: memory has it little-endian (9). */
static int read_entry(const struct lookup *l, uint64_t gpa, uint64_t *raw, size_t size)
{
	if (l->read(l->opaque, gpa, raw, size))
		return -EFAULT;
	entry_to_numbers(raw, size);
	return 0;
}

static enum ioasid_vtd_reason read_context(struct lookup *l, uint64_t rtaddr, bool scalable,
					   struct ioasid_vtd_context *context)
{
	uint64_t raw[4] = { 0 }, table;
	size_t entry = scalable ? 32 : 16;
	uint8_t devfn = (uint8_t)l->source_id;
	enum ioasid_vtd_reason why;

	if (read_entry(l, (rtaddr & ENTRY_BITS(63, 12)) + 16 * (l->source_id >> 8), raw, 16))
		return scalable ? IOASID_VTD_SM_ROOT_ACCESS : IOASID_VTD_ROOT_ACCESS;
	if (ioasid_vtd_root_decode(l->caps, raw, scalable, devfn, &table, &why))
		return why;
	/*
	 * a context table is one page: in scalable mode there are two, of half the functions each
	 */
	table += entry * (scalable ? devfn & 0x7f : devfn);
	if (read_entry(l, table, raw, entry))
		return scalable ? IOASID_VTD_SM_CONTEXT_ACCESS : IOASID_VTD_CONTEXT_ACCESS;
	ioasid_vtd_context_decode(l->caps, raw, scalable, context, &why);
	/* FPD counts for all that is found wrong with the entry itself and behind it (9.3, 9.4) */
	l->t->fault_disable = entry_bit(raw[0], 1);
	return why;
}

static enum ioasid_vtd_reason lookup_legacy(struct lookup *l, uint64_t rtaddr)
{
	struct ioasid_vtd_context context = IOASID_VTD_CONTEXT_INIT;
	enum ioasid_vtd_reason why;

	if (l->pasid != IOASID_NO_PASID)
		return IOASID_VTD_MODE_PASID;
	why = read_context(l, rtaddr, false, &context);
	if (why != IOASID_VTD_OK)
		return why;
	l->t->kind = context.kind;
	l->t->domain = context.domain;
	l->t->device_tlb = context.device_tlb;
	l->t->second_levels = context.levels;
	l->t->second_root = context.root;
	l->t->pasid = IOASID_NO_PASID;
	return IOASID_VTD_OK;
}

/* Is the request allowed to use its PASID? (SCT.6, SCT.7, SCT.9, SGN.10) */
static enum ioasid_vtd_reason check_pasid(const struct lookup *l,
					  const struct ioasid_vtd_context *context)
{
	if (l->pasid == IOASID_NO_PASID)
		return IOASID_VTD_OK;
	if (!context->pasid_enable)
		return IOASID_VTD_SM_CONTEXT_NO_PASID;
	if (l->pasid >> context->pasid_bits)
		return IOASID_VTD_SM_CONTEXT_PASID_SIZE;
	if (l->pasid == context->rid_pasid)
		return IOASID_VTD_SM_CONTEXT_PASID_TAKEN;
	if ((uint64_t)l->pasid >> (entry_field(l->caps->ecap, 39, 35) + 1)) /* PSS, less one */
		return IOASID_VTD_PASID_SIZE;
	return IOASID_VTD_OK;
}

static enum ioasid_vtd_reason read_pasid(struct lookup *l, uint64_t dir, uint32_t pasid,
					 struct ioasid_vtd_pasid *entry)
{
	bool quiet = l->t->fault_disable;
	uint64_t raw[8], table;
	enum ioasid_vtd_reason why;

	/* that an entry cannot be read is always recorded (7.1.3) */
	l->t->fault_disable = false;
	if (read_entry(l, dir + 8 * (uint64_t)(pasid >> 6), raw, 8))
		return IOASID_VTD_PASID_DIR_ACCESS;
	quiet |= entry_bit(raw[0], 1);
	l->t->fault_disable = quiet;
	if (ioasid_vtd_pasid_dir_decode(l->caps, raw[0], &table, NULL, &why))
		return why;

	l->t->fault_disable = false;
	if (read_entry(l, table + 64 * (uint64_t)(pasid & 63), raw, 64))
		return IOASID_VTD_PASID_ACCESS;
	l->t->fault_disable = quiet | entry_bit(raw[0], 1);
	ioasid_vtd_pasid_decode(l->caps, raw, entry, &why);
	return why;
}

static enum ioasid_vtd_reason lookup_scalable(struct lookup *l, uint64_t rtaddr)
{
	struct ioasid_vtd_context context = IOASID_VTD_CONTEXT_INIT;
	struct ioasid_vtd_pasid entry = IOASID_VTD_PASID_INIT;
	bool without = l->pasid == IOASID_NO_PASID;
	enum ioasid_vtd_reason why;

	l->t->scalable = true;
	why = read_context(l, rtaddr, true, &context);
	if (why == IOASID_VTD_OK)
		why = check_pasid(l, &context);
	if (why != IOASID_VTD_OK)
		return why;
	l->t->pasid = without ? context.rid_pasid : l->pasid;
	l->t->device_tlb = context.device_tlb;
	l->t->page_request = context.page_request;
	l->t->supervisor = without && context.rid_supervisor;

	why = read_pasid(l, context.pasid_dir, l->t->pasid, &entry);
	if (why != IOASID_VTD_OK)
		return why;
	if (l->t->supervisor && !entry.supervisor)
		return IOASID_VTD_PASID_SUPERVISOR;
	vtd_use_pasid(l->t, &entry);
	return IOASID_VTD_OK;
}

static enum ioasid_vtd_reason lookup(struct lookup *l, uint64_t rtaddr)
{
	switch (vtd_mode(rtaddr)) {
	case VTD_MODE_LEGACY:
		return lookup_legacy(l, rtaddr);
	case VTD_MODE_SCALABLE:
		if (vtd_can(l->caps, VTD_ECAP_SMTS))
			return lookup_scalable(l, rtaddr);
		break;
	case VTD_MODE_ABORT:
		if (vtd_can(l->caps, VTD_ECAP_ADMS))
			return IOASID_VTD_MODE_ABORT;
		break;
	case VTD_MODE_RESERVED:
		break;
	}
	return IOASID_VTD_MODE;
}

IOASID_EXPORT int ioasid_vtd_lookup(const struct ioasid_vtd_caps *caps, uint64_t rtaddr,
				    uint16_t source_id, uint32_t pasid, ioasid_vtd_read read,
				    void *opaque, struct ioasid_vtd_translation *translation)
{
	struct ioasid_vtd_translation t = { .kind = IOASID_VTD_BLOCKED, .pasid = pasid };
	struct lookup l = { caps, read, opaque, source_id, pasid, &t };
	int ret = vtd_check(caps, translation->size, FIRST_TRANSLATION_SIZE, NULL);

	if (ret)
		return ret;
	if (pasid >= PASID_LIMIT && pasid != IOASID_NO_PASID)
		return err_set(EINVAL, "PASID 0x%x is wider than 20 bits", pasid);
	err_put_aside();
	t.reason = lookup(&l, rtaddr);
	err_take_back();
	entry_put(translation, &t, sizeof(t));
	return 0;
}

IOASID_EXPORT int
ioasid_vtd_translation_get_pgtable(const struct ioasid_vtd_translation *translation,
				   const struct ioasid_vtd_caps *caps,
				   enum ioasid_pgtable_format format,
				   struct ioasid_pgtable *pgtable)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int ret = vtd_check(caps, pgtable->size, FIRST_PGTABLE_SIZE, NULL);

	if (ret)
		return ret;
	p.format = format;
	p.address_bits = caps->haw;
	if (format == IOASID_PGTABLE_VTD_FS) {
		p.levels = translation->first_levels;
		p.root = translation->first_root;
		p.flags = (entry_bit(caps->cap, VTD_CAP_FS1GP) ? 0 : IOASID_PGTABLE_NO_1G) |
			  (translation->supervisor ? IOASID_PGTABLE_PRIVILEGED : 0) |
			  (translation->write_protect ? IOASID_PGTABLE_WRITE_PROTECT : 0) |
			  (translation->extended_accessed ? IOASID_PGTABLE_SET_EXTENDED : 0);
	} else if (format == IOASID_PGTABLE_VTD_SS) {
		p.levels = translation->second_levels;
		p.root = translation->second_root;
		if (vtd_mgaw(caps) < 12 + 9 * p.levels) /* the lesser counts (3.7) */
			p.input_bits = vtd_mgaw(caps);
		p.flags = (entry_bit(caps->cap, 34) ? 0 : IOASID_PGTABLE_NO_2M) | /* SSLPS */
			  (entry_bit(caps->cap, 35) ? 0 : IOASID_PGTABLE_NO_1G);
		if (translation->second_dirty)
			p.flags |= IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY;
	}
	if (!p.levels)
		return err_set(ENOENT, "the translation has no table of format %d", (int)format);
	entry_put(pgtable, &p, sizeof(p));
	return 0;
}
