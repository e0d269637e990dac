/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No ioctl more than a careful programmer would have written by hand: what each call of the API
 * asks of the kernel, in order, and nothing else. What the ioctls say is for the other tests.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shim_expect.h"
#include "shim_nested.h"
#include "shim_viommu.h"

#define FSTS (UINT64_C(1) << 47)	/* of VT-d's extended capabilities: it nests */
#define IOVA UINT64_C(0x40000000)
#define RUN  (512 * PAGE)

static struct ioasid_device *other;
static struct ioasid_space *spare;
static struct ioasid_mapping *mapping;
static struct ioasid_fault_queue *queue;
static struct ioasid_inv *inv;
static uint64_t bitmap[2];
static int file;

/*
 * Bound, what does its IOMMU translate, who made it, and does it nest? On an IOAS that
 * goes again. Once in a context: what has the kernel for those that nest?
 */
#define BIND	   "BIND IOAS HWPT RANGES DESTROY INFO HWPT DESTROY DESTROY"
#define FIRST_BIND "BIND IOAS HWPT RANGES DESTROY INFO HWPT DESTROY INVALIDATE VIOMMU DESTROY"

/* A call, and the ioctls that it makes: their names without what all have in common. */
struct step {
	const char *what;
	int (*call)(void);
	const char *ioctls;
};

static const char *name_of(unsigned long command)
{
	static const struct { unsigned long command; const char *name;
	} names[] = {
		{ SHIM_DESTROY, "DESTROY" },
		{ SHIM_IOAS_ALLOC, "IOAS" },
		{ SHIM_COPY, "COPY" },
		{ SHIM_IOVA_RANGES, "RANGES" },
		{ SHIM_MAP, "MAP" },
		{ SHIM_UNMAP, "UNMAP" },
		{ SHIM_HWPT_ALLOC, "HWPT" },
		{ SHIM_FAULT_ALLOC, "FAULT" },
		{ SHIM_HW_INFO, "INFO" },
		{ SHIM_SET_DIRTY, "SET_DIRTY" },
		{ SHIM_GET_DIRTY, "GET_DIRTY" },
		{ SHIM_INVALIDATE, "INVALIDATE" },
		{ SHIM_BIND, "BIND" },
		{ SHIM_ATTACH, "ATTACH" },
		{ SHIM_DETACH, "DETACH" },
		{ SHIM_VIOMMU_ALLOC, "VIOMMU" },
		{ SHIM_MAP_FILE, "MAP_FILE" },
		{ SHIM_CHANGE_PROCESS, "CHANGE" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].command == command)
			return names[i].name;
	return "?";
}

static void play(const struct step *steps, size_t n)
{
	char made[512];
	size_t i, at;
	unsigned int k;

	for (i = 0; i < n; i++) {
		shim_forget();
		ck_ok(steps[i].call());
		made[0] = '\0';
		for (k = 0, at = 0; k < shim.n_calls && at < sizeof(made); k++)
			at += (size_t)snprintf(made + at, sizeof(made) - at, "%s%s", k ? " " : "",
					       name_of(shim.calls[k].command));
		ck_assert_msg(!strcmp(made, steps[i].ioctls), "%s: \"%s\", expected \"%s\"",
			      steps[i].what, made, steps[i].ioctls);
	}
}

#define PLAY(steps) play(steps, sizeof(steps) / sizeof((steps)[0]))

static void setup(void)
{
	shim_reset();
	shim.nests = true;
	shim.nested_type = 1;
	shim.hw_data[2] = FSTS;
	shim.hw_capabilities = 1;
	shim.pasid_bits = 20;
	memory = memory_new(MEMORY);
	ctx = NULL;
	device = other = NULL;
	root = child = spare = NULL;
	inv = NULL;
}

static void teardown(void)
{
	ioasid_inv_free(inv);
	nested_teardown();
}

static int open_ctx(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "iommufd";
	return ioasid_ctx_open(&options, &ctx);
}

static int bind_first(void)
{
	return ioasid_device_bind(ctx, shim.devices[0].name, 0, &device);
}

