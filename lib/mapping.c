/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings: checked, recorded, entered into the page table, and taken out of it. */
#include <errno.h>

#include "dirty.h"
#include "mapped.h"
#include "objects.h"
#include "ranges.h"
#include "sink.h"
#include "source.h"
#include "space.h"
#include "table.h"

#define PERM (IOASID_READ | IOASID_WRITE)

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
	ret = sink_check_map(space, m->item.start, m->item.last);
	if (!ret)
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

int mapping_check_place(struct ioasid_space *space, uint64_t start, uint64_t length)
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
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, space, start, last) {
		if (m->item.start > start)
			return false;
		if (m->item.last >= last)
			return true;
		start = m->item.last + 1;
	}
	return false;
}

int mapping_overlap(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	struct ioasid_mapping copy;
	const struct ioasid_mapping *other = mapping_first(space, start, last, &copy);

	if (!other)
		return 0;
	return err_set(EEXIST, "space %u: 0x%llx-0x%llx overlaps the mapping 0x%llx-0x%llx",
		       space->id, (unsigned long long)start, (unsigned long long)last,
		       (unsigned long long)other->item.start, (unsigned long long)other->item.last);
}

uint64_t mapping_congruent_with(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	const struct source *s = source_of(space->ctx, m);

	return s && s->is_file ? m->target - s->start : m->target;
}

/* Where: as asked, or chosen. */
static int place(struct ioasid_space *space, struct ioasid_mapping *m, bool any)
{
	uint64_t length = m->item.last + 1;
	int ret = 0;

	if (any && bits_is_aligned(length, space_alignment(space)))
		ret = ranges_choose(space, mapping_congruent_with(space, m), length,
				    &m->item.start);
	if (!ret)
		ret = mapping_check_place(space, m->item.start, length);
	if (!ret)
		m->item.last = m->item.start + length - 1;
	return ret;
}

/* What is known of a file are its offsets. */
static int target_unaligned(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	const struct source *s = source_of(space->ctx, m);

	return err_set(EINVAL, "%s 0x%llx is not a multiple of %llu",
		       s && s->is_file ? "offset" : "address",
		       (unsigned long long)mapping_congruent_with(space, m),
		       (unsigned long long)space_alignment(space));
}

static inline int check_target(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	if (!bits_is_aligned(m->target, space_alignment(space)))
		return target_unaligned(space, m);
	if (space->parent || !space->users || m->source || !table_checks_memory(space))
		return 0;
	return source_check_memory(space->ctx, m->target, imap_length(&m->item), m->flags & PERM);
}

static int add_to_strip(struct ioasid_space *space, struct strip *strip,
			const struct ioasid_mapping *m, struct reap *reap)
{
	int ret;

	if (*strip_slot(strip, m->item.start))
		return mapping_overlap(space, m->item.start, m->item.last);
	ret = check_target(space, m);
	if (ret)
		return ret;
	strip_put(&space->strips, strip, m);
	ret = enter(space, m, reap);
	if (ret)
		strip_take(&space->strips, strip, m->item.start);
	return ret;
}

static int add_record(struct ioasid_space *space, const struct ioasid_mapping *where,
		      struct reap *reap, struct ioasid_mapping **out)
{
	struct ioasid_mapping *m;
	struct strip_iter iter;
	int ret;

	if (space->strips.count &&
	    strip_iter_first(&iter, space, where->item.start, where->item.last))
		return mapping_overlap(space, where->item.start, where->item.last);
	m = slab_alloc(&space->records);
	if (!m)
		return no_memory();
	*m = *where;
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
	if (strips_exist(&space->strips))
		strips_enter(space, m);
	if (out) {
		m->flags |= MAPPING_HANDLE;
		*out = m;
	} else if (strip_suits(&space->strips, m)) {
		strips_gather(space, m->item.start);
	}
	return 0;
}

/*
 * The checks are in the order of iommufd's; whether the place is free is found out by taking it.
 */
int mapping_add(struct ioasid_space *space, struct ioasid_mapping *m, bool any, struct reap *reap,
		struct ioasid_mapping **out)
{
	struct strip *strip = NULL;
	int ret = place(space, m, any);

	if (ret)
		return ret;
	if (!out && strip_suits(&space->strips, m)) {
		strip = space_strip(space, m->item.start);
		if (bits_unlikely(!strip))
			strip = strip_begin(space, m->item.start);
	}
	ret = strip ? add_to_strip(space, strip, m, reap) : add_record(space, m, reap, out);
	if (!ret && m->source)
		space->ctx->sources[m->source]->refs++;
	return ret;
}

/* Takes out what a strip, or the map, has of it. */
static void forget(struct ioasid_space *space, struct ioasid_mapping *m)
{
	if (m->flags & MAPPING_PACKED) {
		strip_take(&space->strips, strip_at(&space->strips, m->item.start), m->item.start);
		return;
	}
	imap_remove(&space->maps, &m->item);
	if (strips_exist(&space->strips))
		strips_leave(space, m->item.start, m->item.last);
	slab_free(&space->records, m);
}

/* All but the record of it. */
static void leave(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap)
{
	if (bits_unlikely(m->item.start < space->full_below))
		space->full_below = bits_align_down(m->item.start, PAGE);
	if (space->parent) {
		leave_child(space, m, reap);
	} else if (bits_likely(space->users)) {
		table_leave(space, m, reap);
	}
	if (space->unmap_out)
		dirty_kept_read(space, m->item.start, m->item.last, true, space->unmap_out);
	if (space->tracking)
		track_forget(space, m->item.start, m->item.last);
	if (m->source)
		source_put(space->ctx, m->source, reap);
}

void mapping_drop(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap)
{
	leave(space, m, reap);
	forget(space, m);
}

void mapping_forget_all(struct ioasid_space *space, struct reap *reap)
{
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, space, 0, UINT64_MAX)
		if (m->source)
			source_put(space->ctx, m->source, reap);
}
