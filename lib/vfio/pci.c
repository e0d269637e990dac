/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices in sysfs. */
#include "vfio.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "sys.h"
#include "util/err.h"

int vfio_parse_address(const char *name, uint32_t *requester)
{
	static const char form[] = "xxxx:xx:xx.o";
	size_t i;

	for (i = 0; i < sizeof(form); i++) {
		char c = name[i];
		bool fits = c == form[i];

		if (form[i] == 'x')
			fits = isdigit((unsigned char)c) || (c >= 'a' && c <= 'f');
		else if (form[i] == 'o')
			fits = c >= '0' && c <= '7';
		if (!fits)
			return err_set(ENODEV, "\"%s\" is no PCI address such as 0000:00:02.0",
				       name);
	}
	*requester = (uint32_t)(strtoul(name + 5, NULL, 16) << 8 |
				strtoul(name + 8, NULL, 16) << 3 | strtoul(name + 11, NULL, 16));
	return 0;
}

bool vfio_has_groups(void)
{
	char name[VFIO_NAME_SIZE];
	unsigned int i;
	int ret;

	for (i = 0;; i++) {
		ret = sys_entry("/dev/vfio", i, name, sizeof(name));
		if (!ret && isdigit((unsigned char)name[0]))
			return true;
		if (ret && ret != -E2BIG)
			return false;
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
