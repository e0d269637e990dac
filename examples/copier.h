/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A device that copies memory, both ends given as I/O addresses: an edu of QEMU's where the kernel
 * passes devices through; where the program can issue DMA for a device, any device.
 */
#ifndef EXAMPLES_COPIER_H
#define EXAMPLES_COPIER_H

#include <ioasid/ioasid.h>
#include <stdint.h>

#include "edu.h"

#define COPIER_LENGTH EDU_LENGTH

struct copier {
	struct ioasid_device *device;
	struct ioasid_channel *channel;	/* or NULL: it is */
	struct edu edu;
};

/* For a device that is bound. 0, or -errno with ioasid_errmsg() about channels. */
int copier_open(struct copier *copier, struct ioasid_ctx *ctx, struct ioasid_device *device);
void copier_close(struct copier *copier);

/*
 * Has the device read @length bytes (at most COPIER_LENGTH) at @from, and write them at @to. 0; or
 * -errno. Of a real device nobody learns here that its IOMMU has blocked a request: what was to be
 * written has not changed then.
 */
int copier_copy(struct copier *copier, uint64_t from, uint64_t to, uint32_t length);

#endif
