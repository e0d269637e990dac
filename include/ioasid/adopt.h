/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file adopt.h
 * Devices that another framework than VFIO has bound.
 *
 * A kernel can have other ways than VFIO's nodes to give a device to a program. Such a framework
 * binds the device to the descriptor of ioasid_ctx_get_fd(), and learns the kernel's number for the
 * device there. With that number the program has the library adopt the device. Spaces, mappings and
 * checks are then the same as for any other device. To attach the device, the library calls back
 * with the kernel's number of the table, and the framework makes its own calls.
 */
#ifndef IOASID_ADOPT_H
#define IOASID_ADOPT_H

#include <ioasid/device.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Attaches the device's requests to a table of the kernel's.
 *
 * It is called with the context locked: it must not call the library with that context or with
 * objects of it.
 *
 * @param pasid the PASID of the requests, or IOASID_NO_PASID.
 * @param table the kernel's number of a page table, or of an address space (IOAS), for which the
 *        kernel makes a page table.
 * @param out holds @p table at first; store the number of the page table there, if the kernel tells
 *        which one it used.
 * @return 0 or -errno, as the kernel's: -EADDRINUSE: the table maps what the device cannot have;
 *         -EFAULT: memory cannot be locked; -ENOMEM; -EINVAL, -EBUSY.
 */
typedef int ioasid_adopt_attach_fn(void *data, uint32_t pasid, uint32_t table, uint32_t *out);

/** Blocks the device's requests with @p pasid, which are attached; under the same rule. */
typedef int ioasid_adopt_detach_fn(void *data, uint32_t pasid);

/** The device can send page requests, and its IOMMU's driver takes them. */
#define IOASID_ADOPT_PAGE_REQUESTS 0x1u

/** What another framework says about a device that it has bound. */
struct ioasid_adopt_options {
	/** sizeof(struct ioasid_adopt_options) */
	size_t size;
	/** For messages and ioasid_device_get_name(); copied. */
	const char *name;
	/** As for ioasid_device_bind(). */
	uint64_t cookie;
	/** The kernel's number for the device on the descriptor of ioasid_ctx_get_fd(). */
	uint32_t id;
	/** Requester ID; 0 if it has none. */
	uint32_t requester;
	/**
	 * The number of its isolation group. The library then knows what the system reserves for
	 * that group, and attaches devices of one group to one space only. IOASID_NO_GROUP: the
	 * group is not known.
	 */
	uint32_t group;
	/** IOASID_ADOPT_* */
	uint32_t flags;
	/** Further IOVA ranges that the device reserves; copied. */
	const struct ioasid_range *ranges;
	size_t n_ranges;
	/** Attaches requests that are blocked. */
	ioasid_adopt_attach_fn *attach;
	/** Moves requests that are attached, in one step; on failure they stay where they are. */
	ioasid_adopt_attach_fn *replace;
	/** Blocks requests that are attached. A failure is logged. */
	ioasid_adopt_detach_fn *detach;
	/** First argument of all three. */
	void *data;
};

#define IOASID_ADOPT_OPTIONS_INIT IOASID_INIT_WITH(ioasid_adopt_options, group, IOASID_NO_GROUP)

/**
 * Adopts a device that another framework has bound. Its DMA has to be blocked, that is, the device
 * must not be attached to anything. It has to stay bound until ioasid_device_unbind() has returned,
 * which detaches it and leaves it to the framework.
 *
 * @return 0; -EINVAL: no name, a callback is missing, a range is empty or runs past the end,
 *         unknown flag, or options->size too small to hold a size; -E2BIG: options longer than this
 *         library knows; -EBUSY: a device of that name, or with that number, is bound; -ENODEV: the
 *         kernel has no device with that number, or the system does not know the group;
 *         -EOPNOTSUPP: the back end does not adopt devices; -ENOMEM.
 * Since 0.1.
 */
int ioasid_device_adopt(struct ioasid_ctx *ctx, const struct ioasid_adopt_options *options,
			struct ioasid_device **device);

#ifdef __cplusplus
}
#endif

#endif