static int bind_second(void)
{
	return ioasid_device_bind(ctx, shim.devices[1].name, 0, &other);
}

static int make_root(void)
{
	root = make_space(ctx, NULL, 0);
	return 0;
}

static int make_spare(void)
{
	spare = make_space(ctx, NULL, 0);
	return 0;
}

static int make_tracked(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	return ioasid_space_create(ctx, &options, &root);
}

static int make_child(void)
{
	child = make_space(ctx, root, 0);
	return 0;
}

static int make_nested(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.parent = root;
	options.nesting = IOASID_NESTING_HARDWARE;
	return ioasid_space_create(ctx, &options, &child);
}

static int make_with_queue(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.fault_queue = queue;
	return ioasid_space_create(ctx, &options, &root);
}

static int map_guest(void)
{
	return ioasid_space_map(root, 0, memory, MEMORY, RW, NULL);
}

static int map_more(void)
{
	return ioasid_space_map(root, IOVA, memory, PAGE, RW, &mapping);
}

static int map_file(void)
{
	return ioasid_space_map_file(root, IOVA, file, 0, PAGE, RW, &mapping);
}

static int change_process(void)
{
	return ioasid_ctx_change_process(ctx);
}

static int map_spare(void)
{
	return ioasid_space_map(spare, 0, memory, MEMORY, RW, NULL);
}

static int unmap_more(void)
{
	return ioasid_mapping_unmap(mapping);
}

static int unmap_all(void)
{
	return ioasid_space_unmap_all(root, NULL);
}

static int attach_root(void)
{
	return ioasid_device_attach(device, root);
}

static int attach_second(void)
{
	return ioasid_device_attach(other, root);
}

static int replace_spare(void)
{
	return ioasid_device_replace(device, spare);
}

static int replace_root(void)
{
	return ioasid_device_replace(device, root);
}

static int detach_first(void)
{
	return ioasid_device_detach(device);
}

static int detach_second(void)
{
	return ioasid_device_detach(other);
}

static int unbind_first(void)
{
	return ioasid_device_unbind(device);
}

static int unbind_second(void)
{
	return ioasid_device_unbind(other);
}

static int destroy_root(void)
{
	return ioasid_space_destroy(root);
}

/* A context, for the teardown: it asks nothing. */
static int close_and_open(void)
{
	int ret = ioasid_ctx_close(ctx);

	return ret ? ret : open_ctx();
}

START_TEST(plain_spaces)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "bind another", bind_second, BIND },
		{ "create", make_root, "" },
		{ "map", map_guest, "" },
		{ "map", map_more, "" },
		{ "unmap", unmap_more, "" },
		{ "attach", attach_root, "IOAS MAP ATTACH" },
		{ "attach again", attach_root, "" },
		{ "attach another", attach_second, "ATTACH" },
		{ "map while attached", map_more, "MAP" },
		{ "unmap while attached", unmap_more, "UNMAP" },
		{ "create", make_spare, "" },
		{ "map", map_spare, "" },
		{ "replace", replace_spare, "IOAS MAP ATTACH" },
		{ "replace by itself", replace_spare, "" },
		{ "replace by what another uses", replace_root, "ATTACH DESTROY" },
		{ "detach", detach_first, "DETACH" },
		{ "detach again", detach_first, "" },
		{ "unmap all", unmap_all, "UNMAP" },
		{ "detach the last", detach_second, "DETACH DESTROY" },
		{ "destroy", destroy_root, "" },
		{ "unbind", unbind_first, "" },	/* the descriptor's close does it */
		{ "unbind", unbind_second, "" },
		{ "close", close_and_open, "" },
	};

	PLAY(steps);
}
END_TEST

/* Once in a context: does the kernel map files, and let another process take them over? */
START_TEST(files)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "create", make_root, "" },
		{ "map a file, the first time", map_file, "MAP_FILE" },
		{ "attach", attach_root, "IOAS MAP_FILE ATTACH" },
		{ "unmap", unmap_more, "UNMAP" },
		{ "map a file", map_file, "MAP_FILE" },
		{ "take over, the first time", change_process, "CHANGE CHANGE" },
		{ "take over", change_process, "CHANGE" },
		{ "detach", detach_first, "DETACH DESTROY" },
	};

	file = memfd_new(PAGE, F_SEAL_SHRINK);
	PLAY(steps);
	close(file);
}
END_TEST

