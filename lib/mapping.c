/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings: checked, recorded, entered into the page table, and taken out again. */
#include <errno.h>

#include "objects.h"

#define PERM (IOASID_READ | IOASID_WRITE)

static struct ioasid_mapping *mapping_of(struct imap_item *item)
{
	return bits_container_of(item, struct ioasid_mapping, item);
}

static int no_memory(void)
{
	return err_set(ENOMEM, "no memory for a mapping");
}

static void leave_child(struct ioasid_space *space, const struct ioasid_mapping *m,
			struct reap *reap)
{
	shadow_unmap(&space->shadow, m->item.start, imap_length(&m->item), reap);
	sink_follow(space, m->item.start, m->item.last);
}

static int enter_child(struct ioasid_space *space, const struct ioasid_mapping *m,
		       struct reap *reap)
{
	int ret;

	if (shadow_map(&space->shadow, m->item.start, imap_length(&m->item), m->target,
		       m->flags & PERM, reap))
		return no_memory();
	ret = sink_follow(space, m->item.start, m->item.last);
	if (ret)
		leave_child(space, m, reap);
	return ret;
}

static int enter(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	return space->parent ? enter_child(space, m, reap) :
	       space->users ? table_enter(space, m, reap) : 0;
}

int mapping_check_place(const struct ioasid_space *space, uint64_t start, uint64_t length)
{
	uint64_t last, align = space_alignment(space);

	if (!bits_is_aligned(length, align))
		return err_set(EINVAL, "length 0x%llx is not a multiple of %llu",
			       (unsigned long long)length, (unsigned long long)align);
	if (!bits_is_aligned(start, align))
		return err_set(EINVAL, "IOVA 0x%llx is not a multiple of %llu",
			       (unsigned long long)start, (unsigned long long)align);
	if (!bits_range_last(start, length, &last))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)start, (unsigned long long)length);
	return ranges_check(space, start, last);
}

bool mapping_is_whole(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	const struct imap_item *item;

	while ((item = imap_find(&space->maps, start))) {
		if (item->last >= last)
			return true;
		start = item->last + 1;
	}
	return false;
}

int mapping_overlap(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	const struct imap_item *other = imap_first(&space->maps, start, last);

	if (!other)
		return 0;
	return err_set(EEXIST, "space %u: 0x%llx-0x%llx overlaps the mapping 0x%llx-0x%llx",
		       space->id, (unsigned long long)start, (unsigned long long)last,
		       (unsigned long long)other->start, (unsigned long long)other->last);
}

uint64_t mapping_congruent_with(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	const struct source *source = m->source ? space->ctx->sources[m->source] : NULL;

	return source && source->is_file ? m->target - source->start : m->target;
}

/* Where: as asked, or chosen. */
static int place(struct ioasid_space *space, struct ioasid_mapping *m, bool any)
{
	uint64_t length = m->item.last + 1;
	int ret = 0;

	if (any && bits_is_aligned(length, space_alignment(space)))
		ret = ranges_choose(space, mapping_congruent_with(space, m), length, &m->item.start);
	if (!ret)
		ret = mapping_check_place(space, m->item.start, length);
	if (!ret)
		m->item.last = m->item.start + length - 1;
	return ret;
}

static int check_target(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	if (!bits_is_aligned(m->target, space_alignment(space)))
		return err_set(EINVAL, "address 0x%llx is not a multiple of %llu",
			       (unsigned long long)m->target,
			       (unsigned long long)space_alignment(space));
	if (space->parent || !space->users || m->source || !table_checks_memory(space))
		return 0;
	return source_check_memory(space->ctx, m->target, imap_length(&m->item), m->flags & PERM);
}

/*
 * @record: item.start is the IOVA asked for, item.last the length less 1. The checks are in the
 * order of iommufd's; whether the place is free is found out by taking it.
 */
int mapping_add(struct ioasid_space *space, const struct ioasid_mapping *record, bool any,
		struct reap *reap, struct ioasid_mapping **out)
{
	struct ioasid_mapping where = *record, *m;
	int ret = place(space, &where, any);

	if (ret)
		return ret;
	m = slab_alloc(&space->records);
	if (!m)
		return no_memory();
	*m = where;
	ret = imap_insert(&space->maps, &m->item);
	if (ret) {
		ret = ret == -EEXIST ? mapping_overlap(space, m->item.start, m->item.last) :
				       no_memory();
		slab_free(&space->records, m);
		return ret;
	}
	ret = check_target(space, m);
	if (!ret)
		ret = enter(space, m, reap);
	if (ret) {
		imap_remove(&space->maps, &m->item);
		slab_free(&space->records, m);
		return ret;
	}
	if (m->source)
		space->ctx->sources[m->source]->refs++;
	if (out)
		*out = m;
	return 0;
}

/* The record is all that is left of it: gives that back. */
static void mapping_free(struct ioasid_mapping *m, struct reap *reap)
{
	struct ioasid_space *space = mapping_space(m);

	if (m->source)
		source_put(space->ctx, m->source, reap);
	slab_free(&space->records, m);
}

