/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which space a device is attached to, and what that asks of both. */
#ifndef LIB_ATTACH_H
#define LIB_ATTACH_H

#include "objects.h"
#include "space.h"

struct ioasid_space *device_space(const struct ioasid_device *device, uint32_t pasid);
struct attachment *device_attachment(const struct ioasid_device *device, uint32_t pasid);
void device_detach_all(struct ioasid_device *device, struct reap *reap);
/* A device joins a group that may be attached. */
int group_join(struct ioasid_device *device, struct reap *reap);

/* The space has got another table, or lost it: its devices' requests without PASID see to it. */
void space_reroute(struct ioasid_space *space, struct reap *reap);

/* Does an IOMMU walk the space's table for it, by itself or below another? */
static inline bool attachment_walks(const struct attachment *a, const struct ioasid_space *space)
{
	return a->space && (a->space == space || space_walked_below(a->space) == space);
}

/* attachment.c */
/* Can the device's IOMMU do what the space needs? @pair: its page tables; NULL: none. */
int device_check_pgtable(const struct ioasid_device *device, const struct ioasid_space *space,
			 const struct pgt_pair *pair);
/* @hw_format: one that the IOMMU is to read itself; 0: the library does. */
int device_check_pasid_table(const struct ioasid_device *device,
			     enum ioasid_pasid_table_format hw_format);
/* Makes the space ready for what is going to be attached. */
int attachment_join(struct ioasid_space *space, const struct ioasid_device *device,
		    const struct attachment *a, struct reap *reap);
/* @a is of another space by now, or of none. */
void attachment_leave(struct ioasid_space *space, const struct ioasid_device *device,
		      const struct attachment *a, struct reap *reap);
/* Checks each device that is attached, once for each attachment. 0, or what the first gave. */
int attachment_check_all(const struct ioasid_space *space,
			 int (*check)(const struct ioasid_device *device,
				      const struct ioasid_space *space, const void *what),
			 const void *what);

#endif
