/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "random_nested.h"

#include <string.h>

#include "any.h"
#include "shim_expect.h"

/*
 * Parts of the parent that come and go, one behind another from here on: as one mapping, or page by
 * page without handles, of which two parts are enough for the library to pack them.
 */
#define PIECES	     6u
#define PIECE_PAGES  48u
#define PIECES_START (16 * MIB)

/* Where the guest maps: over the end of a table, around reserved ranges, and superpages. */
#define REGIONS	     3u
#define REGION_PAGES 512u
#define SUPER	     2u
static const uint64_t regions[REGIONS] = { 0x40100000, 0xfed80000, 0x80000000 };

#define DEEP_PAGES 64u

struct target {
	uint64_t address;	/* in the space below */
	uint32_t perm;		/* 0: nothing */
};

static struct {
	uint64_t host;
	uint32_t perm;
	uint64_t there;		/* bit i: page i */
} pieces[PIECES];
static struct target guest[REGIONS][REGION_PAGES], deep_pages[DEEP_PAGES];
static struct ioasid_device *second;
static struct ioasid_space *deep;
static const struct random_kernel *kernel;
static bool bound;
static uint64_t seed, state;
static unsigned int at_step;

static unsigned int pick(unsigned int n)
{
	return (unsigned int)(xorshift(&state) >> 33) % n;
}

static uint32_t pick_perm(void)
{
	return 1 + pick(3);
}

/* Where a guest address leads; its permission. */
static uint32_t in_root(uint64_t address, uint64_t *host)
{
	uint64_t i = (address - PIECES_START) / (PIECE_PAGES * PAGE);
	uint64_t page = (address - PIECES_START) / PAGE % PIECE_PAGES;

	if (address < TABLES) {
		*host = (uint64_t)(uintptr_t)memory + address;
		return RW;
	}
	if (address < PIECES_START || i >= PIECES || !(pieces[i].there >> page & 1))
		return 0;
	*host = pieces[i].host + (address - PIECES_START) % (PIECE_PAGES * PAGE);
	return pieces[i].perm;
}

static uint32_t in_child(uint64_t iova, uint64_t *host)
{
	unsigned int r;

	for (r = 0; r < REGIONS; r++)
		if (bound && iova >= regions[r] && iova - regions[r] < REGION_PAGES * PAGE) {
			const struct target *t = &guest[r][(iova - regions[r]) / PAGE];

			return t->perm ? t->perm & in_root(t->address, host) : 0;
		}
	return 0;
}

static void check_page(unsigned int d, uint64_t iova, uint32_t perm, uint64_t host)
{
	uint64_t got_host = host;
	uint32_t got = kernel->look(d, iova, &got_host);

	ck_assert_msg(got == perm && (!perm || got_host == host),
		      "seed %ju, step %u: device %u at %#jx: %u %#jx, expected %u %#jx",
		      (uintmax_t)seed, at_step, d, (uintmax_t)iova, got, (uintmax_t)got_host, perm,
		      (uintmax_t)host);
}

static void check_all(void)
{
	uint64_t host = 0, iova;
	unsigned int r, i;

	for (r = 0; r < REGIONS && ioasid_device_get_space(device); r++)
		for (i = 0; i < REGION_PAGES; i++) {
			uint32_t perm;

			iova = regions[r] + i * PAGE;
			perm = in_child(iova, &host);
			if (iova >= 0xfee00000 && iova <= 0xfeefffff)
				perm = 0;
			check_page(0, iova, perm, host);
		}
	for (i = 0; i < DEEP_PAGES && ioasid_device_get_space(second); i++) {
		const struct target *t = &deep_pages[i];
		uint32_t perm = t->perm ? t->perm & in_child(t->address, &host) : 0;

		check_page(1, i * PAGE, perm, host);
	}
}

