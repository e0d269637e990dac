/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A guest's PASID table bound whole: from then on the guest gives its processes address spaces on
 * the device by itself, and the VMM hears of it only when something is to be invalidated.
 *
 * The guest's memory is a root space. On it is one space, to which the VMM binds the guest's PASID
 * table, here that of Intel VT-d in scalable mode: a directory of tables of 64 entries, each of
 * which leads to a process's page table.
 */
#include "example.h"

#include <endian.h>

#define MEMORY	(4u << 20)	/* of the guest, from guest address 0 */
#define PAGE	4096u
#define PASIDS	13u		/* bits: the directory is 1 KiB */
#define BUFFER	0x7f0000400000u	/* the address that all processes use */

/* VT-d specification 4.1: entries of first-stage tables (9.7), PASID-table entries (9.6). */
#define PRESENT	(1u << 0)
#define WRITE	(1u << 1)
#define USER	(1u << 2)
#define FIRST_STAGE (1u << 6)	/* PGTT */

/* What the guest's IOMMU tells it, ECAP_REG (11.4.3): SMTS, FSTS, and PSS: 20 bits. */
#define ECAP	(UINT64_C(1) << 43 | UINT64_C(1) << 47 | UINT64_C(19) << 35)

static const char machine[] =
	"iommu iommu0 pasid-bits=20\n"
	"device accelerator iommu=iommu0 pasid-bits=20 pasid-table=user\n";

static unsigned char *memory;
static uint64_t next_page = PAGE;	/* the guest's allocator */

static uint64_t new_page(void)
{
	uint64_t page = next_page;

	next_page += PAGE;
	expect(next_page <= MEMORY, "memory left for the guest");
	return page;
}

static uint64_t *at(uint64_t address)
{
	return (uint64_t *)(void *)(memory + address);
}

/* A process of the guest's with one page at BUFFER, which holds @text. Returns its page table. */
static uint64_t new_process(const char *text)
{
	uint64_t root = new_page(), table = root, page;
	unsigned int level;

	for (level = 4; level; level--) {
		page = new_page();
		*at(table + 8 * (BUFFER >> (12 + 9 * (level - 1)) & 511)) =
			htole64(page | PRESENT | WRITE | USER);
		table = page;
	}
	strcpy((char *)memory + table, text);
	return root;
}

/* What the guest's driver does to bind a process to the device; 0: to unbind it. */
static void guest_set_pasid(uint64_t directory, uint32_t pasid, uint64_t page_table)
{
	uint64_t *entry = at(directory + 8 * (pasid >> 6)), table;

	if (!*entry)
		*entry = htole64(new_page() | PRESENT);
	table = le64toh(*entry) & ~(uint64_t)(PAGE - 1);
	entry = at(table + 64 * (pasid & 63));
	entry[0] = 0;
	entry[2] = htole64(page_table);
	entry[0] = page_table ? htole64(PRESENT | FIRST_STAGE) : 0;
}

static struct ioasid_space *bind_table(struct ioasid_ctx *ctx, struct ioasid_space *root,
				       uint64_t directory)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	struct ioasid_space *space;

	options.parent = root;
	check(ioasid_space_create(ctx, &options, &space), "creating a space");
	table.format = IOASID_PASID_TABLE_VTD;
	table.levels = 2;
	table.pasid_bits = PASIDS;
	table.base = directory;
	table.caps[1] = ECAP;
	check(ioasid_space_bind_pasid_table(space, &table), "binding the guest's PASID table");
	return space;
}

static void show(struct ioasid_device *device, uint32_t pasid, const char *expected)
{
	struct ioasid_channel *dma;
	char text[16] = "";
	int ret;

	check(ioasid_channel_open(device, pasid, &dma), "opening a channel");
	ret = ioasid_dma_read(dma, BUFFER, text, sizeof(text));
	printf("  PASID %u: %s\n", pasid, ret ? ioasid_errmsg() : text);
	expect(expected ? !ret && !strcmp(text, expected) : ret < 0, "what the guest has set up");
	check(ioasid_channel_close(dma), "closing the channel");
}

int main(int argc, char **argv)
{
	struct ioasid_space *root, *space;
	struct ioasid_device *device;
	struct ioasid_inv *inv;
	struct ioasid_ctx *ctx;
	struct arguments a;
	uint64_t directory;

	a = parse_arguments(argc, argv, "A guest's PASID table, bound whole.");
	ctx = open_context(&a, 0, machine);
	need(ctx, IOASID_CAP_USER_PASID_TABLE);
	need(ctx, IOASID_CAP_DMA);	/* an edu has no PASIDs */
	check(ioasid_inv_new(ctx, 0, &inv), "making a batch");
	device = bind_device(ctx, &a, 0, "accelerator");
	check(ioasid_space_create(ctx, NULL, &root), "creating the root");
	memory = map_new(root, 0, MEMORY);

	printf("The guest sets up a PASID directory; the VMM binds it.\n");
	directory = new_page();
	space = bind_table(ctx, root, directory);
	check(ioasid_device_attach(device, space), "attaching the device");
	show(device, 100, NULL);

	printf("The guest binds two processes. The VMM has nothing to do.\n");
	guest_set_pasid(directory, 100, new_process("a browser"));
	guest_set_pasid(directory, 200, new_process("a database"));
	show(device, 100, "a browser");
	show(device, 200, "a database");

	printf("PASID 100 goes to another process; the guest invalidates that PASID.\n");
	guest_set_pasid(directory, 100, new_process("a compiler"));
	check(ioasid_inv_add_pasid(inv, device, 100, 0), "adding an invalidation");
	check(ioasid_inv_submit(inv, NULL), "invalidating");
	show(device, 100, "a compiler");
	show(device, 200, "a database");

	printf("The guest unbinds everybody, and invalidates all of the device.\n");
	guest_set_pasid(directory, 100, 0);
	guest_set_pasid(directory, 200, 0);
	ioasid_inv_reset(inv);
	check(ioasid_inv_add_device(inv, device, 0), "adding an invalidation");
	check(ioasid_inv_submit(inv, NULL), "invalidating");
	show(device, 100, NULL);
	show(device, 200, NULL);

	ioasid_inv_free(inv);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
