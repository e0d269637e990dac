/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Each call that takes away what a DMA uses waits for it. Of shadows: emul-drain-shadow.c. */
#include "dirty_guest.h"
#include "hw_world.h"
#include "waiter.h"

#define LOW  (2 * MIB)		/* of a root: two pages, so that the table stays when one goes, */
#define LONE (4 * MIB)		/* one that is alone in its table, */
#define WIDE (16 * MIB)		/* 2 MiB in one entry, */
#define FEW  (32 * MIB)		/* and ten mappings next to each other */

#define PASID 7u
#define DEVICE_TLB "device-tlb=4 device-tlb-invalidation=explicit"

static struct hw h;
static struct ioasid_space *plain;	/* such a root */
static struct ioasid_mapping *lone;
static uint64_t at;			/* what the DMA uses */
static uint32_t pasid;			/* and for which */

static void map(uint64_t iova, uint64_t length, struct ioasid_mapping **out)
{
	ck_ok(ioasid_space_map(plain, iova, h.g.memory + 2 * MIB, length, RW, out));
}

static void make_plain(struct ioasid_space *space)
{
	unsigned int i;

	plain = space;
	map(LOW, PAGE, NULL);
	map(LOW + PAGE, PAGE, NULL);
	map(LONE, PAGE, &lone);
	map(WIDE, 2 * MIB, NULL);
	for (i = 0; i < 10; i++)
		map(FEW + i * PAGE, PAGE, NULL);
	pasid = IOASID_NO_PASID;
}

static void on_plain(void)
{
	make_plain(make_space(h.g.ctx, NULL, 0));
	guest_attach(&h.g, plain);
	at = LOW;
}

static void on_lone(void)
{
	on_plain();
	at = LONE;
}

static void on_wide(void)
{
	on_plain();
	at = WIDE + 5 * PAGE;
}

static void on_few(void)
{
	on_plain();
	at = FEW + 5 * PAGE;
}

static void for_pasid(void)
{
	on_plain();
	pasid = PASID;
	ck_ok(ioasid_device_attach_pasid(h.g.device, PASID, plain));
}

static void for_pasid_in_hardware(void)
{
	pasid = PASID;
	at = HW_AT;
	ck_ok(ioasid_device_attach_pasid(h.g.device, PASID, h.child));
}

static void with_dirty_tracking(void)
{
	make_plain(dirty_root(h.g.ctx));
	guest_attach(&h.g, plain);
	at = LOW;
}

static void while_recording(void)
{
	with_dirty_tracking();
	ck_ok(ioasid_space_dirty_start(plain));
}

static void recording_below(int way)
{
	struct ioasid_space *child;

	while_recording();
	child = hw_any_space(h.g.ctx, plain, way);
	ck_ok(ioasid_space_map(plain, GIB, h.g.memory, HW_SIZE, RW, NULL));
	gt_init(&h.t, IOASID_PGTABLE_VTD_SS, 4, h.g.memory, GIB, GIB + 6 * MIB, GIB + HW_SIZE);
	gt_map(&h.t, LOW, LOW, PAGE, 1, RW);
	ck_ok(bind_table(child, IOASID_PGTABLE_VTD_SS, 4, h.t.root));
	guest_attach(&h.g, child);
}

static void recording_in_a_shadow(void)
{
	recording_below(0);
}

static void recording_in_hardware(void)
{
	recording_below(HW_WAYS - 1);
}

static void in_hardware(void)
{
	pasid = IOASID_NO_PASID;
	at = HW_AT;
}

static int unmap(void *data)
{
	(void)data;
	return ioasid_space_unmap(plain, at, PAGE, NULL);
}

static int unmap_wide(void *data)
{
	(void)data;
	return ioasid_space_unmap(plain, WIDE, 2 * MIB, NULL);
}

static int unmap_few(void *data)
{
	(void)data;
	return ioasid_space_unmap(plain, FEW, 10 * PAGE, NULL);
}

static int unmap_all(void *data)
{
	(void)data;
	return ioasid_space_unmap_all(plain, NULL);
}

