/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No-snoop: a device can ask that a DMA leaves the CPU's caches alone. An IOMMU that enforces
 * snooping does not let it. What is said of a root goes for the spaces on it, through which the
 * same translations lead.
 */
#include <errno.h>

#include "objects.h"
#include "snoop.h"

int snoop_check_options(const struct ioasid_ctx *ctx, const struct ioasid_space_options *options)
{
	if (!options->enforce_snoop)
		return 0;
	if (options->enforce_snoop > IOASID_ENFORCE_SNOOP_OFF)
		return err_set(EINVAL, "enforce_snoop %u is no known value",
			       (unsigned int)options->enforce_snoop);
	if (options->parent)
		return err_set(EINVAL, "enforce_snoop is for a root: it goes for the spaces on it");
	if (options->enforce_snoop == IOASID_ENFORCE_SNOOP_OFF && ctx->ops->enforces_snoop)
		return err_set(EOPNOTSUPP, "%s: the kernel enforces snooping wherever an IOMMU can",
			       ctx->ops->name);
	return 0;
}

int snoop_check_device(const struct ioasid_device *device, const struct ioasid_space *space)
{
	space = space_lowest(space);
	if (space->enforce_snoop != IOASID_ENFORCE_SNOOP_ON || device->info.enforce_snoop)
		return 0;
	return err_set(EOPNOTSUPP, "%s: its IOMMU does not enforce snooping, or is not known to, "
		       "which space %u asks for", device->name, space->id);
}

void snoop_join(struct ioasid_space *space, const struct ioasid_device *device)
{
	space_lowest(space)->avoiders += !device->info.enforce_snoop;
}

void snoop_leave(struct ioasid_space *space, const struct ioasid_device *device)
{
	space_lowest(space)->avoiders -= !device->info.enforce_snoop;
}

bool snoop_is_enforced(const struct ioasid_space *space)
{
	const struct ioasid_space *root = space_lowest(space);

	return root->enforce_snoop ? root->enforce_snoop == IOASID_ENFORCE_SNOOP_ON :
				     !root->avoiders;
}

bool snoop_can_be_avoided(const struct ioasid_ctx *ctx)
{
	const struct ioasid_device *device;
	const struct attachment *a;

	for (device = ctx->devices; device; device = device->next)
		for (a = device->attached; a; a = a->next)
			if (a->space && !snoop_is_enforced(a->space))
				return true;
	return false;
}
