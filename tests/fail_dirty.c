/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Dirty tracking: a DMA for whose record there is no memory writes nothing and leaves no bit. */
#include "config.h"

#include "fail_world.h"

#define TARGET (10 * MIB + 3 * PAGE)	/* where nobody looks otherwise */

static void tracked_root(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(w->ctx, &options, &w->space[0]));
	ck_ok(ioasid_space_map(w->space[0], 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_space_dirty_start(w->space[0]));
}

static void attached(struct world *w, int i)
{
	ck_ok(ioasid_device_attach(w->device[0], w->space[i]));
	ck_ok(ioasid_channel_open(w->device[0], IOASID_NO_PASID, &w->channel));
}

static void root(struct world *w)
{
	tracked_root(w);
	attached(w, 0);
}

static void mapped_child(struct world *w)
{
	tracked_root(w);
	make_space(w, 1, 0, 0);
	ck_ok(ioasid_space_map_parent(w->space[1], 0, 0, MEMORY, RW, NULL));
	attached(w, 1);
}

/* A table of superpages, and a space on it. */
static void grandchild(struct world *w)
{
	struct guest_table *t = &w->table;

	tracked_root(w);
	make_space(w, 1, 0, 0);
	gt_init(t, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 8 * MIB, 9 * MIB);
	gt_map(t, 0, 0, MEMORY, 2, RW);
	ck_ok(bind_pgtable(w->space[1], t));
	make_space(w, 2, 1, 0);
	ck_ok(ioasid_space_map_parent(w->space[2], 0, 0, MEMORY, RW, NULL));
	attached(w, 2);
}

/* The IOMMU walks, and writes flags into the guest's table besides. */
static void hardware(struct world *w)
{
	static const char text[] = "iommu one pasid-bits=16 nesting=software,hardware\n"
				   "device 0000:00:01.0 iommu=one pasid-bits=16\n";
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	struct guest_table *t = &w->table;

	ck_ok(ioasid_platform_parse(text, sizeof(text) - 1, &platform));
	open.backend = "emulated";
	open.platform = platform;
	ck_ok(ioasid_ctx_open(&open, &w->ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_device_bind(w->ctx, "0000:00:01.0", 0, &w->device[0]));
	tracked_root(w);
	gt_init(t, IOASID_PGTABLE_VTD_FS, 4, memory, 0, 8 * MIB, 9 * MIB);
	gt_map(t, 0, 0, MEMORY, 2, RW);
	options.parent = w->space[0];
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(w->ctx, &options, &w->space[1]));
	ck_ok(bind_pgtable(w->space[1], t));
	attached(w, 1);
}

static int write_byte(struct world *w)
{
	uint8_t byte = 0x77;

	return ioasid_dma_write(w->channel, TARGET, &byte, 1);
}

static void is_recorded(struct world *w, bool failed)
{
	uint64_t bits[1] = { 0 };

	ck_assert_uint_eq(memory[TARGET], failed ? 0 : 0x77);
	ck_ok(ioasid_space_dirty_read(w->space[0], TARGET, 2 * PAGE, PAGE, IOASID_DIRTY_PEEK,
				      bits));
	ck_assert_uint_eq(bits[0], !failed);
}

static const struct fail_case cases[] = {
	{ "first write of a page", root, write_byte, is_recorded, false, false },
	{ "first write through a child", mapped_child, write_byte, is_recorded, false, false },
	{ "first write through a grandchild", grandchild, write_byte, is_recorded, false, false },
	{ "first write by an IOMMU that walks", hardware, write_byte, is_recorded, true, false },
};

START_TEST(dirty_case)
{
	fail_each(&cases[_i]);
}
END_TEST

void add_dirty_cases(Suite *s)
{
	TCase *tc = tcase_create("dirty");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, dirty_case, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
}
