/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is in containers: for each run of a space one entry of each container, which goes as a
 * whole. A root's runs are its mappings; a child's are those that the API layer makes of its page
 * table.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dirty.h"
#include "mapped.h"
#include "sink.h"
#include "type1.h"

static struct ioasid_run run_of(const struct ioasid_mapping *m)
{
	return (struct ioasid_run){
		.iova = m->item.start, .length = imap_length(&m->item), .target = m->target,
		.perm = m->flags & (IOASID_READ | IOASID_WRITE),
	};
}

bool t1_first_run(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run)
{
	const struct ioasid_mapping *m;
	struct ioasid_mapping copy;

	if (space->parent)
		return sink_first_run(space, at, run);
	m = mapping_first(space, at, UINT64_MAX, &copy);
	if (m)
		*run = run_of(m);
	return m;
}

static int too_many(const struct t1_group *group, const struct ioasid_space *space)
{
	return err_set(ENOSPC, "space %u: the kernel takes no more than %u mappings for group %u "
		       "(vfio_iommu_type1's dma_entry_limit)", space->id,
		       group->max_entries < UINT32_MAX ? group->max_entries : group->entries,
		       group->id);
}

int t1_enter(struct t1_group *group, const struct ioasid_space *space,
	     const struct ioasid_run *run)
{
	struct uapi_dma_map map = {
		.argsz = sizeof(map),
		.flags = (run->perm & IOASID_READ ? UAPI_MAP_READ : 0) |
			 (run->perm & IOASID_WRITE ? UAPI_MAP_WRITE : 0),
		.vaddr = run->target,
		.iova = run->iova,
		.size = run->length,
	};
	int ret;

	if (group->entries >= group->max_entries)
		return too_many(group, space);
	if (group->tracking && !t1_dirty_fits(group, run))
		return err_set(EINVAL, "space %u: 0x%llx-0x%llx is too large for the kernel to "
			       "record what is written there: no more than %llu pages", space->id,
			       (unsigned long long)run->iova,
			       (unsigned long long)(run->iova + run->length - 1),
			       (unsigned long long)group->dirty_limit);
	ret = sys_ioctl(group->container, UAPI_MAP_DMA, &map);
	if (ret)
		return ret == -ENOSPC ? too_many(group, space) :
					vfio_why_not_mapped(space, run, -ret);
	group->entries++;
	return 0;
}

static uint32_t count_runs(const struct ioasid_space *space, uint64_t iova, uint64_t length)
{
	uint64_t at = iova;
	struct ioasid_run run;
	uint32_t n = 0;

	for (; t1_first_run(space, at, &run) && run.iova - iova < length; n++)
		at = run.iova + run.length;
	return n;
}

int t1_check_count(const struct t1_group *group, const struct ioasid_space *space)
{
	return count_runs(space, 0, UINT64_MAX) > group->max_entries ? too_many(group, space) : 0;
}

static void gone(struct t1_group *group, uint32_t n)
{
	group->entries -= (uint32_t)bits_min(group->entries, n);
}

/* One by one: each of them tells what was written there. */
static int remove_each(struct t1_group *group, const struct ioasid_space *space, uint64_t iova,
		       uint64_t length)
{
	uint64_t at = iova, size;
	struct ioasid_run run;
	int ret = 0;

	while (!ret && t1_first_run(space, at, &run) && run.iova - iova < length) {
		ret = t1_dirty_unmap(group, space, &run, &size);
		if (!ret && size)
			gone(group, 1);
		at = run.iova + run.length;
	}
	return ret;
}

static int remove_range(struct t1_group *group, const struct ioasid_space *space, uint64_t iova,
			uint64_t length)
{
	struct uapi_dma_unmap unmap = { .argsz = sizeof(unmap), .iova = iova, .size = length };
	int ret = sys_ioctl(group->container, UAPI_UNMAP_DMA, &unmap);

	/* iommufd as a container, where nothing is: CONFIG_IOMMUFD_VFIO_CONTAINER */
	if (ret == -ENOENT)
		return 0;
	if (!ret && unmap.size)
		gone(group, count_runs(space, iova, length));
	return ret;
}

int t1_remove(struct t1_group *group, const struct ioasid_space *space, uint64_t iova,
	      uint64_t length)
{
	int ret = group->tracking && space_tracking_root(space) ?
		  remove_each(group, space, iova, length) :
		  remove_range(group, space, iova, length);

	return ret ? err_set(EINVAL, "space %u: 0x%llx-0x%llx is still in the kernel: %s",
			     space->id, (unsigned long long)iova,
			     (unsigned long long)(iova + length - 1), strerror(-ret)) : 0;
}

/* The next group from @group on that is attached to @space, or NULL. */
static struct t1_group *attached(struct t1_group *group, const struct ioasid_space *space)
{
	while (group && group->space != space)
		group = group->next;
	return group;
}

static struct t1_group *first_attached(const struct ioasid_space *space)
{
	return attached(t1_of(space->ctx)->groups, space);
}

/* For all groups of the space, or for none. */
static int enter_all(const struct ioasid_space *space, const struct ioasid_run *run)
{
	struct t1_group *first = first_attached(space), *group, *failed = NULL;
	int ret = 0;

	for (group = first; group && !ret; group = attached(group->next, space)) {
		ret = t1_enter(group, space, run);
		failed = group;
	}
	if (ret)
		for (group = first; group != failed; group = attached(group->next, space))
			t1_drop(group, space, run);
	return ret;
}

static int remove_all(const struct ioasid_space *space, uint64_t iova, uint64_t length)
{
	struct t1_group *group;
	int ret = 0;

	for (group = first_attached(space); group; group = attached(group->next, space)) {
		int err = t1_remove(group, space, iova, length);

		if (err)
			ret = err;
	}
	return ret;
}

void t1_drop(struct t1_group *group, const struct ioasid_space *space,
	     const struct ioasid_run *run)
{
	err_put_aside();
	if (t1_remove(group, space, run->iova, run->length))
		ctx_log(space->ctx, LOG_ERR, "%s", err_text());
	err_take_back();
}

int t1_map(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	const struct ioasid_run run = run_of(m);

	(void)reap;
	return enter_all(space, &run);
}

void t1_unmap(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	(void)reap;
	err_put_aside();
	if (remove_all(space, m->item.start, imap_length(&m->item)))
		ctx_log(space->ctx, LOG_ERR, "%s", err_text());
	err_take_back();
}

int t1_run_map(struct ioasid_space *space, const struct ioasid_run *run, uint64_t from)
{
	(void)from;
	return enter_all(space, run);
}

int t1_run_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length)
{
	return remove_all(space, iova, length);
}
