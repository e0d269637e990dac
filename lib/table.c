/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A root's page table. It exists while a device is attached or a space is nested: only then do
 * mappings have to be what a page table can hold, and only then is their memory looked at (Linux:
 * iommufd fills a page table when it joins the address space).
 */
#include <errno.h>

#include "objects.h"

uint64_t space_alignment(const struct ioasid_space *space)
{
	return space->users || space->parent ? PAGE : 1;
}

static int check_mapping(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	uint64_t length = imap_length(&m->item);

	if (!bits_is_aligned(m->item.start | length | m->target, PAGE))
		return err_set(EADDRINUSE, "space %u: mapping 0x%llx-0x%llx is not aligned to %u",
			       space->id, (unsigned long long)m->item.start,
			       (unsigned long long)m->item.last, PAGE);
	if (m->source || space->ctx->ops->checks_memory)
		return 0;
	return source_check_memory(space->ctx, m->target, length,
				   m->flags & (IOASID_READ | IOASID_WRITE));
}

static int fill(struct ioasid_space *space, struct reap *reap)
{
	const struct backend_ops *ops = space->ctx->ops;
	struct imap_item *item;
	struct imap_iter iter;
	int ret;

	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		ret = check_mapping(space, bits_container_of(item, struct ioasid_mapping, item));
		if (ret)
			return ret;
	}
	ret = ops->table_create(space);
	if (ret)
		return ret;
	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX) {
		ret = ops->map(space, bits_container_of(item, struct ioasid_mapping, item), reap);
		if (!ret)
			continue;
		/* Walked it can have been: by DMA that a detach still waits for. */
		ops->table_destroy(space, reap);
		return ret;
	}
	return 0;
}

int table_use(struct ioasid_space *space, struct reap *reap)
{
	int ret = 0;

	if (!space->parent && !space->users) {
		ret = ranges_reserve(space, UINT64_C(1) << IOPT_MAX_BITS, UINT64_MAX, space);
		if (ret)
			return ret;
		ret = fill(space, reap);
		if (ret)
			ranges_unreserve(space, space);
	}
	if (!ret)
		space->users++;
	return ret;
}

void table_unuse(struct ioasid_space *space, struct reap *reap)
{
	if (--space->users || space->parent)
		return;
	space->ctx->ops->table_destroy(space, reap);
	ranges_unreserve(space, space);
}
