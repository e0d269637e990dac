/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is not mapped (any more) is out of the device's reach; the IOMMU reports each attempt. */
#include "dma.h"

START_TEST(before_the_first_attach)
{
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	blocked(&m, &e, PAGE, m.memory);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(after_detach)
{
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, PAGE, m.memory, RW);
	no_faults(&m);
	ck_ok(ioasid_device_detach(e.device));
	blocked(&m, &e, PAGE, m.memory);
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, PAGE, m.memory, RW);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

START_TEST(after_unmap)
{
	struct ioasid_mapping *mapping;
	struct machine m;
	struct engine e;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_space_map(m.space, 0, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory + PAGE, PAGE, RW, &mapping));
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, PAGE, m.memory + PAGE, RW);
	no_faults(&m);
	ck_ok(ioasid_mapping_unmap(mapping));
	blocked(&m, &e, PAGE, m.memory + PAGE);
	reaches(&m, &e, 0, m.memory, RW);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

/* Mapped again to other memory: nothing of the old translation is left anywhere. */
START_TEST(after_mapping_something_else)
{
	struct machine m;
	struct engine e;
	unsigned int i;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_device_attach(e.device, m.space));
	for (i = 0; i < 4; i++) {
		ck_ok(ioasid_space_map(m.space, PAGE, m.memory + i * PAGE, PAGE, RW, NULL));
		reaches(&m, &e, PAGE, m.memory + i * PAGE, RW);
		ck_ok(ioasid_space_unmap(m.space, PAGE, PAGE, NULL));
	}
	no_faults(&m);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

TCase *dma_blocked(void)
{
	TCase *tc = tcase_create("blocked");

	tcase_add_test(tc, before_the_first_attach);
	tcase_add_test(tc, after_detach);
	tcase_add_test(tc, after_unmap);
	tcase_add_test(tc, after_mapping_something_else);
	return tc;
}
