/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest: its tables, which both contexts read in the same memory, and what it invalidates. */
#include "twins.h"

#define PIECE (TABLE_PAGES * PAGE)

/* Superpages have tables of their own, so that none takes the place of a table. */
#define SUPER_AT (UINT64_C(1) << 30)

/* Puts what tables lie in where they are looked for: in a root the memory, in a child the same. */
void twins_repair(struct twins *t, const uint64_t *draw)
{
	int s = draw[0] ? twins_some_space(t, draw[0], ANY_SPACE) : 0, kernel, emulated;
	struct ioasid_space *const *at;

	if (s < 0 || t->space[s].table >= 0 || t->space[s].identity)
		return;
	at = t->space[s].at;
	twins_say(t, "(the tables are put in place in %d)", s);
	kernel = ioasid_space_unmap(at[KERNEL], TABLES_AT, PIECE, NULL);
	twins_agree(t, kernel, ioasid_space_unmap(at[EMULATED], TABLES_AT, PIECE, NULL));
	if (t->space[s].parent < 0) {
		kernel = ioasid_space_map(at[KERNEL], TABLES_AT, t->memory, PIECE, RW, NULL);
		emulated = ioasid_space_map(at[EMULATED], TABLES_AT, t->memory, PIECE, RW, NULL);
	} else {
		kernel = ioasid_space_map_parent(at[KERNEL], TABLES_AT, TABLES_AT, PIECE, RW, NULL);
		emulated = ioasid_space_map_parent(at[EMULATED], TABLES_AT, TABLES_AT, PIECE, RW,
						   NULL);
	}
	twins_agree(t, kernel, emulated);
}

static void unbind(struct twins *t, int s)
{
	int kernel;

	twins_say(t, "space_unbind_pgtable: %d", s);
	kernel = ioasid_space_unbind_pgtable(t->space[s].at[KERNEL]);
	if (twins_agree(t, kernel, ioasid_space_unbind_pgtable(t->space[s].at[EMULATED])))
		t->space[s].table = -1;
}

void twins_bind_table(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], CHILD_SPACE), which = (int)(draw[1] % TWIN_TABLES);
	const struct guest_table *table = &t->table[which];
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int kernel;

	if (s < 0)
		return;
	if (draw[2] % 8 == 0) {
		unbind(t, s);
		return;
	}
	p.format = table->format;
	p.levels = draw[3] % 32 ? table->levels : 9;
	p.root = draw[4] % 32 ? table->root : table->root + 8;
	p.address_bits = 40;
	if (draw[5] % 64 == 0)
		p.flags = 1u << 20;
	if (twins_fill_by_default_differs(t, s, p.format))
		return;
	twins_say(t, "space_bind_pgtable: %d, table %d, %u levels, at %#jx", s, which, p.levels,
		  (uintmax_t)p.root);
	kernel = ioasid_space_bind_pgtable(t->space[s].at[KERNEL], &p);
	if (twins_agree(t, kernel, ioasid_space_bind_pgtable(t->space[s].at[EMULATED], &p)))
		t->space[s].table = which;
}

/* One entry of a batch, on one side. */
static int add(struct twins *t, int side, int s, uint64_t iova, uint64_t length,
	       const uint64_t *draw)
{
	struct ioasid_space *space = t->space[s].at[side];
	struct ioasid_inv *inv = t->inv[side];
	unsigned int mask = 0;

	switch (draw[5] % 8) {
	case 0:
		return ioasid_inv_add_all(inv, space, 0);
	case 1: /* rounded out, as hardware descriptors are */
	case 2:
		while (iova >> 12 >> mask != (iova + length - 1) >> 12 >> mask)
			mask++;
		return ioasid_inv_add_mask(inv, space, iova, mask, 0);
	default:
		return ioasid_inv_add_range(inv, space, iova, length, 0);
	}
}

/* The batch, and how much of it was done. */
static void submit(struct twins *t)
{
	size_t handled[SIDES] = { 99, 99 };
	int kernel = ioasid_inv_submit(t->inv[KERNEL], &handled[KERNEL]);

	twins_agree(t, kernel, ioasid_inv_submit(t->inv[EMULATED], &handled[EMULATED]));
	if (handled[KERNEL] != handled[EMULATED])
		twins_differ(t, "%zu entries are handled, %zu emulated", handled[KERNEL],
			     handled[EMULATED]);
}

