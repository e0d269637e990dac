/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call after which something is out of use waits for the DMA that still uses it, also if another
 * thread took it away before, or a DMA that looked up a PASID did.
 */
#include <time.h>

#include "pasid_guest.h"
#include "waiter.h"

#define USED 5u

/* A request of this thread is in flight, through a translation that goes meanwhile. */
static struct pasid_guest g;
static struct guest_table table;
static struct ioasid_channel *held, *other;

static void setup(void)
{
	pasid_guest_open(&g);
}

static void teardown(void)
{
	pasid_guest_close(&g);
}

static void hold(uint32_t pasid)
{
	struct iovec iov;

	held = channel_new(g.device, pasid);
	ck_ok(ioasid_dma_begin(held));
	ck_assert_int_eq(ioasid_dma_translate(held, 0, 4, RW, &iov, 1), 1);
	ck_assert_ptr_eq(iov.iov_base, g.memory + DATA + PAGE);
}

static bool reaches(struct ioasid_channel *channel)
{
	uint8_t byte;

	return !dma_get(channel, 0, &byte);
}

static int invalidate_page(void *data)
{
	(void)data;
	return inv_range(g.ctx, g.space, 0, PAGE);
}

static int invalidate_all(void *data)
{
	(void)data;
	return inv_range(g.ctx, g.space, 0, UINT64_MAX);
}

static int invalidate_pasid(void *data)
{
	struct ioasid_inv *inv;
	int ret = ioasid_inv_new(g.ctx, 1, &inv);

	(void)data;
	if (!ret)
		ret = ioasid_inv_add_pasid(inv, g.device, USED, 0);
	if (!ret)
		ret = ioasid_inv_submit(inv, NULL);
	ioasid_inv_free(inv);
	return ret;
}

static int unmap_page(void *data)
{
	int ret = ioasid_space_unmap(data, 0, PAGE, NULL);

	return ret == -ENOENT ? 0 : ret;
}

static int replace_pasid_table(void *data)
{
	const struct ioasid_pasid_table t = vtd_table();

	(void)data;
	return ioasid_space_bind_pasid_table(g.space, &t);
}

/*
 * One thread takes the translation away; one whose call finds nothing left to take comes after it.
 */
static void take_twice(int (*first)(void *), int (*second)(void *), void *data)
{
	struct waiter taker, late;

	waiter_start(&taker, first, data);
	while (reaches(other))
		usleep(100);
	waiter_start(&late, second, data);
	ck_waits(&late);
	ck_waits(&taker);
	ioasid_dma_end(held);
	ck_ok(waiter_end(&late));
	ck_ok(waiter_end(&taker));
}

START_TEST(an_invalidated_page)
{
	table = new_table(&g, IOASID_PGTABLE_VTD_SS, 1);
	ck_ok(bind_table(g.space, IOASID_PGTABLE_VTD_SS, 4, table.root));
	ck_ok(ioasid_device_attach(g.device, g.space));
	hold(IOASID_NO_PASID);
	other = channel_new(g.device, IOASID_NO_PASID);
	gt_unmap(&table, 0, PAGE, 1);
	take_twice(invalidate_page, _i ? invalidate_all : invalidate_page, NULL);
}
END_TEST

