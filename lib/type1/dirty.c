/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking by containers. For a group behind an IOMMU Linux reports every page of a mapping,
 * at each read; where a driver says by itself what its device writes, only those. What a mapping
 * lets nobody write need not be asked for.
 *
 * A read is of whole entries, and clears. So what the kernel tells is put into the root's record,
 * and callers are told from there: of a part of an entry, of what has been unmapped, and without
 * clearing. For the same reason nothing can be read in smaller pieces than entries.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dirty.h"
#include "sink.h"
#include "type1.h"

static const struct ioasid_space *root_of(const struct ioasid_space *space)
{
	while (space && space->parent)
		space = space->parent;
	return space;
}

/* In how many pages of the kernel's does it lie? */
static uint64_t bits_of(const struct t1_group *group, const struct ioasid_run *run)
{
	return (run->length - 1) / group->dirty_page + 1;
}

bool t1_dirty_fits(const struct t1_group *group, const struct ioasid_run *run)
{
	return bits_of(group, run) <= group->dirty_limit;
}

static int command(const struct t1_group *group, uint32_t flag)
{
	struct uapi_dirty dirty = { .argsz = sizeof(dirty), .flags = flag };

	return sys_ioctl(group->container, UAPI_DIRTY_PAGES, &dirty);
}

/* Something in the container is too large, or else it is the kernel that cannot. */
static int why_not_started(const struct t1_group *group, const struct ioasid_space *space,
			   int error)
{
	struct ioasid_run run = { 0 };

	if (error == ENOMEM)
		return err_set(ENOMEM, "space %u: the kernel has no memory to record written pages",
			       space->id);
	while (group->space && t1_first_run(group->space, run.iova + run.length, &run))
		if (!t1_dirty_fits(group, &run))
			return err_set(EOPNOTSUPP, "space %u: 0x%llx-0x%llx is too large for the "
				       "kernel to record what is written there: no more than %llu "
				       "pages", group->space->id, (unsigned long long)run.iova,
				       (unsigned long long)(run.iova + run.length - 1),
				       (unsigned long long)group->dirty_limit);
	return err_set(EOPNOTSUPP, "space %u: the kernel does not record written pages: %s",
		       space->id, strerror(error));
}

int t1_dirty_start(struct t1_group *group, const struct ioasid_space *space)
{
	int ret = group->tracking ? 0 : command(group, UAPI_DIRTY_START);

	if (ret)
		return why_not_started(group, space, -ret);
	group->tracking = true;
	return 0;
}

void t1_dirty_stop(struct ioasid_ctx *ctx, struct t1_group *group)
{
	int ret = group->tracking ? command(group, UAPI_DIRTY_STOP) : 0;

	if (ret)
		ctx_log(ctx, LOG_ERR, "group %u: written pages go on being recorded: %s", group->id,
			strerror(-ret));
	group->tracking = false;
}

/* The next group from @group on that is attached to the root, or to what is nested on it. */
static struct t1_group *group_below(struct t1_group *group, const struct ioasid_space *root)
{
	while (group && root_of(group->space) != root)
		group = group->next;
	return group;
}

static void stop_all(const struct ioasid_space *root, const struct t1_group *end)
{
	struct t1_group *group;

	for (group = group_below(t1_of(root->ctx)->groups, root); group != end;
	     group = group_below(group->next, root))
		t1_dirty_stop(root->ctx, group);
}

/* Where it is on, it goes on. What the kernel had recorded comes with the next read anyway. */
int t1_dirty_set(struct ioasid_space *root, bool on, struct reap *reap)
{
	struct t1_group *group = group_below(t1_of(root->ctx)->groups, root);
	int ret;

	(void)reap;
	for (; on && group; group = group_below(group->next, root)) {
		ret = t1_dirty_start(group, root);
		if (ret) {
			stop_all(root, group);
			return ret;
		}
	}
	if (!on)
		stop_all(root, NULL);
	dirty_kept_reset(root);
	return 0;
}

/* Where a run of the space leads to in the root. */
static uint64_t root_address(const struct ioasid_space *space, const struct ioasid_run *run)
{
	return space->parent ? sink_root_address(space, run->iova) : run->iova;
}

/* One that should have gone says nothing of what it permits. */
static bool may_write(const struct ioasid_run *run)
{
	return run->perm != IOASID_READ;
}

