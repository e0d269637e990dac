/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file mapping.h
 * Mappings: ranges of a space that lead to memory, to a file, or to addresses of the parent.
 *
 * Mappings of one space never overlap, and an unmap never splits one. A handle is valid until its
 * mapping is unmapped, by whichever call, or its space is destroyed.
 *
 * flags of all map calls: IOASID_READ, IOASID_WRITE or both, and IOASID_ANY_IOVA.
 *
 * Errors that all map calls share:
 *  -EINVAL: flags without IOASID_READ and IOASID_WRITE; length 0; with a device attached or a
 *           child, IOVA, length or address not aligned to the space's iova_alignment; the range
 *           touches a reserved one (for a space with attached devices: one that is not permitted);
 *           with IOASID_ANY_IOVA, iova not 0 or no room for the handle.
 *  -EOPNOTSUPP: unknown flags; the space has a page table bound, or takes no such mappings.
 *  -EOVERFLOW: the range or its source runs past the end of the address space.
 *  -EEXIST: the range overlaps a mapping.
 *  -ENOSPC: IOASID_ANY_IOVA, and no permitted range is large enough; or as many mappings are there
 *           as an attached device's max_mappings says.
 *  -ENOMEM: out of memory.
 */
#ifndef IOASID_MAPPING_H
#define IOASID_MAPPING_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The library chooses the IOVA: the lowest permitted range that fits; pass 0 as the IOVA. */
#define IOASID_ANY_IOVA 0x100u

/**
 * Maps memory of the process into a root space.
 *
 * The memory must stay mapped in the process, with the permission given, until the range is
 * unmapped: the emulated back end reads and writes it in place, and a DMA to memory that is gone
 * ends the process with SIGSEGV. (The kernel's back ends pin it instead.) Whether the memory is
 * there is checked, at the latest when a device is attached.
 *
 * @param iova where; with IOASID_ANY_IOVA: 0.
 * @param mapping receives the handle; may be NULL unless IOASID_ANY_IOVA is given.
 * @return 0; the errors above; -EFAULT: not all of it is mapped in the process with that
 *         permission, or, with IOASID_CTX_REGISTERED_ONLY, not registered.
 * Since 0.1.
 */
int ioasid_space_map(struct ioasid_space *space, uint64_t iova, void *addr, uint64_t length,
		     uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps a part of a file into a root space: of a memfd, or of a dma-buf.
 *
 * A memfd the library maps for itself, so what the program does to its own mappings, or to the
 * descriptor afterwards, does not matter. So that a DMA can never meet a hole, it must be sealed
 * against shrinking (F_SEAL_SHRINK).
 *
 * A dma-buf is for DMA from device to device: VFIO makes them of devices' memory
 * (VFIO_DEVICE_FEATURE_DMA_BUF, Linux 6.19), and the same Linux's iommufd maps these. Nothing of it
 * is in the process then, and a guest's table that lies there reads as zeros. DMA to memory that
 * the device loses, by a reset for instance, faults until it is mapped anew. Other back ends map a
 * dma-buf in the process, if its exporter has that; type1 takes devices' memory by
 * ioasid_space_map().
 *
 * @param fd opened for what flags ask; it stays the program's. Where a kernel maps files itself,
 *           the library keeps a duplicate.
 * @param offset,length within the file.
 * @return 0; the errors above; -EBADF: no descriptor; -EINVAL also: neither a memfd nor a dma-buf;
 *         -EPERM: the memfd can still shrink; -EACCES: the file is not open for that permission;
 *         -EFAULT: the range runs past the file's end, or the device of a dma-buf has its memory
 *         switched off; -EOPNOTSUPP also: the back end, or the kernel, does not take this dma-buf.
 * Since 0.1.
 */
int ioasid_space_map_file(struct ioasid_space *space, uint64_t iova, int fd, uint64_t offset,
			  uint64_t length, uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps addresses of the parent into a space on that parent: the map protocol of nesting. Nothing
 * has to be mapped there yet; a DMA faults as long as it is not. What this costs goes with the
 * number of pages of the largest size to which IOVA and parent_iova are both aligned: a range of
 * terabytes that is aligned to 4096 only takes minutes and gigabytes, unless memory_limit of the
 * space ends it.
 *
 * @param parent_iova where it leads, a multiple of 4096, as are iova and length.
 * @return 0; the errors above; -E2BIG: more than the space's mapping_limit.
 * Since 0.1.
 */
int ioasid_space_map_parent(struct ioasid_space *space, uint64_t iova, uint64_t parent_iova,
			    uint64_t length, uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps into a root space what another root space maps at src_iova: the same memory, without
 * checking it again. Later changes of the source do not matter. The source range may begin and end
 * within mappings but must lie in mappings without a hole. Where it touches several, as many
 * mappings are made; the handle is that of the first.
 *
 * @return 0; the errors above; -ENOENT: the source range is not all mapped; -EPERM: flags ask for
 *         writing where the source's memory cannot be written; -EINVAL also: the spaces are of
 *         different contexts.
 * Since 0.1.
 */
int ioasid_space_map_copy(struct ioasid_space *space, uint64_t iova,
			  struct ioasid_space *source, uint64_t src_iova, uint64_t length,
			  uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Unmaps a mapping. When the call returns, no DMA uses it any more, in this space or in any nested
 * on it.
 *
 * @return 0, and the handle is gone; -EDEADLK: the calling thread is inside ioasid_dma_begin();
 *         -EPERM: the mapping belongs to the identity root; -EBUSY: hardware reads a queue in it
 *         (ioasid_hw_queue_create()).
 * Since 0.1.
 */
int ioasid_mapping_unmap(struct ioasid_mapping *mapping);

/**
 * Unmaps all mappings in a range, as ioasid_mapping_unmap() does.
 *
 * @param length not 0. iova 0 with length UINT64_MAX: all mappings, and none is no error.
 * @param unmapped receives the sum of their lengths; may be NULL.
 * @return 0; -ENOENT: nothing is mapped in the range, or a mapping lies only partly inside;
 *         -EINVAL: length 0; -EOVERFLOW: the range runs past the end; -EDEADLK, -EPERM, -EBUSY: as
 *         above;
 *         -EOPNOTSUPP: the space has a page table bound.
 * Since 0.1.
 */
int ioasid_space_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length,
		       uint64_t *unmapped);

/** Unmaps everything: ioasid_space_unmap(space, 0, UINT64_MAX, unmapped). Since 0.1. */
int ioasid_space_unmap_all(struct ioasid_space *space, uint64_t *unmapped);

/**
 * The first mapping that touches the range, or NULL. The handle can be gone as soon as another
 * thread unmaps. Since 0.1.
 */
struct ioasid_mapping *ioasid_space_find_mapping(const struct ioasid_space *space, uint64_t iova,
						 uint64_t length);

/** First address. Since 0.1. */
uint64_t ioasid_mapping_get_iova(const struct ioasid_mapping *mapping);
/** Bytes. Since 0.1. */
uint64_t ioasid_mapping_get_length(const struct ioasid_mapping *mapping);
/** IOASID_READ, IOASID_WRITE. Since 0.1. */
uint32_t ioasid_mapping_get_perm(const struct ioasid_mapping *mapping);
/** The space that it is in. Since 0.1. */
struct ioasid_space *ioasid_mapping_get_space(const struct ioasid_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif
