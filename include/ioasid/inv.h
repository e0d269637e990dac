/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file inv.h
 * Invalidation batches: what a guest changed in the tables it manages.
 *
 * A batch is plain memory of the caller's: fill it, submit it, reset it, fill it again; after it
 * has grown once that allocates nothing. It holds no object alive: an entry whose space or device
 * is gone is a bad entry. A batch must not be used by two threads at once.
 *
 * An invalidation makes DMA go by what the guest's tables say about a range. It never makes a live
 * neighbour fault, so a range may be rounded out freely. Repeating it, or sending one that is not
 * needed, is harmless.
 */
#ifndef IOASID_INV_H
#define IOASID_INV_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A hint: only leaf entries changed, no table was linked in or taken out. An IOMMU may go on using
 * what it has cached of upper levels.
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
 * Adds an entry: everything that the space's tables say.
 *
 * @param flags IOASID_INV_*
 * @return 0; -EINVAL: unknown flag, or the space is of another context; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_all(struct ioasid_inv *inv, struct ioasid_space *space, uint32_t flags);

/**
 * Adds an entry: a range of the space. Ends that are not page boundaries are rounded out.
 *
 * @return 0; -EINVAL: as above, or length 0; -EOVERFLOW: it runs past the end; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_range(struct ioasid_inv *inv, struct ioasid_space *space, uint64_t iova,
			 uint64_t length, uint32_t flags);

/**
 * Adds an entry: the naturally aligned 2^mask pages of 4096 bytes around an address, as hardware
 * descriptors name them.
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
 * Adds an entry: a range of what a device uses for a PASID when the batch is submitted. Of a PASID
 * table of the guest's, the PASID's entry is not read again, as ioasid_inv_add_pasid() does.
 *
 * @return as ioasid_inv_add_pasid(); -EINVAL also: length 0; -EOVERFLOW: it runs past the end.
 * Since 0.1.
 */
int ioasid_inv_add_pasid_range(struct ioasid_inv *inv, struct ioasid_device *device,
			       uint32_t pasid, uint64_t iova, uint64_t length, uint32_t flags);

/**
 * Adds an entry: all spaces that a device uses when the batch is submitted, with and without PASID,
 * and what the device itself has cached of them. Spaces that have no page table bound are passed
 * over; a device that uses none is no error.
 *
 * @return as ioasid_inv_add_pasid(). Since 0.1.
 */
int ioasid_inv_add_device(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t flags);

/**
 * Adds an entry: what a device itself has cached of a range, for a PASID (IOASID_NO_PASID: for
 * requests without one). Only the devices of an emulated platform that are described so need it
 * (device_tlb_explicit); for others it does nothing, since the entries above concern the devices'
 * caches too. It comes after the invalidation of the space, in the same batch or in a later one: a
 * device may fetch again what its IOMMU still has.
 *
 * @return 0; -EINVAL: the device is of another context, or length 0; -EOVERFLOW: the range runs
 *         past the end; -ENOMEM. Since 0.1.
 */
int ioasid_inv_add_device_tlb(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t pasid,
			      uint64_t iova, uint64_t length);

/**
 * Adds an entry: a range of all spaces that are nested on a vIOMMU when the batch is submitted.
 * Spaces that have no page table bound are passed over; a vIOMMU that has none is no error.
 *
 * @return as ioasid_inv_add_range(). Since 0.1.
 */
int ioasid_inv_add_viommu(struct ioasid_inv *inv, struct ioasid_viommu *viommu, uint64_t iova,
			  uint64_t length, uint32_t flags);

/**
 * Carries out all entries. They are handled as one: ranges are merged, a shadow page table reads
 * each entry once, and the call waits once for DMA that may still use what went away, also if it
 * was another thread's call that took it. When it returns, every DMA that starts sees the tables as
 * they were at some time after the call began, or later. The entries stay in the batch.
 *
 * Of spaces that are nested in hardware by a kernel, entries are not merged: each space's go down
 * as an array, in order, and the driver can refuse one. Of other spaces, some behind that can have
 * been carried out then, which is harmless.
 *
 * @param handled receives how many entries were carried out, always: all of them on success; on a
 *        bad entry its index, since those before it, and none after it, were carried out. May be
 *        NULL.
 * @return 0; -ENOENT: the entry's space, device or vIOMMU is gone, or the PASID is not attached;
 *         -EINVAL: the entry's space has no page table bound, or the IOMMU's driver refuses the
 *         entry, as it does if the page table is in a vendor's layout (ioasid/raw.h) and the entry
 *         is not; -ENOMEM: what could not be refreshed is not
 *         translated any more until it is invalidated again (with IOASID_FILL_ON_DEMAND: used
 *         again); *handled is then 0; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 *         Where a kernel has the translations also -ENOMEM: it may lock no more memory; -ENOSPC: it
 *         has no room for more mappings; -EINVAL: it refused; -E2BIG: more than the space's
 *         mapping_limit, so that the space translates nothing. What is left to do is done by any
 *         later invalidation of the space that succeeds; *handled is 0.
 * Since 0.1.
 */
int ioasid_inv_submit(struct ioasid_inv *inv, size_t *handled);

#ifdef __cplusplus
}
#endif

#endif
