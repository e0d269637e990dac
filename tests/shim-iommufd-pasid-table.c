/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASID tables of a guest's that the IOMMU reads: what its driver is told, byte for byte. */
#include <endian.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_nested.h"
#include "shim_viommu.h"
#include "smmuv3_unit.h"

static struct ioasid_viommu *viommu;
static struct ioasid_vdevice *vdevice;
static struct ioasid_smmuv3_regs regs;

/* @hw: IOMMU_HW_INFO_TYPE_*; @data: IOMMU_HWPT_DATA_* */
static void setup(uint32_t hw, uint32_t data, const struct ioasid_viommu_options *options)
{
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;

	shim_reset();
	shim.nests = true;
	shim.hw_type = hw;
	shim.nested_type = data;
	shim_viommu.type = shim_viommu.commands = 1;
	shim_viommu.any_type = hw == 4;
	open.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&open, &ctx));
	device = bind_device(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	ck_ok(ioasid_viommu_create(root, device, options, &viommu));
	ck_ok(ioasid_vdevice_create(viommu, device, 0x1234, &vdevice));
	nested.viommu = viommu;
	nested.parent = root;
	nested.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(ctx, &nested, &child));
	regs = unit();
}

static void setup_smmuv3(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_SMMUV3;
	setup(2, 2, &options);
}

static void setup_amd(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = 1;
	setup(4, 3, &options);
}

/* A stream table entry of Config 101b (5.2); beside stage 1 it has SHCFG, which is the host's. */
static struct ioasid_pasid_table smmuv3_table(uint64_t descriptors)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	t.smmuv3_ste[0] = 1 | 5 << 1 | descriptors;
	t.smmuv3_ste[1] = 2 | 1 << 2 | 1 << 4 | 3 << 6 | BIT(44);
	return t;
}

static void is_told(const uint64_t *expected, size_t size)
{
	ck_assert_uint_ne(shim_hwpt(0), 0);
	ck_assert(!memcmp(shim_hwpt_data(shim_hwpt(0)), expected, size));
}

START_TEST(smmuv3_entries_lose_what_is_the_hosts)
{
	const uint64_t first[2] = { htole64(0x4500b), htole64(0xd6) };
	const uint64_t second[2] = { htole64(0x7700b), htole64(0xd6) };
	struct ioasid_pasid_table t = smmuv3_table(0x45000), other = smmuv3_table(0x77000);
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;
	struct ioasid_inv *inv;

	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	ck_assert(space_info(child).pasid_table_bound);
	ck_assert(!space_info(child).pgtable_bound);
	ck_ok(ioasid_device_attach(device, child));
	is_told(first, sizeof(first));
	ck_ok(ioasid_space_bind_pasid_table(child, &other));
	is_told(second, sizeof(second));
	fail_nth(1, EIO);
	ck_err(ioasid_space_bind_pasid_table(child, &t), EINVAL);
	is_told(second, sizeof(second));
	/* what else can be bound, and a range, are for other spaces */
	pgtable.format = IOASID_PGTABLE_VTD_FS;
	pgtable.levels = 4;
	ck_err(ioasid_space_bind_pgtable(child, &pgtable), EOPNOTSUPP);
	ck_err(ioasid_space_bind_raw(child, 2, second, sizeof(second)), EBUSY);
	ck_err(ioasid_space_unbind_pgtable(child), EINVAL);
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_all(inv, child, 0));
	ck_err(ioasid_inv_submit(inv, NULL), EINVAL);
	ioasid_inv_free(inv);
	ck_ok(ioasid_space_unbind_pasid_table(child));
	ck_assert_uint_eq(shim_attached(0), 0);
	ck_assert(!space_info(child).pasid_table_bound);
	ck_ok(ioasid_space_bind_raw(child, 2, second, sizeof(second)));
	is_told(second, sizeof(second));
	/* a format of another IOMMU's */
	ck_ok(ioasid_space_unbind_pgtable(child));
	t = (struct ioasid_pasid_table)IOASID_PASID_TABLE_INIT;
	t.format = IOASID_PASID_TABLE_AMD;
	t.levels = 1;
	t.pasid_bits = 9;
	t.pgtable_levels = 4;
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	t = (struct ioasid_pasid_table)IOASID_PASID_TABLE_INIT;
	t.format = IOASID_PASID_TABLE_VTD;	/* which no IOMMU reads from a guest */
	t.levels = 2;
	t.pasid_bits = 16;
	t.base = 0x1000;
	t.caps[1] = BIT(43) | BIT(47) | UINT64_C(15) << 35;
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	said("0000:00:02.0", "PASID-table format");
	ck_ok(ioasid_device_detach(device));
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	said("no IOMMU that the kernel has", "PASID-table format");
}
END_TEST

