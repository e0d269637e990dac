/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thousand PASIDs that share one page table of a guest's. First uses of PASIDs, each looked up in
 * the guest's PASID table, against the loads that a walk by hand takes; and attachments by PASID to
 * a space with that table, against entries in an array.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "world.h"

#define PASIDS 1000u
#define SIZE   (16 * MIB)
#define DIR    PAGE		/* guest addresses */
#define FIRST  (2 * PAGE)	/* of 16 PASID tables, then of page tables */
#define DATA   (8 * MIB)

static const char platform_text[] =
	"iommu iommu0 pasid-bits=16\n"
	"device user iommu=iommu0 pasid-bits=16 pasid-table=user\n"
	"device kernel iommu=iommu0 pasid-bits=16\n";

struct many {
	struct ioasid_ctx *ctx;
	struct ioasid_device *user, *kernel;
	struct ioasid_space *root, *whole, *child;
	struct ioasid_channel *channel[PASIDS];
	struct guest_table table;
	void *slot[PASIDS];
	char *memory;
};

static uint64_t *word(struct many *m, uint64_t addr)
{
	return (uint64_t *)(void *)(m->memory + addr);
}

static void open_devices(struct many *m)
{
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;

	check(ioasid_platform_parse(platform_text, strlen(platform_text), &platform), "platform");
	open.backend = "emulated";
	open.platform = platform;
	check(ioasid_ctx_open(&open, &m->ctx), "context");
	ioasid_platform_free(platform);
	check(ioasid_device_bind(m->ctx, "user", 1, &m->user), "binding");
	check(ioasid_device_bind(m->ctx, "kernel", 2, &m->kernel), "binding");
}

/* PASID-table entries (VT-d 4.1, 9.6): P, second-stage, 4 levels. */
static void write_tables(struct many *m)
{
	uint32_t pasid;

	guest_init(&m->table, m->memory, FIRST + 16 * PAGE, DATA);
	guest_store(guest_entry(&m->table, 0), guest_leaf(DATA));
	for (pasid = 1; pasid <= PASIDS; pasid++) {
		uint64_t at = FIRST + (uint64_t)(pasid >> 6) * PAGE;

		guest_store(word(m, DIR + 8 * (uint64_t)(pasid >> 6)), at | 1);
		guest_store(word(m, at + 64 * (uint64_t)(pasid & 63)),
			    m->table.root | 1 | 2 << 6 | 2 << 2);
	}
}

static void bind_table(struct many *m)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_VTD;
	t.levels = 2;
	t.pasid_bits = 16;
	t.base = DIR;
	/* AGAW of 48 bits; SMTS, SSTS, and PSS: 16 bits (11.4.2, 11.4.3) */
	t.caps[0] = UINT64_C(47) << 16 | 4 << 8;
	t.caps[1] = UINT64_C(1) << 43 | UINT64_C(1) << 46 | UINT64_C(15) << 35;
	check(ioasid_space_bind_pasid_table(m->whole, &t), "binding a PASID table");
}

static void open_many(struct many *m)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	uint32_t i;

	m->memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(m->memory == MAP_FAILED ? NULL : m->memory);
	open_devices(m);
	write_tables(m);
	check(ioasid_space_create(m->ctx, NULL, &m->root), "space");
	check(ioasid_space_map(m->root, 0, m->memory, SIZE, RW, NULL), "map");
	nested.parent = m->root;
	nested.nesting = IOASID_NESTING_SOFTWARE;
	check(ioasid_space_create(m->ctx, &nested, &m->whole), "space");
	check(ioasid_space_create(m->ctx, &nested, &m->child), "space");
	guest_bind(m->child, m->table.root);
	check(ioasid_device_attach(m->user, m->whole), "attach");
	for (i = 0; i < PASIDS; i++)
		check(ioasid_channel_open(m->user, i + 1, &m->channel[i]), "channel");
}

static double first_uses(struct many *m)
{
	uint64_t start, sum = 0, byte = 0;
	uint32_t i;

	bind_table(m);
	start = now_ns();
	for (i = 0; i < PASIDS; i++) {
		check(ioasid_dma_read(m->channel[i], 0, &byte, 1), "DMA");
		sum += byte;
	}
	sink = sum;
	return per_op(start, PASIDS);
}

/* Directory entry, PASID-table entry, four levels, and the byte. */
static double walks(struct many *m)
{
	uint64_t start = now_ns(), sum = 0;
	uint32_t pasid, level;

	for (pasid = 1; pasid <= PASIDS; pasid++) {
		uint64_t at = guest_load(word(m, DIR + 8 * (uint64_t)(pasid >> 6))) & ~(PAGE - 1);

		at = guest_load(word(m, at + 64 * (uint64_t)(pasid & 63))) & ~(PAGE - 1);
		for (level = 4; level; level--)
			at = guest_load(word(m, at)) & ~(PAGE - 1);
		sum += (unsigned char)m->memory[at];
	}
	sink = sum;
	return per_op(start, PASIDS);
}

static double attaches(struct many *m)
{
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 1; i <= PASIDS; i++)
		check(ioasid_device_attach_pasid(m->kernel, i, m->child), "attach");
	for (i = 1; i <= PASIDS; i++)
		check(ioasid_device_detach_pasid(m->kernel, i), "detach");
	return per_op(start, PASIDS);
}

static double slots(struct many *m)
{
	uint64_t start = now_ns();
	uint32_t i;

	for (i = 0; i < PASIDS; i++)
		__atomic_store_n(&m->slot[i], m->child, __ATOMIC_RELEASE);
	for (i = 0; i < PASIDS; i++)
		__atomic_store_n(&m->slot[i], NULL, __ATOMIC_RELEASE);
	return per_op(start, PASIDS);
}

static void run(const struct measure *m)
{
	struct series *look_up = series_new(&m[0]), *attach = series_new(&m[1]);
	struct many *many = need_calloc(1, sizeof(*many));
	unsigned int i, todo = rounds(81);

	open_many(many);
	for (i = 0; i < todo; i++) {
		double ref = walks(many);

		series_add(look_up, first_uses(many), ref);
		ref = slots(many);
		series_add(attach, attaches(many), ref);
	}
	series_report(look_up);
	series_report(attach);
	check(ioasid_ctx_close(many->ctx), "closing the context");
	munmap(many->memory, SIZE);
	free(many);
}

static const struct measure measures[] = {
	{ "pasid-first-use", "ns", "the guest's tables walked by hand", NO_TARGET, 0 },
	{ "pasid-attach-detach", "ns", "entries in an array", NO_TARGET, 0 },
};

const struct group pasid_group = { measures, N_ELEMENTS(measures), run };
