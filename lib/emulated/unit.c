/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IOMMUs that walk both levels, with their caches, and the TLBs of devices behind them. */
#include <errno.h>

#include "emulated.h"

static void unit_free(struct emu_unit *unit)
{
	if (!unit)
		return;
	iotlb_destroy(&unit->iotlb);
	psc_destroy(&unit->psc);
	mem_free(unit);
}

static struct emu_unit *unit_new(const struct platform_iommu *iommu)
{
	struct emu_unit *unit = mem_calloc(1, sizeof(*unit));

	if (!unit)
		return NULL;
	if (iotlb_init(&unit->iotlb, &iommu->iotlb) ||
	    psc_init(&unit->psc, iommu->iotlb.structures)) {
		unit_free(unit);
		return NULL;
	}
	return unit;
}

void emu_units_close(struct emulated *emu)
{
	size_t i;

	for (i = 0; i < emu->platform->n_iommus; i++)
		unit_free(emu->units[i]);
}

int emu_units_open(struct emulated *emu)
{
	const struct ioasid_platform *p = emu->platform;
	size_t i;

	for (i = 0; i < p->n_iommus; i++) {
		if (!p->iommus[i].hardware_nesting)
			continue;
		emu->units[i] = unit_new(&p->iommus[i]);
		if (!emu->units[i]) {
			emu_units_close(emu);
			return err_set(ENOMEM, "no memory for the caches of IOMMU %s",
				       p->iommus[i].name);
		}
	}
	return 0;
}

int emu_unit_bind(struct ioasid_device *device)
{
	const struct emulated *emu = device->ctx->backend;
	struct emu_device *ed = device->backend;
	struct ioasid_platform_iotlb tlb = { .entries = ed->device->tlb_entries };

	ed->unit = emu->units[ed->device->iommu];
	if (!tlb.entries)
		return 0;
	platform_choose_iotlb(&tlb);
	ed->tlb = mem_calloc(1, sizeof(*ed->tlb));
	if (ed->tlb && !iotlb_init(ed->tlb, &tlb))
		return 0;
	mem_free(ed->tlb);
	ed->tlb = NULL;
	return err_set(ENOMEM, "no memory for the device TLB of %s", device->name);
}

void emu_unit_unbind(struct ioasid_device *device)
{
	struct emu_device *ed = device->backend;

	if (ed->tlb)
		iotlb_destroy(ed->tlb);
	mem_free(ed->tlb);
}

int emu_device_stats(const struct ioasid_device *device, struct ioasid_device_stats *stats)
{
	const struct emu_device *ed = device->backend;
	const struct emu_unit *unit = ed->unit;

	if (!unit)
		return err_set(EOPNOTSUPP,
			       "%s: its IOMMU has no IOTLB: it does not walk two levels",
			       device->name);
	stats->iotlb_hits = iotlb_hits(&unit->iotlb);
	stats->iotlb_misses = unit->iotlb.misses;
	stats->iotlb_evictions = unit->iotlb.evictions;
	stats->iotlb_dropped = unit->iotlb.dropped;
	stats->walks = unit->walks;
	stats->entries_read = unit->reads;
	stats->structure_hits = unit->psc.hits;
	if (ed->tlb) {
		stats->device_tlb_hits = iotlb_hits(ed->tlb);
		stats->device_tlb_misses = ed->tlb->misses;
		stats->device_tlb_evictions = ed->tlb->evictions;
		stats->device_tlb_dropped = ed->tlb->dropped;
	}
	return 0;
}
