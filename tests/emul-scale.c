/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What there can be any number of costs no more each where there are many: with sixteen times as
 * many, all of them take about sixteen times as long, and not two hundred.
 */
#include <endian.h>
#include <ioasid/smmuv3.h>
#include <stdlib.h>
#include <time.h>

#include "hw_world.h"
#include "pasid_guest.h"

#define TIMES 16u
/* To each, for caches that they do not fit in any more. */
#define SLOWER 3u
#define TRIES 4

static struct ioasid_ctx *ctx;
static struct ioasid_device *device, *own, *shared, *avoids;

static void setup(void)
{
	static const char text[] =
		"iommu u pasid-bits=20\n"
		"iommu lax pasid-bits=20 enforce-snoop=off\n"
		"device avoids iommu=lax pasid-bits=20\n"
		"device physical iommu=u pasid-bits=20\n"
		"device parent iommu=u pasid-bits=20\n"
		"device own parent=parent pasid-bits=20\n"
		"device shared parent=parent pasid-bits=20 work-queues=shared\n";
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;

	ck_ok(ioasid_platform_parse(text, sizeof(text) - 1, &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_device_bind(ctx, "avoids", 0, &avoids));
	ck_ok(ioasid_device_bind(ctx, "physical", 0, &device));
	ck_ok(ioasid_device_bind(ctx, "own", 0, &own));
	ck_ok(ioasid_device_bind(ctx, "shared", 0, &shared));
}

static void teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
}

/* Those that came first go first. */
static void make_and_destroy(struct ioasid_space *parent, unsigned int n)
{
	struct ioasid_space **spaces = calloc(n, sizeof(struct ioasid_space *));
	unsigned int i;

	ck_assert_ptr_nonnull(spaces);
	for (i = 0; i < n; i++)
		spaces[i] = make_space(ctx, parent, 0);
	for (i = 0; i < n; i++)
		ck_ok(ioasid_space_destroy(spaces[i]));
	free(spaces);
}

static void roots(unsigned int n)
{
	make_and_destroy(NULL, n);
}

static void children(unsigned int n)
{
	struct ioasid_space *parent = make_space(ctx, NULL, 0);

	make_and_destroy(parent, n);
	ck_ok(ioasid_space_destroy(parent));
}

/* A process after the other that uses a device gets a PASID and a space, and ends. */
static void pasids(unsigned int n)
{
	struct ioasid_space *space;
	uint32_t i;

	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_attach_pasid(device, i, make_space(ctx, NULL, 0)));
	for (i = 1; i <= n; i++) {
		space = ioasid_device_get_pasid_space(device, i);
		ck_ok(ioasid_device_detach_pasid(device, i));
		ck_ok(ioasid_space_destroy(space));
	}
}

/* The page table of each process. */
static void page_tables(unsigned int n)
{
	struct ioasid_space *parent = make_space(ctx, NULL, 0), *space;
	uint32_t i;

	for (i = 1; i <= n; i++) {
		space = make_space(ctx, parent, 0);
		ck_ok(ioasid_device_attach_pasid(device, i, space));
		ck_ok(bind_table(space, IOASID_PGTABLE_VTD_SS, 4, 0));
	}
}

/* Pages come and go in a parent, of most of whose children no device has used one. */
static void parents_pages(unsigned int n)
{
	struct ioasid_space *parent = make_space(ctx, NULL, 0);
	char *memory = memory_new(PAGE);
	unsigned int i;

	for (i = 0; i < n; i++)
		make_space(ctx, parent, 0);
	for (i = 0; i < n; i++) {
		ck_ok(ioasid_space_map(parent, i * PAGE, memory, PAGE, RW, NULL));
		ck_ok(ioasid_space_unmap(parent, i * PAGE, PAGE, NULL));
	}
	memory_free(memory, PAGE);
}

