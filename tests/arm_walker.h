/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slow and obvious walker of AArch64 translation tables: the referee of random tests. It shares
 * nothing with the library; it goes by the Arm Architecture Reference Manual for A-profile (DDI
 * 0487), chapter D8, and counts levels as that does: the last one is 3.
 */
#ifndef TESTS_ARM_WALKER_H
#define TESTS_ARM_WALKER_H

#include <stdbool.h>
#include <stdint.h>

struct armw_table {
	unsigned tsz; /* TxSZ */
	unsigned granule; /* in KiB: 4, 16 or 64 */
	bool wide; /* 52-bit addresses: DS; 64 KiB: FEAT_LPA */
	int start; /* stage 2: the initial lookup level */
	unsigned oas; /* output address size in bits */
	uint64_t root;
	bool stage2;
	bool privileged; /* stage 1 */
	bool aff; /* a clear access flag faults: not with HA, nor with AFFD */
	bool ha; /* the access flag is managed by hardware, */
	bool hd; /* and so is the dirty state */
	bool hpd; /* hierarchical permissions are disabled */
};

enum armw_entry {
	ARMW_INVALID,
	ARMW_TABLE,
	ARMW_BLOCK, /* or page */
	ARMW_ADDRESS_SIZE, /* the address is beyond the output address size */
	ARMW_ACCESS_FLAG, /* all right, but for the access flag */
};

struct armw_judgement {
	enum armw_entry kind;
	uint64_t address;
	bool read, write; /* what it permits by itself */
};

struct armw_judgement armw_judge(const struct armw_table *t, int level, uint64_t descriptor);

/* What a descriptor has become when it was used, for a write or a read (D8.5.1, D8.5.2). */
uint64_t armw_used(const struct armw_table *t, int level, bool write, uint64_t descriptor);

/* The level that a walk starts at; what an entry of a level covers, and which one it is. */
int armw_start_level(const struct armw_table *t);
uint64_t armw_span(const struct armw_table *t, int level);
unsigned armw_index(const struct armw_table *t, int level, uint64_t va);

struct armw_result {
	enum armw_entry fault; /* ARMW_BLOCK: none */
	bool input; /* the address has too many bits: a translation fault at the first level */
	bool access; /* a descriptor is not readable */
	int level; /* of the last descriptor looked at */
	uint64_t pa;
	bool read, write;
};

/* Reads the descriptor at an address; anything but 0 if there is none. */
typedef int (*armw_read)(void *opaque, uint64_t address, uint64_t *descriptor);

struct armw_result armw_walk(const struct armw_table *t, uint64_t va, armw_read read,
			     void *opaque);

#endif
