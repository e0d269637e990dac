/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that run-vm makes, as the tests find it: IOASID_BACKEND, and in IOASID_TEST_DEVICES an
 * edu of its own group, another device, and two edu that share a group.
 */
#ifndef TESTS_KERNEL_MACHINE_H
#define TESTS_KERNEL_MACHINE_H

#include "../support.h"
#include "edu.h"
#include "kmsg.h"

enum { EDU_ALONE = 0, EDU_SHARED_A = 2, EDU_SHARED_B = 3 };

#define MEMORY (16 * PAGE)

struct machine {
	struct ioasid_ctx *ctx;
	struct ioasid_space *space; /* a root */
	uint8_t *memory;
	int kmsg; /* since machine_open() */
};

/* A device that is bound, with its registers. */
struct engine {
	struct ioasid_device *device;
	struct edu edu;
};

void machine_open(struct machine *m);
void machine_close(struct machine *m);

struct engine engine_open(struct machine *m, int which);
void engine_close(struct engine *e);

/* Fills @length bytes with what only @seed gives. */
void pattern(uint8_t *at, uint32_t length, uint32_t seed);
bool has_pattern(const uint8_t *at, uint32_t length, uint32_t seed);

/*
 * Asserts that the device's DMA at @iova goes to @host, in both directions: @perm says which. What is
 * not permitted has to fault.
 */
void reaches(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host, uint32_t perm);

/* Asserts that no DMA at @iova gets to @host, where it went before, and that each attempt is logged. */
void blocked(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host);

/* Asserts that no fault was logged since the last look. */
void no_faults(struct machine *m);

#endif
