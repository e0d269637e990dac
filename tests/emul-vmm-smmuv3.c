/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The replay's VMM as an SMMUv3: streams, context descriptors and TLB commands. */
#include "smmuv3_unit.h"
#include "vmm_world.h"

#define STREAM 0x1000u /* the stream table: linear, 64 entries */
#define CDS    0x3000u

static void world_open(struct world *w)
{
	union unit u = { .smmuv3 = unit() };

	u.smmuv3.strtab_base = STREAM;
	u.smmuv3.strtab_base_cfg = 6;
	u.smmuv3.idr[0] &= ~TTENDIAN(3u); /* of both kinds */
	world_begin(w, &kind_smmuv3, &u, (enum ioasid_fill)0);
}

static void store(struct world *w, uint64_t gpa, const uint64_t *raw)
{
	for (unsigned int i = 0; i < 8; i++)
		gt_store(quads(w, gpa) + i, raw[i]);
}

/* A stream table entry (5.2) with one context descriptor of its own. */
static void set_ste(struct world *w, unsigned int sid, unsigned int config)
{
	uint64_t raw[8] = { 0 };

	put_bits(raw, 0, 0, 1);
	put_bits(raw, 3, 1, config);
	put_bits(raw, 55, 6, (CDS + 64 * sid) >> 6);
	put_bits(raw, 165, 160, 25); /* and a stage 2, for those that use it */
	put_bits(raw, 167, 166, 1);
	put_bits(raw, 178, 176, 5);
	put_bits(raw, 179, 179, 1);
	store(w, STREAM + 64 * sid, raw);
}

/* A context descriptor (5.4): 48 bits by one table; @endi: big-endian. */
static void set_cd(struct world *w, unsigned int sid, uint64_t root, unsigned int asid, bool endi)
{
	uint64_t raw[8] = { 0 };

	put_bits(raw, 5, 0, 16);
	put_bits(raw, 21, 16, 16);
	put_bits(raw, 23, 22, 2);
	put_bits(raw, 30, 30, 1);
	put_bits(raw, 31, 31, 1);
	put_bits(raw, 34, 32, 5);
	put_bits(raw, 41, 41, 1);
	put_bits(raw, 15, 15, endi);
	put_bits(raw, 46, 45, 3);
	put_bits(raw, 63, 48, asid);
	put_bits(raw, 115, 68, root >> 4);
	store(w, CDS + 64 * sid, raw);
}

/* The same with the root of a table of stage 2 (S2TTB, bits 243:196). */
static void set_ste2(struct world *w, unsigned int sid, uint64_t root)
{
	set_ste(w, sid, 6);
	gt_store(quads(w, STREAM + 64 * sid) + 3, root);
}

static int feed(struct world *w, uint64_t low, uint64_t high)
{
	uint64_t raw[2] = { low, high };
	const char *why;

	return vmm_command(&w->v, raw, sizeof(raw), &why);
}

/* The first device, by ASID 5, with a table of its own. */
static struct guest_table first_stream(struct world *w)
{
	struct guest_table t = table_new(w, IOASID_PGTABLE_ARM_S1, 4, DATA);

	set_ste(w, FIRST, 5);
	set_cd(w, FIRST, t.root, 5, false);
	return t;
}

#define cfgi_ste(w, sid)      feed(w, 0x03 | (uint64_t)(sid) << 32, 1)
#define cfgi_cd(w, sid)	      feed(w, 0x05 | (uint64_t)(sid) << 32, 1)
#define tlbi_asid(w, asid)    feed(w, 0x11 | (uint64_t)(asid) << 48, 0)
#define tlbi_va(w, asid, at)  feed(w, 0x12 | (uint64_t)(asid) << 48, (at) | 1)
#define sync_up(w)	      feed(w, 0x46, 0)

START_TEST(streams_come_and_go)
{
	struct world w;

	world_open(&w);
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	first_stream(&w);
	ck_ok(cfgi_ste(&w, SECOND));
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	set_ste(&w, FIRST, 4);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, DATA, DATA, RW);
	ck_assert_ptr_null(w.v.tables);
	set_ste(&w, FIRST, 0);
	ck_ok(feed(&w, 0x04, 31)); /* CFGI_ALL */
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	world_close(&w);
}
END_TEST

START_TEST(a_new_context_descriptor_is_another_table)
{
	struct guest_table b;
	struct world w;

	world_open(&w);
	first_stream(&w);
	b = table_new(&w, IOASID_PGTABLE_ARM_S1, 4, OTHER);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	set_cd(&w, FIRST, b.root, 6, false);
	ck_ok(cfgi_cd(&w, SECOND));
	guest_reaches(&w.g, IOVA, DATA, RW);
	ck_ok(cfgi_cd(&w, FIRST));
	guest_reaches(&w.g, IOVA, OTHER, RW);
	world_close(&w);
}
END_TEST

START_TEST(streams_of_an_asid_share_its_space)
{
	struct guest_table t;
	struct world w;

	world_open(&w);
	t = first_stream(&w);
	set_ste(&w, SECOND, 5);
	set_cd(&w, SECOND, t.root, 5, false);
	ck_ok(feed(&w, 0x04, 31));
	ck_assert_uint_eq(w.v.spaces, 1);
	guest_reaches(&w.g, IOVA, DATA, RW);
	second_reaches(&w, DATA);
	gt_map(&t, IOVA, OTHER, PAGE, 1, RW);
	ck_ok(tlbi_va(&w, 5, IOVA));
	ck_assert_uint_eq(ioasid_inv_get_count(w.v.batch), 1);
	ck_ok(sync_up(&w));
	guest_reaches(&w.g, IOVA, OTHER, RW);
	second_reaches(&w, OTHER);
	world_close(&w);
}
END_TEST

