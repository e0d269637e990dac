/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * One device, one address space.
 *
 * A driver in user space gives its device a page to read from and a buffer to write to, each at an
 * I/O address, has it copy from one to the other, and takes the buffer back. On the kernel's back
 * ends the device is an edu of QEMU's; the emulated platform's is played by the program.
 */
#include "example.h"

#include "copier.h"

#define SOURCE	0x10000u
#define SIZE	4096u
#define LENGTH	64u

static const char greetings[LENGTH] = "greetings, through the device";

/* The device copies. Whether its requests come through is seen in memory. */
static void copy(struct copier *copier, uint64_t from, uint64_t to)
{
	int ret = copier_copy(copier, from, to, LENGTH);

	/* What an emulated IOMMU blocks is known at once. */
	if (ret && copier->channel)
		printf("device: %s\n", ioasid_errmsg());
	expect(ret != -ETIMEDOUT, "the device ends its work");
}

int main(int argc, char **argv)
{
	struct ioasid_mapping *source_map, *buffer_map;
	struct ioasid_device *device;
	struct ioasid_space *space;
	int source_fd, buffer_fd;
	struct ioasid_ctx *ctx;
	struct copier copier;
	struct arguments a;
	char *source, *buffer;
	uint64_t iova;

	a = parse_arguments(argc, argv, "One device, one address space.");
	ctx = open_context(&a, 0, NULL);

	/* From here on the device belongs to this program, and its DMA is blocked. */
	device = bind_device(ctx, &a, 0, "0000:00:01.0");
	check(copier_open(&copier, ctx, device), "driving the device");

	/*
	 * The address space: the source where the driver wants it, the buffer where there is room.
	 */
	source = new_memory("source", SIZE, &source_fd);
	buffer = new_memory("buffer", SIZE, &buffer_fd);
	check(ioasid_space_create(ctx, NULL, &space), "creating a space");
	check(ioasid_device_attach(device, space), "attaching the device");
	check(ioasid_space_map_file(space, SOURCE, source_fd, 0, SIZE, IOASID_READ, &source_map),
	      "mapping the source");
	check(ioasid_space_map_file(space, 0, buffer_fd, 0, SIZE,
				    IOASID_READ | IOASID_WRITE | IOASID_ANY_IOVA, &buffer_map),
	      "mapping the buffer");
	iova = ioasid_mapping_get_iova(buffer_map);
	printf("driver: the source is at %#x, the buffer at %#llx\n", SOURCE,
	       (unsigned long long)iova);

	memcpy(source, greetings, LENGTH);
	copy(&copier, SOURCE, iova);
	expect(!memcmp(buffer, greetings, LENGTH), "the buffer is filled");
	printf("driver: the buffer says \"%s\"\n", buffer);

	/* The device may read the source. That does not mean that it may write it. */
	memset(buffer, '-', LENGTH);
	copy(&copier, iova, SOURCE);
	expect(!memcmp(source, greetings, LENGTH), "the source is as it was");
	printf("driver: the source cannot be overwritten\n");

	/* When this returns, the device does not reach the buffer any more. */
	check(ioasid_mapping_unmap(buffer_map), "unmapping the buffer");
	copy(&copier, SOURCE, iova);
	expect(buffer[0] == '-', "the buffer is as it was");
	printf("driver: nor can the buffer, since it is unmapped\n");

	copier_close(&copier);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
