/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A platform with devices of all eight types, for the tests of the PASID policy. */
#ifndef TESTS_PASID_WORLD_H
#define TESTS_PASID_WORLD_H

#include <string.h>

#include "support.h"

#define POOL   7u /* of one parent */
#define GLOBAL 6u
#define FIXED  2u /* the default of "fixed" */

static const char pasid_platform[] =
	"iommu iommu0 address-bits=39 pasid-bits=16\n"
	"device plain iommu=iommu0\n"
	"device card iommu=iommu0 group=3\n"
	"device software parent=card\n"
	"device idxd iommu=iommu0 requester=0x77 group=9 pasid-bits=8 pasid-pool=7\n"
	"device fixed parent=idxd default-pasid=2\n"
	"device user iommu=iommu0 pasid-bits=10 pasid-table=user\n"
	"device kernel iommu=iommu0 pasid-bits=16\n"
	"device mediated-a parent=idxd pasid-bits=16\n"
	"device mediated-b parent=idxd pasid-bits=16\n"
	"device shared iommu=iommu0 pasid-bits=16 work-queues=shared\n"
	"device enqcmd-a parent=idxd pasid-bits=16 work-queues=shared\n"
	"device enqcmd-b parent=idxd pasid-bits=16 work-queues=shared\n"
	"device idxd2 iommu=iommu0 pasid-bits=4\n"
	"device enqcmd-c parent=idxd2 pasid-bits=16 work-queues=shared\n"
	"device mediated-c parent=idxd2 pasid-bits=16 default-pasid=9\n"
	"pasid-pool 6\n"
	"reserved idxd 0x40000000 4K\n";

static inline struct ioasid_ctx *open_platform(const char *text)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	struct ioasid_ctx *ctx;

	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ioasid_platform_free(platform);
	return ctx;
}

static inline struct ioasid_device *bind(struct ioasid_ctx *ctx, const char *name)
{
	struct ioasid_device *device;

	ck_ok(ioasid_device_bind(ctx, name, 0, &device));
	return device;
}

static inline struct ioasid_device_info info_of(const struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	ck_ok(ioasid_device_query_info(device, &info));
	return info;
}

static inline uint32_t ppasid_of(const struct ioasid_device *device, uint32_t vpasid)
{
	uint32_t ppasid = 0;

	ck_ok(ioasid_device_get_ppasid(device, vpasid, &ppasid));
	return ppasid;
}

#endif
