/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may differ between a kernel back end and the emulation, each with where the manual says so.
 * One of them is a matter of what is drawn:
 *
 * memory_is_looked_at_at_its_ends: the library finds out whether all of a range is mapped in the
 * process, and whether its first and its last page can be used; a kernel looks at each
 * (ioasid_space_map(3)).
 */
#include "twins.h"

/*
 * A capability that is missing: the call fails with EOPNOTSUPP, unless its arguments are wrong
 * anyway, and nothing is compared.
 */
bool twins_lack(struct twins *t, enum ioasid_capability capability, int kernel)
{
	if (ioasid_ctx_has(t->ctx[KERNEL], capability))
		return false;
	if (kernel != -EOPNOTSUPP && kernel != -EINVAL)
		twins_differ(t, "%d without the capability %s", kernel,
			     ioasid_capability_name(capability));
	return true;
}

/*
 * IOASID_CAP_FILL_ON_DEMAND: where it is missing, a shadow that is not told is filled on
 * invalidation for all formats (ioasid_space_create(3)).
 */
bool twins_fill_by_default_differs(const struct twins *t, int s, enum ioasid_pgtable_format format)
{
	return !t->space[s].fill && format != IOASID_PGTABLE_VTD_SS &&
	       !ioasid_ctx_has(t->ctx[KERNEL], IOASID_CAP_FILL_ON_DEMAND);
}

/*
 * A kernel's table has to be complete while a device is attached; so the library looks into a
 * guest's table again when the parent maps what it lies in. In the emulation the next DMA does, and
 * lists have what was found (ioasid_space_query_runs(3)). Without a device nobody does.
 */
bool twins_runs_differ_unused(const struct twins *t, int s, const struct twin_device *device)
{
	return t->space[s].parent >= 0 && !device;
}

/* ioasid_device_query_info(3): what is the machine's, and not the interface's. */
void twins_even_out_device(struct ioasid_device_info info[SIDES])
{
	/* The emulated IOMMU has page sizes of its own. */
	info[KERNEL].page_sizes &= PAGE;
	info[EMULATED].page_sizes &= PAGE;
	/* On the emulated platform groups begin with 1. */
	info[KERNEL].group++;
	/* Linux's type1 counts mappings; what the emulation has is memory. */
	info[KERNEL].max_mappings = 0;
	/* IOASID_CAP_USER_PASID_TABLE. */
	info[KERNEL].pasid_table_formats = info[EMULATED].pasid_table_formats = 0;
}
