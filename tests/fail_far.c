/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page table in two halves, which no walk of an iopt can do, and a context that audits. */
#include "config.h"

#include "fail_world.h"

#define HIGH (~UINT64_C(0) << 48)

static void both(struct world *w)
{
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, MEMORY, RW, NULL));
	make_space(w, 1, 0, IOASID_FILL_ON_INVALIDATION);
	ck_ok(ioasid_device_attach(w->device[0], w->space[1]));
	gt_init(&w->table, IOASID_PGTABLE_ARM_S1, 4, memory, 0, 8 * MIB, MEMORY);
	gt_map(&w->table, 0, MIB, PAGE, 1, RW);
}

/* One table serves both halves. */
static int bind_halves(struct world *w)
{
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;

	pgtable.format = IOASID_PGTABLE_ARM_S1;
	pgtable.levels = pgtable.upper_levels = 4;
	pgtable.root = pgtable.upper_root = w->table.root;
	return ioasid_space_bind_pgtable(w->space[1], &pgtable);
}

static int bind_low(struct world *w)
{
	return bind_pgtable(w->space[1], &w->table);
}

static void grown(struct world *w)
{
	gt_map(&w->table, GIB, 2 * MIB, PAGE, 1, RW);
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
	ck_ok(ioasid_inv_add_all(w->inv, w->space[1], 0));
}

static void halves_grown(struct world *w)
{
	both(w);
	ck_ok(bind_halves(w));
	grown(w);
}

static void audited(struct world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "emulated";
	options.flags = IOASID_CTX_AUDIT;
	ck_ok(ioasid_ctx_open(&options, &w->ctx));
	ck_ok(ioasid_device_bind(w->ctx, "0000:00:01.0", 0, &w->device[0]));
	both(w);
}

static void audited_grown(struct world *w)
{
	audited(w);
	ck_ok(bind_low(w));
	grown(w);
}

static int submit(struct world *w)
{
	return ioasid_inv_submit(w->inv, NULL);
}

static void leads_to(struct world *w, uint64_t iova, const uint8_t *place, bool may_fault)
{
	struct ioasid_channel *ch;
	uint8_t *is;

	ck_ok(ioasid_channel_open(w->device[0], IOASID_NO_PASID, &ch));
	is = dma_where(ch, iova, IOASID_READ);
	ck_assert(is == place || (may_fault && !is));
	ck_ok(ioasid_channel_close(ch));
}

static void check_bound(struct world *w, bool failed)
{
	leads_to(w, 0, failed ? NULL : memory + MIB, false);
	leads_to(w, HIGH, NULL, false);
}

static void check_halves(struct world *w, bool failed)
{
	leads_to(w, 0, failed ? NULL : memory + MIB, false);
	leads_to(w, HIGH, failed ? NULL : memory + MIB, false);
}

static void check_low_grown(struct world *w, bool failed)
{
	leads_to(w, 0, memory + MIB, failed);
	leads_to(w, GIB, memory + 2 * MIB, failed);
}

static void check_halves_grown(struct world *w, bool failed)
{
	check_low_grown(w, failed);
	leads_to(w, HIGH, memory + MIB, failed);
	leads_to(w, HIGH + GIB, memory + 2 * MIB, failed);
}

static const struct fail_case cases[] = {
	{ .name = "bind_pgtable, two halves", both, bind_halves, check_halves },
	{ .name = "inv_submit, two halves", halves_grown, submit, check_halves_grown,
	  .changes = true },
	{ .name = "bind_pgtable, audited", audited, bind_low, check_bound, .own_ctx = true },
	{ .name = "inv_submit, audited", audited_grown, submit, check_low_grown, .own_ctx = true,
	  .changes = true },
};

START_TEST(far)
{
	fail_each(&cases[_i]);
}
END_TEST

void add_far_cases(Suite *s)
{
	TCase *tc = tcase_create("far");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, far, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
}
