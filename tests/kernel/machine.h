/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine that run-vm makes, as the tests find it: IOASID_BACKEND, and in IOASID_TEST_DEVICES
 * an edu and an NVMe controller, each in a group of its own, and two edu that share a group.
 */
#ifndef TESTS_KERNEL_MACHINE_H
#define TESTS_KERNEL_MACHINE_H

#include "../../examples/edu.h"
#include "../support.h"
#include "kmsg.h"

enum { EDU_ALONE, NVME, EDU_SHARED_A, EDU_SHARED_B };

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

/* Binds one. */
struct ioasid_device *machine_bind(struct machine *m, int which);

struct engine engine_open(struct machine *m, int which);
void engine_close(struct engine *e);

/* Fills @length bytes with what only @seed gives. */
void pattern(uint8_t *at, uint32_t length, uint32_t seed);
bool has_pattern(const uint8_t *at, uint32_t length, uint32_t seed);

/*
 * Asserts that the device's DMA at @iova goes to @host: reads, and writes if @perm has them; else
 * they have to fault.
 */
void reaches(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host, uint32_t perm);

/* Asserts that no DMA at @iova gets to @host, where it might go, and that attempts are logged. */
void blocked(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host);

/* Asserts that no fault was logged since the last look. */
void no_faults(struct machine *m);

#endif
