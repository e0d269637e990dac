/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who enforces snooping. */
#ifndef LIB_SNOOP_H
#define LIB_SNOOP_H

#include "objects.h"

/* 0 or err_set() */
int snoop_check_options(const struct ioasid_ctx *ctx, const struct ioasid_space_options *options);
int snoop_check_device(const struct ioasid_device *device, const struct ioasid_space *space);
/* One attachment more, or less. */
void snoop_join(struct ioasid_space *space, const struct ioasid_device *device);
void snoop_leave(struct ioasid_space *space, const struct ioasid_device *device);
/* For all devices that are attached? */
bool snoop_is_enforced(const struct ioasid_space *space);
/* By some device that is attached? */
bool snoop_can_be_avoided(const struct ioasid_ctx *ctx);

#endif
