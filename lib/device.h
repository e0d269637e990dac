/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How devices come into a context. */
#ifndef LIB_DEVICE_H
#define LIB_DEVICE_H

#include "objects.h"

/* Where a device comes from; without a name, from a descriptor. */
struct device_source {
	const char *name;
	int fd;
	const uint8_t *vf_token;			/* or NULL */
	const struct ioasid_adopt_options *adopt;	/* or NULL */
};
int device_add(struct ioasid_ctx *ctx, const struct device_source *source, uint64_t cookie,
	       struct ioasid_device **device);

#endif
