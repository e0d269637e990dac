/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests on iommufd: the kernel's queue, groups and cookies, and what can go wrong there. */
#include <endian.h>
#include <string.h>

#include "shim_expect.h"
#include "shim_fault.h"
#include "shim_version.h"
#include "shim_viommu.h"
#include "smmuv3_unit.h"
#include "util/alloc.h"

#define COOKIE UINT64_C(0x1122334455667788)
#define IOVA   UINT64_C(0x123456000)

static struct ioasid_ctx *ctx;
static struct ioasid_device *device;
static struct ioasid_fault_queue *queue;
static struct ioasid_space *space;
static struct ioasid_page_request got[600];
static uint32_t id;			/* of the device */

static int move(void *data, uint32_t pasid, uint32_t table, uint32_t *out)
{
	(void)data;
	(void)pasid;
	(void)out;
	(void)table;
	shim_fault_detach(id);
	return 0;
}

static int detach(void *data, uint32_t pasid)
{
	(void)data;
	(void)pasid;
	shim_fault_detach(id);
	return 0;
}

static void adopt(void)
{
	struct ioasid_adopt_options options = IOASID_ADOPT_OPTIONS_INIT;

	id = shim_new_device();
	options.name = "thing";
	options.id = id;
	options.cookie = COOKIE;
	options.requester = 0x1234;
	options.flags = IOASID_ADOPT_PAGE_REQUESTS;
	options.attach = options.replace = move;
	options.detach = detach;
	ck_ok(ioasid_device_adopt(ctx, &options, &device));
}

static struct ioasid_space *make_with_queue(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *s = NULL;

	options.fault_queue = queue;
	ck_ok(ioasid_space_create(ctx, &options, &s));
	return s;
}

static void open_with_queue(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	adopt();
	ck_ok(ioasid_fault_queue_create(ctx, NULL, &queue));
}

static void setup(void)
{
	shim_reset();
	shim.pasid_bits = 20;
	open_with_queue();
	space = make_with_queue();
	shim_forget();
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	shim_drop_device(id);
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

/* A group of @n, of which the @index-th the device has not been answered to. */
static void post(uint32_t index, unsigned int n)
{
	const struct shim_pgfault fault = {
		.dev_id = id, .grpid = index, .perm = 0x3, .addr = IOVA,
	};

	shim_fault_post(&fault, n);
}

static void attach(void)
{
	ck_ok(ioasid_device_attach(device, space));
	shim_forget();
}

static uint64_t take_one(void)
{
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 1), 1);
	return got[0].id;
}

static int respond(uint64_t group, enum ioasid_page_response_code code)
{
	const struct ioasid_page_response r = { group, code, 0 };

	return ioasid_fault_queue_respond(queue, &r, 1);
}

/*
 * The objects: the device 1, the queue 2; then an IOAS, and a page table that is made for the
 * queue.
 */
START_TEST(a_page_table_with_the_queue)
{
	const int iommu = shim_iommu_fd();

	ck_ok(ioasid_device_attach(device, space));
	expect(iommu, SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(iommu, SHIM_HWPT_ALLOC, 48, 4, 1, 3, 0, 0, 0, 0, 0, 0, 2, 0);
	expect_end();
	ck_ok(ioasid_device_attach_pasid(device, 5, space));
	expect(iommu, SHIM_HWPT_ALLOC, 48, 12, 1, 3, 0, 0, 0, 0, 0, 0, 2, 0);
	expect(iommu, SHIM_DESTROY, 8, 4);
	expect_end();
	ck_err(ioasid_fault_queue_destroy(queue), EBUSY);
}
END_TEST

/* Nested in hardware on a vIOMMU, with a PASID table: page tables and PASIDs are the guest's. */
static struct ioasid_space *make_nested(struct ioasid_space *root)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;
	const struct ioasid_smmuv3_regs regs = unit();
	struct ioasid_vdevice *vdevice;
	struct ioasid_space *s = NULL;

	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(root, device, &options, &nested.viommu));
	ck_ok(ioasid_vdevice_create(nested.viommu, device, 0x1234, &vdevice));
	nested.parent = root;
	nested.nesting = IOASID_NESTING_HARDWARE;
	nested.fault_queue = queue;
	ck_ok(ioasid_space_create(ctx, &nested, &s));
	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	t.smmuv3_ste[0] = 1 | 5 << 1 | 0x45000;
	ck_ok(ioasid_space_bind_pasid_table(s, &t));
	return s;
}

