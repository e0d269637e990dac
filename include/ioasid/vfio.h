/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file vfio.h
 * Software that speaks VFIO's type1, on the context's descriptor.
 *
 * Linux's /dev/iommu understands the commands of VFIO's containers too (VFIO_IOMMU_MAP_DMA and so
 * on), and can stand in for one where a group is given its container. They name no address space:
 * one of those on the descriptor is what they work on. A program that hands the descriptor of
 * ioasid_ctx_get_fd() to such software says here which one.
 *
 * What that software maps, the library does not know. It is not listed, spaces nested on the space
 * do not see it, and it is in the way of mappings at the same addresses. Devices that are attached
 * to the space reach it.
 */
#ifndef IOASID_VFIO_H
#define IOASID_VFIO_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * VFIO's commands on the context's descriptor work on this space from now on, instead of the one
 * before. The space has a table of the kernel's for as long (ioasid_space_get_kernel_id()), as if a
 * device were attached, and cannot be destroyed.
 *
 * @param space a root, other than the identity root.
 * @return 0; -EINVAL: the space is of another context, nested, or the identity root; -EADDRINUSE: a
 *         mapping is not aligned, or what is allowed is not free; -ENOMEM; -EOPNOTSUPP: no
 *         IOASID_CAP_VFIO_COMMANDS.
 * Since 0.1.
 */
int ioasid_ctx_bind_vfio(struct ioasid_ctx *ctx, struct ioasid_space *space);

/**
 * VFIO's commands on the context's descriptor work on no space any more, whoever had chosen one. If
 * nothing else uses the space's table, what they have mapped goes. Without a space it does nothing.
 *
 * @return 0; -EOPNOTSUPP: no IOASID_CAP_VFIO_COMMANDS. Since 0.1.
 */
int ioasid_ctx_unbind_vfio(struct ioasid_ctx *ctx);

/**
 * The kernel's number of what VFIO's commands work on: that of ioasid_space_get_kernel_id(), or of
 * an address space that is not the library's: the kernel makes one when a group is given the
 * descriptor for its container, unless there is one.
 *
 * @return 0; -ENOENT: there is none; -EOPNOTSUPP: no IOASID_CAP_VFIO_COMMANDS. Since 0.1.
 */
int ioasid_ctx_query_vfio(const struct ioasid_ctx *ctx, uint32_t *id);

#ifdef __cplusplus
}
#endif

#endif
