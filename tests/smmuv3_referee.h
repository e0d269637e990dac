/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A slow and obvious SMMUv3 look-up: the referee of random tests. It shares nothing with the
 * library and says what the specification (IHI 0070, H.a) says: the pseudocode of 5.2.2 and 5.4.2,
 * and the steps of 3.3.
 */
#ifndef TESTS_SMMUV3_REFEREE_H
#define TESTS_SMMUV3_REFEREE_H

#include <stdbool.h>
#include <stdint.h>

struct referee_unit {
	uint32_t idr[6];
	uint32_t cr2;
	uint32_t strtab_base_cfg;
	uint64_t strtab_base;
};

/* A translation table, if there is one. */
struct referee_table {
	bool used;
	unsigned input_bits, output_bits, granule_bits;
	int start_level;
	uint64_t root;
};

struct referee_result {
	/* An event number (7.3), or 0. */
	unsigned event;
	/* No event, and no translation either. */
	bool aborted;
	/* The event is not recorded. */
	bool silent;
	bool stage1, stage2;
	uint16_t asid, vmid;
	struct referee_table table[2], second;
};

/* Reads a doubleword at a physical address; @stage2: at one that stage 2 translates. */
typedef bool (*referee_read)(void *opaque, bool stage2, uint64_t address, uint64_t *value);

/* Of an enabled unit. @substream below 0: none. */
struct referee_result referee_lookup(const struct referee_unit *unit, uint32_t stream_id,
				     int32_t substream, referee_read read, void *opaque);

#endif /* TESTS_SMMUV3_REFEREE_H */
