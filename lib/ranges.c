/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a space can have mappings, and where the library looks for room. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "mapped.h"
#include "objects.h"
#include "ranges.h"
#include "space.h"

static uint64_t range_last(const struct ioasid_range *range)
{
	return range->start + range->length - 1;
}

static bool touches_allowed(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	size_t i;

	for (i = 0; i < space->n_allowed; i++)
		if (bits_ranges_overlap(start, last, space->allowed[i].start,
					range_last(&space->allowed[i])))
			return true;
	return false;
}

/* A reserved one that [@start, @last] touches, or NULL. */
static const struct reserved *touched(const struct ioasid_space *space, uint64_t start,
				      uint64_t last)
{
	size_t i;

	for (i = 0; i < space->n_reserved; i++)
		if (bits_ranges_overlap(start, last, space->reserved[i].start,
					space->reserved[i].last))
			return &space->reserved[i];
	return NULL;
}

/* So that what it forbids is forbidden there. */
static bool is_attached(const struct ioasid_device *device, const struct ioasid_space *space)
{
	const struct attachment *a;

	for (a = device->attached; a; a = a->next)
		if (attachment_walks(a, space))
			return true;
	return false;
}

static bool is_beyond(const struct ioasid_device *device, const struct reserved *r)
{
	return device->info.address_bits < 64 && r->last == UINT64_MAX &&
	       r->start == UINT64_C(1) << device->info.address_bits;
}

static bool has_for_itself(const struct ioasid_device *device, const struct reserved *r)
{
	size_t i;

	for (i = 0; i < device->n_reserved; i++)
		if (device->reserved[i].start == r->start &&
		    range_last(&device->reserved[i]) == r->last)
			return true;
	return false;
}

/* Remembers what is free of reserved ranges around [@start, @last], which touches none. */
static void find_clear(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	const struct reserved *r = space->reserved;
	size_t i;

	space->clear = 0;
	space->clear_last = UINT64_MAX;
	for (i = 0; i < space->n_reserved; i++) {
		if (r[i].last < start)
			space->clear = bits_max(space->clear, r[i].last + 1);
		else if (r[i].start > last)
			space->clear_last = bits_min(space->clear_last, r[i].start - 1);
	}
}

static void forget_clear(struct ioasid_space *space)
{
	space->clear = 1;
	space->clear_last = 0;
}

#define WHY_SIZE 160

/* For whom @r is reserved: @device; NULL: no page table has it. */
static void say_why(char why[WHY_SIZE], const struct ioasid_device *device,
		    const struct reserved *r)
{
	if (!device)
		snprintf(why, WHY_SIZE, "nothing translates more than %u bits of address",
			 IOPT_MAX_BITS);
	else if (is_beyond(device, r))
		snprintf(why, WHY_SIZE, "the IOMMU of %s translates no more than %u bits of "
			 "address", device->name, device->info.address_bits);
	else
		snprintf(why, WHY_SIZE, "0x%llx-0x%llx is reserved for %s",
			 (unsigned long long)r->start, (unsigned long long)r->last, device->name);
}

/* Somebody who is attached has it so, or else there are devices or children at all. */
static int why_reserved(const struct ioasid_space *space, uint64_t start, uint64_t last,
			const struct reserved *r, int error)
{
	const struct ioasid_device *d = space->ctx->devices;
	char why[WHY_SIZE];

	while (d && !(is_attached(d, space) && (is_beyond(d, r) || has_for_itself(d, r))))
		d = d->next;
	say_why(why, d, r);
	return err_set(error, "space %u: 0x%llx-0x%llx: %s", space->id, (unsigned long long)start,
		       (unsigned long long)last, why);
}

int ranges_check_reserved(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	const struct reserved *r = touched(space, start, last);

	if (r)
		return why_reserved(space, start, last, r, EINVAL);
	find_clear(space, start, last);
	return 0;
}

/* The first that is not below [@start, @last], by start and last. */
static size_t find_reserved(const struct ioasid_space *space, uint64_t start, uint64_t last)
{
	const struct reserved *r = space->reserved;
	size_t lo = 0, hi = space->n_reserved;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r[mid].start < start || (r[mid].start == start && r[mid].last < last))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* That range itself, or NULL. */
static struct reserved *same_reserved(const struct ioasid_space *space, size_t i, uint64_t start,
				      uint64_t last)
{
	struct reserved *r = i < space->n_reserved ? &space->reserved[i] : NULL;

	return r && r->start == start && r->last == last ? r : NULL;
}

