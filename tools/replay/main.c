/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ioasid-replay: the command line. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ioasid/version.h>

#include "replay.h"

enum { EXIT_SAME = 0, EXIT_DIFFERING = 1, EXIT_TROUBLE = 2 };

static const char help[] =
	"Usage: ioasid-replay [OPTION]... CAPTURE\n"
	"Replays what a guest did to its I/O page tables and invalidation queue, and compares\n"
	"the spaces that come out with what is expected, step by step. CAPTURE is a directory\n"
	"or an archive that tar can unpack.\n"
	"\n"
	"  --fill=demand        fill spaces when a DMA misses\n"
	"  --fill=invalidation  fill them when the guest invalidates (default: as the capture\n"
	"                       asks for; both, one after the other, if its guest sends\n"
	"                       nothing for new mappings)\n"
	"  --step=N             stop after step N\n"
	"  --drop=N             leave out descriptor N, and print the missing invalidations that\n"
	"                       the library names\n"
	"  --audit              print these of the capture as it is; it need not say what is\n"
	"                       expected\n"
	"  -q, --quiet          print the last line only\n"
	"  -v, --verbose        print each difference\n"
	"  -h, --help           print this\n"
	"  -V, --version        print the version\n"
	"\n"
	"Steps and descriptors count from 0. Exit status: 0 if nothing differs, or is\n"
	"found by --audit, 1 if something does, 2 if the command line or the capture is wrong.\n";

static int usage(void)
{
	fputs("Try 'ioasid-replay --help'.\n", stderr);
	return -1;
}

static int parse_number(const char *option, const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *number == UINT64_MAX) {
		fail("--%s: '%s' is not a number", option, text);
		return usage();
	}
	return 0;
}

static int parse_fill(const char *text, enum ioasid_fill *fill)
{
	if (!strcmp(text, "demand"))
		*fill = IOASID_FILL_ON_DEMAND;
	else if (!strcmp(text, "invalidation"))
		*fill = IOASID_FILL_ON_INVALIDATION;
	else {
		fail("--fill: '%s' is neither 'demand' nor 'invalidation'", text);
		return usage();
	}
	return 0;
}

/* 0: go on; 1: done; -1: wrong. */
static int parse_option(struct options *o, int option)
{
	switch (option) {
	case 'q':
		o->quiet = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case 'f':
		return parse_fill(optarg, &o->fill);
	case 's':
		return parse_number("step", optarg, &o->last_step);
	case 'a':
		o->audit = o->unexpecting = true;
		return 0;
	case 'd':
		o->audit = true;
		return parse_number("drop", optarg, &o->drop);
	case 'h':
		fputs(help, stdout);
		return 1;
	case 'V':
		printf("ioasid-replay (libioasid) %s\n", ioasid_version());
		return 1;
	default:
		return usage();
	}
}

static int parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "fill", required_argument, NULL, 'f' },
		{ "step", required_argument, NULL, 's' },
		{ "drop", required_argument, NULL, 'd' },
		{ "audit", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int option, ret;

	while ((option = getopt_long(argc, argv, "qvhV", options, NULL)) >= 0) {
		ret = parse_option(o, option);
		if (ret)
			return ret;
	}
	if (argc - optind != 1) {
		fail(argc == optind ? "which capture?" : "one capture at a time");
		return usage();
	}
	o->path = argv[optind];
	return 0;
}

/* The numbers on the command line have to be of something in the capture. */
static int check_numbers(const struct options *o, const struct capture *c)
{
	uint64_t n = 0;

	if (o->last_step != UINT64_MAX && o->last_step >= c->n_steps)
		return fail("--step: the last step is %zu", c->n_steps - 1);
	for (size_t i = 0; i < c->n_steps && i <= o->last_step; i++)
		n += c->steps[i].n_inv;
	if (o->drop != UINT64_MAX && o->drop >= n)
		return fail("--drop: there are %" PRIu64 " descriptors, from 0", n);
	return 0;
}

/*
 * Where the guest sends nothing for new mappings, only a space that is filled on demand can have
 * them all; one filled on invalidation still must not have anything else. The audit names what was
 * used too long, which takes a DMA that fills first; if nobody says what that could use, the spaces
 * are filled by what the guest invalidates.
 */
static int replay(const struct options *o, const struct capture *c, struct totals *totals)
{
	bool both = !c->new_mappings_are_invalidated && !o->fill && !o->audit;
	enum ioasid_fill first = o->fill;

	if (!first)
		first = c->new_mappings_are_invalidated || c->lacks_maps ?
			IOASID_FILL_ON_INVALIDATION : IOASID_FILL_ON_DEMAND;
	if (replay_pass(o, c, first, totals))
		return -1;
	return both ? replay_pass(o, c, IOASID_FILL_ON_INVALIDATION, totals) : 0;
}

/* The status, unless something of what was printed is lost. */
static int flushed(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fail("standard output: %s", strerror(errno));
	return EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
	struct options o = { .last_step = UINT64_MAX, .drop = UINT64_MAX };
	struct totals totals = { 0 };
	struct capture c;
	int ret = parse(&o, argc, argv);

	if (ret)
		return ret < 0 ? EXIT_TROUBLE : flushed(EXIT_SAME);
	if (capture_load(&c, o.path, o.unexpecting))
		return EXIT_TROUBLE;
	ret = check_numbers(&o, &c);
	if (!ret) {
		report_capture(&o, &c);
		ret = replay(&o, &c, &totals);
	}
	if (!ret)
		report_totals(&o, &totals);
	capture_free(&c);
	if (ret)
		return EXIT_TROUBLE;
	ret = totals.differing || (o.unexpecting && totals.named);
	return flushed(ret ? EXIT_DIFFERING : EXIT_SAME);
}
