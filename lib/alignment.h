/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the pages of devices' IOMMUs ask of mappings. */
#ifndef LIB_ALIGNMENT_H
#define LIB_ALIGNMENT_H

#include "objects.h"

/*
 * Can the space, and what the IOMMU walks below, keep their mappings for the device? 0, or
 * err_set(-EADDRINUSE). From now on they keep to its pages; once one has left, to those of the
 * devices that are attached still.
 */
int alignment_check(const struct ioasid_space *space, const struct ioasid_device *device);
void alignment_join(struct ioasid_space *space, const struct ioasid_device *device);
void alignment_leave(struct ioasid_space *space);

#endif
