/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back ends, and a column of each that works: what it can do. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "info.h"

#define BACKENDS 8

struct usable {
	struct ioasid_ctx *ctx[BACKENDS];
	size_t n;
};

static void probe(struct usable *u, const char *name)
{
	int ret = ioasid_backend_probe(name);

	printf("%-24s%s\n", name, ret ? ioasid_errmsg() : "works");
	if (ret || u->n == BACKENDS)
		return;
	u->ctx[u->n] = info_open(name);
	if (u->ctx[u->n])
		u->n++;
}

static void print_capability(const struct usable *u, enum ioasid_capability capability,
			     bool verbose)
{
	size_t i;

	printf("%-24s", ioasid_capability_name(capability));
	for (i = 0; i < u->n; i++)
		printf("%-*s", i + 1 < u->n ? 12 : 0,
		       ioasid_ctx_has(u->ctx[i], capability) ? "yes" : "no");
	putchar('\n');
	for (i = 0; verbose && i < u->n; i++)
		if (!ioasid_ctx_has(u->ctx[i], capability))
			printf("    %s: %s\n", ioasid_ctx_get_backend(u->ctx[i]),
			       ioasid_ctx_why_not(u->ctx[i], capability));
}

static void print_locked(const struct ioasid_ctx *ctx)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	if (ioasid_ctx_query_info(ctx, &info))
		return;
	printf("%-24s", ioasid_ctx_get_backend(ctx));
	if (info.locked_limit == UINT64_MAX)
		puts("any amount of memory can be locked for DMA");
	else
		printf("%" PRIu64 " KiB of memory can be locked for DMA\n",
		       info.locked_limit >> 10);
}

static void print_table(const struct usable *u, bool verbose)
{
	enum ioasid_capability capability;
	size_t i;

	putchar('\n');
	for (i = 0; i < u->n; i++)
		print_locked(u->ctx[i]);
	printf("\n%-24s", "");
	for (i = 0; i < u->n; i++)
		printf("%-*s", i + 1 < u->n ? 12 : 0, ioasid_ctx_get_backend(u->ctx[i]));
	putchar('\n');
	for (capability = 1; ioasid_capability_name(capability); capability++)
		print_capability(u, capability, verbose);
}

int info_backends(const struct options *options)
{
	struct usable u = { .n = 0 };
	const char *name;
	size_t i;

	if (options->backend)
		probe(&u, options->backend);
	else
		for (i = 0; (name = ioasid_backend_name(i)); i++)
			probe(&u, name);
	if (u.n)
		print_table(&u, options->verbose);
	for (i = 0; i < u.n; i++)
		ioasid_ctx_close(u.ctx[i]);
	return u.n ? 0 : -1;
}
