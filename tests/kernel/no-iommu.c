/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA by a device that no IOMMU translates for, at the addresses that the kernel tells. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../examples/edu.h"
#include "../support.h"

#define IOVA   (16 * MIB)
#define MEMORY (4 * PAGE)

static struct ioasid_ctx *ctx;
static char name[64];

/* Whether there is such a device. */
static bool open_ctx(uint64_t flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	sscanf(getenv("IOASID_TEST_DEVICES"), "%63s", name);
	options.backend = getenv("IOASID_BACKEND");
	options.flags = flags;
	if (!getenv("IOASID_VM_ONLY") || strcmp(options.backend, "iommufd")) {
		test_skip("devices are behind an IOMMU here");
		return false;
	}
	ck_ok(ioasid_ctx_open(&options, &ctx));
	if (ioasid_ctx_has(ctx, IOASID_CAP_NO_IOMMU))
		return true;
	test_skip(ioasid_ctx_why_not(ctx, IOASID_CAP_NO_IOMMU));
	ck_ok(ioasid_ctx_close(ctx));
	return false;
}

START_TEST(it_is_refused_unless_it_is_asked_for)
{
	struct ioasid_device *device;

	if (!open_ctx(0))
		return;
	ck_err(ioasid_device_bind(ctx, name, 0, &device), ENODEV);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "no-IOMMU mode"));
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

/* CAP_SYS_RAWIO, of this process. */
static void drop_rawio(void)
{
	struct { uint32_t version; int pid; } header = { 0x20080522, 0 };
	struct { uint32_t effective, permitted, inheritable; } sets[2];

	ck_assert_int_eq(syscall(SYS_capget, &header, sets), 0);
	sets[0].effective &= ~(UINT32_C(1) << 17);
	ck_assert_int_eq(syscall(SYS_capset, &header, sets), 0);
}

/* Which the process can have that opens the node. */
START_TEST(it_takes_a_privilege)
{
	struct ioasid_device *device;
	int node;

	if (!open_ctx(IOASID_CTX_NO_IOMMU))
		return;
	node = open("/dev/vfio/devices/noiommu-vfio0", O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(node, 0);
	drop_rawio();
	ck_err(ioasid_device_bind(ctx, name, 0, &device), EACCES);
	ck_assert_msg(strstr(ioasid_errmsg(), "CAP_SYS_RAWIO"), "%s", ioasid_errmsg());
	ck_ok(ioasid_device_bind_fd(ctx, node, 0, &device));
	ck_assert_str_eq(ioasid_device_get_name(device), name);
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

START_TEST(its_dma_goes_by_physical_addresses)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	uint64_t from = 0, to = 0, n = 0;
	struct ioasid_device *device;
	struct ioasid_space *space;
	uint8_t *memory;
	struct edu edu;

	if (!open_ctx(IOASID_CTX_NO_IOMMU))
		return;
	memory = memory_new(MEMORY);
	ck_ok(ioasid_device_bind(ctx, name, 0, &device));
	ck_ok(ioasid_device_query_info(device, &info));
	ck_assert(info.no_iommu);
	space = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(space, IOVA, memory, MEMORY, RW, NULL));
	ck_err(ioasid_space_query_physical(space, IOVA, PAGE, &from, &n), EOPNOTSUPP);
	ck_ok(ioasid_device_attach(device, space));
	ck_ok(ioasid_space_query_physical(space, IOVA + 0x40, PAGE, &from, &n));
	ck_assert_uint_eq(from % PAGE, 0x40);
	ck_assert_uint_ge(n, PAGE - 0x40);
	ck_ok(ioasid_space_query_physical(space, IOVA + 2 * PAGE, 100, &to, &n));
	ck_assert_uint_eq(n, 100);
	ck_err(ioasid_space_query_physical(space, IOVA + MEMORY, 1, &to, &n), ENOENT);
	memset(memory + 0x40, 0x5a, EDU_LENGTH);
	ck_assert_int_eq(edu_open(&edu, ioasid_device_get_fd(device)), 0);
	ck_assert_int_eq(edu_read(&edu, from, EDU_LENGTH), 0);
	ck_assert_int_eq(edu_write(&edu, to, EDU_LENGTH), 0);
	ck_assert(!memcmp(memory + 0x40, memory + 2 * PAGE, EDU_LENGTH));
	edu_close(&edu);
	ck_ok(ioasid_device_detach(device));
	ck_err(ioasid_space_query_physical(space, IOVA, 1, &to, &n), EOPNOTSUPP);
	ck_ok(ioasid_ctx_close(ctx));
	memory_free(memory, MEMORY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("no-iommu");
	TCase *tc = tcase_create("no-iommu");

	tcase_add_test(tc, it_is_refused_unless_it_is_asked_for);
	tcase_add_test(tc, it_takes_a_privilege);
	tcase_add_test(tc, its_dma_goes_by_physical_addresses);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
