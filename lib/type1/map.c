/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings in containers: each of a space's is one entry of each container, and goes as a whole. */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "type1.h"

static int too_many(const struct t1_group *group, const struct ioasid_space *space)
{
	return err_set(ENOSPC, "space %u: the kernel takes no more than %u mappings for group %u "
		       "(vfio_iommu_type1's dma_entry_limit)", space->id,
		       group->max_entries < UINT32_MAX ? group->max_entries : group->entries,
		       group->id);
}

int t1_check_count(const struct t1_group *group, const struct ioasid_space *space, size_t n)
{
	return n > group->max_entries ? too_many(group, space) : 0;
}

int t1_enter(struct t1_group *group, const struct ioasid_space *space,
	     const struct ioasid_mapping *m)
{
	struct uapi_dma_map map = {
		.argsz = sizeof(map),
		.flags = (m->flags & IOASID_READ ? UAPI_MAP_READ : 0) |
			 (m->flags & IOASID_WRITE ? UAPI_MAP_WRITE : 0),
		.vaddr = m->target,
		.iova = m->item.start,
		.size = imap_length(&m->item),
	};
	int ret = t1_check_count(group, space, (size_t)group->entries + 1);

	if (ret)
		return ret;
	ret = sys_ioctl(group->container, UAPI_MAP_DMA, &map);
	if (ret)
		return ret == -ENOSPC ? too_many(group, space) :
					vfio_why_not_mapped(space, m, -ret);
	group->entries++;
	return 0;
}

void t1_remove(struct t1_group *group, const struct ioasid_space *space,
	       const struct ioasid_mapping *m)
{
	struct uapi_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = m->item.start,
		.size = imap_length(&m->item),
	};
	int ret = sys_ioctl(group->container, UAPI_UNMAP_DMA, &unmap);

	if (ret)
		ctx_log(space->ctx, LOG_ERR, "space %u: mapping 0x%llx-0x%llx is still in the kernel: %s",
			space->id, (unsigned long long)m->item.start,
			(unsigned long long)m->item.last, strerror(-ret));
	else if (unmap.size)
		group->entries--;
}

/* The next group from @group on that is attached to @space, or NULL. */
static struct t1_group *attached(struct t1_group *group, const struct ioasid_space *space)
{
	while (group && group->space != space)
		group = group->next;
	return group;
}

int t1_map(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	struct t1_group *first = attached(t1_of(space->ctx)->groups, space), *group, *failed;
	int ret = 0;

	(void)reap;
	for (group = first; group && !ret; group = attached(group->next, space)) {
		ret = t1_enter(group, space, m);
		failed = group;
	}
	if (ret)
		for (group = first; group != failed; group = attached(group->next, space))
			t1_remove(group, space, m);
	return ret;
}

void t1_unmap(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	struct t1_group *group = attached(t1_of(space->ctx)->groups, space);

	(void)reap;
	for (; group; group = attached(group->next, space))
		t1_remove(group, space, m);
}
