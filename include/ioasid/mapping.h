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
 *  -EINVAL: flags has neither IOASID_READ nor IOASID_WRITE; length is 0; IOVA, length or the
 *           source's address is not aligned to the space's iova_alignment (1 for a root without
 *           devices and without nested spaces); the range touches one that is reserved or not
 *           permitted; with IOASID_ANY_IOVA, iova is not 0 or mapping is NULL.
 *  -EOPNOTSUPP: unknown flags; the space has a page table bound, or takes no mappings of this kind.
 *  -EOVERFLOW: the range or its source runs past the end of the address space.
 *  -EEXIST: the range overlaps a mapping.
 *  -ENOSPC: with IOASID_ANY_IOVA, no permitted range is large enough; or the space has as many
 *           mappings already as max_mappings of an attached device.
 *  -ENOMEM: out of memory, or more memory than may be locked for DMA; for a file also, no
 *           descriptor is left.
 */
#ifndef IOASID_MAPPING_H
#define IOASID_MAPPING_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The library chooses the IOVA, not below 4096, in the lowest permitted range that fits; pass 0 as
 * the IOVA.
 */
#define IOASID_ANY_IOVA 0x100u

/**
 * Maps memory of the process into a root space.
 *
 * The memory must stay mapped in the process, with the permission given, until the range is
 * unmapped: the emulated back end reads and writes it in place, and a DMA to memory that is gone
 * ends the process with SIGSEGV. (Kernel back ends lock the memory instead.) The library checks
 * that the memory exists, at the latest when a device is attached.
 *
 * @param iova where to map it; with IOASID_ANY_IOVA: 0.
 * @param mapping receives the handle, which needs no release; may be NULL unless IOASID_ANY_IOVA is
 *        given.
 * @return 0; the errors above; -EFAULT: not all of it is mapped in the process with that
 *         permission, or, with IOASID_CTX_REGISTERED_ONLY, not registered.
 * Since 0.1.
 */
int ioasid_space_map(struct ioasid_space *space, uint64_t iova, void *addr, uint64_t length,
		     uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps a part of a file into a root space: of a memfd, or of a dma-buf.
 *
 * The library maps a memfd for itself, so it does not matter what the program does with its own
 * mappings, or with the descriptor, afterwards. The memfd must be sealed against shrinking
 * (F_SEAL_SHRINK), so that a DMA can never meet a hole.
 *
 * A dma-buf is for DMA from device to device: VFIO exports ranges of a device's memory as dma-bufs
 * (VFIO_DEVICE_FEATURE_DMA_BUF, Linux 6.19), and iommufd maps those (also Linux 6.19). Their memory
 * is not mapped in the process then, and a guest's table that lies there reads as zeros. If the
 * device loses the memory, for instance by a reset, DMA to it faults until it is mapped anew. Other
 * back ends map a dma-buf in the process, if its exporter supports that; on type1, map devices'
 * memory with ioasid_space_map().
 *
 * @param fd opened for what flags ask; it remains the program's. Where a kernel maps files itself,
 *           the library keeps a duplicate.
 * @param offset,length within the file.
 * @return 0; the errors above; -EBADF: fd is not open; -EINVAL also: neither a memfd nor a dma-buf;
 *         -EPERM: the memfd can still shrink; -EACCES: the file is not open for that permission;
 *         -EFAULT: the range runs past the file's end, or the device of a dma-buf has its memory
 *         switched off; -EOPNOTSUPP also: the back end, or the kernel, does not take this dma-buf.
 * Since 0.1.
 */
int ioasid_space_map_file(struct ioasid_space *space, uint64_t iova, int fd, uint64_t offset,
			  uint64_t length, uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps addresses of the parent into a space that is nested on it: the map protocol of nesting. The
 * parent need not map anything there yet; until it does, a DMA faults.
 *
 * The cost is proportional to the number of pages, of the largest size to which both IOVA and
 * parent_iova are aligned: a range of terabytes that is only aligned to 4096 takes minutes and
 * gigabytes, unless memory_limit of the space ends it.
 *
 * @param parent_iova where the range leads; a multiple of 4096, as are iova and length.
 * @return 0; the errors above; -E2BIG: the space would take more mappings in the kernel than its
 *         mapping_limit.
 * Since 0.1.
 */
int ioasid_space_map_parent(struct ioasid_space *space, uint64_t iova, uint64_t parent_iova,
			    uint64_t length, uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Maps into a root space what another root space maps at src_iova: the same memory. Later changes
 * to the source space do not affect the copy. The source range may begin and end within mappings,
 * but all of it must be mapped. If it touches several mappings, as many are made, and the handle is
 * that of the first.
 *
 * @return 0; the errors above; -ENOENT: a part of the source range is not mapped; -EPERM: flags ask
 *         for writing where the source's memory cannot be written; -EFAULT: not all of the source's
 *         memory is mapped in the process with that permission, which a space without devices does
 *         not show, or the device of a dma-buf has its memory switched off; -EINVAL also: the
 *         spaces are of different contexts.
 * Since 0.1.
 */
int ioasid_space_map_copy(struct ioasid_space *space, uint64_t iova,
			  struct ioasid_space *source, uint64_t src_iova, uint64_t length,
			  uint32_t flags, struct ioasid_mapping **mapping);

/**
 * Unmaps a mapping. When the call returns, no DMA uses it any more, neither in this space nor in
 * any space nested on it.
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
 * @param length not 0. iova 0 with length UINT64_MAX stands for all mappings; then it is not an
 *        error if there are none.
 * @param unmapped receives the sum of their lengths; may be NULL.
 * @return 0; -ENOENT: nothing is mapped in the range, or a mapping lies only partly inside;
 *         -EINVAL: length 0; -EOVERFLOW: the range runs past the end of the address space;
 *         -EDEADLK, -EPERM, -EBUSY: as ioasid_mapping_unmap(); -EOPNOTSUPP: the space has a page
 *         table bound.
 * Since 0.1.
 */
int ioasid_space_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length,
		       uint64_t *unmapped);

/** Unmaps everything: ioasid_space_unmap(space, 0, UINT64_MAX, unmapped). Since 0.1. */
int ioasid_space_unmap_all(struct ioasid_space *space, uint64_t *unmapped);

/**
 * The first mapping that touches the range, or NULL. The handle becomes invalid when another thread
 * unmaps the mapping. Since 0.1.
 */
struct ioasid_mapping *ioasid_space_find_mapping(const struct ioasid_space *space, uint64_t iova,
						 uint64_t length);

/** First address. Since 0.1. */
uint64_t ioasid_mapping_get_iova(const struct ioasid_mapping *mapping);
/** Bytes. Since 0.1. */
uint64_t ioasid_mapping_get_length(const struct ioasid_mapping *mapping);
/** IOASID_READ, IOASID_WRITE. Since 0.1. */
uint32_t ioasid_mapping_get_perm(const struct ioasid_mapping *mapping);
/** The space that has the mapping. Since 0.1. */
struct ioasid_space *ioasid_mapping_get_space(const struct ioasid_mapping *mapping);

#ifdef __cplusplus
}
#endif

#endif
