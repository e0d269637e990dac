/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ways in which a page is given to a device and taken away again, each with a device, spaces and
 * tables of its own, all in one context and most of them on one root: any number of them at once.
 */
#ifndef TESTS_THREADS_WAYS_H
#define TESTS_THREADS_WAYS_H

#include <pthread.h>

#include "hw_world.h"

#define WAYS	   13
#define WAY_AT	   HW_AT	/* where the device has the page; the next page stays */
#define WAY_PAGES  16		/* that a way gives in turn */
#define WAY_DATA   (16 * PAGE)	/* the guest address of those of the first way */

struct stage {
	struct ioasid_ctx *ctx;
	struct ioasid_event_queue *events;
	struct ioasid_space *root;	/* the guest's memory, from address 0 */
	uint8_t *memory;
	uint64_t size;
};

struct way {
	const struct way_kind *kind;
	struct stage *stage;
	unsigned int number;
	struct ioasid_device *device;
	uint32_t pasid;
	struct ioasid_space *space, *other;
	struct ioasid_inv *inv;
	struct guest_table table;
	struct ioasid_viommu *viommu;
	unsigned int turn;	/* how often a page was given */
	/* Of a device that asks for its page: who responds, and whether it is to have it. */
	struct ioasid_fault_queue *faults;
	pthread_t responder;
	pthread_mutex_t lock;
	uint8_t *wanted;
	bool mapped, stop;
};

struct way_kind {
	const char *name;
	void (*open)(struct way *w);
	/* The page is at @page in the guest, and @memory for the program. */
	void (*give)(struct way *w, uint64_t page, uint8_t *memory);
	void (*take)(struct way *w);
	void (*close)(struct way *w);
};

extern const struct way_kind way_kinds[WAYS];

void stage_open(struct stage *s, uint64_t size);
void stage_close(struct stage *s);
void way_open(struct way *w, struct stage *s, unsigned int number);
void way_close(struct way *w);

#endif
