/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A benchmark's command line: which groups of measures are taken. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "report.h"

struct options options;

static void usage(FILE *f, const char *program)
{
	fprintf(f,
		"usage: %s [OPTION]...\n\n"
		"Measures libioasid, and for each measure a reference in the same run.\n\n"
		"  -f, --filter NAME   only measures whose name contains NAME\n"
		"  -r, --rounds N      rounds of each measure, 1 to %d\n"
		"  -q, --quick         a fifth of the rounds\n"
		"  -j, --json          JSON instead of lines\n"
		"  -l, --list          names of the measures, and what each is compared with\n"
		"  -h, --help          this text\n", program, MAX_ROUNDS);
}

static void list(void)
{
	size_t i, k;

	for (i = 0; i < n_groups; i++)
		for (k = 0; k < groups[i]->n; k++)
			printf("%-31s %s\n", groups[i]->measures[k].name,
			       groups[i]->measures[k].reference);
}

static unsigned int number(const char *text, const char *program)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !n || n > MAX_ROUNDS) {
		usage(stderr, program);
		exit(EXIT_FAILURE);
	}
	return (unsigned int)n;
}

static void parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "filter", required_argument, NULL, 'f' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "quick", no_argument, NULL, 'q' },
		{ "json", no_argument, NULL, 'j' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "f:r:qjlh", known, NULL)) != -1) {
		switch (c) {
		case 'f': options.filter = optarg; break;
		case 'r': options.rounds = number(optarg, argv[0]); break;
		case 'q': options.quick = true; break;
		case 'j': options.json = true; break;
		case 'l': list(); exit(EXIT_SUCCESS);
		default:
			usage(c == 'h' ? stdout : stderr, argv[0]);
			exit(c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
		}
	}
	if (optind < argc) {
		usage(stderr, argv[0]);
		exit(EXIT_FAILURE);
	}
}

static bool wanted(const struct group *group)
{
	size_t i;

	for (i = 0; i < group->n; i++)
		if (is_wanted(&group->measures[i]))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	size_t i;

	parse(argc, argv);
	pin(0);
	report_begin();
	for (i = 0; i < n_groups; i++)
		if (wanted(groups[i]))
			groups[i]->run(groups[i]->measures);
	report_end();
	return EXIT_SUCCESS;
}
