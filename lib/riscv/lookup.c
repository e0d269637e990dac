/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a device_id and process_id to what becomes of the requests (3.3). */
#include "export.h"
#include "guest/pdt.h"
#include "riscv/bits.h"

#define FIRST_TRANSLATION_SIZE ENTRY_FIRST_SIZE(ioasid_riscv_translation, entry)

#define PROCESS_LIMIT (UINT32_C(1) << 20)

struct lookup {
	const struct ioasid_riscv_regs *regs;
	ioasid_riscv_read read;
	void *opaque;
	uint64_t unreadable; /* the address of an entry */
};

/*
 * Reads an entry, in the byte order that it has (3.10). What is beyond the unit's physical
 * addresses is not there; addresses of the second stage are for that to judge.
 */
static bool read_entry(struct lookup *l, const struct ioasid_riscv_dc *second,
		       bool big_endian, uint64_t address, uint64_t *raw, size_t size)
{
	if ((!second && address >> riscv_address_bits(l->regs)) ||
	    l->read(l->opaque, second, address, raw, size)) {
		l->unreadable = address;
		return false;
	}
	for (size_t i = 0; i < size / sizeof(*raw); i++)
		raw[i] = big_endian ? be64toh(raw[i]) : le64toh(raw[i]);
	return true;
}

/* 3.3.1; bits of the device_id are those of the entries below. */
static enum ioasid_riscv_reason find_dc(struct lookup *l, uint32_t device_id,
					unsigned levels, uint64_t *address)
{
	bool big_endian = riscv_fctl(l->regs, RISCV_FCTL_BE);
	uint64_t table = pdt_address(l->regs->ddtp, 10), raw;
	uint32_t index = device_id;
	enum pdt_state state;

	while (--levels) {
		unsigned shift = riscv_device_bits(l->regs, levels);
		uint64_t at = table + 8 * (uint64_t)(index >> shift);

		if (!read_entry(l, NULL, big_endian, at, &raw, sizeof(raw)))
			return IOASID_RISCV_DDT_ACCESS;
		state = pdt_decode(raw, &table);
		if (state != PDT_VALID)
			return state == PDT_ABSENT ? IOASID_RISCV_DDT_ABSENT :
						     IOASID_RISCV_DDT_RESERVED;
		index &= (UINT32_C(1) << shift) - 1;
	}
	*address = table + (uint64_t)index * (riscv_can(l->regs, RISCV_CAP_MSI_FLAT) ? 64 : 32);
	return IOASID_RISCV_OK;
}

static enum ioasid_riscv_reason lookup_dc(struct lookup *l, uint32_t device_id,
					  struct ioasid_riscv_dc *dc)
{
	unsigned levels = riscv_ddt_levels(l->regs);
	size_t size = riscv_can(l->regs, RISCV_CAP_MSI_FLAT) ? 64 : 32;
	enum ioasid_riscv_reason why;
	uint64_t address, raw[8];

	if (!levels)
		return IOASID_RISCV_OFF;
	if (device_id >> riscv_device_bits(l->regs, levels))
		return IOASID_RISCV_DEVICE_RANGE;
	why = find_dc(l, device_id, levels, &address);
	if (why != IOASID_RISCV_OK)
		return why;
	if (!read_entry(l, NULL, riscv_fctl(l->regs, RISCV_FCTL_BE), address, raw, size))
		return IOASID_RISCV_DDT_ACCESS;
	ioasid_riscv_dc_decode(l->regs, raw, dc, &why);
	return why;
}

