/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the random world begins. */
#include <string.h>

#include "random_world.h"

static struct ioasid_platform *six_devices(void)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	struct ioasid_platform *platform;
	int s;

	iommu.name = device.iommu = "iommu";
	ck_ok(ioasid_platform_new(&platform));
	ck_ok(ioasid_platform_add_iommu(platform, &iommu));
	for (s = 0; s < SPACES; s++) {
		device.name = space_name(s);
		ck_ok(ioasid_platform_add_device(platform, &device));
	}
	device.name = "guest";
	ck_ok(ioasid_platform_add_device(platform, &device));
	ck_ok(ioasid_platform_add_reserved(platform, "guest", 100 * PAGE, 4 * PAGE));
	return platform;
}

static void space_open(struct world *w, int s, int parent, enum ioasid_fill fill)
{
	struct ioasid_space_options tracked = IOASID_SPACE_OPTIONS_INIT;
	struct model_space *m = &w->at[s];

	m->parent = parent;
	if (s == ROOT) {
		tracked.flags = IOASID_SPACE_DIRTY_TRACKING;
		ck_ok(ioasid_space_create(w->ctx, &tracked, &m->space));
	} else {
		m->space = make_space(w->ctx, parent < 0 ? NULL : w->at[parent].space, fill);
	}
	ck_ok(ioasid_device_bind(w->ctx, space_name(s), (uint64_t)s, &m->device));
	ck_ok(ioasid_device_attach(m->device, m->space));
	m->channel = channel_new(m->device, IOASID_NO_PASID);
}

/* A table of the guest that fills @s: its pages are those of the memory from @first on. */
static void table_open(struct world *w, int s, enum ioasid_pgtable_format format,
		       uint64_t parent_page, uint64_t first)
{
	struct model_space *m = &w->at[s];
	uint64_t i;

	m->is_table = true;
	gt_init(&m->format, format, 4, w->memory + first * PAGE, parent_page * PAGE,
		parent_page * PAGE, (parent_page + 6) * PAGE);
	m->table_root = parent_page;
	for (i = 0; i < WINDOW; i += 1 + i % 3)
		gt_map(&m->format, (m->base + i) * PAGE, (parent_page + 12 + i % 40) * PAGE, PAGE,
		       1, i % 5 ? RW : IOASID_READ);
	ck_ok(bind_table(m->space, format, 4, m->table_root * PAGE));
	m->bound = true;
}

static void map_open(struct world *w, int s, uint64_t start, uint64_t length, uint64_t target)
{
	struct model_mapping mapping = { start, length, target, RW, true, NULL };
	struct model_space *m = &w->at[s];

	if (m->parent < 0)
		ck_ok(ioasid_space_map(m->space, start * PAGE, w->memory + target * PAGE,
				       length * PAGE, RW, &mapping.handle));
	else
		ck_ok(ioasid_space_map_parent(m->space, start * PAGE, target * PAGE, length * PAGE,
					      RW, &mapping.handle));
	model_add(w, s, &mapping);
}

void world_open(struct world *w, uint64_t seed)
{
	static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION,
						  IOASID_FILL_ON_DEMAND };
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform = six_devices();

	memset(w, 0, sizeof(*w));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &w->ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_inv_new(w->ctx, 16, &w->inv));
	w->memory = memory_new((MEMORY_PAGES + LARGE) * PAGE);
	w->guest_in = -1;
	ck_ok(ioasid_device_bind(w->ctx, "guest", 99, &w->guest));
	space_open(w, ROOT, -1, 0);
	space_open(w, OTHER, -1, 0);
	space_open(w, TABLE1, ROOT, fills[seed & 1]);
	space_open(w, MAP2, TABLE1, 0);
	space_open(w, MAP1, ROOT, 0);
	space_open(w, TABLE2, MAP1, fills[seed >> 1 & 1]);
	/* The windows of the tables lie across an end of 2 MiB and of 1 GiB. */
	w->at[TABLE1].base = 3 * 512 - WINDOW / 2;
	w->at[TABLE2].base = 512 * 512 - WINDOW / 2;
	w->at[MAP2].base = 1 << 20;
	w->at[MAP1].base = 5;
	map_open(w, ROOT, 16, TABLE_PAGES, 0);
	map_open(w, ROOT, 16 + TABLE_PAGES, MEMORY_PAGES - TABLE_PAGES, TABLE_PAGES);
	map_open(w, MAP1, 5, MEMORY_PAGES, 16);
	table_open(w, TABLE1, IOASID_PGTABLE_VTD_SS, 16, 0);
	table_open(w, TABLE2, IOASID_PGTABLE_VTD_FS, 5 + 6, 6);
	map_open(w, MAP2, 1 << 20, WINDOW / 2, w->at[TABLE1].base);
}

void world_close(struct world *w)
{
	ioasid_inv_free(w->inv);
	ck_ok(ioasid_ctx_close(w->ctx));
	memory_free(w->memory, (MEMORY_PAGES + LARGE) * PAGE);
}

static void (*fail_allocation)(unsigned long n);

static void *game_open(uint64_t seed, FILE *trace)
{
	static struct world w;

	world_open(&w, seed);
	w.fail_nth = fail_allocation;
	w.trace = trace;
	return &w;
}

static void game_call(void *world, const struct call *call, unsigned int number)
{
	struct world *w = world;

	make_call(w, call);
	if (!w->failure[0])
		check_some(w, call->draw[7]);
	if (!w->failure[0] && number % 16 == 15)
		check_all(w);
}

static void game_check(void *world)
{
	check_all(world);
}

static const char *game_failure(const void *world)
{
	return ((const struct world *)world)->failure;
}

static void game_close(void *world)
{
	world_close(world);
}

static const char *game_about(uint64_t seed)
{
	static const char *const fills[] = {
		" (fill on invalidation)", " (fill of TABLE1 on demand)",
		" (fill of TABLE2 on demand)", " (fill on demand)",
	};

	return fills[seed & 3];
}

void play_seeds(unsigned int normal, void (*fail_nth)(unsigned long n))
{
	static const struct game game = {
		.calls = 300, .kinds = CALL_KINDS, .open = game_open, .call = game_call,
		.check = game_check, .failure = game_failure, .close = game_close,
		.about = game_about,
	};

	fail_allocation = fail_nth;
	play_game(&game, normal);
}
