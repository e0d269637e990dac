/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel tells of the IOMMU in front of a device: registers, and what it makes of them. */
#include "iommufd.h"

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
	device->info.dirty_tracking = hw->capabilities & UAPI_HW_CAP_DIRTY;
}
