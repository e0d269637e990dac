/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ioasid-info: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "info.h"

enum { EXIT_DONE = 0, EXIT_LACKING = 1, EXIT_USAGE = 2 };

static const char help[] =
	"Usage: ioasid-info [OPTION]... [DEVICE]...\n"
	"Prints which back ends of libioasid work on this machine and what each can do, and the\n"
	"devices that could be used. With DEVICEs, binds each and prints what it and its IOMMU\n"
	"can do.\n"
	"\n"
	"  -b, --backend=NAME  ask this back end only: emulated, iommufd or type1\n"
	"  -v, --verbose       say of what cannot be done why not\n"
	"  -h, --help          print this\n"
	"  -V, --version       print the version\n"
	"\n"
	"Exit status: 0, or 1 if the back end does not work or a DEVICE cannot be bound, or 2 if\n"
	"the command line is wrong.\n";

struct ioasid_ctx *info_open(const char *backend)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_ctx *ctx;

	options.backend = backend;
	if (!ioasid_ctx_open(&options, &ctx))
		return ctx;
	fprintf(stderr, "ioasid-info: %s\n", ioasid_errmsg());
	return NULL;
}

static int print_devices(const struct options *o, char **names, int n)
{
	struct ioasid_ctx *ctx = info_open(o->backend);
	int i, ret = 0;

	if (!ctx)
		return -1;
	for (i = 0; i < n; i++)
		if (info_device(ctx, names[i]))
			ret = -1;
	ioasid_ctx_close(ctx);
	return ret;
}

static int print_machine(const struct options *o)
{
	int ret = info_backends(o);
	bool emulated = o->backend && !strcmp(o->backend, "emulated");

	/* What is wrong with the platform has been said. */
	if (emulated && ret)
		return ret;
	putchar('\n');
	if (emulated)
		return info_platform();
	info_pci();
	return ret;
}

static int usage(void)
{
	fputs("Try 'ioasid-info --help'.\n", stderr);
	return EXIT_USAGE;
}

/* What the command line asks for; returns the exit status. */
static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = { 0 };
	int option, ret;

	while ((option = getopt_long(argc, argv, "b:vhV", options, NULL)) >= 0) {
		switch (option) {
		case 'b':
			o.backend = optarg;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_DONE;
		case 'V':
			printf("ioasid-info (libioasid) %s\n", ioasid_version());
			return EXIT_DONE;
		default:
			return usage();
		}
	}
	ret = optind < argc ? print_devices(&o, argv + optind, argc - optind) : print_machine(&o);
	return ret ? EXIT_LACKING : EXIT_DONE;
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (!fflush(stdout) && !ferror(stdout))
		return status;
	perror("ioasid-info: standard output");
	return EXIT_LACKING;
}
