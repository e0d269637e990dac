/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the examples share: their command line, a check of each call, and memory. */
#ifndef EXAMPLES_EXAMPLE_H
#define EXAMPLES_EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ioasid/ioasid.h>

/* Ends the program if a call has failed. */
static inline void check(int ret, const char *what)
{
	if (ret < 0) {
		fprintf(stderr, "%s: %s\n", what, ioasid_errmsg());
		exit(EXIT_FAILURE);
	}
}

/* Ends the program if what the example shows does not happen. */
static inline void expect(bool happened, const char *what)
{
	if (!happened) {
		fprintf(stderr, "this should have happened: %s\n", what);
		exit(EXIT_FAILURE);
	}
}

/* Handles --help, and returns what --backend names, or NULL. */
static inline const char *backend_option(int argc, char **argv, const char *about)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *backend = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "b:h", options, NULL)) != -1) {
		if (c == 'b') {
			backend = optarg;
			continue;
		}
		fprintf(c == 'h' ? stdout : stderr,
			"usage: %s [--backend NAME]\n\n%s\n\n"
			"  -b, --backend NAME   emulated, iommufd, type1, auto; else by IOASID_BACKEND\n"
			"  -h, --help           this text\n", argv[0], about);
		exit(c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	return backend;
}

/* Memory in a file that can be mapped and shared, but not shrink. */
static inline void *new_memory(const char *name, size_t size, int *fd)
{
	void *memory;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0 || ftruncate(*fd, (off_t)size) || fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK)) {
		perror("memfd");
		exit(EXIT_FAILURE);
	}
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(EXIT_FAILURE);
	}
	return memory;
}

#endif /* EXAMPLES_EXAMPLE_H */
