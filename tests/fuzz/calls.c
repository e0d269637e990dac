/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls on devices, spaces, mappings and batches. */
#include "calls.h"

#define MAX_CALLS 80

static struct ioasid_device *some_device(struct world *w, unsigned int draw)
{
	return w->devices[draw % DEVICES];
}

struct ioasid_space *some_space(struct world *w, unsigned int draw)
{
	return w->spaces[draw % (SPACES + 1)];
}

/* An address or a length: mostly a few pages, sometimes neither aligned nor possible. */
uint64_t some_number(struct input *in)
{
	static const uint64_t special[] = { 0, 1, PAGE / 2, UINT64_MAX, UINT64_C(1) << 39,
					    UINT64_C(1) << 57, UINT64_C(1) << 63, PAGE + 8 };
	unsigned int kind = take8(in);

	if (kind < 200)
		return kind % 64 * PAGE;
	if (kind < 224)
		return kind % 32 * PAGE << 14;
	return kind < 248 ? special[kind % 8] + (kind & 8 ? PAGE : 0) : take(in, 8);
}

static uint32_t some_flags(struct input *in)
{
	unsigned int kind = take8(in);

	if (kind < 240)
		return kind % 3 + 1 + (kind & 64 ? IOASID_ANY_IOVA : 0);
	return kind % 16 << (kind & 8);
}

uint32_t some_pasid(struct input *in)
{
	unsigned int kind = take8(in);

	if (kind < 200)
		return kind % (PASIDS + 1);
	return kind < 230 ? IOASID_NO_PASID : (uint32_t)take(in, 4);
}

static void call_bind(struct world *w, struct input *in)
{
	static const struct may_fail bind = { "device_bind", { EBUSY, EINVAL, ENODEV } };
	static const struct may_fail unbind = { "device_unbind", { EBUSY, EDEADLK } };
	unsigned int d = take8(in) % 8;
	struct ioasid_device *new = NULL;
	int rc;

	if (d < DEVICES && w->devices[d] && take8(in) & 1) {
		new = w->devices[d];
		w->devices[d] = NULL;
		rc = ioasid_device_unbind(new);
		if (rc)
			w->devices[d] = new;
		check_call(w, &unbind, rc);
		return;
	}
	rc = ioasid_device_bind(w->ctx, d < DEVICES ? device_name(d) : d == 6 ? "nobody" : "", d,
				&new);
	must((rc == 0) == (new != NULL), "%d", rc);
	if (!rc)
		w->devices[d] = new;
	check_call(w, &bind, rc);
}

static void call_attach(struct world *w, struct input *in)
{
	static const struct may_fail attach = {
		"device_attach", { EADDRINUSE, EBUSY, EFAULT, EINVAL, ENOENT, EOPNOTSUPP }
	};
	static const struct may_fail replace = {
		"device_replace", { EADDRINUSE, EDEADLK, EFAULT, EINVAL, ENOENT, EOPNOTSUPP }
	};
	static const struct may_fail detach = { "device_detach", { EDEADLK, EINVAL, EOPNOTSUPP } };
	unsigned int kind = take8(in);
	struct ioasid_device *device = some_device(w, kind >> 3);
	struct ioasid_space *space = some_space(w, take8(in));
	uint32_t pasid = kind & 4 ? some_pasid(in) : 0;

	if (!device || !space)
		return;
	if ((kind & 3) < 2)
		check_call(w, &attach,
			   kind & 4 ? ioasid_device_attach_pasid(device, pasid, space) :
				      ioasid_device_attach(device, space));
	else if ((kind & 3) == 2)
		check_call(w, &replace,
			   kind & 4 ? ioasid_device_replace_pasid(device, pasid, space) :
				      ioasid_device_replace(device, space));
	else
		check_call(w, &detach, kind & 4 ? ioasid_device_detach_pasid(device, pasid) :
						  ioasid_device_detach(device));
}

static void call_space(struct world *w, struct input *in)
{
	static const struct may_fail create = { "space_create", { EADDRINUSE, EFAULT, EINVAL,
								  EOPNOTSUPP, E2BIG } };
	static const struct may_fail destroy = { "space_destroy", { EBUSY, EDEADLK } };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	unsigned int s = take8(in) % SPACES, kind = take8(in);
	struct ioasid_space *space = w->spaces[s];
	int rc;

	if (space) {
		if (kind & 8)
			return;
		w->spaces[s] = NULL;
		rc = ioasid_space_destroy(space);
		if (rc)
			w->spaces[s] = space;
		check_call(w, &destroy, rc);
		return;
	}
	if (kind & 1)
		options.parent = some_space(w, take8(in));
	options.nesting = kind & 16 ? kind >> 6 : 0;
	options.fill = kind & 32 ? kind >> 6 : 0;
	options.flags = kind == 255 ? 1u << 31 : kind & 128 ? IOASID_SPACE_DIRTY_TRACKING : 0;
	w->recording[s] = false;
	options.fault_queue = kind & 4 ? w->faults : NULL;
	options.size += kind == 254 ? 8 : 0;
	rc = ioasid_space_create(w->ctx, kind & 2 && !(kind & 1) ? NULL : &options, &space);
	must((rc == 0) == (space != NULL), "%d", rc);
	w->spaces[s] = space;
	check_call(w, &create, rc);
}

