/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest does, one thing after another. */
#include <endian.h>
#include <errno.h>

#include "guest.h"

#define MAX_OPS 100

/* An index into a table: one of the first or of the last. */
static uint64_t some_index(unsigned int nibble)
{
	return nibble < 8 ? nibble : 496 + nibble;
}

/* A page of a child's space: most often one of the first. */
static uint64_t some_page(struct input *in)
{
	unsigned int kind = take8(in), more;
	uint64_t page;

	if (kind < 128)
		return kind % (SMALL + 8);
	more = (unsigned int)take(in, 2);
	page = some_index(more & 15) | some_index(more >> 4 & 15) << 9 |
	       some_index(more >> 8 & 15) << 18 | some_index(more >> 12 & 15) << 27;
	if (kind & 64)
		page |= some_index(kind & 15) << 36;
	if (kind & 32) /* as a canonical address of four or five levels */
		page |= UINT64_MAX << (kind & 64 ? 45 : 36) & (UINT64_MAX >> 12);
	return page;
}

/* Where an entry or a mapping may lead: to tables, to memory, to something large, to nothing. */
static uint64_t some_target(struct input *in)
{
	unsigned int kind = take8(in);
	uint64_t page = kind % 32;

	switch (kind >> 5) {
	case 4:
		return LARGE + page;
	case 5:
		return LARGE + (take(in, 2) & (LARGE - 1)) + page;
	case 6:
		return (UINT64_C(1) << 18) * (kind & 3) + page;
	case 7:
		return take(in, 5);
	default:
		return page;
	}
}

static uint64_t some_value(struct input *in, struct guest *g, unsigned int word)
{
	unsigned int kind = take8(in), level = 4 - word / 512 % 4;
	const struct space *space = &g->at[word / 512 < 4 ? FIRST : SECOND];
	unsigned int bits = kind >> 3 & 7;

	switch (kind & 7) {
	case 0:
		return 0;
	case 1: /* a table or a small page */
	case 2:
		return entry_value(space, level, some_target(in), false, bits);
	case 3: /* a larger page, aligned to 2 MiB or not */
		return entry_value(space, level, some_target(in) & ~(kind & 64 ? UINT64_C(511) : 0),
				   true, bits);
	case 4:
		return entry_value(space, level, some_target(in) & ~UINT64_C(0x3ffff), true, bits);
	case 5: /* one bit changes */
		return le64toh(((uint64_t *)(void *)g->memory)[word]) ^
		       UINT64_C(1) << (take8(in) & 63);
	case 6:
		return entry_value(space, level, some_target(in), false,
				   space->table.format <= 2 ? 7 : 3);
	default:
		return take(in, 8);
	}
}

static void do_store(struct guest *g, struct input *in)
{
	unsigned int where = take8(in);
	unsigned int word = where % TABLE_PAGES * 512;

	word += (unsigned int)(where & 128 ? take(in, 2) % 512 : some_index(where >> 3 & 15));
	store_entry(g, word, some_value(in, g, word));
}

/* What has been invalidated in a space is to be so in its device, too. */
static void tell_device(struct guest *g, const struct space *space, const struct pass *pass)
{
	uint64_t start = pass->start, pages = pass->last - start;

	if (start > UINT64_MAX / PAGE) /* nothing can be said */
		start = pages = 0;
	must_succeed(ioasid_inv_add_device_tlb(
		g->inv, space->device, IOASID_NO_PASID, start * PAGE,
		pages < UINT64_MAX / PAGE - start ? (pages + 1) * PAGE :
						    UINT64_MAX - start * PAGE));
}

/* Adds an entry to the batch; what it covers goes to @passes. */
static void add_entry(struct guest *g, struct input *in, struct pass *pass, int *on)
{
	unsigned int kind = take8(in), mask;
	int s = kind & 1 && g->at[SECOND].bound ? SECOND : FIRST;
	struct space *space = &g->at[s];
	uint32_t flags = kind & 128 ? IOASID_INV_LEAF_ONLY : 0;
	uint64_t page = some_page(in), length;

	*on = s;
	*pass = (struct pass){ 0, UINT64_MAX, 0 };
	switch (kind >> 1 & 7) {
	case 0:
		must_succeed(ioasid_inv_add_all(g->inv, space->space, flags));
		break;
	case 1:
		must_succeed(ioasid_inv_add_device(g->inv, space->device, flags));
		break;
	case 2:
		must_succeed(ioasid_inv_add_pasid(g->inv, space->device, IOASID_NO_PASID, flags));
		break;
	case 3:
	case 4:
		mask = kind >> 4 & 7 ? kind >> 4 & 7 : take8(in) % 53;
		must_succeed(ioasid_inv_add_mask(g->inv, space->space, page * PAGE + 17, mask,
						 flags));
		pass->start = mask < 52 ? page >> mask << mask : 0;
		pass->last = mask < 52 ? pass->start + (UINT64_C(1) << mask) - 1 : UINT64_MAX;
		break;
	default:
		length = kind >> 4 & 7 ? kind >> 4 & 7 : take(in, 5);
		if (!length || length > (UINT64_MAX >> 12) - page)
			length = 1;
		must_succeed(ioasid_inv_add_range(g->inv, space->space, page * PAGE + 100,
						  length * PAGE - 100, flags));
		pass->start = page;
		pass->last = page + length - 1;
	}
	/* A hint that may have been wrong: nothing can be said. */
	if (flags)
		pass->start = UINT64_MAX;
}