START_TEST(close_takes_along_what_is_attached)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "create", make_root, "" },
		{ "map", map_guest, "" },
		{ "map", map_more, "" },
		{ "attach", attach_root, "IOAS MAP MAP ATTACH" },
		{ "close", close_and_open, "DETACH DESTROY" },
	};

	PLAY(steps);
}
END_TEST

static int bind_table_first(void)
{
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	gt_map(&table, IOVA, DATA, RUN, 1, RW);
	return bind_table(child, IOASID_PGTABLE_VTD_SS, 4, table.root);
}

static int attach_child(void)
{
	return ioasid_device_attach(device, child);
}

/* The guest maps the pages to others, and says so. */
static int remap_run(void)
{
	gt_map(&table, IOVA, DATA + RUN, RUN, 1, RW);
	return inv_range(ctx, child, IOVA, RUN);
}

static int unmap_run(void)
{
	gt_unmap(&table, IOVA, RUN, 1);
	return inv_range(ctx, child, IOVA, RUN);
}

static int map_run(void)
{
	gt_map(&table, IOVA, DATA, RUN, 1, RW);
	return inv_range(ctx, child, IOVA, RUN);
}

static int invalidate_run(void)
{
	return inv_range(ctx, child, IOVA, RUN);
}

static int invalidate_all(void)
{
	return inv_all(ctx, child);
}

START_TEST(software_nesting)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "create a root", make_root, "" },
		{ "map", map_guest, "" },
		{ "create a child", make_child, "IOAS MAP" },
		{ "bind a table", bind_table_first, "" },
		{ "attach", attach_child, "IOAS COPY ATTACH" },
		{ "512 pages that changed", remap_run, "UNMAP COPY" },
		{ "512 pages that have not", invalidate_run, "" },
		{ "all, which has not", invalidate_all, "" },
		{ "512 pages that went", unmap_run, "UNMAP" },
		{ "512 pages that went", invalidate_run, "" },
		{ "512 pages that came", map_run, "COPY" },
		{ "detach", detach_first, "DETACH DESTROY" },
	};

	PLAY(steps);
}
END_TEST

static int dirty_start(void)
{
	return ioasid_space_dirty_start(root);
}

static int dirty_read(void)
{
	return ioasid_space_dirty_read(root, 0, 128 * PAGE, PAGE, 0, bitmap);
}

static int dirty_stop(void)
{
	return ioasid_space_dirty_stop(root);
}

START_TEST(dirty_tracking)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "bind", bind_second, BIND },
		{ "create, the first time", make_tracked, "SET_DIRTY" },	/* is there such? */
		{ "destroy", destroy_root, "" },
		{ "create", make_tracked, "" },
		{ "map", map_guest, "" },
		{ "attach", attach_root, "IOAS MAP HWPT ATTACH" },
		{ "attach another", attach_second, "ATTACH" },
		{ "start", dirty_start, "SET_DIRTY" },
		{ "read", dirty_read, "GET_DIRTY" },
		{ "stop", dirty_stop, "SET_DIRTY" },
		{ "detach", detach_first, "DETACH" },
		{ "detach the last", detach_second, "DETACH DESTROY DESTROY" },
	};

	PLAY(steps);
}
END_TEST

static int bind_fs(uint64_t address)
{
	struct ioasid_pgtable t = IOASID_PGTABLE_INIT;

	t.format = IOASID_PGTABLE_VTD_FS;
	t.levels = 4;
	t.root = address;
	return ioasid_space_bind_pgtable(child, &t);
}

static int bind_one(void)
{
	return bind_fs(0x5000);
}

static int bind_other(void)
{
	return bind_fs(0x9000);
}

static int unbind_table(void)
{
	return ioasid_space_unbind_pgtable(child);
}

