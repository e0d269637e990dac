/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each command of each call fails in turn, with an error that the kernel gives for it and with one
 * that it never does, and so does each allocation. check-inject.sh holds that no call is left out.
 */
#include <endian.h>

#include "shim_iommufd_world.h"
#include "smmuv3_unit.h"

#define VSID	 0x1234u
#define NSNH_ALL 0x30u		/* CMD_TLBI_NSNH_ALL (Arm IHI 0070, 4.4) */

static int bind_at(struct ioasid_space *space, enum ioasid_pgtable_format format, uint64_t at)
{
	struct ioasid_pgtable t = IOASID_PGTABLE_INIT;

	t.format = format;
	t.levels = 4;
	t.root = at;
	return ioasid_space_bind_pgtable(space, &t);
}

static int bind_third(void)
{
	return ioasid_device_bind(ctx, shim.devices[2].name, 2, &third);
}

static void attached(void)
{
	ck_ok(attach());
}

static int attach_pasid(void)
{
	return ioasid_device_attach_pasid(device, PASID, plain);
}

static int allow(void)
{
	const struct ioasid_range range = { 0, GIB };

	return ioasid_space_allow(root, &range, 1);
}

static void with_pasid(void)
{
	ck_ok(attach_pasid());
}

static int replace_pasid(void)
{
	return ioasid_device_replace_pasid(device, PASID, root);
}

static void with_file(void)
{
	attached();
	file = memfd_new(MIB, 0x2);	/* F_SEAL_SHRINK */
}

static void child_attached(void)
{
	ck_ok(ioasid_device_attach(device, child));
}

static int bind_shadow(void)
{
	return bind_at(child, IOASID_PGTABLE_VTD_SS, table.root);
}

static void shadow_changed(void)
{
	child_attached();
	ck_ok(bind_shadow());
	gt_unmap(&table, 0, PAGE, 1);
	gt_map(&table, MORE, DATA + MIB, 2 * PAGE, 1, RW);
	ck_ok(ioasid_inv_add_all(inv, child, 0));
}

static void tracked(void)
{
	attached();
	ck_ok(start_dirty());
}

static int read_dirty(void)
{
	uint64_t bits[4] = { 0 };

	return ioasid_space_dirty_read(root, 0, MIB, PAGE, 0, bits);
}

static void more_tracked(void)
{
	tracked();
	ck_ok(map());
}

static int unmap_dirty(void)
{
	uint64_t bits = 0;

	return ioasid_space_unmap_dirty(root, MORE, PAGE, PAGE, &bits, NULL);
}

static int query_hw_info(void)
{
	uint32_t type = 0;
	uint8_t data[64];
	size_t length = sizeof(data);

	return ioasid_device_query_hw_info(device, &type, data, &length);
}

static int make_faults(void)
{
	return ioasid_fault_queue_create(ctx, NULL, &faults);
}

static int adopted_attach(void *data, uint32_t pasid, uint32_t ioas, uint32_t *out)
{
	(void)data;
	(void)pasid;
	(void)ioas;
	*out = 0;
	return 0;
}

static int adopted_detach(void *data, uint32_t pasid)
{
	(void)data;
	(void)pasid;
	return 0;
}

static void with_framework(void)
{
	adopted = shim_new_device();
}

static int adopt(void)
{
	struct ioasid_adopt_options options = IOASID_ADOPT_OPTIONS_INIT;

	options.name = "thing";
	options.id = adopted;
	options.attach = options.replace = adopted_attach;
	options.detach = adopted_detach;
	return ioasid_device_adopt(ctx, &options, &third);
}

static void make_nested(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.parent = root;
	options.nesting = IOASID_NESTING_HARDWARE;
	options.viommu = viommu;
	ck_ok(ioasid_space_create(ctx, &options, &nested));
}

static int bind_nested(void)
{
	return bind_at(nested, IOASID_PGTABLE_VTD_FS, 0x5000);
}

static void nested_attached(void)
{
	make_nested();
	ck_ok(bind_at(nested, IOASID_PGTABLE_VTD_FS, 0x7000));
	ck_ok(ioasid_device_attach(device, nested));
	ck_ok(ioasid_device_attach(other, nested));
}

static int bind_raw(void)
{
	const struct {
		uint64_t flags, address;
		uint32_t width, reserved;
	} s1 = { 0, 0x5000, 48, 0 };

	return ioasid_space_bind_raw(nested, VTD, &s1, sizeof(s1));
}

static int probe_raw(void)
{
	return ioasid_space_probe_raw(nested, 0);	/* IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 */
}

static int bind_vfio(void)
{
	return ioasid_ctx_bind_vfio(ctx, plain);
}

static void vfio_bound(void)
{
	ck_ok(bind_vfio());
}

static int unbind_vfio(void)
{
	return ioasid_ctx_unbind_vfio(ctx);
}

