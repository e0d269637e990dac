/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a DMA of the guest's device may come to. */
#include <endian.h>
#include <errno.h>

#include "guest.h"

struct search {
	struct guest *g;
	bool only_now;
	bool several;
	unsigned int steps; /* left: hostile tables have more ways than anybody can try */
};

static void find(struct search *f, int s, uint64_t page, struct outcomes *out);

static void add(struct outcomes *out, uint64_t memory, uint32_t perm)
{
	size_t i;

	for (i = 0; i < out->n; i++)
		if (out->list[i].memory == memory && out->list[i].perm == perm)
			return;
	if (out->n == sizeof(out->list) / sizeof(out->list[0]))
		out->any = true;
	else
		out->list[out->n++] = (struct outcome){ memory, perm };
}

struct mapping *find_mapping(struct space *s, uint64_t page)
{
	size_t i;

	for (i = 0; i < s->n_mappings; i++)
		if (page - s->mappings[i].start < s->mappings[i].length)
			return &s->mappings[i];
	return NULL;
}

bool overlaps(const struct space *s, uint64_t start, uint64_t length)
{
	size_t i;

	for (i = 0; i < s->n_mappings; i++)
		if (start < s->mappings[i].start + s->mappings[i].length &&
		    s->mappings[i].start < start + length)
			return true;
	return false;
}

void store_entry(struct guest *g, unsigned int word, uint64_t value)
{
	whole_word *entry = (whole_word *)(void *)g->memory + word;

	if (g->n_stores == MAX_STORES)
		return;
	trace("%ju: table page %u, entry %u: %#jx", (uintmax_t)g->time + 1, word / 512, word % 512,
	      (uintmax_t)value);
	g->stores[g->n_stores++] = (struct store){ ++g->time, value, word };
	__atomic_store_n(entry, htole64(value), __ATOMIC_RELEASE);
}

void note_pass(struct guest *g, int s, uint64_t start, uint64_t last)
{
	struct space *space = &g->at[s];

	trace("%ju: space %d, invalidated %#jx to %#jx", (uintmax_t)g->time + 1, s,
	      (uintmax_t)start, (uintmax_t)last);
	space->passes[space->n_passes++] = (struct pass){ start, last, ++g->time };
}

uint64_t last_pass(const struct space *s, uint64_t page)
{
	size_t i = s->n_passes;

	while (i--)
		if (page >= s->passes[i].start && page <= s->passes[i].last)
			return s->passes[i].time;
	return 0;
}

/* A walk, some way down. */
struct way {
	int s;
	const struct ioasid_pgtable *tree; /* of the space's table, the one that the page is in */
	uint64_t page; /* there */
	uint64_t since; /* entries count as they were then or later */
	unsigned int level;
	uint64_t table; /* address in the parent */
	uint32_t perm;
};

static void go_down(struct search *f, const struct way *way, struct outcomes *out);

static void follow_page(struct search *f, const struct way *way, uint64_t target, uint32_t perm,
			struct outcomes *out)
{
	const struct space *space = &f->g->at[way->s];
	uint64_t pages = space->is_table ? ref_span(way->tree, way->level) / PAGE : 1;
	uint64_t below = way->page & (pages - 1);
	struct outcomes behind = { .n = 0 };
	size_t i;

	find(f, way->s - 1, target / PAGE + below, &behind);
	out->any |= behind.any;
	for (i = 0; i < behind.n; i++)
		add(out, behind.list[i].memory, perm & behind.list[i].perm);
}

/* One thing that an entry may say. */
static void follow_value(struct search *f, const struct way *way, uint64_t value, bool is_now,
			 struct outcomes *out)
{
	struct space *space = &f->g->at[way->s];
	struct ref_entry j = ref_judge(way->tree, way->level,
				       ref_index(way->tree, way->level, way->page * PAGE), value);
	uint32_t perm = way->perm & ((j.read ? IOASID_READ : 0) | (j.write ? IOASID_WRITE : 0));
	struct way next = *way;

