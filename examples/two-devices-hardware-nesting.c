/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Two devices of a guest, one of them behind the guest's own IOMMU, which is nested in hardware:
 * the IOMMU walks the guest's page table and the address space that it lies in, and caches what it
 * finds.
 *
 * The program plays all parts. The guest: its memory is a memfd, and its driver writes x86-64 page
 * tables (VT-d first stage) there. The monitor: makes the address spaces and hands on
 * invalidations. The devices, which copy: a disk that the guest does not translate, and a network
 * card that it does. The emulated machine: its IOMMU has a small IOTLB, so that one can watch it.
 */
#include "example.h"

#include <endian.h>

#include "copier.h"

static const char machine[] =
	"iommu iommu0 address-bits=57 nesting=hardware iotlb=4\n"
	"device disk iommu=iommu0\n"
	"device net iommu=iommu0\n";

#define GUEST_MEMORY	(4u << 20)
#define TABLES		0x100000u	/* guest-physical: root, level 3, level 2, level 1 */
#define IOVA		0xbeef0000u	/* what the guest calls pages of its network card */
#define PACKET1		0x200000u
#define PACKET2		0x345000u
#define WIRE		0x123000u /* where the card has its packets from, and what it calls it: */
#define WIRE_IOVA	0xbeef8000u

#define LEVELS		4u
#define TABLE		7u		/* VT-d 4.1, 9.7: Present, Read/Write, User/Supervisor */
#define PAGE		7u
#define DIRTY		0x40u		/* 3.6.2: set by the IOMMU at a write */

static char *guest;	/* the guest's memory, as its CPU sees it */

static uint64_t *guest_entry(uint64_t iova, unsigned int level)
{
	uint64_t *table = (uint64_t *)(guest + TABLES + 4096 * (LEVELS - level));

	return &table[iova >> (12 + 9 * (level - 1)) & 511];
}

/* The guest's driver. All that it maps lies in one 2 MiB region, so four tables are enough. */
static void guest_maps(uint64_t iova, uint64_t physical)
{
	unsigned int level;

	for (level = LEVELS; level > 1; level--)
		*guest_entry(iova, level) =
			htole64((TABLES + 4096 * (LEVELS - level + 1)) | TABLE);
	*guest_entry(iova, 1) = htole64(physical | PAGE);
	printf("  guest: I/O address %#llx now leads to guest-physical %#llx\n",
	       (unsigned long long)iova, (unsigned long long)physical);
}

static void print_iotlb(const struct ioasid_device *net)
{
	struct ioasid_device_stats stats = IOASID_DEVICE_STATS_INIT;

	if (ioasid_device_query_stats(net, &stats))
		return;		/* real ones do not tell */
	printf("  IOTLB: %llu hits, %llu misses, %llu entries dropped\n",
	       (unsigned long long)stats.iotlb_hits, (unsigned long long)stats.iotlb_misses,
	       (unsigned long long)stats.iotlb_dropped);
}

/* The monitor, on a page-selective descriptor in the guest's invalidation queue. */
static void monitor_invalidates(struct ioasid_inv *batch, struct ioasid_space *space, uint64_t iova)
{
	ioasid_inv_reset(batch);
	check(ioasid_inv_add_mask(batch, space, iova, 0, IOASID_INV_LEAF_ONLY), "invalidation");
	check(ioasid_inv_submit(batch, NULL), "invalidation");
	printf("  monitor: invalidated one page at %#llx\n", (unsigned long long)iova);
}

/* The card writes @text, a packet, to what the guest calls @iova. */
static void receive(struct copier *net, const char *text, uint64_t iova)
{
	strcpy(guest + WIRE, text);
	expect(copier_copy(net, WIRE_IOVA, iova, (uint32_t)strlen(text) + 1) != -ETIMEDOUT,
	       "the device ends its work");
}

/* The card's device has to be behind an IOMMU that nests. */
static void open_card(struct copier *net, struct ioasid_ctx *ctx, struct ioasid_device *device)
{
	/* the IOMMU itself: the library alone could walk more */
	if (!(device_info(device).hardware_formats >> IOASID_PGTABLE_VTD_FS & 1))
		not_here(ioasid_ctx_get_backend(ctx),
			 "the device's IOMMU does not walk two levels");
	check(copier_open(net, ctx, device), "the network card");
}

