/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices in sysfs. */
#include "vfio.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys.h"
#include "util/err.h"

#define HEX "0123456789abcdef"

/* Is it a colon, bus, device and function? */
static bool is_bdf(const char *text)
{
	static const char form[] = ":xx:xx.o";
	size_t i;

	for (i = 0; i < sizeof(form); i++) {
		char c = text[i];
		bool fits = form[i] == 'x' ? c && strchr(HEX, c) :
			    form[i] == 'o' ? c >= '0' && c <= '7' : c == form[i];

		if (!fits)
			return false;
	}
	return true;
}

/* A domain has four digits, or more: what is behind Intel's VMD begins with 10000. */
int vfio_parse_address(const char *name, uint32_t *requester)
{
	size_t digits = strspn(name, HEX);
	const char *bdf = name + digits;

	if (digits < 4 || digits > 8 || !is_bdf(bdf))
		return err_set(ENODEV, "\"%s\" is no PCI address such as 0000:00:02.0", name);
	*requester = (uint32_t)(strtoul(bdf + 1, NULL, 16) << 8 |
				strtoul(bdf + 4, NULL, 16) << 3 | strtoul(bdf + 7, NULL, 16));
	return 0;
}

int vfio_has_groups(const char *backend)
{
	char name[VFIO_NAME_SIZE];
	unsigned int i;
	int ret;

	for (i = 0;; i++) {
		ret = sys_entry("/dev/vfio", i, name, sizeof(name));
		if (!ret && isdigit((unsigned char)name[0]))
			return 1;
		if (ret && ret != -E2BIG)
			return ret == -ENOENT ? 0 : vfio_no_answer(backend, "/dev/vfio", -ret);
	}
}

int vfio_find_group(const char *name, uint32_t *group)
{
	char path[VFIO_PATH_SIZE], link[VFIO_NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", name);
	if (sys_link_name(path, link, sizeof(link)))
		return -ENOENT;
	*group = (uint32_t)strtoul(link, NULL, 10);
	return 0;
}

const char *vfio_driver(const char *name, char *buffer, size_t size)
{
	char path[VFIO_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", name);
	return sys_link_name(path, buffer, size) ? NULL : buffer;
}

/*
 * By the driver's name: vfio-pci, mlx5_vfio_pci and their like. A vendor's own driver that makes a
 * device VFIO's, beside what else it does, can have any name; Linux 6.1 shows what is VFIO's.
 */
int vfio_is_driver(const char *name, const char *driver)
{
	char path[VFIO_PATH_SIZE], node[VFIO_NAME_SIZE];
	int ret;

	if (strstr(driver, "vfio"))
		return 1;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/vfio-dev", name);
	ret = sys_entry(path, 0, node, sizeof(node));
	if (ret && ret != -ENOENT)
		return vfio_no_answer(name, path, -ret);
	return !ret;
}

bool vfio_has_amd_iommu(const char *name)
{
	char path[VFIO_PATH_SIZE], text[VFIO_NAME_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/iommu/amd-iommu/cap", name);
	return sys_read(path, text, sizeof(text)) >= 0;
}

const char *vfio_physical_function(const char *name, char *buffer, size_t size)
{
	char path[VFIO_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/physfn", name);
	return sys_link_name(path, buffer, size) ? NULL : buffer;
}
