/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking where a kernel's tables do it. What a table knows is kept in the root's record
 * before the table goes, or before a child's translation is taken out of it; and what children have
 * written is found by the record of what they have in the kernel (sink.h).
 */
#include <syslog.h>

#include "dirty.h"
#include "mapped.h"
#include "sink_record.h"

/* Pages of 4 KiB that are looked at in one go: it ends at a multiple of them. */
#define CHUNK 32768u

/* Reports [@start, @last] as of what was kept. */
static void found(void *data, uint64_t first, uint64_t bits)
{
	dirty_bits_add(data, first, bits);
}

void dirty_kept_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
		     struct dirty_bits *out)
{
	uint64_t page;

	if (!root->all_written) {
		bitmap_scan(&root->written, start / PAGE, last / PAGE, !peek, found, out);
		return;
	}
	for (page = start / PAGE; page <= last / PAGE; page += 64) {
		uint64_t n = last / PAGE - page + 1;

		dirty_bits_add(out, page, n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX);
	}
}

void dirty_kept_reset(struct ioasid_space *root)
{
	bitmap_reset(&root->written);
	root->all_written = false;
}

/* Nothing is left out: all counts as written until recording begins anew. */
static void cannot_keep(struct ioasid_space *root)
{
	root->all_written = true;
	ctx_log(root->ctx, LOG_WARNING, "space %u: no memory to keep what was written: all of it "
		"counts as written", root->id);
}

void dirty_keep_bits(struct ioasid_space *root, uint64_t page, const uint64_t *bits, uint64_t n)
{
	uint64_t i;

	for (i = 0; root && !root->all_written && i < n; i += 64) {
		uint64_t word = bits ? bits[i / 64] : UINT64_MAX;

		if (n - i < 64)
			word &= bits_mask((unsigned int)(n - i - 1), 0);
		if (bitmap_add(&root->written, page + i, word))
			cannot_keep(root);
	}
}

static int keep_chunk(struct ioasid_space *space, uint64_t start, uint64_t last,
		      struct ioasid_space *root, uint64_t to)
{
	uint64_t bitmap[CHUNK / 64] = { 0 };
	struct dirty_bits out = { .bitmap = bitmap, .first = start / PAGE };
	struct reap reap = { 0 };
	int ret = space->ctx->ops->dirty_read(space, start, last, true, &out, &reap);

	if (!ret)
		dirty_keep_bits(root, to / PAGE, bitmap, (last - start) / PAGE + 1);
	return ret;
}

static void keep(struct ioasid_space *space, uint64_t start, uint64_t last,
		 struct ioasid_space *root, uint64_t to)
{
	while (!root->all_written) {
		uint64_t end = bits_min(last, start | ((uint64_t)CHUNK * PAGE - 1));

		if (keep_chunk(space, start, end, root, to))
			cannot_keep(root);
		if (end == last)
			return;
		to += end + 1 - start;
		start = end + 1;
	}
}

void dirty_keep_items(struct sink *sink, uint64_t start, uint64_t last)
{
	struct ioasid_space *root = space_tracking_root(sink->space);
	struct imap_item *item;
	struct imap_iter iter;

	if (!root || root->ctx->ops->keeps_written)
		return;
	imap_for_each(item, &iter, &sink->items, start, last)
		keep(sink->space, item->start, item->last, root,
		     bits_container_of(item, struct sink_item, item)->from);
}

void dirty_keep_all(struct ioasid_space *space)
{
	struct ioasid_space *root = space_tracking_root(space);
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	if (space->sink) {
		dirty_keep_items(space->sink, 0, UINT64_MAX);
	} else if (root == space) {
		mapping_for_each(m, &iter, space, 0, UINT64_MAX)
			keep(space, m->item.start, m->item.last, root, m->item.start);
	}
}

/* What a child has of [@start, @last] of its root. */
static int read_item(const struct sink_item *item, uint64_t start, uint64_t last, bool peek,
		     const struct dirty_bits *out, struct reap *reap)
{
	struct ioasid_space *space = ((struct sink *)slab_owner_of(item))->space;
	uint64_t first = bits_max(item->from, start);
	uint64_t end = bits_min(item->from + (item->item.last - item->item.start), last);
	uint64_t offset = item->item.start - item->from;
	struct dirty_bits below = *out;

	if (first > end)
		return 0;
	/* Differences of page numbers, which are taken modulo 2^64. */
	below.first += item->item.start / PAGE - item->from / PAGE;
	return space->ctx->ops->dirty_read(space, first + offset, end + offset, peek, &below, reap);
}

int dirty_read_children(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
			struct dirty_bits *out, struct reap *reap)
{
	struct pages *pool = &root->ctx->pages;
	struct mapping_iter iter;
	struct ioasid_mapping *m;
	int ret = 0;

	mapping_for_each(m, &iter, root, start, last) {
		const uint32_t *first = mapping_runs(root, m);
		uint32_t run = first ? *first : 0;

		while (run && !ret) {
			const struct shadow_link *link = pages_ptr(pool, run);

			ret = read_item(bits_container_of(link, const struct sink_item, link),
					start, last, peek, out, reap);
			run = link->next;
		}
	}
	return ret;
}

struct ioasid_space *space_tracking_root(const struct ioasid_space *space)
{
	struct ioasid_space *root = space_lowest(space);

	return root->tracking ? root : NULL;
}
