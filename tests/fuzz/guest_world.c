/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a guest begins and ends. */
#include <errno.h>
#include <sys/mman.h>

#include "guest.h"

#define EXPLICIT 3u /* a device TLB that has to be told by itself */

static const char *const names[SPACES] = { "0000:00:01.0", "0000:00:02.0", "0000:00:03.0" };

/* What IOMMU and devices have of caches: two bits for each; made once. */
static struct ioasid_platform *three_devices(unsigned int iotlb, unsigned int tlb)
{
	static const struct ioasid_platform_iotlb iotlbs[] = {
		{ 0 },
		{ .entries = 1, .structures = 1 },
		{ .entries = 8, .ways = 2, .structures = 8 },
		{ .entries = 4, .replacement = IOASID_REPLACE_RANDOM, .seed = 5 },
	};
	static const uint32_t tlbs[] = { 0, 1, 16, 4 };
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	static struct ioasid_platform *platforms[4][4];
	struct ioasid_platform **platform = &platforms[iotlb][tlb];
	int i;

	if (*platform)
		return *platform;
	iommu.name = device.iommu = "wide";
	iommu.address_bits = 59;
	iommu.hardware_nesting = true;
	iommu.iotlb = iotlbs[iotlb];
	device.device_tlb = tlbs[tlb];
	device.device_tlb_explicit = tlb == EXPLICIT;
	must_succeed(ioasid_platform_new(platform));
	must_succeed(ioasid_platform_add_iommu(*platform, &iommu));
	for (i = 0; i < SPACES; i++) {
		device.name = names[i];
		must_succeed(ioasid_platform_add_device(*platform, &device));
	}
	return *platform;
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
	} else if (g->tracked) {
		options.flags = IOASID_SPACE_DIRTY_TRACKING;
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

/*
 * AArch64: 4 KiB pages; the same, with stage 2 from two root tables on, and stage 1 with a second
 * tree for high addresses; 16 KiB; 64 KiB, 52 bits.
 */
static void choose_granule(struct ioasid_pgtable *p, unsigned int kind)
{
	static const uint32_t granules[] = { 12, 12, 14, 16 };

	p->granule_bits = granules[kind];
	if (kind == 1 && p->format == IOASID_PGTABLE_ARM_S2) {
		p->levels = 3;
		p->input_bits = 40;
	}
	if (kind == 1 && p->format == IOASID_PGTABLE_ARM_S1) {
		p->input_bits = p->upper_input_bits = 48;
		p->upper_levels = 4;
	}
	if (kind != 3)
		return;
	p->levels = 3;
	p->input_bits = 48;
	p->address_bits = 52;
	p->flags |= IOASID_PGTABLE_WIDE;
}

#define SETS (IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY)

/*
 * Of those that are not VT-d's: three bits for the format and levels. The IOMMU is to set no flags
 * in tables, which the referee would not know of.
 */
static void choose_format(struct ioasid_pgtable *p, bool hardware, unsigned int options)
{
	static const enum ioasid_pgtable_format others[] = {
		IOASID_PGTABLE_ARM_S1, IOASID_PGTABLE_ARM_S2, IOASID_PGTABLE_AMD_V1,
		IOASID_PGTABLE_AMD_V1, IOASID_PGTABLE_AMD_V2, IOASID_PGTABLE_RISCV,
		IOASID_PGTABLE_RISCV_S2, IOASID_PGTABLE_AMD_V1,
	};
	static const uint32_t levels[] = { 4, 4, 4, 5, 4, 4, 5, 3 };
	static const uint32_t flags[] = {
		[IOASID_PGTABLE_ARM_S1] = SETS,
		[IOASID_PGTABLE_ARM_S2] = SETS,
		[IOASID_PGTABLE_AMD_V2] = IOASID_PGTABLE_PRIVILEGED,
		[IOASID_PGTABLE_RISCV] = SETS | IOASID_PGTABLE_MEMORY_TYPES,
		[IOASID_PGTABLE_RISCV_S2] = SETS | IOASID_PGTABLE_SOFTWARE_BITS,
	};

	if (hardware && others[options & 7] == IOASID_PGTABLE_AMD_V2)
		options ^= 5; /* stage 2 */
	p->format = others[options & 7];
	p->levels = levels[options & 7];
	p->address_bits = options & 64 ? 40 : 0;
	p->flags = options & 128 && !hardware ? flags[p->format] : 0;
	if (p->format == IOASID_PGTABLE_ARM_S1 || p->format == IOASID_PGTABLE_ARM_S2)
		choose_granule(p, options >> 6 & 3);
}

/*
 * Options: a bit for the format, levels, address width, page sizes. One width, which would be that
 * of another, stands for the formats that are not VT-d's.
 */
static void choose_table(struct ioasid_pgtable *p, const struct space *space, unsigned int options)
{
	static const uint32_t widths[] = { 0, 52, 46, 39, 0, 32, 36, 0 };

	if ((options >> 3 & 7) == 7) {
		choose_format(p, space->hardware, options);
		return;
	}
	/* A hardware walk sets flags in first-stage tables, which the referee knows nothing of. */
	if (space->hardware)
		options &= ~1u;
	p->format = options & 1 ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS;
	p->levels = options & 2 ? 5 : options & 4 && !(options & 1) ? 3 : 4;
	p->address_bits = widths[options >> 3 & 7];
	p->flags = options >> 6 & 3;
}

void bind_table(struct guest *g, int s, uint64_t root, unsigned int options)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct space *space = &g->at[s];
	uint64_t tables; /* side by side */

	choose_table(&p, space, options);
	tables = p.format == IOASID_PGTABLE_RISCV_S2 ? 4 : p.input_bits == 40 ? 2 : 1;
	p.root = (root & ~(tables - 1)) * PAGE;
	if (root >> ((p.address_bits ? p.address_bits : 48) - 12))
		p.root = 0;
	if (p.upper_levels) /* tables that the other tree has one level lower */
		p.upper_root = (root + 1) % TABLE_PAGES * PAGE;
	trace("%ju: space %d, bind %#jx, format %d, %u levels, %u bits, flags %u, on demand %d",
	      (uintmax_t)g->time, s, (uintmax_t)p.root, (int)p.format, p.levels, p.address_bits,
	      p.flags, space->on_demand);
	must_succeed(ioasid_space_bind_pgtable(space->space, &p));
	space->table = p;
	space->bound = true;
	note_pass(g, s, 0, UINT64_MAX);
}

