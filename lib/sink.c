/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel's tables of children: when they exist, and what makes them follow. */
#include <errno.h>
#include <syslog.h>

#include "mapped.h"
#include "sink.h"
#include "sink_record.h"

static int sink_new(struct ioasid_space *space)
{
	struct sink *sink = mem_calloc(1, sizeof(*sink));

	if (!sink)
		return err_set(ENOMEM, "space %u: no memory to follow its page table", space->id);
	sink->space = space;
	sink->behind = SINK_ALL;
	sink->wait = SINK_NOTHING;
	sink->target.start = 1;		/* empty: the root's first generation is 0 */
	imap_init(&sink->items, &space->ctx->pages);
	slab_init(&sink->slab, &space->ctx->pages, sizeof(struct sink_item), sink);
	sink->next = space->ctx->sinks;
	space->ctx->sinks = sink;
	space->sink = sink;
	return 0;
}

static void sink_free(struct sink *sink)
{
	struct pages *pool = &sink->space->ctx->pages;
	struct imap_item *item;
	struct imap_iter iter;
	struct sink **p;

	imap_for_each(item, &iter, &sink->items, 0, UINT64_MAX) {
		struct sink_item *i = bits_container_of(item, struct sink_item, item);

		if (i->link.prev)
			list_remove(&i->link, pool);
	}
	imap_destroy(&sink->items);
	slab_destroy(&sink->slab);
	for (p = &sink->space->ctx->sinks; *p != sink; p = &(*p)->next)
		;
	*p = sink->next;
	sink->space->sink = NULL;
	mem_free(sink);
}

static void close_sink(struct ioasid_space *space, struct reap *reap)
{
	space->ctx->ops->table_destroy(space, reap);
	sink_free(space->sink);
}

int sink_attach(struct ioasid_space *space, struct reap *reap)
{
	const struct backend_ops *ops = space->ctx->ops;
	int ret;

	if (!ops->run_map || !space->parent || space->nest != &nest_shadow)
		return 0;
	/* what the new device has reserved has to be free before the kernel attaches it */
	if (space->sink)
		return sink_sync(space->sink, 0, UINT64_MAX);
	ret = sink_new(space);
	if (ret)
		return ret;
	ret = ops->table_create(space);
	if (ret) {
		sink_free(space->sink);
		return ret;
	}
	ret = sink_sync(space->sink, 0, UINT64_MAX);
	if (ret)
		close_sink(space, reap);
	return ret;
}

/* Where nobody can be told of a failure: it follows at the next occasion. */
static void try_sync(struct sink *sink)
{
	err_put_aside();
	if (sink_sync(sink, 0, UINT64_MAX))
		ctx_log(sink->space->ctx, LOG_WARNING, "%s", err_text());
	err_take_back();
}

void sink_detach(struct ioasid_space *space, struct reap *reap)
{
	if (!space->sink)
		return;
	if (space->attached)
		try_sync(space->sink);
	else
		close_sink(space, reap);
}

static bool is_below(const struct ioasid_space *space, const struct ioasid_space *ancestor)
{
	while (space && space != ancestor)
		space = space->parent;
	return space;
}

int sink_follow(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	int ret = space->sink ? sink_sync(space->sink, start, last) : 0;
	struct sink *sink;

	if (!space->children)
		return ret;
	/* Which of their addresses lead there, nobody knows: what they have now decides. */
	for (sink = space->ctx->sinks; sink; sink = sink->next)
		if (sink->space != space && is_below(sink->space, space))
			try_sync(sink);
	return ret;
}

/* Nothing of it waits for [@start, @last] of the root. */
static bool is_served(const struct sink *sink, uint64_t start, uint64_t last)
{
	const struct sink_hull *wait = &sink->wait;

	if (sink_hull_is_empty(wait))
		return true;
	/* deeper down, its addresses are not those of the root */
	return !sink->space->parent->parent && (wait->start > last || wait->last < start);
}

void sink_mapped(struct ioasid_space *root, const struct ioasid_mapping *m)
{
	struct sink *sink;

	for (sink = root->ctx->sinks; sink; sink = sink->next)
		if (!is_served(sink, m->item.start, m->item.last) && is_below(sink->space, root))
			try_sync(sink);
}

static bool leads_to(const struct imap_item *item, const struct ioasid_mapping *m)
{
	uint64_t from = bits_container_of(item, const struct sink_item, item)->from;

	return from >= m->item.start && from <= m->item.last;
}

/* Takes out an item of a mapping that is going, and its neighbours which lead there too. */
static void take_around(struct sink *sink, const struct imap_item *item,
			const struct ioasid_mapping *m)
{
	uint64_t start = item->start, last = item->last;

	while ((item = start ? imap_find(&sink->items, start - 1) : NULL) && leads_to(item, m))
		start = item->start;
	while ((item = imap_find(&sink->items, last + 1)) && leads_to(item, m))
		last = item->last;
	sink_take(sink, start, last);
	if (sink->space->parent->parent)
		sink->wait = SINK_ALL;
	else
		sink_hull_add(&sink->wait, m->item.start, m->item.last);
}

void sink_unmapping(struct ioasid_space *root, struct ioasid_mapping *m)
{
	const uint32_t *first = mapping_runs(root, m);

	while (first && *first) {
		struct sink_item *item = bits_container_of(pages_ptr(&root->ctx->pages, *first),
							   struct sink_item, link);

		take_around(slab_owner_of(item), &item->item, m);
	}
}

/*
 * What the tables were that lay in it is not known any more; nor what spaces between are. And what
 * the kernel has kept may lead there.
 */
void sink_unmapped(struct ioasid_space *root)
{
	struct sink *sink;

	for (sink = root->ctx->sinks; sink; sink = sink->next) {
		struct shadow *s = &sink->space->shadow;

		if (!is_below(sink->space, root) ||
		    (!s->forgot && !sink->space->parent->parent &&
		     sink_hull_is_empty(&sink->behind)))
			continue;
		s->forgot = false;
		try_sync(sink);
	}
}

bool sink_first_run(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run)
{
	const struct imap_item *item = imap_first(&space->sink->items, at, UINT64_MAX);
	const struct ioasid_mapping *below;
	struct ioasid_mapping copy;
	const struct sink_item *i;

	if (!item)
		return false;
	i = bits_container_of(item, const struct sink_item, item);
	*run = (struct ioasid_run){ .iova = item->start, .length = imap_length(item) };
	below = i->perm ? mapping_at(space_lowest(space), i->from, &copy) : NULL;
	if (below) {
		run->perm = i->perm;
		run->target = below->target + (i->from - below->item.start);
	}
	return true;
}

uint64_t sink_root_address(const struct ioasid_space *space, uint64_t iova)
{
	const struct imap_item *item = imap_find(&space->sink->items, iova);

	return bits_container_of(item, const struct sink_item, item)->from + (iova - item->start);
}

size_t sink_pages(const struct ioasid_space *space)
{
	const struct sink *sink = space->sink;

	return sink ? sink->items.nodes.pages + sink->slab.pages : 0;
}