START_TEST(requests_for_pasids_of_a_guests)
{
	struct shim_pgfault fault = { .flags = 1, .pasid = 9, .perm = 3, .addr = IOVA };
	const struct shim_call *call;
	struct ioasid_space *root, *nested;

	ck_ok(ioasid_ctx_close(ctx));
	shim_reset();
	shim.nests = true;
	shim.hw_type = shim.nested_type = 2;
	shim.hw_length = 40;
	shim_viommu.type = shim_viommu.commands = 1;
	open_with_queue();
	root = make_space(ctx, NULL, 0);
	nested = make_nested(root);
	shim_forget();
	ck_ok(ioasid_device_attach(device, nested));
	call = &shim.calls[shim.n_calls - 1];
	ck_assert_uint_eq(call->command, SHIM_HWPT_ALLOC);
	ck_assert_uint_eq(call->words[0], 48);
	ck_assert_uint_eq(call->words[1], 4);	/* IOMMU_HWPT_FAULT_ID_VALID */
	ck_assert_uint_eq(call->words[10], 2);	/* the queue */
	fault.dev_id = id;
	shim_fault_post(&fault, 1);
	take_one();
	ck_assert_uint_eq(got[0].pasid, 9);
	ck_assert_uint_eq(got[0].space, ioasid_space_get_id(nested));
	ck_assert_int_eq(respond(got[0].id, IOASID_PAGE_RESPONSE_SUCCESS), 1);
}
END_TEST

/* It is attached as if there were no queue. */
START_TEST(a_device_without_page_requests)
{
	struct ioasid_device *plain;

	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &plain));
	shim_forget();
	ck_ok(ioasid_device_attach(plain, space));
	expect(shim_iommu_fd(), SHIM_IOAS_ALLOC, 12, 0, 0);
	expect(shim_device_fd(0), SHIM_ATTACH, 12, 0, 4);
	expect_end();
}
END_TEST

START_TEST(the_queue_and_its_descriptor)
{
	struct ioasid_fault_queue *other;
	int fd;

	ck_ok(ioasid_fault_queue_create(ctx, NULL, &other));
	expect(shim_iommu_fd(), SHIM_FAULT_ALLOC, 16, 0, 0, 0);
	fd = ioasid_fault_queue_get_fd(other);
	ck_assert(shim_is_open(fd));
	ck_ok(ioasid_fault_queue_destroy(other));
	expect(shim_iommu_fd(), SHIM_DESTROY, 8, 3);
	expect_end();
	ck_assert(!shim_is_open(fd));
}
END_TEST

