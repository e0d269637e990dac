/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#include "copier.h"

#include <errno.h>

int copier_open(struct copier *copier, struct ioasid_ctx *ctx, struct ioasid_device *device)
{
	*copier = (struct copier){ .device = device };
	if (ioasid_ctx_has(ctx, IOASID_CAP_DMA))
		return ioasid_channel_open(device, IOASID_NO_PASID, &copier->channel);
	return edu_open(&copier->edu, ioasid_device_get_fd(device));
}

void copier_close(struct copier *copier)
{
	if (copier->channel)
		ioasid_channel_close(copier->channel);
	else
		edu_close(&copier->edu);
}

int copier_copy(struct copier *copier, uint64_t from, uint64_t to, uint32_t length)
{
	char buffer[COPIER_LENGTH];
	int ret;

	if (length > sizeof(buffer))
		return -EINVAL;
	if (!copier->channel) {
		ret = edu_read(&copier->edu, from, length);
		return ret ? ret : edu_write(&copier->edu, to, length);
	}
	ret = ioasid_dma_read(copier->channel, from, buffer, length);
	return ret ? ret : ioasid_dma_write(copier->channel, to, buffer, length);
}
