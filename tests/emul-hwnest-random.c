/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random changes of a guest's tables, random invalidations, and DMA through an IOMMU that nests in
 * hardware. The referee keeps, of each page, all that a DMA may find: what the tables say now, and
 * what they said at any time since the page was last invalidated. With a paging-structure cache the
 * way down to a table can be older than what is found there.
 */
#include <stdio.h>
#include <string.h>

#include "hw_world.h"
#include "referee.h"

#define L3_TABLES 2
#define L2_TABLES 3
#define L1_TABLES 4
#define PAGES	  (2 * 2 * 3 * 4)
#define STATES	  4096

/* A table that a walk may come to, with what the levels above permit. */
struct way {
	unsigned level;
	uint64_t table;
	bool read, write;
};

/* What a walk may find. */
struct finding {
	bool ok;
	uint64_t gpa;
	bool read, write;
};

struct page {
	uint64_t iova;
	struct way ways[64];
	unsigned n_ways;
	struct finding findings[64];
	unsigned n_findings;
};

struct play {
	struct hw h;
	struct ioasid_pgtable t;
	bool structures;
	unsigned levels; /* 3: without what is at level 4 */
	uint64_t tables[1 + L3_TABLES + L2_TABLES + L1_TABLES];
	struct page page[PAGES];
	uint64_t dice, seed;
	bool second_mapped; /* guest addresses from HW_SIZE on */
};

static uint64_t roll(struct play *p, uint64_t n)
{
	p->dice = p->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (p->dice >> 33) % n;
}

static bool mapped(const struct play *p, uint64_t gpa)
{
	return gpa < HW_SIZE || (p->second_mapped && gpa < HW_SIZE + MIB);
}

static void add_way(struct page *page, const struct way *way)
{
	unsigned i;

	for (i = 0; i < page->n_ways; i++)
		if (!memcmp(&page->ways[i], way, sizeof(*way)))
			return;
	ck_assert_uint_lt(page->n_ways, 64);
	page->ways[page->n_ways++] = *way;
}

static void add_finding(struct page *page, const struct finding *f)
{
	unsigned i;

	for (i = 0; i < page->n_findings; i++)
		if (!memcmp(&page->findings[i], f, sizeof(*f)))
			return;
	ck_assert_uint_lt(page->n_findings, 64);
	page->findings[page->n_findings++] = *f;
}

/* Walks on from a way with the tables as they are; a walk from the root makes ways. */
static void walk_on(struct play *p, struct page *page, struct way at, bool make_ways)
{
	struct finding f;

	memset(&f, 0, sizeof(f));
	for (;; at.level--) {
		unsigned index = ref_index(&p->t, at.level, page->iova);
		struct ref_entry j;

		if (!mapped(p, at.table))
			break;
		j = ref_judge(&p->t, at.level, index, gt_load(gt_slot(&p->h.t, at.table, index)));
		if (j.kind != REF_TABLE && j.kind != REF_PAGE)
			break;
		at.read = at.read && j.read;
		at.write = at.write && j.write;
		at.table = j.address;
		if (j.kind == REF_PAGE) {
			f.gpa = j.address + page->iova % ref_span(&p->t, at.level);
			f.ok = mapped(p, f.gpa);
			f.read = f.ok && at.read;
			f.write = f.ok && at.write;
			break;
		}
		if (make_ways) {
			struct way next;

			memset(&next, 0, sizeof(next));
			next.level = at.level - 1;
			next.table = at.table;
			next.read = at.read;
			next.write = at.write;
			add_way(page, &next);
		}
	}
	if (!f.ok)
		f.gpa = 0;
	add_finding(page, &f);
}

/* What is true now may be found from now on. */
static void remember(struct play *p)
{
	const struct way top = { p->levels, p->t.root, true, true };
	unsigned i, k;

	for (i = 0; i < PAGES; i++) {
		struct page *page = &p->page[i];

		walk_on(p, page, top, p->structures);
		for (k = 0; k < page->n_ways; k++)
			walk_on(p, page, page->ways[k], false);
	}
}

