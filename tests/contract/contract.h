/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The contract that every back end keeps: what ioasid/ says in its headers, and nothing that only
 * one back end does. IOASID_BACKEND names the one to test (emulated if unset), and
 * IOASID_TEST_DEVICES four of its devices, separated by spaces: two in groups of their own and two
 * that share a group. What a back end says it lacks is not tested.
 */
#ifndef TESTS_CONTRACT_H
#define TESTS_CONTRACT_H

#include "../support.h"

enum { ALONE_A, ALONE_B, SHARED_A, SHARED_B, DEVICES };

struct fixture {
	struct ioasid_ctx *ctx;
	struct ioasid_device *device[DEVICES]; /* bound by fixture_bind() */
	struct ioasid_space *space; /* a root */
	uint8_t *memory; /* MEMORY bytes */
};

#define MEMORY (64 * PAGE)
#define COOKIE(i) (UINT64_C(0xc0ffee00) + (uint64_t)(i))
#define MAX_RANGES 16

const char *device_name(int i);
void fixture_open(struct fixture *f);
void fixture_close(struct fixture *f);
struct ioasid_device *fixture_bind(struct fixture *f, int i);

/* The width of the IOVAs that the device's IOMMU translates. */
unsigned int address_bits(const struct ioasid_device *device);

/* Asserts where DMA of a device through the space goes, if the back end lets us issue any. */
void leads_to(struct fixture *f, struct ioasid_device *device, uint64_t iova, const void *host,
	      uint32_t perm);
void is_blocked(struct fixture *f, struct ioasid_device *device, uint64_t iova);

/* Emulators of a kernel, and those before Linux 5.14, cannot tell whether memory can be used. */
bool kernel_tells_protection(void);

/* All that can be seen of a space. */
struct state {
	struct ioasid_space_info info;
	struct ioasid_range permitted[MAX_RANGES];
	struct ioasid_range reserved[MAX_RANGES];
	struct ioasid_range mapping[32];
	uint32_t perm[32];
	size_t n_permitted, n_reserved, n_mappings;
};

void state_get(const struct ioasid_space *space, struct state *state);
void state_same(const struct ioasid_space *space, const struct state *before, const char *call);

/* The call fails so, and leaves the space as it was. */
#define ck_err_same(space, call, error)                                                            \
	do {                                                                                       \
		struct state ck_state;                                                             \
		state_get(space, &ck_state);                                                       \
		ck_err(call, error);                                                               \
		state_same(space, &ck_state, #call);                                               \
	} while (0)

TCase *contract_ctx(void);
TCase *contract_device(void);
TCase *contract_fault_queue(void);
TCase *contract_group(void);
TCase *contract_pasid(void);
TCase *contract_process(void);
TCase *contract_space(void);
TCase *contract_ranges(void);
TCase *contract_map(void);
TCase *contract_map_file(void);
TCase *contract_map_copy(void);
TCase *contract_map_parent(void);
TCase *contract_unmap(void);
TCase *contract_registered(void);
TCase *contract_dirty(void);
TCase *contract_vfio(void);
TCase *contract_lifetimes(void);

#endif
