/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Two devices, each in an address space of its own, without nesting.
 *
 * A camera writes a picture, and an encoder reads it. They share that one page, at different I/O
 * addresses and with different permissions, and nothing else: what is in the encoder's own memory
 * the camera cannot reach.
 */
#include "example.h"

#include <string.h>

#define SIZE		4096u
#define PICTURE		0x100000u	/* for the camera */
#define INPUT		0x200000u	/* the same page, for the encoder */
#define SCRATCH		0x300000u	/* the encoder's own */

enum { CAMERA = 1, ENCODER = 2 };	/* cookies */

static void print_fault(struct ioasid_event_queue *queue, uint64_t cookie)
{
	struct ioasid_event event;

	expect(ioasid_event_queue_read(queue, &event, 1) == 1, "an event");
	expect(event.type == IOASID_EVENT_FAULT && event.cookie == cookie, "its own fault");
	printf("  fault: the %s, %s at %#llx in space %u: %s\n",
	       event.cookie == CAMERA ? "camera" : "encoder",
	       event.access & IOASID_WRITE ? "write" : "read", (unsigned long long)event.iova,
	       event.space, ioasid_fault_reason_text(event.reason));
}

int main(int argc, char **argv)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space *camera_space, *encoder_space;
	struct ioasid_channel *camera_dma, *encoder_dma;
	struct ioasid_device *camera, *encoder;
	struct ioasid_event_queue *faults;
	struct ioasid_ctx *ctx;
	char picture[20];
	int picture_fd, scratch_fd;

	options.backend = backend_option(argc, argv, "Two devices, a space each, one page shared.");
	check(ioasid_ctx_open(&options, &ctx), "opening a context");
	check(ioasid_event_queue_create(ctx, 0, &faults), "creating an event queue");
	check(ioasid_device_bind(ctx, "0000:00:01.0", CAMERA, &camera), "binding the camera");
	check(ioasid_device_bind(ctx, "0000:00:02.0", ENCODER, &encoder), "binding the encoder");
	check(ioasid_channel_open(camera, IOASID_NO_PASID, &camera_dma), "its channel");
	check(ioasid_channel_open(encoder, IOASID_NO_PASID, &encoder_dma), "its channel");

	printf("Each device gets a space of its own.\n");
	check(ioasid_space_create(ctx, NULL, &camera_space), "creating the camera's space");
	check(ioasid_space_create(ctx, NULL, &encoder_space), "creating the encoder's space");
	check(ioasid_device_attach(camera, camera_space), "attaching the camera");
	check(ioasid_device_attach(encoder, encoder_space), "attaching the encoder");

	printf("The picture: the camera may write it, the encoder may read it.\n");
	new_memory("picture", SIZE, &picture_fd);
	new_memory("scratch", SIZE, &scratch_fd);
	check(ioasid_space_map_file(camera_space, PICTURE, picture_fd, 0, SIZE,
				    IOASID_READ | IOASID_WRITE, NULL), "mapping the picture");
	check(ioasid_space_map_copy(encoder_space, INPUT, camera_space, PICTURE, SIZE, IOASID_READ,
				    NULL), "sharing the picture");
	check(ioasid_space_map_file(encoder_space, SCRATCH, scratch_fd, 0, SIZE,
				    IOASID_READ | IOASID_WRITE, NULL), "mapping the scratch page");

	check(ioasid_dma_write(camera_dma, PICTURE, "a cat on a keyboard", 20), "taking it");
	check(ioasid_dma_read(encoder_dma, INPUT, picture, 20), "encoding it");
	expect(!strcmp(picture, "a cat on a keyboard"), "the same picture");
	printf("  the encoder sees: %s\n", picture);

	printf("The encoder cannot change the picture:\n");
	expect(ioasid_dma_write(encoder_dma, INPUT, "a dog", 6) < 0, "a fault");
	print_fault(faults, ENCODER);

	printf("The camera cannot reach the encoder's memory:\n");
	expect(ioasid_dma_write(camera_dma, SCRATCH, "oops", 5) < 0, "a fault");
	print_fault(faults, CAMERA);

	printf("The camera goes; the encoder keeps the picture.\n");
	check(ioasid_channel_close(camera_dma), "closing the camera's channel");
	check(ioasid_device_unbind(camera), "unbinding the camera");
	check(ioasid_space_destroy(camera_space), "destroying its space");
	memset(picture, 0, sizeof(picture));
	check(ioasid_dma_read(encoder_dma, INPUT, picture, 20), "reading it again");
	expect(!strcmp(picture, "a cat on a keyboard"), "the same picture");
	printf("  the encoder sees: %s\n", picture);

	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