static int check_reserve(const struct ioasid_space *space, const struct ioasid_device *device,
			 uint64_t start, uint64_t last)
{
	const struct reserved r = { .start = start, .last = last };
	struct ioasid_mapping copy;
	const struct ioasid_mapping *m = mapping_first(space, start, last, &copy);
	char why[WHY_SIZE];

	if (!m && !touches_allowed(space, start, last))
		return 0;
	say_why(why, device, &r);
	if (m)
		return err_set(EADDRINUSE, "space %u has a mapping at 0x%llx-0x%llx: %s",
			       space->id, (unsigned long long)m->item.start,
			       (unsigned long long)m->item.last, why);
	return err_set(EADDRINUSE, "space %u: ioasid_space_allow() claims what it cannot have: %s",
		       space->id, why);
}

int ranges_reserve(struct ioasid_space *space, const struct ioasid_device *device, uint64_t start,
		   uint64_t last)
{
	size_t i = find_reserved(space, start, last);
	struct reserved *r = same_reserved(space, i, start, last);
	int ret;

	if (r) {
		r->refs++;
		return 0;
	}
	ret = check_reserve(space, device, start, last);
	if (ret)
		return ret;
	r = mem_realloc(space->reserved, (space->n_reserved + 1) * sizeof(*r));
	if (!r)
		return err_set(ENOMEM, "no memory for a reserved range");
	forget_clear(space);
	space->reserved = r;
	memmove(r + i + 1, r + i, (space->n_reserved++ - i) * sizeof(*r));
	r[i] = (struct reserved){ start, last, 1 };
	return 0;
}

void ranges_unreserve(struct ioasid_space *space, uint64_t start, uint64_t last)
{
	size_t i = find_reserved(space, start, last);
	struct reserved *r = space->reserved + i;

	forget_clear(space);
	space->full_below = 0;
	if (!--r->refs)
		memmove(r, r + 1, (--space->n_reserved - i) * sizeof(*r));
}

/* The reserved range at or after *@i, merged with all that touch it. False at the end. */
static bool next_reserved(const struct ioasid_space *space, size_t *i, uint64_t *start,
			  uint64_t *last)
{
	const struct reserved *r = space->reserved;

	if (*i == space->n_reserved)
		return false;
	*start = r[*i].start;
	*last = r[(*i)++].last;
	while (*i < space->n_reserved && r[*i].start <= bits_add_sat(*last, 1)) {
		*last = bits_max(*last, r[*i].last);
		++*i;
	}
	return true;
}

/* Adds [start, last] to a caller's array. */
static void put(struct ioasid_range *ranges, size_t n, size_t *count, uint64_t start,
		uint64_t last)
{
	if (*count < n)
		ranges[*count] = (struct ioasid_range){ start, bits_add_sat(last - start, 1) };
	++*count;
}

IOASID_EXPORT size_t ioasid_space_query_reserved(const struct ioasid_space *space,
						 struct ioasid_range *ranges, size_t n)
{
	size_t i = 0, count = 0;
	uint64_t start, last;

	ctx_lock(space->ctx);
	while (next_reserved(space, &i, &start, &last))
		put(ranges, n, &count, start, last);
	ctx_unlock(space->ctx);
	return count;
}

IOASID_EXPORT size_t ioasid_space_query_permitted(const struct ioasid_space *space,
						  struct ioasid_range *ranges, size_t n)
{
	size_t i = 0, count = 0;
	uint64_t start, last, from = 0;
	bool more = true;

	ctx_lock(space->ctx);
	while (more && next_reserved(space, &i, &start, &last)) {
		if (start > from)
			put(ranges, n, &count, from, start - 1);
		more = last != UINT64_MAX;
		from = last + 1;
	}
	if (more)
		put(ranges, n, &count, from, UINT64_MAX);
	ctx_unlock(space->ctx);
	return count;
}

int ranges_by_start(const void *a, const void *b)
{
	const struct ioasid_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* Sorted; a single byte is none for iommufd. */
static int check_allowed(const struct ioasid_range *ranges, size_t n)
{
	uint64_t last, before = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!bits_range_last(ranges[i].start, ranges[i].length, &last) ||
		    last == ranges[i].start)
			return err_set(EINVAL, "allowed range 0x%llx + 0x%llx is too short or too "
				       "long", (unsigned long long)ranges[i].start,
				       (unsigned long long)ranges[i].length);
		if (i && ranges[i].start <= before)
			return err_set(EINVAL, "allowed ranges overlap at 0x%llx",
				       (unsigned long long)ranges[i].start);
		before = last;
	}
	return 0;
}