/* Carries out invalidations; now and then the kernel fails, and the next one repairs it. */
static void submit(struct ioasid_inv *inv)
{
	if (pick(8) == 0)
		fail_nth(1 + pick(4), pick(2) ? ENOMEM : EINVAL);
	if (ioasid_inv_submit(inv, NULL)) {
		shim.fail_nth = 0;
		ck_ok(inv_range(ctx, child, regions[pick(REGIONS)], PAGE));
	}
	/* spaces below cannot say that they failed: a change below them repairs them */
	if (!shim.fail_nth)
		ck_ok(inv_range(ctx, child, 0, PAGE));
	shim.fail_nth = 0;
	ioasid_inv_free(inv);
}

static void invalidate(uint64_t iova, uint64_t length)
{
	struct ioasid_inv *inv;

	if (!bound)
		return;
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_range(inv, child, iova, length, 0));
	submit(inv);
}

static uint64_t pick_target(void)
{
	return pick(4) ? PIECES_START + pick(PIECES * PIECE_PAGES) * PAGE : pick(256) * PAGE;
}

static void set_page(unsigned int r, unsigned int i, uint64_t target, uint32_t perm)
{
	const uint64_t iova = regions[r] + i * PAGE;

	guest[r][i] = (struct target){ target, perm };
	if (perm)
		gt_map(&table, iova, target, PAGE, 1, perm);
	else
		gt_unmap(&table, iova, PAGE, 1);
}

/* A few that lie apart, each invalidated by itself: as guests do most of the time. */
static void change_single_pages(void)
{
	unsigned int n = 1 + pick(3), r = pick(SUPER), i;
	struct ioasid_inv *inv;

	ck_ok(ioasid_inv_new(ctx, n, &inv));
	while (n--) {
		i = 5 + 37 * pick(8);
		set_page(r, i, pick_target(), pick(4) ? pick_perm() : 0);
		ck_ok(ioasid_inv_add_range(inv, child, regions[r] + i * PAGE, PAGE,
					   pick(2) ? IOASID_INV_LEAF_ONLY : 0));
	}
	if (bound)
		submit(inv);
	else
		ioasid_inv_free(inv);
}

static void change_pages(void)
{
	unsigned int r = pick(SUPER), first = pick(REGION_PAGES), n = 1 + pick(96), i;
	uint64_t target = pick_target();
	uint32_t perm = pick_perm();

	if (n > REGION_PAGES - first)
		n = REGION_PAGES - first;
	for (i = first; i < first + n; i++) {
		if (pick(64) == 0) {
			target = pick_target();
			perm = pick_perm();
		}
		set_page(r, i, target, pick(24) ? perm : 0);
		target += PAGE;
	}
	/* rounded out, as guests do */
	invalidate((regions[r] + first * PAGE) & ~(uint64_t)(pick(2) ? 0xffff : 0xfff),
		   (n + 16) * PAGE);
}

static void change_superpage(void)
{
	const uint64_t target = PIECES_START + (pick(2) ? 0 : 2 * MIB);
	uint32_t perm = pick(3) ? pick_perm() : 0;
	unsigned int i;

	for (i = 0; i < REGION_PAGES; i++)
		guest[SUPER][i] = (struct target){ target + i * PAGE, perm };
	if (perm)
		gt_map(&table, regions[SUPER], target, 2 * MIB, 2, perm);
	else
		gt_unmap(&table, regions[SUPER], 2 * MIB, 2);
	invalidate(regions[SUPER] + pick(REGION_PAGES) * PAGE, PAGE);
}

/* All of a piece goes at once, or one mapping of it by its handle. */
static void unmap_piece(unsigned int i)
{
	const uint64_t start = PIECES_START + i * PIECE_PAGES * PAGE;
	const uint64_t page = pick(PIECE_PAGES), length = PIECE_PAGES * PAGE;
	struct ioasid_mapping *m = ioasid_space_find_mapping(root, start + page * PAGE, PAGE);

	if (!m || pick(2)) {
		ck_ok(ioasid_space_unmap(root, start, length, NULL));
		pieces[i].there = 0;
		return;
	}
	ck_assert_uint_eq(ioasid_mapping_get_perm(m), pieces[i].perm);
	pieces[i].there &= ioasid_mapping_get_length(m) == PAGE ? ~(UINT64_C(1) << page) : 0;
	ck_ok(ioasid_mapping_unmap(m));
}

