/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "dirty_guest.h"

struct ioasid_space *dirty_root(struct ioasid_ctx *ctx)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

void dirty_open(struct guest *g, uint64_t size)
{
	guest_open(g, size, 0);
	ck_ok(ioasid_space_destroy(g->root));
	g->root = dirty_root(g->ctx);
	ck_ok(ioasid_space_map(g->root, 0, g->memory, size, RW, NULL));
	ck_ok(ioasid_space_dirty_start(g->root));
}

void dirty_check(struct guest *g, uint32_t flags, const uint64_t *pages)
{
	uint64_t n = g->size / PAGE, i;
	size_t words = (size_t)(n + 63) / 64;
	uint64_t *got = calloc(words, sizeof(*got)), *want = calloc(words, sizeof(*want));

	for (; *pages != NONE; pages++)
		want[*pages / 64] |= UINT64_C(1) << *pages % 64;
	ck_ok(ioasid_space_dirty_read(g->root, 0, g->size, PAGE, flags, got));
	for (i = 0; i < n; i++) {
		bool is = got[i / 64] >> i % 64 & 1, should = want[i / 64] >> i % 64 & 1;

		if (is != should)
			ck_abort_msg("page %ju is %s", (uintmax_t)i, is ? "dirty" : "clean");
	}
	free(got);
	free(want);
}
