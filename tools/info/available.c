/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices to choose from: of the kernel's back ends the PCI devices behind an IOMMU, as sysfs has
 * them (Linux, Documentation/ABI/testing/sysfs-bus-pci, sysfs-kernel-iommu_groups); of the emulated
 * one what its platform's description says.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "info.h"

#define DEVICES "/sys/bus/pci/devices"

/* What a device's link leads to, the last part of it; "" without one. */
static void read_link(const char *device, const char *link, char name[NAME_MAX + 1])
{
	char path[PATH_MAX], to[PATH_MAX];
	ssize_t n = -1;
	char *slash;

	if (snprintf(path, sizeof(path), DEVICES "/%s/%s", device, link) < (int)sizeof(path))
		n = readlink(path, to, sizeof(to) - 1);
	to[n < 0 ? 0 : n] = '\0';
	slash = strrchr(to, '/');
	snprintf(name, NAME_MAX + 1, "%s", slash ? slash + 1 : "");
}

/* Its driver's name says so or, with a vendor's own driver, what Linux has of it since 6.1. */
static bool is_vfio(const char *device, const char *driver)
{
	char path[PATH_MAX];

	return strstr(driver, "vfio") ||
	       (snprintf(path, sizeof(path), DEVICES "/%s/vfio-dev", device) < (int)sizeof(path) &&
		!access(path, F_OK));
}

/* Whether it is behind an IOMMU; @first: of those that are. */
static bool print_pci(const char *device, bool first)
{
	char group[NAME_MAX + 1], driver[NAME_MAX + 1];

	read_link(device, "iommu_group", group);
	if (!*group)
		return false;
	if (first)
		puts("PCI devices behind an IOMMU; those that a driver of VFIO's has can be used:");
	read_link(device, "driver", driver);
	printf("%-24sgroup %-6s%s%s\n", device, group, *driver ? driver : "no driver",
	       is_vfio(device, driver) ? ", can be bound" : "");
	return true;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

void info_pci(void)
{
	struct dirent **entries = NULL;
	int i, n = scandir(DEVICES, &entries, not_hidden, alphasort);
	bool any = false;

	for (i = 0; i < n; i++) {
		any |= print_pci(entries[i]->d_name, !any);
		free(entries[i]);
	}
	free(entries);
	if (!any)
		puts("No PCI device is behind an IOMMU.");
}

static struct ioasid_platform *load_platform(void)
{
	struct ioasid_platform *platform;
	const char *file = getenv("IOASID_PLATFORM");

	if (file && *file ? !ioasid_platform_load(file, &platform) :
			    !ioasid_platform_new_default(&platform))
		return platform;
	fprintf(stderr, "ioasid-info: %s\n", ioasid_errmsg());
	return NULL;
}

int info_platform(void)
{
	struct ioasid_platform *platform = load_platform();
	size_t length;
	char *text;

	if (!platform)
		return -1;
	length = ioasid_platform_format(platform, NULL, 0);
	text = malloc(length + 1);
	if (text) {
		ioasid_platform_format(platform, text, length + 1);
		printf("The emulated platform:\n%s", text);
	} else {
		perror("ioasid-info");
	}
	ioasid_platform_free(platform);
	free(text);
	return text ? 0 : -1;
}
