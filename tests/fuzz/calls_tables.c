/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls on dirty tracking, and on PASID tables that the user owns. */
#include "calls.h"

#define WORDS 64

/* What is read stays as it is, or is clean afterwards. */
static void check_read(struct ioasid_space *space, uint64_t iova, uint64_t length, uint32_t flags,
		       const uint64_t *before, const uint64_t *got)
{
	uint64_t after[WORDS] = { 0 }, none[WORDS] = { 0 };
	bool peek = flags & IOASID_DIRTY_PEEK;

	must(!memcmp(before, got, sizeof(after)), "a peek and a read differ");
	must_succeed(ioasid_space_dirty_read(space, iova, length, PAGE, flags | IOASID_DIRTY_PEEK,
					     after));
	must(!memcmp(after, peek ? before : none, sizeof(after)), "after a read, peek: %d", peek);
}

static int read_dirty(struct ioasid_space *space, uint64_t iova, uint64_t length, uint32_t flags)
{
	uint64_t before[WORDS] = { 0 }, got[WORDS] = { 0 };
	int rc, peeked;

	/* Not more than there is room for. */
	if (length / PAGE > WORDS * 64)
		length = PAGE;
	peeked = ioasid_space_dirty_read(space, iova, length, PAGE, flags | IOASID_DIRTY_PEEK,
					 before);
	rc = ioasid_space_dirty_read(space, iova, length, PAGE, flags, got);
	if (!rc) {
		must_succeed(peeked);
		check_read(space, iova, length, flags, before, got);
	} else {
		must(flags || rc == peeked || rc == -EDEADLK, "%d, a peek is %d", rc, peeked);
	}
	return rc;
}

void call_dirty(struct world *w, struct input *in)
{
	static const struct may_fail start = { "dirty_start", { EDEADLK, EOPNOTSUPP } };
	static const struct may_fail read = { "dirty_read", { EDEADLK, EINVAL, EOPNOTSUPP,
							      EOVERFLOW } };
	static const struct may_fail unmap = {
		"unmap_dirty", { EBUSY, EDEADLK, EINVAL, ENOENT, EOPNOTSUPP, EOVERFLOW }
	};
	unsigned int kind = take8(in), s = (kind >> 4) % (SPACES + 1);
	struct ioasid_space *space = w->spaces[s];
	uint64_t iova, length, bits[WORDS] = { 0 }, sum = 0;
	int rc;

	if (!space)
		return;
	iova = some_number(in);
	length = some_number(in);
	switch (kind & 3) {
	case 0:
		rc = kind & 4 ? ioasid_space_dirty_stop(space) : ioasid_space_dirty_start(space);
		w->recording[s] = rc ? w->recording[s] : !(kind & 4);
		check_call(w, &start, rc);
		break;
	case 1:
		if (length / PAGE > WORDS * 64)
			length = PAGE;
		rc = ioasid_space_unmap_dirty(space, iova, length, PAGE, bits, &sum);
		must(!rc || !sum, "%ju bytes", (uintmax_t)sum);
		check_call(w, &unmap, rc);
		break;
	default:
		rc = read_dirty(space, iova, length, kind & 8 ? kind >> 4 & 3 : 0);
		must(rc || w->recording[s], "nothing is recorded");
		check_call(w, &read, rc);
	}
}

void call_pasid_table(struct world *w, struct ioasid_space *space, struct input *in)
{
	static const struct may_fail bind = { "bind_pasid_table", { E2BIG, EBUSY, EDEADLK, EINVAL,
								    EOPNOTSUPP } };
	static const struct may_fail unbind = { "unbind_pasid_table", { EDEADLK, EINVAL } };
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;
	unsigned int kind = take8(in);

	if (kind < 64) {
		check_call(w, &unbind, ioasid_space_unbind_pasid_table(space));
		return;
	}
	t.format = (enum ioasid_pasid_table_format)(kind & 3 ? 1 + (kind & 3) : kind >> 2 & 7);
	t.levels = kind >> 2 & 3;
	t.base = some_number(in);
	t.pasid_bits = kind & 16 ? 8 : take8(in);
	t.rid_pasid = kind & 32 ? 0 : some_pasid(in);
	t.address_bits = kind < 128 ? 0 : take8(in);
	t.flags = kind < 192 ? 0 : take8(in);
	t.max_pasids = take8(in);
	t.pgtable_levels = t.format == IOASID_PASID_TABLE_AMD ? 4 : 0;
	check_call(w, &bind, ioasid_space_bind_pasid_table(space, &t));
}
