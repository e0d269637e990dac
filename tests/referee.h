/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The walkers of all formats behind one face, for tests that run on each of them. */
#ifndef TESTS_REFEREE_H
#define TESTS_REFEREE_H

#include <ioasid/pgtable.h>
#include <stdbool.h>
#include <stdint.h>

enum ref_kind {
	REF_ABSENT,
	REF_TABLE,
	REF_PAGE,
	REF_MALFORMED, /* not usable for any reason but that it is absent */
};

/* What an entry of a table of @level says, 1 being the lowest. */
struct ref_entry {
	enum ref_kind kind;
	uint64_t address;
	bool read, write;
};

struct ref_entry ref_judge(const struct ioasid_pgtable *t, unsigned int level, uint64_t entry);

/* How many bytes an entry of a table of @level covers. */
uint64_t ref_span(const struct ioasid_pgtable *t, unsigned int level);

/* Is this an address that the table translates? */
bool ref_is_input(const struct ioasid_pgtable *t, uint64_t iova);

/* Reads the entry at an address; anything but 0 if there is none. */
typedef int (*ref_read)(void *opaque, uint64_t address, uint64_t *entry);

/* Translates; false if there is no page. */
bool ref_walk(const struct ioasid_pgtable *t, uint64_t iova, ref_read read, void *opaque,
	      struct ref_entry *page);

#endif