static int check_permitted(const struct ioasid_space *space, const struct ioasid_range *ranges,
			   size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t start = ranges[i].start, last = range_last(&ranges[i]);
		const struct reserved *r = touched(space, start, last);

		if (r)
			return why_reserved(space, start, last, r, EADDRINUSE);
	}
	return 0;
}

static int allow(struct ioasid_space *space, struct ioasid_range *ranges, size_t n)
{
	const struct backend_ops *ops = space->ctx->ops;
	int ret = nest_check_maps(space);

	if (!ret)
		ret = check_allowed(ranges, n);
	if (!ret)
		ret = check_permitted(space, ranges, n);
	if (!ret && ops->allow)
		ret = ops->allow(space, ranges, n);
	if (ret)
		return ret;
	mem_free(space->allowed);
	space->allowed = ranges;
	space->n_allowed = n;
	return 0;
}

IOASID_EXPORT int ioasid_space_allow(struct ioasid_space *space, const struct ioasid_range *ranges,
				     size_t n)
{
	struct ioasid_range *copy = NULL;
	int ret;

	if (n) {
		copy = mem_calloc(n, sizeof(*copy));
		if (!copy)
			return err_set(ENOMEM, "no memory for %zu ranges", n);
		memcpy(copy, ranges, n * sizeof(*copy));
		qsort(copy, n, sizeof(*copy), ranges_by_start);
	}
	ctx_lock(space->ctx);
	ret = allow(space, copy, n);
	ctx_unlock(space->ctx);
	if (ret)
		mem_free(copy);
	return ret;
}

/* A place in [lo, hi] that is neither reserved nor mapped. */
static bool choose_in(struct ioasid_space *space, uint64_t lo, uint64_t hi, uint64_t length,
		      uint64_t align, uint64_t offset, uint64_t *iova)
{
	uint64_t start, last;
	size_t i = 0;

	while (next_reserved(space, &i, &start, &last)) {
		if (start > lo && !mapping_gap(space, lo, bits_min(hi, start - 1), length,
					       align, offset, iova))
			return true;
		if (last >= hi)
			return false;
		lo = bits_max(lo, last + 1);
	}
	return !mapping_gap(space, lo, hi, length, align, offset, iova);
}

/* The same in all of the space, where one page after the other is asked for most of the time. */
static bool choose_anywhere(struct ioasid_space *space, uint64_t length, uint64_t align,
			    uint64_t offset, uint64_t *iova)
{
	/* What begins with a whole page has no place below; other places can do with parts. */
	bool whole = length >= PAGE && !offset;
	uint64_t lo = whole ? bits_max(space->full_below, PAGE) : PAGE;

	if (!choose_in(space, lo, UINT64_MAX - PAGE, length, align, offset, iova))
		return false;
	if (length == PAGE && align == PAGE && !offset)
		space->full_below = *iova;
	return true;
}

/*
 * The lowest place that fits, congruent with the address mapped as far as that helps large pages:
 * what iommufd chooses (Linux, iopt_alloc_iova()), so that programs see the same addresses.
 */
int ranges_choose(struct ioasid_space *space, uint64_t address, uint64_t length, uint64_t *iova)
{
	const uint64_t huge = UINT64_C(1) << 21;
	uint64_t align = huge, offset = address % PAGE;
	size_t i;

	if (length >= UINT64_MAX / 2)
		return err_set(EOVERFLOW, "length 0x%llx", (unsigned long long)length);
	if (length < huge)
		align = length > 1 ? UINT64_C(1) << (bits_ilog2(length - 1) + 1) : 1;
	if (address)
		align = bits_min(align, UINT64_C(1) << bits_ctz(address));
	if (align < space_alignment(space))
		return err_set(EINVAL, "0x%llx is not aligned to %llu", (unsigned long long)address,
			       (unsigned long long)space_alignment(space));
	align = bits_max(align, PAGE);
	if (!space->n_allowed && choose_anywhere(space, length, align, offset, iova))
		return 0;
	for (i = 0; i < space->n_allowed; i++) {
		uint64_t lo = bits_max(space->allowed[i].start, PAGE);
		uint64_t hi = bits_min(range_last(&space->allowed[i]), UINT64_MAX - PAGE);

		/* ranges that touch are one */
		while (i + 1 < space->n_allowed && space->allowed[i + 1].start == hi + 1)
			hi = bits_min(range_last(&space->allowed[++i]), UINT64_MAX - PAGE);
		if (lo <= hi && choose_in(space, lo, hi, length, align, offset, iova))
			return 0;
	}
	return err_set(ENOSPC, "space %u has no room for 0x%llx bytes", space->id,
		       (unsigned long long)length);
}
