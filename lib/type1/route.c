/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From one space to another: what is in a group's container is exchanged. Runs that both spaces
 * have in the same place stay, and DMA there goes on without a gap.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dirty.h"
#include "source.h"
#include "type1.h"

#define for_each_run(run, space) \
	for ((run).iova = (run).length = 0; \
	     t1_first_run((space), (run).iova + (run).length, &(run));)

/* Has @space the same run? */
static bool has_same(const struct ioasid_space *space, const struct ioasid_run *run)
{
	struct ioasid_run other;

	return space && run->perm && t1_first_run(space, run->iova, &other) &&
	       other.iova == run->iova && other.length == run->length &&
	       other.target == run->target && other.perm == run->perm;
}

/* Takes out what @space has below @end, except for what @keep has too. */
static void remove_below(struct t1_group *group, const struct ioasid_space *space,
			 const struct ioasid_space *keep, uint64_t end)
{
	struct ioasid_run run;

	for_each_run(run, space) {
		if (run.iova >= end)
			break;
		if (!has_same(keep, &run))
			t1_drop(group, space, &run);
	}
}

/* Enters what @space has, except for what @there has too. All of it, or nothing and err_set(). */
static int enter_all(struct t1_group *group, const struct ioasid_space *space,
		     const struct ioasid_space *there)
{
	struct ioasid_run run;
	int ret;

	for_each_run(run, space) {
		if (!run.perm || has_same(there, &run))
			continue;
		ret = t1_enter(group, space, &run);
		if (ret) {
			remove_below(group, space, there, run.iova);
			return ret;
		}
	}
	return 0;
}

/* Takes out all that the container has, whatever that is. 0 or -errno. */
static int unmap_all(const struct ioasid_ctx *ctx, struct t1_group *group)
{
	struct uapi_dma_unmap all = { .argsz = sizeof(all), .flags = UAPI_UNMAP_FLAG_ALL };
	int ret;

	if (!t1_of(ctx)->unmap_all) {
		all.flags = 0;
		all.size = UINT64_C(1) << 63;
	}
	ret = sys_ioctl(group->container, UAPI_UNMAP_DMA, &all);
	if (!ret)
		group->entries = 0;
	return ret;
}

/*
 * Nothing of it is left: DMA of the group is blocked. Of runs of which some were lost, or had gone
 * before, more can have been counted as gone than were there: so the number alone says nothing.
 */
static void empty(struct ioasid_ctx *ctx, struct t1_group *group)
{
	struct ioasid_run run;
	int ret;

	if (!group->entries && !t1_first_run(group->space, 0, &run))
		return;
	if (!t1_of(ctx)->unmap_all || group->tracking) {
		remove_below(group, group->space, NULL, UINT64_MAX);
		return;
	}
	ret = unmap_all(ctx, group);
	if (ret)
		ctx_log(ctx, LOG_ERR, "group %u: mappings are still in the kernel: %s", group->id,
			strerror(-ret));
}

/* What a detach could not take out is not for the space that comes next. */
static int empty_again(const struct ioasid_ctx *ctx, struct t1_group *group)
{
	int ret = group->space || !group->entries ? 0 : unmap_all(ctx, group);

	return ret ? err_set(EINVAL, "group %u: mappings of what it was detached from are still in "
			     "the kernel: %s", group->id, strerror(-ret)) : 0;
}

/* What can be found out before anything is taken out: can all of it be there, and is its memory? */
static int check(const struct t1_group *group, const struct ioasid_space *space)
{
	int ret = t1_check_count(group, space);
	struct ioasid_run run;

	if (ret || !group->space)
		return ret;
	for_each_run(run, space) {
		if (!run.perm || has_same(group->space, &run))
			continue;
		ret = source_check_memory(space->ctx, run.target, run.length, run.perm);
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
	struct ioasid_run run;

	err_put_aside();
	for_each_run(run, space) {
		if (!run.perm || has_same(keep, &run) || !t1_enter(group, space, &run))
			continue;
		group->partial = true;
		ctx_log(space->ctx, LOG_ERR, "group %u: lost when a replace failed: %s", group->id,
			err_text());
	}
	err_take_back();
}

/* What stays in the container counts as written for the space that is left. */
static void keep_written(const struct ioasid_space *from, const struct ioasid_space *to)
{
	struct ioasid_run run;

	for_each_run(run, from)
		if (has_same(to, &run))
			t1_dirty_keep_run(from, &run);
}

static int move(struct t1_group *group, struct ioasid_space *space)
{
	const struct ioasid_space *root = space_tracking_root(space);
	struct ioasid_space *from = group->space;
	int ret = check(group, space);

	if (!ret)
		ret = empty_again(space->ctx, group);
	if (!ret && root)
		ret = t1_dirty_start(group, root);
	if (ret)
		return ret;
	if (from)
		remove_below(group, from, group->partial ? NULL : space, UINT64_MAX);
	ret = enter_all(group, space, group->partial ? NULL : from);
	if (ret && from)
		go_back(group, group->partial ? NULL : space);
	if (!ret && from && !group->partial && space_tracking_root(from))
		keep_written(from, space);
	return ret;
}

static int route(struct ioasid_ctx *ctx, struct t1_group *group, struct ioasid_space *space)
{
	int ret = 0;

	if (space)
		ret = move(group, space);
	else
		empty(ctx, group);
	if (ret)
		return ret;
	group->space = space;
	group->partial = false;
	return 0;
}

/* Asked for each device of a group, it moves the group at the first. */
int t1_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	     struct reap *reap)
{
	struct t1_group *group = ((struct t1_device *)device->backend)->group;
	int ret;

	(void)pasid;
	(void)reap;
	if (space == group->space)
		return 0;
	ret = route(device->ctx, group, space);
	if (!group->space || !space_tracking_root(group->space))
		t1_dirty_stop(device->ctx, group);
	return ret;
}
