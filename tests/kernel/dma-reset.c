/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The reset of a whole bus, which takes other devices along: VFIO lets do that who has the groups
 * of all of them on type1, and on iommufd who has them bound.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "dma.h"

/* Linux 3.12, VFIO_DEVICE_PCI_HOT_RESET: _IO(';', 100 + 13) and struct vfio_pci_hot_reset */
#define HOT_RESET 0x3b71

struct hot_reset {
	uint32_t argsz, flags, count;
	int32_t groups[1];
};

static int hot_reset(const struct ioasid_device *device, uint32_t count)
{
	struct hot_reset reset = { .argsz = sizeof(reset), .count = count };

	if (count)
		reset.groups[0] = ioasid_device_get_group_fd(device);
	return ioctl(ioasid_device_get_fd(device), HOT_RESET, &reset) ? -errno : 0;
}

START_TEST(reset_of_a_bus)
{
	struct ioasid_device *device;
	struct machine m;
	bool type1;

	machine_open(&m);
	type1 = !strcmp(ioasid_ctx_get_backend(m.ctx), "type1");
	device = machine_bind(&m, EDU_SHARED_A);
	ck_assert_int_eq(hot_reset(device, type1), 0);
	if (type1)
		ck_assert_int_ne(hot_reset(device, 0), 0);
	else
		ck_err(ioasid_device_get_group_fd(device), EOPNOTSUPP);
	ck_ok(ioasid_device_unbind(device));
	machine_close(&m);
}
END_TEST

TCase *dma_reset(void)
{
	TCase *tc = tcase_create("reset");

	tcase_add_test(tc, reset_of_a_bus);
	return tc;
}