/* A guest's command of @low and @high for each PASID, in which bit 12 is the PASID's lowest. */
static void commands(unsigned int n, uint64_t low, uint64_t high)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space *root = make_space(ctx, NULL, 0);
	struct ioasid_viommu *viommu;
	struct ioasid_vdevice *vdevice;
	uint64_t command[2] = { 0, htole64(high) };
	size_t handled;
	uint32_t i;

	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	ck_ok(ioasid_vdevice_create(viommu, device, 0, &vdevice));
	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_attach_pasid(device, i, root));
	for (i = 1; i <= n; i++) {
		command[0] = htole64(low | (uint64_t)i << 12);
		ck_ok(ioasid_viommu_invalidate(viommu, command, sizeof(command), 1, &handled));
	}
}

/* A guest's context descriptors, each invalidated once. */
static void descriptors(unsigned int n)
{
	commands(n, IOASID_SMMUV3_CMD_CFGI_CD, 1);	/* Leaf: 4.3.3 */
}

/* What its device has cached of each PASID. */
static void device_tlbs(unsigned int n)
{
	commands(n, IOASID_SMMUV3_CMD_ATC_INV | 1 << 11, 52);	/* SSV, Size: 4.5.1 */
}

/* Spaces asked whether all snoop, and all of them at once. */
static void snooping(unsigned int n)
{
	struct ioasid_space *all = make_space(ctx, NULL, 0), *some = make_space(ctx, NULL, 0);
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;
	uint32_t i;

	for (i = 1; i <= n; i++) {
		ck_ok(ioasid_device_attach_pasid(device, i, all));
		ck_ok(ioasid_device_attach_pasid(avoids, i, some));
		ck_assert(space_info(all).snoop_enforced);
		ck_assert(!space_info(some).snoop_enforced);
	}
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert(info.noncoherent_dma);
	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_detach_pasid(avoids, i));
	ck_assert(space_info(some).snoop_enforced);
	ck_ok(ioasid_ctx_query_info(ctx, &info));
	ck_assert(!info.noncoherent_dma);
}

/* Of two pools from which no PASID may be had twice, what is taken from one is not in the other. */
static void pools(struct ioasid_device *first, struct ioasid_device *second, uint32_t n)
{
	struct ioasid_space *space = make_space(ctx, NULL, 0);
	uint32_t i;

	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_attach_pasid(first, i, space));
	for (i = 1; i <= n; i++)
		ck_ok(ioasid_device_attach_pasid(second, i, space));
	for (i = 1; i <= n; i++) {
		ck_ok(ioasid_device_detach_pasid(first, i));
		ck_ok(ioasid_device_detach_pasid(second, i));
	}
	ck_ok(ioasid_space_destroy(space));
}

static void shared_first(unsigned int n)
{
	pools(shared, own, n);
}

static void own_first(unsigned int n)
{
	pools(own, shared, n);
}

/* Closed in the order in which they were opened, and opened again. */
static void channels(unsigned int n)
{
	struct ioasid_channel **all = calloc(n, sizeof(struct ioasid_channel *));
	unsigned int i, again;

	ck_assert_ptr_nonnull(all);
	for (again = 0; again < 2; again++) {
		for (i = 0; i < n; i++)
			all[i] = channel_new(device, i + 1);
		for (i = 0; i < n; i++)
			ck_ok(ioasid_channel_close(all[i]));
	}
	free(all);
}

/* To be read only: its pages need not be memory then. */
static void registered(unsigned int n)
{
	char *memory = memory_new(n * PAGE);
	unsigned int i;

	for (i = 0; i < n; i++)
		ck_ok(ioasid_ctx_register_memory(ctx, memory + i * PAGE, PAGE,
						 IOASID_READ));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_ctx_unregister_memory(ctx, memory + i * PAGE, PAGE));
	memory_free(memory, n * PAGE);
}

