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
	REF_NOT_ACCESSED, /* a page, but for its access flag */
	REF_MALFORMED,
};

/* What an entry says. */
struct ref_entry {
	enum ref_kind kind;
	uint64_t address; /* of the table, or of what of a page the entry is for */
	unsigned int level; /* of the table */
	bool read, write;
};

/* Entry number @index of a table of @level, 1 being the lowest. */
struct ref_entry ref_judge(const struct ioasid_pgtable *t, unsigned int level, unsigned int index,
			   uint64_t entry);

/* What an entry that is a table's or page's has become when it was used, for a write or a read. */
uint64_t ref_used(const struct ioasid_pgtable *t, unsigned int level, bool write, uint64_t entry);

/* How many bytes an entry of a table of @level covers. */
uint64_t ref_span(const struct ioasid_pgtable *t, unsigned int level);

/* Which entry of a table of @level an address belongs to. */
unsigned int ref_index(const struct ioasid_pgtable *t, unsigned int level, uint64_t iova);

/*
 * Of two trees the one that an address belongs to, as if it were alone, and what the address is
 * there. No levels: it belongs to none.
 */
struct ioasid_pgtable ref_tree(const struct ioasid_pgtable *t, uint64_t *iova);

/* Is this an address that the table translates? */
bool ref_is_input(const struct ioasid_pgtable *t, uint64_t iova);

/* Reads the entry at an address; anything but 0 if there is none. */
typedef int (*ref_read)(void *opaque, uint64_t address, uint64_t *entry);

enum ref_fault {
	REF_OK,
	REF_NO_INPUT,
	REF_NO_ACCESS, /* an entry is not readable */
	REF_NO_ENTRY, /* absent */
	REF_BAD_ENTRY, /* malformed, or not accessed */
};

/*
 * Translates. On success *@page has the address that @iova leads to, and the permissions of all
 * levels; its level is that of the last entry looked at.
 */
enum ref_fault ref_walk(const struct ioasid_pgtable *t, uint64_t iova, ref_read read, void *opaque,
			struct ref_entry *page);

#endif
