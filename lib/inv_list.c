/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inv_list.h"

#include <errno.h>
#include <string.h>

struct header {
	uint32_t type, length;
};

/* How a space is nested changes with the lock only. */
static bool is_nested_by_kernel(const struct ioasid_space *space)
{
	bool is;

	ctx_lock(space->ctx);
	is = space->nest && space->nest->bind_raw;
	ctx_unlock(space->ctx);
	return is;
}

int inv_raw_check(const struct ioasid_space *space, size_t length)
{
	if (!is_nested_by_kernel(space))
		return err_set(EOPNOTSUPP, "space %u is not nested in hardware by a kernel",
			       space->id);
	if (!length || length > IOASID_RAW_MAX)
		return err_set(EINVAL, "length %zu, must be 1 to %u", length, IOASID_RAW_MAX);
	return 0;
}

int inv_raw_put(struct inv_raw *raw, uint32_t type, const void *entry, size_t length, uint64_t *at)
{
	const struct header header = { type, (uint32_t)length };
	size_t end = raw->used + sizeof(header) + length;

	if (end > raw->room) {
		size_t room = 2 * end;
		uint8_t *bytes = mem_realloc(raw->bytes, room);

		if (!bytes)
			return err_set(ENOMEM, "no memory for an invalidation");
		raw->bytes = bytes;
		raw->room = room;
	}
	*at = raw->used;
	memcpy(raw->bytes + raw->used, &header, sizeof(header));
	memcpy(raw->bytes + raw->used + sizeof(header), entry, length);
	raw->used = end;
	return 0;
}

void inv_raw_get(const struct inv_raw *raw, uint64_t at, struct nest_inv *out)
{
	struct header header;

	memcpy(&header, raw->bytes + at, sizeof(header));
	out->type = header.type;
	out->length = header.length;
	out->raw = raw->bytes + at + sizeof(header);
}

void inv_raw_free(struct inv_raw *raw)
{
	mem_free(raw->bytes);
}

void inv_list_begin(struct inv_list *list)
{
	list->n = list->n_spaces = 0;
	list->limit = SIZE_MAX;
	list->ret = 0;
}

static int reserve(struct inv_list *list)
{
	size_t room = list->room ? 2 * list->room : 16;
	struct ioasid_space **spaces;
	struct nest_inv *entries;

	if (list->n < list->room)
		return 0;
	entries = mem_realloc(list->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	list->entries = entries;
	spaces = mem_realloc(list->spaces, room * sizeof(*spaces));
	if (!spaces)
		return -ENOMEM;
	list->spaces = spaces;
	list->room = room;
	return 0;
}

/* The entries at and from @first on; what others have failed at before ends it. */
static void run_chain(struct inv_list *list, struct ioasid_space *space, struct nest_inv *all,
		      size_t first)
{
	size_t i, done = SIZE_MAX;
	int ret;

	if (all[first].index >= list->limit)
		return;
	for (i = first; all[i].next != NEST_INV_END; i = all[i].next)
		if (all[all[i].next].index >= list->limit)
			break;
	all[i].next = NEST_INV_END;
	ret = space->nest->invalidate_list(space, all, first, &done);
	if (!ret)
		return;
	list->ret = ret;
	list->limit = done;
}

void inv_list_run(struct inv_list *list)
{
	size_t i;

	for (i = 0; i < list->n_spaces; i++)
		run_chain(list, list->spaces[i], list->entries, list->spaces[i]->inv_first);
	list->n = list->n_spaces = 0;
}

static bool has_entries(const struct inv_list *list, const struct ioasid_space *space)
{
	/* what an earlier batch has left in the space does not count */
	return space->inv_slot < list->n_spaces && list->spaces[space->inv_slot] == space;
}

void inv_list_add(struct inv_list *list, struct ioasid_space *space, const struct nest_inv *inv)
{
	struct nest_inv alone = *inv;

	alone.next = NEST_INV_END;
	if (reserve(list)) {
		inv_list_run(list);
		run_chain(list, space, &alone, 0);
		return;
	}
	list->entries[list->n] = alone;
	if (has_entries(list, space)) {
		list->entries[space->inv_last].next = list->n;
	} else {
		space->inv_first = list->n;
		space->inv_slot = list->n_spaces;
		list->spaces[list->n_spaces++] = space;
	}
	space->inv_last = list->n++;
}

void inv_list_free(struct inv_list *list)
{
	mem_free(list->entries);
	mem_free(list->spaces);
}
