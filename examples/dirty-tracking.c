/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Live migration: a guest's memory is copied while a device keeps writing to it.
 *
 * Each round copies the pages that were written since the round before. When few are left the
 * device is stopped, and what it wrote last is copied. Then both memories are the same.
 */
#include "example.h"

#include <pthread.h>
#include <stdatomic.h>

#include "copier.h"

#define PAGES	4096u
#define SIZE	4096u
#define FEW	64u		/* pages that can be copied while everything stands still */
#define ROUNDS	8u		/* a device that writes too fast is stopped all the same */

/* The device: copies the last page, in part, to pages here and there, with a rest after each. */
static atomic_bool stop;

static void *device_works(void *data)
{
	struct copier *copier = data;
	unsigned int page = 0;

	while (!stop) {
		page = (page * 5 + 1) % PAGES;
		check(copier_copy(copier, (uint64_t)(PAGES - 1) * SIZE, (uint64_t)(page / 8) * SIZE,
				  8 + page % 64), "the device's DMA");
		usleep(5);
	}
	return NULL;
}

/* The device's IOMMU has to record what it writes. */
static void open_device(struct copier *copier, struct ioasid_ctx *ctx, struct ioasid_device *device)
{
	if (!device_info(device).dirty_tracking)
		not_here(ioasid_ctx_get_backend(ctx),
			 "the device's IOMMU records no written pages");
	check(copier_open(copier, ctx, device), "driving the device");
}

/* Copies what was written since the last round. Returns how many pages that were. */
static unsigned int copy_dirty(struct ioasid_space *space, const char *from, char *to)
{
	uint64_t bitmap[PAGES / 64] = { 0 };
	unsigned int page, n = 0;

	check(ioasid_space_dirty_read(space, 0, (uint64_t)PAGES * SIZE, SIZE, 0, bitmap),
	      "reading the dirty pages");
	for (page = 0; page < PAGES; page++) {
		if (!(bitmap[page / 64] >> page % 64 & 1))
			continue;
		memcpy(to + (size_t)page * SIZE, from + (size_t)page * SIZE, SIZE);
		n++;
	}
	return n;
}

int main(int argc, char **argv)
{
	struct ioasid_space_options tracked = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	struct copier copier;
	struct arguments a;
	unsigned int round, n;
	int from_fd, to_fd;
	pthread_t thread;
	char *from, *to;

	a = parse_arguments(argc, argv, "Memory is copied while a device writes to it.");
	ctx = open_context(&a, 0, NULL);
	need(ctx, IOASID_CAP_DIRTY_TRACKING);
	open_device(&copier, ctx, bind_device(ctx, &a, 0, "0000:00:01.0"));

	/* The guest's memory, in a space that can record what is written. */
	from = new_memory("source", (size_t)PAGES * SIZE, &from_fd);
	memset(from + (size_t)(PAGES - 1) * SIZE, '*', SIZE);
	to = new_memory("destination", (size_t)PAGES * SIZE, &to_fd);
	tracked.flags = IOASID_SPACE_DIRTY_TRACKING;
	check(ioasid_space_create(ctx, &tracked, &space), "creating a space");
	check(ioasid_space_map_file(space, 0, from_fd, 0, (uint64_t)PAGES * SIZE,
				    IOASID_READ | IOASID_WRITE, NULL), "mapping the memory");
	check(ioasid_device_attach(copier.device, space), "attaching the device");
	expect(!pthread_create(&thread, NULL, device_works, &copier), "a thread");

	/* All of it once, from when on each write is recorded. */
	check(ioasid_space_dirty_start(space), "starting dirty tracking");
	memcpy(to, from, (size_t)PAGES * SIZE);
	printf("round 0: all %u pages\n", PAGES);
	/* Who is not told exactly would copy all of it in each round. */
	for (round = 1; ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_EXACT) && round < ROUNDS; round++) {
		n = copy_dirty(space, from, to);
		printf("round %u: %u pages\n", round, n);
		if (n <= FEW)
			break;
	}

	/* The device stands still: what it wrote since the last round is the rest. */
	stop = true;
	pthread_join(thread, NULL);
	n = copy_dirty(space, from, to);
	printf("the device is stopped: %u pages\n", n);
	if (ioasid_ctx_has(ctx, IOASID_CAP_DIRTY_EXACT))
		expect(!copy_dirty(space, from, to), "nothing is left");
	expect(!memcmp(from, to, (size_t)PAGES * SIZE), "both memories are the same");
	printf("both memories are the same\n");

	check(ioasid_space_dirty_stop(space), "stopping dirty tracking");
	copier_close(&copier);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