static const struct {
	const char *name;
	void (*use)(unsigned int n);
	unsigned int n;
} things[] = {
	{ "roots", roots, 4096 },
	{ "children", children, 1024 },
	{ "PASIDs", pasids, 2048 },
	{ "PASIDs of their own beside shared ones", shared_first, 1024 },
	{ "shared PASIDs beside others", own_first, 1024 },
	{ "page tables", page_tables, 1024 },
	{ "pages of a parent", parents_pages, 256 },
	{ "context descriptors", descriptors, 1024 },
	{ "PASIDs in a device's TLB", device_tlbs, 1024 },
	{ "questions who snoops", snooping, 1024 },
	{ "channels", channels, 1024 },
	{ "pieces of registered memory", registered, 4096 },
};

static double seconds(const struct timespec *before, const struct timespec *after)
{
	return (double)(after->tv_sec - before->tv_sec) +
	       (double)(after->tv_nsec - before->tv_nsec) / 1e9;
}

/* In a context of its own, by the processor's time: of two runs the better. */
static double cost(void (*use)(unsigned int n), unsigned int n)
{
	struct timespec before, after;
	double best = 0, is;
	int i;

	for (i = 0; i < 2; i++) {
		setup();
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
		use(n);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
		teardown();
		is = seconds(&before, &after);
		best = !i || is < best ? is : best;
	}
	return best;
}

/*
 * What grows by the square takes TIMES times TIMES as long, each time. A busy machine spoils a
 * measurement or two.
 */
START_TEST(many_cost_no_more_each)
{
	const unsigned int few = rounds(things[_i].n);
	double one = 0, all = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		one = cost(things[_i].use, few);
		all = cost(things[_i].use, TIMES * few);
		if (all < one * TIMES * SLOWER)
			return;
	}
	ck_abort_msg("%u %s take %f s, and %u take %f s", few, things[_i].name, one, TIMES * few,
		     all);
}
END_TEST

/* A batch of single pages, none next to another, behind an IOTLB so large. */
static double invalidating(const char *platform, unsigned int n)
{
	struct timespec before, after;
	struct ioasid_inv *inv;
	unsigned int i;
	struct hw h;

	hw_open(&h, platform, IOASID_PGTABLE_VTD_SS, 0);
	ck_assert_int_eq(hw_page(&h, 0), 16);
	ck_ok(ioasid_inv_new(h.g.ctx, n, &inv));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_inv_add_range(inv, h.child, HW_AT + 2 * i * PAGE, PAGE, 0));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	ck_ok(ioasid_inv_submit(inv, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	ioasid_inv_free(inv);
	hw_set(&h, 0, 40);
	hw_invalidate(&h, 0, 0);
	ck_assert_int_eq(hw_page(&h, 0), 40);
	hw_close(&h);
	return seconds(&before, &after);
}

START_TEST(a_large_iotlb_is_not_searched_for_a_page)
{
	const unsigned int n = rounds(10000);
	double small = 0, large = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		small = invalidating(HW_PLATFORM("iotlb=256", "device-tlb=256"), n);
		large = invalidating(HW_PLATFORM("iotlb=65536", "device-tlb=65536"), n);
		if (large < 20 * small)
			return;
	}
	ck_abort_msg("%f s with 256 entries, %f s with 65536", small, large);
}
END_TEST

/* With @many it takes less than @times as long as with @few; by chance not in each try. */
static void ck_grows(double (*use)(unsigned int n), unsigned int few, unsigned int many,
		     unsigned int times, const char *what)
{
	double some = 0, all = 0;
	int i;

	for (i = 0; i < TRIES; i++) {
		some = use(few);
		all = use(many);
		if (all < times * some)
			return;
	}
	ck_abort_msg("%f s with %u %s, %f s with %u", some, few, what, all, many);
}

