/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* MemorySanitizer, which only clang has, and what it must not look at. */
#ifndef TESTS_MSAN_H
#define TESTS_MSAN_H

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define MSAN	    1
#define NOT_BY_MSAN __attribute__((no_sanitize("memory")))
#endif
#endif
#ifndef MSAN
#define MSAN 0
#define NOT_BY_MSAN
#endif

#endif
