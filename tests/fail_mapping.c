/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mappings, in roots that are used and not used, and in children. */
#include "config.h"

#include <fcntl.h>
#include <ioasid/virtio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_world.h"

static uint64_t space_mappings(struct world *w)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	ck_ok(ioasid_space_query_info(w->space[0], &info));
	return info.mappings;
}

static void unused_root(struct world *w)
{
	make_space(w, 0, -1, 0);
}

static void used_root(struct world *w)
{
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory + 9 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->device[0], w->space[0]));
}

static int map(struct world *w)
{
	return ioasid_space_map(w->space[0], GIB - 3 * PAGE, memory, 4 * MIB + 5 * PAGE, RW,
				&w->mapping);
}

/* Pages next to each other, which nobody has a handle of. */
static void map_pages(struct world *w, unsigned int n)
{
	unsigned int i;

	make_space(w, 0, -1, 0);
	ck_ok(ioasid_device_attach(w->device[0], w->space[0]));
	for (i = 0; i < n; i++)
		ck_ok(ioasid_space_map(w->space[0], GIB + i * PAGE, memory + i * PAGE, PAGE, RW,
				       NULL));
}

static void crowd(struct world *w)
{
	map_pages(w, 63);
}

/* All that a strip has room for. */
static void full_strip(struct world *w)
{
	map_pages(w, 512);
}

static int map_next(struct world *w)
{
	uint64_t n = space_mappings(w);

	return ioasid_space_map(w->space[0], GIB + n * PAGE, memory + n * PAGE, PAGE, RW, NULL);
}

static int map_anywhere(struct world *w)
{
	return ioasid_space_map(w->space[0], 0, memory, 4 * MIB + 5 * PAGE,
				IOASID_READ | IOASID_ANY_IOVA, &w->mapping);
}

/* In a tree that has to become higher for it, and with siblings beside it. */
static int map_far(struct world *w)
{
	return ioasid_space_map(w->space[0], (UINT64_C(1) << 47) - PAGE, memory, 2 * PAGE, RW,
				&w->mapping);
}

static int make_file(void)
{
	int fd = memfd_create("fail-inject", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, 4 * MIB), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return fd;
}

static void used_root_and_file(struct world *w)
{
	used_root(w);
	w->fd = make_file();
}

static int map_file(struct world *w)
{
	return ioasid_space_map_file(w->space[0], GIB, w->fd, PAGE, 3 * MIB, RW, &w->mapping);
}

/* A source of four mappings: memory, other memory, a file, registered memory. */
static void pieces(struct world *w)
{
	used_root_and_file(w);
	make_space(w, 1, -1, 0);
	ck_ok(ioasid_ctx_register_memory(w->ctx, memory + 2 * MIB, MIB, RW));
	ck_ok(ioasid_space_map(w->space[1], 0, memory, MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[1], MIB, memory + 5 * MIB, MIB, RW, NULL));
	ck_ok(ioasid_space_map_file(w->space[1], 2 * MIB, w->fd, 0, MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[1], 3 * MIB, memory + 2 * MIB, MIB, RW, NULL));
}

static int map_copy(struct world *w)
{
	return ioasid_space_map_copy(w->space[0], GIB, w->space[1], PAGE, 4 * MIB - 2 * PAGE, RW,
				     &w->mapping);
}

static void after_copy(struct world *w, bool failed)
{
	ck_assert_uint_eq(space_mappings(w), failed ? 1 : 5);
}

static void child(struct world *w)
{
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, 7 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w->space[0], 7 * MIB, memory + 7 * MIB, 9 * MIB, RW, NULL));
	make_space(w, 1, 0, 0);
	ck_ok(ioasid_device_attach(w->device[0], w->space[1]));
}

static void filled_child(struct world *w)
{
	child(w);
	ck_ok(ioasid_space_map_parent(w->space[1], 0, 3 * PAGE, 2 * PAGE, RW, NULL));
	ck_ok(ioasid_space_map_parent(w->space[1], 2 * MIB, 0, 2 * MIB, RW, NULL));
}

static void grandchild(struct world *w)
{
	child(w);
	make_space(w, 2, 1, 0);
	ck_ok(ioasid_space_map_parent(w->space[1], 0, 0, 16 * MIB, RW, NULL));
	ck_ok(ioasid_space_map_parent(w->space[2], 4 * PAGE, 5 * PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->device[1], w->space[2]));
}

