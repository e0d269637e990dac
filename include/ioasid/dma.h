/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file dma.h
 * DMA issued by the program itself on behalf of a device of the emulated platform: for device
 * emulators and for tests.
 *
 * A channel is one stream of requests of a device, with or without a PASID. Only one thread at a
 * time may use a channel; several threads open one each. Requests take no lock: they run at the
 * speed of a page-table walk, while other threads map, unmap and invalidate.
 *
 * A request that cannot be translated fails with -EFAULT and leaves a record in the context's event
 * queues (ioasid/event.h). If the space has a fault queue and the device can send page requests,
 * the request instead asks for the missing pages and waits for the responses (ioasid/fault.h).
 * Inside ioasid_dma_begin() a thread cannot wait: the request fails with -EAGAIN, and nothing is
 * asked for.
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
 * Reads memory as the device would. If a page faults, the pages before it have been read.
 *
 * @return 0; -EFAULT: a page could not be translated for this access; -EAGAIN: the request would
 *         have to wait for a page, but the thread is inside ioasid_dma_begin(); -EOVERFLOW: the
 *         range runs past the end of the address space; -ENOMEM: no memory to fill a table on
 *         demand, or to record a write (ioasid/dirty.h). Since 0.1.
 */
int ioasid_dma_read(struct ioasid_channel *channel, uint64_t iova, void *buf, size_t length);

/** Writes memory as the device would; as ioasid_dma_read(). Since 0.1. */
int ioasid_dma_write(struct ioasid_channel *channel, uint64_t iova, const void *buf, size_t length);

/**
 * Atomic fetch-and-add, like a PCIe AtomicOp: adds @p operand to the little-endian number of @p
 * size bytes at @p iova, and stores its previous value in *old. Needs both permissions.
 *
 * @param size 4 or 8; iova a multiple of it.
 * @return 0; -EINVAL: size or alignment; -EAGAIN, -EFAULT, -ENOMEM: as ioasid_dma_read(). Since
 * 0.1.
 */
int ioasid_dma_fetch_add(struct ioasid_channel *channel, uint64_t iova, unsigned int size,
			 uint64_t operand, uint64_t *old);

/**
 * Atomic compare-and-swap: stores @p desired if the number equals @p expected, and stores its
 * previous value in *old; otherwise as ioasid_dma_fetch_add(). Since 0.1.
 */
int ioasid_dma_compare_swap(struct ioasid_channel *channel, uint64_t iova, unsigned int size,
			    uint64_t expected, uint64_t desired, uint64_t *old);

/**
 * Begins a section in which ioasid_dma_translate() hands out addresses in the process, which are
 * valid until ioasid_dma_end(). Calls in other threads that unmap or invalidate wait for the end of
 * the section, so keep it short. Inside the section the thread itself cannot unmap, invalidate,
 * detach or replace: such calls fail with -EDEADLK. On another context they work, but wait for the
 * sections of that context. The thread must not wait for one that makes such calls either, or for a
 * lock that it holds meanwhile, nor end before the section does.
 *
 * @return 0; -EBUSY: the channel is inside a section already. Since 0.1.
 */
int ioasid_dma_begin(struct ioasid_channel *channel);

/**
 * Ends the section. If PASIDs that were looked up in it have displaced others
 * (ioasid_space_bind_pasid_table()), the call waits for DMA in flight that may use those, including
 * that in sections of other threads. Since 0.1.
 */
void ioasid_dma_end(struct ioasid_channel *channel);

/**
 * Translates a range for access in place. Memory that is contiguous in the process is one piece.
 *
 * @param access IOASID_READ, IOASID_WRITE or both: the access that will follow.
 * @param iov,n room for n pieces.
 * @return the number of pieces, 1 or more; -EINVAL: length 0, no or unknown access, or not inside
 *         ioasid_dma_begin(); -E2BIG: more than n pieces; -EAGAIN: a page has to be asked for: end
 *         the section, call ioasid_dma_prefault(), and begin again; -EFAULT, -EOVERFLOW, -ENOMEM:
 *         as ioasid_dma_read(). Since 0.1.
 */
int ioasid_dma_translate(struct ioasid_channel *channel, uint64_t iova, size_t length,
			 uint32_t access, struct iovec *iov, size_t n);

/**
 * Asks for the pages of a range that have no translation for this access, and waits for the
 * responses. It moves no data and leaves no event. A page can be unmapped again before the call
 * returns.
 *
 * @param access IOASID_READ, IOASID_WRITE or both.
 * @return 0: all pages are there; -EINVAL: length 0, no or unknown access; -EDEADLK: the thread is
 *         inside ioasid_dma_begin(); -EFAULT: a page is not available: the response was "invalid",
 *         the space has no fault queue, or the device cannot send page requests; -EIO: the response
 *         was "failure"; -ETIMEDOUT: nobody responded in time; -EOVERFLOW: the range runs past the
 *         end of the address space; -ENOMEM: a table could not be filled on demand. Since 0.1.
 */
int ioasid_dma_prefault(struct ioasid_channel *channel, uint64_t iova, uint64_t length,
			uint32_t access);

#ifdef __cplusplus
}
#endif

#endif
