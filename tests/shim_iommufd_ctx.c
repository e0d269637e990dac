/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_iommufd_ctx.h"

struct ioasid_ctx *ctx;

int open_ctx(const char *backend)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = backend;
	return ioasid_ctx_open(&options, &ctx);
}

void iommufd_setup(void)
{
	shim_reset();
	ck_ok(open_ctx("iommufd"));
}

void iommufd_teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
	ck_assert_uint_eq(shim_objects(), 0);
}

struct ioasid_device *bind(unsigned int i)
{
	struct ioasid_device *d = NULL;

	ck_ok(ioasid_device_bind(ctx, shim.devices[i].name, i, &d));
	return d;
}
