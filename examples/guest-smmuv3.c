/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A guest's SMMUv3, passed on: the VMM passes the guest's commands and the SMMU's events through
 * unchanged, since a vDEVICE translates the guest's name for the device, StreamID 0x40.
 *
 * The program plays all parts. The guest: its driver writes a page table, and commands into its
 * command queue. The VMM: a vIOMMU on the guest's memory, a vDEVICE for the network card, an event
 * queue. The IOMMU in front of the card is the emulated platform's.
 */
#include "example.h"

#include <endian.h>

#define MEMORY	  (4u << 20)	/* of the guest, from guest address 0 */
#define TABLES	  0x100000u	/* four tables, one for each level */
#define STREAM	  0x40u
#define IOVA	  0xbeef0000u
#define PACKET1	  0x200000u
#define PACKET2	  0x345000u

/* Arm ARM, D8.3: a table; a page, with AF set and AP[1] (unprivileged access) */
#define TABLE	  3u
#define PAGE	  (3u | 1u << 10 | 1u << 6)

static const char machine[] =
	"iommu iommu0 address-bits=48 nesting=hardware iotlb=2\n"
	"device net iommu=iommu0\n";

static char *guest;

static void guest_maps(uint64_t physical)
{
	unsigned int level;

	for (level = 0; level < 4; level++) {
		uint64_t *table = (uint64_t *)(void *)(guest + TABLES + 4096 * level);
		uint64_t next = level < 3 ? TABLES + 4096 * (level + 1) : physical;

		table[(uint64_t)IOVA >> (39 - 9 * level) & 511] =
			htole64(next | (level < 3 ? TABLE : PAGE));
	}
	printf("  guest: I/O address %#x leads to %#llx\n", IOVA, (unsigned long long)physical);
}

/* What the VMM finds in the guest's command queue (Arm IHI 0070, 4.4.2 and 4.7.3). */
static void pass_commands(struct ioasid_viommu *viommu)
{
	const uint64_t queue[2][2] = {
		{ htole64(0x12), htole64(IOVA | 1) },	/* TLBI_NH_VA, ASID 0, Leaf */
		{ htole64(0x46), 0 },			/* SYNC */
	};
	size_t handled;
	int ret = ioasid_viommu_invalidate(viommu, queue, sizeof(queue[0]), 2, &handled);

	printf("  VMM: %zu of the guest's commands passed on; the next is the VMM's own\n",
	       handled);
	expect(ret < 0 && handled == 1, "CMD_SYNC stays with the VMM");
}

static void show(struct ioasid_channel *dma, const char *expected)
{
	char text[16] = "";

	check(ioasid_dma_read(dma, IOVA, text, sizeof(text)), "DMA");
	printf("  device: reads \"%s\"\n", text);
	expect(!strcmp(text, expected), "the page that the guest has mapped");
}

/* What goes into the guest's event queue (7.3). */
static void pass_event(struct ioasid_event_queue *events)
{
	struct ioasid_event event;

	expect(ioasid_event_queue_read(events, &event, 1) == 1, "an event");
	printf("  VMM: event 0x%02llx of StreamID %#llx at %#llx (%s), %u bytes for the guest\n",
	       (unsigned long long)(le64toh(event.record[0]) & 0xff),
	       (unsigned long long)(le64toh(event.record[0]) >> 32),
	       (unsigned long long)le64toh(event.record[2]),
	       ioasid_fault_reason_text(event.reason), event.record_size);
	expect(le64toh(event.record[0]) >> 32 == STREAM, "the guest's name for the device");
}

/* The guest's table is bound to a space on the vIOMMU, and the device attached. */
static void attach(struct ioasid_ctx *ctx, struct ioasid_viommu *viommu,
		   struct ioasid_device *device)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_vdevice *vdevice;
	struct ioasid_space *space;

	check(ioasid_vdevice_create(viommu, device, STREAM, &vdevice), "creating a vDEVICE");
	options.viommu = viommu;
	table.format = IOASID_PGTABLE_ARM_S1;
	table.levels = 4;
	table.root = TABLES;
	check(ioasid_space_create(ctx, &options, &space), "creating a space");
	check(ioasid_space_bind_pgtable(space, &table), "binding the guest's table");
	check(ioasid_device_attach(device, space), "attaching the device");
}

int main(int argc, char **argv)
{
	struct ioasid_viommu_events_options format = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_viommu_options type = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_event_queue *events;
	struct ioasid_viommu *viommu;
	struct ioasid_channel *dma;
	struct ioasid_device *net;
	struct ioasid_space *memory;
	struct ioasid_ctx *ctx;
	struct arguments a;
	char byte;

	a = parse_arguments(argc, argv, "A guest's SMMUv3, passed on.");
	ctx = open_context(&a, 0, machine);
	need(ctx, IOASID_CAP_VIOMMU);
	need(ctx, IOASID_CAP_DMA);	/* QEMU has no SMMUv3 that nests behind an edu */
	net = bind_device(ctx, &a, 0, "net");
	check(ioasid_channel_open(net, IOASID_NO_PASID, &dma), "opening a channel");
	check(ioasid_space_create(ctx, NULL, &memory), "creating the root");
	guest = map_new(memory, 0, MEMORY);
	strcpy(guest + PACKET1, "packet one");
	strcpy(guest + PACKET2, "packet two");

	printf("1. The VMM creates a vIOMMU on the guest's memory, with an event queue.\n");
	type.type = IOASID_VIOMMU_SMMUV3;
	format.format = IOASID_EVENTS_SMMUV3;
	check(ioasid_viommu_create(memory, net, &type, &viommu), "creating a vIOMMU");
	check(ioasid_viommu_create_events(viommu, &format, &events), "creating an event queue");

	printf("2. The guest sets up its page table; the card becomes StreamID %#x.\n", STREAM);
	guest_maps(PACKET1);
	attach(ctx, viommu, net);
	show(dma, "packet one");

	printf("3. The guest maps another page, and invalidates.\n");
	guest_maps(PACKET2);
	pass_commands(viommu);
	show(dma, "packet two");

	printf("4. The card uses an address that the guest has not mapped.\n");
	expect(ioasid_dma_read(dma, IOVA + 4096, &byte, 1) < 0, "a fault");
	pass_event(events);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
