/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the twins begin and end, and what a call's results are compared by. */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "twins.h"

void twins_differ(struct twins *t, const char *format, ...)
{
	va_list args;
	int n;

	if (t->failure[0])
		return;
	n = snprintf(t->failure, sizeof(t->failure), "call %u, %s: ", t->number, t->call);
	va_start(args, format);
	vsnprintf(t->failure + n, sizeof(t->failure) - (size_t)n, format, args);
	va_end(args);
}

void twins_say(struct twins *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->call, sizeof(t->call), format, args);
	va_end(args);
}

bool twins_agree(struct twins *t, int kernel, int emulated)
{
	if (t->trace) {
		fprintf(t->trace, "%s = %d\n", t->call, kernel);
		fflush(t->trace);
	}
	if (kernel != emulated)
		twins_differ(t, "%d on %s, %d emulated; last message: %s", kernel,
			     ioasid_ctx_get_backend(t->ctx[KERNEL]), emulated, ioasid_errmsg());
	return !kernel && !emulated;
}

static void add_device(struct twins *t, struct ioasid_platform *platform,
		       struct twin_device *d, bool first)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_range range[16];
	struct ioasid_device *bound;
	size_t i, n;

	ck_ok(ioasid_device_bind(t->ctx[KERNEL], d->name, 0, &bound));
	ck_ok(ioasid_device_query_info(bound, &info));
	n = ioasid_device_query_reserved(bound, range, 16);
	ck_assert_uint_le(n, 16);
	ck_ok(ioasid_device_unbind(bound));
	iommu.name = device.iommu = "iommu";
	iommu.address_bits = t->bits = info.address_bits;
	iommu.no_page_requests = true;
	iommu.no_dirty_tracking = !info.dirty_tracking;
	if (first)
		ck_ok(ioasid_platform_add_iommu(platform, &iommu));
	device.name = d->name;
	device.group = info.group + 1;	/* there is no group 0 */
	ck_ok(ioasid_platform_add_device(platform, &device));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_platform_add_reserved(platform, d->name, range[i].start,
						   range[i].length));
}

static void open_contexts(struct twins *t)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	const char *list = getenv("IOASID_TEST_DEVICES");
	struct ioasid_platform *platform;
	unsigned int i;

	options.backend = getenv("IOASID_BACKEND");
	ck_assert_msg(options.backend && *options.backend, "IOASID_BACKEND is not set");
	ck_assert_msg(list && sscanf(list, "%31s %31s %31s %31s %31s", t->device[0].name,
				     t->device[1].name, t->device[2].name, t->device[3].name,
				     t->device[4].name) == 5,
		      "IOASID_TEST_DEVICES has not five devices");
	ck_ok(ioasid_ctx_open(&options, &t->ctx[KERNEL]));
	ck_ok(ioasid_platform_new(&platform));
	for (i = 0; i < TWIN_DEVICES; i++) {
		add_device(t, platform, &t->device[i], !i);
		/* run-vm: edu, NVMe, edu, edu, e1000e */
		t->device[i].is_edu = i == 0 || i == 2 || i == 3;
		t->device[i].space = -1;
	}
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &t->ctx[EMULATED]));
	ioasid_platform_free(platform);
}

static void number_pages(uint8_t *at, uint64_t n, uint64_t first)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		*(uint64_t *)(void *)(at + i * PAGE) = first + i;
}

static void open_memory(struct twins *t)
{
	static const int seals[TWIN_FILES] = { F_SEAL_SHRINK, 0,
					       F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE };
	unsigned int i;

	t->memory = memory_new(MEMORY_PAGES * PAGE);
	number_pages(t->memory + TABLE_PAGES * PAGE, MEMORY_PAGES - TABLE_PAGES, TABLE_PAGES);
	t->read_only = memory_new(ODD_PAGES * PAGE);
	number_pages(t->read_only, ODD_PAGES, 0x10000);
	ck_assert_int_eq(mprotect(t->read_only, ODD_PAGES * PAGE, PROT_READ), 0);
	t->hole = memory_new(ODD_PAGES * PAGE);
	ck_assert_int_eq(mprotect(t->hole, ODD_PAGES * PAGE, PROT_NONE), 0);
	for (i = 0; i < TWIN_FILES; i++)
		t->file[i] = memfd_new(ODD_PAGES * PAGE, seals[i]);
}