/* A batch that names one PASID of a guest's table so often. */
static double invalidating_pasid(unsigned int n)
{
	const unsigned int tables = 256;
	struct timespec before, after;
	struct ioasid_channel *channel;
	struct guest_table t;
	struct ioasid_inv *inv;
	struct pasid_guest g;
	uint8_t byte;
	unsigned int i;

	pasid_guest_open(&g);
	t = new_table(&g, IOASID_PGTABLE_VTD_FS, 0);
	for (i = 0; i < tables; i++)
		gt_map(&t, i * 2 * MIB, DATA, PAGE, 1, RW);
	g.next = t.next;
	set_entry(&g, 5, ENTRY_FS, t.root);
	bind_and_attach(&g);
	channel = channel_new(g.device, 5);
	for (i = 0; i < tables; i++)
		ck_ok(dma_get(channel, i * 2 * MIB, &byte));
	ck_ok(ioasid_inv_new(g.ctx, n, &inv));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_inv_add_pasid(inv, g.device, 5, 0));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	ck_ok(ioasid_inv_submit(inv, NULL));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	ioasid_inv_free(inv);
	pasid_guest_close(&g);
	return seconds(&before, &after);
}

START_TEST(a_batch_reads_a_page_table_once)
{
	ck_grows(invalidating_pasid, 1, 256, 20, "of the same entries");
}
END_TEST

/* Seconds of @n commands at once, of which each is @step more than the one before. */
static double carry_out(struct ioasid_viommu *viommu, unsigned int n, uint64_t command,
			uint64_t step)
{
	uint64_t (*raw)[2] = calloc(n, sizeof(*raw));
	struct timespec before, after;
	size_t handled;
	unsigned int i;

	ck_assert_ptr_nonnull(raw);
	for (i = 0; i < n; i++)
		raw[i][0] = htole64(command + i * step);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	ck_ok(ioasid_viommu_invalidate(viommu, raw, sizeof(*raw), n, &handled));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	free(raw);
	return seconds(&before, &after);
}

/* So many commands at once of a guest that has a page table for each of many PASIDs. */
static double giving_commands(unsigned int n)
{
	const unsigned int pasids = 512;
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space_options space = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_vdevice *vdevice;
	struct pasid_guest g;
	unsigned int i;
	double took;

	pasid_guest_open(&g);
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(g.root, g.device, &options, &space.viommu));
	ck_ok(ioasid_vdevice_create(space.viommu, g.device, 1, &vdevice));
	ck_ok(ioasid_space_create(g.ctx, &space, &g.space));
	for (i = 0; i < pasids; i++)
		set_entry(&g, i + 1, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 0).root);
	bind_and_attach(&g);
	for (i = 0; i < pasids; i++)
		ck_assert_int_eq(reached(g.device, i + 1, 0), 0);
	took = carry_out(space.viommu, n, IOASID_SMMUV3_CMD_TLBI_NH_ASID, UINT64_C(1) << 48);
	pasid_guest_close(&g);
	return took;
}

START_TEST(page_tables_of_pasids_are_read_once_too)
{
	ck_grows(giving_commands, 1, 1024, 10, "commands of the like");
}
END_TEST

/* Commands of a guest with one space, where others have so many. */
static double giving_commands_beside(unsigned int others)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_space_options space = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *child;
	unsigned int i;
	double took;

	setup();
	options.type = IOASID_VIOMMU_SMMUV3;
	ck_ok(ioasid_viommu_create(make_space(ctx, NULL, 0), device, &options, &space.viommu));
	ck_ok(ioasid_space_create(ctx, &space, &child));
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, 0));
	for (i = 0; i < others; i++)
		make_space(ctx, NULL, 0);
	took = carry_out(space.viommu, 1024, IOASID_SMMUV3_CMD_TLBI_NH_ALL, 0);
	teardown();
	return took;
}

START_TEST(a_command_is_about_no_spaces_of_others)
{
	ck_grows(giving_commands_beside, 16, rounds(16384), 10, "spaces beside");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scale");
	TCase *tc = tcase_create("scale");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, many_cost_no_more_each, 0,
			    (int)(sizeof(things) / sizeof(things[0])));
	tcase_add_test(tc, a_large_iotlb_is_not_searched_for_a_page);
	tcase_add_test(tc, a_batch_reads_a_page_table_once);
	tcase_add_test(tc, page_tables_of_pasids_are_read_once_too);
	tcase_add_test(tc, a_command_is_about_no_spaces_of_others);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