static void do_invalidate(struct guest *g, struct input *in, unsigned int n)
{
	struct pass passes[9];
	size_t handled;
	unsigned int i;
	int on[9];

	if (!g->at[FIRST].bound || g->at[FIRST].n_passes + n > MAX_PASSES ||
	    g->at[SECOND].n_passes + n > MAX_PASSES)
		return;
	ioasid_inv_reset(g->inv);
	for (i = 0; i < n; i++)
		add_entry(g, in, &passes[i], &on[i]);
	for (i = 0; i < n; i++)
		if (g->at[on[i]].tells_device)
			tell_device(g, &g->at[on[i]], &passes[i]);
	must_succeed(ioasid_inv_submit(g->inv, &handled));
	must(handled == ioasid_inv_get_count(g->inv), "%zu handled", handled);
	for (i = 0; i < n; i++)
		note_pass(g, on[i], passes[i].start, passes[i].last);
}

static void do_map(struct guest *g, struct input *in)
{
	unsigned int kind = take8(in);
	struct mapping m = { .length = 1 + (kind >> 2 & 15), .perm = 1 + (kind & 3) % 3 };
	int s = ROOT;

	m.start = some_target(in) & ((UINT64_C(1) << 44) - 1);
	if (kind & 64) {
		for (s = FIRST; s < SPACES && (!g->at[s].exists || g->at[s].is_table); s++)
			;
		if (s == SPACES)
			return;
		m.target = some_target(in);
		if (kind & 128)
			m.length <<= 14;
	} else {
		m.target = take8(in) % 64;
		if (kind & 128)
			m.length += LARGE;
	}
	map_pages(g, s, &m);
}

static void do_unmap(struct guest *g, struct input *in)
{
	unsigned int kind = take8(in);
	int s = kind & 1 ? FIRST + (kind >> 1 & 1) : ROOT;
	struct space *space = &g->at[s];
	uint64_t page = some_target(in), unmapped = 0;
	struct mapping *m = find_mapping(space, page);
	int rc;

	if (!space->exists || space->is_table)
		return;
	if (m && kind & 4) {
		struct ioasid_mapping *handle =
			ioasid_space_find_mapping(space->space, page * PAGE, 1);

		must(handle && ioasid_mapping_get_iova(handle) == m->start * PAGE, "page %#jx",
		     (uintmax_t)page);
		must_succeed(ioasid_mapping_unmap(handle));
		if (s == ROOT)
			note_unmap(g, m);
	} else {
		page = m ? m->start : page;
		rc = s == ROOT && g->recording ?
			     unmap_dirty(g, page, m, &unmapped) :
			     ioasid_space_unmap(space->space, page * PAGE,
						(m ? m->length : 1) * PAGE, &unmapped);
		must(rc == (m ? 0 : -ENOENT), "unmap %#jx: %d", (uintmax_t)page, rc);
		must(unmapped == (m ? m->length * PAGE : 0), "%#jx bytes", (uintmax_t)unmapped);
	}
	trace("%ju: space %d, unmap %#jx: %d", (uintmax_t)g->time, s, (uintmax_t)page, m != NULL);
	if (m)
		*m = space->mappings[--space->n_mappings];
}

static void do_bind(struct guest *g, struct input *in)
{
	unsigned int kind = take8(in);
	int s = kind & 1 ? SECOND : FIRST;
	struct space *space = &g->at[s];
	uint64_t root;

	if (!space->exists || !space->is_table || space->n_passes == MAX_PASSES)
		return;
	if ((kind & 14) == 14) {
		trace("%ju: space %d, unbind", (uintmax_t)g->time, s);
		must(ioasid_space_unbind_pgtable(space->space) == (space->bound ? 0 : -EINVAL),
		     "unbind");
		space->bound = false;
		return;
	}
	root = kind & 2 ? some_target(in) : s == FIRST ? 0 : 4;
	bind_table(g, s, root, kind & 4 ? take8(in) : 0);
}

