/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform descriptions: mediated devices, and where PASIDs come from. */
#include <errno.h>
#include <inttypes.h>

#include "export.h"
#include "platform.h"
#include "util/bits.h"
#include "util/err.h"

IOASID_EXPORT int ioasid_platform_set_pasid_pool(struct ioasid_platform *platform, uint32_t pasids)
{
	if (pasids > PLATFORM_MAX_PASID)
		return err_set(EINVAL, "pool of %" PRIu32 " PASIDs: at most %u", pasids,
			       PLATFORM_MAX_PASID);
	platform->pasid_pool = pasids;
	return 0;
}

static int check_physical(const struct ioasid_platform_device *from, struct platform_device *to)
{
	if (!from->iommu)
		return err_set(EINVAL, "device %s: no IOMMU named", from->name);
	if (from->default_pasid)
		return err_set(EINVAL, "device %s: a default PASID is for a mediated device",
			       from->name);
	if (!from->pasid_bits && (from->pasid_pool || from->user_pasid_table))
		return err_set(EINVAL, "device %s: a pool of PASIDs, or a table of the user's, but "
			       "no PASIDs", from->name);
	if (from->pasid_bits < 32 && from->pasid_pool >> from->pasid_bits)
		return err_set(EINVAL, "device %s: pool of %" PRIu32 " PASIDs, but it has PASIDs "
			       "of %" PRIu32 " bits", from->name, from->pasid_pool,
			       from->pasid_bits);
	if (from->user_pasid_table && from->shared_queues)
		return err_set(EINVAL, "device %s: with shared work queues the PASID table is the "
			       "kernel's", from->name);
	to->pasid_pool = from->pasid_pool;
	to->user_pasid_table = from->user_pasid_table;
	return 0;
}

static int check_parent(const struct ioasid_platform_device *from,
			const struct platform_device *parent)
{
	bool needs = from->default_pasid || from->pasid_bits;

	if (parent->parent)
		return err_set(EINVAL, "device %s: its parent %s is mediated itself", from->name,
			       parent->name);
	if (parent->user_pasid_table)
		return err_set(EINVAL, "device %s: the PASID table of its parent %s is the user's",
			       from->name, parent->name);
	if (needs && !parent->pasid_bits)
		return err_set(EINVAL, "device %s: its parent %s has no PASIDs", from->name,
			       parent->name);
	if (from->default_pasid >> parent->pasid_bits)
		return err_set(EINVAL, "device %s: default PASID %" PRIu32 ", but its parent %s "
			       "has PASIDs of %" PRIu32 " bits", from->name, from->default_pasid,
			       parent->name, parent->pasid_bits);
	return 0;
}

static int check_mediated(const struct ioasid_platform *platform,
			  const struct ioasid_platform_device *from, struct platform_device *to)
{
	const struct platform_device *parent = platform_find_device(platform, from->parent);
	int ret;

	if (!parent)
		return err_set(ENOENT, "device %s: there is no device %.64s", from->name,
			       from->parent);
	if (from->iommu || from->requester || from->group || from->pasid_pool ||
	    from->user_pasid_table)
		return err_set(EINVAL, "device %s: IOMMU, requester ID, group, pool and PASID "
			       "table are those of its parent", from->name);
	ret = check_parent(from, parent);
	if (ret)
		return ret;
	if (from->default_pasid && platform_pasid_is_default(platform, parent, from->default_pasid))
		return err_set(EEXIST, "device %s: default PASID %" PRIu32 " is taken under %s",
			       from->name, from->default_pasid, parent->name);
	to->parent = (uint32_t)(parent - platform->devices) + 1;
	to->default_pasid = from->default_pasid;
	return 0;
}

int platform_check_pasids(const struct ioasid_platform *platform,
			  const struct ioasid_platform_device *from, struct platform_device *to)
{
	if (from->shared_queues && !from->pasid_bits)
		return err_set(EINVAL, "device %s: shared work queues, but no PASIDs", from->name);
	to->shared_queues = from->shared_queues;
	return from->parent ? check_mediated(platform, from, to) : check_physical(from, to);
}

void platform_choose_pasids(struct ioasid_platform *platform)
{
	uint32_t pool = platform->pasid_pool ? platform->pasid_pool : PLATFORM_MAX_PASID;
	size_t i;

	for (i = 0; i < platform->n_devices; i++) {
		struct platform_device *device = &platform->devices[i];
		const struct platform_device *parent = platform_parent(platform, device);

		if (parent) {
			device->requester = parent->requester;
			device->group = parent->group;
			continue;
		}
		if (!device->pasid_pool && device->pasid_bits)
			device->pasid_pool = (1u << device->pasid_bits) - 1;
		if (device->has_shared)
			pool = (uint32_t)bits_min(pool, (1u << device->pasid_bits) - 1);
	}
	platform->pasid_pool = pool;
}

enum ioasid_device_type platform_device_type(const struct platform_device *device)
{
	if (!device->parent) {
		if (!device->pasid_bits)
			return IOASID_DEVICE_PHYSICAL;
		if (device->user_pasid_table)
			return IOASID_DEVICE_PHYSICAL_USER;
		return device->shared_queues ? IOASID_DEVICE_PHYSICAL_SHARED :
					       IOASID_DEVICE_PHYSICAL_KERNEL;
	}
	if (!device->pasid_bits)
		return device->default_pasid ? IOASID_DEVICE_MEDIATED_DEFAULT :
					       IOASID_DEVICE_MEDIATED_SOFTWARE;
	return device->shared_queues ? IOASID_DEVICE_MEDIATED_SHARED : IOASID_DEVICE_MEDIATED;
}

bool platform_pasid_is_default(const struct ioasid_platform *platform,
			       const struct platform_device *parent, uint32_t pasid)
{
	size_t i;

	for (i = 0; i < platform->n_devices; i++) {
		const struct platform_device *device = &platform->devices[i];
		const struct platform_device *its = platform_parent(platform, device);

		if (device->default_pasid == pasid && its && (parent ? its == parent :
							      its->has_shared))
			return true;
	}
	return false;
}