	switch (j.kind) {
	case REF_ABSENT:
	case REF_NOT_ACCESSED:
	case REF_MALFORMED:
		if (is_now || !space->on_demand)
			add(out, NOWHERE, 0);
		return;
	case REF_PAGE:
		follow_page(f, way, j.address, perm, out);
		return;
	case REF_TABLE:
		if (way->page % (ref_span(way->tree, way->level) / PAGE) /
		    (ref_span(way->tree, j.level + 1) / PAGE)) {
			add(out, NOWHERE, 0); /* bits of levels that are skipped */
			return;
		}
		next.level = j.level;
		next.table = j.address;
		next.perm = perm;
		go_down(f, &next, out);
	}
}

/* All that an entry has said since, beginning with what it says now. */
static void follow_entry(struct search *f, const struct way *way, unsigned int word,
			 struct outcomes *out)
{
	struct guest *g = f->g;
	bool is_now = true;
	size_t i = g->n_stores;

	while (i--) {
		const struct store *store = &g->stores[i];

		if (store->word != word)
			continue;
		follow_value(f, way, store->value, is_now, out);
		if (f->only_now || store->time <= way->since)
			return;
		is_now = false;
		f->several = true;
	}
	follow_value(f, way, 0, is_now, out);
}

static void go_down(struct search *f, const struct way *way, struct outcomes *out)
{
	unsigned int index = ref_index(way->tree, way->level, way->page * PAGE), slot = index % 512;
	struct outcomes tables = { .n = 0 };
	size_t i;

	if (!f->steps || !--f->steps) {
		out->any = true;
		return;
	}
	/* of a table that is larger than a page, that one */
	find(f, way->s - 1, way->table / PAGE + index / 512, &tables);
	out->any |= tables.any;
	for (i = 0; i < tables.n; i++) {
		const struct outcome *t = &tables.list[i];

		if (t->memory == NOWHERE || !(t->perm & IOASID_READ))
			add(out, NOWHERE, 0);
		else if (t->memory < TABLE_PAGES)
			follow_entry(f, way, (unsigned int)t->memory * 512 + slot, out);
		else
			follow_value(f, way, 0, true, out); /* memory that nobody writes */
	}
}

static void find(struct search *f, int s, uint64_t page, struct outcomes *out)
{
	struct space *space = &f->g->at[s];
	uint64_t iova = page * PAGE;
	const struct ioasid_pgtable tree = ref_tree(&space->table, &iova);
	struct way way = {
		s, &tree, iova / PAGE, last_pass(space, page), tree.levels, tree.root, RW
	};
	struct mapping *m;

	if (space->is_table) {
		/* Is it an address of the table at all? */
		if (space->bound && page < UINT64_C(1) << 52 && tree.levels &&
		    ref_is_input(&tree, iova))
			go_down(f, &way, out);
		else
			add(out, NOWHERE, 0);
		return;
	}
	m = find_mapping(space, page);
	if (!m) {
		add(out, NOWHERE, 0);
	} else if (s == ROOT) {
		add(out, m->target + (page - m->start), m->perm);
	} else {
		way.level = 1;
		follow_page(f, &way, (m->target + (page - m->start)) * PAGE, m->perm, out);
	}
}

void find_outcomes(struct guest *g, int s, uint64_t page, bool only_now, struct outcomes *out)
{
	struct search f = { .g = g, .only_now = only_now, .steps = 4000 };

	out->n = 0;
	out->any = false;
	find(&f, s, page, out);
	out->several = f.several;
}

bool is_outcome(const struct outcomes *out, uint64_t memory, uint32_t access)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		bool granted = out->list[i].memory != NOWHERE &&
			       (out->list[i].perm & access) == access;

		if ((granted ? out->list[i].memory : NOWHERE) == memory)
			return true;
	}
	return out->any;
}
