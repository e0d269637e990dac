/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Two devices, each in an address space of its own, without nesting.
 *
 * A camera writes a picture, and an encoder reads it. They share that one page, at different I/O
 * addresses and with different permissions, and nothing else: what is in the encoder's own memory
 * the camera cannot reach. Both are devices that copy.
 */
#include "example.h"

#include "copier.h"

#define SIZE		4096u
#define LENGTH		64u
#define SENSOR		0x80000u	/* what the camera takes the picture from */
#define PICTURE		0x100000u	/* for the camera */
#define INPUT		0x200000u	/* the same page, for the encoder */
#define SCRATCH		0x300000u	/* the encoder's own */

enum { CAMERA = 1, ENCODER = 2 };	/* cookies: the order on the command line */

static const char cat[LENGTH] = "a cat on a keyboard";

static void copy(struct copier *copier, uint64_t from, uint64_t to)
{
	expect(copier_copy(copier, from, to, LENGTH) != -ETIMEDOUT, "the device ends its work");
}

/* The emulated platform tells; Linux logs faults of real devices, and there is no more to it. */
static void print_fault(struct ioasid_event_queue *queue, uint64_t cookie)
{
	struct ioasid_event event;

	if (ioasid_event_queue_read(queue, &event, 1) != 1)
		return;
	expect(event.type == IOASID_EVENT_FAULT && event.cookie == cookie, "its own fault");
	printf("  fault: the %s, %s at %#llx in space %u: %s\n",
	       event.cookie == CAMERA ? "camera" : "encoder",
	       event.access & IOASID_WRITE ? "write" : "read", (unsigned long long)event.iova,
	       event.space, ioasid_fault_reason_text(event.reason));
}

int main(int argc, char **argv)
{
	struct ioasid_space *camera_space, *encoder_space;
	char *sensor, *picture, *scratch;
	struct ioasid_event_queue *faults;
	struct copier camera, encoder;
	struct ioasid_ctx *ctx;
	struct arguments a;

	a = parse_arguments(argc, argv, "Two devices, a space each, one page shared.");
	ctx = open_context(&a, 0, NULL);
	check(ioasid_event_queue_create(ctx, 0, &faults), "creating an event queue");
	check(copier_open(&camera, ctx, bind_device(ctx, &a, 0, "0000:00:01.0")), "the camera");
	check(copier_open(&encoder, ctx, bind_device(ctx, &a, 1, "0000:00:02.0")), "the encoder");

	printf("Each device gets a space of its own.\n");
	check(ioasid_space_create(ctx, NULL, &camera_space), "creating the camera's space");
	check(ioasid_space_create(ctx, NULL, &encoder_space), "creating the encoder's space");
	check(ioasid_device_attach(camera.device, camera_space), "attaching the camera");
	check(ioasid_device_attach(encoder.device, encoder_space), "attaching the encoder");

	printf("The picture: the camera may write it, the encoder may read it.\n");
	sensor = map_new(camera_space, SENSOR, SIZE);
	picture = map_new(camera_space, PICTURE, SIZE);
	scratch = map_new(encoder_space, SCRATCH, SIZE);
	check(ioasid_space_map_copy(encoder_space, INPUT, camera_space, PICTURE, SIZE, IOASID_READ,
				    NULL), "sharing the picture");

	memcpy(sensor, cat, LENGTH);
	copy(&camera, SENSOR, PICTURE);
	copy(&encoder, INPUT, SCRATCH);
	expect(!memcmp(scratch, cat, LENGTH), "the same picture");
	printf("  the encoder sees: %s\n", scratch);

	printf("The encoder cannot change the picture:\n");
	strcpy(scratch, "a dog");
	copy(&encoder, SCRATCH, INPUT);
	expect(!memcmp(picture, cat, LENGTH), "the picture is as it was");
	print_fault(faults, ENCODER);

	printf("The camera cannot reach the encoder's memory:\n");
	copy(&camera, SENSOR, SCRATCH);
	expect(!strcmp(scratch, "a dog"), "that is as it was");
	print_fault(faults, CAMERA);

	printf("The camera goes; the encoder keeps the picture.\n");
	copier_close(&camera);
	check(ioasid_device_unbind(camera.device), "unbinding the camera");
	check(ioasid_space_destroy(camera_space), "destroying its space");
	copy(&encoder, INPUT, SCRATCH);
	expect(!memcmp(scratch, cat, LENGTH), "the same picture");
	printf("  the encoder sees: %s\n", scratch);

	copier_close(&encoder);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
