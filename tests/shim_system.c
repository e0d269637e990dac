/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Of lib/vfio/sys.h, what every kernel back end looks at: names, links and files of sysfs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shim_kernel.h"
#include "shim_version.h"
#include "vfio/sys.h"

#define PCI "/sys/bus/pci/devices/"

struct shim shim;

void shim_reset_system(const char *node)
{
	static const struct shim_device devices[SHIM_DEVICES] = {
		{ "0000:00:02.0", "vfio-pci", "vfio0", 1 },
		{ "0000:03:1f.7", "vfio-pci", "vfio1", 2 },
		{ "0000:05:00.0", "vfio-pci", "vfio2", 7 },
		{ "0000:05:00.1", "vfio-pci", "vfio3", 7 },
	};

	memset(&shim, 0, sizeof(shim));
	shim.node = node;
	memcpy(shim.devices, devices, sizeof(devices));
	shim.aperture_last = (UINT64_C(1) << 48) - 1;
	shim.smallest_page = 4096;
	shim.hw_type = 1;
	shim.hw_length = 24;
	shim.hw_data[1] = UINT64_C(3) << 34;	/* the capability register */
	shim.lock_limit = UINT64_MAX;
	shim.class = "vfio-dev";
	shim.bus = "pci";
	shim.version = LINUX(7, 3);
	shim.reserved = "0x00000000fee00000 0x00000000feefffff msi\n";
}

void shim_forget(void)
{
	shim.n_calls = 0;
	shim.expected = 0;
}

int shim_record(int fd, unsigned long command, const void *arg, size_t size)
{
	struct shim_call *call;

	if (shim.n_calls == sizeof(shim.calls) / sizeof(shim.calls[0]))
		return -EIO;
	call = &shim.calls[shim.n_calls++];
	memset(call, 0, sizeof(*call));
	call->fd = fd;
	call->command = command;
	if (size > sizeof(call->words))
		return -E2BIG;
	memcpy(call->words, arg, size);
	if (!shim.fail_nth || --shim.fail_nth)
		return 0;
	if (shim.fail_more) {
		shim.fail_more--;
		shim.fail_nth = 1;
	}
	return -shim.fail_error;
}

void shim_take_long(unsigned long command)
{
	void (*slow)(void) = shim.slow;

	if (!slow || command != shim.slow_command)
		return;
	shim.slow = NULL;
	__atomic_store_n(&shim.resets, true, __ATOMIC_RELAXED);
	slow();
	__atomic_store_n(&shim.resets, false, __ATOMIC_RELAXED);
}

/* The device that a path below PCI names, or one with its node's number, and what follows. */
static unsigned int device_at(const char *path, const char **rest)
{
	unsigned int i, number[2];
	int end = 0;

	if (sscanf(path, "/sys/dev/char/%u:%u%n", &number[0], &number[1], &end) == 2 &&
	    number[0] == SHIM_MAJOR && number[1] < SHIM_DEVICES && !shim.no_sysfs) {
		*rest = path + end;
		return number[1];
	}
	if (strncmp(path, PCI, strlen(PCI)) || shim.no_sysfs)
		return SHIM_DEVICES;
	path += strlen(PCI);
	for (i = 0; i < SHIM_DEVICES; i++) {
		size_t n = strlen(shim.devices[i].name);

		if (!strncmp(path, shim.devices[i].name, n)) {
			*rest = path + n;
			return i;
		}
	}
	return SHIM_DEVICES;
}

int sys_access(const char *path)
{
	return strcmp(path, shim.node) ? -ENOENT : -shim.access;
}

int sys_read(const char *path, char *buffer, size_t size)
{
	const char *text = NULL, *rest;
	unsigned int group;
	int end = 0;

	if (shim.no_read)
		return -shim.no_read;
	if (sscanf(path, "/sys/kernel/iommu_groups/%u/%n", &group, &end) == 1 && end) {
		if (!strcmp(path + end, "reserved_regions"))
			text = shim.reserved;
		else if (!strcmp(path + end, "name"))
			text = shim.group_name;
	}
	if (device_at(path, &rest) != SHIM_DEVICES && !strcmp(rest, "/iommu/intel-iommu/cap"))
		text = shim.vtd_cap;
	if (device_at(path, &rest) != SHIM_DEVICES && !strcmp(rest, "/iommu/amd-iommu/cap"))
		text = shim.amd_cap;
	if (device_at(path, &rest) != SHIM_DEVICES && !strncmp(rest, "/vfio-dev/vfio", 14))
		text = shim.no_dev ? NULL : "511:0\n";
	if (device_at(path, &rest) != SHIM_DEVICES && !strcmp(rest, "/sriov_totalvfs"))
		text = shim.physical_functions ? "7\n" : NULL;
	if (!strcmp(path, "/proc/self/status"))
		text = shim.status;
	return text ? snprintf(buffer, size, "%s", text) : -ENOENT;
}

