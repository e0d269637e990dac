/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * One device, one address space.
 *
 * A driver in user space gives its device a ring of commands and a buffer, each at an I/O address
 * of the driver's choice, and takes both back. The device is one of the emulated platform, so the
 * program plays it as well.
 */
#include "example.h"

#include <endian.h>
#include <string.h>

#define RING	0x10000u
#define SIZE	4096u

/* Little-endian. */
struct command {
	uint64_t buffer;	/* an I/O address: the device knows no others */
	uint32_t length;
	uint32_t done;
};

/* The device: reads a command from its ring, fills the buffer, and says so. */
static void device_works(struct ioasid_channel *channel)
{
	const uint64_t done = RING + offsetof(struct command, done);
	struct command command;
	char data[SIZE];
	uint64_t before;

	check(ioasid_dma_read(channel, RING, &command, sizeof(command)), "reading the command");
	printf("device: asked to fill %u bytes at I/O address %#llx\n", le32toh(command.length),
	       (unsigned long long)le64toh(command.buffer));

	memset(data, 0, sizeof(data));
	strcpy(data, "greetings from the device");
	check(ioasid_dma_write(channel, le64toh(command.buffer), data, le32toh(command.length)),
	      "filling it");
	check(ioasid_dma_fetch_add(channel, done, 4, 1, &before), "saying so");
}

int main(int argc, char **argv)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_mapping *ring_map, *buffer_map;
	struct ioasid_channel *channel;
	struct ioasid_device *device;
	struct ioasid_space *space;
	struct command *ring;
	struct ioasid_ctx *ctx;
	char *buffer, byte;
	int ring_fd, buffer_fd;

	options.backend = backend_option(argc, argv, "One device, one address space.");
	check(ioasid_ctx_open(&options, &ctx), "opening a context");
	printf("running on the %s back end\n", ioasid_ctx_get_backend(ctx));

	/* From here on the device belongs to this program, and its DMA is blocked. */
	check(ioasid_device_bind(ctx, "0000:00:01.0", 1, &device), "binding the device");
	check(ioasid_channel_open(device, IOASID_NO_PASID, &channel), "opening a channel");

	/* The address space: the ring where the driver wants it, the buffer where there is room. */
	ring = new_memory("ring", SIZE, &ring_fd);
	buffer = new_memory("buffer", SIZE, &buffer_fd);
	check(ioasid_space_create(ctx, NULL, &space), "creating a space");
	check(ioasid_device_attach(device, space), "attaching the device");
	check(ioasid_space_map_file(space, RING, ring_fd, 0, SIZE, IOASID_READ | IOASID_WRITE,
				    &ring_map), "mapping the ring");
	check(ioasid_space_map_file(space, 0, buffer_fd, 0, SIZE, IOASID_WRITE | IOASID_ANY_IOVA,
				    &buffer_map), "mapping the buffer");
	printf("driver: the ring is at %#x, the buffer at %#llx\n", RING,
	       (unsigned long long)ioasid_mapping_get_iova(buffer_map));

	ring->buffer = htole64(ioasid_mapping_get_iova(buffer_map));
	ring->length = htole32(64);
	device_works(channel);
	expect(le32toh(ring->done) == 1 && !strcmp(buffer, "greetings from the device"), "the work");
	printf("driver: %u command done, the buffer says \"%s\"\n", le32toh(ring->done), buffer);

	/* The device may write to the buffer. That does not mean that it may read it. */
	expect(ioasid_dma_read(channel, le64toh(ring->buffer), &byte, 1) < 0, "a fault");
	printf("device: reading it back fails: %s\n", ioasid_errmsg());

	/* When this returns, the device does not reach the buffer any more. */
	check(ioasid_mapping_unmap(buffer_map), "unmapping the buffer");
	expect(ioasid_dma_write(channel, le64toh(ring->buffer), "late", 4) < 0, "a fault");
	printf("device: writing after the unmap fails: %s\n", ioasid_errmsg());

	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
