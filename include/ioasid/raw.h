/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file raw.h
 * Data in a vendor's own layout, which the library passes to and from a kernel's driver unchanged.
 *
 * Page tables of the hardware_formats of a device (ioasid/device.h) need none of this. It is for
 * IOMMUs whose tables the library does not know: their driver in the kernel defines a type and a
 * structure for a page table that the user owns, another for its invalidations, and one for the
 * registers that it shows. On Linux the types are in linux/iommufd.h: enum iommu_hwpt_data_type,
 * iommu_hwpt_invalidate_data_type and iommu_hw_info_type.
 */
#ifndef IOASID_RAW_H
#define IOASID_RAW_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The most bytes that an entry, or the description of a page table, can have. */
#define IOASID_RAW_MAX 4096u

/**
 * Binds a page table that the user manages, described in a vendor's layout, to a space that is
 * nested in hardware. Binding again, with this function or ioasid_space_bind_pgtable(), replaces it
 * in one step, as far as the driver makes it one; ioasid_space_unbind_pgtable() unbinds it.
 *
 * The driver checks the data when a device is attached, or in this call if one is attached already.
 *
 * @param type the driver's number for the layout; not 0.
 * @param data,length copied; 1 to IOASID_RAW_MAX bytes.
 * @return 0; -EINVAL: the space is a root, type 0, length, or the driver refuses the data;
 *         -EOPNOTSUPP: the space is not nested in hardware by a kernel, or the IOMMU of a device
 *         that is attached does not know the type; -EBUSY: the space has a PASID table;
 *         -EADDRINUSE, -EBUSY, -EFAULT: as ioasid_device_attach(); -ENOMEM; -EDEADLK: the calling
 *         thread is inside ioasid_dma_begin(). After a failure, what was bound before stays bound.
 * Since 0.1.
 */
int ioasid_space_bind_raw(struct ioasid_space *space, uint32_t type, const void *data,
			  size_t length);

/**
 * Adds an entry to a batch: an invalidation in a vendor's layout, copied. Entries of one space are
 * carried out in order; ioasid_inv_submit() tells which one was refused. If no device is attached,
 * there is nothing to invalidate, and the entry is not looked at.
 *
 * @param type the driver's number for the layout.
 * @param length 1 to IOASID_RAW_MAX.
 * @return 0; -EINVAL: length, or the space is of another context; -EOPNOTSUPP: the space is not
 *         nested in hardware by a kernel; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_raw(struct ioasid_inv *inv, struct ioasid_space *space, uint32_t type,
		       const void *entry, size_t length);

/**
 * Finds out whether the driver takes invalidations of a type for a space, without invalidating.
 *
 * @return 0: it does; -EOPNOTSUPP: it does not, or the space is not nested in hardware by a kernel;
 *         -EINVAL: no page table is bound, or no device is attached, so that no driver can be
 *         asked. Since 0.1.
 */
int ioasid_space_probe_raw(struct ioasid_space *space, uint32_t type);

/**
 * Copies what the driver tells about the IOMMU in front of a device, mostly its registers.
 * ioasid_device_query_info() has what the library knows how to decode.
 *
 * @param type in: the type of data that is wanted (Linux 6.17), or 0: the driver chooses; out: the
 *        type of the data.
 * @param data,length room for *length bytes. As many are written as there are, and the rest is set
 *        to 0. *length receives how many there are in all.
 * @return 0; -EOPNOTSUPP: not a kernel back end, or the kernel does not tell or has no such type;
 *         -ENOMEM.
 * Since 0.1.
 */
int ioasid_device_query_hw_info(const struct ioasid_device *device, uint32_t *type, void *data,
				size_t *length);

#ifdef __cplusplus
}
#endif

#endif