/* Of what was true before [start, last] was invalidated nothing is left. */
static void forget(struct play *p, uint64_t start, uint64_t last, bool leaf_only)
{
	unsigned i;

	for (i = 0; i < PAGES; i++) {
		struct page *page = &p->page[i];

		if (page->iova < start || page->iova > last)
			continue;
		page->n_findings = 0;
		if (!leaf_only)
			page->n_ways = 0;
	}
	remember(p);
}

static void check_dma(struct play *p, unsigned step)
{
	struct page *page = &p->page[roll(p, PAGES)];
	uint32_t access = 1 + (uint32_t)roll(p, 3);
	uint8_t *at = dma_where(p->h.g.channel, page->iova + 8, access);
	unsigned i;

	drop_events(p->h.g.queue);
	for (i = 0; i < page->n_findings; i++) {
		const struct finding *f = &page->findings[i];
		bool allowed = (!(access & IOASID_READ) || f->read) &&
			       (!(access & IOASID_WRITE) || f->write);

		if (at ? allowed && at == p->h.g.memory + f->gpa % HW_SIZE + 8 : !allowed)
			return;
	}
	ck_abort_msg("seed %ju, step %u: DMA at %#jx for %u %s at %#jx, none of %u findings",
		     (uintmax_t)p->seed, step, (uintmax_t)page->iova, access,
		     at ? "is" : "faults", (uintmax_t)(at ? at - p->h.g.memory : 0),
		     page->n_findings);
}

static uint64_t some_table(struct play *p, unsigned level)
{
	if (level == p->levels)
		return p->tables[0];
	switch (level) {
	case 3: return p->tables[1 + roll(p, L3_TABLES)];
	case 2: return p->tables[1 + L3_TABLES + roll(p, L2_TABLES)];
	default: return p->tables[1 + L3_TABLES + L2_TABLES + roll(p, L1_TABLES)];
	}
}

/* Entries that are used of a table; a large one has them in several pages. */
static unsigned index_of(const struct play *p, unsigned level, uint64_t n)
{
	return (unsigned)n * (p->h.t.granule > 12 && level < p->levels ? 600 : 1);
}

static void change(struct play *p)
{
	static const unsigned width[] = { 0, 4, 3, 2, 2 };
	unsigned level = roll(p, 2) ? 1 : 1 + (unsigned)roll(p, p->levels);
	uint64_t *slot = gt_slot(&p->h.t, some_table(p, level),
				 index_of(p, level, roll(p, width[level])));
	uint32_t perm = 1 + (uint32_t)roll(p, 3);
	uint64_t value = 0;

	if (level == 1 && roll(p, 8))
		value = gt_leaf_value(&p->h.t, 1, roll(p, 3) * gt_span(&p->h.t, 1) +
				      (roll(p, 5) ? 0 : HW_SIZE), perm);
	else if (level == 2 && !roll(p, 4))
		value = gt_leaf_value(&p->h.t, 2, (roll(p, 2) * 2 * MIB) &
				      ~(gt_span(&p->h.t, 2) - 1), perm);
	else if (level > 1 && roll(p, 6))
		value = gt_table_value(&p->h.t, some_table(p, level - 1));
	else if (!roll(p, 10))
		value = gt_table_value(&p->h.t, 0) | UINT64_C(1) << 47; /* beyond the width */
	gt_store(slot, value);
	remember(p);
}

static void invalidate(struct play *p)
{
	uint64_t iova = p->page[roll(p, PAGES)].iova, start = 0, last = UINT64_MAX;
	uint32_t flags = (uint32_t)roll(p, 2) * IOASID_INV_LEAF_ONLY;
	unsigned mask = (unsigned)roll(p, 20);
	struct ioasid_inv *inv;

	ck_ok(ioasid_inv_new(p->h.g.ctx, 1, &inv));
	switch (roll(p, 6)) {
	case 0:
		ck_ok(ioasid_inv_add_all(inv, p->h.child, flags));
		break;
	case 1:
		ck_ok(ioasid_inv_add_device(inv, p->h.g.device, flags));
		break;
	default:
		ck_ok(ioasid_inv_add_mask(inv, p->h.child, iova, mask, flags));
		start = iova & ~((PAGE << mask) - 1);
		last = iova | ((PAGE << mask) - 1);
	}
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
	forget(p, start, last, flags);
}

