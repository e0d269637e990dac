/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest behind AMD's IOMMU: from its device table to DMA, and its commands as a batch. */
#include <string.h>

#include "amd_unit.h"
#include "guest_tables.h"
#include "support.h"

#define DEVICE	 0x10
#define PASID	 5
#define DOMAIN	 UINT64_C(7)
#define GCR3	 (UINT64_C(0x140000))
#define TABLES	 (2 * MIB)
#define DATA	 (4 * MIB)

/* The VMM's side: what the unit is, and what the guest's tables lead to. */
struct vmm {
	struct guest g;
	struct ioasid_amd_regs regs;
	struct guest_table host, guest;
	struct ioasid_space *outer, *inner;
	struct ioasid_inv *batch;
};

static int read_memory(void *opaque, const struct ioasid_amd_dte *host, uint64_t address,
		       void *buffer, size_t length)
{
	const struct guest *g = opaque;

	if (host || address >= g->size || length > g->size - address)
		return -1;
	memcpy(buffer, g->memory + address, length);
	return 0;
}

static void store(struct vmm *v, uint64_t address, uint64_t value)
{
	gt_store((uint64_t *)(void *)(v->g.memory + address), value);
}

/* What the guest's driver writes: host table, and guest table for PASID 5 if there is one. */
static void store_entry(struct vmm *v)
{
	uint64_t entry[4] = { 0 };

	put_bits(entry, 1, 0, 3);
	put_bits(entry, 11, 9, v->host.levels);
	put_bits(entry, 51, 12, v->host.root >> 12);
	put_bits(entry, 62, 61, 3);
	put_bits(entry, 79, 64, DOMAIN);
	if (v->guest.levels) {
		put_bits(entry, 55, 55, 1);
		put_bits(entry, 60, 58, GCR3 >> 12);
		put_bits(entry, 95, 80, GCR3 >> 15);
		store(v, GCR3 + PASID * 8, v->guest.root | 1);
	}
	for (unsigned int i = 0; i < 4; i++)
		store(v, 0x100000 + 32 * DEVICE + 8 * i, entry[i]);
}

static void vmm_open(struct vmm *v, bool nested)
{
	memset(v, 0, sizeof(*v));
	guest_open(&v->g, 8 * MIB, 0);
	v->regs = unit();
	gt_init(&v->host, IOASID_PGTABLE_AMD_V1, 4, v->g.memory, 0, TABLES, TABLES + MIB);
	if (nested)
		gt_init(&v->guest, IOASID_PGTABLE_AMD_V2, 4, v->g.memory, 0, TABLES + MIB,
			TABLES + 2 * MIB);
	store_entry(v);
	v->outer = make_space(v->g.ctx, v->g.root, IOASID_FILL_ON_DEMAND);
	v->inner = make_space(v->g.ctx, v->outer, IOASID_FILL_ON_DEMAND);
	ck_ok(ioasid_inv_new(v->g.ctx, 16, &v->batch));
}

static void vmm_close(struct vmm *v)
{
	ioasid_inv_free(v->batch);
	guest_close(&v->g);
}

static struct ioasid_amd_translation look(struct vmm *v, uint32_t pasid)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;

	ck_ok(ioasid_amd_lookup(&v->regs, DEVICE, pasid, read_memory, &v->g, &t));
	return t;
}

static void bind(const struct ioasid_amd_translation *t, enum ioasid_pgtable_format format,
		 struct ioasid_space *space)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;

	ck_ok(ioasid_amd_translation_get_pgtable(t, format, &p));
	ck_ok(ioasid_space_bind_pgtable(space, &p));
}

/* A command for one translation, and its space. */
static void command(struct vmm *v, uint64_t low, uint64_t high,
		    const struct ioasid_amd_translation *t, struct ioasid_space *space)
{
	const uint64_t raw[2] = { low, high };
	struct ioasid_amd_cmd cmd = IOASID_AMD_CMD_INIT;

	ck_ok(ioasid_amd_cmd_decode(&v->regs, raw, &cmd, NULL));
	ck_ok(ioasid_amd_cmd_add(&cmd, t, v->batch, space));
	ck_ok(ioasid_inv_submit(v->batch, NULL));
	ioasid_inv_reset(v->batch);
}

START_TEST(one_table)
{
	struct ioasid_amd_translation t;
	struct vmm v;

	vmm_open(&v, false);
	gt_map(&v.host, 0x5000, DATA, PAGE, 1, RW);
	t = look(&v, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_AMD_HOST);
	bind(&t, IOASID_PGTABLE_AMD_V1, v.outer);
	guest_attach(&v.g, v.outer);
	guest_reaches(&v.g, 0x5000, DATA, RW);

	gt_unmap(&v.host, 0x5000, PAGE, 1);
	/* of another domain, and then of this one */
	command(&v, UINT64_C(3) << 60 | (DOMAIN + 1) << 32, 0x5000, &t, v.outer);
	guest_reaches(&v.g, 0x5000, DATA, RW);
	command(&v, UINT64_C(3) << 60 | DOMAIN << 32, 0x5000, &t, v.outer);
	guest_faults(&v.g, 0x5000, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	vmm_close(&v);
}
END_TEST

START_TEST(both_tables)
{
	struct ioasid_amd_translation t, host;
	struct vmm v;

	vmm_open(&v, true);
	/* where the guest table is, and the data, which the host table has elsewhere */
	gt_map(&v.host, TABLES + MIB, TABLES + MIB, MIB, 1, RW);
	gt_map(&v.host, 0x9000, DATA, PAGE, 1, RW);
	gt_map(&v.guest, 0x5000, 0x9000, PAGE, 1, RW);
	t = look(&v, PASID);
	ck_assert_int_eq(t.kind, IOASID_AMD_NESTED);
	bind(&t, IOASID_PGTABLE_AMD_V1, v.outer);
	bind(&t, IOASID_PGTABLE_AMD_V2, v.inner);
	guest_attach(&v.g, v.inner);
	guest_reaches(&v.g, 0x5000, DATA, RW);

	/* the host table is another space's, by a translation of that table alone */
	host = t;
	host.kind = IOASID_AMD_HOST;
	gt_unmap(&v.host, 0x9000, PAGE, 1);
	command(&v, UINT64_C(3) << 60 | DOMAIN << 32 | PASID, 0x9004, &host, v.outer); /* GN */
	guest_reaches(&v.g, 0x5000, DATA, RW);
	command(&v, UINT64_C(3) << 60 | DOMAIN << 32, 0x9000, &host, v.outer);
	guest_faults(&v.g, 0x5000, IOASID_READ, IOASID_FAULT_TARGET_NOT_MAPPED);
	gt_map(&v.host, 0x9000, DATA, PAGE, 1, RW);

	gt_unmap(&v.guest, 0x5000, PAGE, 1);
	/* of another PASID, and then of this one: GN, with S for 8K */
	command(&v, UINT64_C(3) << 60 | DOMAIN << 32 | (PASID + 1), 0x4005, &t, v.inner);
	guest_reaches(&v.g, 0x5000, DATA, RW);
	command(&v, UINT64_C(3) << 60 | DOMAIN << 32 | PASID, 0x4005, &t, v.inner);
	guest_faults(&v.g, 0x5000, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	vmm_close(&v);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmm-amd");
	TCase *tcase = tcase_create("vmm-amd");

	tcase_add_test(tcase, one_table);
	tcase_add_test(tcase, both_tables);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
