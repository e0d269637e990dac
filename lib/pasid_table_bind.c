/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Binding a PASID table: for the library to look up (pasid_table.c), or for a kernel's IOMMU. */
#include <errno.h>

#include "attach.h"
#include "mapped.h"
#include "objects.h"
#include "pasidtab/pasidtab.h"

bool pasid_table_is_bound(const struct ioasid_space *space)
{
	return space->pasids || space->hw_pasids;
}

int pasid_table_check_none(const struct ioasid_space *space)
{
	return pasid_table_is_bound(space) ?
	       err_set(EBUSY, "space %u has a PASID table: unbind it", space->id) : 0;
}

static int check_user(struct ioasid_pasid_table *user)
{
	const struct pasidtab_format *format = pasidtab_find(user->format);

	if (user->max_pasids > PASID_TABLE_MAX_ROOM)
		return err_set(EINVAL, "max_pasids %u, at most %u", user->max_pasids,
			       PASID_TABLE_MAX_ROOM);
	if (!format)
		return err_set(EOPNOTSUPP, "PASID-table format %u is not supported",
			       (unsigned int)user->format);
	return format->prepare(user);
}

static int check_space(const struct ioasid_space *space)
{
	if (!space->parent)
		return err_set(EINVAL, "space %u is a root: a PASID table needs a parent to be in",
			       space->id);
	if (!space->pasids && nest_bound(space) && !space->hw_pasids)
		return err_set(EBUSY, "space %u has a page table: unbind it", space->id);
	if (space->nest->bind_pasid_table)
		return 0;
	if (space->nest->nesting != IOASID_NESTING_SOFTWARE)
		return err_set(EOPNOTSUPP, "space %u is nested in hardware", space->id);
	if (!ioasid_ctx_has(space->ctx, IOASID_CAP_FILL_ON_DEMAND))
		return err_set(EOPNOTSUPP, "space %u is nested in software: %s", space->id,
			       ioasid_ctx_why_not(space->ctx, IOASID_CAP_FILL_ON_DEMAND));
	if (space->fill_asked == IOASID_FILL_ON_INVALIDATION)
		return err_set(EOPNOTSUPP, "space %u is filled on invalidation, but nobody tells "
			       "which PASIDs are going to be used", space->id);
	if (space->children)
		return err_set(EBUSY, "space %u is the parent of space %u", space->id,
			       space->children->id);
	if (mapping_count(space))
		return err_set(EBUSY, "space %u has %zu mappings", space->id,
			       mapping_count(space));
	return 0;
}

static int check_device(const struct ioasid_device *device, const struct ioasid_space *space,
			const void *hw_format)
{
	(void)space;
	return device_check_pasid_table(device,
					*(const enum ioasid_pasid_table_format *)hw_format);
}

static int check_devices(const struct ioasid_space *space, enum ioasid_pasid_table_format hw_format)
{
	return attachment_check_all(space, check_device, &hw_format);
}

/* For the IOMMU to read. */
static int bind_hardware(struct ioasid_space *space, const struct ioasid_pasid_table *user,
			 struct reap *reap)
{
	int ret = check_devices(space, user->format);

	if (!ret)
		ret = space->nest->bind_pasid_table(space, user, reap);
	if (!ret)
		space->hw_pasids = user->format;
	return ret;
}

static int bind(struct ioasid_space *space, const struct ioasid_pasid_table *user,
		struct reap *reap)
{
	int ret = ctx_check_take(space->ctx, reap);

	if (!ret)
		ret = check_space(space);
	if (!ret && space->nest->bind_pasid_table)
		return bind_hardware(space, user, reap);
	if (!ret)
		ret = check_devices(space, 0);
	return ret ? ret : pasid_table_start(space, user, reap);
}

IOASID_EXPORT int ioasid_space_bind_pasid_table(struct ioasid_space *space,
						const struct ioasid_pasid_table *table)
{
	struct ioasid_pasid_table user;
	struct reap reap = { 0 };
	int ret = options_copy(&user, sizeof(user), table, "PASID table");

	if (!ret && !ioasid_ctx_has(space->ctx, IOASID_CAP_USER_PASID_TABLE))
		ret = err_set(EOPNOTSUPP, "PASID tables: %s",
			      ioasid_ctx_why_not(space->ctx, IOASID_CAP_USER_PASID_TABLE));
	if (!ret)
		ret = check_user(&user);
	if (ret)
		return ret;
	ctx_lock(space->ctx);
	ret = failure_due(space->ctx, IOASID_OP_BIND_TABLE);
	if (!ret)
		ret = bind(space, &user, &reap);
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}

IOASID_EXPORT int ioasid_space_unbind_pasid_table(struct ioasid_space *space)
{
	struct reap reap = { 0 };
	int ret;

	ctx_lock(space->ctx);
	ret = ctx_check_take(space->ctx, &reap);
	if (!ret && !pasid_table_is_bound(space))
		ret = err_set(EINVAL, "space %u has no PASID table bound", space->id);
	if (!ret && space->hw_pasids) {
		space->nest->unbind(space, &reap);
		space->hw_pasids = 0;
	} else if (!ret) {
		pasid_table_stop(space, &reap);
	}
	ctx_unlock_drain(space->ctx, &reap);
	return ret;
}
