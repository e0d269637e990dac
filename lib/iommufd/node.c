/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which device a node is of: by the node's number, for its name may be anything. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iommufd.h"

/* The last part of what the link @name leads to, in sysfs' folder of a node. */
static int read_link(const unsigned int *number, const char *name, char *text, size_t size)
{
	char path[VFIO_PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/dev/char/%u:%u/%s", number[0], number[1], name);
	return sys_link_name(path, text, size);
}

static int set_name(struct ioasid_device *device, const char *name)
{
	char *copy = mem_strdup(name);

	if (!copy)
		return err_set(ENOMEM, "no memory for device %s", name);
	mem_free(device->name);
	device->name = copy;
	return 0;
}

/* Of a PCI device by its address; others have none that the system shows. */
static uint32_t requester_of(const char *name)
{
	uint32_t requester = 0;

	return vfio_parse_address(name, &requester) ? 0 : requester;
}

/* Where nothing is known of any node, that says nothing of this one. */
static int no_node(const char *what, int error, const unsigned int *number)
{
	char any[VFIO_NAME_SIZE];

	if (sys_entry("/sys/dev/char", 0, any, sizeof(any)))
		return err_set(ENODEV, "%s: nothing is known of device %u:%u: is /sys mounted?",
			       what, number[0], number[1]);
	return err_set(error, "%s: device %u:%u is not one of VFIO's nodes in /dev/vfio/devices",
		       what, number[0], number[1]);
}

int iofd_identify(struct ioasid_device *device, int fd, const char *what, int error,
		  uint32_t *requester, uint32_t *group)
{
	char text[VFIO_NAME_SIZE], name[VFIO_NAME_SIZE];
	unsigned int number[2] = { 0 };
	int ret = sys_device(fd, &number[0], &number[1]);

	if (ret)
		return err_set(error, "%s: %s", what, ret == -ENOTTY ? "not the node of a device" :
								       strerror(-ret));
	if (read_link(number, "subsystem", text, sizeof(text)) || strcmp(text, "vfio-dev") ||
	    read_link(number, "device", name, sizeof(name)))
		return no_node(what, error, number);
	if (!read_link(number, "device/subsystem", text, sizeof(text)) && !strcmp(text, "mdev"))
		return err_set(ENODEV, "%s is a mediated device: its driver does its DMA, and no "
			       "IOMMU is told of it", name);
	*requester = requester_of(name);
	*group = read_link(number, "device/iommu_group", text, sizeof(text)) ?
		 IOASID_NO_GROUP : (uint32_t)strtoul(text, NULL, 10);
	return set_name(device, name);
}
