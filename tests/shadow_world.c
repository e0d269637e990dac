/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "any.h"
#include "referee.h"
#include "shadow_world.h"

struct world w;

static uint64_t state;

void set_seed(uint64_t seed)
{
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

uint64_t rnd(uint64_t below)
{
	return (xorshift(&state) >> 8) % below;
}

const struct piece *root_find(uint64_t gpa)
{
	unsigned int i;

	for (i = 0; i < N_PIECES; i++)
		if (w.piece[i].last && gpa >= w.piece[i].start && gpa <= w.piece[i].last)
			return &w.piece[i];
	return NULL;
}

static int resolve(void *opaque, uint64_t addr, struct shadow_piece *out)
{
	const struct piece *p = root_find(addr);

	(void)opaque;
	if (!p)
		return -EFAULT;
	*out = (struct shadow_piece){
		.start = p->start, .last = p->last, .host = p->host, .perm = p->perm,
		.watch = p->big ? NULL : (uint32_t *)&w.heads[p - w.piece],
	};
	return 0;
}

void world_open(void)
{
	const struct shadow_parent up = { .resolve = resolve, .gen = &w.gen };

	memset(&w, 0, sizeof(w));
	w.gen = 1;
	pages_init(&w.pool);
	w.heads = pages_alloc(&w.pool);
	ck_assert_ptr_nonnull(w.heads);
	w.tables = mmap(NULL, END - TABLES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	ck_assert_ptr_ne(w.tables, MAP_FAILED);
	shadow_init(&w.s, &w.pool, &up, false);
	set_seed(1);
}

void world_close(void)
{
	shadow_destroy(&w.s, &w.reap);
	reap_finish(&w.reap, &w.pool);
	/* nothing is left but the heads, and these are empty */
	ck_assert_uint_eq(pages_used(&w.pool), 1);
	ck_assert(!w.heads[0] && !memcmp(w.heads, w.heads + 1, PAGES_SIZE - sizeof(*w.heads)));
	pages_destroy(&w.pool);
	munmap(w.tables, END - TABLES);
}

unsigned int root_map(uint64_t start, uint64_t length, uint64_t host, unsigned int perm, bool big)
{
	unsigned int i;

	for (i = 0; i < N_PIECES && w.piece[i].last; i++)
		;
	ck_assert_uint_lt(i, N_PIECES);
	if (start >= TABLES)
		host = (uint64_t)(uintptr_t)w.tables + (start - TABLES);
	w.piece[i] = (struct piece){ start, start + length - 1, host, perm, big };
	return i;
}

void root_unmap(unsigned int i)
{
	struct piece *p = &w.piece[i];

	w.gen++;
	shadow_drop_list((uint32_t *)&w.heads[i], &w.pool, &w.reap);
	if (p->big)
		shadow_drop_range(&w.s, p->start, p->last, &w.reap);
	p->last = 0;
}

void bind_as(const struct ioasid_pgtable *pgtable, bool on_demand)
{
	const struct pgt_caps caps = { .haw = pgtable->address_bits ? pgtable->address_bits : 52,
				       .page_2m = true, .page_1g = true, .snoop_control = true,
				       .input_bits = pgtable->input_bits,
				       .granule = pgtable->granule_bits,
				       .wide = pgtable->flags & IOASID_PGTABLE_WIDE };
	struct pgt_caps high = caps;
	struct pgt_pair pair = { .low.levels = 0 };

	w.pgtable = *pgtable;
	gt_init_as(&w.t, &w.pgtable, w.tables, TABLES, TABLES, END);
	pair.low_root = w.t.root;
	ck_assert_int_eq(pgt_init(&pair.low, (enum pgt_id)pgtable->format, pgtable->levels, &caps),
			 0);
	if (pgtable->upper_levels) {
		high.high = true;
		w.pgtable.upper_root = pair.high_root = w.t.root;
		ck_assert_int_eq(pgt_init(&pair.high, (enum pgt_id)pgtable->format, pgtable->levels,
					  &high), 0);
	}
	ck_assert_int_eq(shadow_bind(&w.s, &pair, on_demand, &w.reap), 0);
}

void bind(enum ioasid_pgtable_format format, bool on_demand)
{
	bind_as(&(struct ioasid_pgtable){ .format = format, .levels = 4, .input_bits = 48 },
		on_demand);
}

void sync_range(uint64_t start, uint64_t last)
{
	shadow_begin_pass(&w.s, 0);
	ck_assert_int_eq(shadow_sync(&w.s, start, last, &w.reap), 0);
}

uint64_t translate(struct shadow *s, uint64_t iova, unsigned int need)
{
	struct iopt_hit hit = iopt_walk_any(&s->root, iova);

	if ((hit.perm & need) != need) {
		enum shadow_fault why = shadow_miss(s, iova, need);

		hit = iopt_walk_any(&s->root, iova);
		if (!why != ((hit.perm & need) == need))
			ck_abort_msg("%#" PRIx64 ": reason %u, but permission %u", iova, why,
				     hit.perm);
	}
	return (hit.perm & need) == need ? iopt_host(&hit, iova) : 0;
}

static int read_entry(void *opaque, uint64_t gpa, uint64_t *entry)
{
	const struct piece *p = root_find(gpa);

	(void)opaque;
	if (!p || !(p->perm & IOPT_READ) || gpa < TABLES)
		return -1;
	*entry = gt_load((const uint64_t *)(const void *)(w.tables + (gpa - TABLES)));
	return 0;
}

uint64_t referee(uint64_t iova, unsigned int need)
{
	struct ref_entry r;
	enum ref_fault fault = ref_walk(&w.pgtable, iova, read_entry, NULL, &r);
	const struct piece *p = fault ? NULL : root_find(r.address);

	if (!p || (need & ~p->perm) || (need & IOPT_READ && !r.read) ||
	    (need & IOPT_WRITE && !r.write))
		return 0;
	return p->host + (r.address - p->start);
}

unsigned int count_nodes(const struct shadow *s)
{
	const struct shadow_node *n;
	unsigned int count = 0;

	for (n = s->tree.nodes; n; n = n->next)
		count++;
	return count;
}

/* What is asked for each entry: Check's own macros write a line to a file each time. */
#define must(condition) \
	do { \
		if (!(condition)) \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* A list both ways. Returns its length. */
static unsigned int check_list(const uint32_t *head, const struct piece *p)
{
	uint32_t at = *head, before = pages_ref(head);
	unsigned int length = 0;

	must(!at || (p->last && !p->big));
	for (; at; length++) {
		const struct shadow_link *link = pages_ptr(&w.pool, at);
		uintptr_t owner = (uintptr_t)pages_owner(link);
		const struct shadow_node *n = (void *)(owner & ~(uintptr_t)OWNER_LINKS);
		uint64_t addr;

		must(link->prev == before);
		if (owner & OWNER_LINKS) {
			unsigned int i = (unsigned int)(link - n->links);

			must(i < IOPT_ENTRIES);
			must(n->pte[i] && !(n->pte[i] & IOPT_TABLE));
			addr = node_decode(n, i, node_raw(n, i)).addr;
		} else {
			n = (const struct shadow_node *)(const void *)((const char *)link -
				offsetof(struct shadow_node, self));
			addr = n->addr;
		}
		must(n->shadow == &w.s);
		must(addr >= p->start && addr <= p->last);
		before = at;
		at = link->next;
	}
	return length;
}

/* An entry that DMA can use leads where its piece is, and is on that piece's list. */
static unsigned int check_entry(const struct shadow_node *n, unsigned int i)
{
	uint64_t pte = n->pte[i], size = UINT64_C(1) << node_shift(n);
	const struct piece *p;
	struct pgt_entry e;

	must(!n->links || !n->links[i].prev || pte);
	if (!pte || pte & IOPT_TABLE)
		return 0;
	e = node_decode(n, i, node_raw(n, i));
	p = root_find(e.addr);
	must(p);
	must(p->last - e.addr >= size - 1);
	must(pte == ((p->host + (e.addr - p->start)) | (p->perm & e.perm)));
	if (p->big)
		return 0;
	must(n->links && n->links[i].prev);
	return 1;
}

void settle(void)
{
	const struct shadow_node *n;
	unsigned int refs = !!w.s.tree.part[0].top + !!w.s.tree.part[1].top, sum = 0;
	unsigned int i, listed = 0, linked = 0, pages = !!w.s.tree.far;

	reap_finish(&w.reap, &w.pool);
	for (i = 0; i < N_PIECES; i++)
		listed += check_list((uint32_t *)&w.heads[i], &w.piece[i]);
	for (n = w.s.tree.nodes; n; n = n->next) {
		ck_assert_ptr_eq(*n->prev, n);
		pages += 1u + !!n->raw + !!n->links + !!n->heads + !!n->stamps;
		linked += !!n->self.prev;
		sum += n->refs;
		for (i = 0; i < IOPT_ENTRIES; i++) {
			refs += !!node_child(n, i);
			linked += check_entry(n, i);
		}
	}
	ck_assert_uint_eq(listed, linked);
	ck_assert_uint_eq(refs, sum);
	ck_assert_uint_eq(w.s.pages, pages);
	/* the heads, what the nodes say that they have, and the slab that they are in */
	ck_assert_uint_eq(pages_used(&w.pool), 1 + pages + w.s.slab.pages);
}
