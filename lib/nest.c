/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nested spaces: the page table that is bound to one, and what reaches it from its parent. */
#include <errno.h>

#include "attach.h"
#include "mapped.h"
#include "objects.h"
#include "sink.h"

const struct pgt_pair *nest_bound(const struct ioasid_space *space)
{
	return space->parent ? space->nest->bound(space) : NULL;
}

const char *nest_limit_hint(const struct ioasid_space *space)
{
	const struct shadow *payer = space->shadow.payer ? space->shadow.payer : &space->shadow;

	return payer->limit ? ", or none left of its memory_limit" : "";
}

int nest_check_maps(const struct ioasid_space *space)
{
	if (space->pasids)
		return err_set(EOPNOTSUPP, "space %u has a PASID table of its user's, no mappings",
			       space->id);
	if (space->parent && !space->nest->maps)
		return err_set(EOPNOTSUPP, "space %u is nested in hardware: it has no mappings, "
			       "only the page table of its user's", space->id);
	if (nest_bound(space))
		return err_set(EOPNOTSUPP, "space %u has a page table of its user's, no mappings",
			       space->id);
	return 0;
}

void nest_watch(struct ioasid_space *space)
{
	if (space->prev_watching)
		return;
	space->prev_watching = &space->parent->watching;
	space->next_watching = *space->prev_watching;
	if (space->next_watching)
		space->next_watching->prev_watching = &space->next_watching;
	*space->prev_watching = space;
}

void nest_unwatch(struct ioasid_space *space)
{
	if (!space->prev_watching)
		return;
	*space->prev_watching = space->next_watching;
	if (space->next_watching)
		space->next_watching->prev_watching = space->prev_watching;
	space->prev_watching = NULL;
}

/* Big mappings have no lists of who leads to them, and go seldom: all children are asked. */
void nest_unmapped(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap)
{
	bool big = imap_length(&m->item) >= BIG_MAPPING;
	struct ioasid_space *child = big ? space->children : space->watching, *next;

	for (; child; child = next) {
		/* it can end to be watched */
		next = big ? child->sibling : child->next_watching;
		child->nest->parent_changed(child, m, reap);
	}
}

static int check_pgtable(const struct ioasid_space *space, const struct ioasid_pgtable *t,
			 struct pgt_pair *pair)
{
	if (!space->parent)
		return err_set(EINVAL, "space %u is a root: a page table needs a parent to be in",
			       space->id);
	return pgtable_check(t, pair);
}

/* Everybody attached has to be able to use it. */
static int check_device(const struct ioasid_device *device, const struct ioasid_space *space,
			const void *pair)
{
	return device_check_pgtable(device, space, pair);
}

static int bind(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap)
{
	int ret = ctx_check_take(space->ctx, reap);

	if (ret)
		return ret;
	ret = attachment_check_all(space, check_device, pair);
	if (ret)
		return ret;
	if (mapping_count(space))
		return err_set(EBUSY, "space %u has %zu mappings", space->id,
			       mapping_count(space));
	ret = pasid_table_check_none(space);
	if (ret)
		return ret;
	ret = space->nest->bind(space, pair, reap);
	if (ret)
		return ret;
	return sink_follow(space, 0, UINT64_MAX);
}

IOASID_EXPORT int ioasid_space_bind_pgtable(struct ioasid_space *space,
					    const struct ioasid_pgtable *user)
{
	struct ioasid_pgtable t;
	struct reap reap = { 0 };
	struct pgt_pair pair;
	int ret = options_copy(&t, sizeof(t), user, "page table");

	if (!ret)
		ret = check_pgtable(space, &t, &pair);
	if (ret)
		return ret;
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_BIND_TABLE);
	if (!ret)
		ret = bind(space, &pair, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_unbind_pgtable(struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(space->ctx);
	ret = ctx_check_take(space->ctx, &reap);
	if (!ret && (!nest_bound(space) || pasid_table_is_bound(space)))
		ret = err_set(EINVAL, "space %u has no page table bound", space->id);
	if (!ret) {
		space->nest->unbind(space, &reap);
		sink_follow(space, 0, UINT64_MAX);
	}
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}