static int attach_second_child(void)
{
	return ioasid_device_attach(other, child);
}

static int submit_three(void)
{
	int ret = ioasid_inv_new(ctx, 4, &inv);

	if (!ret)
		ret = ioasid_inv_add_range(inv, child, 0x1000, PAGE, 0);
	if (!ret)
		ret = ioasid_inv_add_range(inv, child, 0x8000, 2 * PAGE, IOASID_INV_LEAF_ONLY);
	if (!ret)
		ret = ioasid_inv_add_all(inv, child, 0);
	return ret ? ret : ioasid_inv_submit(inv, NULL);
}

static int submit_nothing(void)
{
	ioasid_inv_reset(inv);
	return ioasid_inv_submit(inv, NULL);
}

START_TEST(hardware_nesting)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "bind", bind_second, BIND },
		{ "create a root", make_root, "" },
		{ "map", map_guest, "" },
		{ "create a child", make_nested, "IOAS MAP" },
		{ "bind a table", bind_one, "" },
		{ "attach", attach_child, "HWPT HWPT ATTACH" },
		{ "attach another", attach_second_child, "ATTACH" },
		{ "invalidate three", submit_three, "INVALIDATE" },
		{ "invalidate nothing", submit_nothing, "" },
		{ "bind another table", bind_other, "HWPT ATTACH ATTACH DESTROY" },
		{ "detach", detach_first, "DETACH" },
		{ "attach", attach_child, "ATTACH" },
		{ "detach", detach_first, "DETACH" },
		{ "unbind the table", unbind_table, "DETACH DESTROY DESTROY" },
		{ "detach", detach_second, "" },
	};

	PLAY(steps);
}
END_TEST

static int attach_pasid(void)
{
	return ioasid_device_attach_pasid(device, 5, root);
}

static int attach_next_pasid(void)
{
	return ioasid_device_attach_pasid(device, 6, root);
}

static int replace_pasid(void)
{
	return ioasid_device_replace_pasid(device, 6, spare);
}

static int detach_pasid(void)
{
	return ioasid_device_detach_pasid(device, 5);
}

static int detach_next_pasid(void)
{
	return ioasid_device_detach_pasid(device, 6);
}

START_TEST(pasids)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "bind", bind_first, FIRST_BIND },
		{ "create", make_root, "" },
		{ "create", make_spare, "" },
		{ "map", map_guest, "" },
		{ "attach a PASID", attach_pasid, "IOAS MAP HWPT ATTACH" },
		{ "attach another", attach_next_pasid, "ATTACH" },
		{ "replace", replace_pasid, "IOAS HWPT ATTACH" },
		{ "attach without a PASID", attach_root, "ATTACH" },
		{ "detach without a PASID", detach_first, "DETACH" },
		{ "detach", detach_pasid, "DETACH DESTROY DESTROY" },
		{ "detach", detach_next_pasid, "DETACH DESTROY DESTROY" },
	};

	PLAY(steps);
}
END_TEST

static int create_queue(void)
{
	return ioasid_fault_queue_create(ctx, NULL, &queue);
}

static int destroy_queue(void)
{
	return ioasid_fault_queue_destroy(queue);
}

START_TEST(fault_queues)
{
	static const struct step steps[] = {
		{ "open", open_ctx, "" },
		{ "create, the first time", create_queue, "FAULT FAULT" },
		{ "destroy", destroy_queue, "DESTROY" },
		{ "create", create_queue, "FAULT" },
		{ "create a space", make_with_queue, "" },
		{ "destroy the space", destroy_root, "" },
		{ "destroy", destroy_queue, "DESTROY" },
	};

	PLAY(steps);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-iommufd-calls");
	TCase *tc = tcase_create("calls");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, plain_spaces);
	tcase_add_test(tc, files);
	tcase_add_test(tc, close_takes_along_what_is_attached);
	tcase_add_test(tc, software_nesting);
	tcase_add_test(tc, dirty_tracking);
	tcase_add_test(tc, hardware_nesting);
	tcase_add_test(tc, pasids);
	tcase_add_test(tc, fault_queues);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
