/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nesting in hardware: units with their caches, device TLBs, and spaces that units walk. */
#include "config.h"

#include <string.h>

#include "fail_world.h"

static const char text[] =
	"iommu one pasid-bits=16 nesting=software,hardware iotlb=8 structure-cache=8\n"
	"iommu two pasid-bits=16 nesting=hardware\n"
	"device 0000:00:01.0 iommu=one pasid-bits=16 device-tlb=4\n"
	"reserved 0000:00:01.0 0xfee00000 1M\n"
	"device 0000:00:02.0 iommu=two pasid-bits=16 device-tlb=4\n";

static int open_ctx(struct world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	int rc = ioasid_platform_parse(text, strlen(text), &platform);

	if (rc)
		return rc;
	options.backend = "emulated";
	options.platform = platform;
	options.flags = IOASID_CTX_AUDIT;
	rc = ioasid_ctx_open(&options, &w->ctx);
	ioasid_platform_free(platform);
	return rc;
}

static void opened(struct world *w)
{
	ck_ok(open_ctx(w));
	ck_ok(ioasid_device_bind(w->ctx, "0000:00:01.0", 0, &w->device[0]));
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, MEMORY, RW, NULL));
	gt_init(&w->table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 8 * MIB, MEMORY);
	gt_map(&w->table, 0, MIB, 4 * PAGE, 1, RW);
	gt_map(&w->table, GIB, 2 * MIB, 2 * MIB, 2, RW);
}

static int bind_device(struct world *w)
{
	return ioasid_device_bind(w->ctx, "0000:00:02.0", 1, &w->device[1]);
}

static int create_space(struct world *w)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.parent = w->space[0];
	options.nesting = IOASID_NESTING_HARDWARE;
	return ioasid_space_create(w->ctx, &options, &w->space[1]);
}

/* So many spaces that there is no room for another number. */
static void fifteen(struct world *w)
{
	int i;

	opened(w);
	for (i = 2; i < 16; i++)
		make_space(w, i, -1, 0);
}

static void bound(struct world *w)
{
	opened(w);
	ck_ok(create_space(w));
	ck_ok(bind_pgtable(w->space[1], &w->table));
	ck_ok(bind_device(w));
}

static int attach(struct world *w)
{
	return ioasid_device_attach(w->device[1], w->space[1]);
}

static void attached(struct world *w)
{
	bound(w);
	ck_ok(attach(w));
	ck_ok(ioasid_device_attach(w->device[0], w->space[0]));
}

static int replace(struct world *w)
{
	return ioasid_device_replace(w->device[0], w->space[1]);
}

static int batch(struct world *w)
{
	int rc = w->inv ? 0 : ioasid_inv_new(w->ctx, 1, &w->inv);

	if (!rc && !ioasid_inv_get_count(w->inv))
		rc = ioasid_inv_add_device(w->inv, w->device[1], 0);
	if (!rc && ioasid_inv_get_count(w->inv) == 1)
		rc = ioasid_inv_add_device_tlb(w->inv, w->device[1], IOASID_NO_PASID, 0, GIB);
	return rc ? rc : ioasid_inv_submit(w->inv, NULL);
}

static const struct fail_case cases[] = {
	{ .name = "ctx_open with units", .call = open_ctx, .own_ctx = true },
	{ .name = "device_bind with a TLB", opened, bind_device, .own_ctx = true },
	{ .name = "space_create in hardware", opened, create_space, .own_ctx = true },
	{ .name = "space_create, the sixteenth", fifteen, create_space, .own_ctx = true },
	{ .name = "attach to a space in hardware", bound, attach, .own_ctx = true },
	{ .name = "replace by a space in hardware", attached, replace, .own_ctx = true },
	{ .name = "invalidate a device", attached, batch, .own_ctx = true, .changes = true },
};

START_TEST(hardware)
{
	fail_each(&cases[_i]);
}
END_TEST

void add_hardware_cases(Suite *s)
{
	TCase *tc = tcase_create("hardware");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, hardware, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
}
