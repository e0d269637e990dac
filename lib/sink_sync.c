/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following the shadow: what the kernel has, item by item, against what the shadow says. Only whole
 * items can be taken out. So one that is no longer right is taken out when the walk comes to it,
 * and what remains of it is mapped again at once.
 */
#include <errno.h>
#include <syslog.h>

#include "mapped.h"
#include "sink.h"
#include "sink_record.h"

/* How much of an item is still right. */
enum state { SAME, SOME, NONE };

static struct sink_item *item_of(struct imap_item *item)
{
	return bits_container_of(item, struct sink_item, item);
}

void sink_forget(struct sink *sink, struct sink_item *item)
{
	struct sink_item **recent = sink_recent(sink, item->item.start);

	if (*recent == item)
		*recent = NULL;
	if (item->link.prev)
		list_remove(&item->link, &sink->space->ctx->pages);
	imap_remove(&sink->items, &item->item);
	slab_free(&sink->slab, item);
}

/* The kernel does not let go of them: not known any more, and tried again. */
static void keep(struct sink *sink, uint64_t start, uint64_t last)
{
	struct imap_item *item;
	struct imap_iter iter;

	imap_for_each(item, &iter, &sink->items, start, last) {
		item_of(item)->perm = 0;
		if (item_of(item)->link.prev)
			list_remove(&item_of(item)->link, &sink->space->ctx->pages);
	}
	sink_hull_add(&sink->behind, start, last);
}

int sink_unmap(struct sink *sink, uint64_t start, uint64_t last)
{
	struct ioasid_space *space = sink->space;
	int ret;

	dirty_keep_items(sink, start, last);
	ret = space->ctx->ops->run_unmap(space, start, last - start + 1);
	if (ret) {
		ctx_log(space->ctx, LOG_ERR, "%s", err_text());
		keep(sink, start, last);
	}
	return ret;
}

int sink_take(struct sink *sink, uint64_t start, uint64_t last)
{
	struct imap_item *item;
	int ret = sink_unmap(sink, start, last);

	if (ret)
		return ret;
	while ((item = imap_first(&sink->items, start, last)))
		sink_forget(sink, item_of(item));
	return 0;
}

void sink_pass_take(struct sink_pass *p, uint64_t start, uint64_t last)
{
	int ret = sink_take(p->sink, start, last);

	if (ret && !p->ret)
		p->ret = ret;
}

/* A run is cut where a table of its pages would end, so that a change of one page disturbs few. */
static uint64_t cut(const struct sink *sink, const struct sink_run *run)
{
	uint64_t most = (uint64_t)IOPT_ENTRIES << run->shift;

	if (sink->space->shadow.tree.mode == SHADOW_OWN || run->last - run->start < most)
		return run->last;
	return bits_min(run->start | (most - 1), run->last);
}

/* What is left of @run behind @last. */
static void advance(struct sink_run *run, uint64_t last)
{
	run->from += last - run->start + 1;
	run->start = last + 1;
}

int sink_no_memory(const struct sink *sink)
{
	return err_set(ENOMEM, "space %u: no memory to follow its page table", sink->space->id);
}

int sink_run_map(const struct sink *sink, const struct sink_run *run, uint64_t last)
{
	const struct ioasid_run to = {
		.iova = run->start, .length = last - run->start + 1, .perm = run->perm,
		.target = run->target.host + (run->from - run->target.start),
	};
	int ret;

	err_put_aside();
	ret = sink->space->ctx->ops->run_map(sink->space, &to, run->from);
	/* A guest may lead anywhere: not a failure of the call, but of the DMA. */
	if (ret == -EFAULT)
		ctx_log(sink->space->ctx, LOG_WARNING, "%s", err_text());
	if (ret && ret != -EFAULT)
		err_take_over();
	else
		err_take_back();
	return ret;
}

/* Maps [run->start, @last]. */
static int put_piece(struct sink *sink, const struct sink_run *run, uint64_t last)
{
	struct ioasid_space *space = sink->space;
	struct sink_item *item;
	uint32_t *list;
	int ret;

	if (imap_count(&sink->items) >= space->mapping_limit)
		return -E2BIG;
	list = mapping_make_runs(space_lowest(space), run->from);
	item = list ? slab_alloc(&sink->slab) : NULL;
	if (!item)
		return sink_no_memory(sink);
	*item = (struct sink_item){ .item = { run->start, last }, .from = run->from,
				    .perm = run->perm };
	if (imap_insert(&sink->items, &item->item)) {
		slab_free(&sink->slab, item);
		return sink_no_memory(sink);
	}
	ret = sink_run_map(sink, run, last);
	if (ret)
		sink_forget(sink, item);
	else
		list_add(list, &item->link, &space->ctx->pages);
	return ret;
}