static int query_vfio(void)
{
	uint32_t id;

	return ioasid_ctx_query_vfio(ctx, &id);
}

static void kernel_asked(void)
{
	attached();
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NO_IOMMU));
}

static int query_physical(void)
{
	uint64_t physical, contiguous;

	return ioasid_space_query_physical(root, 0, PAGE, &physical, &contiguous);
}

static void nested_changed(void)
{
	nested_attached();
	ck_ok(ioasid_inv_add_range(inv, nested, 0x1000, 0x1000, 0));
}

static int make_viommu(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_SMMUV3;
	return ioasid_viommu_create(root, device, &options, &viommu);
}

static void with_viommu(void)
{
	ck_ok(make_viommu());
}

static int make_vdevice(void)
{
	return ioasid_vdevice_create(viommu, device, VSID, &vdevice);
}

static void with_vdevice(void)
{
	with_viommu();
	ck_ok(make_vdevice());
}

static int make_events(void)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;

	options.format = IOASID_EVENTS_SMMUV3;
	return ioasid_viommu_create_events(viommu, &options, &queue);
}

static int give_commands(void)
{
	const uint64_t commands[2] = { htole64(NSNH_ALL), 0 };
	size_t done = 0;

	return ioasid_viommu_invalidate(viommu, commands, sizeof(commands), 1, &done);
}

static void with_raw_viommu(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = options.raw_commands = 1;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
}

static int make_hw_queue(void)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_RAW;
	options.raw_type = 1;
	options.iova = 0x3000;
	options.length = 0x2000;
	return ioasid_hw_queue_create(viommu, &options, &hw_queue);
}

static int bind_descriptors(uint64_t at)
{
	const struct ioasid_smmuv3_regs regs = unit();
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	t.smmuv3_ste[0] = 1 | 5 << 1 | at;
	return ioasid_space_bind_pasid_table(nested, &t);
}

static int bind_pasid_table(void)
{
	return bind_descriptors(0x45000);
}

static void pasid_table_attached(void)
{
	with_vdevice();
	make_nested();
	ck_ok(bind_descriptors(0x77000));
	ck_ok(ioasid_device_attach(device, nested));
}

static const struct each each[] = {
	{ "device_bind", NULL, bind_third, 0, false },
	{ "device_adopt", with_framework, adopt, 0, false },
	{ "device_attach", NULL, attach, 0, false },
	{ "device_attach_pasid", attached, attach_pasid, 0, false },
	{ "device_replace", attached, replace, 0, false },
	{ "device_replace_pasid", with_pasid, replace_pasid, 0, false },
	{ "device_query_hw_info", NULL, query_hw_info, 0, false },
	{ "ctx_bind_vfio", NULL, bind_vfio, 0, false },
	{ "ctx_unbind_vfio", vfio_bound, unbind_vfio, 0, false },
	{ "ctx_query_vfio", vfio_bound, query_vfio, 0, false },
	{ "space_query_physical", kernel_asked, query_physical, 0, false },
	{ "space_allow", attached, allow, 0, false },
	{ "space_map", attached, map, 0, false },
	{ "space_map_file", with_file, map_file, 0, false },
	{ "space_map_copy", attached, map_copy, 0, false },
	{ "space_map_parent", child_attached, map_parent, 0, false },
	{ "space_bind_pgtable, software", child_attached, bind_shadow, 0, true },
	{ "inv_submit, software", shadow_changed, submit, 0, true },
	{ "space_dirty_start", attached, start_dirty, 0, false },
	{ "space_dirty_read", tracked, read_dirty, 0, false },
	{ "space_unmap_dirty", more_tracked, unmap_dirty, 0, false },
	{ "device_detach", tracked, detach, 0, false },
	{ "fault_queue_create", NULL, make_faults, 0, false },
	{ "space_bind_pgtable, hardware", nested_attached, bind_nested, 0, false },
	{ "space_bind_raw", nested_attached, bind_raw, 0, false },
	{ "space_probe_raw", nested_attached, probe_raw, 0, false },
	{ "inv_submit, hardware", nested_changed, submit, 0, false },
	{ "viommu_create", NULL, make_viommu, SMMUV3, false },
	{ "vdevice_create", with_viommu, make_vdevice, SMMUV3, false },
	{ "viommu_create_events", with_vdevice, make_events, SMMUV3, false },
	{ "viommu_invalidate", with_vdevice, give_commands, SMMUV3, false },
	{ "hw_queue_create", with_raw_viommu, make_hw_queue, SMMUV3, false },
	{ "space_bind_pasid_table", pasid_table_attached, bind_pasid_table, SMMUV3, false },
};

START_TEST(each_failure_changes_nothing)
{
	fail_each(&iommufd_world, &each[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-each");
	TCase *tc = tcase_create("each");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_failure_changes_nothing, 0, sizeof(each) / sizeof(each[0]));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
