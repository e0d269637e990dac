/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call of which each allocation fails in turn, in a world made anew for each: what the failed
 * call left behind is compared with what was there before, and then the call has to succeed.
 */
#ifndef TESTS_FAIL_WORLD_H
#define TESTS_FAIL_WORLD_H

#include <errno.h>
#include <ioasid/ioasid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_tables.h"
#include "runner.h"

#define PAGE	 UINT64_C(4096)
#define MIB	 (UINT64_C(1) << 20)
#define GIB	 (UINT64_C(1) << 30)
#define RW	 (IOASID_READ | IOASID_WRITE)
#define N_SPACES 24
#define N_DEVICES 4
#define MEMORY	 (16 * MIB)
#define PASID	 5

#define ck_ok(call) \
	do { \
		int ck_rc = (call); \
		ck_assert_msg(ck_rc == 0, "%s is %d: %s", #call, ck_rc, ioasid_errmsg()); \
	} while (0)

/* The default platform, with what a case makes on it. */
struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_device *device[N_DEVICES];	/* 2 and 3 share a group */
	struct ioasid_space *space[N_SPACES];		/* parents before their children */
	struct ioasid_inv *inv;
	struct ioasid_event_queue *queue;
	struct ioasid_fault_queue *faults;
	struct ioasid_viommu *viommu;			/* on space 0; space 1 is on it */
	struct ioasid_vdevice *vdevice;			/* of device 0 */
	struct ioasid_hw_queue *hw_queue;
	struct ioasid_channel *channel;
	struct ioasid_mapping *mapping;
	struct guest_table table;
	bool bare;					/* no devices are bound */
	int fd;
};

extern uint8_t *memory;		/* MEMORY bytes, the same in all worlds */

struct fail_case {
	const char *name;
	void (*prepare)(struct world *w);
	int (*call)(struct world *w);
	/* What has to hold after success and after failure; may be NULL. */
	void (*check)(struct world *w, bool failed);
	bool own_ctx;		/* prepare does not get a context */
	bool changes;		/* what the failed call did remains: only check holds then */
};

void fail_each(const struct fail_case *c);

/* Space @i, on the parent @parent or alone (-1). */
void make_space(struct world *w, int i, int parent, enum ioasid_fill fill);

/* Where a byte is, or NULL if the access faults. */
uint8_t *dma_where(struct ioasid_channel *ch, uint64_t iova, uint32_t access);

int bind_pgtable(struct ioasid_space *space, const struct guest_table *t);

void add_batch_cases(Suite *s);
void add_dirty_cases(Suite *s);
void add_far_cases(Suite *s);
void add_object_cases(Suite *s);
void add_mapping_cases(Suite *s);
void add_nesting_cases(Suite *s);
void add_pasid_cases(Suite *s);
void add_hardware_cases(Suite *s);
void add_viommu_cases(Suite *s);

#endif
