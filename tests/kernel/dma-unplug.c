/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that is pulled out: VFIO asks for it by an interrupt, and the system waits until it is
 * unbound. What it is attached to goes on meanwhile, and after that another can have its place.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dma.h"

/* VFIO_DEVICE_SET_IRQS: _IO(';', 100 + 10) with VFIO_IRQ_SET_DATA_EVENTFD | _ACTION_TRIGGER */
#define SET_IRQS	0x3b6e
#define EVENTFD_TRIGGER (4u | 32u)
#define REQUEST_IRQ	4u		/* VFIO_PCI_REQ_IRQ_INDEX, Linux 4.0 */

struct irq_set {
	uint32_t argsz, flags, index, start, count;
	int32_t fd;
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s",
		      path);
	close(fd);
}

static char name[64];

static void *pull(void *unused)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", name);
	put(path, "1");
	return unused;
}

static void plug_in(void)
{
	char path[128];

	put("/sys/bus/pci/rescan", "1");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", name);
	put(path, "vfio-pci");
	put("/sys/bus/pci/drivers_probe", name);
}

static void wait_for_request(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, 100000), 1);
}

START_TEST(a_device_that_is_pulled_out)
{
	struct irq_set set = { sizeof(set), EVENTFD_TRIGGER, REQUEST_IRQ, 0, 1, 0 };
	struct ioasid_device *none;
	struct machine m;
	struct engine e;
	pthread_t thread;

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	snprintf(name, sizeof(name), "%s", ioasid_device_get_name(e.device));
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	set.fd = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(ioctl(ioasid_device_get_fd(e.device), SET_IRQS, &set), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, pull, NULL), 0);
	wait_for_request(set.fd);
	reaches(&m, &e, PAGE, m.memory, RW);
	ck_ok(ioasid_space_map(m.space, 2 * PAGE, m.memory, PAGE, RW, NULL));
	engine_close(&e);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_err(ioasid_device_bind(m.ctx, name, 0, &none), ENODEV);
	plug_in();
	e = engine_open(&m, EDU_ALONE);
	ck_ok(ioasid_device_attach(e.device, m.space));
	reaches(&m, &e, 2 * PAGE, m.memory, RW);
	engine_close(&e);
	close(set.fd);
	machine_close(&m);
}
END_TEST

TCase *dma_unplug(void)
{
	TCase *tc = tcase_create("unplug");

	tcase_add_test(tc, a_device_that_is_pulled_out);
	return tc;
}
