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
#include "space.h"

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
		return err_set(ENOMEM, "space %u: the kernel has no memory to %s written pages",
			       space->id, what);
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

/* Piece by piece, where the caller's bits do not begin with a word, or end with the range. */
static int get_pieces(const struct iofd_pt *pt, uint64_t start, uint64_t last, bool peek,
		      struct dirty_bits *out)
{
	uint64_t bitmap[512];
	const uint64_t most = 64 * bits_array_size(bitmap);
	uint64_t i, n;
	int ret;

	for (;;) {
		uint64_t end = bits_min(last, bits_add_sat(start, most * PAGE - 1));

		memset(bitmap, 0, sizeof(bitmap));
		ret = get(pt, start, end, peek, PAGE, bitmap);
		n = ret ? 0 : (end - start) / PAGE / 64 + 1;
		for (i = 0; i < n; i++)
			if (bitmap[i])	/* else the word may lie behind the caller's */
				dirty_bits_add(out, start / PAGE + 64 * i, bitmap[i]);
		if (ret || end == last)
			return ret;
		start = end + 1;
	}
}

static int read_pt(const struct iofd_pt *pt, uint64_t start, uint64_t last, bool peek,
		   struct dirty_bits *out)
{
	uint64_t page = start / PAGE - out->first, bit = page >> out->shift;
	uint64_t page_size = (uint64_t)PAGE << out->shift;

	if (bit % 64 || bit << out->shift != page ||
	    !bits_is_aligned(start | (last + 1), page_size))
		return get_pieces(pt, start, last, peek, out);
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
