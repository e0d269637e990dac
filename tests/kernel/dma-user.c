/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ordinary user, who was given one device and may lock little memory. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dma.h"

#define USER  1000
#define LIMIT (8 * PAGE)
#define SOME  (LIMIT - PAGE)	/* reaches() takes a page for itself */

static void give(const char *path)
{
	ck_assert_msg(!chown(path, USER, USER), "%s", path);
}

/* The nodes of the machine's first device, and what all need; on type1, nothing of iommufd. */
static void give_device(const char *device, bool type1)
{
	char path[192], entry[64] = "", link[256];
	const struct dirent *e;
	ssize_t n;
	DIR *dir;

	if (type1) {
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", device);
		n = readlink(path, link, sizeof(link) - 1);
		ck_assert_int_gt(n, 0);
		link[n] = '\0';
		snprintf(path, sizeof(path), "/dev/vfio%.64s", strrchr(link, '/'));
		give(path);
		give("/dev/vfio/vfio");
		ck_assert_int_eq(chown("/dev/iommu", 0, 0), 0);
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vfio-dev", device);
	dir = opendir(path);
	ck_assert_msg(dir != NULL, "no %s", path);
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			snprintf(entry, sizeof(entry), "%.32s", e->d_name);
	closedir(dir);
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry);
	give(path);
	give("/dev/iommu");
}

static void become_user(void)
{
	const struct rlimit limit = { LIMIT, LIMIT };

	ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
	ck_assert_int_eq(setresgid(USER, USER, USER), 0);
	ck_assert_int_eq(setresuid(USER, USER, USER), 0);
}

START_TEST(one_device_and_little_memory)
{
	bool type1 = !strcmp(getenv("IOASID_BACKEND"), "type1");
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;
	struct ioasid_device *none;
	struct machine m;
	struct engine e;
	char names[2][64];

	ck_assert_int_eq(sscanf(getenv("IOASID_TEST_DEVICES"), "%63s %63s", names[0], names[1]), 2);
	give_device(names[0], type1);
	m.kmsg = kmsg_open();
	become_user();
	unsetenv("IOASID_BACKEND");
	ck_ok(ioasid_ctx_open(NULL, &m.ctx));
	ck_assert_str_eq(ioasid_ctx_get_backend(m.ctx), type1 ? "type1" : "iommufd");
	m.space = make_space(m.ctx, NULL, 0);
	m.memory = memory_new(MEMORY);
	ck_err(ioasid_device_bind(m.ctx, names[1], 0, &none), EACCES);
	e = engine_open(&m, EDU_ALONE);
	/* more than is permitted is found out when it is locked */
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, LIMIT + PAGE, RW, NULL));
	ck_err(ioasid_device_attach(e.device, m.space), ENOMEM);
	ck_assert_msg(strstr(ioasid_errmsg(), "ulimit -l"), "%s", ioasid_errmsg());
	ck_ok(ioasid_space_unmap_all(m.space, NULL));
	ck_ok(ioasid_device_attach(e.device, m.space));
	ck_ok(ioasid_space_map(m.space, PAGE, m.memory, SOME, RW, NULL));
	reaches(&m, &e, PAGE, m.memory, RW);
	ck_ok(ioasid_ctx_query_info(m.ctx, &info));
	ck_assert_uint_eq(info.locked_bytes, SOME);
	ck_assert_uint_eq(info.locked_limit, LIMIT);
	ck_err(ioasid_space_map(m.space, MIB, m.memory + SOME, 2 * PAGE, RW, NULL), ENOMEM);
	ck_assert_msg(strstr(ioasid_errmsg(), "32 KiB"), "%s", ioasid_errmsg());
	ck_ok(ioasid_space_unmap(m.space, PAGE, SOME, NULL));
	ck_ok(ioasid_space_map(m.space, MIB, m.memory + SOME, 2 * PAGE, RW, NULL));
	reaches(&m, &e, MIB, m.memory + SOME, RW);
	engine_close(&e);
	machine_close(&m);
}
END_TEST

TCase *dma_user(void)
{
	TCase *tc = tcase_create("user");

	tcase_add_test(tc, one_device_and_little_memory);
	return tc;
}
