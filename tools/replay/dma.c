/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Translating runs as a device, and checking what comes out. */
#include "dma.h"

#define PIECES 16

/* A run of more than this is taken for a mistake, and not looked at page by page. */
#define MAX_BY_PAGE (UINT64_C(1) << 30)

/* Do the pieces show the guest's memory at @gpa? */
static bool is_guest_memory(const struct guest *guest, uint64_t gpa, uint64_t length,
			    const struct iovec *iov, size_t n)
{
	uint64_t contiguous, host;

	for (size_t i = 0; i < n; i++) {
		uint64_t at = (uint64_t)(uintptr_t)iov[i].iov_base, left = iov[i].iov_len;

		if (left > length)
			return false;
		length -= left;
		while (left) {
			host = guest_host_address(guest, gpa, &contiguous);
			if (!host || host != at)
				return false;
			contiguous = contiguous < left ? contiguous : left;
			gpa += contiguous;
			at += contiguous;
			left -= contiguous;
		}
	}
	return !length;
}

static enum touch touch(struct ioasid_channel *channel, const struct guest *guest, uint64_t iova,
			uint64_t gpa, uint64_t length, uint32_t perm)
{
	enum touch result = TOUCH_FAULT;
	struct iovec iov[PIECES];
	int n;

	if (ioasid_dma_begin(channel))
		return TOUCH_FAULT;
	n = ioasid_dma_translate(channel, iova, (size_t)length, perm, iov, PIECES);
	if (n > 0)
		result = is_guest_memory(guest, gpa, length, iov, (size_t)n) ? TOUCH_OK :
									       TOUCH_WRONG;
	ioasid_dma_end(channel);
	return result;
}

enum touch touch_run(struct ioasid_channel *channel, const struct guest *guest,
		     const struct ioasid_run *run, bool pages)
{
	enum touch result, one;

	if (!pages || run->length > MAX_BY_PAGE) {
		result = touch(channel, guest, run->iova, run->target, run->length, run->perm);
		if (result == TOUCH_OK || run->length > MAX_BY_PAGE)
			return result;
	}
	result = TOUCH_OK;
	for (uint64_t done = 0, length; done < run->length; done += length) {
		length = PAGE_BYTES - (run->iova + done) % PAGE_BYTES;
		length = length < run->length - done ? length : run->length - done;
		one = touch(channel, guest, run->iova + done, run->target + done, length,
			    run->perm);
		if (one != TOUCH_OK && result != TOUCH_WRONG)
			result = one;
	}
	return result;
}
