/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file inv.h
 * Invalidation batches: what a guest changed in the tables it manages.
 *
 * A batch is plain memory of the caller's: fill it, submit it, reset it, and fill it again; once it
 * has grown, this allocates nothing. It keeps no object alive: an entry whose space, device or
 * vIOMMU no longer exists is a bad entry, so submit a batch before destroying what it may name. Two
 * threads must not use a batch at the same time.
 *
 * An invalidation makes DMA follow what the guest's tables now say about a range. It does not
 * disturb valid translations in the range, so a range may be rounded out freely. Repeated or
 * unnecessary invalidations are harmless.
 */
#ifndef IOASID_INV_H
#define IOASID_INV_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A hint: only leaf entries changed; no table was linked in or taken out. An IOMMU may keep what it
 * has cached of upper levels.
 */
#define IOASID_INV_LEAF_ONLY 0x1u

/**
 * Makes an empty batch for a context.
 *
 * @param reserve entries to make room for now.
 * @return 0; -ENOMEM. Since 0.1.
 */
int ioasid_inv_new(struct ioasid_ctx *ctx, size_t reserve, struct ioasid_inv **inv);

/** Frees a batch. Since 0.1. */
void ioasid_inv_free(struct ioasid_inv *inv);

/** Empties a batch and keeps its memory. Since 0.1. */
void ioasid_inv_reset(struct ioasid_inv *inv);

/** The number of entries. Since 0.1. */
size_t ioasid_inv_get_count(const struct ioasid_inv *inv);

/**
 * Adds an entry: the whole space.
 *
 * @param flags IOASID_INV_*
 * @return 0; -EINVAL: unknown flag, or the space is of another context; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_all(struct ioasid_inv *inv, struct ioasid_space *space, uint32_t flags);

/**
 * Adds an entry: a range of the space. Ends that are not page boundaries are rounded out.
 *
 * @return 0; -EINVAL: as above, or length 0; -EOVERFLOW: the range runs past the end of the address
 *         space; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_range(struct ioasid_inv *inv, struct ioasid_space *space, uint64_t iova,
			 uint64_t length, uint32_t flags);

/**
 * Adds an entry: the naturally aligned block of 2^mask pages of 4096 bytes that contains an
 * address, as hardware descriptors name it.
 *
 * @param mask 0 to 52; 52 is the whole space.
 * @return 0; -EINVAL: as above, or mask too large; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_mask(struct ioasid_inv *inv, struct ioasid_space *space, uint64_t iova,
			unsigned int mask, uint32_t flags);

/**
 * Adds an entry: the space that a device uses for a PASID (IOASID_NO_PASID: for requests without
 * one) when the batch is submitted.
 *
 * @return 0; -EINVAL: unknown flag, or the device is of another context; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_pasid(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t pasid,
			 uint32_t flags);

/**
 * Adds an entry: a range of the space that a device uses for a PASID when the batch is submitted.
 * With a guest's PASID table, the PASID's entry is not read again; ioasid_inv_add_pasid() does
 * that.
 *
 * @return as ioasid_inv_add_pasid(); -EINVAL also: length 0; -EOVERFLOW: the range runs past the
 *         end of the address space.
 * Since 0.1.
 */
int ioasid_inv_add_pasid_range(struct ioasid_inv *inv, struct ioasid_device *device,
			       uint32_t pasid, uint64_t iova, uint64_t length, uint32_t flags);

/**
 * Adds an entry: all spaces that a device uses when the batch is submitted, with and without PASID,
 * and what the device itself has cached of them. Spaces without a page table are skipped; it is not
 * an error if the device uses no space.
 *
 * @return as ioasid_inv_add_pasid(). Since 0.1.
 */
int ioasid_inv_add_device(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t flags);

/**
 * Adds an entry: what a device itself has cached of a range, for a PASID (IOASID_NO_PASID: for
 * requests without one). Only devices of an emulated platform that are described with
 * device_tlb_explicit need it; for others it does nothing, since all other kinds of entries include
 * the devices' caches. Put it in the same batch as the invalidation of the space, or in a later
 * one: a device can fetch again what its IOMMU still caches.
 *
 * @return 0; -EINVAL: the device is of another context, or length 0; -EOVERFLOW: the range runs
 *         past the end; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_device_tlb(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t pasid,
			      uint64_t iova, uint64_t length);

/**
 * Adds an entry: a range of all spaces that are nested on a vIOMMU when the batch is submitted.
 * Spaces without a page table are skipped; it is not an error if the vIOMMU has no space.
 *
 * @return as ioasid_inv_add_range(). Since 0.1.
 */
int ioasid_inv_add_viommu(struct ioasid_inv *inv, struct ioasid_viommu *viommu, uint64_t iova,
			  uint64_t length, uint32_t flags);

/**
 * Carries out all entries. They are handled together: ranges are merged, a shadow page table reads
 * each entry of a guest's table once, and the call waits once for DMA that may still use a
 * translation that was removed, also if another thread's call removed it. When the call returns,
 * every DMA that starts sees the tables as they were at some time after the call began, or later.
 * The entries stay in the batch.
 *
 * For spaces that a kernel nests in hardware, entries are not merged: those of each space are
 * passed to the kernel as an array, in order, and the driver can refuse one. Entries of other
 * spaces that come after that one can have been carried out then, which is harmless.
 *
 * @param handled always receives how many entries were carried out. On success, all of them; on a
 *        bad entry, its index, since those before it were carried out and none after it. May be
 *        NULL.
 * @return 0; -ENOENT: the entry's space, device or vIOMMU no longer exists, or the PASID is not
 *         attached; -EINVAL: the entry's space has no page table bound, or the IOMMU's driver
 *         refuses the entry, as it does if the page table is in a vendor's layout (ioasid/raw.h)
 *         and the entry is not; -ENOMEM: what could not be refreshed is not translated until it is
 *         invalidated again (with IOASID_FILL_ON_DEMAND: used again); *handled is 0, but no DMA
 *         uses what the tables no longer say, of all entries before a bad one; -EDEADLK: the
 *         calling thread is inside ioasid_dma_begin(). On a kernel back end that nests in software
 *         also -ENOMEM: no more memory may be locked; -ENOSPC: the kernel has no room for more
 *         mappings; -EINVAL: the kernel refused; -E2BIG: the space takes more mappings than its
 *         mapping_limit and therefore translates nothing. *handled is 0, and the next invalidation
 *         of the space that succeeds completes what is left to do.
 * Since 0.1.
 */
int ioasid_inv_submit(struct ioasid_inv *inv, size_t *handled);

#ifdef __cplusplus
}
#endif

#endif
