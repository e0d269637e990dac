/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file vfio.h
 * Software that uses VFIO's type1 commands on the context's descriptor.
 *
 * Linux's /dev/iommu also understands the commands of VFIO's containers (VFIO_IOMMU_MAP_DMA and so
 * on), and can take the place of a container when a group is given one. These commands do not name
 * an address space; they work on one address space of the descriptor. A program that hands the
 * descriptor of ioasid_ctx_get_fd() to such software chooses that address space here.
 *
 * The library does not know what the software maps: such mappings are not listed, spaces nested on
 * the space do not see them, and the library cannot map the same addresses. Devices that are
 * attached to the space do reach them.
 */
#ifndef IOASID_VFIO_H
#define IOASID_VFIO_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * From now on, VFIO's commands on the context's descriptor work on @p space, instead of the one
 * before. For as long as they do, the space has a table in the kernel
 * (ioasid_space_get_kernel_id()), as if a device were attached, and cannot be destroyed.
 *
 * @param space a root, other than the identity root.
 * @return 0; -EINVAL: the space is of another context, nested, or the identity root; -EADDRINUSE: a
 *         mapping is not aligned, or a range of ioasid_space_allow() is not free; -EFAULT: the
 *         device of a dma-buf has its memory switched off; -ENOMEM; -EOPNOTSUPP: no
 *         IOASID_CAP_VFIO_COMMANDS.
 * Since 0.1.
 */
int ioasid_ctx_bind_vfio(struct ioasid_ctx *ctx, struct ioasid_space *space);

/**
 * From now on, VFIO's commands on the context's descriptor work on no space, whoever had chosen
 * one. If nothing else uses the space's table, what the commands have mapped is unmapped. If no
 * space was chosen, the call does nothing.
 *
 * @return 0; -EOPNOTSUPP: no IOASID_CAP_VFIO_COMMANDS. Since 0.1.
 */
int ioasid_ctx_unbind_vfio(struct ioasid_ctx *ctx);

/**
 * The kernel's number of the address space that VFIO's commands work on. It is that of
 * ioasid_space_get_kernel_id(), or that of an address space that is not the library's: the kernel
 * makes one, unless there is one, when a group is given the descriptor as its container.
 *
 * @return 0; -ENOENT: there is none; -EOPNOTSUPP: no IOASID_CAP_VFIO_COMMANDS. Since 0.1.
 */
int ioasid_ctx_query_vfio(const struct ioasid_ctx *ctx, uint32_t *id);

#ifdef __cplusplus
}
#endif

#endif