/* A longer DMA goes where the single pages go. */
static void do_long(struct guest *g, struct input *in)
{
	unsigned int kind = take8(in);
	uint64_t page = some_page(in), n = 1 + (kind >> 2), i, at = 0;
	struct space *space = &g->at[(kind & 3) % SPACES];
	struct iovec pieces[65];
	int rc, k, s = (int)((kind & 3) % SPACES);

	if (!space->exists || g->audit)
		return;
	trace("%ju: space %d, DMA at %#jx, %ju pages", (uintmax_t)g->time, s, (uintmax_t)page,
	      (uintmax_t)n);
	must_succeed(ioasid_dma_begin(space->channel));
	rc = ioasid_dma_translate(space->channel, page * PAGE, (size_t)(n * PAGE), IOASID_READ,
				  pieces, 65);
	ioasid_dma_end(space->channel);
	must(rc >= 1 || rc == -EFAULT || rc == -EOVERFLOW, "%d", rc);
	while (g->queue && ioasid_event_queue_read(g->queue, &(struct ioasid_event){ 0 }, 1))
		;
	for (k = 0; k < rc; k++) {
		must(pieces[k].iov_len % PAGE == 0, "%zu bytes", pieces[k].iov_len);
		for (i = 0; i < pieces[k].iov_len / PAGE; i++, at++) {
			uint8_t *want = g->memory + probe(g, s, page + at) * PAGE;

			must((uint8_t *)pieces[k].iov_base + i * PAGE == want, "page %ju of %ju",
			     (uintmax_t)at, (uintmax_t)n);
		}
	}
	must(rc < 0 || at == n, "%ju pages of %ju", (uintmax_t)at, (uintmax_t)n);
}

static void do_something(struct guest *g, struct input *in)
{
	unsigned int op = take8(in);
	int s = op & 16 && g->at[SECOND].exists ? SECOND : FIRST;

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		do_store(g, in);
		break;
	case 4:
	case 5:
		do_invalidate(g, in, 1);
		break;
	case 6:
		do_invalidate(g, in, 2 + (op >> 5));
		break;
	case 7:
		do_map(g, in);
		break;
	case 8:
		do_unmap(g, in);
		break;
	case 9:
		do_bind(g, in);
		break;
	case 10:
		do_long(g, in);
		break;
	case 11:
		probe(g, ROOT, some_target(in));
		break;
	case 12:
		if (g->tracked) {
			do_dirty(g, in);
			break;
		}
		/* fall through */
	default:
		probe(g, s, some_page(in));
	}
}

/* After an invalidation of everything there is no doubt about any page. */
static void check_all(struct guest *g, uint64_t pages)
{
	static const uint64_t high = UINT64_MAX << 36 & UINT64_MAX >> 12;
	static const uint64_t far[] = { 512, 513, 1023, 1024, 1 << 18, 1 << 27, 511, high, high + 1,
					high + 512, UINT64_MAX >> 12 };
	uint64_t i;
	int s;

	for (s = FIRST; s < SPACES; s++) {
		if (g->at[s].bound) {
			ioasid_inv_reset(g->inv);
			must_succeed(ioasid_inv_add_all(g->inv, g->at[s].space, 0));
			if (g->at[s].tells_device)
				tell_device(g, &g->at[s], &(struct pass){ 0, UINT64_MAX, 0 });
			must_succeed(ioasid_inv_submit(g->inv, NULL));
			g->at[s].n_passes = 0;
			note_pass(g, s, 0, UINT64_MAX);
		}
	}
	for (s = ROOT; s < SPACES; s++) {
		for (i = 0; i < pages && g->at[s].exists; i++)
			probe(g, s, i);
		for (i = 0; i < sizeof(far) / sizeof(*far) && g->at[s].exists; i++)
			probe(g, s, far[i]);
	}
	check_dirty(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct guest g;
	struct input in = { data, data + size };
	unsigned int ops;

	guest_open(&g, take(&in, 4));
	for (ops = 0; ops < MAX_OPS && !is_empty(&in); ops++)
		do_something(&g, &in);
	check_all(&g, SMALL);
	must_succeed(ioasid_space_unmap_all(g.at[ROOT].space, NULL));
	g.at[ROOT].n_mappings = 0;
	memset(g.unmapped, 0xff, sizeof(g.unmapped));
	check_all(&g, 4);
	guest_close(&g);
	return 0;
}