int main(int argc, char **argv)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_space *memory, *net_space;
	struct copier disk, net;
	struct ioasid_inv *batch;
	struct ioasid_ctx *ctx;
	struct arguments a;

	a = parse_arguments(argc, argv, "Two devices, one nested in hardware.");
	ctx = open_context(&a, 0, machine);
	need(ctx, IOASID_CAP_NESTING_HARDWARE);
	check(ioasid_inv_new(ctx, 8, &batch), "making a batch");
	check(copier_open(&disk, ctx, bind_device(ctx, &a, 0, "disk")), "the disk");
	open_card(&net, ctx, bind_device(ctx, &a, 1, "net"));

	printf("1. The guest's memory becomes a root space. The disk is attached to it.\n");
	check(ioasid_space_create(ctx, NULL, &memory), "creating the root");
	guest = map_new(memory, 0, GUEST_MEMORY);
	check(ioasid_device_attach(disk.device, memory), "attaching the disk");
	strcpy(guest + 0x4000, "a block");
	expect(copier_copy(&disk, 0x4000, 0x5000, 8) != -ETIMEDOUT, "the disk ends its work");
	expect(!strcmp(guest + 0x5000, "a block"), "the block has been moved");
	printf("  disk: wrote to guest-physical 0x5000; guest: reads \"%s\"\n", guest + 0x5000);

	printf("2. The guest's table is bound to a space on the root, for the IOMMU to walk.\n");
	guest_maps(IOVA, PACKET1);
	guest_maps(WIRE_IOVA, WIRE);
	nested.parent = memory;
	nested.nesting = IOASID_NESTING_HARDWARE;
	table.format = IOASID_PGTABLE_VTD_FS;
	table.levels = LEVELS;
	table.root = TABLES;
	check(ioasid_space_create(ctx, &nested, &net_space), "creating the nested space");
	check(ioasid_space_bind_pgtable(net_space, &table), "binding the guest's table");
	check(ioasid_device_attach(net.device, net_space), "attaching the network card");

	printf("3. The card writes. The IOMMU walks once, and marks the page as dirty.\n");
	receive(&net, "first", IOVA);
	receive(&net, "second", IOVA + 64);
	expect(!strcmp(guest + PACKET1, "first"), "the packet is in guest memory");
	expect(!strcmp(guest + PACKET1 + 64, "second"), "and so is the second");
	expect(le64toh(*guest_entry(IOVA, 1)) & DIRTY, "the page is marked as dirty");
	print_iotlb(net.device);

	printf("4. The guest moves the page, and forgets to invalidate.\n");
	guest_maps(IOVA, PACKET2);
	receive(&net, "late", IOVA);
	/* A real IOTLB may have lost the entry meanwhile: nobody knows which page is hit. */
	expect(!net.channel || !strcmp(guest + PACKET1, "late"), "the IOTLB leads to the old page");
	printf("  guest: finds \"%s\" in the page that it has given to somebody else\n",
	       guest + PACKET1);

	printf("5. It does invalidate.\n");
	monitor_invalidates(batch, net_space, IOVA);
	receive(&net, "right", IOVA);
	expect(!strcmp(guest + PACKET2, "right"), "the new page is hit");
	printf("  guest: reads \"%s\"\n", guest + PACKET2);
	print_iotlb(net.device);

	printf("6. A new mapping needs no invalidation: what is not present is not cached.\n");
	strcpy(guest + PACKET1, "old");
	receive(&net, "third", IOVA + 4096);
	expect(!strcmp(guest + PACKET1, "old"), "a fault at first");
	guest_maps(IOVA + 4096, PACKET1);
	receive(&net, "third", IOVA + 4096);
	expect(!strcmp(guest + PACKET1, "third"), "the page is hit");

	ioasid_inv_free(batch);
	copier_close(&disk);
	copier_close(&net);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
