/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose device asks for pages, DMA in threads of its own, and the program that responds. */
#ifndef TESTS_PAGE_REQUEST_H
#define TESTS_PAGE_REQUEST_H

#include <pthread.h>

#include "support.h"

#define HOLE UINT64_C(0x100000) /* where nothing is mapped */
#define ROOM 64u

/* Microseconds in which threads have come to where they wait, as a rule. */
#define SETTLE 20000

struct asker {
	struct guest g;		/* g.root has no queue; device and channel are on it */
	struct ioasid_fault_queue *faults;
	struct ioasid_space *space;	/* a root with the queue, nothing mapped, attached */
};

void asker_open(struct asker *a, uint32_t depth, uint32_t timeout_ms);
void asker_close(struct asker *a);

struct ioasid_fault_queue *make_queue(struct ioasid_ctx *ctx, uint32_t depth, uint32_t timeout_ms);
struct ioasid_space *make_space_with(struct ioasid_ctx *ctx, struct ioasid_space *parent,
				     enum ioasid_fill fill, struct ioasid_fault_queue *faults);

/* A DMA in a thread. */
struct dma {
	pthread_t thread;
	struct ioasid_channel *channel;
	uint64_t iova;
	size_t length;
	enum { DMA_READ, DMA_WRITE, DMA_ADD, DMA_PREFAULT } kind;
	uint32_t access;	/* of a prefault */
	uint8_t buf[16 * 4096];
	int result;
};

void dma_start(struct dma *d, struct ioasid_channel *channel, int kind, uint64_t iova,
	       size_t length);
/* Waits for its end; the result. */
int dma_join(struct dma *d);

bool has_requests(const struct ioasid_fault_queue *faults);
/* Takes exactly one group, which may be on its way; how many requests. */
int take_group(struct ioasid_fault_queue *faults, struct ioasid_page_request *requests);
struct ioasid_page_request take_request(struct ioasid_fault_queue *faults);
int respond(struct ioasid_fault_queue *faults, uint64_t id, enum ioasid_page_response_code code);

#define SUCCESS IOASID_PAGE_RESPONSE_SUCCESS
#define INVALID IOASID_PAGE_RESPONSE_INVALID
#define FAILURE IOASID_PAGE_RESPONSE_FAILURE

/* The one event that there has to be. */
void expect_fault(struct guest *g, uint64_t iova, uint32_t access, enum ioasid_fault_reason reason);

#endif
