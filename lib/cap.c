/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a context can do. */
#include <errno.h>

#include "objects.h"

static const char *const names[] = {
	[IOASID_CAP_MAP_FILE] = "map-file",
	[IOASID_CAP_REGISTER_MEMORY] = "register-memory",
	[IOASID_CAP_NESTING_SOFTWARE] = "nesting-software",
	[IOASID_CAP_NESTING_HARDWARE] = "nesting-hardware",
	[IOASID_CAP_USER_PGTABLE] = "user-pgtable",
	[IOASID_CAP_USER_PASID_TABLE] = "user-pasid-table",
	[IOASID_CAP_FILL_ON_DEMAND] = "fill-on-demand",
	[IOASID_CAP_MULTI_DEVICE_GROUPS] = "multi-device-groups",
	[IOASID_CAP_PASID] = "pasid",
	[IOASID_CAP_PAGE_REQUESTS] = "page-requests",
	[IOASID_CAP_DIRTY_TRACKING] = "dirty-tracking",
	[IOASID_CAP_ENFORCE_SNOOP] = "enforce-snoop",
	[IOASID_CAP_DMA] = "dma",
	[IOASID_CAP_AUDIT] = "audit",
	[IOASID_CAP_ATOMIC_REPLACE] = "atomic-replace",
	[IOASID_CAP_VIOMMU] = "viommu",
	[IOASID_CAP_HW_QUEUE] = "hw-queue",
	[IOASID_CAP_SMALL_PAGES] = "small-pages",
	[IOASID_CAP_DIRTY_EXACT] = "dirty-exact",
	[IOASID_CAP_CHANGE_PROCESS] = "change-process",
	[IOASID_CAP_VFIO_COMMANDS] = "vfio-commands",
	[IOASID_CAP_NO_IOMMU] = "no-iommu",
};

IOASID_EXPORT const char *ioasid_capability_name(enum ioasid_capability capability)
{
	return (size_t)capability < bits_array_size(names) ? names[capability] : NULL;
}

IOASID_EXPORT const char *ioasid_ctx_why_not(const struct ioasid_ctx *ctx,
					     enum ioasid_capability capability)
{
	if (!ioasid_capability_name(capability))
		return "not a capability that this version knows";
	return ctx->ops->why_not(ctx, capability);
}

IOASID_EXPORT bool ioasid_ctx_has(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	return !ioasid_ctx_why_not(ctx, capability);
}

int cap_check(const struct ioasid_ctx *ctx, enum ioasid_capability capability, const char *what)
{
	const char *why = ctx->ops->why_not(ctx, capability);

	return why ? err_set(EOPNOTSUPP, "%s: %s", what, why) : 0;
}
