/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux from 6.6 on: what each version has is known from its answers, each asked for once, and told
 * as a capability. What it lacks is refused before anything is done.
 */
#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim_expect.h"
#include "shim_nested.h"
#include "shim_version.h"
#include "shim_viommu.h"

#define VTD	1u
#define SMMUV3	2u
#define OTHER	0xdeadbeefu	/* a vIOMMU's type that the library does not know */
#define PRS	(UINT64_C(1) << 29)	/* of VT-d's extended capabilities */
#define FSTS	(UINT64_C(1) << 47)

/* From the histories of include/uapi/linux/iommufd.h and vfio.h. */
static const struct kernel {
	unsigned int version;
	bool dirty, nests, faults, viommus, files, pasids, queues;
} kernels[] = {
	{ LINUX(6, 6), false, false, false, false, false, false, false },
	{ LINUX(6, 7), true, false, false, false, false, false, false },
	{ LINUX(6, 8), true, true, false, false, false, false, false },
	{ LINUX(6, 10), true, true, false, false, false, false, false },
	{ LINUX(6, 11), true, true, true, false, false, false, false },
	{ LINUX(6, 12), true, true, true, false, false, false, false },
	{ LINUX(6, 13), true, true, true, true, true, false, false },
	{ LINUX(6, 14), true, true, true, true, true, false, false },
	{ LINUX(6, 15), true, true, true, true, true, true, false },
	{ LINUX(6, 17), true, true, true, true, true, true, true },
	{ LINUX(7, 0), true, true, true, true, true, true, true },
	{ LINUX(7, 3), true, true, true, true, true, true, true },
};

#define KERNELS (int)(sizeof(kernels) / sizeof(kernels[0]))

static uint32_t config[1024];

/* A machine whose IOMMU and device can do everything. */
static void boot(const struct kernel *kernel, uint32_t type)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.version = kernel->version;
	shim.nests = shim.has_cmdqv = true;
	shim.hw_type = type;
	shim.hw_length = type == VTD ? 24 : 40;
	shim.hw_data[2] = PRS | FSTS;
	shim.hw_capabilities = 1;
	shim.pasid_bits = 20;
	shim.nested_type = type;
	shim_viommu.type = 1;	/* IOMMU_VIOMMU_TYPE_ARM_SMMUV3 */
	config[0x100 / 4] = htole32(0x00010013);
	shim.config = config;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
}

static void setup(void)
{
	memory = memory_new(MEMORY);
}

static bool is_question(const struct shim_call *call)
{
	return call->words[1] == UINT32_MAX;
}

/* Calls that failed, and did not ask whether there is such a command. */
static unsigned int failures(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < shim.n_calls; i++)
		n += shim.calls[i].result && !is_question(&shim.calls[i]);
	return n;
}

static struct ioasid_device_info device_info(void)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	return info;
}

static void has(enum ioasid_capability capability, bool expected)
{
	ck_assert_msg(ioasid_ctx_has(ctx, capability) == expected, "Linux %u.%u: %s",
		      shim.version >> 8, shim.version & 0xff, ioasid_capability_name(capability));
	ck_assert(expected || strstr(ioasid_ctx_why_not(ctx, capability), "Linux "));
}

START_TEST(capabilities)
{
	const struct kernel *k = &kernels[_i];

	boot(k, VTD);
	has(IOASID_CAP_DIRTY_TRACKING, k->dirty);
	has(IOASID_CAP_NESTING_HARDWARE, k->nests);
	has(IOASID_CAP_USER_PASID_TABLE, k->viommus);
	has(IOASID_CAP_PAGE_REQUESTS, k->faults);
	has(IOASID_CAP_VIOMMU, k->viommus);
	has(IOASID_CAP_PASID, k->pasids);
	has(IOASID_CAP_HW_QUEUE, k->queues);
	has(IOASID_CAP_CHANGE_PROCESS, k->files);
	has(IOASID_CAP_NESTING_SOFTWARE, true);
	has(IOASID_CAP_MULTI_DEVICE_GROUPS, true);
	has(IOASID_CAP_ATOMIC_REPLACE, true);
}
END_TEST

