/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated platform: one IOMMU as wide as the captured one, and the captured devices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

const char *device_address(uint16_t sid, char text[13])
{
	snprintf(text, 13, "0000:%02x:%02x.%x", sid >> 8, sid >> 3 & 0x1f, sid & 7);
	return text;
}

/* As far as an emulated IOMMU can be made so wide. */
static uint32_t address_bits(const struct capture *c)
{
	uint32_t bits = c->kind->address_bits(&c->unit);

	return bits < 32 ? 32 : bits > 57 ? 57 : bits;
}

static int describe(const struct capture *c, struct ioasid_platform *platform)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	char address[13];
	int ret;

	iommu.name = c->kind->name;
	iommu.address_bits = address_bits(c);
	ret = ioasid_platform_add_iommu(platform, &iommu);
	device.iommu = c->kind->name;
	for (size_t i = 0; !ret && i < c->n_devices; i++) {
		device.name = device_address(c->devices[i].sid, address);
		device.requester = c->devices[i].sid;
		ret = ioasid_platform_add_device(platform, &device);
	}
	return ret;
}

static int open_context(struct replay *r)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	int ret = ioasid_platform_new(&platform);

	if (ret)
		return fail_call(ret, "the emulated platform");
	ret = describe(r->capture, platform);
	if (!ret) {
		options.backend = "emulated";
		options.platform = platform;
		if (r->options->audit)
			options.flags = IOASID_CTX_AUDIT;
		ret = ioasid_ctx_open(&options, &r->ctx);
	}
	ioasid_platform_free(platform);
	return ret ? fail_call(ret, "the emulated platform") : 0;
}

static int bind_devices(struct replay *r)
{
	const struct capture *c = r->capture;
	struct vmm_device *devices = xrealloc(NULL, c->n_devices, sizeof(*devices));
	char address[13];
	int ret;

	memset(devices, 0, c->n_devices * sizeof(*devices));
	r->vmm.devices = devices;
	r->channels = xrealloc(NULL, c->n_devices, sizeof(struct ioasid_channel *));
	for (size_t i = 0; i < c->n_devices; i++) {
		devices[i].sid = c->devices[i].sid;
		c->kind->block(&devices[i].translation);
		device_address(c->devices[i].sid, address);
		ret = ioasid_device_bind(r->ctx, address, i, &devices[i].device);
		if (!ret)
			ret = ioasid_channel_open(devices[i].device, IOASID_NO_PASID,
						  &r->channels[i]);
		if (ret)
			return fail_call(ret, "device %s", address);
		r->vmm.n_devices = i + 1;
	}
	return 0;
}

static int make_unit(struct replay *r)
{
	struct vmm *v = &r->vmm;
	int ret;

	v->ctx = r->ctx;
	v->memory = r->guest.space;
	v->read = guest_read;
	v->read_opaque = &r->guest;
	v->kind = r->capture->kind;
	v->unit = r->capture->unit;
	v->fill = r->fill;
	ret = ioasid_inv_new(r->ctx, 0, &v->batch);
	return ret ? fail_call(ret, "a batch") : 0;
}

int platform_open(struct replay *r)
{
	if (open_context(r) || guest_init(&r->guest, r->capture, r->ctx) || bind_devices(r) ||
	    make_unit(r) || (r->options->audit && audit_open(r)))
		return -1;
	return 0;
}

void platform_close(struct replay *r)
{
	audit_close(r->audit);
	vmm_reset(&r->vmm);
	ioasid_inv_free(r->vmm.batch);
	if (r->ctx)
		ioasid_ctx_close(r->ctx);
	free(r->vmm.devices);
	free(r->channels);
	guest_fini(&r->guest);
}
