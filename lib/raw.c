/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to a kernel's driver, and comes from it, in a vendor's layout. */
#include <errno.h>
#include <string.h>

#include "objects.h"

static int check_space(const struct ioasid_space *space)
{
	if (!space->parent)
		return err_set(EINVAL, "space %u is a root: a page table needs a parent to be in",
			       space->id);
	if (!space->nest->bind_raw)
		return err_set(EOPNOTSUPP, "space %u is not nested in hardware by a kernel",
			       space->id);
	return 0;
}

static int bind(struct ioasid_space *space, uint32_t type, const void *data, size_t length,
		struct reap *reap)
{
	int ret = check_space(space);

	if (!ret)
		ret = ctx_check_take(space->ctx, reap);
	if (!ret)
		ret = pasid_table_check_none(space);
	return ret ? ret : space->nest->bind_raw(space, type, data, length, reap);
}

IOASID_EXPORT int ioasid_space_bind_raw(struct ioasid_space *space, uint32_t type, const void *data,
					size_t length)
{
	struct reap reap = { 0 };
	int ret;

	if (!type)
		return err_set(EINVAL, "type 0 is no layout");
	if (!length || length > IOASID_RAW_MAX)
		return err_set(EINVAL, "length %zu, must be 1 to %u", length, IOASID_RAW_MAX);
	ctx_lock(space->ctx);
	ret = bind(space, type, data, length, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_probe_raw(struct ioasid_space *space, uint32_t type)
{
	int ret;

	ctx_lock(space->ctx);
	if (!space->parent || !space->nest->probe_raw)
		ret = err_set(EOPNOTSUPP, "space %u is not nested in hardware by a kernel",
			      space->id);
	else if (nest_bound(space))
		ret = space->nest->probe_raw(space, type);
	else
		ret = err_set(EINVAL, "space %u has no page table bound", space->id);
	ctx_unlock(space->ctx);
	return ret;
}

IOASID_EXPORT int ioasid_device_query_hw_info(const struct ioasid_device *device, uint32_t *type,
					      void *data, size_t *length)
{
	const struct backend_ops *ops = device->ctx->ops;
	int ret;

	if (!ops->device_hw_info)
		return err_set(EOPNOTSUPP, "%s: there is no driver to ask about an IOMMU",
			       ops->name);
	ctx_lock(device->ctx);
	ret = ops->device_hw_info(device, type, data, length);
	ctx_unlock(device->ctx);
	return ret;
}
