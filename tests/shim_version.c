/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linux's rules: iommufd_fops_ioctl() of iommufd/main.c, the checks at the beginning of the
 * commands, and vfio/device_cdev.c. Versions: the history of include/uapi/linux/iommufd.h and
 * vfio.h.
 */
#include "shim_version.h"

#include <errno.h>
#include <stddef.h>

#include "shim_kernel.h"
#include "shim_viommu.h"

/*
 * The command's structure since a version: in bytes, how short it may be, and all flags there are.
 */
struct since {
	unsigned long command;
	unsigned int version;
	uint32_t size, least, flags;
};

#define ANY UINT32_MAX		/* no flags there, or they are looked at elsewhere */

static const struct since commands[] = {	/* the newest of each first */
	{ SHIM_DESTROY, LINUX(6, 2), 8, 8, ANY },
	{ SHIM_IOAS_ALLOC, LINUX(6, 2), 12, 12, 0 },
	{ SHIM_ALLOW, LINUX(6, 2), 24, 24, ANY },
	{ SHIM_IOVA_RANGES, LINUX(6, 2), 32, 32, ANY },
	{ SHIM_MAP, LINUX(6, 2), 40, 40, 7 },
	{ SHIM_MAP_FILE, LINUX(6, 13), 40, 40, 7 },
	{ SHIM_CHANGE_PROCESS, LINUX(6, 13), 8, 8, 0 },
	{ SHIM_COPY, LINUX(6, 2), 40, 40, 7 },
	{ SHIM_UNMAP, LINUX(6, 2), 24, 24, ANY },
	{ SHIM_OPTION, LINUX(6, 2), 24, 24, ANY },
	{ SHIM_VFIO_IOAS, LINUX(6, 2), 12, 12, ANY },
	{ SHIM_GET_PA, LINUX(7, 3), 40, 40, ANY },
	{ SHIM_HWPT_ALLOC, LINUX(6, 15), 48, 24, 0xf },
	{ SHIM_HWPT_ALLOC, LINUX(6, 11), 48, 24, 7 },
	{ SHIM_HWPT_ALLOC, LINUX(6, 7), 40, 24, 3 },
	{ SHIM_HWPT_ALLOC, LINUX(6, 6), 24, 24, 0 },
	{ SHIM_HW_INFO, LINUX(6, 17), 40, 32, 1 },
	{ SHIM_HW_INFO, LINUX(6, 7), 40, 32, 0 },
	{ SHIM_HW_INFO, LINUX(6, 6), 32, 32, 0 },
	{ SHIM_SET_DIRTY, LINUX(6, 7), 16, 16, 1 },
	{ SHIM_GET_DIRTY, LINUX(6, 7), 48, 48, ANY },
	{ SHIM_INVALIDATE, LINUX(6, 8), 32, 32, ANY },
	{ SHIM_FAULT_ALLOC, LINUX(6, 11), 16, 16, 0 },
	{ SHIM_VIOMMU_ALLOC, LINUX(6, 17), 40, 24, 0 },
	{ SHIM_VIOMMU_ALLOC, LINUX(6, 13), 24, 24, 0 },
	{ SHIM_VDEVICE_ALLOC, LINUX(6, 13), 24, 24, ANY },
	{ SHIM_VEVENTQ_ALLOC, LINUX(6, 15), 32, 28, 0 },
	{ SHIM_HW_QUEUE_ALLOC, LINUX(6, 17), 40, 40, 0 },
};

/* What a program says beyond what the kernel knows has to be 0. */
static bool has_tail(const uint32_t *words, uint32_t size)
{
	uint32_t i;

	for (i = size / 4; i < words[0] / 4; i++)
		if (words[i])
			return true;
	return false;
}

/* With a token came the rule of iommufd's commands, and with that in turn the token as late. */
static int check_bind(const uint32_t *words)
{
	const bool ruled = shim.version >= LINUX(6, 17);

	if (words[0] < 16)
		return -EINVAL;
	if (ruled && has_tail(words, shim.version >= LINUX(6, 19) ? 24 : 16))
		return -E2BIG;
	return words[1] & ~(uint32_t)ruled || words[2] > INT32_MAX ? -EINVAL : 0;
}

/* VFIO takes as much as it needs, and does not look at the rest. */
static int check_vfio(unsigned long command, const uint32_t *words)
{
	const uint32_t least = command == SHIM_ATTACH ? 12 : 8;
	const uint32_t flags = shim.version >= LINUX(6, 15);

	return words[0] < least + (words[1] & flags ? 4 : 0) || words[1] & ~flags ? -EINVAL : 0;
}

int shim_version_check(unsigned long command, const uint32_t *words)
{
	const struct since *s = NULL;
	size_t i;

	if (command == SHIM_BIND)
		return check_bind(words);
	if (command == SHIM_ATTACH || command == SHIM_DETACH)
		return check_vfio(command, words);
	if (command == SHIM_REGION_INFO)
		return 0;
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]) && !s; i++)
		if (commands[i].command == command && commands[i].version <= shim.version)
			s = &commands[i];
	if (!s)
		return -ENOTTY;
	if (words[0] < s->least)
		return -EINVAL;
	if (has_tail(words, s->size))
		return -E2BIG;
	return words[1] & ~s->flags ? -EOPNOTSUPP : 0;
}

bool shim_version_tells(uint32_t type)
{
	static const unsigned int since[] = {
		[1] = LINUX(6, 6), [2] = LINUX(6, 13), [4] = LINUX(7, 0),
	};

	return type < sizeof(since) / sizeof(since[0]) && shim.version >= since[type];
}
