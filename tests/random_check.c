/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares what the library does with what the model says. */
#include <string.h>

#include "random_world.h"

static void check_page(struct world *w, int s, uint64_t page)
{
	struct model_space *m = &w->at[s];
	uint64_t memory;
	uint32_t perm = 0, access;

	memory = model_memory(w, s, page, &perm);
	for (access = 1; access <= RW; access++) {
		bool granted = memory != NOWHERE && (perm & access) == access;
		uint8_t *want = granted ? w->memory + memory * PAGE : NULL;
		uint8_t *got = dma_where(m->channel, page * PAGE, access);

		if (granted && access & IOASID_WRITE)
			model_wrote(w, s, page);
		if (got != want)
			differs(w, "page %#jx of %s for access %u: memory page %jd, expected %jd",
				(uintmax_t)page, space_name(s), access,
				(intmax_t)(got ? (got - w->memory) / (ptrdiff_t)PAGE : -1),
				(intmax_t)(granted ? (intmax_t)memory : -1));
	}
}

void check_some(struct world *w, uint64_t draw)
{
	int i;

	for (i = 0; i < 12; i++) {
		int s = i % SPACES;
		uint64_t page = w->at[s].base + draw % WINDOW;

		/* Now and then far from all that is known. */
		if (draw % 61 == 0)
			page = draw % (UINT64_C(1) << 36);
		check_page(w, s, page);
		draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407;
		draw ^= draw >> 29;
	}
}

/* What a list of runs says about each page of a window. */
struct listed {
	uint64_t target[WINDOW]; /* address */
	uint32_t perm[WINDOW];
};

static void list_get(struct world *w, int s, struct listed *listed)
{
	struct model_space *m = &w->at[s];
	uint64_t cursor = m->base * PAGE, last = (m->base + WINDOW) * PAGE - 1, before = 0;
	struct ioasid_run runs[7];
	bool done = false;
	int calls;

	memset(listed, 0, sizeof(*listed));
	for (calls = 0; !done; calls++) {
		size_t n = ioasid_space_query_runs(m->space, &cursor, last, runs, 7, &done), i;

		if (calls > 10000)
			return differs(w, "%s: the list of runs has no end", space_name(s));
		for (i = 0; i < n; i++) {
			uint64_t at = runs[i].iova;

			if (at < before || runs[i].length == 0)
				differs(w, "%s: runs do not ascend", space_name(s));
			before = at + runs[i].length;
			for (; at < before; at += PAGE) {
				uint64_t page = at / PAGE - m->base;

				if (at / PAGE < m->base || page >= WINDOW)
					continue;
				listed->target[page] = runs[i].target + (at - runs[i].iova);
				listed->perm[page] = runs[i].perm;
			}
		}
	}
}

/* All pages have just been used, so that even a shadow filled on demand is complete. */
static void check_list(struct world *w, int s)
{
	struct model_space *m = &w->at[s];
	struct listed listed;
	uint64_t i;

	list_get(w, s, &listed);
	for (i = 0; i < WINDOW && !w->failure[0]; i++) {
		uint32_t perm = 0, ignored = 0;
		uint64_t target = NOWHERE, memory = model_memory(w, s, m->base + i, &perm);

		if (memory == NOWHERE)
			perm = 0;
		if (perm)
			target = model_target(w, s, m->base + i, &ignored);
		if (perm && m->parent < 0)
			target = (uintptr_t)w->memory / PAGE + memory;
		if (listed.perm[i] != perm || (perm && listed.target[i] != target * PAGE))
			differs(w, "page %#jx of %s is listed with access %u, leading to %#jx, "
				"expected access %u, %#jx", (uintmax_t)(m->base + i), space_name(s),
				listed.perm[i], (uintmax_t)listed.target[i], perm,
				perm ? (uintmax_t)target * PAGE : 0);
	}
}

static void check_permitted(struct world *w, int s)
{
	struct ioasid_range got[8], want[2] = { { 0, UINT64_C(1) << 48 } };
	size_t n = 1;

	if (w->guest_in == s) {
		want[0].length = 100 * PAGE;
		want[n++] = (struct ioasid_range){ 104 * PAGE,
						   (UINT64_C(1) << 48) - 104 * PAGE };
	}
	if (ioasid_space_query_permitted(w->at[s].space, got, 8) != n ||
	    memcmp(got, want, n * sizeof(*want)))
		differs(w, "%s: permitted ranges are not those expected", space_name(s));
}

void check_all(struct world *w)
{
	struct ioasid_space_info info;
	uint64_t i;
	int s;

	for (s = 0; s < SPACES && !w->failure[0]; s++) {
		struct model_space *m = &w->at[s];

		for (i = 0; i < WINDOW && !w->failure[0]; i++)
			check_page(w, s, m->base + i);
		check_list(w, s);
		if (!m->is_table && !m->allowed.length)
			check_permitted(w, s);
		info = space_info(m->space);
		if (info.mappings != m->mappings)
			differs(w, "%s has %ju mappings, expected %zu", space_name(s),
				(uintmax_t)info.mappings, m->mappings);
	}
}
