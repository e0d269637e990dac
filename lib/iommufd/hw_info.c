/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel tells of the IOMMU in front of a device: registers, and what it makes of them. */
#include <errno.h>

#include "iommufd.h"
#include "uapi_viommu.h"

void iofd_hw_query(struct ioasid_device *device)
{
	struct iofd_device *d = device->backend;
	struct iofd_hw *hw = &d->hw;
	struct uapi_hw_info info = {
		.size = sizeof(info), .dev_id = d->id, .data_len = sizeof(hw->room),
		.data_uptr = (uintptr_t)hw->room,
	};

	if (iofd_ioctl(device->ctx, UAPI_GET_HW_INFO, &info))
		return;
	hw->type = info.data_type;
	hw->length = info.data_len;
	hw->capabilities = info.out_capabilities;
	hw->pasid_bits = info.out_max_pasid_log2;
	device->info.pasid_bits = hw->pasid_bits;
	device->info.dirty_tracking = hw->capabilities & UAPI_HW_CAP_DIRTY;
}

/* An extension of an SMMUv3, which tells of itself only if it is asked for (Linux 6.17). */
static bool has_cmdqv(const struct ioasid_device *device)
{
	const struct iofd_device *d = device->backend;
	struct uapi_hw_info info = {
		.size = sizeof(info), .dev_id = d->id, .data_type = UAPI_HW_INFO_TEGRA241,
		.flags = UAPI_HW_INFO_BY_TYPE,
	};

	return !iofd_ioctl(device->ctx, UAPI_GET_HW_INFO, &info);
}

static uint64_t find_viommus(const struct ioasid_device *device, bool nests)
{
	uint64_t types = UINT64_C(1) << IOASID_VIOMMU_RAW;
	const struct iofd_device *d = device->backend;

	if (d->hw.type != UAPI_HW_INFO_ARM_SMMUV3 || !nests)
		return types;
	types |= UINT64_C(1) << IOASID_VIOMMU_SMMUV3;
	return has_cmdqv(device) ? types | UINT64_C(1) << IOASID_VIOMMU_TEGRA241 : types;
}

/*
 * Drivers that nest on vIOMMUs only have page tables to be nested on, and perhaps no vIOMMUs: that
 * of SMMUv3s, for what does not snoop; or nothing to put on these: AMD's, in Linux 7.3. An entry
 * that is not valid tells.
 */
static bool nests_on_viommu(const struct ioasid_device *device, uint32_t parent)
{
	static const struct { uint32_t viommu, data, length; } kinds[] = {
		[UAPI_HW_INFO_ARM_SMMUV3] = { UAPI_VIOMMU_SMMUV3, UAPI_HWPT_DATA_SMMUV3,
					      sizeof(struct uapi_smmuv3) },
		/* of any type: it has none of its own yet */
		[UAPI_HW_INFO_AMD] = { UAPI_VIOMMU_NO_OTHERS, UAPI_HWPT_DATA_AMD,
				       sizeof(struct uapi_amd) },
	};
	const struct iofd_device *d = device->backend;
	const uint8_t nothing[sizeof(struct uapi_amd)] = { 0 };
	struct uapi_viommu_alloc viommu = {
		.size = UAPI_VIOMMU_ALLOC_PLAIN, .type = kinds[d->hw.type].viommu, .dev_id = d->id,
		.hwpt_id = parent,
	};
	struct uapi_hwpt_alloc nested = {
		.size = UAPI_HWPT_ALLOC_DATA, .dev_id = d->id, .data_type = kinds[d->hw.type].data,
		.data_len = kinds[d->hw.type].length, .data_uptr = (uintptr_t)nothing,
	};
	bool nests;

	if (iofd_ioctl(device->ctx, UAPI_VIOMMU_ALLOC, &viommu))
		return false;
	nested.pt_id = viommu.out_viommu_id;
	nests = !iofd_ioctl(device->ctx, UAPI_HWPT_ALLOC, &nested);
	if (nests)
		iofd_destroy(device->ctx, nested.out_hwpt_id);
	iofd_destroy(device->ctx, viommu.out_viommu_id);
	return nests;
}

static bool nests_by_itself(uint32_t type)
{
	return type != UAPI_HW_INFO_ARM_SMMUV3 && type != UAPI_HW_INFO_AMD;
}

/* The driver is asked, and not registers: whether it nests depends on more than what they say. */
void iofd_hw_find_nesting(struct ioasid_device *device, uint32_t ioas)
{
	const struct iofd_device *d = device->backend;
	struct ioasid_device_info *info = &device->info;
	struct uapi_hwpt_alloc alloc = {
		.size = UAPI_HWPT_ALLOC_PLAIN, .flags = UAPI_HWPT_NEST_PARENT, .dev_id = d->id,
		.pt_id = ioas,
	};
	bool nests;

	if (d->hw.type == UAPI_HW_INFO_NONE || iofd_ioctl(device->ctx, UAPI_HWPT_ALLOC, &alloc))
		return;
	nests = nests_by_itself(d->hw.type) || nests_on_viommu(device, alloc.out_hwpt_id);
	iofd_destroy(device->ctx, alloc.out_hwpt_id);
	/* Linux 6.7 makes nested page tables, but invalidates nothing in them. */
	if (!iofd_knows(device->ctx, IOFD_INVALIDATE))
		return;
	if (iofd_knows(device->ctx, IOFD_VIOMMU))
		info->viommu_types = find_viommus(device, nests);
	info->nesting_hardware = nests;
	if (!nests)
		return;
	if (d->hw.type == UAPI_HW_INFO_INTEL_VTD && d->hw.vtd.ecap_reg & UAPI_VTD_ECAP_FSTS)
		info->hardware_formats = UINT64_C(1) << IOASID_PGTABLE_VTD_FS;
	if (d->hw.type == UAPI_HW_INFO_ARM_SMMUV3)
		info->pasid_table_formats = UINT64_C(1) << IOASID_PASID_TABLE_SMMUV3;
	if (d->hw.type == UAPI_HW_INFO_AMD)
		info->pasid_table_formats = UINT64_C(1) << IOASID_PASID_TABLE_AMD;
}

int iofd_hw_copy(const struct ioasid_device *device, uint32_t *type, void *data, size_t *length)
{
	const struct iofd_device *d = device->backend;
	struct uapi_hw_info info = {
		.size = sizeof(info), .dev_id = d->id,
		.data_len = (uint32_t)bits_min(*length, UINT32_MAX),
		.data_uptr = (uintptr_t)data, .data_type = *type,
		.flags = *type ? UAPI_HW_INFO_BY_TYPE : 0,
	};
	int ret = iofd_ioctl(device->ctx, UAPI_GET_HW_INFO, &info);

	if (ret == -ENOMEM)
		return err_set(ENOMEM, "%s: the kernel has no memory to tell of its IOMMU",
			       device->name);
	if (ret || info.data_type == UAPI_HW_INFO_NONE)
		return err_set(EOPNOTSUPP, "%s: the kernel tells nothing of its IOMMU%s",
			       device->name, *type ? " of that type" : "");
	*type = info.data_type;
	*length = info.data_len;
	return 0;
}
