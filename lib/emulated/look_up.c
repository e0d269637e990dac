/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices whose PASIDs are looked up in a table of the user's. A route that was found there is what
 * DMA walks from then on; it is taken back when the guest invalidates the PASID, or others need
 * room.
 */
#include <errno.h>

#include "emulated.h"

static void forget(struct emu_route *r, struct reap *reap)
{
	if (!r || !r->looked_up)
		return;
	__atomic_store_n(&r->root, NULL, __ATOMIC_RELEASE);
	r->space = NULL;
	r->looked_up = false;
	reap->drain = true;
}

void emu_table_set(struct ioasid_device *device, struct ioasid_space *space, struct reap *reap)
{
	struct emu_device *ed = device->backend;
	struct imap_item *item;
	struct imap_iter iter;

	if (ed->table)
		imap_for_each(item, &iter, &ed->by_pasid, 0, UINT64_MAX) {
			struct emu_route *r = bits_container_of(item, struct emu_route, item);

			/*
			 * Also if it was forgotten while a request waited: else nobody ends that.
			 */
			if (ed->table != space && (r->looked_up || !r->space))
				emu_requests_drop(device, r);
			forget(r, reap);
		}
	ed->table = space;
}

void emu_forget_route(struct ioasid_space *space, uint32_t pasid, struct reap *reap)
{
	struct ioasid_device *d;

	for (d = space->ctx->devices; d; d = d->next) {
		const struct emu_device *ed = d->backend;

		if (ed->table == space)
			forget(emu_route_find(d, pasid), reap);
	}
}

/* The channel on which this thread is between ioasid_dma_begin() and ioasid_dma_end(), or NULL. */
static struct ioasid_channel *section_of_thread(const struct ioasid_ctx *ctx)
{
	struct ioasid_channel *ch;

	for (ch = ctx->channels; ch; ch = ch->next)
		if (__atomic_load_n(&ch->thread, __ATOMIC_RELAXED) == emu_thread())
			return ch;
	return NULL;
}

/*
 * What other PASIDs lost can be in use by DMA, and is memory until that has drained. In a section
 * it waits for the end of that; not too much of it. Otherwise this request has not begun with
 * anything yet: it steps back for as long as that takes. True: look again.
 */
static bool drain(struct ioasid_channel *ch, struct reap *reap)
{
	struct ioasid_ctx *ctx = ch->device->ctx;
	struct ioasid_channel *section = section_of_thread(ctx);

	if (section) {
		ctx->pasids.deferred++;
		ctx_defer(ctx, reap);
		section->flush = true;
		return false;
	}
	emu_leave(ch);
	ctx_unlock_drain(ctx, reap);
	emu_enter(ch);
	ctx_lock(ctx);
	return true;
}

/* The table in which the channel's requests are looked up; NULL: they are blocked. */
static struct ioasid_space *table_of(const struct ioasid_channel *ch)
{
	const struct emu_device *ed = ch->device->backend;
	bool own = ch->pasid == IOASID_NO_PASID ||
		   ch->device->info.type == IOASID_DEVICE_PHYSICAL_USER;

	return own ? ed->table : NULL;
}

const struct ioasid_space *emu_space(const struct ioasid_channel *ch)
{
	/* What it found there is nobody's space, or the parent, to which it is not attached. */
	return ch->route->space && !ch->route->looked_up ? ch->route->space : table_of(ch);
}

/* 0, with what the channel's PASID is translated by; -ENOMEM, or a reason to fault. */
static int look_up(struct ioasid_channel *ch, struct ioasid_space *table, struct ioasid_space **out)
{
	const struct ioasid_ctx *ctx = ch->device->ctx;
	struct reap reap = { 0 };
	int ret;

	if (ctx->pasids.deferred >= pasid_table_room(table) && section_of_thread(ctx))
		return -ENOMEM;
	if (pasid_table_make_room(table, ch->pasid, &reap) && drain(ch, &reap))
		return -EAGAIN;
	ret = pasid_table_look_up(table, ch->device, ch->pasid, out, &reap);
	/* Without memory not again, which could go on for ever. */
	return reap_waits(&reap) && drain(ch, &reap) && ret != -ENOMEM ? -EAGAIN : ret;
}

int emu_look_up(struct ioasid_channel *ch)
{
	struct ioasid_space *table, *space = NULL;
	int ret;

	do {
		table = table_of(ch);
		if (!table)
			return ch->route->space ? 0 : IOASID_FAULT_BLOCKED;
		ret = look_up(ch, table, &space);
	} while (ret == -EAGAIN);
	if (ret == -ENOMEM)
		return err_set(ENOMEM, "%s: no memory to look up a PASID", ch->device->name);
	if (ret)
		return ret;
	ch->route->space = space;
	ch->route->looked_up = true;
	__atomic_store_n(&ch->route->root, space_root(space), __ATOMIC_RELEASE);
	return 0;
}

void emu_flush(struct ioasid_channel *ch)
{
	struct ioasid_ctx *ctx = ch->device->ctx;
	struct ioasid_channel *section;
	struct reap reap = { 0 };

	ch->flush = false;
	ctx_lock(ctx);
	/* It may be the end of one of two. */
	section = section_of_thread(ctx);
	if (section)
		section->flush = true;
	reap.drain = !section;
	ctx_unlock_drain(ctx, &reap);
}
