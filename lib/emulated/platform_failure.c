/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Failures in a platform description: added, read and written. */
#include <errno.h>
#include <string.h>

#include "export.h"
#include "platform.h"
#include "platform_line.h"
#include "util/bits.h"
#include "util/err.h"
#include "util/options.h"

/* All that functions of the library fail with: ioasid_errors(7). */
static const struct {
	const char *name;
	int number;
} errors[] = {
#define E(name) { #name, name }
	E(E2BIG), E(EACCES), E(EADDRINUSE), E(EAGAIN), E(EBADF), E(EBUSY), E(EDEADLK), E(EEXIST),
	E(EFAULT), E(EFBIG), E(EINVAL), E(EIO), E(EISDIR), E(EMFILE), E(ENFILE), E(ENODEV),
	E(ENOENT), E(ENOMEM), E(ENOSPC), E(EOPNOTSUPP), E(EOVERFLOW), E(EPERM), E(ETIMEDOUT),
#undef E
};

const char *platform_error_word(int number)
{
	size_t i;

	for (i = 0; i < bits_array_size(errors); i++)
		if (errors[i].number == number)
			return errors[i].name;
	return NULL;
}

static int check_failure(const struct ioasid_platform_failure *from)
{
	const char *word = failure_word(from->operation);

	if (!word)
		return err_set(EINVAL, "failure of operation %u, which is not known",
			       (unsigned int)from->operation);
	if (!options_is_zero(from->reserved, sizeof(from->reserved)))
		return err_set(EINVAL, "failure of %s: reserved is not 0", word);
	if (from->error && !platform_error_word(from->error))
		return err_set(EINVAL, "failure of %s: errno %d is none that the library gives",
			       word, from->error);
	if (from->operation == IOASID_OP_ALLOC && from->error && from->error != ENOMEM)
		return err_set(EINVAL, "failure of alloc: its errno is ENOMEM");
	return 0;
}

IOASID_EXPORT int ioasid_platform_add_failure(struct ioasid_platform *platform,
					      const struct ioasid_platform_failure *failure)
{
	struct ioasid_platform_failure from;
	int ret = options_copy(&from, sizeof(from), failure, "struct ioasid_platform_failure");

	if (!ret)
		ret = check_failure(&from);
	if (!ret)
		ret = platform_make_room(&platform->failures, platform->n_failures,
					 &platform->room_failures, sizeof(*platform->failures),
					 PLATFORM_MAX_FAILURES, "failures");
	if (ret)
		return ret;
	platform->failures[platform->n_failures++] = (struct failure){
		.operation = from.operation, .error = from.error ? from.error : ENOMEM,
		.repeat = from.repeat, .nth = from.nth ? from.nth : 1,
	};
	return 0;
}

static int read_nth(const struct line *line, const struct key *key, char *word, char *value,
		    void *member)
{
	(void)key;
	if (line_digits(value, false, member) || !*(uint64_t *)member)
		return line_bad(line, W ": the value can be 1 or more", word);
	return 0;
}

static int read_error(const struct line *line, const struct key *key, char *word, char *value,
		      void *member)
{
	size_t i;

	(void)key;
	for (i = 0; i < bits_array_size(errors); i++)
		if (!strcmp(value, errors[i].name)) {
			*(int *)member = errors[i].number;
			return 0;
		}
	return line_bad(line, W ": no errno that the library gives", word);
}

static int read_repeat(const struct line *line, const struct key *key, char *word, char *value,
		       void *member)
{
	(void)key;
	return line_either(line, word, value, "on", "off", member);
}

/* 0: none. */
static enum ioasid_operation find_operation(const char *word)
{
	enum ioasid_operation operation;

	for (operation = 1; failure_word(operation); operation++)
		if (!strcmp(failure_word(operation), word))
			return operation;
	return 0;
}

int platform_read_failure(const struct line *line, struct ioasid_platform *platform)
{
	static const struct key keys[] = {
		{ "at", read_nth, offsetof(struct ioasid_platform_failure, nth), 0, 0 },
		{ "errno", read_error, offsetof(struct ioasid_platform_failure, error), 0, 0 },
		{ "repeat", read_repeat, offsetof(struct ioasid_platform_failure, repeat), 0, 0 },
		{ NULL, NULL, 0, 0, 0 },
	};
	struct ioasid_platform_failure failure = IOASID_PLATFORM_FAILURE_INIT;
	const char *name = line_name(line);
	int ret;

	if (!name)
		return line_bad(line, "fail: of what? write fail OPERATION");
	failure.operation = find_operation(name);
	if (!failure.operation)
		return line_bad(line, "unknown operation " W, name);
	ret = line_keys(line, keys, &failure);
	return ret ? ret : line_added(line, ioasid_platform_add_failure(platform, &failure));
}
