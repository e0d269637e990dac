/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty tracking by the IOMMUs. Each page table of a root, and of the children that follow a shadow
 * of theirs on it, records what is written through it; all of them together make the answer.
 */
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dirty.h"
#include "iommufd.h"
#include "mapped.h"
#include "sink.h"
#include "space.h"

#define LEAST_PIECE (UINT64_C(128) << 20)

static int set(const struct iofd_pt *pt, bool on)
{
	struct uapi_set_dirty set = {
		.size = sizeof(set), .flags = on ? UAPI_SET_DIRTY_ON : 0, .hwpt_id = pt->id,
	};

	return pt->flags & UAPI_HWPT_DIRTY ?
	       iofd_ioctl(pt->space->ctx, UAPI_HWPT_SET_DIRTY, &set) : 0;
}

static int failed(const struct ioasid_space *space, const char *what, int error)
{
	if (error == ENOMEM)
		return err_set(ENOMEM, "space %u: no memory, here or in the kernel, to %s written "
			       "pages", space->id, what);
	return err_set(EOPNOTSUPP, "space %u: the kernel does not %s written pages: %s", space->id,
		       what, strerror(error));
}

/* The next page table of @root and of all that is nested on it; begin with NULL. */
static struct iofd_pt *next_pt(const struct ioasid_space *root, const struct iofd_pt *pt)
{
	const struct ioasid_space *space;

	if (pt && pt->next)
		return pt->next;
	for (space = pt ? space_next_below(root, pt->space) : root; space;
	     space = space_next_below(root, space))
		if (iofd_space(space) && iofd_space(space)->pts)
			return iofd_space(space)->pts;
	return NULL;
}

static void set_off(const struct ioasid_space *root, const struct iofd_pt *end)
{
	const struct iofd_pt *pt;
	int ret;

	for (pt = next_pt(root, NULL); pt != end; pt = next_pt(root, pt)) {
		ret = set(pt, false);
		if (ret)
			ctx_log(root->ctx, LOG_ERR, "space %u: page table %u goes on recording: %s",
				root->id, pt->id, strerror(-ret));
	}
}

/* @pt has not been switched on. Where recording was on, what others knew is lost. */
static int set_failed(struct ioasid_space *space, const struct iofd_pt *pt, int error)
{
	if (space->tracking)
		space->all_written = true;
	else
		set_off(space, pt);
	return failed(space, "record", error);
}

/* To begin anew is to switch on what is on: the kernel makes all pages clean. */
int iofd_dirty_set(struct ioasid_space *space, bool on, struct reap *reap)
{
	const struct iofd_pt *pt;
	int ret;

	(void)reap;
	if (!on) {
		set_off(space, NULL);
	} else {
		for (pt = next_pt(space, NULL); pt; pt = next_pt(space, pt)) {
			ret = set(pt, true);
			if (ret)
				return set_failed(space, pt, -ret);
		}
	}
	dirty_kept_reset(space);
	return 0;
}

static int get(const struct iofd_pt *pt, uint64_t start, uint64_t last, bool peek,
	       uint64_t page_size, uint64_t *bitmap)
{
	struct uapi_get_dirty get = {
		.size = sizeof(get), .hwpt_id = pt->id, .flags = peek ? UAPI_GET_DIRTY_NO_CLEAR : 0,
		.iova = start, .length = last - start + 1, .page_size = page_size,
		.data = (uintptr_t)bitmap,
	};

	return iofd_ioctl(pt->space->ctx, UAPI_HWPT_GET_DIRTY, &get);
}

/*
 * Linux makes an entry of the page table clean as a whole, but tells only of what was asked for of
 * it; and it takes what follows for pages that begin where it has begun itself
 * (intel_iommu_read_and_clear_dirty(), iommu_v1_read_and_clear_dirty()). So no read begins in the
 * midst of a page, as large as that can be, and none that clears ends there. What nobody has asked
 * for is kept.
 */
struct reading {
	const struct iofd_pt *pt;
	uint64_t start, last;		/* asked for, */
	uint64_t lo, hi;		/* and to be read */
	bool peek;
	struct dirty_bits *out;
};

/* What has @at, and so all of its page: a mapping, or what a child has of one. False: nothing. */
static bool find_bounds(const struct ioasid_space *space, uint64_t at, struct ioasid_run *run)
{
	const struct ioasid_mapping *m;
	struct ioasid_mapping copy;

	if (space->parent)
		return sink_first_run(space, at, run);
	m = mapping_at(space, at, &copy);
	if (m)
		*run = (struct ioasid_run){ .iova = m->item.start,
					    .length = imap_length(&m->item) };
	return m;
}