/* The kernel's bits of a run, into the root's record. */
static void keep(const struct t1_group *group, const struct ioasid_space *space,
		 const struct ioasid_run *run, const uint64_t *bits)
{
	struct ioasid_space *root = space_tracking_root(space);
	uint64_t page = root_address(space, run) / PAGE, each = group->dirty_page / PAGE, i;

	if (each == 1) {
		dirty_keep_bits(root, page, bits, run->length / PAGE);
		return;
	}
	for (i = 0; i < bits_of(group, run); i++)
		if (bits[i / 64] >> i % 64 & 1)
			dirty_keep_bits(root, page + i * each, NULL, each);
}

void t1_dirty_keep_run(const struct ioasid_space *space, const struct ioasid_run *run)
{
	if (may_write(run))
		dirty_keep_bits(space_tracking_root(space), root_address(space, run) / PAGE, NULL,
				run->length / PAGE);
}

/* Room for the bits of a run, which the caller frees; NULL: no memory. */
static uint64_t *new_bits(const struct t1_group *group, const struct ioasid_run *run,
			  struct uapi_bitmap *bitmap)
{
	uint64_t words = (bits_of(group, run) + 63) / 64;
	uint64_t *bits = words <= SIZE_MAX / 8 ? mem_calloc((size_t)words, 8) : NULL;

	*bitmap = (struct uapi_bitmap){ group->dirty_page, 8 * words, (uintptr_t)bits };
	return bits;
}

static int read_run(const struct t1_group *group, const struct ioasid_run *run)
{
	struct uapi_dirty_get get = {
		.argsz = sizeof(get), .flags = UAPI_DIRTY_GET, .iova = run->iova,
		.size = run->length,
	};
	uint64_t *bits = new_bits(group, run, &get.bitmap);
	int ret;

	if (!bits)
		return err_set(ENOMEM, "space %u: no memory to read written pages",
			       group->space->id);
	ret = sys_ioctl(group->container, UAPI_DIRTY_PAGES, &get);
	if (!ret)
		keep(group, group->space, run, bits);
	mem_free(bits);
	return ret ? err_set(ret == -ENOMEM ? ENOMEM : EOPNOTSUPP, "space %u: the kernel does not "
			     "tell what was written in 0x%llx-0x%llx: %s", group->space->id,
			     (unsigned long long)run->iova,
			     (unsigned long long)(run->iova + run->length - 1), strerror(-ret)) : 0;
}

/* All that a group has of [@start, @last] of its root. */
static int read_group(const struct t1_group *group, uint64_t start, uint64_t last)
{
	const struct ioasid_space *space = group->space;
	struct ioasid_run run = { .iova = space->parent ? 0 : start };
	int ret = 0;

	while (!ret && t1_first_run(space, run.iova + run.length, &run)) {
		uint64_t to = root_address(space, &run);

		if (!space->parent && run.iova > last)
			break;
		if (may_write(&run) && to <= last && to + run.length - 1 >= start)
			ret = read_run(group, &run);
	}
	return ret;
}

/* What was read before something failed is in the record, and comes with the next read. */
int t1_dirty_read(struct ioasid_space *root, uint64_t start, uint64_t last, bool peek,
		  struct dirty_bits *out, struct reap *reap)
{
	struct t1_group *group = group_below(t1_of(root->ctx)->groups, root);
	int ret = 0;

	(void)reap;
	for (; group && !ret; group = group_below(group->next, root))
		ret = read_group(group, start, last);
	if (!ret)
		dirty_kept_read(root, start, last, peek, out);
	return ret;
}

static int unmap_plain(const struct t1_group *group, const struct ioasid_run *run, uint64_t *size)
{
	struct uapi_dma_unmap unmap = {
		.argsz = sizeof(unmap), .iova = run->iova, .size = run->length,
	};
	int ret = sys_ioctl(group->container, UAPI_UNMAP_DMA, &unmap);

	*size = unmap.size;
	return ret;
}

int t1_dirty_unmap(const struct t1_group *group, const struct ioasid_space *space,
		   const struct ioasid_run *run, uint64_t *size)
{
	struct uapi_dma_unmap_dirty u = {
		.unmap = {
			.argsz = sizeof(u), .flags = UAPI_UNMAP_FLAG_DIRTY, .iova = run->iova,
			.size = run->length,
		},
	};
	uint64_t *bits = may_write(run) ? new_bits(group, run, &u.bitmap) : NULL;
	int ret = bits ? sys_ioctl(group->container, UAPI_UNMAP_DMA, &u) : -ENOMEM;

	if (!ret)
		keep(group, space, run, bits);
	mem_free(bits);
	*size = u.unmap.size;
	if (!ret)
		return 0;
	/* It has to go all the same. */
	t1_dirty_keep_run(space, run);
	return unmap_plain(group, run, size);
}
