/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file dma.h
 * DMA issued by the program itself on behalf of a device of the emulated platform: for device
 * emulators and for tests.
 *
 * A channel is one stream of requests of a device, with or without PASID. A channel is used by one
 * thread at a time; several threads open a channel each. Requests take no lock: they go at the
 * speed of a page-table walk, while maps, unmaps and invalidations go on in other threads.
 *
 * A request that cannot be translated fails with -EFAULT and leaves a record in the context's event
 * queues (ioasid/event.h). If the space has a fault queue and the device page requests, the request
 * waits until the pages that it needs have been asked for and responded to (ioasid/fault.h), unless
 * the thread is inside ioasid_dma_begin(): then it fails with -EAGAIN, and nothing is asked for.
 */
#ifndef IOASID_DMA_H
#define IOASID_DMA_H

#include <sys/uio.h>

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Opens a channel of a device.
 *
 * @param pasid the PASID that its requests carry, or IOASID_NO_PASID.
 * @return 0; -EINVAL: PASID out of the device's range; -EOPNOTSUPP: no IOASID_CAP_DMA; -ENOMEM.
 * Since 0.1.
 */
int ioasid_channel_open(struct ioasid_device *device, uint32_t pasid,
			struct ioasid_channel **channel);

/** Closes a channel. @return 0; -EBUSY: it is inside ioasid_dma_begin(). Since 0.1. */
int ioasid_channel_close(struct ioasid_channel *channel);

/**
 * Reads memory as the device would. Pages before one that faults have been read.
 *
 * @return 0; -EFAULT: a page could not be translated for reading; -EAGAIN: it would have to wait
 *         for a page, but the thread is inside ioasid_dma_begin(); -EOVERFLOW: the range runs past
 *         the end of the address space; -ENOMEM: a table could not be filled on demand, or a write
 *         not be recorded (ioasid/dirty.h). Since 0.1.
 */
int ioasid_dma_read(struct ioasid_channel *channel, uint64_t iova, void *buf, size_t length);

/** Writes memory as the device would; as ioasid_dma_read(). Since 0.1. */
int ioasid_dma_write(struct ioasid_channel *channel, uint64_t iova, const void *buf, size_t length);

/**
 * Atomic fetch-and-add, as a PCIe AtomicOp: adds @p operand to the little-endian number of @p size
 * bytes at @p iova, and returns what was there. Needs both permissions.
 *
 * @param size 4 or 8; iova a multiple of it.
 * @return 0; -EINVAL: size or alignment; -EAGAIN, -EFAULT, -ENOMEM: as ioasid_dma_read(). Since
 * 0.1.
 */
int ioasid_dma_fetch_add(struct ioasid_channel *channel, uint64_t iova, unsigned int size,
			 uint64_t operand, uint64_t *old);

/**
 * Atomic compare-and-swap: stores @p desired if @p expected is there, and returns in *old what was
 * there; as ioasid_dma_fetch_add(). Since 0.1.
 */
int ioasid_dma_compare_swap(struct ioasid_channel *channel, uint64_t iova, unsigned int size,
			    uint64_t expected, uint64_t desired, uint64_t *old);

/**
 * Begins a section in which ioasid_dma_translate() hands out host addresses; they are good until
 * ioasid_dma_end(). Whoever unmaps or invalidates meanwhile waits for that end, so keep it short,
 * and do not unmap, invalidate, detach or replace inside: those fail with -EDEADLK, or, in another
 * context, wait for that one's sections.
 *
 * @return 0; -EBUSY: inside one already. Since 0.1.
 */
int ioasid_dma_begin(struct ioasid_channel *channel);

/**
 * Ends the section. If PASIDs that were looked up in it took the place of others
 * (ioasid_space_bind_pasid_table()), it waits for the DMA in flight that may use those, in other
 * threads' sections, too. Since 0.1.
 */
void ioasid_dma_end(struct ioasid_channel *channel);

/**
 * Translates a range for access in place. What is contiguous in the host comes as one piece.
 *
 * @param access IOASID_READ, IOASID_WRITE or both: what is going to be done.
 * @param iov,n room for n pieces.
 * @return the number of pieces, 1 or more; -EINVAL: length 0, no or unknown access, or not inside
 *         ioasid_dma_begin(); -E2BIG: more than n pieces; -EAGAIN: a page has to be asked for: end
 *         the section, ioasid_dma_prefault(), and begin again; -EFAULT, -EOVERFLOW, -ENOMEM: as
 *         ioasid_dma_read(). Since 0.1.
 */
int ioasid_dma_translate(struct ioasid_channel *channel, uint64_t iova, size_t length,
			 uint32_t access, struct iovec *iov, size_t n);

/**
 * Asks for the pages of a range that have no translation for this access, and waits for the
 * responses. Moves no data and leaves no record; a page can be gone again when it returns.
 *
 * @param access IOASID_READ, IOASID_WRITE or both.
 * @return 0: all pages are there; -EINVAL: length 0, no or unknown access; -EDEADLK: the thread is
 *         inside ioasid_dma_begin(); -EFAULT: a page is not to be had: the response was "invalid",
 *         the space has no fault queue, or the device no page requests; -EIO: the response was
 *         "failure"; -ETIMEDOUT: nobody responded in time; -EOVERFLOW: the range runs past the end
 *         of the address space; -ENOMEM: a table could not be filled on demand. Since 0.1.
 */
int ioasid_dma_prefault(struct ioasid_channel *channel, uint64_t iova, uint64_t length,
			uint32_t access);

#ifdef __cplusplus
}
#endif

#endif
