/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following one entry of the shadow, as guests change it most of the time: it has led to something,
 * to nothing, or elsewhere. So there is one item to look up, and nothing to walk.
 */
#include "mapped.h"
#include "sink_record.h"

static bool is_on(const struct sink_item *item, const struct sink_target *target)
{
	return item->from >= target->start && item->from <= target->last;
}

/* The item leads where @run does from now on: its place in the record stays as it is. */
static void lead_elsewhere(struct sink_pass *p, struct sink_item *item, const struct sink_run *run)
{
	struct ioasid_space *space = p->sink->space;
	struct pages *pool = &space->ctx->pages;
	uint32_t *list = NULL;
	int ret = sink_unmap(p->sink, run->start, run->last);

	if (ret) {
		p->ret = ret;
		return;
	}
	if (!is_on(item, &run->target)) {
		list = mapping_make_runs(space_lowest(space), run->from);
		ret = list ? 0 : sink_no_memory(p->sink);
	}
	if (!ret)
		ret = sink_run_map(p->sink, run, run->last);
	sink_pass_mapped(p, ret);
	if (ret) {
		sink_forget(p->sink, item);
		return;
	}
	if (list) {
		list_remove(&item->link, pool);
		list_add(list, &item->link, pool);
	}
	item->from = run->from;
	item->perm = run->perm;
}

/* The kernel has @item there, or nothing. @run: what it is to have; NULL: nothing. */
static void follow(struct sink_pass *p, struct sink_item *item, const struct sink_run *run)
{
	if (!item && run)
		sink_pass_put(p, *run);
	else if (item && !run)
		sink_pass_take(p, item->item.start, item->item.last);
	else if (item && (run->from != item->from || run->perm != item->perm))
		lead_elsewhere(p, item, run);
}

/* The first in [@start, @last], or NULL. */
static struct sink_item *first_item(struct sink *sink, uint64_t start, uint64_t last)
{
	struct sink_item **recent = sink_recent(sink, start);
	struct imap_item *item;

	if (*recent && (*recent)->item.start == start)
		return *recent;
	item = imap_first(&sink->items, start, last);
	if (!item)
		return NULL;
	if (item->start == start)
		*recent = bits_container_of(item, struct sink_item, item);
	return bits_container_of(item, struct sink_item, item);
}

bool sink_pass_entry(struct sink_pass *p, uint64_t start, uint64_t last)
{
	struct sink *sink = p->sink;
	struct shadow_run entry;
	struct sink_run run;
	struct sink_item *item;

	if (!shadow_entry(&sink->space->shadow, start, &entry) || last > entry.last ||
	    (entry.perm && !sink_run_whole(sink, &entry, &run)))
		return false;
	item = first_item(sink, entry.start, entry.last);
	if (item && (item->item.start != entry.start || item->item.last != entry.last))
		return false;
	sink_hull_add(&p->touched, entry.start, entry.last);
	follow(p, item, entry.perm ? &run : NULL);
	return true;
}
