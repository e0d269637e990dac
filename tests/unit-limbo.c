/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call that only adds may be made inside ioasid_dma_begin(), where nobody can wait for DMA: what
 * it leaves behind when memory fails it waits for the drain of another call.
 */
#include <fcntl.h>
#include <objects.h>
#include <unistd.h>
#undef PAGE

#include "support.h"

#define TARGET (64 * GIB + MIB)	/* wants nodes of its own, at more than one level */

static size_t pages_of(const struct ioasid_ctx *ctx)
{
	return pages_used(&ctx->pages);
}

static bool is_in_limbo(const struct ioasid_ctx *ctx)
{
	return !reap_is_empty(&ctx->limbo);
}

static int file = -1;

static int map(struct guest *g, struct ioasid_space *space)
{
	if (file >= 0)
		return ioasid_space_map_file(space, TARGET, file, 0, 4 * MIB, RW, NULL);
	if (space == g->root)
		return ioasid_space_map(space, TARGET, g->memory, 4 * MIB, RW, NULL);
	return ioasid_space_map_parent(space, TARGET, 0, 4 * MIB, RW, NULL);
}

/* Fails each allocation in turn until the map succeeds; inside a section. */
static unsigned int fail_each(struct guest *g, struct ioasid_space *space)
{
	unsigned int n, waited = 0;
	int ret = -ENOMEM;

	for (n = 1; ret; n++) {
		mem_fail_nth(n);
		ret = map(g, space);
		mem_fail_nth(0);
		ck_assert(!ret || ret == -ENOMEM);
		waited += is_in_limbo(g->ctx);
	}
	return waited;
}

START_TEST(failed_map_in_a_section_waits_for_a_drain)
{
	struct ioasid_space *space;
	struct guest g;
	size_t before;
	uint8_t byte;

	guest_open(&g, 8 * MIB, 0);
	space = _i == 1 ? make_space(g.ctx, g.root, 0) : g.root;
	file = _i == 2 ? memfd_new(4 * MIB, F_SEAL_SHRINK) : -1;
	guest_attach(&g, space);
	if (_i == 1)
		ck_ok(ioasid_space_map_parent(space, 0, 0, 2 * MIB, RW, NULL));
	ck_ok(dma_get(g.channel, PAGE, &byte));
	/* The height of a tree, and room for records, stay. */
	ck_ok(map(&g, space));
	ck_ok(ioasid_space_unmap(space, TARGET, 4 * MIB, NULL));
	before = pages_of(g.ctx);

	ck_ok(ioasid_dma_begin(g.channel));
	ck_assert_uint_gt(fail_each(&g, space), 0);
	ck_err(ioasid_space_unmap(space, TARGET, 4 * MIB, NULL), EDEADLK);
	ioasid_dma_end(g.channel);
	ck_assert(is_in_limbo(g.ctx));

	ck_ok(dma_get(g.channel, TARGET + PAGE, &byte));
	ck_ok(ioasid_space_unmap(space, TARGET, 4 * MIB, NULL));
	ck_assert(!is_in_limbo(g.ctx));
	ck_assert_uint_eq(pages_of(g.ctx), before);
	guest_close(&g);
	if (file >= 0)
		close(file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limbo");
	TCase *tc = tcase_create("limbo");

	tcase_add_loop_test(tc, failed_map_in_a_section_waits_for_a_drain, 0, 3);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