static void reset(struct twins *t)
{
	ioasid_inv_reset(t->inv[KERNEL]);
	ioasid_inv_reset(t->inv[EMULATED]);
}

/* Everywhere the table is bound. */
static void invalidate_table(struct twins *t, int which, uint64_t iova, uint64_t length,
			     const uint64_t *draw)
{
	unsigned int s;

	reset(t);
	for (s = 0; s < TWIN_SPACES; s++)
		if (t->space[s].at[KERNEL] && t->space[s].table == which) {
			ck_ok(add(t, KERNEL, (int)s, iova, length, draw));
			ck_ok(add(t, EMULATED, (int)s, iova, length, draw));
		}
	submit(t);
}

/* Pages one after another, the first at @iova. */
static void write_pages(struct twins *t, int which, uint64_t iova, uint64_t n, const uint64_t *draw)
{
	static const uint32_t perms[] = { RW, RW, RW, IOASID_READ };
	struct guest_table *table = &t->table[which];
	uint64_t target = draw[3] % 16 ? draw[3] % WINDOW * PAGE : TABLES_AT;

	twins_say(t, "guest, table %d: %ju pages at %#jx to %#jx", which, (uintmax_t)n,
		  (uintmax_t)iova, (uintmax_t)target);
	if (draw[4] % 4)
		gt_map(table, iova, target, n * PAGE, 1, perms[draw[4] >> 8 & 3]);
	else
		gt_unmap(table, iova, n * PAGE, 1);
	/* An address beyond the width, in the midst of it. */
	if (draw[4] % 32 == 1)
		gt_store(gt_entry(table, iova, 1),
			 gt_leaf_value(table, 1, target, RW) | UINT64_C(1) << 45);
	invalidate_table(t, which, iova, n * PAGE, draw);
}

static void write_superpage(struct twins *t, int which, const uint64_t *draw)
{
	struct guest_table *table = &t->table[which];
	uint64_t iova = SUPER_AT + (draw[2] >> 8 & 7) * 2 * MIB, value = 0;

	if (draw[3] % 4)
		value = gt_leaf_value(table, 2, (draw[3] >> 8 & 3) * 2 * MIB, RW);
	if (draw[3] % 32 == 1)
		value |= PAGE << 1; /* not aligned */
	twins_say(t, "guest, table %d: superpage at %#jx: %#jx", which, (uintmax_t)iova,
		  (uintmax_t)value);
	gt_store(gt_entry(table, iova, 2), value);
	invalidate_table(t, which, iova, 2 * MIB, draw);
}

void twins_write_table(struct twins *t, const uint64_t *draw)
{
	int which = (int)(draw[0] % TWIN_TABLES);
	uint64_t n = 1 + draw[1] % 32;

	if (draw[2] % 8 == 0)
		write_superpage(t, which, draw);
	else
		write_pages(t, which, (draw[2] >> 8) % (WINDOW - 32) * PAGE, n, draw);
}

/* Of what has not changed, and of what cannot be invalidated. */
void twins_invalidate(struct twins *t, const uint64_t *draw)
{
	int side, ret[SIDES];
	unsigned int i;

	reset(t);
	for (i = 0; i < 1 + draw[0] % 3; i++) {
		int s = twins_some_space(t, draw[1 + i], CHILD_SPACE);
		uint64_t iova = twins_some_iova(t, draw[2 + i]);
		uint64_t length = twins_some_length(t, draw[3 + i]);

		if (s < 0)
			continue;
		twins_say(t, "invalidation: %d, %#jx, %#jx", s, (uintmax_t)iova, (uintmax_t)length);
		for (side = 0; side < SIDES; side++) {
			if (draw[4] % 8)
				ret[side] =
					ioasid_inv_add_range(t->inv[side], t->space[s].at[side],
							     iova, length, draw[5] % 64 ? 0 : 8);
			else
				ret[side] = ioasid_inv_add_mask(t->inv[side], t->space[s].at[side],
								iova, draw[4] >> 8 & 63, 0);
		}
		twins_agree(t, ret[KERNEL], ret[EMULATED]);
	}
	submit(t);
}
