/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking for pages before they are used. */
#include <errno.h>

#include "emulated.h"

/* What a DMA would fault for. */
static int refused(const struct ioasid_channel *ch, uint64_t iova, int reason)
{
	int err = reason == IOASID_FAULT_REQUEST_FAILURE ? EIO :
		  reason == IOASID_FAULT_REQUEST_TIMEOUT ? ETIMEDOUT : EFAULT;

	return err_set(err, "%s: prefault at 0x%llx: %s", ch->device->name,
		       (unsigned long long)iova,
		       ioasid_fault_reason_text((enum ioasid_fault_reason)reason));
}

/* Sees to the page at ask->iova. *@bytes: as many are there from it on. */
static int prefault(struct ioasid_channel *ch, struct emu_ask *ask, uint64_t *bytes)
{
	struct iopt_hit hit;
	uint64_t mask;
	int ret;

	while ((ret = emu_find(ch, ask->iova, ask->access, &hit)) > 0) {
		ret = emu_request(ch, ask, ret);
		if (ret)
			break;
	}
	if (ret)
		return ret > 0 ? refused(ch, ask->iova, ret) : ret;
	mask = (UINT64_C(1) << hit.shift) - 1;
	*bytes = mask - (ask->iova & mask) + 1;
	return 0;
}

IOASID_EXPORT int ioasid_dma_prefault(struct ioasid_channel *ch, uint64_t iova, uint64_t length,
				      uint32_t access)
{
	struct ioasid_ctx *ctx = ch->device->ctx;
	struct emu_ask ask = { .iova = iova, .length = length, .access = access };
	int ret = emu_check_range(iova, length);

	if (!length || !access || access & ~EMU_ACCESS)
		return err_set(EINVAL, "length 0, or no or unknown access");
	while (!ret && ask.length) {
		uint64_t bytes = 0;

		/* One page for each lock: a range can be long. */
		ctx_lock(ctx);
		ret = ctx_check_drain(ctx);
		if (!ret) {
			emu_enter(ch);
			ch->asks = true;
			ret = prefault(ch, &ask, &bytes);
			ch->asks = false;
			emu_leave(ch);
		}
		ctx_unlock(ctx);
		bytes = bits_min(bytes, ask.length);
		ask.iova += bytes;
		ask.length -= bytes;
		ask.tries = 0;
		ask.timed = false;
	}
	return ret;
}
