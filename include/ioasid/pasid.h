/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file pasid.h
 * PASIDs as the program, or its guest, names them (vPASIDs), and as they are on the bus (pPASIDs).
 *
 * The type of a device says how the one becomes the other (enum ioasid_device_type). All of the
 * interface, events included, goes by vPASIDs; a pPASID is of interest to a VMM whose CPUs translate
 * PASIDs for a guest that submits work to shared work queues. Only vPASIDs are state that moves along
 * when a guest is migrated.
 */
#ifndef IOASID_PASID_H
#define IOASID_PASID_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Looks up the pPASID that requests with a vPASID carry on the bus: what a VMM enters into its CPUs'
 * PASID translation. It stays the same until the vPASID is detached.
 *
 * @param vpasid one that is attached; or IOASID_NO_PASID for the default PASID of a mediated device.
 * @return 0; -ENOENT: the vPASID is not attached, or requests without PASID carry none. Since 0.1.
 */
int ioasid_device_get_ppasid(const struct ioasid_device *device, uint32_t vpasid, uint32_t *ppasid);

/** A vPASID that is attached. Never grows. */
struct ioasid_pasid_info {
	uint32_t vpasid;
	uint32_t ppasid;
	/** Where requests with it go. */
	struct ioasid_space *space;
};

/**
 * Lists the vPASIDs that a device is attached for, ascending: what a VMM writes into the state of a
 * guest that it saves. To restore it, attach each again, to the space that stands for the saved one;
 * the pPASIDs are then new ones.
 *
 * @param pasids,n room for n; as many as fit are written.
 * @return how many there are in all. Since 0.1.
 */
size_t ioasid_device_query_pasids(const struct ioasid_device *device,
				  struct ioasid_pasid_info *pasids, size_t n);

#ifdef __cplusplus
}
#endif

#endif
