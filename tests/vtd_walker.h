/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slow and obvious walker of VT-d page tables: the referee of random tests. It shares nothing
 * with the library and says what the specification (revision 4.1) says bit by bit.
 */
#ifndef TESTS_VTD_WALKER_H
#define TESTS_VTD_WALKER_H

#include <stdbool.h>
#include <stdint.h>

/* A table, and the unit that walks it. */
struct vtdw_table {
	bool first_stage;
	unsigned levels; /* 3 to 5; first-stage 4 or 5 */
	uint64_t root;
	unsigned haw; /* host address width, 13 to 52 */
	unsigned mgaw; /* second-stage: width of input addresses; 0: as the levels say */
	bool page_2m; /* second-stage; first-stage always has them */
	bool page_1g;
	bool snoop_control; /* SNP is no reserved bit */
	bool supervisor; /* first-stage: requests with supervisor privilege */
	bool write_protect; /* ... which respect R/W */
	bool ssade; /* second-stage: accessed and dirty flags are enabled */
	bool eafe; /* first-stage: extended accessed flags are */
};

enum vtdw_entry {
	VTDW_ENTRY_ABSENT,
	VTDW_ENTRY_TABLE,
	VTDW_ENTRY_PAGE,
	VTDW_ENTRY_MALFORMED,
};

/* What one entry says, in a table of @level (1: of 4K pages). */
struct vtdw_judgement {
	enum vtdw_entry kind;
	uint64_t address; /* of the table or page */
	bool read, write; /* what it permits by itself */
};

struct vtdw_judgement vtdw_judge(const struct vtdw_table *t, unsigned level, uint64_t entry);

/*
 * What an entry has become when a translation has used it: a reference to a table, or the page's,
 * of a write or a read (3.6.2, 3.7.2).
 */
uint64_t vtdw_used(const struct vtdw_table *t, bool page, bool write, uint64_t entry);

enum vtdw_fault {
	VTDW_OK,
	VTDW_INPUT, /* not an address that the table can translate */
	VTDW_ACCESS, /* an entry is not readable */
	VTDW_ABSENT,
	VTDW_MALFORMED,
};

struct vtdw_result {
	enum vtdw_fault fault;
	unsigned level; /* of the last entry looked at */
	uint64_t gpa; /* if translated */
	uint64_t bytes; /* size of the page */
	bool read, write; /* both may be false although the page is there */
};

/* Reads the entry at a guest-physical address; anything but 0 if there is none. */
typedef int (*vtdw_read)(void *opaque, uint64_t gpa, uint64_t *entry);

struct vtdw_result vtdw_walk(const struct vtdw_table *t, uint64_t iova, vtdw_read read,
			     void *opaque);

/* A page that may be read or written. */
typedef void (*vtdw_page)(void *opaque, uint64_t iova, uint64_t gpa, uint64_t bytes, bool read,
			  bool write);

/*
 * Calls @page for each usable page, by rising index; only for tables that are known to be small.
 */
void vtdw_each_page(const struct vtdw_table *t, vtdw_read read, void *read_opaque, vtdw_page page,
		    void *page_opaque);

/* The number of bytes that an entry in a table of @level covers. */
uint64_t vtdw_span(unsigned level);

#endif /* TESTS_VTD_WALKER_H */