/* 3.3.2 */
static enum ioasid_riscv_reason lookup_pc(struct lookup *l, const struct ioasid_riscv_dc *dc,
					  uint32_t process_id, struct ioasid_riscv_pc *pc)
{
	const struct ioasid_riscv_dc *second = dc->second_levels ? dc : NULL;
	uint64_t at = dc->pdt_root, raw[2];
	enum ioasid_riscv_reason why;
	enum pdt_state state;

	for (unsigned level = dc->pdt_levels; level; level--) {
		if (!read_entry(l, second, dc->big_endian, pdt_at(at, process_id, level), raw,
				level > 1 ? 8 : 16))
			return second ? IOASID_RISCV_PDT_TRANSLATION : IOASID_RISCV_PDT_ACCESS;
		if (level == 1)
			break;
		state = pdt_decode(raw[0], &at);
		if (state != PDT_VALID)
			return state == PDT_ABSENT ? IOASID_RISCV_PDT_ABSENT :
						     IOASID_RISCV_PDT_RESERVED;
	}
	ioasid_riscv_pc_decode(l->regs, dc, raw, pc, &why);
	return why;
}

/* Steps 7 and 10 to 16: from a device context on. */
static enum ioasid_riscv_reason lookup_process(struct lookup *l,
					       const struct ioasid_riscv_dc *dc,
					       struct ioasid_riscv_pc *pc, uint32_t *process_id)
{
	*pc = (struct ioasid_riscv_pc)IOASID_RISCV_PC_INIT;
	if (!dc->processes) {
		if (*process_id != IOASID_NO_PASID)
			return IOASID_RISCV_PROCESS_DISABLED;
		pc->first_levels = dc->first_levels;
		pc->first_root = dc->first_root;
		pc->pscid = dc->pscid;
		return IOASID_RISCV_OK;
	}
	if (*process_id == IOASID_NO_PASID && dc->default_process)
		*process_id = 0;
	if (*process_id == IOASID_NO_PASID || !dc->pdt_levels) {
		pc->supervisor = *process_id != IOASID_NO_PASID; /* nobody forbids it */
		return IOASID_RISCV_OK;
	}
	if (*process_id >> pdt_bits(dc->pdt_levels))
		return IOASID_RISCV_PROCESS_RANGE;
	return lookup_pc(l, dc, *process_id, pc);
}

static enum ioasid_riscv_kind kind_of(const struct ioasid_riscv_translation *t)
{
	if (t->first_levels)
		return t->second_levels ? IOASID_RISCV_NESTED : IOASID_RISCV_FIRST_STAGE;
	return t->second_levels ? IOASID_RISCV_SECOND_STAGE : IOASID_RISCV_BARE;
}

static void use_dc(struct ioasid_riscv_translation *t, const struct ioasid_riscv_dc *dc)
{
	t->ats = dc->ats;
	t->page_requests = dc->page_requests;
	t->translate_to_gpa = dc->translate_to_gpa;
	t->first_update = dc->first_update;
	t->second_update = dc->second_update;
	t->big_endian = dc->big_endian;
	t->gscid = dc->gscid;
	t->second_levels = dc->second_levels;
	t->second_root = dc->second_root;
	t->msi = dc->msi;
	t->msi_root = dc->msi_root;
	t->msi_mask = dc->msi_mask;
	t->msi_pattern = dc->msi_pattern;
}

static void use_pc(struct ioasid_riscv_translation *t, const struct ioasid_riscv_pc *pc)
{
	t->supervisor = pc->supervisor;
	t->user_access = pc->user_access;
	t->first_levels = pc->first_levels;
	t->first_root = pc->first_root;
	t->pscid = pc->first_levels ? pc->pscid : 0; /* else it is not used (3.1.3.3, 3.2.3.1) */
}

static enum ioasid_riscv_reason translate(struct lookup *l, const struct ioasid_riscv_dc *dc,
					  struct ioasid_riscv_translation *t)
{
	enum ioasid_riscv_reason why;
	struct ioasid_riscv_pc pc;

	t->silent = dc->silent;
	why = lookup_process(l, dc, &pc, &t->process_id);
	if (why != IOASID_RISCV_OK)
		return why;
	use_dc(t, dc);
	t->second_big_endian = t->second_levels && riscv_fctl(l->regs, RISCV_FCTL_BE);
	t->software_bits = riscv_can(l->regs, PDT_CAP_SVRSW60T59B);
	t->memory_types = riscv_can(l->regs, PDT_CAP_SVPBMT);
	use_pc(t, &pc);
	t->kind = kind_of(t);
	return IOASID_RISCV_OK;
}

