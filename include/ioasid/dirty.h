/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file dirty.h
 * Dirty tracking: which pages of a root space devices have written, as live migration asks for.
 *
 * A root that was created with IOASID_SPACE_DIRTY_TRACKING records, while tracking is on, each page
 * that DMA writes: by devices attached to it, and by those attached to spaces nested on it, whose
 * writes end up in the root's pages. What is recorded goes with the root's IOVAs.
 *
 * A page counts as written once a DMA was let write it: also by ioasid_dma_translate() for writing,
 * and by a compare-and-swap that found something else. The CPU's own writes are not recorded. A
 * kernel's IOMMU records by the entries of its page table: all pages of a large one count. Without
 * IOASID_CAP_DIRTY_EXACT all pages count that an attached device can write, at each read.
 */
#ifndef IOASID_DIRTY_H
#define IOASID_DIRTY_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** ioasid_space_dirty_read(): leaves what is recorded as it is. */
#define IOASID_DIRTY_PEEK 0x1u
/** ioasid_space_dirty_read(): the range may have holes; what is not mapped gets no bits. */
#define IOASID_DIRTY_HOLES 0x2u

/**
 * Starts recording, with all pages clean. What is mapped later is clean too. Where recording is on,
 * it begins anew. When the call returns, every write that is still to come is recorded.
 *
 * @return 0; -EOPNOTSUPP: the space was not created with IOASID_SPACE_DIRTY_TRACKING, or the kernel
 *         refuses; -ENOMEM: a kernel's: if recording was on, it goes on, and all pages count as
 *         written; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_dirty_start(struct ioasid_space *space);

/**
 * Stops recording, and forgets what was recorded. Where recording is not on, it does nothing.
 *
 * @return 0; -EOPNOTSUPP: the space was not created with IOASID_SPACE_DIRTY_TRACKING; -EDEADLK: the
 *         calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_space_dirty_stop(struct ioasid_space *space);

/**
 * Reads which pages of a range have been written since recording started, or since they were last
 * read, and makes them clean again. When the call returns, the writes to the pages that it reports
 * are over; a later one is recorded anew. So whoever copies a page after the page was reported, and
 * goes on until none is reported any more and no device runs, has all of it.
 *
 * @param iova,length multiples of page_size, and of the largest iova_alignment of the space and
 *        those nested on it; length not 0. All of it has to be mapped, unless IOASID_DIRTY_HOLES is
 *        given: then one call reads all sections of a memory, and waits for DMA once.
 * @param page_size bytes for each bit: a power of two, 4096 or more. A bit stands for a page of
 *        that size of which any part was written.
 * @param flags IOASID_DIRTY_*. With IOASID_DIRTY_PEEK the pages stay as they are, and nobody is
 *        waited for: writes to them may still be under way.
 * @param bitmap length / page_size bits, in elements of 64: bit i % 64 of element i / 64 is for the
 *        page at iova + i * page_size. Bits are set, and never taken away: those that were set
 *        stay.
 * @return 0; -EINVAL: length 0, page_size, alignment, a part of the range is not mapped (not with
 *         IOASID_DIRTY_HOLES), or recording is not on; -EOVERFLOW: the range runs past the end of
 *         the address space; -EOPNOTSUPP: unknown flag, or the space was not created with
 *         IOASID_SPACE_DIRTY_TRACKING; -EDEADLK: without IOASID_DIRTY_PEEK, and the calling thread
 *         is inside ioasid_dma_begin(). The bitmap is unchanged then. -ENOMEM: a kernel's; bits
 *         may be set, and without IOASID_DIRTY_PEEK all pages count as written until recording
 *         starts anew.
 * Since 0.1.
 */
int ioasid_space_dirty_read(struct ioasid_space *space, uint64_t iova, uint64_t length,
			    uint64_t page_size, uint32_t flags, uint64_t *bitmap);

/**
 * Unmaps all mappings in a range, as ioasid_space_unmap() does, and reports what of them was
 * written since it was last read: nothing is lost in between, on the emulated back end and on
 * type1. On iommufd it reads first and unmaps then, so devices must not write there any more.
 *
 * @param iova,length,page_size,bitmap as of ioasid_space_dirty_read(), but with holes.
 * @param unmapped receives the sum of the mappings' lengths; may be NULL.
 * @return 0; -EINVAL, -EOVERFLOW, -EOPNOTSUPP: as ioasid_space_dirty_read(); -ENOENT: nothing is
 *         mapped in the range, or a mapping lies only partly inside; -EBUSY: as
 *         ioasid_space_unmap(); -EDEADLK: the calling thread
 *         is inside ioasid_dma_begin(). Nothing is unmapped then, and the bitmap is unchanged.
 *         -ENOMEM: a kernel's; nothing is unmapped, but bits may be set.
 * Since 0.1.
 */
int ioasid_space_unmap_dirty(struct ioasid_space *space, uint64_t iova, uint64_t length,
			     uint64_t page_size, uint64_t *bitmap, uint64_t *unmapped);

#ifdef __cplusplus
}
#endif

#endif
