/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtio-iommu: maps and unmaps on a space. */
#include <ioasid/virtio.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

#define SIZE (8 * MIB)

struct domain {
	struct guest g;
	struct ioasid_space *space;
};

static void domain_open(struct domain *d)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	memset(d, 0, sizeof(*d));
	guest_open(&d->g, SIZE, 0);
	options.parent = d->g.root;
	ck_ok(ioasid_space_create(d->g.ctx, &options, &d->space));
	ck_ok(ioasid_device_attach(d->g.device, d->space));
}

static void domain_close(struct domain *d)
{
	guest_close(&d->g);
}

/* Pages of 4096 bytes, first and last. */
static enum ioasid_virtio_status map(struct domain *d, uint64_t first, uint64_t last)
{
	const struct ioasid_virtio_request request = {
		.size = sizeof(request),
		.type = IOASID_VIRTIO_MAP,
		.perm = RW,
		.first = first * PAGE,
		.last = last * PAGE + PAGE - 1,
		.target = MIB + first * PAGE,
	};

	return ioasid_virtio_map(&request, d->space);
}

static enum ioasid_virtio_status unmap_addresses(struct domain *d, uint64_t first, uint64_t last)
{
	const struct ioasid_virtio_request request = {
		.size = sizeof(request),
		.type = IOASID_VIRTIO_UNMAP,
		.first = first,
		.last = last,
	};

	return ioasid_virtio_unmap(&request, d->space);
}

static enum ioasid_virtio_status unmap(struct domain *d, uint64_t first, uint64_t last)
{
	return unmap_addresses(d, first * PAGE, last * PAGE + PAGE - 1);
}

static bool is_mapped(const struct domain *d, uint64_t page)
{
	return ioasid_space_find_mapping(d->space, page * PAGE, PAGE);
}

START_TEST(what_is_mapped_is_reached)
{
	struct domain d;

	domain_open(&d);
	ck_assert_int_eq(map(&d, 10, 10), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(&d, 1, 2), IOASID_VIRTIO_OK);
	guest_reaches(&d.g, PAGE, MIB + PAGE, RW);
	guest_reaches(&d.g, 2 * PAGE, MIB + 2 * PAGE, RW);
	guest_faults(&d.g, 3 * PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	ck_assert_int_eq(unmap(&d, 1, 2), IOASID_VIRTIO_OK);
	guest_faults(&d.g, PAGE, IOASID_READ, IOASID_FAULT_NOT_MAPPED);
	domain_close(&d);
}
END_TEST

/* The seven sequences of 5.13.6.6, in pages. */
START_TEST(unmaps_of_the_specification)
{
	struct domain d;

	domain_open(&d);
	ck_assert_int_eq(unmap(&d, 0, 4), IOASID_VIRTIO_OK); /* 1 */

	ck_assert_int_eq(map(&d, 0, 9), IOASID_VIRTIO_OK); /* 4 */
	ck_assert_int_eq(unmap(&d, 0, 4), IOASID_VIRTIO_RANGE);
	ck_assert(is_mapped(&d, 0) && is_mapped(&d, 9));
	ck_assert_int_eq(unmap(&d, 0, 9), IOASID_VIRTIO_OK); /* 2 */
	ck_assert(!is_mapped(&d, 0) && !is_mapped(&d, 9));

	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK); /* 5 */
	ck_assert_int_eq(map(&d, 5, 9), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0) && is_mapped(&d, 5));
	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK); /* 3 */
	ck_assert_int_eq(unmap(&d, 0, 9), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0) && !is_mapped(&d, 5));

	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK); /* 6 */
	ck_assert_int_eq(unmap(&d, 0, 9), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0));

	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK); /* 7 */
	ck_assert_int_eq(map(&d, 10, 14), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap(&d, 0, 14), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0) && !is_mapped(&d, 14));
	domain_close(&d);
}
END_TEST

START_TEST(one_of_several_is_split)
{
	struct domain d;

	domain_open(&d);
	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(&d, 5, 9), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap(&d, 0, 7), IOASID_VIRTIO_RANGE);
	ck_assert(is_mapped(&d, 0) && is_mapped(&d, 9));
	domain_close(&d);
}
END_TEST