/* A superpage over both of the parent's mappings, and pages around it. */
static int map_parent(struct world *w)
{
	return ioasid_space_map_parent(w->space[1], GIB - PAGE, 6 * MIB - PAGE, 2 * MIB + 2 * PAGE,
				       RW, &w->mapping);
}

static int map_parent_far(struct world *w)
{
	return ioasid_space_map_parent(w->space[1], UINT64_C(1) << 46, PAGE, 3 * PAGE,
				       IOASID_READ, &w->mapping);
}

static int map_grandparent(struct world *w)
{
	return ioasid_space_map_parent(w->space[2], GIB, 0, 8 * MIB, RW, &w->mapping);
}

/* A guest's IOMMU gets what its guest is to be told, and no errno. */
static int virtio_map(struct world *w)
{
	struct ioasid_virtio_request request = IOASID_VIRTIO_REQUEST_INIT;
	enum ioasid_virtio_status status;

	request.type = IOASID_VIRTIO_MAP;
	request.perm = RW;
	request.first = GIB;
	request.last = GIB + 4 * PAGE - 1;
	request.target = 5 * PAGE;
	status = ioasid_virtio_map(&request, w->space[1]);
	ck_assert(status == IOASID_VIRTIO_OK || status == IOASID_VIRTIO_NOMEM);
	return status == IOASID_VIRTIO_OK ? 0 : -ENOMEM;
}

static const struct fail_case cases[] = {
	{ .name = "map, root unused", .prepare = unused_root, .call = map },
	{ .name = "map, root used", .prepare = used_root, .call = map },
	{ .name = "map, enough for a strip", .prepare = crowd, .call = map_next },
	{ .name = "map, for another strip", .prepare = full_strip, .call = map_next },
	{ .name = "map anywhere", .prepare = used_root, .call = map_anywhere },
	{ .name = "map far away", .prepare = used_root, .call = map_far },
	{ .name = "map_file", .prepare = used_root_and_file, .call = map_file },
	{ .name = "map_copy", .prepare = pieces, .call = map_copy, .check = after_copy },
	{ .name = "map_parent, first", .prepare = child, .call = map_parent },
	{ .name = "map_parent", .prepare = filled_child, .call = map_parent },
	{ .name = "map_parent far away", .prepare = filled_child, .call = map_parent_far },
	{ .name = "map_parent, far and first", .prepare = child, .call = map_parent_far },
	{ .name = "virtio_map", .prepare = filled_child, .call = virtio_map },
	{ .name = "map_parent of a child", .prepare = grandchild, .call = map_grandparent },
};

START_TEST(mappings)
{
	fail_each(&cases[_i]);
}
END_TEST

/* DMA through a child of a child, each page of which is resolved when it is first used. */
static int use(struct world *w)
{
	uint64_t at[] = { GIB, GIB + PAGE, GIB + 3 * MIB, GIB + 7 * MIB, 4 * PAGE };
	unsigned int i;

	for (i = 0; i < 5; i++) {
		uint8_t byte;
		int rc = ioasid_dma_read(w->channel, at[i], &byte, 1);

		if (rc)
			return rc;
	}
	return 0;
}

static void ready_for_use(struct world *w)
{
	grandchild(w);
	ck_ok(map_grandparent(w));
	ck_ok(ioasid_channel_open(w->device[1], IOASID_NO_PASID, &w->channel));
}

/* What was resolved goes when the parent's mapping goes, and comes back with it. */
static void follows_the_root(struct world *w, bool failed)
{
	uint64_t at[] = { GIB, GIB + PAGE, GIB + 3 * MIB, 4 * PAGE };
	unsigned int i;

	if (failed)
		use(w);
	ck_ok(ioasid_space_unmap(w->space[0], 0, 7 * MIB, NULL));
	for (i = 0; i < 4; i++)
		ck_assert_ptr_null(dma_where(w->channel, at[i], IOASID_READ));
	ck_assert_ptr_eq(dma_where(w->channel, GIB + 7 * MIB, IOASID_READ), memory + 7 * MIB);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, 7 * MIB, RW, NULL));
	ck_assert_ptr_eq(dma_where(w->channel, GIB + 3 * MIB, IOASID_READ), memory + 3 * MIB);
}

static const struct fail_case use_case = {
	.name = "DMA through two levels", .prepare = ready_for_use, .call = use,
	.check = follows_the_root,
};

START_TEST(use_of_mappings)
{
	fail_each(&use_case);
}
END_TEST

void add_mapping_cases(Suite *s)
{
	TCase *tc = tcase_create("mappings");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, mappings, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, use_of_mappings);
	suite_add_tcase(s, tc);
}