static int check(const struct ioasid_riscv_regs *regs, uint32_t process_id,
		 const struct ioasid_riscv_translation *translation)
{
	int ret = riscv_check(regs, translation->size, FIRST_TRANSLATION_SIZE, NULL);

	if (!ret && process_id >= PROCESS_LIMIT && process_id != IOASID_NO_PASID)
		ret = err_set(EINVAL, "process_id 0x%x is wider than 20 bits", process_id);
	return ret;
}

static struct ioasid_riscv_translation blocked(uint32_t process_id)
{
	return (struct ioasid_riscv_translation){
		.kind = IOASID_RISCV_BLOCKED,
		.process_id = process_id,
	};
}

/* ddtp.iommu_mode Bare: all requests but those of ATS pass (3.3, step 2). */
static void pass(struct ioasid_riscv_translation *t)
{
	t->kind = IOASID_RISCV_BARE;
	t->supervisor = true;
}

IOASID_EXPORT int ioasid_riscv_lookup(const struct ioasid_riscv_regs *regs, uint32_t device_id,
				      uint32_t process_id, ioasid_riscv_read read, void *opaque,
				      struct ioasid_riscv_translation *translation)
{
	struct ioasid_riscv_translation t = blocked(process_id);
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct lookup l = { regs, read, opaque, 0 };
	int ret = check(regs, process_id, translation);

	if (ret)
		return ret;
	if (riscv_mode(regs) == RISCV_MODE_BARE) {
		pass(&t);
	} else {
		err_put_aside();
		t.reason = lookup_dc(&l, device_id, &dc);
		if (t.reason == IOASID_RISCV_OK)
			t.reason = translate(&l, &dc, &t);
		err_take_back();
	}
	t.entry = l.unreadable;
	entry_put(translation, &t, sizeof(t));
	return 0;
}

IOASID_EXPORT int ioasid_riscv_lookup_dc(const struct ioasid_riscv_regs *regs, uint32_t device_id,
					 ioasid_riscv_read read, void *opaque,
					 struct ioasid_riscv_dc *dc, enum ioasid_riscv_reason *why)
{
	struct lookup l = { regs, read, opaque, 0 };
	struct ioasid_riscv_dc new = IOASID_RISCV_DC_INIT;
	enum ioasid_riscv_reason reason;
	int ret = riscv_check(regs, dc->size, FIRST_DC_SIZE, why);

	if (ret)
		return ret;
	if (riscv_mode(regs) == RISCV_MODE_BARE) {
		riscv_answer(0, IOASID_RISCV_OK, why);
		return err_set(ENOENT, "RISC-V IOMMU: no device directory, all requests pass");
	}
	reason = lookup_dc(&l, device_id, &new);
	if (reason == IOASID_RISCV_OK)
		entry_put(dc, &new, sizeof(new));
	return riscv_answer(reason == IOASID_RISCV_OFF || reason == IOASID_RISCV_DDT_ABSENT ?
				    ENOENT : EINVAL, reason, why);
}

IOASID_EXPORT int ioasid_riscv_lookup_pc(const struct ioasid_riscv_regs *regs,
					 const struct ioasid_riscv_dc *dc, uint32_t process_id,
					 ioasid_riscv_read read, void *opaque,
					 struct ioasid_riscv_translation *translation)
{
	struct ioasid_riscv_translation t = blocked(process_id);
	struct lookup l = { regs, read, opaque, 0 };
	int ret = riscv_check_size(dc->size, FIRST_DC_SIZE);

	if (!ret)
		ret = check(regs, process_id, translation);
	if (ret)
		return ret;
	if (dc->pdt_levels > 3)
		return err_set(EINVAL, "a process directory has 1 to 3 levels, not %u",
			       dc->pdt_levels);
	err_put_aside();
	t.reason = translate(&l, dc, &t);
	err_take_back();
	t.entry = l.unreadable;
	entry_put(translation, &t, sizeof(t));
	return 0;
}
