/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * DMA from device to device: one device writes into the memory of another, not into the host's.
 *
 * A network card writes what it receives into a register of an accelerator, to ring its doorbell.
 * The accelerator's memory is mapped into the card's space like any other memory. How depends on
 * the back end: iommufd takes it as a dma-buf that VFIO exports, so that it can be revoked when the
 * accelerator is reset; type1 takes it where it is mapped in the process; for an emulated device,
 * the emulator has the memory, here in a file.
 */
#include "example.h"

#include "copier.h"

#define SIZE		4096u
#define PACKET		0x100000u	/* where the card finds what it has received */
#define DOORBELL	0x40000000u	/* the accelerator's memory, for the card */
#define AT		0x4u		/* the register: an edu's can be read back, inverted */

struct accelerator {
	struct ioasid_device *device;
	volatile uint8_t *memory;
	int fd;				/* of its memory; -1: it has to go by address */
	uint32_t inverts;
	struct edu edu;
};

static void accelerator_open(struct accelerator *x, struct ioasid_ctx *ctx,
			     struct ioasid_device *device)
{
	x->device = device;
	if (ioasid_ctx_has(ctx, IOASID_CAP_DMA)) {
		x->memory = new_memory("accelerator", SIZE, &x->fd);
		x->inverts = 0;
		return;
	}
	expect(!edu_open(&x->edu, ioasid_device_get_fd(device)), "the accelerator is an edu");
	x->memory = x->edu.bar.at;
	x->inverts = UINT32_MAX;
	x->fd = -1;
	if (!strcmp(ioasid_ctx_get_backend(ctx), "type1"))
		return;
	x->fd = pci_export(ioasid_device_get_fd(device), &(struct pci_range){ 0, SIZE }, 1);
	if (x->fd < 0)
		not_here("this kernel", "its VFIO makes no dma-bufs of devices' memory");
}

static uint32_t doorbell(const struct accelerator *x)
{
	return *(const volatile uint32_t *)(x->memory + AT) ^ x->inverts;
}

static int map_accelerator(struct ioasid_space *space, const struct accelerator *x)
{
	if (x->fd >= 0)
		return ioasid_space_map_file(space, DOORBELL, x->fd, 0, SIZE, IOASID_WRITE, NULL);
	return ioasid_space_map(space, DOORBELL, (void *)(uintptr_t)x->memory, SIZE, IOASID_WRITE,
				NULL);
}

/* What the IOMMU blocks does not arrive, and there is no more to it. */
static void receive(struct copier *card, uint32_t *packet, uint32_t what)
{
	*packet = what;
	expect(copier_copy(card, PACKET, DOORBELL + AT, sizeof(*packet)) != -ETIMEDOUT,
	       "the card ends its work");
}

int main(int argc, char **argv)
{
	struct ioasid_space *space;
	struct accelerator x;
	struct ioasid_ctx *ctx;
	struct copier card;
	struct arguments a;
	uint32_t *packet;

	a = parse_arguments(argc, argv, "One device writes into the memory of another.");
	ctx = open_context(&a, 0, NULL);
	check(copier_open(&card, ctx, bind_device(ctx, &a, 0, "0000:00:01.0")), "the card");
	accelerator_open(&x, ctx, bind_device(ctx, &a, 1, "0000:00:02.0"));

	printf("The card may read its packets, and write to the accelerator.\n");
	check(ioasid_space_create(ctx, NULL, &space), "creating the card's space");
	packet = map_new(space, PACKET, SIZE);
	check(map_accelerator(space, &x), "mapping the accelerator's memory");
	check(ioasid_device_attach(card.device, space), "attaching the card");

	receive(&card, packet, 0x1234);
	expect(doorbell(&x) == 0x1234, "the doorbell rings");
	printf("  the accelerator hears: %#x\n", doorbell(&x));

	printf("Not any more, once that is unmapped:\n");
	check(ioasid_space_unmap(space, DOORBELL, SIZE, NULL), "unmapping it");
	receive(&card, packet, 0x5678);
	expect(doorbell(&x) == 0x1234, "the doorbell is silent");
	printf("  the accelerator still has: %#x\n", doorbell(&x));

	copier_close(&card);
	if (x.inverts)
		edu_close(&x.edu);
	if (x.fd >= 0)
		close(x.fd);
	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
