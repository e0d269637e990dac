/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Shared virtual addressing (SVA) in a guest: each of its processes has an address space of its own
 * on one device, by PASID.
 *
 * The guest's memory is a root space. For each process that the guest binds to the device, the VMM
 * makes a space on it, binds the process's page table there (the CPU's own format), and attaches
 * the device for the PASID that the guest has chosen. Two processes use the same address, and reach
 * different memory; when one of them exits, its PASID is blocked, and the other's goes on.
 */
#include "example.h"

#include <endian.h>

#define MEMORY	(4u << 20)	/* of the guest, from guest address 0 */
#define PAGE	4096u
#define BUFFER	0x7f0000400000u	/* the address that both processes use */

#define PRESENT	(1u << 0)	/* of an entry of a first-stage or x86-64 table */
#define WRITE	(1u << 1)
#define USER	(1u << 2)

static unsigned char *memory;
static uint64_t next_page = PAGE;	/* the guest's allocator */

static uint64_t new_page(void)
{
	uint64_t page = next_page;

	next_page += PAGE;
	expect(next_page <= MEMORY, "memory left for the guest");
	return page;
}

static uint64_t *entry_of(uint64_t table, uint64_t address, unsigned int level)
{
	return (uint64_t *)(void *)(memory + table) + (address >> (12 + 9 * (level - 1)) & 511);
}

/* The guest's kernel maps @address in a process with the page table @root. Returns the page. */
static uint64_t guest_map(uint64_t root, uint64_t address)
{
	uint64_t table = root, page;
	unsigned int level;

	for (level = 4; level; level--) {
		uint64_t *entry = entry_of(table, address, level);

		page = new_page();
		*entry = htole64(page | PRESENT | WRITE | USER);
		table = page;
	}
	return page;
}

/* What the VMM does when the guest binds a process to the device. */
static struct ioasid_space *bind_process(struct ioasid_ctx *ctx, struct ioasid_device *device,
					 struct ioasid_space *root, uint32_t pasid,
					 uint64_t page_table)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_space *space;
	uint32_t ppasid;

	options.parent = root;
	check(ioasid_space_create(ctx, &options, &space), "creating a space for the process");
	table.format = IOASID_PGTABLE_VTD_FS;
	table.levels = 4;
	table.root = page_table;
	check(ioasid_space_bind_pgtable(space, &table), "binding the process's page table");
	check(ioasid_device_attach_pasid(device, pasid, space), "attaching the PASID");
	check(ioasid_device_get_ppasid(device, pasid, &ppasid), "looking up the PASID on the bus");
	printf("  PASID %u of the guest: space %u, PASID %u on the bus\n", pasid,
	       ioasid_space_get_id(space), ppasid);
	return space;
}

/* What the VMM does when the guest says that all of a PASID's translations are stale. */
static void invalidate(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t pasid)
{
	ioasid_inv_reset(inv);
	check(ioasid_inv_add_pasid(inv, device, pasid, 0), "adding an invalidation");
	check(ioasid_inv_submit(inv, NULL), "invalidating");
}

int main(int argc, char **argv)
{
	static const uint32_t pasid[2] = { 100, 200 };
	struct ioasid_space *root, *space[2];
	struct ioasid_event_queue *faults;
	struct ioasid_channel *dma[2];
	struct ioasid_device *device;
	struct ioasid_event event;
	struct ioasid_inv *inv;
	struct ioasid_ctx *ctx;
	struct arguments a;
	uint64_t table[2], page[2];
	char text[8];
	int i;

	a = parse_arguments(argc, argv, "Two processes of a guest on one device.");
	ctx = open_context(&a, 0, NULL);
	need(ctx, IOASID_CAP_PASID);
	need(ctx, IOASID_CAP_DMA);	/* an edu has no PASIDs */
	check(ioasid_event_queue_create(ctx, 0, &faults), "creating an event queue");
	check(ioasid_inv_new(ctx, 0, &inv), "making a batch");
	device = bind_device(ctx, &a, 0, "0000:00:01.0");
	check(ioasid_space_create(ctx, NULL, &root), "creating the root");
	memory = map_new(root, 0, MEMORY);

	printf("The guest binds two processes to the device.\n");
	for (i = 0; i < 2; i++) {
		table[i] = new_page();
		page[i] = guest_map(table[i], BUFFER);
		snprintf((char *)memory + page[i], PAGE, "proc %d", i);
		space[i] = bind_process(ctx, device, root, pasid[i], table[i]);
		check(ioasid_channel_open(device, pasid[i], &dma[i]), "opening a channel");
	}

	printf("Both use one address, and each finds its own memory there.\n");
	for (i = 0; i < 2; i++) {
		check(ioasid_dma_read(dma[i], BUFFER, text, sizeof(text)), "reading");
		printf("  PASID %u reads: %s\n", pasid[i], text);
		expect(text[5] == '0' + i, "the process's own memory");
	}

	printf("A process unmaps the page; the guest invalidates the PASID.\n");
	*entry_of(table[0], BUFFER, 4) = 0;
	invalidate(inv, device, pasid[0]);
	expect(ioasid_dma_read(dma[0], BUFFER, text, 1) < 0, "a fault");
	expect(ioasid_event_queue_read(faults, &event, 1) == 1 && event.pasid == pasid[0],
	       "a fault that names the guest's PASID");
	printf("  PASID %u: %s\n", event.pasid, ioasid_fault_reason_text(event.reason));

	printf("It exits. The other process goes on.\n");
	check(ioasid_device_detach_pasid(device, pasid[0]), "detaching the PASID");
	check(ioasid_space_destroy(space[0]), "destroying its space");
	expect(ioasid_dma_read(dma[0], BUFFER, text, 1) < 0, "a blocked request");
	check(ioasid_dma_read(dma[1], BUFFER, text, sizeof(text)), "reading");
	printf("  PASID %u reads: %s\n", pasid[1], text);

	ioasid_inv_free(inv);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
