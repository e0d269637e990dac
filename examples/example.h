/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* What the examples share: their command line, a check of each call, and memory. */
#ifndef EXAMPLES_EXAMPLE_H
#define EXAMPLES_EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Ends the program, with the status that test runners take for a skip. */
static inline void not_here(const char *backend, const char *why)
{
	printf("not on %s: %s\n", backend, why);
	exit(77);
}

/* Ends the program if the back end lacks what the example is about. */
static inline void need(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	if (!ioasid_ctx_has(ctx, capability))
		not_here(ioasid_ctx_get_backend(ctx), ioasid_ctx_why_not(ctx, capability));
}

/* What a device's own IOMMU can do: of the kernel's they differ. */
static inline struct ioasid_device_info device_info(const struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;

	check(ioasid_device_query_info(device, &info), "asking about a device");
	return info;
}

/* The command line. */
struct arguments {
	const char *program, *backend;
	char **devices;
	int n_devices;
};

static inline struct arguments parse_arguments(int argc, char **argv, const char *about)
{
	static const struct option options[] = {
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .program = argv[0] };
	int c;

	while ((c = getopt_long(argc, argv, "b:h", options, NULL)) != -1) {
		if (c == 'b') {
			a.backend = optarg;
			continue;
		}
		fprintf(c == 'h' ? stdout : stderr,
			"usage: %s [--backend NAME] [DEVICE...]\n\n%s\n\n"
			"  -b, --backend NAME   emulated, iommufd, type1, auto\n"
			"                       (else by IOASID_BACKEND)\n"
			"  -h, --help           this text\n"
			"  DEVICE               PCI addresses, of edu devices of QEMU's where the\n"
			"                       device has to do DMA; else those of the emulated\n"
			"                       platform\n",
			argv[0], about);
		exit(c == 'h' ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	a.devices = argv + optind;
	a.n_devices = argc - optind;
	return a;
}

/* On the back end asked for; @platform: what to emulate, if it is the emulated one; or NULL. */
static inline struct ioasid_ctx *open_context(const struct arguments *a, uint64_t flags,
					      const char *platform)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	const char *name = a->backend ? a->backend : getenv("IOASID_BACKEND");
	struct ioasid_platform *p = NULL;
	struct ioasid_ctx *ctx = NULL;
	int ret;

	if (platform && (!name || !strcmp(name, "emulated"))) {
		ret = ioasid_platform_parse(platform, strlen(platform), &p);
		check(ret, "describing the platform");
	}
	options.backend = a->backend;
	options.platform = p;
	options.flags = flags;
	ret = ioasid_ctx_open(&options, &ctx);
	ioasid_platform_free(p);
	if (ret == -EOPNOTSUPP && name)
		not_here(name, ioasid_errmsg());
	check(ret, "opening a context");
	printf("running on the %s back end\n", ioasid_ctx_get_backend(ctx));
	return ctx;
}

/* Binds the device that the command line names as the @index-th; @emulated: its default. */
static inline struct ioasid_device *bind_device(struct ioasid_ctx *ctx, const struct arguments *a,
						int index, const char *emulated)
{
	struct ioasid_device *device = NULL;
	const char *name = emulated;

	if (index < a->n_devices) {
		name = a->devices[index];
	} else if (strcmp(ioasid_ctx_get_backend(ctx), "emulated")) {
		fprintf(stderr, "%s: say which devices, at least %d\n", a->program, index + 1);
		exit(EXIT_FAILURE);
	}
	/* The cookie is what records call the device by. */
	check(ioasid_device_bind(ctx, name, (uint64_t)index + 1, &device), "binding the device");
	return device;
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

/* The same, mapped at @iova for reading and writing. */
static inline void *map_new(struct ioasid_space *space, uint64_t iova, size_t size)
{
	void *memory;
	int fd;

	memory = new_memory("mapped", size, &fd);
	check(ioasid_space_map_file(space, iova, fd, 0, size, IOASID_READ | IOASID_WRITE, NULL),
	      "mapping memory");
	close(fd);
	return memory;
}

#endif /* EXAMPLES_EXAMPLE_H */
