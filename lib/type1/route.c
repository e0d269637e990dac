/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From one space to another: what is in a group's container is exchanged. Mappings that both spaces
 * have in the same place stay, and DMA there goes on without a gap.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "type1.h"

#define PERM (IOASID_READ | IOASID_WRITE)

static const struct ioasid_mapping *mapping_of(const struct imap_item *item)
{
	return bits_container_of(item, const struct ioasid_mapping, item);
}

/* Has @space the same mapping? */
static bool has_same(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	const struct imap_item *item = space ? imap_find(&space->maps, m->item.start) : NULL;
	const struct ioasid_mapping *other;

	if (!item || item->start != m->item.start || item->last != m->item.last)
		return false;
	other = mapping_of(item);
	return other->target == m->target && !((other->flags ^ m->flags) & PERM);
}

/* Takes out what @space has below @end, except for what @keep has too. */
static void remove_below(struct t1_group *group, const struct ioasid_space *space,
			 const struct ioasid_space *keep, uint64_t end)
{
	const struct imap_item *item;
	struct imap_iter iter;

	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		if (item->start >= end)
			break;
		if (!has_same(keep, mapping_of(item)))
			t1_remove(group, space, mapping_of(item));
	}
}

/* Enters what @space has, except for what @there has too. All of it, or nothing and err_set(). */
static int enter_all(struct t1_group *group, const struct ioasid_space *space,
		     const struct ioasid_space *there)
{
	const struct imap_item *item;
	struct imap_iter iter;
	int ret;

	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		if (has_same(there, mapping_of(item)))
			continue;
		ret = t1_enter(group, space, mapping_of(item));
		if (ret) {
			remove_below(group, space, there, item->start);
			return ret;
		}
	}
	return 0;
}

/* Nothing of it is left: DMA of the group is blocked. */
static void empty(struct ioasid_ctx *ctx, struct t1_group *group)
{
	struct uapi_dma_unmap all = { .argsz = sizeof(all), .flags = UAPI_UNMAP_FLAG_ALL };
	int ret;

	if (!group->entries)
		return;
	if (!t1_of(ctx)->unmap_all) {
		remove_below(group, group->space, NULL, UINT64_MAX);
		return;
	}
	ret = sys_ioctl(group->container, UAPI_UNMAP_DMA, &all);
	if (ret)
		ctx_log(ctx, LOG_ERR, "group %u: mappings are still in the kernel: %s", group->id,
			strerror(-ret));
	else
		group->entries = 0;
}

/* What can be found out before anything is taken out. */
static int check(const struct t1_group *group, const struct ioasid_space *space)
{
	const struct imap_item *item;
	struct imap_iter iter;
	int ret = t1_check_count(group, space, imap_count(&space->maps));

	if (ret || !group->space)
		return ret;
	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		const struct ioasid_mapping *m = mapping_of(item);

		if (m->source || has_same(group->space, m))
			continue;
		ret = source_check_memory(space->ctx, m->target, imap_length(item), m->flags & PERM);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * The way back was open a moment ago. Where it no longer is, DMA is blocked, and the log says so:
 * no more can be done.
 */
static void go_back(struct t1_group *group, const struct ioasid_space *keep)
{
	const struct ioasid_space *space = group->space;
	const struct imap_item *item;
	struct imap_iter iter;
	char why[ERR_TEXT_SIZE];
	int error = err_number();

	snprintf(why, sizeof(why), "%s", err_text());
	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		if (has_same(keep, mapping_of(item)) || !t1_enter(group, space, mapping_of(item)))
			continue;
		group->partial = true;
		ctx_log(space->ctx, LOG_ERR, "group %u: lost when a replace failed: %s", group->id,
			err_text());
	}
	err_set(error, "%s", why);
}

static int move(struct t1_group *group, struct ioasid_space *space)
{
	struct ioasid_space *from = group->space;
	int ret = check(group, space);

	if (ret)
		return ret;
	if (from)
		remove_below(group, from, group->partial ? NULL : space, UINT64_MAX);
	ret = enter_all(group, space, group->partial ? NULL : from);
	if (ret && from)
		go_back(group, group->partial ? NULL : space);
	return ret;
}

/* Asked for each device of a group, it moves the group at the first. */
int t1_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	     struct reap *reap)
{
	struct t1_group *group = ((struct t1_device *)device->backend)->group;
	int ret = 0;

	(void)pasid;
	(void)reap;
	if (space == group->space)
		return 0;
	if (space)
		ret = move(group, space);
	else
		empty(device->ctx, group);
	if (ret)
		return ret;
	group->space = space;
	group->partial = false;
	return 0;
}