START_TEST(an_unmapped_page)
{
	struct ioasid_space *plain = make_space(g.ctx, NULL, 0);

	ck_ok(ioasid_space_map(plain, 0, g.memory + DATA + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(g.device, plain));
	hold(IOASID_NO_PASID);
	other = channel_new(g.device, IOASID_NO_PASID);
	take_twice(unmap_page, unmap_page, plain);
}
END_TEST

static int move(void *data)
{
	return ioasid_device_replace(g.device, data);
}

/* The old space of a device that another thread has moved before. */
START_TEST(a_space_that_was_left)
{
	struct ioasid_space *plain = make_space(g.ctx, NULL, 0);
	struct waiter taker, late;

	ck_ok(ioasid_space_map(plain, 0, g.memory + DATA + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(g.device, plain));
	hold(IOASID_NO_PASID);
	waiter_start(&taker, move, g.root);
	while (ioasid_device_get_space(g.device) == plain)
		usleep(100);
	waiter_start(&late, move, g.root);
	ck_waits(&late);
	ck_waits(&taker);
	ioasid_dma_end(held);
	ck_ok(waiter_end(&late));
	ck_ok(waiter_end(&taker));
}
END_TEST

static uint64_t spent;

static int unmap_and_look_at_the_time(void *data)
{
	int ret = unmap_page(data);
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	spent = (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
	return ret;
}

/*
 * Sections may be long, and the thread that is in one needs the processor: also if it has a lower
 * priority than the one that waits, which then must not be always ready to run.
 */
START_TEST(a_long_section_is_slept_through)
{
	struct ioasid_space *plain = make_space(g.ctx, NULL, 0);
	struct waiter taker;

	ck_ok(ioasid_space_map(plain, 0, g.memory + DATA + PAGE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(g.device, plain));
	hold(IOASID_NO_PASID);
	waiter_start(&taker, unmap_and_look_at_the_time, plain);
	usleep(500000);
	ck_waits(&taker);
	ioasid_dma_end(held);
	ck_ok(waiter_end(&taker));
	ck_assert_uint_lt(spent, 100000000);
}
END_TEST

/* Lets @late wait for the end of the section that @by, in a thread of its own, is in as well. */
static void take_late(int (*by)(void *), int (*late)(void *))
{
	struct waiter taker, w;

	waiter_start(&taker, by, NULL);
	usleep(20000);
	waiter_start(&w, late, NULL);
	ck_waits(&w);
	ioasid_dma_end(held);
	ck_ok(waiter_end(&w));
	ck_ok(waiter_end(&taker));
}

static int read_other(void *data)
{
	uint8_t byte;

	(void)data;
	return dma_get(other, 0, &byte);
}

/* The same from within a section, at whose end it waits. */
static int read_other_in_section(void *data)
{
	struct iovec iov;
	int ret = ioasid_dma_begin(other);

	(void)data;
	if (!ret)
		ret = ioasid_dma_translate(other, 0, 4, IOASID_READ, &iov, 1) - 1;
	ioasid_dma_end(other);
	return ret;
}

/* A PASID that there was no room for any more. */
START_TEST(a_pasid_that_went_for_another)
{
	struct ioasid_pasid_table t = vtd_table();

	set_entry(&g, USED, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 1).root);
	set_entry(&g, 7, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, 2).root);
	t.max_pasids = 1;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
	hold(USED);
	other = channel_new(g.device, 7);
	set_entry(&g, USED, 0, 0);
	take_late(_i & 1 ? read_other_in_section : read_other,
		  _i & 2 ? replace_pasid_table : invalidate_pasid);
}
END_TEST

/* A page that another PASID, which came to lead to the same page table, found changed. */
START_TEST(a_page_that_another_pasid_found_changed)
{
	table = new_table(&g, IOASID_PGTABLE_VTD_FS, 1);
	set_entry(&g, USED, ENTRY_FS, table.root);
	set_entry(&g, 7, ENTRY_FS, table.root);
	bind_and_attach(&g);
	hold(USED);
	other = channel_new(g.device, 7);
	gt_map(&table, 0, DATA + 2 * PAGE, PAGE, 1, RW);
	take_late(_i & 1 ? read_other_in_section : read_other, invalidate_pasid);
	ck_assert_int_eq(reached(g.device, USED, 0), 2);
}
END_TEST

/* PASIDs from USED on that lead to pages 1 to 3, and room for one of them. */
static void three_for_one(void)
{
	struct ioasid_pasid_table t = vtd_table();
	uint32_t n;

	for (n = 1; n <= 3; n++)
		set_entry(&g, USED + n - 1, ENTRY_FS, new_table(&g, IOASID_PGTABLE_VTD_FS, n).root);
	t.max_pasids = 1;
	ck_ok(ioasid_space_bind_pasid_table(g.space, &t));
	ck_ok(ioasid_device_attach(g.device, g.space));
}

/*
 * There is a limit to what look-ups in a section leave for its end, which is not one for those who
 * can wait for that.
 */
START_TEST(a_look_up_outside_of_sections)
{
	struct waiter w;

	three_for_one();
	hold(USED);
	ck_assert_int_eq(reached(g.device, USED + 1, 0), 2);
	ck_assert_int_eq(reached(g.device, USED + 2, 0), -ENOMEM);
	other = channel_new(g.device, USED + 2);
	waiter_start(&w, read_other, NULL);
	ck_waits(&w);
	ioasid_dma_end(held);
	ck_ok(waiter_end(&w));
}
END_TEST

/* What waits for the end of a section goes at the end of the thread's last one. */
START_TEST(look_ups_in_sections_that_overlap)
{
	struct iovec iov;

	three_for_one();
	other = channel_new(g.device, IOASID_NO_PASID);
	hold(USED);
	ck_ok(ioasid_dma_begin(other));
	ck_assert_int_eq(reached(g.device, USED + 1, 0), 2);
	ioasid_dma_end(_i ? other : held);
	ioasid_dma_end(_i ? held : other);
	ck_ok(ioasid_dma_begin(held));
	ck_assert_int_eq(reached(g.device, USED + 2, 0), 3);
	ck_assert_int_eq(ioasid_dma_translate(held, 0, 4, RW, &iov, 1), -ENOMEM);
	ioasid_dma_end(held);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drain-others");
	TCase *tc = tcase_create("drain-others");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_invalidated_page, 0, 2);
	tcase_add_test(tc, an_unmapped_page);
	tcase_add_test(tc, a_space_that_was_left);
	tcase_add_test(tc, a_long_section_is_slept_through);
	tcase_add_loop_test(tc, a_pasid_that_went_for_another, 0, 4);
	tcase_add_loop_test(tc, a_page_that_another_pasid_found_changed, 0, 2);
	tcase_add_test(tc, a_look_up_outside_of_sections);
	tcase_add_loop_test(tc, look_ups_in_sections_that_overlap, 0, 2);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
