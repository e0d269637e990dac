/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file raw.h
 * What a kernel's driver takes and tells in a vendor's own layout, handed on as it is.
 *
 * Page tables of the formats in ioasid/pgtable.h need none of this. It is for IOMMUs that the
 * library does not know: their driver in the kernel defines a type and a structure for a page table
 * that the user owns, another for its invalidations, and one for the registers that it shows. On
 * Linux they stand in linux/iommufd.h: enum iommu_hwpt_data_type, iommu_hwpt_invalidate_data_type
 * and iommu_hw_info_type.
 */
#ifndef IOASID_RAW_H
#define IOASID_RAW_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The longest that an entry, or the description of a page table, can be. */
#define IOASID_RAW_MAX 4096u

/**
 * Binds a page table that the user manages, described in a vendor's layout, to a space that is
 * nested in hardware. Binding again, by this or by ioasid_space_bind_pgtable(), replaces it in one
 * step, as far as the driver makes it one; ioasid_space_unbind_pgtable() undoes it.
 *
 * Nothing is looked at before a device is attached: whether its IOMMU takes it shows then, or now
 * if one is attached.
 *
 * @param type what the driver calls the layout; not 0.
 * @param data,length copied; 1 to IOASID_RAW_MAX bytes.
 * @return 0; -EINVAL: the space is a root, type 0, length, or the driver refuses the data;
 *         -EOPNOTSUPP: the space is not nested in hardware by a kernel, or the IOMMU of a device
 *         that is attached does not know the type; -EBUSY: the space has a PASID table;
 *         -EADDRINUSE, -EBUSY, -EFAULT: as ioasid_device_attach(); -ENOMEM; -EDEADLK: the calling
 *         thread is inside ioasid_dma_begin(). What was bound before stays bound then.
 * Since 0.1.
 */
int ioasid_space_bind_raw(struct ioasid_space *space, uint32_t type, const void *data,
			  size_t length);

/**
 * Adds an entry to a batch: an invalidation in a vendor's layout, copied. Entries of one space are
 * carried out in order; ioasid_inv_submit() says which is refused. Where no device is attached
 * there is nothing to invalidate, and nobody looks at it.
 *
 * @param type what the driver calls the layout.
 * @param length 1 to IOASID_RAW_MAX.
 * @return 0; -EINVAL: length, or the space is of another context; -EOPNOTSUPP: the space is not
 *         nested in hardware by a kernel; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_raw(struct ioasid_inv *inv, struct ioasid_space *space, uint32_t type,
		       const void *entry, size_t length);

/**
 * Finds out whether the driver takes invalidations of a type for a space, without one.
 *
 * @return 0: it does; -EOPNOTSUPP: it does not, or the space is not nested in hardware by a kernel;
 *         -EINVAL: no page table is bound, or no device is attached that could tell. Since 0.1.
 */
int ioasid_space_probe_raw(struct ioasid_space *space, uint32_t type);

/**
 * Copies what the driver of the IOMMU in front of a device shows of it, its registers for the most
 * part. ioasid_device_query_info() has what the library makes of them.
 *
 * @param type in: what is asked for (Linux 6.17), 0: what the driver itself finds best; out: what
 *        it is.
 * @param data,length room for *length bytes, of which as many are written as there are; the rest is
 *        0. *length receives how many there are in all.
 * @return 0; -EOPNOTSUPP: there is no kernel, or it does not tell, or has no such type; -ENOMEM.
 * Since 0.1.
 */
int ioasid_device_query_hw_info(const struct ioasid_device *device, uint32_t *type, void *data,
				size_t *length);

#ifdef __cplusplus
}
#endif

#endif
