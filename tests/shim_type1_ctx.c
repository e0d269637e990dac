/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_type1_ctx.h"

#include <string.h>
#include <syslog.h>

struct ioasid_ctx *ctx;
char logged[512];

static void keep_log(void *data, int level, const char *text)
{
	(void)data;
	if (level <= LOG_WARNING)
		strncpy(logged, text, sizeof(logged) - 1);
}

int open_ctx(const char *backend)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = backend;
	options.log = keep_log;
	return ioasid_ctx_open(&options, &ctx);
}

void type1_setup(void)
{
	logged[0] = '\0';
	shim_reset();
	ck_ok(open_ctx("type1"));
}

void type1_teardown(void)
{
	ck_ok(ioasid_ctx_close(ctx));
	ck_assert_uint_eq(shim_open_fds(), 0);
}

struct ioasid_device *bind(unsigned int i)
{
	struct ioasid_device *d = NULL;

	ck_ok(ioasid_device_bind(ctx, shim.devices[i].name, i, &d));
	shim_forget();
	return d;
}

unsigned int count_entries(uint32_t group)
{
	const struct shim_entry *entries;

	return shim_entries(group, &entries);
}