/* What is @offset beyond our memory, which may be anywhere: a number, not a place in an object. */
static void *address(uint64_t offset)
{
	return (void *)((uintptr_t)memory + (uintptr_t)offset);
}

/* To valgrind it is an error to ask the kernel about memory that is not there: not in its run. */
static bool asks_too_much(uint64_t from, uint64_t length)
{
	const uint64_t end = MEMORY_PAGES * PAGE;

	return getenv("IOASID_TEST_SLOW") && (from > end || length > end - from);
}

static int map(struct world *w, struct input *in, struct ioasid_space *space, unsigned int kind,
	       struct ioasid_mapping **mapping)
{
	uint64_t iova = some_number(in), from = some_number(in), length = some_number(in);
	uint32_t flags = some_flags(in);
	struct ioasid_space *source;

	if (flags & IOASID_ANY_IOVA && kind & 64)
		iova = 0;
	switch (kind & 7) {
	case 0:
		/* What this costs grows with the length: not the longest that are possible. */
		if (length >> 58 == 0)
			length &= (UINT64_C(1) << 28) - 1;
		return ioasid_space_map_parent(space, iova, from, length, flags, mapping);
	case 1:
		source = some_space(w, kind >> 3);
		return source ? ioasid_space_map_copy(space, iova, source, from, length, flags,
						      mapping) : -ENOENT;
	case 2:
	case 3:
		return ioasid_space_map_file(space, iova, files[kind >> 3 & 16 ? kind >> 3 & 3 : 0],
					     from, length, flags, mapping);
	default:
		/* Below what is ours there may be anything. */
		if (from >> 39 || from >= (UINT64_C(1) << 30) - (UINT64_C(1) << 20))
			from = UINT64_MAX - PAGE + 1 - (uintptr_t)memory;
		if (asks_too_much(from, length))
			from = length = PAGE;
		return ioasid_space_map(space, iova, address(from), length, flags, mapping);
	}
}

static void call_map(struct world *w, struct input *in)
{
	static const struct may_fail may = {
		"space_map", { EEXIST, EFAULT, EINVAL, ENOSPC, EOPNOTSUPP, EOVERFLOW, EBADF, EPERM,
			       EACCES, ENOENT }
	};
	unsigned int kind = take8(in);
	struct ioasid_space *space = some_space(w, take8(in));
	struct ioasid_mapping *mapping = NULL;
	int rc;

	if (!space || ((kind & 7) == 1 && !some_space(w, kind >> 3)))
		return;
	rc = map(w, in, space, kind, &mapping);
	must((rc == 0) == (mapping != NULL), "%d", rc);
	must(rc || ioasid_mapping_get_space(mapping) == space, "another space");
	check_call(w, &may, rc);
}

static void call_unmap(struct world *w, struct input *in)
{
	static const struct may_fail may = { "unmap", { EBUSY, EDEADLK, EPERM, EINVAL, ENOENT,
							EOPNOTSUPP, EOVERFLOW } };
	struct ioasid_space *space = some_space(w, take8(in));
	unsigned int kind = take8(in);
	uint64_t iova = some_number(in), length = some_number(in), sum = 7;
	struct ioasid_mapping *m;

	if (!space)
		return;
	m = ioasid_space_find_mapping(space, iova, length);
	if (kind % 8 == 0)
		check_call(w, &may, ioasid_space_unmap_all(space, &sum));
	else if (kind % 8 < 4 && m)
		check_call(w, &may, ioasid_mapping_unmap(m));
	else if (m && kind % 8 < 6)
		check_call(w, &may, ioasid_space_unmap(space, ioasid_mapping_get_iova(m),
						       ioasid_mapping_get_length(m), &sum));
	else
		check_call(w, &may, ioasid_space_unmap(space, iova, length, NULL));
}

static void call_allow(struct world *w, struct input *in)
{
	static const struct may_fail may = { "space_allow", { EADDRINUSE, EINVAL, EOPNOTSUPP } };
	struct ioasid_space *space = some_space(w, take8(in));
	struct ioasid_range ranges[3];
	size_t n = take8(in) % 4, i;

	for (i = 0; i < n; i++) {
		ranges[i].start = some_number(in);
		ranges[i].length = some_number(in);
	}
	if (space)
		check_call(w, &may, ioasid_space_allow(space, ranges, n));
}

