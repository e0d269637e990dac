/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file dirty.h
 * Dirty tracking: which pages of a root space devices have written, for live migration.
 *
 * While recording is on, a root that was created with IOASID_SPACE_DIRTY_TRACKING records each page
 * that DMA writes: by devices attached to the root, and by devices attached to spaces nested on it,
 * whose writes end up in the root's pages. Pages are named by the root's IOVAs.
 *
 * A page counts as written once a DMA was permitted to write it. That includes
 * ioasid_dma_translate() for writing, and a compare-and-swap that found another value. The CPU's
 * own writes are not recorded. A real IOMMU records by entries of its page table: a write to a
 * large page marks all of it, and each read reports the part that it asks for. Without
 * IOASID_CAP_DIRTY_EXACT, each read reports all pages that an attached device can write.
 */
#ifndef IOASID_DIRTY_H
#define IOASID_DIRTY_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** ioasid_space_dirty_read(): reports pages without making them clean. */
#define IOASID_DIRTY_PEEK 0x1u
/** ioasid_space_dirty_read(): the range may have holes; no bits are set for those. */
#define IOASID_DIRTY_HOLES 0x2u

/**
 * Starts recording, with all pages clean. Pages that are mapped later are clean too. If recording
 * is on already, it starts over. Every write after the call has returned is recorded.
 *
 * @return 0; -EOPNOTSUPP: the space was not created with IOASID_SPACE_DIRTY_TRACKING, or the kernel
 *         refuses; -ENOMEM: in the kernel; -EDEADLK: the calling thread is inside
 *         ioasid_dma_begin(). If recording was on, it continues; if it was the kernel that failed,
 *         all pages count as written.
 * Since 0.1.
 */
int ioasid_space_dirty_start(struct ioasid_space *space);

/**
 * Stops recording, and forgets what was recorded. If recording is not on, it does nothing.
 *
 * @return 0; -EOPNOTSUPP: the space was not created with IOASID_SPACE_DIRTY_TRACKING; -EDEADLK: the
 *         calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_dirty_stop(struct ioasid_space *space);

/**
 * Reports which pages of a range have been written since recording started, or since they were last
 * reported, and makes them clean again. When the call returns, the writes to the pages that it
 * reports are complete; any later write is recorded again. A program that copies each page after it
 * was reported, until the devices have stopped and no page is reported any more, has a complete
 * copy.
 *
 * @param iova,length multiples of page_size, and of the largest iova_alignment of the space and of
 *        those nested on it; length not 0. All of the range has to be mapped,
 *        unless IOASID_DIRTY_HOLES is given: one call can then read all sections of a guest's
 *        memory, and waits for DMA only once.
 * @param page_size bytes for each bit: a power of two, 4096 or more. A bit is set if any part of
 *        its page_size bytes was written.
 * @param flags IOASID_DIRTY_*. With IOASID_DIRTY_PEEK, pages do not become clean, and the call does
 *        not wait for DMA: writes to the reported pages may still be in progress.
 * @param bitmap length / page_size bits, in elements of 64: bit i % 64 of element i / 64 is for the
 *        page at iova + i * page_size. The call sets bits and never clears any.
 * @return 0; -EINVAL: length 0, page_size, alignment, a part of the range is not mapped (not with
 *         IOASID_DIRTY_HOLES), or recording is not on; -EOVERFLOW: the range runs past the end of
 *         the address space; -EOPNOTSUPP: unknown flag, or the space was not created with
 *         IOASID_SPACE_DIRTY_TRACKING; -EDEADLK: without IOASID_DIRTY_PEEK, if the calling thread
 *         is inside ioasid_dma_begin(). After these errors the bitmap is unchanged. -ENOMEM: in the
 *         kernel; -EOPNOTSUPP: the kernel refuses; bits may have been set, and without
 *         IOASID_DIRTY_PEEK all pages count as written until recording is started again.
 * Since 0.1.
 */
int ioasid_space_dirty_read(struct ioasid_space *space, uint64_t iova, uint64_t length,
			    uint64_t page_size, uint32_t flags, uint64_t *bitmap);

/**
 * Unmaps all mappings in a range, as ioasid_space_unmap() does, and reports which of their pages
 * were written since they were last reported. On the emulated back end and on type1 no write is
 * missed. On iommufd the call reads first and unmaps afterwards, so devices must have stopped
 * writing there.
 *
 * @param iova,length,page_size,bitmap as for ioasid_space_dirty_read(); the range may have holes.
 * @param unmapped receives the sum of the mappings' lengths; may be NULL.
 * @return 0; -EINVAL, -EOVERFLOW, -EOPNOTSUPP: as ioasid_space_dirty_read(); -ENOENT: nothing is
 *         mapped in the range, or a mapping lies only partly inside; -EBUSY: as
 *         ioasid_space_unmap(); -EDEADLK: the calling thread is inside ioasid_dma_begin(). After
 *         these errors nothing is unmapped, and the bitmap is unchanged. -ENOMEM: in the kernel;
 *         -EOPNOTSUPP: the kernel refuses; nothing is unmapped, but bits may have been set.
 * Since 0.1.
 */
int ioasid_space_unmap_dirty(struct ioasid_space *space, uint64_t iova, uint64_t length,
			     uint64_t page_size, uint64_t *bitmap, uint64_t *unmapped);

#ifdef __cplusplus
}
#endif

#endif