static void open_tables(struct twins *t)
{
	static const struct {
		enum ioasid_pgtable_format format;
		uint32_t levels;
	} form[TWIN_TABLES] = { { IOASID_PGTABLE_VTD_SS, 3 }, { IOASID_PGTABLE_VTD_SS, 4 },
				{ IOASID_PGTABLE_VTD_FS, 4 } };
	const uint64_t pages = TABLE_PAGES / TWIN_TABLES;
	unsigned int i;

	for (i = 0; i < TWIN_TABLES; i++)
		gt_init(&t->table[i], form[i].format, form[i].levels, t->memory, TABLES_AT,
			TABLES_AT + i * pages * PAGE, TABLES_AT + (i + 1) * pages * PAGE);
}

static void *open_twins(uint64_t seed, FILE *trace)
{
	static const uint64_t first[8];
	static struct twins twins;
	struct twins *t = &twins;
	unsigned int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < TWIN_SPACES; i++)
		t->space[i].table = -1;
	open_contexts(t);
	open_memory(t);
	open_tables(t);
	for (i = 0; i < SIDES; i++)
		ck_ok(ioasid_inv_new(t->ctx[i], 8, &t->inv[i]));
	t->trace = trace;
	/* Something to begin with: a root, a child, devices. */
	(void)seed;
	twins_create(t, first);
	twins_repair(t, first);
	for (i = 0; i < TWIN_DEVICES; i++)
		twins_bind(t, (uint64_t[8]){ i });
	return t;
}

static void close_twins(void *world)
{
	struct twins *t = world;
	unsigned int i;

	for (i = 0; i < SIDES; i++) {
		ioasid_inv_free(t->inv[i]);
		ck_ok(ioasid_ctx_close(t->ctx[i]));
	}
	for (i = 0; i < TWIN_FILES; i++)
		close(t->file[i]);
	memory_free(t->memory, MEMORY_PAGES * PAGE);
	memory_free(t->read_only, ODD_PAGES * PAGE);
	memory_free(t->hole, ODD_PAGES * PAGE);
}

static const char *failure(const void *world)
{
	return ((const struct twins *)world)->failure;
}

static void check_all(void *world)
{
	struct twins *t = world;
	int s;

	for (s = 0; s < (int)TWIN_SPACES; s++) {
		twins_check_space(t, s);
		twins_check_runs(t, s);
	}
	twins_check_devices(t);
}

/* Much of what is the same in all calls comes often, and what takes time seldom. */
static twins_call_fn *const kinds[] = {
	twins_create, twins_create, twins_destroy, twins_attach, twins_attach, twins_attach,
	twins_detach, twins_allow, twins_identity, twins_register, twins_dirty, twins_map,
	twins_map, twins_map, twins_map, twins_map, twins_map_file, twins_map_file,
	twins_map_parent, twins_map_parent, twins_map_parent, twins_map_copy, twins_map_copy,
	twins_unmap, twins_unmap, twins_unmap, twins_unmap_one, twins_unmap_one, twins_unmap_one,
	twins_unmap_all, twins_bind_table, twins_bind_table, twins_write_table, twins_write_table,
	twins_write_table, twins_write_table, twins_write_table, twins_invalidate, twins_repair,
};

static void one_call(void *world, const struct call *call, unsigned int number)
{
	twins_call_fn *kind = kinds[call->kind];
	struct twins *t = world;
	int s;

	t->number = number;
	if (call->draw[7] % 211 == 0)
		kind = twins_bind;
	else if (call->draw[7] % 211 == 1)
		kind = twins_change_process;
	kind(t, call->draw);
	s = (int)(call->draw[7] >> 8 & (TWIN_SPACES - 1));
	twins_check_space(t, s);
	if (number % 8 == 7) /* in an emulated machine each run takes its time */
		twins_check_runs(t, s);
	twins_check_reach(t, s, call->draw[6]);
	if (number % 64 == 63)
		check_all(t);
}

const struct game twins_game = {
	.calls = MAX_CALLS, .kinds = sizeof(kinds) / sizeof(*kinds), .open = open_twins,
	.call = one_call, .check = check_all, .failure = failure, .close = close_twins,
};
