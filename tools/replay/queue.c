/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* The guest's invalidation queue (VT-d 4.1, 6.5.2). */
#include "vmm.h"

/*
 * A guest that waits for many invalidations at once gets them as one batch. It may see them carried
 * out earlier than it asks for, so a batch does not have to grow without end.
 */
#define BATCH_ENTRIES 512

int vmm_submit(struct vmm *v)
{
	int ret;

	if (!ioasid_inv_get_count(v->batch))
		return 0;
	ret = ioasid_inv_submit(v->batch, NULL);
	ioasid_inv_reset(v->batch);
	v->submissions++;
	return ret;
}

/*
 * Context-cache and PASID-cache invalidations: the entries that a device was looked up from may
 * have changed. Spaces come and go here, so what the batch holds for them is carried out before.
 */
static int refresh_devices(struct vmm *v, const struct ioasid_vtd_inv *inv)
{
	int ret = vmm_submit(v);

	for (size_t i = 0; !ret && i < v->n_devices; i++) {
		struct vmm_device *d = &v->devices[i];

		if (ioasid_vtd_inv_is_lookup_stale(inv, d->sid, &d->translation))
			ret = vmm_refresh_device(v, d);
	}
	return ret;
}

/*
 * IOTLB invalidations, with and without PASID. They name a domain-id, and several spaces can have
 * the same one: the guest reuses them, and a nested translation has two spaces.
 */
static int add_to_batch(struct vmm *v, const struct ioasid_vtd_inv *inv)
{
	int ret;

	for (struct vmm_table *t = v->tables; t; t = t->next) {
		ret = ioasid_vtd_inv_add(inv, &t->translation, v->batch, t->space);
		if (ret)
			return ret;
	}
	return ioasid_inv_get_count(v->batch) < BATCH_ENTRIES ? 0 : vmm_submit(v);
}

int vmm_invalidate(struct vmm *v, const uint64_t *raw, size_t bytes, enum ioasid_vtd_reason *why)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	int ret = ioasid_vtd_inv_decode(&v->caps, v->rtaddr, raw, bytes, &inv, why);

	if (ret)
		return ret;
	v->descriptors[inv.type]++;
	switch (inv.type) {
	case IOASID_VTD_INV_CONTEXT_CACHE:
	case IOASID_VTD_INV_PASID_CACHE:
		return refresh_devices(v, &inv);
	case IOASID_VTD_INV_IOTLB:
	case IOASID_VTD_INV_PASID_IOTLB:
		return add_to_batch(v, &inv);
	case IOASID_VTD_INV_WAIT:
		/*
		 * When this has returned, no DMA uses what the guest took away. A VMM now stores
		 * inv.status_data at inv.status_address if inv.status_write, and raises the
		 * completion event if inv.interrupt.
		 */
		return vmm_submit(v);
	case IOASID_VTD_INV_DEVICE_TLB:
	case IOASID_VTD_INV_PASID_DEVICE_TLB:
		/* A batch covers the device TLBs behind a space, and an emulated device has none. */
	case IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE:
		/* For the VMM's interrupt remapping. */
		break;
	}
	return 0;
}