static void change_parent(void)
{
	const unsigned int i = pick(PIECES);
	const uint64_t each = pick(3) ? PAGE : PIECE_PAGES * PAGE;
	uint64_t at;

	if (pieces[i].there) {
		unmap_piece(i);
		return;
	}
	pieces[i].host = (uint64_t)(uintptr_t)memory + 8 * MIB + pick(1024) * PAGE;
	pieces[i].perm = pick_perm();
	pieces[i].there = (UINT64_C(1) << PIECE_PAGES) - 1;
	for (at = 0; at < PIECE_PAGES * PAGE; at += each)
		ck_ok(ioasid_space_map(root, PIECES_START + i * PIECE_PAGES * PAGE + at,
				       (void *)(uintptr_t)(pieces[i].host + at), each,
				       pieces[i].perm, NULL));
}

static void change_deep(void)
{
	unsigned int first = pick(DEEP_PAGES), n = 1 + pick(16), i;
	const uint64_t address = regions[pick(REGIONS)] + pick(REGION_PAGES - 16) * PAGE;
	uint32_t perm = pick_perm();
	struct ioasid_mapping *m = ioasid_space_find_mapping(deep, first * PAGE, PAGE);

	if (m) {
		first = (unsigned int)(ioasid_mapping_get_iova(m) / PAGE);
		n = (unsigned int)(ioasid_mapping_get_length(m) / PAGE);
		ck_ok(ioasid_mapping_unmap(m));
		memset(&deep_pages[first], 0, n * sizeof(deep_pages[0]));
		return;
	}
	for (i = 0; i < n && first + i < DEEP_PAGES && !deep_pages[first + i].perm; i++)
		deep_pages[first + i] = (struct target){ address + i * PAGE, perm };
	ck_ok(ioasid_space_map_parent(deep, first * PAGE, address, i * PAGE, perm, NULL));
}

static void toggle(struct ioasid_device *d, struct ioasid_space *space)
{
	if (ioasid_device_get_space(d))
		ck_ok(ioasid_device_detach(d));
	else
		ck_ok(ioasid_device_attach(d, space));
}

static void rebind(void)
{
	if (bound)
		ck_ok(ioasid_space_unbind_pgtable(child));
	else
		ck_ok(bind_table(child, table.format, table.levels, table.root));
	bound = !bound;
}

static void step(void)
{
	switch (pick(16)) {
	case 0:
		toggle(device, child);
		break;
	case 1:
		toggle(second, deep);
		break;
	case 2:
		rebind();
		break;
	case 3:
	case 4:
	case 5:
		change_parent();
		break;
	case 6:
	case 7:
		change_deep();
		break;
	case 8:
	case 9:
		change_superpage();
		break;
	case 10:
	case 11:
	case 12:
		change_single_pages();
		break;
	default:
		change_pages();
	}
}

static void play(void)
{
	memset(pieces, 0, sizeof(pieces));
	memset(guest, 0, sizeof(guest));
	memset(deep_pages, 0, sizeof(deep_pages));
	bound = false;
	kernel->setup();
	/* the root's one mapping gives way to one of the tables, and the pieces */
	ck_ok(ioasid_mapping_unmap(memory_mapping));
	ck_ok(ioasid_space_map(root, 0, memory, TABLES, RW, &memory_mapping));
	second = kernel->bind(1);
	deep = make_space(ctx, child, 0);
	for (at_step = 0; at_step < 100; at_step++) {
		step();
		shim_forget();
		check_all();
	}
	kernel->teardown();
}

void random_nested(const struct random_kernel *k)
{
	unsigned int n = rounds(20);

	kernel = k;
	for (seed = 1; seed <= n; seed++) {
		state = seed * UINT64_C(0x9e3779b97f4a7c15);
		play();
	}
}