/* The parent loses a part, or gets it back. */
static void change_parent(struct play *p)
{
	if (p->second_mapped)
		ck_ok(ioasid_space_unmap(p->h.g.root, HW_SIZE, MIB, NULL));
	else
		ck_ok(ioasid_space_map(p->h.g.root, HW_SIZE, p->h.g.memory, MIB, RW, NULL));
	p->second_mapped = !p->second_mapped;
	if (p->second_mapped)
		remember(p);
	else
		forget(p, 0, UINT64_MAX, false);
}

/* The pages: one for each way through the entries that are used; without level 4 parts of pages. */
static uint64_t page_at(const struct play *p, unsigned i)
{
	const unsigned n[] = { 0, i % 4, i / 4 % 3, i / 12 % 2, i / 24 };
	uint64_t iova = p->levels == 3 ? n[4] * PAGE : 0;
	unsigned level;

	for (level = 1; level <= p->levels; level++)
		iova += ref_span(&p->t, level) * index_of(p, level, n[level]);
	return iova;
}

static void start(struct play *p, const char *platform, const struct ioasid_pgtable *format,
		  uint64_t seed)
{
	unsigned i;

	memset(p, 0, sizeof(*p));
	p->dice = p->seed = seed;
	p->structures = strstr(platform, "structure-cache");
	p->levels = format->levels;
	hw_open(&p->h, platform, IOASID_PGTABLE_VTD_SS, 0);
	p->t = *format;
	p->t.size = sizeof(p->t);
	p->t.address_bits = 44;
	gt_init_as(&p->h.t, &p->t, p->h.g.memory, 0, HW_TABLES, HW_SIZE);
	p->tables[0] = p->t.root;
	for (i = 1; i < sizeof(p->tables) / sizeof(p->tables[0]); i++)
		p->tables[i] = gt_page(&p->h.t);
	ck_ok(ioasid_space_bind_pgtable(p->h.child, &p->t));
	for (i = 0; i < PAGES; i++)
		p->page[i].iova = page_at(p, i);
	remember(p);
}

static const struct ioasid_pgtable formats[] = {
	{ .format = IOASID_PGTABLE_VTD_SS, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_VTD_FS, .levels = 4, .input_bits = 48 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 4, .input_bits = 48, .granule_bits = 14 },
	{ .format = IOASID_PGTABLE_ARM_S1, .levels = 3, .input_bits = 52, .granule_bits = 16,
	  .flags = IOASID_PGTABLE_WIDE },
	{ .format = IOASID_PGTABLE_ARM_S2, .levels = 3, .input_bits = 43 },
};

#define FORMATS ((int)(sizeof(formats) / sizeof(formats[0])))

static const char *const platforms[] = {
	HW_PLATFORM("iotlb=1", ""),
	HW_PLATFORM("iotlb=16 iotlb-ways=2 iotlb-replacement=random", ""),
	HW_PLATFORM("iotlb=1024", "device-tlb=4"),
	HW_PLATFORM("iotlb=64 structure-cache=4", ""),
	HW_PLATFORM("iotlb=2 structure-cache=64", "device-tlb=8"),
};

#define N_PLATFORMS 5

START_TEST(every_dma_finds_something_that_was_true_since_the_last_invalidation)
{
	static struct play p;
	unsigned round, step;

	for (round = 0; round < rounds(8); round++) {
		start(&p, platforms[_i % N_PLATFORMS], &formats[_i / N_PLATFORMS],
		      1000u * (unsigned)_i + round);
		for (step = 0; step < 1500; step++) {
			/* Before there is too much that it may find. */
			if (step % 16 == 0) {
				ck_ok(inv_all(p.h.g.ctx, p.h.child));
				forget(&p, 0, UINT64_MAX, false);
			}
			switch (roll(&p, 8)) {
			case 0:
			case 1:
				change(&p);
				break;
			case 2:
				invalidate(&p);
				break;
			case 3:
				if (!roll(&p, 8))
					change_parent(&p);
				break;
			default:
				check_dma(&p, step);
			}
		}
		hw_close(&p.h);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hwnest-random");
	TCase *tc = tcase_create("hwnest-random");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_dma_finds_something_that_was_true_since_the_last_invalidation,
			    0, FORMATS * N_PLATFORMS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
