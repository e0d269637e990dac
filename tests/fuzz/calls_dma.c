/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that devices make: DMA, and the events that it leaves. */
#include "calls.h"

/* Zeros, our own writes, or the file: nothing else can be reached. */
static void check_piece(const struct iovec *piece)
{
	const uint8_t *at = piece->iov_base;
	uint64_t mark;

	must(piece->iov_len, "an empty piece");
	if (at >= memory && at < memory + MEMORY_PAGES * PAGE) {
		must(piece->iov_len <= (size_t)(memory + MEMORY_PAGES * PAGE - at), "%zu bytes",
		     piece->iov_len);
		return;
	}
	memcpy(&mark, (void *)((uintptr_t)at & ~(uintptr_t)(PAGE - 1)), sizeof(mark));
	must(mark == FILE_MARK, "DMA reaches %p", (const void *)at);
}

static uint64_t some_address(struct input *in)
{
	unsigned int kind = take8(in);

	return kind < 240 ? kind % 64 * PAGE + (kind & 128 ? PAGE - 12 : 0) :
	       kind < 250 ? kind % 16 * PAGE << 14 : take(in, 8);
}

static void call_translate(struct world *w, unsigned int c, struct input *in)
{
	static const struct may_fail may = {
		"dma_translate", { E2BIG, EAGAIN, EFAULT, EINVAL, EOVERFLOW }
	};
	struct ioasid_channel *channel = w->channels[c];
	bool begun = w->begun[c];
	uint64_t iova = some_address(in), length = take(in, 2);
	uint32_t access = take8(in);
	struct iovec pieces[4];
	int rc, i;

	access = access < 240 ? 1 + access % 3 : access;
	if (!begun && take8(in) % 8)
		must_succeed(ioasid_dma_begin(channel));
	rc = ioasid_dma_translate(channel, iova, (size_t)length, access, pieces, 4);
	must(rc && rc <= 4, "%d", rc);
	for (i = 0; i < rc; i++) {
		check_piece(&pieces[i]);
		length -= pieces[i].iov_len;
	}
	must(rc < 0 || !length, "%ju bytes left", (uintmax_t)length);
	if (!begun)
		ioasid_dma_end(channel);
	check_call(w, &may, rc);
}

static void call_access(struct world *w, unsigned int c, struct input *in)
{
	static const struct may_fail may = { "dma", { EAGAIN, EFAULT, EINVAL, EOVERFLOW } };
	unsigned int kind = take8(in);
	uint64_t iova = some_address(in), old = 0;
	uint8_t buffer[256] = { 0 };
	int rc;

	/* A file's marks stay as they are. */
	if (kind % 4)
		iova = (iova & ~(PAGE - 1)) | 64 | (iova & 7);
	switch (kind % 4) {
	case 0:
		rc = ioasid_dma_read(w->channels[c], iova, buffer, kind);
		break;
	case 1:
		rc = ioasid_dma_write(w->channels[c], iova, buffer, kind < 128 ? 16 : 4);
		break;
	case 2:
		rc = ioasid_dma_fetch_add(w->channels[c], iova, kind & 4 ? 4 : kind >> 3, kind,
					  &old);
		break;
	default:
		rc = ioasid_dma_compare_swap(w->channels[c], iova, kind & 4 ? 8 : kind >> 3, 0,
					     kind, &old);
	}
	check_call(w, &may, rc);
}

static void call_channel(struct world *w, unsigned int c, struct input *in)
{
	static const struct may_fail open = { "channel_open", { EINVAL, EOPNOTSUPP } };
	static const struct may_fail close = { "channel_close", { EBUSY } };
	struct ioasid_channel *channel = w->channels[c];
	unsigned int d = take8(in) % DEVICES, kind = take8(in);
	int rc;

	if (channel) {
		rc = ioasid_channel_close(channel);
		must(rc == (w->begun[c] ? -EBUSY : 0), "%d", rc);
		w->channels[c] = rc ? channel : NULL;
		check_call(w, &close, rc);
	} else if (w->devices[d]) {
		rc = ioasid_channel_open(w->devices[d], kind < 128 ? IOASID_NO_PASID : kind - 128u,
					 &channel);
		must((rc == 0) == (channel != NULL), "%d", rc);
		w->channels[c] = channel;
		w->channel_of[c] = (int)d;
		check_call(w, &open, rc);
	}
}

static void call_section(struct world *w, unsigned int c)
{
	static const struct may_fail begin = { "dma_begin", { EBUSY } };
	int rc;

	if (w->begun[c]) {
		rc = ioasid_dma_begin(w->channels[c]);
		must(rc == -EBUSY, "%d", rc);
		check_call(w, &begin, rc);
		ioasid_dma_end(w->channels[c]);
	} else {
		must_succeed(ioasid_dma_begin(w->channels[c]));
	}
	w->begun[c] = !w->begun[c];
}

static void call_queue(struct world *w, struct input *in)
{
	static const struct may_fail create = { "event_queue_create", { EINVAL } };
	unsigned int kind = take8(in);
	struct ioasid_event events[4];
	size_t n, i;

	if (!w->queue) {
		check_call(w, &create, ioasid_event_queue_create(w->ctx, kind < 250 ? kind % 8 :
								 SIZE_MAX - kind, &w->queue));
	} else if (kind < 16) {
		must_succeed(ioasid_event_queue_destroy(w->queue));
		w->queue = NULL;
	} else {
		n = ioasid_event_queue_read(w->queue, events, kind % 5);
		must(n <= kind % 5, "%zu events", n);
		for (i = 0; i < n; i++)
			must(events[i].type == IOASID_EVENT_OVERFLOW ? events[i].lost > 0 :
				     events[i].cookie < DEVICES && !events[i].lost, "type %d",
			     (int)events[i].type);
	}
}

void call_dma(struct world *w, struct input *in)
{
	unsigned int kind = take8(in), c = kind >> 4 & 3;

	if (kind % 16 == 0 && kind < 128)
		call_queue(w, in);
	else if (kind % 16 == 0)
		call_faults(w, c, in);
	else if (kind % 16 < 4 || !w->channels[c])
		call_channel(w, c, in);
	else if (kind % 16 < 9)
		call_translate(w, c, in);
	else if (kind % 16 == 9)
		call_section(w, c);
	else
		call_access(w, c, in);
}