void mapping_drop(struct ioasid_mapping *m, struct reap *reap)
{
	struct ioasid_space *space = mapping_space(m);

	if (space->parent) {
		leave_child(space, m, reap);
	} else if (space->users) {
		table_leave(space, m, reap);
	}
	if (space->unmap_out)
		dirty_kept_read(space, m->item.start, m->item.last, true, space->unmap_out);
	track_forget(space, m->item.start, m->item.last);
	imap_remove(&space->maps, &m->item);
	mapping_free(m, reap);
}

void mapping_forget_all(struct ioasid_space *space, struct reap *reap)
{
	struct imap_item *item;
	struct imap_iter iter;

	imap_for_each(item, &iter, &space->maps, 0, UINT64_MAX)
		if (mapping_of(item)->source)
			source_put(space->ctx, mapping_of(item)->source, reap);
}

static int check_unmap(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	int ret;

	if (space == space->ctx->identity)
		return err_set(EPERM, "mappings of the identity root go by "
			       "ioasid_ctx_unregister_memory()");
	ret = ctx_check_drain(space->ctx);
	return ret ? ret : hw_queue_check_unmap(space, start, last);
}

IOASID_EXPORT int ioasid_mapping_unmap(struct ioasid_mapping *m)
{
	struct ioasid_space *space;
	struct reap reap = { 0 };
	int ret;

	if (!m)
		return 0;
	space = mapping_space(m);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_UNMAP);
	if (!ret)
		ret = check_unmap(space, m->item.start, m->item.last);
	if (!ret)
		mapping_drop(m, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

/* Only whole mappings are unmapped, and there has to be one. */
static int check_range(const struct ioasid_space *space, const struct imap_item *first,
		       uint64_t start, uint64_t last)
{
	const struct imap_item *end;

	if (first && first->start >= start && first->last == last)
		return 0;
	end = imap_find(&space->maps, last);
	if (!first)
		return err_set(ENOENT, "space %u: nothing is mapped in 0x%llx-0x%llx", space->id,
			       (unsigned long long)start, (unsigned long long)last);
	if (first->start < start || (end && end->last > last)) {
		const struct imap_item *cut = first->start < start ? first : end;

		return err_set(ENOENT, "space %u: 0x%llx-0x%llx has only a part of the mapping "
			       "0x%llx-0x%llx", space->id, (unsigned long long)start,
			       (unsigned long long)last, (unsigned long long)cut->start,
			       (unsigned long long)cut->last);
	}
	return 0;
}

int mapping_check_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last, bool all)
{
	int ret = check_unmap(space, start, last);

	if (!ret)
		ret = nest_check_maps(space);
	if (!ret && !all)
		ret = check_range(space, imap_aim(&space->maps, start, last), start, last);
	return ret;
}

uint64_t mapping_unmap_range(struct ioasid_space *space, uint64_t start, uint64_t last,
			     struct reap *reap)
{
	struct imap_item *item = imap_first(&space->maps, start, last);
	uint64_t sum = 0;

	while (item) {
		bool was_last = item->last == last;

		sum += imap_length(item);
		mapping_drop(mapping_of(item), reap);
		item = was_last ? NULL : imap_first(&space->maps, start, last);
	}
	return sum;
}

IOASID_EXPORT int ioasid_space_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length,
				     uint64_t *unmapped)
{
	bool all = !iova && length == UINT64_MAX;
	uint64_t last = UINT64_MAX, sum = 0;
	struct reap reap = { 0 };
	int ret;

	if (!length)
		return err_set(EINVAL, "length 0");
	if (!all && (length == UINT64_MAX || iova == UINT64_MAX ||
		     !bits_range_last(iova, length, &last)))
		return err_set(EOVERFLOW, "0x%llx + 0x%llx runs past the end of the address space",
			       (unsigned long long)iova, (unsigned long long)length);
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_UNMAP);
	if (!ret)
		ret = mapping_check_unmap_range(space, iova, last, all);
	if (!ret)
		sum = mapping_unmap_range(space, iova, last, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	if (!ret && unmapped)
		*unmapped = sum;
	return ret;
}

IOASID_EXPORT int ioasid_space_unmap_all(struct ioasid_space *space, uint64_t *unmapped)
{
	return ioasid_space_unmap(space, 0, UINT64_MAX, unmapped);
}

IOASID_EXPORT struct ioasid_mapping *ioasid_space_find_mapping(const struct ioasid_space *space,
							       uint64_t iova, uint64_t length)
{
	struct imap_item *item = NULL;
	uint64_t last;

	ctx_lock(space->ctx);
	if (bits_range_last(iova, length, &last))
		item = imap_first(&space->maps, iova, last);
	ctx_unlock(space->ctx);
	return item ? mapping_of(item) : NULL;
}

IOASID_EXPORT uint64_t ioasid_mapping_get_iova(const struct ioasid_mapping *m)
{
	return m->item.start;
}

IOASID_EXPORT uint64_t ioasid_mapping_get_length(const struct ioasid_mapping *m)
{
	return imap_length(&m->item);
}

IOASID_EXPORT uint32_t ioasid_mapping_get_perm(const struct ioasid_mapping *m)
{
	return m->flags & PERM;
}

IOASID_EXPORT struct ioasid_space *ioasid_mapping_get_space(const struct ioasid_mapping *m)
{
	return mapping_space(m);
}