START_TEST(devices_behind_vtd)
{
	const struct kernel *k = &kernels[_i];
	struct ioasid_device_info info;

	boot(k, VTD);
	info = device_info();
	ck_assert(info.nesting_software && info.coherent);
	ck_assert_uint_eq(info.address_bits, 48);
	ck_assert_int_eq(info.dirty_tracking, k->dirty);
	ck_assert_int_eq(info.nesting_hardware, k->nests);
	ck_assert_uint_eq(info.hardware_formats, k->nests ? 1u << IOASID_PGTABLE_VTD_FS : 0);
	ck_assert_int_eq(info.page_requests, k->faults);
	ck_assert_uint_eq(info.viommu_types, k->viommus ? 1u << IOASID_VIOMMU_RAW : 0);
	ck_assert_uint_eq(info.pasid_bits, k->pasids ? 20 : 0);
}
END_TEST

/* Of an SMMUv3 Linux tells since 6.13, which is the first that nests there. */
START_TEST(devices_behind_smmuv3)
{
	const struct kernel *k = &kernels[_i];
	struct ioasid_device_info info;

	boot(k, SMMUV3);
	info = device_info();
	ck_assert_int_eq(info.nesting_hardware, k->viommus);
	ck_assert_uint_eq(info.viommu_types,
			  (k->viommus ? 1u << IOASID_VIOMMU_RAW | 1u << IOASID_VIOMMU_SMMUV3 : 0) |
			  (k->queues ? 1u << IOASID_VIOMMU_TEGRA241 : 0));
	ck_assert_uint_eq(info.pasid_table_formats,
			  k->viommus ? 1u << IOASID_PASID_TABLE_SMMUV3 : 0);
}
END_TEST

/* What all versions have: no call fails, but for that which finds out whether an IOMMU nests. */
START_TEST(plain_spaces)
{
	struct ioasid_space *spare;
	struct ioasid_device *other;

	boot(&kernels[_i], VTD);
	other = bind_device(1);
	ck_assert_uint_eq(failures(), kernels[_i].version < LINUX(6, 7) ? 2 : 0);
	shim_forget();
	root = make_space(ctx, NULL, 0);
	spare = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	ck_ok(ioasid_device_attach(device, root));
	ck_ok(ioasid_device_attach(other, root));
	ck_ok(ioasid_space_map(root, GIB, memory, PAGE, RW, &memory_mapping));
	ck_ok(ioasid_mapping_unmap(memory_mapping));
	ck_ok(ioasid_device_replace(device, spare));
	ck_ok(ioasid_device_detach(device));
	ck_ok(ioasid_device_unbind(other));
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

START_TEST(files)
{
	int fd = memfd_new(PAGE, F_SEAL_SHRINK);
	unsigned long expected;

	boot(&kernels[_i], VTD);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_device_attach(device, root));
	shim_forget();
	ck_ok(ioasid_space_map_file(root, 0, fd, 0, PAGE, RW, NULL));
	expected = kernels[_i].files ? SHIM_MAP_FILE : SHIM_MAP;
	ck_assert_uint_eq(shim.n_calls, 2);
	ck_assert_uint_eq(shim.calls[1].command, expected);
	ck_assert_uint_eq(failures(), 0);
	close(fd);
}
END_TEST

START_TEST(software_nesting)
{
	boot(&kernels[_i], VTD);
	shim_forget();
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(device, child));
	gt_map(&table, GIB, DATA, 16 * PAGE, 1, RW);
	ck_ok(inv_range(ctx, child, GIB, 16 * PAGE));
	reaches(GIB, DATA, 16 * PAGE, RW);
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

static int make_tracked(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	return ioasid_space_create(ctx, &options, &space);
}

static int make_nested(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	options.parent = root;
	options.nesting = IOASID_NESTING_HARDWARE;
	return ioasid_space_create(ctx, &options, &space);
}

static int make_queue(void)
{
	struct ioasid_fault_queue *queue;

	return ioasid_fault_queue_create(ctx, NULL, &queue);
}

static int attach_pasid(void)
{
	int ret = ioasid_device_attach_pasid(device, 5, root);

	return ret ? ret : ioasid_device_detach_pasid(device, 5);
}

static int make_viommu(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu *viommu;

	options.type = IOASID_VIOMMU_SMMUV3;
	return ioasid_viommu_create(root, device, &options, &viommu);
}

