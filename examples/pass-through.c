/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A PCI device is passed through: what the library finds out about it, where it can have mappings,
 * and DMA. The same calls do it on each back end.
 */
#include "example.h"

#include "copier.h"

#define SIZE	4096u
#define RANGES	16u

static void show_ranges(const char *what, const struct ioasid_range *ranges, size_t n)
{
	size_t i;

	printf("  %s:\n", what);
	for (i = 0; i < n && i < RANGES; i++)
		printf("    %#llx-%#llx\n", (unsigned long long)ranges[i].start,
		       (unsigned long long)(ranges[i].start + ranges[i].length - 1));
}

static void show_device(const struct ioasid_device *device)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_range ranges[RANGES];

	check(ioasid_device_query_info(device, &info), "asking about the device");
	printf("%s: requester %#06x, group %u\n", ioasid_device_get_name(device), info.requester,
	       info.group);
	printf("  addresses of %u bits, page sizes %#llx, %s\n", info.address_bits,
	       (unsigned long long)info.page_sizes, info.coherent ? "coherent" : "not coherent");
	if (info.max_mappings)
		printf("  at most %llu mappings\n", (unsigned long long)info.max_mappings);
	show_ranges("reserved", ranges, ioasid_device_query_reserved(device, ranges, RANGES));
}

int main(int argc, char **argv)
{
	struct ioasid_range permitted[RANGES];
	struct ioasid_mapping *mapping[2];
	struct ioasid_device *device;
	struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	struct copier copier;
	struct arguments a;
	char *memory[2];
	int fd, i;
	size_t n;

	a = parse_arguments(argc, argv, "A PCI device is passed through, and does DMA.");
	ctx = open_context(&a, 0, NULL);
	device = bind_device(ctx, &a, 0, "0000:00:01.0");
	show_device(device);

	/* A space takes on the limits of what is attached to it. */
	check(ioasid_space_create(ctx, NULL, &space), "creating a space");
	check(ioasid_device_attach(device, space), "attaching the device");
	n = ioasid_space_query_permitted(space, permitted, RANGES);
	show_ranges("can be mapped", permitted, n);

	for (i = 0; i < 2; i++) {
		memory[i] = new_memory("page", SIZE, &fd);
		check(ioasid_space_map_file(space, 0, fd, 0, SIZE,
					    IOASID_READ | IOASID_WRITE | IOASID_ANY_IOVA,
					    &mapping[i]), "mapping a page");
		close(fd);
		printf("  a page is mapped at %#llx\n",
		       (unsigned long long)ioasid_mapping_get_iova(mapping[i]));
	}
	strcpy(memory[0], "by DMA");
	check(copier_open(&copier, ctx, device), "driving the device");
	check(copier_copy(&copier, ioasid_mapping_get_iova(mapping[0]),
			  ioasid_mapping_get_iova(mapping[1]), 7), "the device's DMA");
	expect(!strcmp(memory[1], "by DMA"), "the device has copied it");
	printf("  the device has copied \"%s\" from one to the other\n", memory[1]);

	copier_close(&copier);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
