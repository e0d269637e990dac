/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A unit's stream tables in memory that is numbers, and what a look-up of them finds. */
#ifndef TESTS_SMMUV3_STREAMS_H
#define TESTS_SMMUV3_STREAMS_H

#include "runner.h"
#include "smmuv3_unit.h"

#define NONE IOASID_NO_PASID

/* Guest memory as numbers: the first 64 pages. */
extern uint64_t memory[64 * 512];
extern struct ioasid_smmuv3_regs regs;
extern unsigned reads, reads_by_stage2;	/* of the latest look() */
extern uint64_t unreadable;		/* a page that cannot be read; 0: none */

void setup(void);

/* An ioasid_smmuv3_read, of memory. */
int read_memory(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		void *buffer, size_t length);
uint64_t *at(uint64_t address);

/* A descriptor with 48 bits of 4K in TTB0. */
void build_cd(uint64_t address, uint16_t asid);
void build_ste(uint64_t address, unsigned config, uint64_t cds);
/* The table of 3.3.1.2: level 1 at 10000h, split at 8 bits. */
void build_two_levels(void);
/* StreamID 5 of a linear table at 10000h, with substreams: 2^bits descriptors from 1a000h. */
uint64_t *build_substreams(unsigned format, unsigned bits, unsigned dss);

struct ioasid_smmuv3_translation look(uint32_t stream_id, uint32_t substream);
enum ioasid_smmuv3_reason why(uint32_t stream_id, uint32_t substream);

#endif
