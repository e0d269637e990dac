/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vIOMMUs, vDEVICEs, their event queues, and a guest's commands. */
#include "config.h"

#include <endian.h>

#include "fail_world.h"

static void bare(struct world *w)
{
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, MEMORY, RW, NULL));
	gt_init(&w->table, IOASID_PGTABLE_ARM_S1, 4, memory, 0, 8 * MIB, MEMORY);
	gt_map(&w->table, 0, MIB, 4 * PAGE, 1, RW);
}

static int create_viommu(struct world *w)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_SMMUV3;
	return ioasid_viommu_create(w->space[0], w->device[0], &options, &w->viommu);
}

static void with_viommu(struct world *w)
{
	bare(w);
	ck_ok(create_viommu(w));
}

static int create_vdevice(struct world *w)
{
	return ioasid_vdevice_create(w->viommu, w->device[0], 0x10, &w->vdevice);
}

static int create_events(struct world *w)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;

	options.format = IOASID_EVENTS_SMMUV3;
	return ioasid_viommu_create_events(w->viommu, &options, &w->queue);
}

static int create_space(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.viommu = w->viommu;
	return ioasid_space_create(w->ctx, &options, &w->space[1]);
}

static void with_vdevice(struct world *w)
{
	with_viommu(w);
	ck_ok(create_vdevice(w));
}

static void with_space(struct world *w)
{
	with_vdevice(w);
	ck_ok(create_space(w));
	ck_ok(bind_pgtable(w->space[1], &w->table));
}

static int attach(struct world *w)
{
	return ioasid_device_attach(w->device[0], w->space[1]);
}

static void attached(struct world *w)
{
	with_space(w);
	ck_ok(attach(w));
	gt_map(&w->table, GIB, 2 * MIB, 4 * PAGE, 1, RW);
}

/* TLBI_NSNH_ALL, and more than there is room for in the batch as it was made. */
static int commands(struct world *w)
{
	uint64_t raw[64][2] = { { 0 } };
	unsigned int i;

	for (i = 0; i < 64; i++)
		*(unsigned char *)raw[i] = 0x30;
	return ioasid_viommu_invalidate(w->viommu, raw, sizeof(raw[0]), 64, NULL);
}

/* A page that is in use leads to where the root was not asked before. */
static void changed(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_channel *channel;

	with_vdevice(w);
	options.viommu = w->viommu;
	options.nesting = IOASID_NESTING_SOFTWARE;
	ck_ok(ioasid_space_create(w->ctx, &options, &w->space[1]));
	ck_ok(bind_pgtable(w->space[1], &w->table));
	ck_ok(ioasid_space_map(w->space[0], GIB, memory, MEMORY, RW, NULL));
	ck_ok(attach(w));
	ck_ok(ioasid_channel_open(w->device[0], IOASID_NO_PASID, &channel));
	ck_assert_ptr_eq(dma_where(channel, 0, IOASID_READ), memory + MIB);
	ck_ok(ioasid_channel_close(channel));
	gt_map(&w->table, 0, GIB + 2 * MIB, PAGE, 1, RW);
}

static void check_changed(struct world *w, bool failed)
{
	struct ioasid_channel *channel;

	if (failed)
		return;
	ck_ok(ioasid_channel_open(w->device[0], IOASID_NO_PASID, &channel));
	ck_assert_ptr_eq(dma_where(channel, 0, IOASID_READ), memory + 2 * MIB);
	ck_ok(ioasid_channel_close(channel));
}

/* Of commands, which the IOMMU reads. */
#define QUEUE (7 * MIB)

static int create_tegra241(struct world *w)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_TEGRA241;
	return ioasid_viommu_create(w->space[0], w->device[0], &options, &w->viommu);
}

static void with_tegra241(struct world *w)
{
	bare(w);
	ck_ok(create_tegra241(w));
}

static int create_hw_queue(struct world *w)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_TEGRA241;
	options.iova = QUEUE;
	options.length = PAGE;
	return ioasid_hw_queue_create(w->viommu, &options, &w->hw_queue);
}

/* 64 times TLBI_NH_ASID, in a queue that is enabled. */
static void with_commands(struct world *w)
{
	uint32_t *registers;
	unsigned int i;
	void *at;

	with_tegra241(w);
	ck_ok(create_vdevice(w));
	ck_ok(create_space(w));
	ck_ok(bind_pgtable(w->space[1], &w->table));
	ck_ok(attach(w));
	ck_ok(create_hw_queue(w));
	for (i = 0; i < 64; i++)
		gt_store((uint64_t *)(void *)(memory + QUEUE + 16 * i), 0x11);
	ck_ok(ioasid_viommu_map_registers(w->viommu, 0, 65536, &at));
	registers = at;
	registers[1] = htole32(64);
	registers[2] = htole32(1);
}

static int kick(struct world *w)
{
	return ioasid_hw_queue_kick(w->hw_queue);
}

static void full_batch(struct world *w)
{
	attached(w);
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
	ck_ok(ioasid_inv_add_all(w->inv, w->space[1], 0));
}

static int add_viommu(struct world *w)
{
	return ioasid_inv_add_viommu(w->inv, w->viommu, 0, PAGE, 0);
}

static const struct fail_case cases[] = {
	{ .name = "viommu_create", bare, create_viommu },
	{ .name = "vdevice_create", with_viommu, create_vdevice },
	{ .name = "viommu_create_events", with_vdevice, create_events },
	{ .name = "space_create on a vIOMMU", with_vdevice, create_space },
	{ .name = "attach to a space on a vIOMMU", with_space, attach },
	{ .name = "inv_add_viommu", full_batch, add_viommu },
	{ .name = "viommu_invalidate", attached, commands, .changes = true },
	{ .name = "viommu_invalidate, a page that moved", changed, commands, check_changed,
	  .changes = true },
	{ .name = "viommu_create with hardware queues", bare, create_tegra241 },
	{ .name = "hw_queue_create", with_tegra241, create_hw_queue },
	{ .name = "hw_queue_kick", with_commands, kick, .changes = true },
};

START_TEST(viommu)
{
	fail_each(&cases[_i]);
}
END_TEST

void add_viommu_cases(Suite *s)
{
	TCase *tc = tcase_create("viommu");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, viommu, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
}