START_TEST(tlb_commands_find_their_asid)
{
	struct guest_table a, b;
	struct world w;

	world_open(&w);
	w.v.unit.smmuv3.flags = IOASID_SMMUV3_NO_GLOBAL;
	a = first_stream(&w);
	b = table_new(&w, IOASID_PGTABLE_ARM_S1, 4, DATA + PAGE);
	set_ste(&w, SECOND, 5);
	set_cd(&w, SECOND, b.root, 6, false);
	ck_ok(feed(&w, 0x04, 31));
	guest_reaches(&w.g, IOVA, DATA, RW);
	second_reaches(&w, DATA + PAGE);
	gt_map(&a, IOVA, OTHER, PAGE, 1, RW);
	gt_map(&b, IOVA, OTHER + PAGE, PAGE, 1, RW);
	ck_ok(tlbi_asid(&w, 7));
	ck_ok(sync_up(&w));
	guest_reaches(&w.g, IOVA, DATA, RW);
	ck_ok(tlbi_asid(&w, 5));
	ck_ok(sync_up(&w));
	guest_reaches(&w.g, IOVA, OTHER, RW);
	second_reaches(&w, DATA + PAGE);
	ck_ok(tlbi_va(&w, 6, IOVA));
	ck_ok(sync_up(&w));
	second_reaches(&w, OTHER + PAGE);
	world_close(&w);
}
END_TEST

/* What the library cannot translate gets nothing, and not what it had. */
START_TEST(tables_that_the_library_does_not_have)
{
	struct guest_table t;
	struct world w;

	world_open(&w);
	t = first_stream(&w);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	set_cd(&w, FIRST, t.root, 5, true);
	ck_err(cfgi_cd(&w, FIRST), EOPNOTSUPP);
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	set_cd(&w, FIRST, t.root, 5, false);
	ck_ok(cfgi_cd(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	set_ste(&w, FIRST, 7); /* its context descriptor is behind a stage 2 that is not there */
	ck_ok(cfgi_ste(&w, FIRST));
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	world_close(&w);
}
END_TEST

/* A command about many devices is carried out for all that can be given what they want. */
START_TEST(a_device_that_fails_keeps_no_other_from_moving)
{
	struct guest_table a, b;
	struct world w;

	world_open(&w);
	a = first_stream(&w);
	set_ste(&w, SECOND, 5);
	set_cd(&w, SECOND, a.root, 5, false);
	ck_ok(feed(&w, 0x04, 31));
	second_reaches(&w, DATA);
	b = table_new(&w, IOASID_PGTABLE_ARM_S1, 4, OTHER);
	set_cd(&w, FIRST, a.root, 5, true);
	set_cd(&w, SECOND, b.root, 6, false);
	ck_err(feed(&w, 0x04, 31), EOPNOTSUPP);
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_BLOCKED);
	second_reaches(&w, OTHER);
	world_close(&w);
}
END_TEST

/* At the same address, and of as many bits: TG0 (5.4) alone makes it another one. */
START_TEST(another_granule_is_another_table)
{
	struct world w;

	world_open(&w);
	first_stream(&w);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	gt_store(quads(&w, CDS + 64 * FIRST), gt_load(quads(&w, CDS + 64 * FIRST)) | 1 << 6);
	ck_ok(cfgi_cd(&w, FIRST));
	guest_faults(&w.g, IOVA, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	world_close(&w);
}
END_TEST

START_TEST(a_table_of_stage_2)
{
	struct guest_table t;
	struct world w;

	world_open(&w);
	t = table_new(&w, IOASID_PGTABLE_ARM_S2, 3, DATA);
	set_ste2(&w, FIRST, t.root);
	ck_ok(cfgi_ste(&w, FIRST));
	guest_reaches(&w.g, IOVA, DATA, RW);
	gt_map(&t, IOVA, OTHER, PAGE, 1, RW);
	ck_ok(feed(&w, 0x2a, IOVA | 1)); /* TLBI_S2_IPA */
	ck_ok(sync_up(&w));
	guest_reaches(&w.g, IOVA, OTHER, RW);
	world_close(&w);
}
END_TEST

START_TEST(an_illegal_command_changes_nothing)
{
	struct world w;

	world_open(&w);
	first_stream(&w);
	ck_ok(cfgi_ste(&w, FIRST));
	ck_ok(tlbi_va(&w, 5, IOVA));
	ck_err(feed(&w, 0x18, 0), EINVAL); /* TLBI_EL3_ALL */
	ck_assert_uint_eq(ioasid_inv_get_count(w.v.batch), 1);
	ck_ok(feed(&w, 0x01 | (uint64_t)FIRST << 32, 0)); /* a prefetch does nothing */
	guest_reaches(&w.g, IOVA, DATA, RW);
	world_close(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmm-smmuv3");
	TCase *tc = tcase_create("vmm-smmuv3");

	tcase_add_test(tc, streams_come_and_go);
	tcase_add_test(tc, a_new_context_descriptor_is_another_table);
	tcase_add_test(tc, streams_of_an_asid_share_its_space);
	tcase_add_test(tc, tlb_commands_find_their_asid);
	tcase_add_test(tc, tables_that_the_library_does_not_have);
	tcase_add_test(tc, a_device_that_fails_keeps_no_other_from_moving);
	tcase_add_test(tc, another_granule_is_another_table);
	tcase_add_test(tc, a_table_of_stage_2);
	tcase_add_test(tc, an_illegal_command_changes_nothing);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