static int unmap_handle(void *data)
{
	(void)data;
	return ioasid_mapping_unmap(lone);
}

static int detach(void *data)
{
	(void)data;
	return ioasid_device_detach(h.g.device);
}

static int replace(void *data)
{
	(void)data;
	return ioasid_device_replace(h.g.device, h.g.root);
}

static int detach_pasid(void *data)
{
	(void)data;
	return ioasid_device_detach_pasid(h.g.device, PASID);
}

static int replace_pasid(void *data)
{
	(void)data;
	return ioasid_device_replace_pasid(h.g.device, PASID, h.g.root);
}

static int start(void *data)
{
	(void)data;
	return ioasid_space_dirty_start(plain);
}

static int read_dirty(void *data)
{
	uint64_t bits = 0;
	int ret = ioasid_space_dirty_read(plain, LOW, PAGE, PAGE, 0, &bits);

	(void)data;
	return ret ? ret : bits == 1 ? 0 : -EINVAL;
}

static int invalidate_page(void *data)
{
	(void)data;
	return inv_range(h.g.ctx, h.child, at, PAGE);
}

static int invalidate_all(void *data)
{
	(void)data;
	return inv_all(h.g.ctx, h.child);
}

static int invalidate_in_device(void *data)
{
	struct ioasid_inv *inv;
	int ret;

	(void)data;
	ck_ok(ioasid_inv_new(h.g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_device_tlb(inv, h.g.device, pasid, at, PAGE));
	ret = ioasid_inv_submit(inv, NULL);
	ioasid_inv_free(inv);
	return ret;
}

static int unmap_parent(void *data)
{
	(void)data;
	return ioasid_space_unmap(h.g.root, 0, HW_SIZE, NULL);
}

static int unbind(void *data)
{
	(void)data;
	return ioasid_space_unbind_pgtable(h.child);
}

static int bind_another(void *data)
{
	(void)data;
	return bind_table(h.child, h.t.format, 4, gt_page(&h.t));
}

static const struct way {
	void (*prepare)(void);
	int (*call)(void *data);
} ways[] = {
	{ on_plain, unmap }, { on_lone, unmap }, { on_lone, unmap_handle },
	{ on_wide, unmap_wide }, { on_few, unmap_few }, { on_few, unmap },
	{ on_plain, unmap_all }, { on_plain, detach }, { on_plain, replace },
	{ for_pasid, unmap }, { for_pasid, detach_pasid }, { for_pasid, replace_pasid },
	{ with_dirty_tracking, start }, { while_recording, read_dirty },
	{ recording_in_a_shadow, read_dirty }, { recording_in_hardware, read_dirty },
	{ in_hardware, invalidate_page }, { in_hardware, invalidate_all },
	{ in_hardware, invalidate_in_device }, { in_hardware, unmap_parent },
	{ in_hardware, detach }, { in_hardware, replace }, { in_hardware, unbind },
	{ in_hardware, bind_another },
	{ for_pasid_in_hardware, invalidate_page }, { for_pasid_in_hardware, detach_pasid },
	{ for_pasid_in_hardware, unbind },
};

#define WAYS (int)(sizeof(ways) / sizeof(ways[0]))

START_TEST(waits)
{
	struct ioasid_channel *channel;
	struct waiter taker;
	struct iovec iov;

	hw_open(&h, HW_PLATFORM("", DEVICE_TLB), IOASID_PGTABLE_VTD_SS, 0);
	ways[_i].prepare();
	channel = channel_new(h.g.device, pasid);
	ck_ok(ioasid_dma_begin(channel));
	ck_assert_int_eq(ioasid_dma_translate(channel, at, 4, RW, &iov, 1), 1);
	waiter_start(&taker, ways[_i].call, NULL);
	ck_waits(&taker);
	ioasid_dma_end(channel);
	ck_ok(waiter_end(&taker));
	hw_close(&h);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drain-calls");
	TCase *tc = tcase_create("drain-calls");

	tcase_set_timeout(tc, race_timeout(30));
	tcase_add_loop_test(tc, waits, 0, WAYS);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
