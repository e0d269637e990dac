/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_expect.h"

#include <string.h>

void expect_words(int fd, unsigned long command, const uint32_t *words, unsigned int n)
{
	const struct shim_call *call = &shim.calls[shim.expected];
	unsigned int i;

	ck_assert_msg(shim.expected < shim.n_calls, "no call where %#lx was expected", command);
	ck_assert_uint_eq(call->command, command);
	ck_assert_int_eq(call->fd, fd);
	for (i = 0; i < n; i++)
		ck_assert_msg(call->words[i] == words[i], "%#lx: word %u is %#x, expected %#x", command,
			      i, call->words[i], words[i]);
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

void fail_nth(unsigned int nth, int error)
{
	shim.fail_nth = nth;
	shim.fail_error = error;
}
