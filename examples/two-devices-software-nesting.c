/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Two devices of a guest, one of them behind the guest's own IOMMU, which is nested in software.
 *
 * The program plays all parts. The guest: its memory is a memfd, and its driver writes VT-d
 * second-stage page tables there. The monitor: makes the address spaces and hands on invalidations.
 * The devices, which copy: a disk that the guest does not translate, and a network card that it
 * does.
 */
#include "example.h"

#include <endian.h>

#include "copier.h"

#define GUEST_MEMORY	(4u << 20)
#define TABLES		0x100000u	/* guest-physical: root, then level 2, then level 1 */
#define IOVA		0xbeef0000u	/* what the guest calls three pages of its network card: */
#define PACKET1		0x200000u	/* the first of them, */
#define PACKET2		0x345000u	/* the second, */
#define WIRE		0x123000u	/* and the third, where the card has its packets from */

#define LEVELS		3u
#define READ_WRITE	3u		/* VT-d 4.1, 9.8: bit 0 is Read, bit 1 is Write */

static char *guest;	/* the guest's memory, as its CPU sees it */

/* Entries are little-endian. */
static void guest_stores(uint64_t iova, unsigned int level, uint64_t entry)
{
	uint64_t *table = (uint64_t *)(guest + TABLES + 4096 * (LEVELS - level));

	table[iova >> (12 + 9 * (level - 1)) & 511] = htole64(entry);
}

/* The guest's driver. All that it maps lies in one 2 MiB region, so three tables are enough. */
static void guest_maps(uint64_t iova, uint64_t physical)
{
	guest_stores(iova, 3, (TABLES + 4096) | READ_WRITE);
	guest_stores(iova, 2, (TABLES + 8192) | READ_WRITE);
	guest_stores(iova, 1, physical | READ_WRITE);
	printf("  guest: I/O address %#llx now leads to guest-physical %#llx\n",
	       (unsigned long long)iova, (unsigned long long)physical);
}

static void guest_unmaps(uint64_t iova)
{
	guest_stores(iova, 1, 0);
	printf("  guest: I/O address %#llx is not mapped any more\n", (unsigned long long)iova);
}

/* The monitor, on a page-selective descriptor in the guest's invalidation queue. */
static void monitor_invalidates(struct ioasid_inv *batch, struct ioasid_space *space, uint64_t iova)
{
	ioasid_inv_reset(batch);
	check(ioasid_inv_add_mask(batch, space, iova, 0, IOASID_INV_LEAF_ONLY), "invalidation");
	check(ioasid_inv_submit(batch, NULL), "invalidation");
	printf("  monitor: invalidated one page at %#llx\n", (unsigned long long)iova);
}

static void copy(struct copier *copier, uint64_t from, uint64_t to, uint32_t length)
{
	expect(copier_copy(copier, from, to, length) != -ETIMEDOUT, "the device ends its work");
}

/* The emulated platform tells; Linux logs faults of real devices, and there is no more to it. */
static void print_fault(struct ioasid_event_queue *faults)
{
	struct ioasid_event fault;

	if (ioasid_event_queue_read(faults, &fault, 1) != 1)
		return;
	printf("  fault: device %llu, requester %#06x, %s at %#llx in space %u: %s\n",
	       (unsigned long long)fault.cookie, fault.requester,
	       fault.access & IOASID_WRITE ? "write" : "read", (unsigned long long)fault.iova,
	       fault.space, ioasid_fault_reason_text(fault.reason));
}

int main(int argc, char **argv)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_space *memory, *net_space;
	struct ioasid_event_queue *faults;
	struct copier disk, net;
	struct ioasid_inv *batch;
	struct ioasid_ctx *ctx;
	struct arguments a;

	a = parse_arguments(argc, argv, "Two devices, one behind a guest's IOMMU.");
	ctx = open_context(&a, 0, NULL);
	need(ctx, IOASID_CAP_NESTING_SOFTWARE);
	check(ioasid_event_queue_create(ctx, 0, &faults), "creating an event queue");
	check(ioasid_inv_new(ctx, 8, &batch), "making a batch");
	check(copier_open(&disk, ctx, bind_device(ctx, &a, 0, "0000:00:01.0")), "the disk");
	check(copier_open(&net, ctx, bind_device(ctx, &a, 1, "0000:00:02.0")), "the network card");

	printf("1. The guest's memory becomes a root space. The disk is attached to it.\n");
	check(ioasid_space_create(ctx, NULL, &memory), "creating the root");
	guest = map_new(memory, 0, GUEST_MEMORY);
	check(ioasid_device_attach(disk.device, memory), "attaching the disk");
	strcpy(guest + 0x4000, "a block");
	copy(&disk, 0x4000, 0x5000, 8);
	expect(!strcmp(guest + 0x5000, "a block"), "the block has been moved");
	printf("  disk: wrote to guest-physical 0x5000; guest: reads \"%s\"\n", guest + 0x5000);

	printf("2. The guest builds a page table for the network card, in its own memory.\n");
	guest_maps(IOVA, PACKET1);
	guest_maps(IOVA + 4096, PACKET2);
	guest_maps(IOVA + 8192, WIRE);

	printf("3. The table is bound to a space on the root, and the card is attached to that.\n");
	nested.parent = memory;
	nested.nesting = IOASID_NESTING_SOFTWARE;
	table.format = IOASID_PGTABLE_VTD_SS;
	table.levels = LEVELS;
	table.root = TABLES;
	check(ioasid_space_create(ctx, &nested, &net_space), "creating the nested space");
	check(ioasid_space_bind_pgtable(net_space, &table), "binding the guest's table");
	check(ioasid_device_attach(net.device, net_space), "attaching the network card");
	check(ioasid_space_query_info(net_space, &info), "asking about the space");
	printf("  monitor: space %u on space %u, shadow filled %s\n", info.id,
	       ioasid_space_get_id(memory),
	       info.fill == IOASID_FILL_ON_INVALIDATION ? "on invalidation" : "on demand");

	printf("4. The card writes across the page boundary, and hits two pages that lie apart.\n");
	strcpy(guest + WIRE, "hello from the net");
	copy(&net, IOVA + 8192, IOVA + 4090, 19);
	expect(!memcmp(guest + PACKET1 + 4090, "hello ", 6), "the beginning is in the first page");
	expect(!strcmp(guest + PACKET2, "from the net"), "the rest is in the second");
	printf("  guest: at %#x \"%.6s\", at %#x \"%s\"\n", PACKET1 + 4090, guest + PACKET1 + 4090,
	       PACKET2, guest + PACKET2);

	printf("5. The guest unmaps the second page and invalidates.\n");
	guest_unmaps(IOVA + 4096);
	monitor_invalidates(batch, net_space, IOVA + 4096);

	printf("6. The card tries it again.\n");
	strcpy(guest + WIRE, "late");
	copy(&net, IOVA + 8192, IOVA + 4096, 5);
	expect(!strcmp(guest + PACKET2, "from the net"), "the page is as it was");
	print_fault(faults);

	ioasid_inv_free(batch);
	copier_close(&disk);
	copier_close(&net);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
