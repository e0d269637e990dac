/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a back end asks of the kernel that is played, call by call, and what it says. */
#ifndef TESTS_SHIM_EXPECT_H
#define TESTS_SHIM_EXPECT_H

#include "shim_kernel.h"
#include "support.h"

/* The next call: on @fd, with exactly these words of 32 bits. */
void expect_words(int fd, unsigned long command, const uint32_t *words, unsigned int n);

#define expect(fd, command, ...)                                                                   \
	do {                                                                                       \
		const uint32_t expect_w[] = { __VA_ARGS__ };                                       \
		expect_words(fd, command, expect_w, sizeof(expect_w) / sizeof(expect_w[0]));       \
	} while (0)

/* A number of 64 bits as two words; two of 16 bits as one. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define U64(x)	   (uint32_t)((uint64_t)(x) >> 32), (uint32_t)(x)
#define U16S(a, b) ((uint32_t)(a) << 16 | (b))
#else
#define U64(x)	   (uint32_t)(x), (uint32_t)((uint64_t)(x) >> 32)
#define U16S(a, b) ((a) | (uint32_t)(b) << 16)
#endif

/* No call that was not expected; the next ones count from here. */
void expect_end(void);

/* The message of the call that failed has both of these in it. */
void said(const char *a, const char *b);

/* Binding fails so, says so, and leaves nothing. */
void bind_fails(struct ioasid_ctx *ctx, const char *name, int error, const char *a, const char *b);

/* A back end that cannot be had says so, with @node and what kernels need; nothing is opened. */
void probing_opens_nothing(const char *backend, const char *node, const char *config);

/* The @nth call from now on fails so; 1: the next. */
void fail_nth(unsigned int nth, int error);

#endif