START_TEST(what_a_request_says)
{
	const struct shim_pgfault fault = {
		.flags = 0x1,
		.dev_id = id,
		.pasid = 5,
		.grpid = 17,
		.perm = 0xf,
		.addr = IOVA + 0x88,
	};

	attach();
	ck_ok(ioasid_device_attach_pasid(device, 5, space));
	post(3, 1);
	shim_fault_post(&fault, 2);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 600), 3);
	ck_assert_uint_eq(got[0].cookie, COOKIE);
	ck_assert_uint_eq(got[0].iova, IOVA);
	ck_assert_uint_eq(got[0].requester, 0x1234);
	ck_assert_uint_eq(got[0].pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(got[0].space, ioasid_space_get_id(space));
	ck_assert_uint_eq(got[0].group, 3);
	ck_assert_uint_eq(got[0].access, RW);
	ck_assert_uint_eq(got[0].flags, IOASID_PAGE_REQUEST_LAST);
	ck_assert_uint_ne(got[1].id, got[0].id);
	ck_assert_uint_eq(got[1].id, got[2].id);
	ck_assert_uint_eq(got[1].pasid, 5);
	ck_assert_uint_eq(got[1].iova, IOVA);
	ck_assert_uint_eq(got[2].iova, IOVA + PAGE);
	ck_assert_uint_eq(got[1].access, RW | IOASID_EXECUTE | IOASID_PRIVILEGED);
	ck_assert_uint_eq(got[1].flags, IOASID_PAGE_REQUEST_PASID);
	ck_assert_uint_eq(got[2].flags, IOASID_PAGE_REQUEST_PASID | IOASID_PAGE_REQUEST_LAST);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 600), 0);
}
END_TEST

START_TEST(responses)
{
	uint64_t a, b;

	attach();
	post(1, 1);
	post(2, 1);
	a = take_one();
	b = take_one();
	ck_assert_int_eq(respond(b, IOASID_PAGE_RESPONSE_SUCCESS), 1);
	ck_assert(shim_fault.cookie == 2 && shim_fault.code == 0);
	ck_err(respond(b, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	ck_err(respond(a, IOASID_PAGE_RESPONSE_FAILURE), EOPNOTSUPP);
	ck_err(respond(2, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	ck_err(respond(UINT64_MAX, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	ck_assert_uint_eq(shim_fault.responses, 1);
	ck_assert_int_eq(respond(a, IOASID_PAGE_RESPONSE_INVALID), 1);
	ck_assert(shim_fault.cookie == 1 && shim_fault.code == 1);
}
END_TEST

START_TEST(several_responses_until_one_is_not_in_order)
{
	struct ioasid_page_response r[3] = { { 0 } };

	attach();
	post(1, 1);
	post(2, 1);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 2), 2);
	r[0] = (struct ioasid_page_response){ got[0].id, IOASID_PAGE_RESPONSE_SUCCESS, 0 };
	r[1] = (struct ioasid_page_response){ got[0].id, IOASID_PAGE_RESPONSE_SUCCESS, 0 };
	r[2] = (struct ioasid_page_response){ got[1].id, IOASID_PAGE_RESPONSE_SUCCESS, 0 };
	ck_assert_int_eq(ioasid_fault_queue_respond(queue, r, 3), 1);
	ck_assert_int_eq(ioasid_fault_queue_respond(queue, r + 2, 1), 1);
}
END_TEST

START_TEST(groups_are_taken_whole)
{
	attach();
	post(1, 2);
	post(2, 3);
	ck_err(ioasid_fault_queue_read(queue, got, 1), E2BIG);
	ck_err(ioasid_fault_queue_read(queue, NULL, 0), E2BIG);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 4), 2);
	ck_err(ioasid_fault_queue_read(queue, got, 2), E2BIG);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 3), 3);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 3), 0);
}
END_TEST

/* A device that asks for more than a group can have does not block the queue. */
START_TEST(a_group_that_is_too_large)
{
	attach();
	post(1, 512);
	post(2, 550);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 600), 512);
	ck_err(ioasid_fault_queue_read(queue, got, 512), E2BIG);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 600), 550);
	ck_assert_uint_eq(got[549].flags, IOASID_PAGE_REQUEST_LAST);
	ck_assert_uint_eq(got[0].id, got[549].id);
}
END_TEST

/*
 * The kernel answers what a device has asked for that is detached or moved, and uses the cookie
 * again.
 */
