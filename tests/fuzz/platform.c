/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Platform files: what can be read is written so that it is read as the same again. */
#include <errno.h>

#include "fuzz.h"

static char *text_of(const struct ioasid_platform *platform, size_t *length)
{
	char *text;

	*length = ioasid_platform_format(platform, NULL, 0);
	text = malloc(*length + 1);
	must(ioasid_platform_format(platform, text, *length + 1) == *length, "a second length");
	must(strlen(text) == *length, "length %zu, returned %zu", strlen(text), *length);
	return text;
}

/* In a buffer that is too small: terminated, and the beginning of the text. */
static void check_cut(const struct ioasid_platform *platform, const char *text, size_t length,
		      size_t size)
{
	char *cut = malloc(size);

	must(ioasid_platform_format(platform, cut, size) == length, "cut to %zu", size);
	must(strlen(cut) == size - 1 && !memcmp(cut, text, size - 1), "cut to %zu: %s", size, cut);
	free(cut);
}

/* It fails for no platform but one that says so. */
static void check_open(const struct ioasid_platform *platform, const char *text)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *untouched = (void *)&options, *ctx = untouched;
	int rc;

	options.backend = "emulated";
	options.platform = platform;
	rc = ioasid_ctx_open(&options, &ctx);
	if (!rc) {
		must_succeed(ioasid_ctx_close(ctx));
		return;
	}
	must(strstr(text, "fail open"), "open is %d: %s\n%s", rc, ioasid_errmsg(), text);
	must(ctx == untouched, "a handle from a call that failed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ioasid_platform *untouched = (void *)&size, *first = untouched, *second;
	char *text, *again;
	size_t length, length_again;
	int rc = ioasid_platform_parse((const char *)data, size, &first);

	if (rc) {
		must(rc == -EINVAL, "parse is %d", rc);
		must(first == untouched, "a handle from a call that failed");
		must(ioasid_errmsg()[0], "no message");
		return 0;
	}
	text = text_of(first, &length);
	must_succeed(ioasid_platform_parse(text, length, &second));
	again = text_of(second, &length_again);
	must(length == length_again && !memcmp(text, again, length), "\n%s\n%s", text, again);
	if (length)
		check_cut(first, text, length, 1 + size % length);
	check_open(second, text);
	ioasid_platform_free(first);
	ioasid_platform_free(second);
	free(text);
	free(again);
	return 0;
}
