/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file common.h
 * What all headers of libioasid share: handles, permissions, ranges, error text.
 *
 * Conventions of the whole interface:
 *
 *  - A function that can fail returns 0 (or a count) on success and a negated errno value on
 *    failure; the calling thread's ioasid_errmsg() then says in words what was wrong. A call that
 *    fails leaves everything as it was, unless its description says otherwise.
 *  - Handles come back through the last argument, which a failed call does not touch.
 *  - Addresses and lengths are in bytes. A range is a start and a length; it may not run past the
 *    end of the 64-bit address space.
 *  - Destroying or freeing NULL does nothing and succeeds.
 *  - All functions may be called from any thread at any time, unless their description says
 *    otherwise; an object must not be used by one thread while another destroys it.
 *  - A structure that may grow begins with its own size; use its initialiser. A structure that is
 *    shorter than the library's counts as zero beyond its end; a longer one is refused with -E2BIG
 *    unless it is zero there.
 */
#ifndef IOASID_COMMON_H
#define IOASID_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ioasid_ctx;
struct ioasid_platform;
struct ioasid_device;
struct ioasid_space;
struct ioasid_mapping;
struct ioasid_inv;
struct ioasid_channel;
struct ioasid_event_queue;
struct ioasid_fault_queue;
struct ioasid_viommu;
struct ioasid_vdevice;
struct ioasid_hw_queue;

/** Of a mapping: devices may read through it. Of a DMA: it reads. */
#define IOASID_READ 0x1u
/** Of a mapping: devices may write through it. Of a DMA: it writes. */
#define IOASID_WRITE 0x2u

/** No PASID: the request carries a requester ID alone. */
#define IOASID_NO_PASID UINT32_MAX

/**
 * What the initialisers of structures are made of: all members are 0, except for the size, which is
 * the first member, and in some structures one other. C++ has no designated initialisers before
 * C++20.
 */
#ifdef __cplusplus
extern "C++" {
template <typename type> static inline type ioasid_initial()
{
	type structure = type();

	structure.size = sizeof(structure);
	return structure;
}

template <typename type, typename number>
static inline type ioasid_initial(number type::*member, number value)
{
	type structure = ioasid_initial<type>();

	structure.*member = value;
	return structure;
}
}
#define IOASID_INIT(type) ioasid_initial<struct type>()
#define IOASID_INIT_WITH(type, member, value) ioasid_initial(&type::member, value)
#else
#define IOASID_INIT(type) { .size = sizeof(struct type) }
#define IOASID_INIT_WITH(type, member, value) { .size = sizeof(struct type), .member = (value) }
#endif

/** A range of addresses. A range of 2^64 bytes is given as length UINT64_MAX. */
struct ioasid_range {
	uint64_t start;
	uint64_t length;
};

/**
 * Why the calling thread's most recent failed call failed, in words: which object and range were
 * concerned, and what to do about it.
 *
 * The text belongs to the library and stays valid until the thread's next call that fails. Never
 * NULL; an empty string before the first failure. Since 0.1.
 */
const char *ioasid_errmsg(void);

#ifdef __cplusplus
}
#endif

#endif
