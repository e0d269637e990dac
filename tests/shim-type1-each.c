/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each command of each call on type1 fails in turn, and so does each allocation, as in
 * shim-iommufd-each.c. check-inject.sh holds that no call is left out.
 */
#include <unistd.h>

#include "each_calls.h"
#include "guest_tables.h"
#include "shim_each.h"
#include "shim_type1_ctx.h"

/* From guest address 0: tables in the first part, the rest is what they map. */
#define MEMORY	(8 * MIB)
#define TABLES	(1 * MIB)
#define GROUP	1u
#define OTHER	2u
#define THIRD	7u		/* of two devices */
#define NARROWS 1u		/* as a kind: a kernel that tells what was written, and no more */

struct ioasid_device *device;
struct ioasid_space *root, *child;
uint8_t *memory;

static struct ioasid_ctx *second;
static struct ioasid_device *fourth;
static struct guest_table table;
static uint64_t bits;					/* pages, as a call has told */
static uint64_t written, written_at;			/* those that must be told, from where on */

static int bind_to(unsigned int i, struct ioasid_device **out)
{
	return ioasid_device_bind(ctx, shim.devices[i].name, i, out);
}

static void make_spaces(void)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(ctx, &options, &root));
	ck_ok(ioasid_space_map(root, 0, memory, 4 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(root, 4 * MIB, memory, 4 * PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_space_map(root, 5 * MIB, memory, 4 * PAGE, RW, NULL));
	plain = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(plain, 0, memory, 4 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(plain, 5 * MIB, memory, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(plain, 6 * MIB, memory, 2 * PAGE, RW, NULL));
	child = make_space(ctx, root, 0);
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 3, memory, 0, 0, TABLES);
	gt_map(&table, 0, DATA, 4 * PAGE, 1, RW);
	gt_map(&table, MIB, DATA, PAGE, 1, RW);
}

static void world_open(uint32_t kind)
{
	shim_reset();
	shim_t1.narrows = kind == NARROWS;
	shim_t1.ranges[1].last = (UINT64_C(1) << 48) - 1;	/* that is where memory is */
	second = NULL;
	third = fourth = NULL;
	bits = written = written_at = 0;
	file = -1;
	ck_ok(open_ctx("type1"));
	device = bind(0);
	other = bind(1);
	memory = memory_new(MEMORY);
	make_spaces();
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
}

static void world_close(void)
{
	ioasid_inv_free(inv);
	if (file >= 0)
		close(file);
	if (second)
		ck_ok(ioasid_ctx_close(second));
	type1_teardown();
	memory_free(memory, MEMORY);
}

/* An address of ours by its offset; that of a file may be any. */
static uintmax_t place(uint64_t host)
{
	return host - (uintptr_t)memory < MEMORY ? host - (uintptr_t)memory : UINTMAX_MAX;
}

static void dump_device(FILE *out, const struct ioasid_device *d, uint32_t group)
{
	const struct ioasid_space *space = d ? ioasid_device_get_space(d) : NULL;
	const struct shim_entry *e;
	unsigned int n;

	if (!d)
		return;
	fprintf(out, "group %u: space %u, records %d:", group,
		space ? ioasid_space_get_id(space) : 0, shim_records(group));
	for (n = shim_entries(group, &e); n; n--, e++)
		fprintf(out, " %#jx+%#jx->%#jx %u",
			place(e->iova) < MEMORY ? place(e->iova) : (uintmax_t)e->iova,
			(uintmax_t)e->size, place(e->vaddr), e->flags);
	fprintf(out, "\n");
}

/* Pages of which neither a call has told nor the next one would. */
static uint64_t lost(void)
{
	uint64_t there = 0;

	if (written)
		ck_ok(ioasid_space_dirty_read(root, written_at, 64 * PAGE, PAGE, IOASID_DIRTY_PEEK,
					      &there));
	return written & ~(bits | there);
}

static void dump(FILE *out)
{
	struct ioasid_space *spaces[] = { root, plain, child };
	size_t i;

	dump_device(out, device, GROUP);
	dump_device(out, other, OTHER);
	dump_device(out, third, THIRD);
	for (i = 0; i < 3; i++)
		fprintf(out, "space %zu: %ju mappings, bound %d, %zu reserved\n", i,
			(uintmax_t)space_info(spaces[i]).mappings,
			space_info(spaces[i]).pgtable_bound,
			ioasid_space_query_reserved(spaces[i], NULL, 0));
	fprintf(out, "%u descriptors, batch of %zu, handles %d%d%d, lost %#jx\n",
		shim_open_fds(), ioasid_inv_get_count(inv), second != NULL, third != NULL,
		fourth != NULL, (uintmax_t)lost());
}

/* The kernel does not refuse to unmap, unless it is to tell as well; nor to stop recording. */
static bool refuses(const struct shim_call *call)
{
	switch (call->command) {
	case SHIM_UNMAP_DMA:
		return call->words[1] & 1;	/* VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP */
	case SHIM_DIRTY_PAGES:
		return call->words[1] != 2;	/* VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP */
	}
	return true;
}

static int open_second(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = "type1";
	return ioasid_ctx_open(&options, &second);
}

static int bind_third(void)
{
	return bind_to(2, &third);
}

static void third_bound(void)
{
	ck_ok(bind_third());
}

static int bind_fourth(void)
{
	return bind_to(3, &fourth);
}

/* To two groups, and so in two containers. */
static void attached(void)
{
	ck_ok(attach());
	ck_ok(ioasid_device_attach(other, root));
}

static void tracked(void)
{
	attached();
	ck_ok(start_dirty());
}

static void other_tracked(void)
{
	tracked();
	ck_ok(ioasid_device_detach(device));
}

static void pages_written(void)
{
	tracked();
	shim_write(GROUP, PAGE);
	shim_write(OTHER, 3 * PAGE);
	shim_write(OTHER, 5 * PAGE);
	written = 1 << 1 | 1 << 3 | 1 << 5;
}

static void plain_attached(void)
{
	ck_ok(ioasid_device_attach(device, plain));
	ck_ok(ioasid_device_attach(other, root));
	ck_ok(start_dirty());
}

static int replace_by_tracked(void)
{
	return ioasid_device_replace(device, root);
}

static void with_file(void)
{
	attached();
	file = memfd_new(MIB, 0x2);	/* F_SEAL_SHRINK */
}

static void identity_attached(void)
{
	struct ioasid_space *identity;

	ck_ok(ioasid_ctx_get_identity_root(ctx, &identity));
	ck_ok(ioasid_device_attach(device, identity));
	ck_ok(ioasid_device_attach(other, identity));
}

static int register_memory(void)
{
	return ioasid_ctx_register_memory(ctx, memory, MIB, RW);
}

static void child_attached(void)
{
	ck_ok(ioasid_device_attach(device, child));
	ck_ok(ioasid_device_attach(other, child));
}

static int bind_shadow(void)
{
	struct ioasid_pgtable t = IOASID_PGTABLE_INIT;

	t.format = IOASID_PGTABLE_VTD_SS;
	t.levels = 3;
	t.root = table.root;
	return ioasid_space_bind_pgtable(child, &t);
}

static void shadow_bound(void)
{
	ck_ok(bind_shadow());
}

static int attach_child(void)
{
	return ioasid_device_attach(device, child);
}

static void shadow_changed(void)
{
	child_attached();
	shadow_bound();
	gt_unmap(&table, 0, PAGE, 1);
	gt_map(&table, MORE, DATA + MIB, 2 * PAGE, 1, RW);
	ck_ok(ioasid_inv_add_all(inv, child, 0));
}

static int read_dirty(void)
{
	return ioasid_space_dirty_read(root, 0, 64 * PAGE, PAGE, 0, &bits);
}

static void more_tracked(void)
{
	tracked();
	ck_ok(map());
}

static int unmap_dirty(void)
{
	return ioasid_space_unmap_dirty(root, MORE, PAGE, PAGE, &bits, NULL);
}

/* These cannot fail. What cannot be had of what was written there counts as written. */
static int unmap(void)
{
	return ioasid_space_unmap(root, MORE, PAGE, NULL);
}

static int unmap_all(void)
{
	return ioasid_space_unmap_all(root, NULL);
}

static int unmap_mapping(void)
{
	return ioasid_mapping_unmap(ioasid_space_find_mapping(root, MORE, PAGE));
}

static void child_tracked(void)
{
	child_attached();
	shadow_bound();
	ck_ok(start_dirty());
	shim_write(GROUP, PAGE);
	shim_write(OTHER, 3 * PAGE);
	written = 1 << 1 | 1 << 3;
	written_at = DATA;
}

static int unbind_shadow(void)
{
	return ioasid_space_unbind_pgtable(child);
}

static const struct each each[] = {
	{ "ctx_open", NULL, open_second, 0, false },
	{ "ctx_register_memory", identity_attached, register_memory, 0, false },
	{ "device_bind", NULL, bind_third, 0, false },
	{ "device_bind, to a group that is open", third_bound, bind_fourth, 0, false },
	{ "device_attach", NULL, attach, 0, false },
	{ "device_attach, tracked", other_tracked, attach, 0, false },
	{ "device_attach, to a child", shadow_bound, attach_child, 0, false },
	{ "device_replace", attached, replace, 0, false },
	{ "device_replace, of a tracked one", pages_written, replace, NARROWS, false },
	{ "device_replace, by a tracked one", plain_attached, replace_by_tracked, 0, false },
	{ "space_map", attached, map, 0, false },
	{ "space_map_file", with_file, map_file, 0, false },
	{ "space_map_copy", attached, map_copy, 0, false },
	{ "space_map_parent", child_attached, map_parent, 0, false },
	{ "space_bind_pgtable", child_attached, bind_shadow, 0, true },
	{ "inv_submit", shadow_changed, submit, 0, true },
	{ "space_dirty_start", attached, start_dirty, 0, false },
	{ "space_dirty_read", tracked, read_dirty, 0, false },
	{ "space_dirty_read, of what was written", pages_written, read_dirty, NARROWS, false },
	{ "space_unmap_dirty", more_tracked, unmap_dirty, 0, false },
	{ "space_unmap", more_tracked, unmap, 0, false },
	{ "space_unmap_all", more_tracked, unmap_all, 0, false },
	{ "mapping_unmap", more_tracked, unmap_mapping, 0, false },
	{ "device_detach", pages_written, detach, NARROWS, false },
	{ "device_detach, from a child", child_tracked, detach, NARROWS, false },
	{ "space_unbind_pgtable", child_tracked, unbind_shadow, NARROWS, false },
};

static const struct each_world type1_world = { world_open, world_close, dump, refuses };

START_TEST(each_failure_changes_nothing)
{
	fail_each(&type1_world, &each[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("shim-type1-each");
	TCase *tc = tcase_create("each");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_failure_changes_nothing, 0, sizeof(each) / sizeof(each[0]));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
