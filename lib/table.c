/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A root's page table. It exists while a device is attached or a space is nested: only then do
 * mappings have to be what a page table can hold, and only then is their memory looked at (Linux:
 * iommufd fills a page table when it joins the address space).
 *
 * The table that devices go by can be a kernel's. Then a root with children has one in the process
 * as well, by which their shadows find its memory.
 */
#include <errno.h>

#include "locked.h"
#include "mapped.h"
#include "objects.h"
#include "ranges.h"
#include "sink.h"
#include "source.h"
#include "table.h"

bool table_checks_memory(const struct ioasid_space *space)
{
	return !space->ctx->ops->checks_memory || space->children;
}

int table_create_own(struct ioasid_space *space)
{
	iopt_init(&space->table, &space->ctx->pages);
	space->table.small = space->small_pages;
	space->table.dropped = shadow_drop_list;
	return 0;
}

void table_destroy_own(struct ioasid_space *space, struct reap *reap)
{
	iopt_clear(&space->table, reap);
}

int table_map_own(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	unsigned int flags = m->flags & IOPT_PERM;

	if (space->tracked && flags & IOPT_WRITE)
		flags ^= IOPT_WRITE | IOPT_CLEAN;
	if (imap_length(&m->item) >= BIG_MAPPING)
		flags |= IOPT_BIG;
	if (!iopt_map(&space->table, m->item.start, imap_length(&m->item), m->target, flags, reap))
		return 0;
	return err_set(ENOMEM, "space %u: no memory for its page table", space->id);
}

void table_unmap_own(struct ioasid_space *space, const struct ioasid_mapping *m,
		     struct reap *reap)
{
	iopt_unmap(&space->table, m->item.start, imap_length(&m->item), reap);
}

/* Is there a second table, for the children? */
static bool has_own(const struct ioasid_space *space)
{
	return space->ctx->ops->run_map && space->children;
}

static int check_memory(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	return m->source ? 0 : source_check_memory(space->ctx, m->target, imap_length(&m->item),
						   m->flags & (IOASID_READ | IOASID_WRITE));
}

static int check_alignment(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	uint64_t length = imap_length(&m->item);

	if (!bits_is_aligned(m->item.start | length | m->target, PAGE))
		return err_set(EADDRINUSE, "space %u: mapping 0x%llx-0x%llx is not aligned to %u",
			       space->id, (unsigned long long)m->item.start,
			       (unsigned long long)m->item.last, PAGE);
	return 0;
}

/* All mappings, by @check. */
static int check_all(const struct ioasid_space *space,
		     int (*check)(const struct ioasid_space *space, const struct ioasid_mapping *m))
{
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	int ret;

	mapping_for_each(m, &iter, space, 0, UINT64_MAX) {
		ret = check(space, m);
		if (ret)
			return ret;
	}
	return 0;
}

static int create(struct ioasid_space *space, struct reap *reap)
{
	const struct backend_ops *ops = space->ctx->ops;
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	int ret = locked_charge_space(space);

	if (ret)
		return ret;
	ret = ops->table_create(space);
	if (ret)
		goto release;
	mapping_for_each(m, &iter, space, 0, UINT64_MAX) {
		ret = ops->map(space, m, reap);
		if (ret)
			goto destroy;
	}
	return 0;

destroy:
	/* Walked it can have been: by DMA that a detach still waits for. */
	ops->table_destroy(space, reap);
release:
	locked_release_space(space);
	return ret;
}

/* Memory is looked at when all else is right (Linux, iopt_table_add_domain()). */
static int check_and_create(struct ioasid_space *space, struct reap *reap)
{
	int ret = check_all(space, check_alignment);

	if (!ret && table_checks_memory(space))
		ret = check_all(space, check_memory);
	return ret ? ret : create(space, reap);
}

int table_use(struct ioasid_space *space, struct reap *reap)
{
	int ret = 0;

	if (!space->parent && !space->users) {
		ret = ranges_reserve(space, NULL, UINT64_C(1) << IOPT_MAX_BITS, UINT64_MAX);
		if (ret)
			return ret;
		ret = check_and_create(space, reap);
		if (ret)
			ranges_unreserve(space, UINT64_C(1) << IOPT_MAX_BITS, UINT64_MAX);
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
	locked_release_space(space);
	ranges_unreserve(space, UINT64_C(1) << IOPT_MAX_BITS, UINT64_MAX);
}

int table_nest(struct ioasid_space *space, struct reap *reap)
{
	const struct ioasid_mapping *m;
	struct mapping_iter iter;
	int ret;

	if (!space->ctx->ops->run_map || space->parent || space->children)
		return 0;
	table_create_own(space);
	mapping_for_each(m, &iter, space, 0, UINT64_MAX) {
		ret = check_memory(space, m);
		if (!ret)
			ret = table_map_own(space, m, reap);
		if (ret) {
			table_destroy_own(space, reap);
			return ret;
		}
	}
	return 0;
}

void table_unnest(struct ioasid_space *space, struct reap *reap)
{
	if (space->ctx->ops->run_map && !space->parent && !space->children)
		table_destroy_own(space, reap);
}

/* With a second table. Not inline, nor is leave_both(): what they need is not for others to pay. */
static int __attribute__((noinline)) enter_both(struct ioasid_space *space,
						const struct ioasid_mapping *m, struct reap *reap)
{
	int ret = table_map_own(space, m, reap);

	if (ret)
		return ret;
	ret = space->ctx->ops->map(space, m, reap);
	if (ret)
		table_unmap_own(space, m, reap);
	else
		sink_mapped(space, m);
	return ret;
}

static inline int enter(struct ioasid_space *space, const struct ioasid_mapping *m,
			struct reap *reap)
{
	return bits_unlikely(has_own(space)) ? enter_both(space, m, reap) :
					       space->ctx->ops->map(space, m, reap);
}

int table_enter(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	int ret;

	if (locked_is_paid(space->ctx, m))
		return enter(space, m, reap);
	ret = locked_charge_mapping(space, m);
	if (ret)
		return ret;
	ret = enter(space, m, reap);
	if (ret)
		locked_release_mapping(space, m);
	return ret;
}

/* Out of the tables. */
static inline void leave(struct ioasid_space *space, struct ioasid_mapping *m,
			 struct reap *reap)
{
	space->ctx->ops->unmap(space, m, reap);
	if (!locked_is_paid(space->ctx, m))
		locked_release_mapping(space, m);
	space->gen++;
	if (space->children)
		nest_unmapped(space, m, reap);
}

static void __attribute__((noinline)) leave_both(struct ioasid_space *space,
						 struct ioasid_mapping *m, struct reap *reap)
{
	sink_unmapping(space, m);
	table_unmap_own(space, m, reap);
	leave(space, m, reap);
	sink_unmapped(space);
}

void table_leave(struct ioasid_space *space, struct ioasid_mapping *m, struct reap *reap)
{
	if (bits_unlikely(has_own(space)))
		leave_both(space, m, reap);
	else
		leave(space, m, reap);
}
