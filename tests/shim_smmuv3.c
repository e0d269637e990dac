/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_smmuv3.h"

#include "shim_expect.h"
#include "shim_viommu.h"

struct ioasid_viommu *viommu;
struct ioasid_vdevice *vdevice;

void smmuv3_setup(void)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.nests = true;
	shim.hw_type = 2;
	shim.hw_length = 40;
	shim.nested_type = 2;
	shim_viommu.type = shim_viommu.commands = SMMUV3;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	device = bind_device(0);
	memory = memory_new(MEMORY);
	root = make_space(ctx, NULL, 0);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, &memory_mapping));
	iommu = shim_iommu_fd();
	ck_assert(ioasid_ctx_has(ctx, IOASID_CAP_NESTING_HARDWARE));	/* which it asks once */
	shim_forget();
}

int make_viommu(enum ioasid_viommu_type type, struct ioasid_viommu **out)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	options.type = type;
	return ioasid_viommu_create(root, device, &options, out);
}

void with_viommu(void)
{
	smmuv3_setup();
	ck_ok(make_viommu(IOASID_VIOMMU_SMMUV3, &viommu));
	ck_ok(ioasid_vdevice_create(viommu, device, VSID, &vdevice));
	shim_forget();
}

void with_raw(void)
{
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;

	smmuv3_setup();
	shim_viommu.type = shim_viommu.commands = OTHER;
	options.type = IOASID_VIOMMU_RAW;
	options.raw_type = options.raw_commands = OTHER;
	ck_ok(ioasid_viommu_create(root, device, &options, &viommu));
	shim_forget();
}

int make_events(enum ioasid_event_format format, uint32_t depth,
		struct ioasid_event_queue **queue)
{
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;

	options.format = format;
	options.depth = depth;
	return ioasid_viommu_create_events(viommu, &options, queue);
}

int make_hw_queue(uint32_t index, uint64_t iova, uint64_t length, struct ioasid_hw_queue **q)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_RAW;
	options.raw_type = OTHER;
	options.index = index;
	options.iova = iova;
	options.length = length;
	return ioasid_hw_queue_create(viommu, &options, q);
}
