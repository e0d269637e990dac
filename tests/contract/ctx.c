/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "contract.h"

START_TEST(opens_with_defaults)
{
	struct ioasid_ctx *ctx = NULL;

	ck_ok(ioasid_ctx_open(NULL, &ctx));
	ck_assert_ptr_nonnull(ctx);
	if (getenv("IOASID_BACKEND"))
		ck_assert_str_eq(ioasid_ctx_get_backend(ctx), getenv("IOASID_BACKEND"));
	ck_ok(ioasid_ctx_close(ctx));
	ck_ok(ioasid_ctx_close(NULL));
}
END_TEST

/* Sets IOASID_BACKEND (NULL: takes it away) and returns what it was, for backend_restore(). */
static char *backend_set(const char *name)
{
	const char *before = getenv("IOASID_BACKEND");
	char *copy = before ? strdup(before) : NULL;

	if (name)
		setenv("IOASID_BACKEND", name, 1);
	else
		unsetenv("IOASID_BACKEND");
	return copy;
}

static void backend_restore(char *before)
{
	free(backend_set(before));
	free(before);
}

START_TEST(argument_beats_environment)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	char *before = backend_set("no-such-backend");
	struct ioasid_ctx *ctx = NULL;

	options.backend = "emulated";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_assert_str_eq(ioasid_ctx_get_backend(ctx), "emulated");
	ck_ok(ioasid_ctx_close(ctx));
	ctx = (void *)1;
	ck_err(ioasid_ctx_open(NULL, &ctx), EINVAL);
	ck_assert_ptr_eq(ctx, (void *)1);
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "no-such-backend"));
	backend_restore(before);
}
END_TEST

START_TEST(auto_finds_a_backend)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	char *before = backend_set(NULL);
	struct ioasid_ctx *ctx = NULL;

	options.backend = "auto";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_ok(ioasid_backend_probe(ioasid_ctx_get_backend(ctx)));
	ck_ok(ioasid_ctx_close(ctx));
	backend_restore(before);
}
END_TEST

START_TEST(refuses_bad_options)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *ctx = (void *)1;

	options.backend = "no-such-backend";
	ck_err(ioasid_ctx_open(&options, &ctx), EINVAL);
	options.backend = "emulated";
	options.flags = UINT64_C(1) << 40;
	ck_err(ioasid_ctx_open(&options, &ctx), EINVAL);
	ck_assert_ptr_eq(ctx, (void *)1);
}
END_TEST

START_TEST(options_may_be_of_another_version)
{
	struct {
		struct ioasid_ctx_options known;
		uint64_t beyond[4];
	} newer = { .known = IOASID_CTX_OPTIONS_INIT };
	struct ioasid_ctx *ctx = (void *)1;

	newer.known.backend = "emulated";
	newer.known.size = sizeof(newer);
	newer.beyond[2] = 1;
	ck_err(ioasid_ctx_open(&newer.known, &ctx), E2BIG);
	ck_assert_ptr_eq(ctx, (void *)1);
	newer.beyond[2] = 0;
	ck_ok(ioasid_ctx_open(&newer.known, &ctx));
	ck_ok(ioasid_ctx_close(ctx));
	/* What lies behind a shorter structure counts as zero. */
	newer.known.size = offsetof(struct ioasid_ctx_options, flags);
	newer.known.flags = UINT64_MAX;
	ck_ok(ioasid_ctx_open(&newer.known, &ctx));
	ck_ok(ioasid_ctx_close(ctx));
}
END_TEST

START_TEST(backends_are_listed)
{
	bool emulated = false;
	size_t i, j;

	for (i = 0; ioasid_backend_name(i); i++) {
		int rc = ioasid_backend_probe(ioasid_backend_name(i));

		emulated |= !strcmp(ioasid_backend_name(i), "emulated");
		ck_assert_msg(rc == 0 || rc == -EOPNOTSUPP || rc == -ENODEV || rc == -EACCES,
			      "%s: %d", ioasid_backend_name(i), rc);
		if (rc)
			ck_assert_str_ne(ioasid_errmsg(), "");
		for (j = 0; j < i; j++)
			ck_assert_str_ne(ioasid_backend_name(i), ioasid_backend_name(j));
	}
	ck_assert(emulated);
	ck_assert_ptr_null(ioasid_backend_name(i + 1));
	ck_ok(ioasid_backend_probe("emulated"));
	ck_err(ioasid_backend_probe("no-such-backend"), EINVAL);
}
END_TEST

START_TEST(backend_that_cannot_be_probed_cannot_be_opened)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	size_t i;

	for (i = 0; ioasid_backend_name(i); i++) {
		struct ioasid_ctx *ctx = (void *)1;
		int rc = ioasid_backend_probe(ioasid_backend_name(i));

		if (rc != -EOPNOTSUPP && rc != -ENODEV)
			continue;
		options.backend = ioasid_backend_name(i);
		ck_assert_int_eq(ioasid_ctx_open(&options, &ctx), rc);
		ck_assert_str_ne(ioasid_errmsg(), "");
		ck_assert_ptr_eq(ctx, (void *)1);
	}
}
END_TEST

START_TEST(capabilities_have_names_and_reasons)
{
	enum ioasid_capability i, j;
	struct fixture f;

	fixture_open(&f);
	for (i = 1; ioasid_capability_name(i); i++) {
		for (j = 1; j < i; j++)
			ck_assert_str_ne(ioasid_capability_name(i), ioasid_capability_name(j));
		if (ioasid_ctx_has(f.ctx, i))
			ck_assert_ptr_null(ioasid_ctx_why_not(f.ctx, i));
		else
			ck_assert_str_ne(ioasid_ctx_why_not(f.ctx, i), "");
	}
	ck_assert_int_gt(i, IOASID_CAP_AUDIT);
	ck_assert(!ioasid_ctx_has(f.ctx, i));
	ck_assert(!ioasid_ctx_has(f.ctx, 0));
	ck_assert_ptr_null(ioasid_capability_name(0));
	ck_assert_str_eq(ioasid_capability_name(IOASID_CAP_NESTING_SOFTWARE), "nesting-software");
	fixture_close(&f);
}
END_TEST

START_TEST(contexts_are_independent)
{
	struct ioasid_device *a, *b;
	struct fixture f, g;

	fixture_open(&f);
	fixture_open(&g);
	a = fixture_bind(&f, ALONE_A);
	b = fixture_bind(&g, ALONE_B);
	ck_err(ioasid_device_attach(a, g.space), EINVAL);
	ck_err(ioasid_device_attach(b, f.space), EINVAL);
	ck_ok(ioasid_device_attach(a, f.space));
	ck_err(ioasid_device_replace(a, g.space), EINVAL);
	ck_assert_ptr_eq(ioasid_device_get_space(a), f.space);
	fixture_close(&g);
	fixture_close(&f);
}
END_TEST

TCase *contract_ctx(void)
{
	TCase *tc = tcase_create("ctx");

	tcase_add_test(tc, opens_with_defaults);
	tcase_add_test(tc, argument_beats_environment);
	tcase_add_test(tc, auto_finds_a_backend);
	tcase_add_test(tc, refuses_bad_options);
	tcase_add_test(tc, options_may_be_of_another_version);
	tcase_add_test(tc, backends_are_listed);
	tcase_add_test(tc, backend_that_cannot_be_probed_cannot_be_opened);
	tcase_add_test(tc, capabilities_have_names_and_reasons);
	tcase_add_test(tc, contexts_are_independent);
	return tc;
}
