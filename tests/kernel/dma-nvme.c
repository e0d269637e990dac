/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A driver in user space: queues and data in mapped memory. */
#include <string.h>

#include "../../examples/nvme.h"
#include "dma.h"

#define QUEUES_IOVA UINT64_C(0x7fff0000)
#define DATA_IOVA   UINT64_C(0x123456000)
#define BLOCKS	    8u /* of 512 bytes: a page */

struct disk {
	struct machine m;
	struct ioasid_device *device;
	struct nvme nvme;
	uint8_t *data;
};

static void map_both(struct disk *d, struct ioasid_space *space, uint8_t *data)
{
	ck_ok(ioasid_space_map(space, QUEUES_IOVA, d->m.memory, NVME_QUEUE_PAGES * PAGE, RW, NULL));
	ck_ok(ioasid_space_map(space, DATA_IOVA, data, PAGE, RW, NULL));
}

static void disk_open(struct disk *d)
{
	machine_open(&d->m);
	d->device = machine_bind(&d->m, NVME);
	d->data = d->m.memory + NVME_QUEUE_PAGES * PAGE;
	map_both(d, d->m.space, d->data);
	ck_ok(ioasid_device_attach(d->device, d->m.space));
	ck_assert_int_eq(nvme_open(&d->nvme, ioasid_device_get_fd(d->device), d->m.memory,
				   QUEUES_IOVA), 0);
}

static void disk_close(struct disk *d)
{
	nvme_close(&d->nvme);
	machine_close(&d->m);
}

START_TEST(identify)
{
	struct disk d;

	disk_open(&d);
	ck_assert_int_eq(nvme_identify_controller(&d.nvme, DATA_IOVA), 0);
	/* NVM Express 1.4, 5.15.2.2: the serial number; run-vm gives it. */
	ck_assert_msg(!memcmp(d.data + 4, "scratch ", 8), "the serial number is \"%.20s\"",
		      (char *)d.data + 4);
	no_faults(&d.m);
	disk_close(&d);
}
END_TEST

START_TEST(blocks_come_back)
{
	struct disk d;
	uint32_t i;

	disk_open(&d);
	for (i = 0; i < 20; i++) {
		pattern(d.data, PAGE, i);
		ck_assert_int_eq(nvme_write(&d.nvme, i * BLOCKS, BLOCKS, DATA_IOVA), 0);
	}
	for (i = 20; i-- > 0;) {
		memset(d.data, 0, PAGE);
		ck_assert_int_eq(nvme_read(&d.nvme, i * BLOCKS, BLOCKS, DATA_IOVA), 0);
		ck_assert_msg(has_pattern(d.data, PAGE, i), "page %u is another", i);
	}
	no_faults(&d.m);
	disk_close(&d);
}
END_TEST

/* The controller runs on, and its data goes elsewhere. */
START_TEST(replaced_while_enabled)
{
	struct ioasid_space *other;
	struct disk d;
	uint8_t *elsewhere;

	disk_open(&d);
	elsewhere = d.data + PAGE;
	other = make_space(d.m.ctx, NULL, 0);
	map_both(&d, other, elsewhere);
	pattern(d.data, PAGE, 1);
	ck_assert_int_eq(nvme_write(&d.nvme, 0, BLOCKS, DATA_IOVA), 0);
	memset(d.data, 0, PAGE);
	ck_ok(ioasid_device_replace(d.device, other));
	ck_ok(ioasid_space_destroy(d.m.space));
	ck_assert_int_eq(nvme_read(&d.nvme, 0, BLOCKS, DATA_IOVA), 0);
	ck_assert(has_pattern(elsewhere, PAGE, 1));
	ck_assert(!has_pattern(d.data, PAGE, 1));
	no_faults(&d.m);
	disk_close(&d);
}
END_TEST

TCase *dma_nvme(void)
{
	TCase *tc = tcase_create("nvme");

	tcase_add_test(tc, identify);
	tcase_add_test(tc, blocks_come_back);
	tcase_add_test(tc, replaced_while_enabled);
	return tc;
}
