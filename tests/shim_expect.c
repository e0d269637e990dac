/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_expect.h"

#include <errno.h>
#include <string.h>

void expect_words(int fd, unsigned long command, const uint32_t *words, unsigned int n)
{
	const struct shim_call *call = &shim.calls[shim.expected];
	unsigned int i;

	ck_assert_msg(shim.expected < shim.n_calls, "no call where %#lx was expected", command);
	ck_assert_uint_eq(call->command, command);
	ck_assert_int_eq(call->fd, fd);
	for (i = 0; i < n; i++)
		ck_assert_msg(call->words[i] == words[i], "%#lx: word %u is %#x, expected %#x",
			      command, i, call->words[i], words[i]);
	for (; i < SHIM_WORDS; i++)
		ck_assert_msg(!call->words[i], "%#lx: word %u is %#x", command, i, call->words[i]);
	shim.expected++;
}

void expect_end(void)
{
	ck_assert_msg(shim.expected == shim.n_calls, "%u calls, expected %u", shim.n_calls,
		      shim.expected);
	shim_forget();
}

void said(const char *a, const char *b)
{
	ck_assert_msg(strstr(ioasid_errmsg(), a) && strstr(ioasid_errmsg(), b), "\"%s\": no %s, %s",
		      ioasid_errmsg(), a, b);
}

void bind_fails(struct ioasid_ctx *ctx, const char *name, int error, const char *a, const char *b)
{
	struct ioasid_device *d = (void *)1;
	unsigned int fds = shim_open_fds(), objects = shim_objects();

	ck_err(ioasid_device_bind(ctx, name, 0, &d), error);
	said(a, b);
	ck_assert_ptr_eq(d, (void *)1);
	ck_assert_uint_eq(shim_open_fds(), fds);
	ck_assert_uint_eq(shim_objects(), objects);
}

void probing_opens_nothing(const char *backend, const char *node, const char *config)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *ctx;

	shim_reset();
	ck_ok(ioasid_backend_probe(backend));
	shim.access = ENOENT;
	ck_err(ioasid_backend_probe(backend), ENODEV);
	said(node, config);
	said("container", "");
	shim.access = EACCES;
	ck_err(ioasid_backend_probe(backend), EACCES);
	said(node, "permission");
	shim.access = ENOMEM;
	ck_err(ioasid_backend_probe(backend), ENOMEM);
	shim.access = EACCES;
	options.backend = backend;
	ck_err(ioasid_ctx_open(&options, &ctx), EACCES);
	ck_assert_uint_eq(shim.opens, 0);
	ck_assert_uint_eq(shim.n_calls, 0);
}

void fail_nth(unsigned int nth, int error)
{
	shim.fail_nth = nth;
	shim.fail_error = error;
}
