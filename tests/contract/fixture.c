/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "contract.h"

const char *device_name(int i)
{
	static char names[DEVICES][64];
	const char *list = getenv("IOASID_TEST_DEVICES");

	if (!list)
		list = "0000:00:01.0 0000:00:02.0 0000:00:03.0 0000:00:03.1";
	ck_assert_int_eq(sscanf(list, "%63s %63s %63s %63s", names[0], names[1], names[2],
				names[3]), DEVICES);
	return names[i];
}

void fixture_open(struct fixture *f)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	memset(f, 0, sizeof(*f));
	options.backend = getenv("IOASID_BACKEND");
	if (!options.backend)
		options.backend = "emulated";
	ck_ok(ioasid_ctx_open(&options, &f->ctx));
	f->space = make_space(f->ctx, NULL, 0);
	f->memory = memory_new(MEMORY);
}

void fixture_close(struct fixture *f)
{
	ck_ok(ioasid_ctx_close(f->ctx));
	memory_free(f->memory, MEMORY);
}

struct ioasid_device *fixture_bind(struct fixture *f, int i)
{
	if (!f->device[i])
		ck_ok(ioasid_device_bind(f->ctx, device_name(i), COOKIE(i), &f->device[i]));
	return f->device[i];
}

unsigned int address_bits(const struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	return info.address_bits;
}

void leads_to(struct fixture *f, struct ioasid_device *device, uint64_t iova, const void *host,
	      uint32_t perm)
{
	struct ioasid_channel *channel;
	uint32_t access;

	if (!ioasid_ctx_has(f->ctx, IOASID_CAP_DMA))
		return;
	channel = channel_new(device, IOASID_NO_PASID);
	for (access = 1; access <= RW; access++) {
		const void *got = dma_where(channel, iova, access);
		const void *want = (access & perm) == access ? host : NULL;

		ck_assert_msg(got == want, "%#jx for access %u leads to %p, expected %p",
			      (uintmax_t)iova, access, got, want);
	}
	ck_ok(ioasid_channel_close(channel));
}

void is_blocked(struct fixture *f, struct ioasid_device *device, uint64_t iova)
{
	leads_to(f, device, iova, NULL, 0);
}

bool kernel_tells_protection(void)
{
	const int populate_read = 22;

	return !madvise(NULL, 0, populate_read) && madvise(NULL, 0, -1);
}

static size_t mappings_get(const struct ioasid_space *space, struct state *state)
{
	struct ioasid_mapping *mapping;
	uint64_t at = 0;
	size_t n = 0;

	while ((mapping = ioasid_space_find_mapping(space, at, UINT64_MAX - at))) {
		uint64_t start = ioasid_mapping_get_iova(mapping);
		uint64_t length = ioasid_mapping_get_length(mapping);

		ck_assert_uint_lt(n, 32);
		ck_assert_uint_ge(start, at);
		ck_assert_uint_gt(length, 0);
		ck_assert_ptr_eq(ioasid_mapping_get_space(mapping), space);
		state->mapping[n] = (struct ioasid_range){ start, length };
		state->perm[n++] = ioasid_mapping_get_perm(mapping);
		at = start + length;
		if (at == 0 || at == UINT64_MAX)
			break;
	}
	return n;
}

void state_get(const struct ioasid_space *space, struct state *state)
{
	memset(state, 0, sizeof(*state));
	state->info = space_info(space);
	state->info.memory_bytes = 0;
	state->n_permitted = ioasid_space_query_permitted(space, state->permitted, MAX_RANGES);
	state->n_reserved = ioasid_space_query_reserved(space, state->reserved, MAX_RANGES);
	ck_assert_uint_le(state->n_permitted, MAX_RANGES);
	ck_assert_uint_le(state->n_reserved, MAX_RANGES);
	state->n_mappings = mappings_get(space, state);
	ck_assert_uint_eq(state->n_mappings, state->info.mappings);
}

void state_same(const struct ioasid_space *space, const struct state *before, const char *call)
{
	struct state after;

	state_get(space, &after);
	ck_assert_msg(!memcmp(&after, before, sizeof(after)),
		      "%s fails, but changes the space: mappings %zu -> %zu, permitted %zu -> %zu, "
		      "reserved %zu -> %zu, alignment %ju -> %ju", call, before->n_mappings,
		      after.n_mappings, before->n_permitted, after.n_permitted,
		      before->n_reserved, after.n_reserved,
		      (uintmax_t)before->info.iova_alignment, (uintmax_t)after.info.iova_alignment);
}
