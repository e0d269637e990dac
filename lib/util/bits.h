/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic on 64-bit addresses and ranges. */
#ifndef UTIL_BITS_H
#define UTIL_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define bits_likely(x)		__builtin_expect(!!(x), 1)
#define bits_unlikely(x)	__builtin_expect(!!(x), 0)

/*
 * What is loaded and stored as a whole, by some without the lock. In a structure i386 aligns other
 * numbers to 4; and what may be so aligned clang leaves to a library of its own.
 */
typedef uint64_t bits_whole __attribute__((aligned(8)));

#define bits_array_size(a)	(sizeof(a) / sizeof((a)[0]))

/* The record of @type whose @member is at @ptr; @ptr must not be NULL. */
#define bits_container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

static inline bool bits_is_pow2(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* Position of the highest, and of the lowest, set bit; @x must not be 0. */
static inline unsigned int bits_ilog2(uint64_t x)
{
	return 63u - (unsigned int)__builtin_clzll(x);
}

static inline unsigned int bits_ctz(uint64_t x)
{
	return (unsigned int)__builtin_ctzll(x);
}

static inline unsigned int bits_popcount(uint64_t x)
{
	return (unsigned int)__builtin_popcountll(x);
}

/* A mask of bits @lo to @hi, both included, @lo <= @hi <= 63. */
static inline uint64_t bits_mask(unsigned int hi, unsigned int lo)
{
	return (~UINT64_C(0) >> (63u - hi)) & (~UINT64_C(0) << lo);
}

static inline uint64_t bits_field(uint64_t x, unsigned int hi, unsigned int lo)
{
	return (x & bits_mask(hi, lo)) >> lo;
}

static inline uint64_t bits_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t bits_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* @align is a power of two in all of these. */
static inline bool bits_is_aligned(uint64_t x, uint64_t align)
{
	return !(x & (align - 1));
}

static inline uint64_t bits_align_down(uint64_t x, uint64_t align)
{
	return x & ~(align - 1);
}

/* false if the result is beyond 64 bits; then *@out is unchanged. */
static inline bool bits_align_up(uint64_t x, uint64_t align, uint64_t *out)
{
	uint64_t up;

	if (__builtin_add_overflow(x, align - 1, &up))
		return false;
	*out = bits_align_down(up, align);
	return true;
}

static inline uint64_t bits_add_sat(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t bits_sub_sat(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/*
 * The last address of @length bytes at @start. false if @length is 0 or the
 * range wraps; then *@last is unchanged.
 */
static inline bool bits_range_last(uint64_t start, uint64_t length, uint64_t *last)
{
	uint64_t end;

	if (!length || __builtin_add_overflow(start, length - 1, &end))
		return false;
	*last = end;
	return true;
}

static inline bool bits_ranges_overlap(uint64_t start1, uint64_t last1, uint64_t start2,
				       uint64_t last2)
{
	return start1 <= last2 && start2 <= last1;
}

#endif
