/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_hwnest.h"

#include <string.h>

#include "shim_expect.h"
#include "shim_hwpt.h"

struct ioasid_device *other;
struct ioasid_inv *inv;

struct ioasid_space *make_nested(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.parent = root;
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

void hwnest_setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	const uint32_t erratum = 1;	/* IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 */

	shim_reset();
	shim.nests = true;
	memcpy(shim.hw_data, &erratum, sizeof(erratum));
	shim.hw_data[2] = FSTS;
	shim.nested_type = VTD_S1;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	other = bind_device(1);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	child = make_nested();
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	iommu = shim_iommu_fd();
	shim_forget();
}

void hwnest_teardown(void)
{
	ioasid_inv_free(inv);
	nested_teardown();
}

int bind_fs(struct ioasid_space *space, uint64_t address, uint32_t flags)
{
	struct ioasid_pgtable t = IOASID_PGTABLE_INIT;

	t.format = IOASID_PGTABLE_VTD_FS;
	t.levels = 4;
	t.root = address;
	t.flags = flags;
	return ioasid_space_bind_pgtable(space, &t);
}

void is_bound(unsigned int i, uint64_t address, uint64_t flags)
{
	const struct s1 expected = { flags, address, 48, 0 };

	ck_assert_uint_ne(shim_hwpt(i), 0);
	ck_assert(!memcmp(shim_hwpt_data(shim_hwpt(i)), &expected, sizeof(expected)));
}

void attach_bound(void)
{
	ck_ok(bind_fs(child, 0x5000, 0));
	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
}
