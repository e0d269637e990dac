/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_nested.h"

#include "shim_expect.h"
#include "shim_ioas.h"
#include "util/alloc.h"

struct ioasid_ctx *ctx;
struct ioasid_device *device;
struct ioasid_space *root, *child;
struct ioasid_mapping *memory_mapping;
uint8_t *memory;
struct guest_table table;
int iommu;

struct ioasid_device *bind_device(unsigned int i)
{
	struct ioasid_device *d = NULL;

	ck_ok(ioasid_device_bind(ctx, shim.devices[i].name, i, &d));
	return d;
}

void nested_setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	iommu = shim_iommu_fd();
	shim_forget();
}

void nested_teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

void bind_and_attach(void)
{
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(device, child));
	shim_forget();
}

void reaches(uint64_t iova, uint64_t target, uint64_t length, uint32_t perm)
{
	uint64_t at, host = 0;

	for (at = 0; at < length; at += PAGE) {
		uint32_t got = shim_ioas_look(shim_attached(0), iova + at, &host);

		ck_assert_msg(got == perm, "%#jx: permission %u, expected %u",
			      (uintmax_t)(iova + at), got, perm);
		ck_assert(!perm || host == (uintptr_t)memory + target + at);
	}
}

void expect_copy(uint32_t flags, uint64_t iova, uint64_t from, uint64_t length)
{
	expect(iommu, SHIM_COPY, 40, flags, CHILD, ROOT, U64(length), U64(iova), U64(from));
}

void expect_unmap(uint64_t iova, uint64_t length)
{
	expect(iommu, SHIM_UNMAP, 24, CHILD, U64(iova), U64(length));
}

void expect_root_unmap(uint64_t iova, uint64_t length)
{
	expect(iommu, SHIM_UNMAP, 24, ROOT, U64(iova), U64(length));
}

void attach_fails(const struct failing *ways, size_t n, unsigned int objects)
{
	size_t i, blocks = mem_live_blocks();

	for (i = 0; i < n; i++) {
		shim_forget();
		fail_nth(ways[i].nth, ways[i].error);
		ck_err(ioasid_device_attach(device, child), ways[i].result);
		said(ways[i].text, "");
		ck_assert_ptr_null(ioasid_device_get_space(device));
		ck_assert_uint_eq(shim_objects(), objects);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
}
