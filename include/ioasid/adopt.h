/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file adopt.h
 * Devices that another framework than VFIO has bound.
 *
 * A kernel can have other ways to give a device to a program than VFIO's nodes: a framework binds
 * the device to the descriptor of ioasid_ctx_get_fd(), and gets the number by which the kernel
 * knows it there. With that number the device is adopted. Spaces, mappings and checks are the same
 * then; to attach it, the library calls back, with the number of the kernel's table, and the
 * framework does what its own calls are for.
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
 * It is called with the context locked: it must not call the library with that context or what is
 * made on it.
 *
 * @param pasid the PASID of the requests, or IOASID_NO_PASID.
 * @param table the number of the table: an address space, for which the kernel makes a page table,
 *        or a page table.
 * @param out where to store the number of the page table, if the kernel says which one it took; it
 *        holds @p table.
 * @return 0 or -errno as the kernel's: -EADDRINUSE: the table maps what the device cannot have;
 *         -EFAULT: memory cannot be locked; -ENOMEM; -EINVAL, -EBUSY.
 */
typedef int ioasid_adopt_attach_fn(void *data, uint32_t pasid, uint32_t table, uint32_t *out);

/** Blocks the device's requests with @p pasid, which are attached. Called as the above. */
typedef int ioasid_adopt_detach_fn(void *data, uint32_t pasid);

/** The device, with its IOMMU's driver, can send page requests. */
#define IOASID_ADOPT_PAGE_REQUESTS 0x1u

/** What another framework says about a device that it has bound. */
struct ioasid_adopt_options {
	/** sizeof(struct ioasid_adopt_options) */
	size_t size;
	/** For messages and ioasid_device_get_name(); copied. */
	const char *name;
	/** As for ioasid_device_bind(). */
	uint64_t cookie;
	/** The number by which the kernel knows it, on the descriptor of ioasid_ctx_get_fd(). */
	uint32_t id;
	/** Requester ID; 0 if it has none. */
	uint32_t requester;
	/**
	 * The number of its isolation group. What the system reserves there is known then, and
	 * devices of one group are attached to one space. IOASID_NO_GROUP: not known.
	 */
	uint32_t group;
	/** IOASID_ADOPT_* */
	uint32_t flags;
	/** Further ranges of IOVAs that the device has for itself; copied. */
	const struct ioasid_range *ranges;
	size_t n_ranges;
	/** Attaches requests that are blocked. */
	ioasid_adopt_attach_fn *attach;
	/** Moves requests that are attached, in one step; a failure leaves them where they are. */
	ioasid_adopt_attach_fn *replace;
	/** Blocks requests that are attached. A failure is logged. */
	ioasid_adopt_detach_fn *detach;
	/** First argument of all three. */
	void *data;
};

#define IOASID_ADOPT_OPTIONS_INIT IOASID_INIT_WITH(ioasid_adopt_options, group, IOASID_NO_GROUP)

/**
 * Takes a device that another framework has bound. It has to be blocked, attached to nothing, and
 * to stay bound until ioasid_device_unbind(), which detaches it and leaves it to the framework.
 *
 * @return 0; -EINVAL: no name, a callback is missing, a range is empty or too long, unknown
 *         flag, or options->size too small to hold a size; -E2BIG: options longer than this library
 *         knows; -EBUSY: a device of that name, or with that number, is bound; -ENODEV: the kernel
 *         has no device with that number, or nothing is known about its group; -EOPNOTSUPP: the
 *         back end takes no such devices; -ENOMEM.
 * Since 0.1.
 */
int ioasid_device_adopt(struct ioasid_ctx *ctx, const struct ioasid_adopt_options *options,
			struct ioasid_device **device);

#ifdef __cplusplus
}
#endif

#endif
