/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of the public interface share: assertions, memory, a guest on an emulated
 * platform.
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <errno.h>
#include <ioasid/ioasid.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runner.h"

#define PAGE ((uint64_t)4096)
#define MIB  ((uint64_t)1 << 20)
#define GIB  ((uint64_t)1 << 30)
#define RW   (IOASID_READ | IOASID_WRITE)

#define ck_ok(call)                                                                                \
	do {                                                                                       \
		int ck_rc = (call);                                                                \
		ck_assert_msg(ck_rc == 0, "%s is %d: %s", #call, ck_rc, ioasid_errmsg());          \
	} while (0)

/* The call fails so, and says something about it. */
#define ck_err(call, error)                                                                        \
	do {                                                                                       \
		int ck_rc = (call);                                                                \
		ck_assert_msg(ck_rc == -(error), "%s is %d, expected %d (%s): %s", #call, ck_rc,   \
			      -(error), #error, ioasid_errmsg());                                  \
		ck_assert_msg(ioasid_errmsg()[0], "%s fails without a message", #call);            \
	} while (0)

/* Zeroed pages of our own, with an inaccessible page behind them. */
void *memory_new(uint64_t length);
void memory_free(void *pages, uint64_t length);

/* A memfd with @seals; its pages hold their number. */
int memfd_new(uint64_t length, int seals);

/* Says that the running test is skipped: kernel/run-vm counts these lines. */
void test_skip(const char *why);
/* Skips the running test if the back end lacks what it is about. */
bool lacks(const struct ioasid_ctx *ctx, enum ioasid_capability capability);

/* Rounds of something long: fewer where IOASID_TEST_SLOW says that a machine is slow. */
unsigned int rounds(unsigned int normal);
/* How long threads race, in nanoseconds: IOASID_TEST_SECONDS, if it is set. */
uint64_t run_ns(uint64_t normal);
/* A test's time in seconds, of which it races twice at most. */
double race_timeout(double normal);
/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t now_ns(void);

struct ioasid_space *make_space(struct ioasid_ctx *ctx, struct ioasid_space *parent,
			       enum ioasid_fill fill);
struct ioasid_channel *channel_new(struct ioasid_device *device, uint32_t pasid);
uint64_t memory_bytes(const struct ioasid_space *space);
struct ioasid_space_info space_info(const struct ioasid_space *space);

/* 0 or -errno of an access of one byte. */
int dma_get(struct ioasid_channel *channel, uint64_t iova, uint8_t *value);
int dma_put(struct ioasid_channel *channel, uint64_t iova, uint8_t value);

/* Where a byte at @iova is in the host, or NULL if @access faults. */
void *dma_where(struct ioasid_channel *channel, uint64_t iova, uint32_t access);

/* Takes one event, which there must be. */
struct ioasid_event take_event(struct ioasid_event_queue *queue);
void drop_events(struct ioasid_event_queue *queue);

/*
 * A guest: memory from guest address 0, which a root space maps, a queue, and a device that is not
 * attached yet, with a channel.
 */
struct guest {
	struct ioasid_ctx *ctx;
	struct ioasid_event_queue *queue;
	struct ioasid_device *device;
	struct ioasid_channel *channel;
	struct ioasid_space *root;
	uint8_t *memory;
	uint64_t size;
};

#define GUEST_COOKIE UINT64_C(0x1122334455667788)

/* The text of the platform; NULL: one that is wide enough for everything. */
extern const char *guest_platform;

void guest_open(struct guest *g, uint64_t size, uint64_t ctx_flags);

/*
 * How large, for tests that are run with both: 8 MiB, and so much that a library that keeps track
 * of small mappings page by page does not do so any more.
 */
extern uint64_t guest_size;
void suite_add_sizes(Suite *suite, const char *name, void (*add)(TCase *tc));
void guest_close(struct guest *g);

/* Attaches the guest's device, wherever it is. */
void guest_attach(struct guest *g, struct ioasid_space *space);

/* Asserts that a DMA of one byte faults for this reason, and that the record says all of it. */
void guest_faults(struct guest *g, uint64_t iova, uint32_t access,
		  enum ioasid_fault_reason reason);
/* Asserts that both accesses of @perm reach the guest address @target, and others fault. */
void guest_reaches(struct guest *g, uint64_t iova, uint64_t target, uint32_t perm);

/* Binds a table of @format at @root. */
int bind_table(struct ioasid_space *space, enum ioasid_pgtable_format format, uint32_t levels,
	       uint64_t root);

/* One entry, submitted at once. */
int inv_all(struct ioasid_ctx *ctx, struct ioasid_space *space);
int inv_range(struct ioasid_ctx *ctx, struct ioasid_space *space, uint64_t iova, uint64_t length);

#endif