/* All PASIDs are the guest's then, whatever the type of the device. */
START_TEST(no_pasid_beside_the_guests)
{
	struct ioasid_pasid_table t = smmuv3_table(0x45000);
	struct ioasid_device *d;
	uint32_t ppasid = 0;

	shim.pasid_bits = 20;
	d = bind_device(1);
	ck_ok(ioasid_vdevice_create(viommu, d, 0x5678, &vdevice));
	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	ck_ok(ioasid_device_attach(d, child));
	shim_forget();
	ck_err(ioasid_device_attach_pasid(d, 5, root), EOPNOTSUPP);
	said(shim.devices[1].name, "PASID table");
	ck_ok(ioasid_device_detach_pasid(d, 5));
	expect_end();
	ck_ok(ioasid_device_get_ppasid(d, 5, &ppasid));	/* as in the emulation's tables */
	ck_assert_uint_eq(ppasid, 5);
	ck_err(ioasid_device_get_ppasid(d, 1u << 20, &ppasid), ENOENT);
	ck_ok(ioasid_device_detach(d));
	ck_err(ioasid_device_get_ppasid(d, 5, &ppasid), ENOENT);
	ck_ok(ioasid_device_attach_pasid(d, 5, root));
}
END_TEST

/* The device table entry (48882, 2.2.2.1), worked out by hand; the child is space 2. */
START_TEST(amd_entries)
{
	uint64_t entry[4] = { 0x15c0000000000001, 0xabcde00024680002, UINT64_C(1) << 54, 0 };
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_AMD;
	t.levels = 2;
	t.base = 0xabcde12345000;
	t.pasid_bits = 16;
	t.pgtable_levels = 5;
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	is_told(entry, sizeof(entry));
	t.flags = IOASID_PASID_TABLE_RID_BYPASS;	/* GIoV, bit 54, is clear */
	entry[0] -= UINT64_C(1) << 54;
	ck_ok(ioasid_space_bind_pasid_table(child, &t));
	is_told(entry, sizeof(entry));
	t.flags = IOASID_PASID_TABLE_RID_BLOCKED;
	ck_err(ioasid_space_bind_pasid_table(child, &t), EOPNOTSUPP);
	is_told(entry, sizeof(entry));
}
END_TEST

/* Linux 7.3: amd_viommu_ops has no alloc_domain_nested. */
START_TEST(amd_drivers_need_not_nest)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_device *other = bind_device(1);
	unsigned int objects = shim_objects();

	ck_ok(ioasid_device_query_info(other, &info));
	ck_assert(info.nesting_hardware && info.pasid_table_formats);
	ck_ok(ioasid_device_unbind(other));
	shim_viommu.nothing_on_it = true;
	other = bind_device(1);
	ck_assert_uint_eq(shim_objects(), objects);
	ck_ok(ioasid_device_query_info(other, &info));
	ck_assert(!info.nesting_hardware && !info.pasid_table_formats);
	ck_assert_uint_eq(info.viommu_types, UINT64_C(1) << IOASID_VIOMMU_RAW);
	ck_err(ioasid_device_attach(other, child), EOPNOTSUPP);
	ck_ok(ioasid_device_unbind(other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-pasid-table");
	TCase *smmuv3 = tcase_create("smmuv3"), *amd = tcase_create("amd");

	tcase_add_checked_fixture(smmuv3, setup_smmuv3, nested_teardown);
	tcase_add_test(smmuv3, smmuv3_entries_lose_what_is_the_hosts);
	tcase_add_test(smmuv3, no_pasid_beside_the_guests);
	suite_add_tcase(suite, smmuv3);
	tcase_add_checked_fixture(amd, setup_amd, nested_teardown);
	tcase_add_test(amd, amd_entries);
	tcase_add_test(amd, amd_drivers_need_not_nest);
	suite_add_tcase(suite, amd);
	return run_suite(suite);
}
