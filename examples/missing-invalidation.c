/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * An invalidation is missing, and the audit names it.
 *
 * The program plays a guest whose driver moves a buffer to another page and forgets to invalidate.
 * The device continues to write to the old page, which the guest has given to somebody else: a
 * mistake that shows rarely, much later, and as something else.
 */
#include "example.h"

#include <endian.h>
#include <time.h>

#define GUEST_MEMORY	(1u << 20)
#define IOVA		0x7000u
#define OLD_PAGE	0x10000u
#define NEW_PAGE	0x20000u
#define ENTRY(addr)	((addr) | 3u)	/* VT-d second-stage, readable and writable */

static char *guest;

/* Entries are little-endian. */
static void guest_stores(uint64_t physical, uint64_t entry)
{
	*(uint64_t *)(guest + physical) = htole64(entry);
}

/* The guest's tables lie at 0, 0x1000 and 0x2000. */
static void guest_maps_buffer_to(uint64_t page)
{
	guest_stores(0x2000 + 8 * (IOVA / 4096), ENTRY(page));
}

static double seconds_since(uint64_t ns)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)ns / 1e9;
}

static void audit_is_silent(struct ioasid_event_queue *queue)
{
	struct ioasid_event event;

	expect(ioasid_event_queue_read(queue, &event, 1) == 0, "no event");
	printf("  audit: nothing to say\n");
}

static void audit_reports(struct ioasid_event_queue *queue)
{
	struct ioasid_event event;

	expect(ioasid_event_queue_read(queue, &event, 1) == 1, "an event");
	expect(event.type == IOASID_EVENT_MISSING_INVALIDATION, "an invalidation is missing");
	expect(event.old_entry == ENTRY(OLD_PAGE) && event.new_entry == ENTRY(NEW_PAGE),
	       "it is that of the buffer");
	printf("  audit: device %llu used I/O address %#llx of space %u,\n"
	       "         whose level %u entry was %#llx when last read and is %#llx now",
	       (unsigned long long)event.cookie, (unsigned long long)event.iova, event.space,
	       event.level, (unsigned long long)event.old_entry,
	       (unsigned long long)event.new_entry);
	if (event.last_invalidated)
		printf(";\n         it was last invalidated %.6f s ago\n",
		       seconds_since(event.last_invalidated));
	else
		printf(";\n         it was never invalidated\n");
}

static void device_writes(struct ioasid_channel *channel, const char *text)
{
	check(ioasid_dma_write(channel, IOVA, text, strlen(text) + 1), "DMA");
	printf("  device: wrote \"%s\"; old page: \"%s\", new page: \"%s\"\n", text,
	       guest + OLD_PAGE, guest + NEW_PAGE);
}

int main(int argc, char **argv)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_event_queue *queue;
	struct ioasid_channel *channel;
	struct ioasid_device *device;
	struct ioasid_space *space;
	struct ioasid_inv *batch;
	struct ioasid_ctx *ctx;
	struct arguments a;

	a = parse_arguments(argc, argv, "A guest forgets an invalidation.");
	ctx = open_context(&a, IOASID_CTX_AUDIT, NULL);
	check(ioasid_event_queue_create(ctx, 0, &queue), "creating an event queue");

	check(ioasid_space_create(ctx, NULL, &nested.parent), "creating the root");
	guest = map_new(nested.parent, 0, GUEST_MEMORY);
	guest_stores(0, ENTRY(0x1000u));
	guest_stores(0x1000, ENTRY(0x2000u));
	guest_maps_buffer_to(OLD_PAGE);

	table.format = IOASID_PGTABLE_VTD_SS;
	table.levels = 3;
	check(ioasid_space_create(ctx, &nested, &space), "creating the nested space");
	check(ioasid_space_bind_pgtable(space, &table), "binding the guest's table");
	device = bind_device(ctx, &a, 0, "0000:00:01.0");
	check(ioasid_device_attach(device, space), "attaching the device");
	check(ioasid_channel_open(device, IOASID_NO_PASID, &channel), "opening a channel");

	printf("The guest's table leads to the old page.\n");
	device_writes(channel, "first");
	audit_is_silent(queue);

	printf("The guest changes the entry to the new page, and forgets to invalidate.\n");
	guest_maps_buffer_to(NEW_PAGE);
	device_writes(channel, "second");
	audit_reports(queue);

	printf("Now it invalidates.\n");
	check(ioasid_inv_new(ctx, 1, &batch), "making a batch");
	check(ioasid_inv_add_range(batch, space, IOVA, 4096, IOASID_INV_LEAF_ONLY), "adding");
	check(ioasid_inv_submit(batch, NULL), "invalidating");
	device_writes(channel, "third");
	audit_is_silent(queue);

	ioasid_inv_free(batch);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
