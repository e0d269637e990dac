/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers of the helpers for guests' IOMMUs share: guest memory, spaces, a batch. */
#ifndef TESTS_FUZZ_UNIT_H
#define TESTS_FUZZ_UNIT_H

#include <errno.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>

#include "fuzz.h"

/* Guest memory that says what the input says, however it is read. */
struct memory {
	struct input *in;
	unsigned int reads;
};

/* One entry in one piece; there are @most on the longest way. */
static inline int memory_read(struct memory *m, uint64_t address, void *buffer, size_t length,
			      unsigned int most)
{
	size_t i;

	must(length >= 8 && length <= 64 && !(length & (length - 1)), "%zu bytes", length);
	must(address % length == 0, "%zu bytes at %#jx", length, (uintmax_t)address);
	must(++m->reads <= most, "more reads than levels");
	if (is_empty(m->in))
		return -1;
	for (i = 0; i < length; i++)
		((uint8_t *)buffer)[i] = take8(m->in);
	return 0;
}

/* A fault of any reason, or another event, and a page request, as two words of the input say it. */
static inline struct ioasid_event event_of(const uint64_t raw[2])
{
	return (struct ioasid_event){
		.type = (enum ioasid_event_type)(1 + raw[0] % 5),
		.reason = (enum ioasid_fault_reason)((raw[0] >> 8) % 20),
		.access = 1 + (uint32_t)(raw[0] >> 16) % 3,
		.iova = raw[1],
		.pasid = raw[0] >> 24 & 1 ? raw[0] >> 32 & 0xfffff : IOASID_NO_PASID,
	};
}

static inline struct ioasid_page_request page_request_of(const uint64_t raw[2])
{
	return (struct ioasid_page_request){
		.iova = raw[1],
		.group = (uint32_t)raw[0] & 0xffff,
		.access = raw[0] >> 16 & 15,
		.flags = raw[0] >> 24 & 3,
		.pasid = raw[0] >> 24 & 1 ? raw[0] >> 32 & 0xfffff : IOASID_NO_PASID,
	};
}

/* The same for all inputs. */
struct unit_spaces {
	struct ioasid_ctx *ctx;
	struct ioasid_space *space, *child;
	struct ioasid_inv *batch;
};

static inline void spaces_open(struct unit_spaces *s)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;

	if (s->ctx)
		return;
	s->ctx = open_emulated(NULL, 0);
	must_succeed(ioasid_space_create(s->ctx, NULL, &s->space));
	nested.parent = s->space;
	must_succeed(ioasid_space_create(s->ctx, &nested, &s->child));
	must_succeed(ioasid_inv_new(s->ctx, 1, &s->batch));
}

/* What is described can be bound: nobody else looks at it before. @rc: what describing it said. */
static inline void check_described(const struct unit_spaces *s, int rc, bool expected,
				   const struct ioasid_pgtable *pgtable)
{
	must(rc == 0 || rc == -ENOENT || rc == -EOPNOTSUPP, "%d", rc);
	must((rc == -ENOENT) == !expected, "%d, table: %d", rc, expected);
	if (rc)
		return;
	must_succeed(ioasid_space_bind_pgtable(s->child, pgtable));
	must_succeed(ioasid_space_unbind_pgtable(s->child));
}

#endif
