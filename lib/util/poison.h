/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells AddressSanitizer which parts of a pool are free. Nothing in other builds. */
#ifndef UTIL_POISON_H
#define UTIL_POISON_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define POISON_ASAN 1
#endif

#ifdef POISON_ASAN
#include <sanitizer/asan_interface.h>
#endif

static inline void poison(const void *addr, size_t size)
{
#ifdef POISON_ASAN
	__asan_poison_memory_region(addr, size);
#else
	(void)addr;
	(void)size;
#endif
}

static inline void unpoison(const void *addr, size_t size)
{
#ifdef POISON_ASAN
	__asan_unpoison_memory_region(addr, size);
#else
	(void)addr;
	(void)size;
#endif
}

#endif
