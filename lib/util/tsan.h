/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What ThreadSanitizer does not understand: membarrier(2), and loads in dependent order. */
#ifndef UTIL_TSAN_H
#define UTIL_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

/*
 * Order of a load of a pointer whose target is read next. A load by an address waits for the load
 * of that address on all processors, so that relaxed is enough.
 */
#define TSAN_ORDER_POINTER (TSAN ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)

#endif
