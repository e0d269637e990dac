/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the helpers for guests' IOMMUs have in common: bits of the entries and registers that they
 * decode, entries read from guest memory, and the structures that they hand out.
 */
#ifndef GUEST_ENTRY_H
#define GUEST_ENTRY_H

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ioasid/pgtable.h>

#include "util/err.h"

#define ENTRY_BIT(n)	      (UINT64_C(1) << (n))
#define ENTRY_BITS(high, low) ((~UINT64_C(0) >> (63 - (high))) & (~UINT64_C(0) << (low)))

static inline uint64_t entry_field(uint64_t raw, unsigned high, unsigned low)
{
	return (raw & ENTRY_BITS(high, low)) >> low;
}

static inline bool entry_bit(uint64_t raw, unsigned bit)
{
	return raw >> bit & 1;
}

static inline uint64_t entry_bit_if(unsigned bit, bool set)
{
	return set ? ENTRY_BIT(bit) : 0;
}

/* An entry as it was read from memory, which has it little-endian, becomes numbers. */
static inline void entry_to_numbers(uint64_t *raw, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*raw); i++)
		raw[i] = le64toh(raw[i]);
}

/*
 * The size of a structure's first version, to the end of @last, its last member: programs that were
 * compiled with that one have no other members.
 */
#define ENTRY_FIRST_SIZE(type, last) \
	(offsetof(struct type, last) + sizeof(((struct type *)0)->last))
#define FIRST_PGTABLE_SIZE ENTRY_FIRST_SIZE(ioasid_pgtable, upper_root)

/* The caller's structure is at least as large as its first version was. */
static inline int entry_check_size(const char *iommu, size_t size, size_t least)
{
	if (size >= least)
		return 0;
	return err_set(EINVAL, "%s: structure size %zu, at least %zu expected", iommu, size, least);
}

/* The emulated unit as the caller describes it: flags that are known, and room for more. */
static inline int entry_check_unit(const char *iommu, uint32_t flags, uint32_t known,
				   const uint32_t *reserved, size_t n)
{
	if (flags & ~known)
		return err_set(EINVAL, "%s: unknown flags 0x%x", iommu, flags & ~known);
	for (size_t i = 0; i < n; i++)
		if (reserved[i])
			return err_set(EINVAL, "%s: reserved is not 0", iommu);
	return 0;
}

/* Hands out a structure of which the caller may know less, or more, than this library does. */
static inline void entry_put(void *out, const void *in, size_t known)
{
	size_t size = *(const size_t *)out;

	memcpy(out, in, size < known ? size : known);
	if (size > known)
		memset((char *)out + known, 0, size - known);
	*(size_t *)out = size;
}

#endif