void sink_pass_mapped(struct sink_pass *p, int ret)
{
	if (ret == -EFAULT) {
		/* If all is within the limit there are twice as many at most, as in compare(). */
		p->wait = SINK_ALL;
		ret = p->refused++ / 2 > p->sink->space->mapping_limit ? -E2BIG : 0;
	}
	p->ret = ret;
}

void sink_pass_put(struct sink_pass *p, struct sink_run run)
{
	uint64_t last;

	do {
		last = cut(p->sink, &run);
		sink_pass_mapped(p, put_piece(p->sink, &run, last));
		advance(&run, last);
	} while (!p->ret && last < run.last);
}

/*
 * Maps what the shadow has in [@lo, @hi], where the kernel has nothing but @gone, which goes as
 * late as it can. No item: @gone is NULL.
 */
static void fill(struct sink_pass *p, uint64_t lo, uint64_t hi, const struct sink_hull *gone)
{
	struct sink_cursor c;
	struct sink_run run;

	sink_hull_add(&p->touched, lo, hi);
	sink_cursor_begin(&c, p->sink, lo, hi);
	while (!p->ret && sink_cursor_next(&c, &run)) {
		if (gone && run.last >= gone->start) {
			sink_pass_take(p, gone->start, gone->last);
			gone = NULL;
		}
		if (!p->ret)
			sink_pass_put(p, run);
	}
	if (gone)
		sink_pass_take(p, gone->start, gone->last);
	sink_hull_add(&p->wait, c.walk.wait_start, c.walk.wait_last);
	if (!p->ret && c.walk.ret)
		p->ret = sink_no_memory(p->sink);
}

/*
 * How much of @item the shadow still says, as far as [@lo, @hi] goes, which is in it. Where all is
 * within the limit there are at most as many runs, and as many items whose ends cut one; and an
 * item is looked at twice at most. Beyond that it will be too much, whatever there is.
 */
static enum state compare(struct sink_pass *p, const struct sink_item *item, uint64_t lo,
			  uint64_t hi)
{
	const uint64_t limit = p->sink->space->mapping_limit;
	uint64_t same = 0;
	struct sink_cursor c;
	struct sink_run run;

	sink_cursor_begin(&c, p->sink, lo, hi);
	while (p->compared / 4 <= limit && sink_cursor_next(&c, &run)) {
		p->compared++;
		if (run.perm == item->perm &&
		    run.from == item->from + (run.start - item->item.start))
			same += run.last - run.start + 1;
	}
	sink_hull_add(&p->wait, c.walk.wait_start, c.walk.wait_last);
	if (same == hi - lo + 1)
		return SAME;
	return same || hi - lo < item->item.last - item->item.start ? SOME : NONE;
}

static enum state state_of(struct sink_pass *p, const struct sink_item *item, uint64_t lo,
			   uint64_t hi)
{
	return compare(p, item, bits_max(lo, item->item.start), bits_min(hi, item->item.last));
}

/*
 * @item is not right any more. One of which something remains goes by itself, so that this comes
 * back at once; of the others, all that follow each other go in one call. Returns up to where all
 * is as it should be.
 */
static uint64_t change(struct sink_pass *p, uint64_t at, uint64_t last,
		       const struct sink_item *item, enum state state)
{
	struct sink_hull gone = { item->item.start, item->item.last };
	struct imap_item *next;
	uint64_t hi;

	while (state == NONE && gone.last < last) {
		next = imap_find(&p->sink->items, gone.last + 1);
		if (!next || state_of(p, item_of(next), at, last) != NONE)
			break;
		gone.last = next->last;
	}
	hi = bits_max(gone.last, last);
	next = gone.last < last ? imap_first(&p->sink->items, gone.last + 1, last) : NULL;
	if (next)
		hi = next->start - 1;
	fill(p, bits_min(at, gone.start), hi, &gone);
	return hi;
}

/* Makes the kernel follow in [@start, @last]. */
static void follow(struct sink_pass *p, uint64_t start, uint64_t last)
{
	uint64_t at = start, end;

	for (;; at = end + 1) {
		struct imap_item *item = imap_first(&p->sink->items, at, last);
		enum state state;

		if (!item) {
			fill(p, at, last, NULL);
			return;
		}
		state = state_of(p, item_of(item), at, last);
		if (state == SAME) {
			if (item->start > at)
				fill(p, at, item->start - 1, NULL);
			end = item->last;
		} else {
			end = change(p, at, last, item_of(item), state);
		}
		if (end >= last)
			return;
	}
}

/*
 * What keep() has kept: it can be where no mapping is any more that leads to it. That the kernel
 * does not let go of it even now is no failure of what is asked for elsewhere.
 */