START_TEST(all_addresses)
{
	struct domain d;

	domain_open(&d);
	ck_assert_int_eq(unmap_addresses(&d, 0, UINT64_MAX), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(&d, 3, 4), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap_addresses(&d, 1, UINT64_MAX), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 3));
	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap_addresses(&d, 1, UINT64_MAX), IOASID_VIRTIO_RANGE);
	ck_assert(is_mapped(&d, 0));
	ck_assert_int_eq(unmap_addresses(&d, 0, UINT64_MAX - 1), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0));
	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_assert_int_eq(unmap_addresses(&d, 0, UINT64_MAX), IOASID_VIRTIO_OK);
	ck_assert(!is_mapped(&d, 0));
	domain_close(&d);
}
END_TEST

/* As that of address 0. */
START_TEST(the_page_of_the_last_address)
{
	const uint64_t page = UINT64_MAX - PAGE + 1;
	struct domain d;

	domain_open(&d);
	d.space = make_space(d.g.ctx, NULL, 0);
	ck_ok(ioasid_space_map(d.space, page, d.g.memory, PAGE, RW, NULL));
	ck_assert_int_eq(unmap_addresses(&d, 0, UINT64_MAX - 1), IOASID_VIRTIO_RANGE);
	ck_assert_ptr_nonnull(ioasid_space_find_mapping(d.space, page, PAGE));
	ck_assert_int_eq(unmap_addresses(&d, 1, UINT64_MAX), IOASID_VIRTIO_OK);
	ck_assert_ptr_null(ioasid_space_find_mapping(d.space, page, PAGE));
	domain_close(&d);
}
END_TEST

START_TEST(maps_that_fail)
{
	struct ioasid_virtio_request request = {
		.size = sizeof(request), .type = IOASID_VIRTIO_MAP, .perm = RW,
		.first = PAGE, .last = 2 * PAGE - 1,
	};
	struct domain d;

	domain_open(&d);
	ck_assert_int_eq(map(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_assert_int_eq(map(&d, 4, 5), IOASID_VIRTIO_INVAL);
	ck_assert(!is_mapped(&d, 5));
	/* a space with a page table takes no maps */
	ck_assert_int_eq(unmap(&d, 0, 4), IOASID_VIRTIO_OK);
	ck_ok(bind_table(d.space, IOASID_PGTABLE_VTD_SS, 3, 0));
	ck_assert_int_eq(ioasid_virtio_map(&request, d.space), IOASID_VIRTIO_UNSUPP);
	domain_close(&d);
}
END_TEST

/* 5.13.6.5 to 5.13.6.8: what the space says is told in virtio's words. */
START_TEST(errors_become_statuses)
{
	static const struct { const char *name; enum ioasid_virtio_status status; } errors[] = {
		{ "EEXIST", IOASID_VIRTIO_INVAL },	{ "EINVAL", IOASID_VIRTIO_INVAL },
		{ "EOVERFLOW", IOASID_VIRTIO_RANGE },	{ "ENOMEM", IOASID_VIRTIO_NOMEM },
		{ "ENOSPC", IOASID_VIRTIO_NOMEM },	{ "EOPNOTSUPP", IOASID_VIRTIO_UNSUPP },
		{ "E2BIG", IOASID_VIRTIO_NOMEM },	{ "EIO", IOASID_VIRTIO_DEVERR },
	};
	char platform[256];
	struct domain d;
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		/* the first map is the root's */
		snprintf(platform, sizeof(platform), "iommu u address-bits=48\n"
			 "device 0000:00:01.0 iommu=u\nfail map at=2 errno=%s\n", errors[i].name);
		guest_platform = platform;
		domain_open(&d);
		ck_assert_int_eq(map(&d, 1, 2), errors[i].status);
		ck_assert_int_eq(map(&d, 1, 2), IOASID_VIRTIO_OK);
		domain_close(&d);
	}
	guest_platform = NULL;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("virtio");
	TCase *tc = tcase_create("virtio");

	tcase_add_test(tc, what_is_mapped_is_reached);
	tcase_add_test(tc, unmaps_of_the_specification);
	tcase_add_test(tc, one_of_several_is_split);
	tcase_add_test(tc, all_addresses);
	tcase_add_test(tc, the_page_of_the_last_address);
	tcase_add_test(tc, maps_that_fail);
	tcase_add_test(tc, errors_become_statuses);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