int sys_link_name(const char *path, char *buffer, size_t size)
{
	const char *rest;
	unsigned int i = device_at(path, &rest);

	if (!strcmp(path, PCI "0000:09:00.0/driver") && shim.pf_driver) {
		snprintf(buffer, size, "%s", shim.pf_driver);
		return 0;
	}
	if (i == SHIM_DEVICES)
		return -ENOENT;
	if (!*rest)
		snprintf(buffer, size, "%s", shim.devices[i].name);
	else if (!strcmp(rest, "/driver") && shim.devices[i].driver)
		snprintf(buffer, size, "%s", shim.devices[i].driver);
	else if (!strcmp(rest, "/device"))
		snprintf(buffer, size, "%s", shim.devices[i].name);
	else if (!strcmp(rest, "/physfn") && shim.virtual_functions)
		snprintf(buffer, size, "0000:09:00.0");
	else if (!strcmp(rest, "/subsystem"))
		snprintf(buffer, size, "%s", shim.class);
	else if (!strcmp(rest, "/device/subsystem"))
		snprintf(buffer, size, "%s", shim.bus);
	else if ((!strcmp(rest, "/iommu_group") || !strcmp(rest, "/device/iommu_group")) &&
		 !shim.no_group)
		snprintf(buffer, size, "%u", shim.devices[i].group);
	else
		return -ENOENT;
	return 0;
}

static const char *dev_vfio(unsigned int index)
{
	return index < sizeof(shim.dev_vfio) / sizeof(shim.dev_vfio[0]) ? shim.dev_vfio[index]
									: NULL;
}

int sys_entry(const char *path, unsigned int index, char *buffer, size_t size)
{
	const char *rest;
	unsigned int i = device_at(path, &rest), group;

	if (shim.no_entry)
		return -shim.no_entry;
	if (!strcmp(path, "/dev/vfio") && dev_vfio(index)) {
		if (strlen(dev_vfio(index)) >= size)
			return -E2BIG;
		snprintf(buffer, size, "%s", dev_vfio(index));
		return 0;
	}
	if (!strcmp(path, "/dev/vfio/devices") && !shim.no_cdev && index < SHIM_DEVICES) {
		snprintf(buffer, size, "%s", shim.devices[index].vfio);
		return 0;
	}
	if (!strcmp(path, "/sys/dev/char") && !shim.no_sysfs && index < SHIM_DEVICES) {
		snprintf(buffer, size, "%u:%u", SHIM_MAJOR, index);
		return 0;
	}
	if (!strcmp(path, "/sys/bus/pci/devices") && !shim.no_sysfs && index < SHIM_DEVICES) {
		snprintf(buffer, size, "%s", shim.devices[index].name);
		return 0;
	}
	if (!strcmp(path, PCI "0000:09:00.0/vfio-dev") && shim.pf_vfio && !index) {
		snprintf(buffer, size, "vfio9");
		return 0;
	}
	if (i != SHIM_DEVICES && !strcmp(rest, "/vfio-dev") && shim.devices[i].vfio && !index) {
		snprintf(buffer, size, "%s", shim.devices[i].vfio);
		return 0;
	}
	if (sscanf(path, "/sys/kernel/iommu_groups/%u/devices", &group) != 1)
		return -ENOENT;
	for (i = 0; i < SHIM_DEVICES; i++)
		if (shim.devices[i].group == group && !index--) {
			snprintf(buffer, size, "%s", shim.devices[i].name);
			return 0;
		}
	return -ENOENT;
}

uint64_t sys_lock_limit(void)
{
	return shim.lock_limit;
}