static void call_table(struct world *w, struct input *in)
{
	static const struct may_fail bind = { "bind_pgtable", { E2BIG, EBUSY, EDEADLK, EINVAL,
								EOPNOTSUPP } };
	static const struct may_fail unbind = { "unbind_pgtable", { EDEADLK, EINVAL } };
	struct ioasid_space *space = some_space(w, take8(in));
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	unsigned int kind = take8(in);

	if (!space)
		return;
	if (kind % 4 == 0) {
		if (kind & 128)
			call_pasid_table(w, space, in);
		else
			check_call(w, &unbind, ioasid_space_unbind_pgtable(space));
		return;
	}
	p.format = kind >> 2 & 7 ? 1 + (kind >> 2 & 1) : kind >> 4;
	p.levels = kind & 32 ? 4 : kind >> 5;
	p.root = some_number(in);
	p.address_bits = kind & 64 ? take8(in) : 0;
	p.flags = kind & 128 ? take8(in) : 0;
	check_call(w, &bind, ioasid_space_bind_pgtable(space, &p));
}

static int add_to_batch(struct world *w, struct input *in)
{
	unsigned int kind = take8(in);
	struct ioasid_space *space = some_space(w, kind >> 4);
	struct ioasid_device *device = some_device(w, kind >> 4);
	uint32_t flags = take8(in), hints = flags < 200 ? flags & 1 : flags;
	uint64_t iova;
	uint32_t pasid;

	if (kind % 7 < 3 ? !space : !device)
		return 0;
	switch (kind % 7) {
	case 0:
		return ioasid_inv_add_all(w->inv, space, hints);
	case 1:
		iova = some_number(in);
		return ioasid_inv_add_range(w->inv, space, iova, some_number(in), hints);
	case 2:
		iova = some_number(in);
		return ioasid_inv_add_mask(w->inv, space, iova, take8(in) % 56, hints);
	case 3:
		return ioasid_inv_add_pasid(w->inv, device, some_pasid(in), hints);
	case 4:
		return ioasid_inv_add_device(w->inv, device, hints);
	case 5:
		pasid = some_pasid(in);
		iova = some_number(in);
		return ioasid_inv_add_device_tlb(w->inv, device, pasid, iova, some_number(in));
	default:
		pasid = some_pasid(in);
		iova = some_number(in);
		return ioasid_inv_add_pasid_range(w->inv, device, pasid, iova, some_number(in),
						  hints);
	}
}

static void call_invalidate(struct world *w, struct input *in)
{
	static const struct may_fail add = { "inv_add", { EINVAL, EOVERFLOW } };
	static const struct may_fail submit = { "inv_submit", { EDEADLK, EINVAL, ENOENT } };
	size_t n = ioasid_inv_get_count(w->inv), handled = SIZE_MAX;
	unsigned int kind = take8(in);
	int rc;

	if (kind % 4 == 0 && kind & 32) {
		call_dirty(w, in);
	} else if (kind % 4 == 0) {
		ioasid_inv_reset(w->inv);
		w->state = check_state(w);
	} else if (kind % 4 == 1 || n > 100) {
		rc = ioasid_inv_submit(w->inv, &handled);
		must(rc ? handled < n || !n : handled == n, "%zu of %zu: %d", handled, n, rc);
		check_call(w, &submit, rc);
	} else {
		check_call(w, &add, add_to_batch(w, in));
	}
}

static void call_register(struct world *w, struct input *in)
{
	static const struct may_fail add = { "register_memory", { EEXIST, EFAULT, EINVAL } };
	static const struct may_fail drop = { "unregister_memory", { EBUSY, EDEADLK, ENOENT } };
	static const struct may_fail root = { "get_identity_root", { ENOMEM } };
	unsigned int kind = take8(in);
	uint64_t from = some_number(in), length = some_number(in);

	if (from >= UINT64_C(1) << 29)
		from = kind % 64 * PAGE;
	if (asks_too_much(from, length))
		from = length = PAGE;
	if (kind % 4 == 0)
		check_call(w, &root, ioasid_ctx_get_identity_root(w->ctx, &w->spaces[IDENTITY]));
	else if (kind % 4 == 1)
		check_call(w, &drop, ioasid_ctx_unregister_memory(w->ctx, address(from), length));
	else
		check_call(w, &add, ioasid_ctx_register_memory(w->ctx, address(from), length,
							       kind < 240 ? 1 + kind % 3 : kind));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const calls[])(struct world *w, struct input *in) = {
		call_space, call_space, call_map, call_map, call_map, call_unmap, call_attach,
		call_attach, call_bind, call_allow, call_table, call_invalidate, call_invalidate,
		call_register, call_dma, call_dma,
	};
	struct input in = { data, data + size };
	struct world w;
	unsigned int n;

	calls_open(&w, take8(&in));
	for (n = 0; n < MAX_CALLS && !is_empty(&in); n++) {
		unsigned int call = take8(&in);

		if (call < 192)
			calls[call % 16](&w, &in);
		else
			call_viommu(&w, &in);
	}
	calls_close(&w);
	return 0;
}
