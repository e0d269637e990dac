/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fuzzers share: input read piece by piece, a context, claims that end the program. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <ioasid/ioasid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE ((uint64_t)4096)
#define RW   (IOASID_READ | IOASID_WRITE)

/* A word of memory that is loaded and stored as a whole, also on i386. */
typedef uint64_t whole_word __attribute__((aligned(8)));

/* One input. 0, or -1 if it is not worth keeping. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

/* The next bytes as a little-endian number; zeros behind the end. */
static inline uint64_t take(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < bytes && in->at < in->end; i++)
		value |= (uint64_t)*in->at++ << (8 * i);
	return value;
}

static inline uint8_t take8(struct input *in)
{
	return (uint8_t)take(in, 1);
}

/* The next bytes as they are, in memory of its own that ends where they do. To be freed. */
static inline uint8_t *take_copy(struct input *in, size_t bytes)
{
	size_t there = (size_t)(in->end - in->at) < bytes ? (size_t)(in->end - in->at) : bytes;
	uint8_t *copy = calloc(1, bytes ? bytes : 1);

	if (!copy)
		abort();
	memcpy(copy, in->at, there);
	in->at += there;
	return copy;
}

static inline bool is_empty(const struct input *in)
{
	return in->at == in->end;
}

/* What has to be true, whatever the input. */
#define must(condition, ...)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #condition);    \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define must_succeed(call)                                                                         \
	do {                                                                                       \
		int must_rc = (call);                                                              \
		must(!must_rc, "%s is %d: %s", #call, must_rc, ioasid_errmsg());                   \
	} while (0)

/* A context of the emulated back end; @platform NULL: the default one. */
static inline struct ioasid_ctx *open_emulated(const struct ioasid_platform *platform,
					       uint32_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *own = NULL;
	struct ioasid_ctx *ctx;

	if (!platform)
		must_succeed(ioasid_platform_new_default(&own));
	options.backend = "emulated";
	options.platform = platform ? platform : own;
	options.flags = flags;
	must_succeed(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(own);
	return ctx;
}

/* Says what is done, if the environment has FUZZ_TRACE. */
#define trace(...)                                                                                 \
	do {                                                                                       \
		if (getenv("FUZZ_TRACE")) {                                                        \
			fprintf(stderr, __VA_ARGS__);                                              \
			fputc('\n', stderr);                                                       \
		}                                                                                  \
	} while (0)

#endif