START_TEST(a_response_after_a_detach_is_not_to_the_next_group)
{
	struct ioasid_space *other = make_with_queue();
	uint64_t old, new;

	attach();
	post(1, 1);
	old = take_one();
	ck_ok(ioasid_device_detach(device));
	ck_err(respond(old, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	attach();
	post(1, 1);
	old = take_one();
	ck_ok(ioasid_device_replace(device, other));
	post(2, 1);
	new = take_one();
	ck_assert_uint_eq(got[0].space, ioasid_space_get_id(other));
	ck_assert_uint_ne(new, old);
	shim_fault.responses = 0;
	ck_err(respond(old, IOASID_PAGE_RESPONSE_INVALID), EINVAL);
	ck_assert_uint_eq(shim_fault.responses, 0);
	ck_assert_int_eq(respond(new, IOASID_PAGE_RESPONSE_SUCCESS), 1);
}
END_TEST

/* Of a device that is not ours: nobody could respond, so it is answered at once. */
START_TEST(requests_of_an_unknown_device)
{
	const struct shim_pgfault fault = { .dev_id = id + 7, .addr = IOVA };

	attach();
	shim_fault_post(&fault, 2);
	post(1, 1);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 600), 1);
	ck_assert_uint_eq(got[0].cookie, COOKIE);
	ck_assert_uint_eq(shim_fault.responses, 1);
	ck_assert_uint_eq(shim_fault.code, 1);
}
END_TEST

START_TEST(cookies_out_of_order)
{
	attach();
	shim_fault.skip_cookies = UINT32_MAX / 2;
	post(1, 1);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 1), 0);
	ck_assert_uint_eq(shim_fault.responses, 1);
	ck_assert_uint_eq(shim_fault.code, 1);
}
END_TEST

/* What is not a whole request is none. */
START_TEST(a_torn_read)
{
	attach();
	shim_fault.torn = 1;
	post(1, 2);
	ck_assert_int_eq(ioasid_fault_queue_read(queue, got, 2), 1);
	ck_assert_uint_eq(got[0].flags, IOASID_PAGE_REQUEST_LAST);
	ck_assert_int_eq(respond(got[0].id, IOASID_PAGE_RESPONSE_SUCCESS), 1);
}
END_TEST

START_TEST(reads_and_writes_that_fail)
{
	uint64_t group;

	attach();
	post(1, 1);
	shim_fault.read_error = ENOMEM;
	ck_err(ioasid_fault_queue_read(queue, got, 1), ENOMEM);
	shim_fault.read_error = 0;
	group = take_one();
	shim_fault.write_error = EINVAL;
	ck_err(respond(group, IOASID_PAGE_RESPONSE_SUCCESS), EINVAL);
	said("no group", "response");
}
END_TEST

START_TEST(options_that_the_kernel_has_not)
{
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;
	struct ioasid_fault_queue *none = (void *)1;

	options.depth = 10;
	ck_err(ioasid_fault_queue_create(ctx, &options, &none), EOPNOTSUPP);
	said("10", "limit");
	options.depth = 0;
	options.timeout_ms = 5;
	ck_err(ioasid_fault_queue_create(ctx, &options, &none), EOPNOTSUPP);
	said("kernel", "without a limit");
	ck_assert_ptr_eq(none, (void *)1);
}
END_TEST

START_TEST(an_old_kernel_has_no_queues)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_fault_queue *none;
	struct ioasid_ctx *old;

	shim.version = LINUX(6, 6);
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &old));
	ck_err(ioasid_fault_queue_create(old, NULL, &none), EOPNOTSUPP);
	said("6.11", "");
	ck_ok(ioasid_ctx_close(old));
}
END_TEST

START_TEST(create_that_fails)
{
	static const struct { int error, result; } cases[] = {
		{ ENOMEM, ENOMEM }, { EMFILE, EMFILE }, { ENFILE, ENFILE }, { EIO, EOPNOTSUPP },
	};
	const unsigned int objects = shim_objects();
	struct ioasid_fault_queue *none = (void *)1;
	size_t i, blocks = mem_live_blocks();

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fail_nth(1, cases[i].error);
		ck_err(ioasid_fault_queue_create(ctx, NULL, &none), cases[i].result);
		ck_assert_uint_eq(shim_objects(), objects);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_ptr_eq(none, (void *)1);
}
END_TEST