uint64_t entry_value(const struct space *space, unsigned int level, uint64_t target, bool large,
		     unsigned int bits)
{
	uint64_t at = target * PAGE, next = bits & 4 && level > 1 ? level - 2 : level - 1;

	switch (space->table.format) {
	case IOASID_PGTABLE_ARM_S1: /* AP[2:1], the access flag */
	case IOASID_PGTABLE_ARM_S2:
		return at | (large ? 1 : 3) | (uint64_t)(bits & 3) << 6 | (bits & 4 ? 0 : 0x400);
	case IOASID_PGTABLE_AMD_V1: /* IR, IW; a level skipped, or the size in the address */
		if (large)
			next = bits & 4 ? 7 : 0;
		return at | 1 | (uint64_t)(bits & 3) << 61 | next << 9;
	case IOASID_PGTABLE_RISCV: /* R, W, U, A; D, N */
	case IOASID_PGTABLE_RISCV_S2:
		if (!large && level > 1)
			return at >> 2 | 1;
		return at >> 2 | 0x51 | (bits & 3) << 1 | (bits & 1) << 7 |
		       (uint64_t)(bits >> 2) << 63;
	default:
		return at | bits | (large ? 0x80 : 0);
	}
}

/*
 * Tables of four levels that translate the first pages to the same of the parent, and 2 MiB of its
 * large mapping.
 */
static void fill_tables(struct guest *g, const struct space *space, unsigned int first_page)
{
	/* Present, readable, writable in VT-d's formats; U/S is ignored in the one without it. */
	unsigned int i, at = first_page * 512, bits = 7;

	if (space->table.format == IOASID_PGTABLE_ARM_S1)
		bits = 1; /* AP[1] only */
	else if (space->table.format >= IOASID_PGTABLE_ARM_S2 &&
		 space->table.format != IOASID_PGTABLE_AMD_V2)
		bits = 3;
	for (i = 0; i < 3; i++)
		store_entry(g, at + i * 512,
			    entry_value(space, 4 - i, first_page + i + 1, false, bits));
	store_entry(g, at + 2 * 512 + 1, entry_value(space, 2, LARGE, true, bits));
	for (i = 0; i < SMALL; i++)
		store_entry(g, at + 3 * 512 + i, entry_value(space, 1, i, false, bits));
}

void guest_open(struct guest *g, uint64_t options)
{
	static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION,
						  IOASID_FILL_ON_DEMAND };
	struct mapping small = { 0, SMALL, 0, RW }, large = { LARGE, LARGE + 64, 0, RW };
	bool map_first = options >> 7 & 1, map_second = options >> 6 & 1;
	unsigned int tlb = options >> 27 & 3;

	memset(g, 0, sizeof(*g));
	g->memory = fresh_memory();
	g->audit = options & 1;
	g->tracked = options >> 24 & 1;
	g->ctx = open_emulated(three_devices(options >> 25 & 3, tlb),
			       g->audit ? IOASID_CTX_AUDIT : 0);
	must_succeed(ioasid_inv_new(g->ctx, 0, &g->inv));
	if (options & 3)
		must_succeed(ioasid_event_queue_create(g->ctx, 0, &g->queue));
	open_space(g, ROOT, false, 0);
	if (!(options & 4)) /* else the first pages are of the large mapping too */
		map_pages(g, ROOT, &small);
	else
		large = (struct mapping){ 0, LARGE + 64, 0, RW };
	map_pages(g, ROOT, &large);
	/* With one table and without the audit; else the bit has no meaning. */
	g->at[FIRST].tells_device = tlb == EXPLICIT;
	g->at[FIRST].hardware = options >> 16 & 1 && !map_first && !(options & 0x21);
	choose_table(&g->at[FIRST].table, &g->at[FIRST], options >> 8 & 0xff);
	choose_table(&g->at[SECOND].table, &g->at[SECOND], options >> 16 & 0xff);
	fill_tables(g, &g->at[FIRST], 0);
	fill_tables(g, &g->at[SECOND], 4);
	open_space(g, FIRST, !map_first, fills[options >> 3 & 1]);
	if (map_first)
		map_pages(g, FIRST, &small);
	else
		bind_table(g, FIRST, g->at[FIRST].table.levels == 3 ? 1 : 0, options >> 8 & 0xff);
	if (!(options & 0x20))
		return;
	open_space(g, SECOND, !map_second, fills[options >> 4 & 1]);
	if (map_second)
		map_pages(g, SECOND, &small);
	else
		bind_table(g, SECOND, g->at[SECOND].table.levels == 3 ? 5 : 4,
			   options >> 16 & 0xff);
}

void guest_close(struct guest *g)
{
	ioasid_inv_free(g->inv);
	must_succeed(ioasid_ctx_close(g->ctx));
}
