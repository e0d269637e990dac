/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a guest begins and ends. */
#include <errno.h>
#include <sys/mman.h>

#include "guest.h"

static const char *const names[SPACES] = { "0000:00:01.0", "0000:00:02.0", "0000:00:03.0" };

static struct ioasid_platform *three_devices(void)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	static struct ioasid_platform *platform;
	int i;

	if (platform)
		return platform;
	iommu.name = device.iommu = "wide";
	iommu.address_bits = 57;
	iommu.hardware_nesting = true;
	must_succeed(ioasid_platform_new(&platform));
	must_succeed(ioasid_platform_add_iommu(platform, &iommu));
	for (i = 0; i < SPACES; i++) {
		device.name = names[i];
		must_succeed(ioasid_platform_add_device(platform, &device));
	}
	return platform;
}

/* The same for all inputs; only the tables are ever written. */
static uint8_t *fresh_memory(void)
{
	static uint8_t *memory;

	if (!memory)
		memory = mmap(NULL, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(memory != MAP_FAILED, "no memory");
	memset(memory, 0, TABLE_PAGES * PAGE);
	return memory;
}

static void open_space(struct guest *g, int s, bool is_table, enum ioasid_fill fill)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct space *space = &g->at[s];

	space->exists = true;
	space->is_table = is_table;
	space->on_demand = fill == IOASID_FILL_ON_DEMAND || space->hardware;
	if (s != ROOT) {
		options.parent = g->at[s - 1].space;
		options.nesting = space->hardware ? IOASID_NESTING_HARDWARE :
						    IOASID_NESTING_SOFTWARE;
		options.fill = space->hardware ? 0 : fill;
	}
	must_succeed(ioasid_space_create(g->ctx, &options, &space->space));
	must_succeed(ioasid_device_bind(g->ctx, names[s], (uint64_t)s, &space->device));
	must_succeed(ioasid_device_attach(space->device, space->space));
	must_succeed(ioasid_channel_open(space->device, IOASID_NO_PASID, &space->channel));
}

void map_pages(struct guest *g, int s, const struct mapping *m)
{
	struct space *space = &g->at[s];
	int want = overlaps(space, m->start, m->length) ? -EEXIST : 0, rc;

	if (space->n_mappings == MAX_MAPPINGS)
		return;
	if (s == ROOT)
		rc = ioasid_space_map(space->space, m->start * PAGE, g->memory + m->target * PAGE,
				      m->length * PAGE, m->perm, NULL);
	else
		rc = ioasid_space_map_parent(space->space, m->start * PAGE, m->target * PAGE,
					     m->length * PAGE, m->perm, NULL);
	trace("%ju: space %d, map %#jx, %#jx pages, to %#jx, access %u: %d", (uintmax_t)g->time, s,
	      (uintmax_t)m->start, (uintmax_t)m->length, (uintmax_t)m->target, m->perm, rc);
	must(rc == want, "space %d, map %#jx, %#jx pages: %d, expected %d: %s", s,
	     (uintmax_t)m->start, (uintmax_t)m->length, rc, want, ioasid_errmsg());
	if (!rc)
		space->mappings[space->n_mappings++] = *m;
}

/* Options: a bit for the format, levels, address width, page sizes. */
void bind_table(struct guest *g, int s, uint64_t root, unsigned int options)
{
	static const uint32_t widths[] = { 0, 52, 46, 39, 0, 32, 36, 0 };
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct space *space = &g->at[s];

	/* A walk in hardware sets flags in first-stage tables, which the referee knows nothing of. */
	if (space->hardware)
		options &= ~1u;
	p.format = options & 1 ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS;
	p.levels = options & 2 ? 5 : options & 4 && !(options & 1) ? 3 : 4;
	p.address_bits = widths[options >> 3 & 7];
	p.flags = options >> 6 & 3;
	p.root = root * PAGE;
	if (root >> (p.address_bits ? p.address_bits - 12 : 40))
		p.root = 0;
	trace("%ju: space %d, bind %#jx, format %d, %u levels, %u bits, flags %u, on demand %d",
	      (uintmax_t)g->time, s, (uintmax_t)p.root, (int)p.format, p.levels, p.address_bits,
	      p.flags, space->on_demand);
	must_succeed(ioasid_space_bind_pgtable(space->space, &p));
	space->table = (struct vtdw_table){
		.first_stage = options & 1, .levels = p.levels, .root = p.root,
		.haw = p.address_bits ? p.address_bits : 52,
		.page_2m = !(p.flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(p.flags & IOASID_PGTABLE_NO_1G), .snoop_control = true,
	};
	space->bound = true;
	note_pass(g, s, 0, UINT64_MAX);
}

/*
 * Tables of four levels that translate the first pages to the same of the parent, and 2 MiB of its
 * large mapping.
 */
static void fill_tables(struct guest *g, unsigned int first_page)
{
	unsigned int i, at = first_page * 512;

	/* Present, readable, writable in both formats; U/S is ignored in the one that has none. */
	for (i = 0; i < 3; i++)
		store_entry(g, at + i * 512, (first_page + i + 1) * PAGE | 7);
	store_entry(g, at + 2 * 512 + 1, LARGE * PAGE | 0x87);
	for (i = 0; i < SMALL; i++)
		store_entry(g, at + 3 * 512 + i, i * PAGE | 7);
}

void guest_open(struct guest *g, uint64_t options)
{
	static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION,
						  IOASID_FILL_ON_DEMAND };
	struct ioasid_ctx_options ctx_options = IOASID_CTX_OPTIONS_INIT;
	struct mapping small = { 0, SMALL, 0, RW }, large = { LARGE, LARGE + 64, 0, RW };
	bool map_first = options >> 7 & 1, map_second = options >> 6 & 1;

	memset(g, 0, sizeof(*g));
	g->memory = fresh_memory();
	g->audit = options & 1;
	ctx_options.backend = "emulated";
	ctx_options.platform = three_devices();
	ctx_options.flags = g->audit ? IOASID_CTX_AUDIT : 0;
	must_succeed(ioasid_ctx_open(&ctx_options, &g->ctx));
	must_succeed(ioasid_inv_new(g->ctx, 0, &g->inv));
	if (options & 3)
		must_succeed(ioasid_event_queue_create(g->ctx, 0, &g->queue));
	open_space(g, ROOT, false, 0);
	if (!(options & 4)) /* else the first pages are of the large mapping too */
		map_pages(g, ROOT, &small);
	else
		large = (struct mapping){ 0, LARGE + 64, 0, RW };
	map_pages(g, ROOT, &large);
	fill_tables(g, 0);
	fill_tables(g, 4);
	/* With one table and without the audit; else the bit has no meaning. */
	g->at[FIRST].hardware = options >> 16 & 1 && !map_first && !(options & 0x21);
	open_space(g, FIRST, !map_first, fills[options >> 3 & 1]);
	if (map_first)
		map_pages(g, FIRST, &small);
	else
		bind_table(g, FIRST, options >> 8 & 4 ? 1 : 0, options >> 8 & 0xff);
	if (!(options & 0x20))
		return;
	open_space(g, SECOND, !map_second, fills[options >> 4 & 1]);
	if (map_second)
		map_pages(g, SECOND, &small);
	else
		bind_table(g, SECOND, options >> 16 & 4 ? 5 : 4, options >> 16 & 0xff);
}

void guest_close(struct guest *g)
{
	ioasid_inv_free(g->inv);
	must_succeed(ioasid_ctx_close(g->ctx));
}
