/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A call that succeeds leaves the message of the one that failed before it. */
#ifndef TESTS_ERRMSG_H
#define TESTS_ERRMSG_H

#include <check.h>
#include <errno.h>
#include <string.h>

#include <ioasid/ioasid.h>

static inline void errmsg_fail(void)
{
	ck_assert_int_eq(ioasid_backend_probe("nobody"), -EINVAL);
}

static inline void errmsg_is_unchanged(void)
{
	ck_assert_ptr_nonnull(strstr(ioasid_errmsg(), "nobody"));
}

#endif /* TESTS_ERRMSG_H */
