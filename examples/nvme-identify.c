/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * The first steps of a driver in user space: it gives an NVMe controller queues in memory that is
 * mapped for it, and has it identify itself. The controller is bound to vfio-pci:
 *
 *	nvme-identify 0000:00:03.0
 */
#include "example.h"

#include "nvme.h"

#define SIZE		4096u
#define QUEUES_IOVA	0x10000u
#define DATA_IOVA	0x20000u

/* NVM Express 1.4, 5.15.2.2, figure 247: text that is filled up with spaces. */
#define SERIAL_AT	4
#define MODEL_AT	24
#define FIRMWARE_AT	64

static void show(const char *what, const uint8_t *text, int length)
{
	while (length && (text[length - 1] == ' ' || !text[length - 1]))
		length--;
	printf("  %s: %.*s\n", what, length, (const char *)text);
}

int main(int argc, char **argv)
{
	struct ioasid_device *device;
	struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	uint8_t *queues, *data;
	struct arguments a;
	struct nvme nvme;
	int ret;

	a = parse_arguments(argc, argv, "An NVMe controller is asked who it is.");
	ctx = open_context(&a, 0, NULL);
	if (!strcmp(ioasid_ctx_get_backend(ctx), "emulated"))
		not_here("emulated", "the platform has IOMMUs, but no NVMe controller");
	device = bind_device(ctx, &a, 0, NULL);

	check(ioasid_space_create(ctx, NULL, &space), "creating a space");
	check(ioasid_device_attach(device, space), "attaching the controller");
	queues = map_new(space, QUEUES_IOVA, (size_t)NVME_QUEUE_PAGES * SIZE);
	data = map_new(space, DATA_IOVA, SIZE);

	ret = nvme_open(&nvme, ioasid_device_get_fd(device), queues, QUEUES_IOVA);
	if (!ret)
		ret = nvme_identify_controller(&nvme, DATA_IOVA);
	if (ret) {
		fprintf(stderr, "the controller does not answer: %d\n", ret);
		return EXIT_FAILURE;
	}
	printf("%s\n", ioasid_device_get_name(device));
	show("serial number", data + SERIAL_AT, 20);
	show("model", data + MODEL_AT, 40);
	show("firmware", data + FIRMWARE_AT, 8);

	nvme_close(&nvme);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