static void take_kept(struct sink *sink)
{
	struct imap_item *item;
	uint64_t at, last = 0;

	err_put_aside();
	for (at = 0; (item = imap_first(&sink->items, at, UINT64_MAX)); at = last + 1) {
		last = item->last;
		if (!item_of(item)->perm)
			sink_take(sink, item->start, last);
	}
	err_take_back();
}

/* Mappings of the map protocol are items of their own: they come and go one by one. */
static void follow_all(struct sink_pass *p)
{
	const struct ioasid_space *space = p->sink->space;
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	if (space->shadow.tree.mode != SHADOW_OWN) {
		follow(p, 0, UINT64_MAX);
		return;
	}
	take_kept(p->sink);
	mapping_for_each(m, &iter, space, 0, UINT64_MAX)
		follow(p, m->item.start, m->item.last);
}

/* Adds to @n what [@lo, @hi] takes, as far as that is within the limit. */
static void count(struct sink *sink, uint64_t lo, uint64_t hi, uint64_t *n)
{
	uint64_t limit = sink->space->mapping_limit, last;
	struct sink_cursor c;
	struct sink_run run;

	sink_cursor_begin(&c, sink, lo, hi);
	while (*n <= limit && sink_cursor_next(&c, &run))
		do {
			last = cut(sink, &run);
			advance(&run, last);
		} while (++*n <= limit && last < run.last);
}

/* Would all of it be within the limit? */
static bool fits(struct sink *sink)
{
	const struct ioasid_space *space = sink->space;
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	uint64_t n = 0;

	if (space->shadow.tree.mode != SHADOW_OWN)
		count(sink, 0, UINT64_MAX, &n);
	else
		mapping_for_each(m, &iter, space, 0, UINT64_MAX)
			count(sink, m->item.start, m->item.last, &n);
	return n <= space->mapping_limit;
}

static int too_much(const struct sink *sink, const char *what, const char *so)
{
	return err_set(E2BIG, "space %u: %s takes more than %llu mappings in the kernel "
		       "(mapping_limit)%s", sink->space->id, what,
		       (unsigned long long)sink->space->mapping_limit, so);
}

int sink_check_map(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	struct sink *sink = space->sink;
	uint64_t limit = space->mapping_limit, n;

	if (!sink || sink->blocked)
		return 0;
	n = imap_count(&sink->items);
	if (n <= limit && (last - start) / PAGE < limit - n)
		return 0;
	count(sink, start, last, &n);
	return n > limit ? too_much(sink, "one mapping more", "") : 0;
}

/* Too much: nothing is translated rather than a part that nobody can tell. */
static int block(struct sink *sink)
{
	const struct imap_item *first = imap_first(&sink->items, 0, UINT64_MAX);

	if (first)
		sink_take(sink, first->start, imap_last_before(&sink->items, UINT64_MAX)->last);
	sink->blocked = true;
	sink->wait = SINK_ALL;
	return too_much(sink, "its page table", ", and so it translates nothing");
}

/* All of it, if it fits now. */
static int restart(struct sink *sink)
{
	struct sink_pass p = { .sink = sink, .wait = SINK_NOTHING, .touched = SINK_NOTHING };

	if (!fits(sink))
		return block(sink);
	sink->blocked = false;
	sink->behind = SINK_NOTHING;
	follow_all(&p);
	/* what a guest writes meanwhile can make more of it than was counted */
	if (p.ret == -E2BIG)
		return block(sink);
	sink->wait = p.wait;
	if (p.ret)
		sink->behind = SINK_ALL;
	return p.ret;
}

/* To the ends of the entries that the shadow has there: an entry is one thing. */
static void widen(const struct sink *sink, uint64_t *start, uint64_t *last)
{
	struct shadow_view view;

	if (sink->space->shadow.tree.mode != SHADOW_GUEST)
		return;
	shadow_look(&sink->space->shadow, *start, &view);
	*start = bits_min(*start, view.base);
	if (*last > view.last)
		shadow_look(&sink->space->shadow, *last, &view);
	*last = bits_max(*last, view.last);
}

int sink_sync(struct sink *sink, uint64_t start, uint64_t last)
{
	struct sink_pass p = { .sink = sink, .wait = sink->wait, .touched = sink->behind };
	bool all = !sink_hull_is_empty(&sink->behind) || (!start && last == UINT64_MAX);

	if (sink->blocked)
		return restart(sink);
	sink->behind = SINK_NOTHING;
	if (all) {
		p.wait = SINK_NOTHING;
		follow_all(&p);
	} else if (!sink_pass_entry(&p, start, last)) {
		widen(sink, &start, &last);
		follow(&p, start, last);
	}
	sink->wait = p.wait;
	if (p.ret == -E2BIG) {
		/* perhaps only because the new was mapped before all of the old had gone */
		block(sink);
		return restart(sink);
	}
	if (p.ret)
		sink_hull_add(&sink->behind, p.touched.start, p.touched.last);
	return p.ret;
}