START_TEST(allocations_that_fail)
{
	struct ioasid_fault_queue *other;
	size_t blocks = mem_live_blocks();
	unsigned long n;

	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = ioasid_fault_queue_create(ctx, NULL, &other);
		if (mem_fail_nth(0))
			break;
		ck_assert_int_eq(ret, -ENOMEM);
		ck_assert_uint_eq(mem_live_blocks(), blocks);
	}
	ck_assert_uint_ge(n, 4);
	ck_ok(ioasid_fault_queue_destroy(other));
	shim_fault.fd = ioasid_fault_queue_get_fd(queue);
	attach();
	post(1, 550);
	for (n = 1;; n++) {
		int ret;

		mem_fail_nth(n);
		ret = ioasid_fault_queue_read(queue, got, 600);
		if (mem_fail_nth(0)) {
			ck_assert_int_eq(ret, 550);	/* and nothing was lost */
			break;
		}
		ck_assert_int_eq(ret, -ENOMEM);
	}
	ck_assert_uint_ge(n, 2);
}
END_TEST

/* VT-d: registers of the IOMMU, and the device's list of capabilities. */
START_TEST(what_can_send_page_requests)
{
	static uint32_t config[1024];
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	const uint64_t prs = UINT64_C(1) << 29;
	struct ioasid_device *d;
	int i;

	memset(config, 0, sizeof(config));
	shim.config = config;
	shim.hw_type = 1;
	shim.hw_data[2] = prs;
	/*
	 * in turn: no capability; another that leads to itself; behind another; a virtual
	 * function's; one that cannot be read
	 */
	for (i = 0; i < 5; i++) {
		config[0x100 / 4] = i == 1 ? htole32(0x1001000f) : i ? htole32(0x1401000f) : 0;
		config[0x140 / 4] = htole32(0x00010013);
		shim.virtual_functions = i == 3;
		shim.no_config = i == 4 ? EIO : 0;
		ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &d));
		ck_ok(ioasid_device_query_info(d, &info));
		ck_assert_int_eq(info.page_requests, i == 2);
		ck_ok(ioasid_device_unbind(d));
	}
	shim.virtual_functions = false;
	shim.hw_data[2] = 0;
	ck_ok(ioasid_device_bind(ctx, shim.devices[0].name, 0, &d));
	ck_ok(ioasid_device_query_info(d, &info));
	ck_assert(!info.page_requests);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-fault");
	TCase *tc = tcase_create("fault");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_page_table_with_the_queue);
	tcase_add_test(tc, requests_for_pasids_of_a_guests);
	tcase_add_test(tc, a_device_without_page_requests);
	tcase_add_test(tc, the_queue_and_its_descriptor);
	tcase_add_test(tc, what_a_request_says);
	tcase_add_test(tc, responses);
	tcase_add_test(tc, several_responses_until_one_is_not_in_order);
	tcase_add_test(tc, groups_are_taken_whole);
	tcase_add_test(tc, a_group_that_is_too_large);
	tcase_add_test(tc, a_response_after_a_detach_is_not_to_the_next_group);
	tcase_add_test(tc, requests_of_an_unknown_device);
	tcase_add_test(tc, cookies_out_of_order);
	tcase_add_test(tc, a_torn_read);
	tcase_add_test(tc, reads_and_writes_that_fail);
	tcase_add_test(tc, options_that_the_kernel_has_not);
	tcase_add_test(tc, an_old_kernel_has_no_queues);
	tcase_add_test(tc, create_that_fails);
	tcase_add_test(tc, allocations_that_fail);
	tcase_add_test(tc, what_can_send_page_requests);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