/* To the ends of the largest page that can be at @at. A look does with a part of one. */
static void widen(struct reading *r, uint64_t at)
{
	uint64_t sizes = r->pt->large_pages, size, start, last;
	struct ioasid_run run;

	if (!sizes || !find_bounds(r->pt->space, at, &run))
		return;
	for (; sizes; sizes ^= size) {
		size = UINT64_C(1) << bits_ilog2(sizes);
		start = bits_align_down(at, size);
		last = start + (size - 1);
		if (start < run.iova || last - run.iova >= run.length ||
		    (r->peek && start <= r->start && last >= r->last))
			continue;
		r->lo = bits_min(r->lo, start);
		r->hi = bits_max(r->hi, last);
		return;
	}
}

/* Those of 64 pages from @at on. */
static void take(const struct reading *r, uint64_t at, uint64_t bits)
{
	struct ioasid_space *space = r->pt->space;
	uint64_t asked = UINT64_MAX, root = at;

	if (at < r->start)
		asked = (r->start - at) / PAGE < 64 ? asked << (r->start - at) / PAGE : 0;
	if (at > r->last)
		asked = 0;
	else if ((r->last - at) / PAGE < 63)
		asked &= bits_mask((unsigned int)((r->last - at) / PAGE), 0);
	if (bits & asked)	/* else the word may lie behind the caller's */
		dirty_bits_add(r->out, at / PAGE, bits & asked);
	bits &= ~asked;
	if (r->peek || !bits)
		return;
	if (space->parent)
		root += sink_root_address(space, r->start) - r->start;
	dirty_keep_bits(space_tracking_root(space), root / PAGE, &bits, 64);
}

/* Piece by piece, none of which ends in the midst of a page. */
static int read_pieces(const struct reading *r)
{
	struct iofd *iofd = r->pt->space->ctx->backend;
	const uint64_t largest = UINT64_C(1) << bits_ilog2(r->pt->large_pages | 1);
	const uint64_t most = bits_max(LEAST_PIECE, largest);
	uint64_t at, end, i, n, *bits;
	int ret;

	for (at = r->lo;; at = end + 1) {
		end = bits_min(r->hi, at | (most - 1));
		n = (end - at) / PAGE / 64 + 1;
		if (!iofd_room(iofd, (size_t)n * 8))
			return -ENOMEM;
		bits = (void *)iofd->room;
		memset(bits, 0, (size_t)n * 8);
		ret = get(r->pt, at, end, r->peek, PAGE, bits);
		for (i = 0; !ret && i < n; i++)
			take(r, at + i * 64 * PAGE, bits[i]);
		if (ret || end == r->hi)
			return ret;
	}
}

/* In pieces, too, where the caller's bits do not begin with a word, or end with the range. */
static int read_pt(const struct iofd_pt *pt, uint64_t start, uint64_t last, bool peek,
		   struct dirty_bits *out)
{
	struct reading r = { pt, start, last, start, last, peek, out };
	uint64_t page = start / PAGE - out->first, bit = page >> out->shift;
	uint64_t page_size = (uint64_t)PAGE << out->shift;

	widen(&r, start);
	if (!peek)
		widen(&r, last);
	if (r.lo != start || r.hi != last || bit % 64 || bit << out->shift != page ||
	    !bits_is_aligned(start | (last + 1), page_size))
		return read_pieces(&r);
	return get(pt, start, last, peek, page_size, out->bitmap + bit / 64);
}

int iofd_dirty_read(struct ioasid_space *space, uint64_t start, uint64_t last, bool peek,
		    struct dirty_bits *out, struct reap *reap)
{
	const struct iofd_space *s = iofd_space(space);
	const struct iofd_pt *pt;
	int ret = 0;

	if (!space->parent) {
		dirty_kept_read(space, start, last, peek, out);
		ret = dirty_read_children(space, start, last, peek, out, reap);
	}
	for (pt = s ? s->pts : NULL; pt && !ret; pt = pt->next) {
		ret = read_pt(pt, start, last, peek, out);
		if (ret)
			ret = failed(space, "tell the", -ret);
	}
	/* what others have told is forgotten there */
	if (ret && !peek && space_tracking_root(space))
		space_tracking_root(space)->all_written = true;
	return ret;
}

int iofd_dirty_join(const struct iofd_pt *pt)
{
	int ret = space_tracking_root(pt->space) ? set(pt, true) : 0;

	return ret ? failed(pt->space, "record", -ret) : 0;
}

void iofd_dirty_leave(const struct iofd_pt *pt)
{
	if (pt->flags & UAPI_HWPT_DIRTY)
		dirty_keep_all(pt->space);
}
