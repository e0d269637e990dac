/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices by their node, by path and by a descriptor: as good as by address. When they are free
 * again, and what is in front of them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dma.h"

/*
 * The node of the machine's first device; false, and the test is skipped, where nodes are groups'.
 */
static bool find_node(char *path, size_t size)
{
	char folder[128], name[64] = "";
	const struct dirent *entry;
	DIR *dir;

	if (strcmp(getenv("IOASID_BACKEND"), "iommufd")) {
		test_skip("its devices have no nodes");
		return false;
	}
	ck_assert_int_eq(sscanf(getenv("IOASID_TEST_DEVICES"), "%63s", name), 1);
	snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s/vfio-dev", name);
	dir = opendir(folder);
	ck_assert_msg(dir != NULL, "no %s", folder);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(path, size, "/dev/vfio/devices/%.32s", entry->d_name);
	closedir(dir);
	return true;
}

/* It is the device, and what it is attached to is what its DMA goes through. */
static void is_device_and_works(struct machine *m, struct ioasid_device *device)
{
	struct engine e = { .device = device };
	char name[64] = "";

	sscanf(getenv("IOASID_TEST_DEVICES"), "%63s", name);
	ck_assert_str_eq(ioasid_device_get_name(device), name);
	edu_open(&e.edu, ioasid_device_get_fd(device));
	ck_ok(ioasid_space_map(m->space, PAGE, m->memory, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(device, m->space));
	reaches(m, &e, PAGE, m->memory, RW);
	no_faults(m);
	engine_close(&e);
}

START_TEST(by_path)
{
	struct ioasid_device *device, *again;
	struct machine m;
	char path[64];

	if (!find_node(path, sizeof(path)))
		return;
	machine_open(&m);
	ck_ok(ioasid_device_bind(m.ctx, path, 0, &device));
	ck_err(ioasid_device_bind(m.ctx, path, 0, &again), EBUSY);
	is_device_and_works(&m, device);
	machine_close(&m);
}
END_TEST

START_TEST(by_descriptor)
{
	struct ioasid_device *device;
	struct machine m;
	char path[64];
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (!find_node(path, sizeof(path)))
		return;
	machine_open(&m);
	ck_err(ioasid_device_bind_fd(m.ctx, null, 0, &device), EINVAL);
	ck_err(ioasid_device_bind_fd(m.ctx, ioasid_ctx_get_fd(m.ctx), 0, &device), EINVAL);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_ok(ioasid_device_bind_fd(m.ctx, fd, 0, &device));
	ck_assert_int_eq(ioasid_device_get_fd(device), fd);
	is_device_and_works(&m, device);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);	/* it went with the device */
	machine_close(&m);
	close(null);
}
END_TEST

/* A mapping holds the file that the device's descriptor was of. */
START_TEST(registers_that_are_mapped_hold_the_device)
{
	struct ioasid_device *again;
	struct machine m;
	struct engine e;
	char name[64];

	machine_open(&m);
	e = engine_open(&m, EDU_ALONE);
	snprintf(name, sizeof(name), "%s", ioasid_device_get_name(e.device));
	ck_ok(ioasid_device_unbind(e.device));
	ck_err(ioasid_device_bind(m.ctx, name, 0, &again), EBUSY);
	ck_assert_msg(strstr(ioasid_errmsg(), "mapped"), "%s", ioasid_errmsg());
	edu_close(&e.edu);
	e.device = machine_bind(&m, EDU_ALONE);
	ck_ok(ioasid_device_unbind(e.device));
	machine_close(&m);
}
END_TEST

/* By its capability register in sysfs: MGAW less 1 in bits 21 to 16 (VT-d 4.1, 11.4.2). */
START_TEST(the_unit_says_how_wide_it_is)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	unsigned long long cap = 0;
	struct ioasid_device *d;
	struct machine m;
	char path[128];
	FILE *file;

	machine_open(&m);
	d = machine_bind(&m, EDU_ALONE);
	ck_ok(ioasid_device_query_info(d, &info));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu/intel-iommu/cap",
		 ioasid_device_get_name(d));
	file = fopen(path, "r");
	ck_assert_msg(file && fscanf(file, "%llx", &cap) == 1, "%s", path);
	fclose(file);
	ck_assert_uint_eq(info.address_bits, (cap >> 16 & 0x3f) + 1);
	machine_close(&m);
}
END_TEST

TCase *dma_node(void)
{
	TCase *tc = tcase_create("node");

	tcase_add_test(tc, by_path);
	tcase_add_test(tc, by_descriptor);
	tcase_add_test(tc, registers_that_are_mapped_hold_the_device);
	tcase_add_test(tc, the_unit_says_how_wide_it_is);
	return tc;
}