/* Of what is missing the kernel is asked at most once, by a question; nothing is begun. */
static void make_or_lack(int (*make)(void), bool is_there)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		shim_forget();
		if (is_there)
			ck_ok(make());
		else
			ck_err(make(), EOPNOTSUPP);
		ck_assert_uint_eq(failures(), 0);
		ck_assert(is_there || shim.n_calls <= !i);
		ck_assert(is_there || *ioasid_errmsg());
	}
}

START_TEST(what_is_missing_is_refused)
{
	const struct kernel *k = &kernels[_i];

	boot(k, SMMUV3);
	root = make_space(ctx, NULL, 0);
	make_or_lack(make_tracked, k->dirty);
	make_or_lack(make_nested, k->nests);
	make_or_lack(make_queue, k->faults);
	make_or_lack(attach_pasid, k->pasids);
	make_or_lack(make_viommu, k->viommus);
}
END_TEST

/* Whatever is asked for, and however often: one question a command, of the whole context. */
START_TEST(each_question_is_asked_once)
{
	unsigned long asked[16];
	unsigned int i, k, n = 0;
	int capability;

	boot(&kernels[_i], VTD);
	bind_device(1);
	for (i = 0; i < 2; i++)
		for (capability = 1; ioasid_capability_name(capability); capability++)
			ioasid_ctx_has(ctx, capability);
	bind_device(2);
	root = make_space(ctx, NULL, 0);
	if (kernels[_i].nests)
		ck_ok(make_nested());
	for (i = 0; i < shim.n_calls; i++) {
		if (!is_question(&shim.calls[i]))
			continue;
		ck_assert_int_ne(shim.calls[i].result, 0);
		for (k = 0; k < n; k++)
			ck_assert_uint_ne(asked[k], shim.calls[i].command);
		ck_assert_uint_lt(n, 7);
		asked[n++] = shim.calls[i].command;
	}
	ck_assert_uint_eq(n, 7);
}
END_TEST

static struct ioasid_viommu *make_raw(void *data, size_t size)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu *viommu = NULL;

	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = OTHER;
	options.raw_commands = OTHER;
	options.data = data;
	options.data_size = size;
	shim_viommu.type = OTHER;
	if (data)
		ck_err(ioasid_viommu_create(root, device, &options, &viommu), EOPNOTSUPP);
	else
		ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	return viommu;
}

/* vIOMMUs of Linux 6.13: no data (6.17), no events (6.15), no hardware queues (6.17). */
START_TEST(the_first_viommus)
{
	static const struct kernel first = { .version = LINUX(6, 13) };
	struct ioasid_viommu_events_options events = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_event_queue *queue;
	struct ioasid_hw_queue *hw_queue;
	struct ioasid_viommu *viommu;
	uint64_t data = 1;

	boot(&first, SMMUV3);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	make_raw(&data, sizeof(data));
	said("6.17", "data");
	ck_assert_uint_eq(shim_objects(), 1);
	viommu = make_raw(NULL, 0);
	events.format = IOASID_EVENTS_RAW;
	events.raw_type = OTHER;
	events.raw_size = 16;
	ck_err(ioasid_viommu_create_events(viommu, &events, &queue), EOPNOTSUPP);
	said("6.15", "events");
	options.type = IOASID_HW_QUEUE_RAW;
	options.raw_type = OTHER;
	options.length = PAGE;
	ck_err(ioasid_hw_queue_create(viommu, &options, &hw_queue), EOPNOTSUPP);
	said("6.17", "hardware queues");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-old");
	TCase *tc = tcase_create("versions");

	tcase_add_checked_fixture(tc, setup, nested_teardown);
	tcase_add_loop_test(tc, capabilities, 0, KERNELS);
	tcase_add_loop_test(tc, devices_behind_vtd, 0, KERNELS);
	tcase_add_loop_test(tc, devices_behind_smmuv3, 0, KERNELS);
	tcase_add_loop_test(tc, plain_spaces, 0, KERNELS);
	tcase_add_loop_test(tc, files, 0, KERNELS);
	tcase_add_loop_test(tc, software_nesting, 0, KERNELS);
	tcase_add_loop_test(tc, what_is_missing_is_refused, 0, KERNELS);
	tcase_add_loop_test(tc, each_question_is_asked_once, 0, KERNELS);
	tcase_add_test(tc, the_first_viommus);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
