/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest in the random world: it writes entries, and invalidates what they change. */
#include <string.h>

#include "random_world.h"

static const int tables[] = { TABLE1, TABLE2 };

/* As far as mappings of a child in its window can lead in its parent. */
#define TRACKED (2 * WINDOW)

/* Pages of the parent's window: of a table if @table, if there is one. */
static uint64_t some_target(struct world *w, int s, uint64_t draw, bool table)
{
	struct model_space *parent = &w->at[w->at[s].parent];
	uint64_t i;

	for (i = 0; table && i < WINDOW; i++) {
		uint64_t page = parent->base + (draw + i) % WINDOW;
		uint32_t perm;

		if (model_memory(w, w->at[s].parent, page, &perm) < TABLE_PAGES)
			return page;
	}
	return parent->base + draw % (WINDOW + 8);
}

static uint64_t some_entry(struct world *w, int s, unsigned int level, const uint64_t *draw)
{
	const struct guest_table *t = &w->at[s].format;
	uint64_t target = some_target(w, s, draw[4], false) * PAGE;
	uint32_t perm = 1 + (uint32_t)draw[5] % RW;

	switch (draw[6] % 16) {
	case 0:
	case 1:
		return 0;
	case 2: /* an address beyond the width */
		return gt_leaf_value(t, 1, target, perm) | UINT64_C(1) << 45;
	case 3: /* a superpage, aligned or not */
		return gt_leaf_value(t, 2, target & (draw[6] & 16 ? ~UINT64_C(0) : -2 * MIB), perm);
	case 4:
		return gt_leaf_value(t, 3, 0, perm);
	case 5: /* for reading only from here on */
		return gt_table_value(t, some_target(w, s, draw[4], true) * PAGE) & ~SS_WRITE;
	default:
		if (level > 1)
			return gt_table_value(t, some_target(w, s, draw[4], true) * PAGE);
		return gt_leaf_value(t, 1, target, perm);
	}
}

/* Which pages of the windows an entry is read for, and whether it refers to a table somewhere. */
struct readers {
	bool page[SPACES][TRACKED];
	bool above_leaf;
};

static void add_readers(struct world *w, const uint64_t *entry, struct readers *r)
{
	uint64_t i;
	int t;

	for (t = 0; t < 2; t++) {
		for (i = 0; i < TRACKED; i++) {
			unsigned int level = model_reads(w, tables[t], w->at[tables[t]].base + i,
							 entry);

			if (!level)
				continue;
			r->page[tables[t]][i] = true;
			r->above_leaf |= level > 1;
		}
	}
}

static void invalidate_run(struct world *w, int s, uint64_t first, uint64_t end, uint64_t draw,
			   uint32_t flags)
{
	struct ioasid_space *space = w->at[s].space;
	uint64_t at = w->at[s].base + first, length = end - first;
	unsigned int mask = 0;

	if (draw % 4 == 0) { /* rounded out, as hardware descriptors are */
		while (at >> mask != (at + length - 1) >> mask)
			mask++;
		traces(w, "  inv_add_mask(%s, %#jx, %u)", space_name(s), (uintmax_t)at, mask);
		ck_ok(ioasid_inv_add_mask(w->inv, space, at * PAGE, mask, flags));
	} else if (draw % 16 == 1) {
		traces(w, "  inv_add_all(%s)", space_name(s));
		ck_ok(ioasid_inv_add_all(w->inv, space, flags));
	} else if (draw % 16 == 2) {
		traces(w, "  inv_add_device(%s)", space_name(s));
		ck_ok(ioasid_inv_add_device(w->inv, w->at[s].device, flags));
	} else {
		traces(w, "  inv_add_range(%s, %#jx, %ju pages, %u)", space_name(s), (uintmax_t)at,
		       (uintmax_t)length, flags);
		ck_ok(ioasid_inv_add_range(w->inv, space, at * PAGE, length * PAGE, flags));
	}
}

static void invalidate(struct world *w, const struct readers *r, uint64_t draw)
{
	uint32_t flags = !r->above_leaf && draw & 1 ? IOASID_INV_LEAF_ONLY : 0;
	uint64_t i, first;
	size_t handled = 0;
	int t;

	ioasid_inv_reset(w->inv);
	for (t = 0; t < 2; t++) {
		const bool *page = r->page[tables[t]];

		for (i = 0; i < TRACKED; i++) {
			if (!page[i])
				continue;
			for (first = i; i < TRACKED && page[i]; i++)
				;
			draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407;
			invalidate_run(w, tables[t], first, i, draw >> 33, flags);
		}
	}
	/* What an invalidation had no memory for, it has when it is repeated. */
	arm(w, draw >> 9);
	if (!follows(w, ioasid_inv_submit(w->inv, &handled), 0, "  inv_submit")) {
		if (handled)
			differs(w, "inv_submit had no memory, and handled %zu", handled);
		ck_ok(ioasid_inv_submit(w->inv, &handled));
	}
	if (handled != ioasid_inv_get_count(w->inv))
		differs(w, "inv_submit handled %zu of %zu", handled, ioasid_inv_get_count(w->inv));
}

