/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures that begin with their size, in both directions. */
#include <errno.h>
#include <string.h>

#include "err.h"
#include "options.h"

/* No structure will ever be longer: whoever says so has not initialised it. */
#define MAX_STRUCT 4096u

/* The caller's idea of the size; -EINVAL or -E2BIG as documented in ioasid/common.h. */
static int check(const void *user, size_t size, const char *what, size_t *user_size)
{
	const unsigned char *bytes = user;
	size_t i;

	memcpy(user_size, user, sizeof(*user_size));
	if (*user_size < sizeof(*user_size))
		return err_set(EINVAL, "%s: size %zu is too small: is it initialised?", what,
			       *user_size);
	if (*user_size > MAX_STRUCT)
		return err_set(E2BIG, "%s: size %zu is too large: is it initialised?", what,
			       *user_size);
	for (i = size; i < *user_size; i++)
		if (bytes[i])
			return err_set(E2BIG,
				       "%s: byte %zu is set and means nothing to this library",
				       what, i);
	return 0;
}

int options_copy(void *to, size_t size, const void *from, const char *what)
{
	size_t user;
	int ret = check(from, size, what, &user);

	if (ret)
		return ret;
	memset(to, 0, size);
	memcpy(to, from, user < size ? user : size);
	return 0;
}

int options_fill(void *to, const void *from, size_t size, const char *what)
{
	size_t user;
	int ret = check(to, size, what, &user);

	if (ret)
		return ret;
	memcpy((char *)to + sizeof(user), (const char *)from + sizeof(user),
	       (user < size ? user : size) - sizeof(user));
	return 0;
}

bool options_is_zero(const void *member, size_t size)
{
	const unsigned char *bytes = member;

	while (size && !bytes[size - 1])
		size--;
	return !size;
}
