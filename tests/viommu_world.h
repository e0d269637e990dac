/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose device is behind a vIOMMU, on a platform with two IOMMUs. */
#ifndef TESTS_VIOMMU_WORLD_H
#define TESTS_VIOMMU_WORLD_H

#include <string.h>

#include "hw_world.h"

#define VIOMMU_PLATFORM                                                                            \
	"iommu hw address-bits=57 pasid-bits=16 nesting=software,hardware\n"                       \
	"device 0000:00:01.0 iommu=hw pasid-bits=16\n"                                             \
	"device 0000:00:02.0 iommu=hw pasid-bits=16 device-tlb=16 "                                \
	"device-tlb-invalidation=explicit\n"                                                       \
	"iommu sw address-bits=57 pasid-bits=16 nesting=software\n"                                \
	"device 0000:01:01.0 iommu=sw pasid-bits=16\n"                                             \
	"iommu none address-bits=57 nesting=none\n"                                                \
	"device 0000:02:01.0 iommu=none\n"

/* Two devices that their IOMMU cannot tell apart; the second has a TLB. */
#define VIOMMU_GROUP                                                                               \
	"iommu hw address-bits=57 nesting=software,hardware\n"                                     \
	"device 0000:00:01.0 iommu=hw group=1\n"                                                   \
	"device 0000:00:01.1 iommu=hw group=1 device-tlb=16 device-tlb-invalidation=explicit\n"

#define VSID 0x1234u

struct viommu_world {
	struct guest g;
	struct ioasid_viommu *viommu;
	struct ioasid_vdevice *vdevice;	/* VSID, of the guest's device */
	struct ioasid_space *space;	/* on it, with a page table: as struct hw's */
	struct guest_table t;
};

static inline int viommu_make(struct ioasid_space *parent, struct ioasid_device *device,
			      enum ioasid_viommu_type type, struct ioasid_viommu **viommu)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = type;
	return ioasid_viommu_create(parent, device, &options, viommu);
}

static inline struct ioasid_viommu *viommu_new(struct ioasid_space *parent,
					       struct ioasid_device *device,
					       enum ioasid_viommu_type type)
{
	struct ioasid_viommu *viommu = NULL;

	ck_ok(viommu_make(parent, device, type, &viommu));
	return viommu;
}

static inline int viommu_space(struct ioasid_ctx *ctx, struct ioasid_viommu *viommu,
			       enum ioasid_nesting nesting, struct ioasid_space **space)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.viommu = viommu;
	options.nesting = nesting;
	return ioasid_space_create(ctx, &options, space);
}

static inline struct ioasid_device *viommu_bind(struct ioasid_ctx *ctx, const char *name)
{
	struct ioasid_device *device = NULL;

	ck_ok(ioasid_device_bind(ctx, name, 7, &device));
	return device;
}

static inline int events_make(struct ioasid_viommu *viommu, enum ioasid_event_format format,
			      uint32_t depth, struct ioasid_event_queue **queue)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;

	options.format = format;
	options.depth = depth;
	return ioasid_viommu_create_events(viommu, &options, queue);
}

static inline struct ioasid_event_queue *events_new(struct ioasid_viommu *viommu,
						    enum ioasid_event_format format,
						    uint32_t depth)
{
	struct ioasid_event_queue *queue = NULL;

	ck_ok(events_make(viommu, format, depth, &queue));
	return queue;
}

/* The device attached to a space on a vIOMMU, in which pages HW_AT lead to 16 * PAGE. */
static inline void viommu_open_on(struct viommu_world *w, const char *platform,
				  enum ioasid_viommu_type type, enum ioasid_nesting nesting)
{
	guest_platform = platform;
	guest_open(&w->g, HW_SIZE, 0);
	w->viommu = viommu_new(w->g.root, w->g.device, type);
	ck_ok(ioasid_vdevice_create(w->viommu, w->g.device, VSID, &w->vdevice));
	ck_ok(viommu_space(w->g.ctx, w->viommu, nesting, &w->space));
	gt_init(&w->t, IOASID_PGTABLE_ARM_S1, 4, w->g.memory, 0, HW_TABLES, HW_SIZE);
	gt_map(&w->t, HW_AT, 16 * PAGE, 16 * PAGE, 1, RW);
	ck_ok(bind_table(w->space, IOASID_PGTABLE_ARM_S1, 4, w->t.root));
	guest_attach(&w->g, w->space);
}

static inline void viommu_open(struct viommu_world *w, enum ioasid_viommu_type type,
			       enum ioasid_nesting nesting)
{
	viommu_open_on(w, VIOMMU_PLATFORM, type, nesting);
}

/* Where a channel reads page @n of those: the number of the guest's page; -1: it faults. */
static inline int viommu_page(struct viommu_world *w, struct ioasid_channel *channel, uint64_t n)
{
	uint8_t *at = dma_where(channel, HW_AT + n * PAGE, IOASID_READ);

	return at ? (int)((uint64_t)(at - w->g.memory) / PAGE) : -1;
}

/* Makes page @n lead to the guest's page @target, and tells nobody. */
static inline void viommu_set(struct viommu_world *w, uint64_t n, uint64_t target)
{
	gt_map(&w->t, HW_AT + n * PAGE, target * PAGE, PAGE, 1, RW);
}

#endif