void call_write(struct world *w, const uint64_t *draw)
{
	struct readers readers = { .above_leaf = false };
	unsigned int n = 1 + (unsigned int)(draw[7] % 4), i;
	uint64_t more[8];

	for (i = 0; i < 8; i++)
		more[i] = draw[i];
	for (i = 0; i < n; i++) {
		int s = tables[more[0] % 2];
		unsigned int level = more[1] % 4 ? 1 : 1 + (unsigned int)(more[2] % 4);
		uint64_t page = w->at[s].base + more[2] % WINDOW;
		uint64_t table = more[3] % TABLE_PAGES;
		uint64_t *entry = (uint64_t *)(void *)(w->memory + table * PAGE) +
				  (page >> (9 * (level - 1)) & 511);
		uint64_t value = some_entry(w, s, level, more);
		unsigned int k;

		add_readers(w, entry, &readers);
		traces(w, "store(memory %ju, entry %td, %#jx)", (uintmax_t)table,
		       entry - (uint64_t *)(void *)(w->memory + table * PAGE), (uintmax_t)value);
		gt_store(entry, value);
		add_readers(w, entry, &readers);
		for (k = 0; k < 8; k++)
			more[k] = (more[k] ^ more[k] >> 31) * UINT64_C(0x9e3779b97f4a7c15) >> 3;
	}
	invalidate(w, &readers, draw[6] >> 8);
}

void call_bind(struct world *w, const uint64_t *draw)
{
	int s = tables[draw[0] % 2], rc;
	struct model_space *m = &w->at[s];
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;
	char call[128];
	uint64_t root;

	if (draw[1] % 4 == 0) {
		rc = ioasid_space_unbind_pgtable(m->space);
		traces(w, "unbind_pgtable(%s) = %d", space_name(s), rc);
		if (rc != (m->bound ? 0 : -EINVAL))
			differs(w, "unbind_pgtable(%s) is %d", space_name(s), rc);
		m->bound = false;
		return;
	}
	/* Mostly the root it had. */
	root = draw[2] % 8 ? m->table_root : some_target(w, s, draw[3], true);
	pgtable.format = m->format.format;
	pgtable.levels = m->format.levels;
	pgtable.root = root * PAGE;
	pgtable.address_bits = 40;
	if (draw[6])
		arm(w, draw[6]);
	snprintf(call, sizeof(call), "bind_pgtable(%s, %#jx)", space_name(s), (uintmax_t)root);
	if (!follows(w, ioasid_space_bind_pgtable(m->space, &pgtable), 0, call))
		return;
	m->table_root = root;
	m->bound = true;
}

/* Invalidations of what has not changed. */
void call_needless(struct world *w, const uint64_t *draw)
{
	struct readers readers = { .above_leaf = draw[0] & 1 };
	uint64_t i;
	int t;

	for (t = 0; t < 2; t++)
		for (i = 0; i < draw[1] % 40 && w->at[tables[t]].bound; i++)
			readers.page[tables[t]][(draw[2] + i) % WINDOW] = true;
	traces(w, "invalidations that are not needed");
	invalidate(w, &readers, draw[3]);
}

static void repair_mapping(struct world *w, int s, uint64_t start, uint64_t length, uint64_t target)
{
	struct model_mapping n = { start, length, target, RW, true, NULL };
	struct model_space *m = &w->at[s];

	clear_range(w, s, start, length);
	traces(w, "map(%s, %#jx, %ju pages, to %#jx)", space_name(s), (uintmax_t)start,
	       (uintmax_t)length, (uintmax_t)target);
	if (m->parent < 0)
		ck_ok(ioasid_space_map(m->space, start * PAGE, w->memory + target * PAGE,
				       length * PAGE, RW, &n.handle));
	else
		ck_ok(ioasid_space_map_parent(m->space, start * PAGE, target * PAGE, length * PAGE,
					      RW, &n.handle));
	model_add(w, s, &n);
}

/* A new table in the first six pages from @page of the parent on, which are @memory. */
static void repair_table(struct world *w, int s, uint64_t page, uint64_t memory, uint64_t draw)
{
	struct model_space *m = &w->at[s], *parent = &w->at[m->parent];
	uint64_t i;

	gt_init(&m->format, m->format.format, 4, w->memory + memory * PAGE, page * PAGE,
		page * PAGE, (page + 6) * PAGE);
	for (i = 0; i < WINDOW; i += 1 + draw % 2) {
		draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407;
		gt_map(&m->format, (m->base + i) * PAGE,
		       (parent->base + (draw >> 40) % WINDOW) * PAGE, PAGE, 1,
		       draw >> 60 ? RW : IOASID_READ);
	}
	/* Half of it by a superpage, of whose target the parent has little and in pieces. */
	if (draw >> 62 == 0)
		gt_store(gt_entry(&m->format, (m->base + WINDOW / 2) * PAGE, 2),
			 gt_leaf_value(&m->format, 2, 0, RW));
	traces(w, "(a new table, for %s)", space_name(s));
	m->table_root = page;
}

void call_repair(struct world *w, const uint64_t *draw)
{
	static const uint64_t again[2][8] = { { 0, 1, 1 }, { 1, 1, 1 } };

	/* Tables are written while nobody uses them, and what refers to them elsewhere goes. */
	call_bind(w, (uint64_t[8]){ 0 });
	call_bind(w, (uint64_t[8]){ 1 });
	memset(w->memory, 0, TABLE_PAGES * PAGE);
	repair_table(w, TABLE1, 16, 0, draw[0]);
	repair_table(w, TABLE2, 5 + 6, 6, draw[1]);
	repair_mapping(w, ROOT, 16, w->guest_in != ROOT && draw[2] % 2 ? LARGE : TABLE_PAGES, 0);
	repair_mapping(w, MAP1, 5, 24, 16);
	/* What is at the start of a superpage's target looks like a table. */
	if (draw[3] % 2)
		repair_mapping(w, ROOT, 0, 1 + draw[4] % 4, draw[5] % TABLE_PAGES);
	call_bind(w, again[0]);
	call_bind(w, again[1]);
}
