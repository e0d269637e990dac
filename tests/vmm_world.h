/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest with two devices behind an IOMMU that the replay's VMM emulates. */
#ifndef TESTS_VMM_WORLD_H
#define TESTS_VMM_WORLD_H

#include "guest_tables.h"
#include "support.h"
#include "vmm.h"

#define SIZE   (8 * MIB)
#define TABLES (4 * MIB)

#define FIRST  0x0008u /* 00:01.0 */
#define SECOND 0x0010u

#define IOVA  UINT64_C(0x7000000)
#define DATA  UINT64_C(0x100000)
#define OTHER UINT64_C(0x200000)

struct world {
	struct guest g;
	struct ioasid_channel *second;
	struct vmm v;
	struct vmm_device devices[2];
	uint64_t next_table; /* a guest address */
};

/* Both devices are blocked at first. */
void world_begin(struct world *w, const struct kind *kind, const union unit *unit,
		 enum ioasid_fill fill);
/* Nothing of the guest's tables is left behind. */
void world_close(struct world *w);

/* Guest memory as numbers. */
uint64_t *quads(struct world *w, uint64_t gpa);

/* A table of the guest's that maps IOVA to @target. */
struct guest_table table_new(struct world *w, enum ioasid_pgtable_format format, uint32_t levels,
			     uint64_t target);

void second_reaches(struct world *w, uint64_t target);

#endif /* TESTS_VMM_WORLD_H */
