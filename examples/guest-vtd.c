/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A monitor that emulates an Intel VT-d for its guest, with all that takes: from the guest's root
 * table to the page table of a device, from the invalidation queue to the shadow, and from a fault
 * to the record that the guest's driver reads.
 *
 * The program plays both. The guest's part stores to guest memory and rings the queue's doorbell;
 * the monitor's part is what a VMM needs. Section numbers are those of the VT-d specification, 4.1.
 */
#include "example.h"

#include <endian.h>
#include <ioasid/vtd.h>

#include "copier.h"

/* Guest-physical addresses. */
#define GUEST_MEMORY	(4u << 20)
#define ROOT		0x1000u
#define CONTEXT		0x2000u		/* of bus 0 */
#define QUEUE		0x3000u
#define DESCRIPTORS	256u		/* there (IQA_REG.QS = 0) */
#define STATUS		0x4000u		/* where the guest waits */
#define TABLES		0x100000u	/* levels 3, 2, 1 */
#define PACKET		0x200000u
#define BUFFER		0x345000u

#define SOURCE		0x10u		/* the guest has its network card at 00:02.0 */
#define DOMAIN		7u
#define IOVA_PACKET	0xbeef0000u
#define IOVA_BUFFER	0xbeef1000u

/* The unit: 16 bits of domain-id, 3 levels, 39 bits, PSI, caching mode (11.4.2), a queue and
 * pass-through (11.4.3). */
#define CAP		(6u | 1u << 7 | 1u << 9 | 38u << 16 | UINT64_C(1) << 39)
#define ECAP		(1u << 1 | 1u << 6)

static char *guest;			/* its memory, as its CPU sees it */

static uint64_t *guest_quad(uint64_t address)
{
	return (uint64_t *)(void *)(guest + address);
}

/* ---- The monitor ---- */

struct unit {
	struct ioasid_vtd_caps caps;
	uint64_t rtaddr;		/* RTADDR_REG, latched */
	uint32_t head;			/* IQH_REG, in descriptors of 16 bytes */
	struct ioasid_ctx *ctx;
	struct ioasid_space *memory;	/* the guest's */
	struct ioasid_inv *batch;
	struct ioasid_event_queue *faults;
	/* The one device behind it. */
	struct copier card;
	struct ioasid_vtd_translation use;
	struct ioasid_space *table;	/* of its page table; or NULL */
};

static int read_guest(void *opaque, uint64_t address, void *buffer, size_t length)
{
	(void)opaque;
	if (address > GUEST_MEMORY - length)
		return -1;
	memcpy(buffer, guest + address, length);
	return 0;
}

/* A space of the card's table, on guest memory. NULL: the guest has named one that cannot be. */
static struct ioasid_space *new_table(struct unit *u)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_space *space;

	check(ioasid_vtd_translation_get_pgtable(&u->use, &u->caps, IOASID_PGTABLE_VTD_SS, &table),
	      "describing the table");
	options.parent = u->memory;
	options.nesting = IOASID_NESTING_SOFTWARE;
	check(ioasid_space_create(u->ctx, &options, &space), "creating a nested space");
	if (!ioasid_space_bind_pgtable(space, &table))
		return space;
	printf("  monitor: %s\n", ioasid_errmsg());
	check(ioasid_space_destroy(space), "destroying it");
	return NULL;
}

static void move_card(struct unit *u, struct ioasid_space *space)
{
	struct ioasid_device *card = u->card.device;

	if (!space)
		check(ioasid_device_detach(card), "blocking the card");
	else if (ioasid_device_get_space(card))
		check(ioasid_device_replace(card, space), "moving the card");
	else
		check(ioasid_device_attach(card, space), "attaching the card");
}

/* When this returns, no DMA uses what the batch has invalidated. */
static void submit(struct unit *u)
{
	if (ioasid_inv_get_count(u->batch))
		check(ioasid_inv_submit(u->batch, NULL), "invalidating");
	ioasid_inv_reset(u->batch);
}

/*
 * The guest has invalidated what says which table the card uses: look anew. What it has invalidated
 * before can be about the old space, so it is carried out before that goes.
 */
static void look_up(struct unit *u)
{
	struct ioasid_space *old = u->table;

	submit(u);
	check(ioasid_vtd_lookup(&u->caps, u->rtaddr, SOURCE, IOASID_NO_PASID, read_guest, NULL,
				&u->use), "looking up the card's table");
	u->table = u->use.kind == IOASID_VTD_SECOND_STAGE ? new_table(u) : NULL;
	move_card(u, u->use.kind == IOASID_VTD_PASSTHROUGH ? u->memory : u->table);
	check(ioasid_space_destroy(old), "destroying the old space");
	printf("  monitor: the card %s\n", u->table ? "uses a table" :
	       u->use.kind == IOASID_VTD_PASSTHROUGH ? "is passed through" : "is blocked");
}

static void carry_out(struct unit *u, const struct ioasid_vtd_inv *inv)
{
	if (ioasid_vtd_inv_is_lookup_stale(inv, SOURCE, &u->use))
		look_up(u);
	if (u->table)
		check(ioasid_vtd_inv_add(inv, &u->use, u->batch, u->table), "adding to the batch");
	if (inv->type != IOASID_VTD_INV_WAIT)
		return;
	submit(u);
	if (inv->status_write && inv->status_address <= GUEST_MEMORY - 4)
		*(volatile uint32_t *)(void *)(guest + inv->status_address) =
			htole32(inv->status_data);
}

/* The guest has written IQT_REG: what it likes. A descriptor is copied before it is looked at. */
static void doorbell(struct unit *u, uint32_t tail)
{
	if (tail >= DESCRIPTORS) {
		printf("  monitor: the tail is beyond the queue, which stops with 0x1\n");
		return;
	}
	for (; u->head != tail; u->head = (u->head + 1) % DESCRIPTORS) {
		const volatile uint64_t *at = guest_quad(QUEUE + 16 * u->head);
		const uint64_t raw[2] = { le64toh(at[0]), le64toh(at[1]) };
		struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
		enum ioasid_vtd_reason why;

		if (ioasid_vtd_inv_decode(&u->caps, u->rtaddr, raw, sizeof(raw), &inv, &why)) {
			printf("  monitor: a malformed descriptor, %s: the queue stops with %#x\n",
			       ioasid_vtd_reason_text(why), ioasid_vtd_reason_get_queue_error(why));
			return;
		}
		carry_out(u, &inv);
	}
	submit(u);
}

/* Of real devices the host's kernel logs faults, and there are no events. */
static void report_faults(struct unit *u)
{
	struct ioasid_event event;
	uint64_t record[2];

	while (ioasid_event_queue_read(u->faults, &event, 1) == 1)
		if (ioasid_vtd_fault_encode(&event, SOURCE, &u->use, record))
			printf("  guest's driver: fault of %02x:%02x.%x at %#llx, reason %#04x\n",
			       (unsigned int)(record[1] >> 8 & 0xff),
			       (unsigned int)(record[1] >> 3 & 0x1f),
			       (unsigned int)(record[1] & 7),
			       (unsigned long long)(record[0] & ~UINT64_C(0xfff)),
			       (unsigned int)(record[1] >> 32 & 0xff));
}

/* ---- The guest ---- */

static uint32_t tail;

static void queue(uint64_t low, uint64_t high)
{
	*guest_quad(QUEUE + 16 * tail) = htole64(low);
	*guest_quad(QUEUE + 16 * tail + 8) = htole64(high);
	tail = (tail + 1) % DESCRIPTORS;
}

/* A wait (6.5.2.8) that stores 1, the doorbell, and then it waits. */
static void ring(struct unit *u)
{
	*(volatile uint32_t *)(void *)(guest + STATUS) = 0;
	queue(5 | 1u << 5 | UINT64_C(1) << 32, STATUS);
	doorbell(u, tail);
	expect(*(volatile uint32_t *)(void *)(guest + STATUS) == htole32(1), "the wait ends");
}

/* A context entry (9.3), and the invalidation of the card's (6.5.2.1), and of its domain. */
static void set_context(struct unit *u, uint64_t low, uint64_t high)
{
	*guest_quad(CONTEXT + 16 * SOURCE + 8) = htole64(high);
	*guest_quad(CONTEXT + 16 * SOURCE) = htole64(low);
	queue(1 | 3u << 4 | DOMAIN << 16 | (uint64_t)SOURCE << 32, 0);
	queue(2 | 2u << 4 | DOMAIN << 16, 0);
	ring(u);
}

/* A second-stage entry (9.8): read and write; and the invalidation of the page (6.5.2.3). */
static void change_page(uint64_t iova, uint64_t entry)
{
	*guest_quad(TABLES + 0x2000 + 8 * (iova >> 12 & 511)) = htole64(entry);
	queue(2 | 3u << 4 | DOMAIN << 16, iova);
}

static void set_page(struct unit *u, uint64_t iova, uint64_t entry)
{
	change_page(iova, entry);
	ring(u);
}

static void write_tables(void)
{
	const uint64_t level2 = TABLES + 0x1000, level1 = TABLES + 0x2000;

	*guest_quad(ROOT) = htole64(CONTEXT | 1);
	*guest_quad(TABLES + 8 * (IOVA_PACKET >> 30 & 511)) = htole64(level2 | 3);
	*guest_quad(level2 + 8 * (IOVA_PACKET >> 21 & 511)) = htole64(level1 | 3);
}

/* ---- */

static bool card_copies(struct unit *u, uint64_t from, uint64_t to, const char *what)
{
	memset(guest + BUFFER, 0, 64);
	strcpy(guest + PACKET, what);
	expect(copier_copy(&u->card, from, to, 64) != -ETIMEDOUT, "the card ends its work");
	report_faults(u);
	printf("  guest: in the buffer is \"%s\"\n", guest + BUFFER);
	return !strcmp(guest + BUFFER, what);
}

static void open_unit(struct unit *u, const struct arguments *a)
{
	*u = (struct unit){ .rtaddr = ROOT, .use = IOASID_VTD_TRANSLATION_INIT };
	ioasid_vtd_caps_init(&u->caps, CAP, ECAP);
	u->ctx = open_context(a, 0, NULL);
	need(u->ctx, IOASID_CAP_NESTING_SOFTWARE);
	check(ioasid_event_queue_create(u->ctx, 0, &u->faults), "creating an event queue");
	check(ioasid_inv_new(u->ctx, 64, &u->batch), "making a batch");
	check(copier_open(&u->card, u->ctx, bind_device(u->ctx, a, 0, "0000:00:01.0")), "the card");
	check(ioasid_space_create(u->ctx, NULL, &u->memory), "creating the root");
	guest = map_new(u->memory, 0, GUEST_MEMORY);
	/* Until its guest enables translation (GSTS_REG.TES), a unit passes all requests on: this
	 * one's has done so. */
	look_up(u);
}

int main(int argc, char **argv)
{
	struct arguments a = parse_arguments(argc, argv, "A monitor that emulates an Intel VT-d.");
	struct unit u;

	open_unit(&u, &a);

	printf("1. The guest puts its network card behind a page table, and maps two pages.\n");
	write_tables();
	set_context(&u, TABLES | 1, 1 | DOMAIN << 8);
	set_page(&u, IOVA_PACKET, PACKET | 3);
	set_page(&u, IOVA_BUFFER, BUFFER | 3);
	expect(card_copies(&u, IOVA_PACKET, IOVA_BUFFER, "hello"), "the packet arrives");

	printf("2. It unmaps the buffer. The card tries it again.\n");
	set_page(&u, IOVA_BUFFER, 0);
	expect(!card_copies(&u, IOVA_PACKET, IOVA_BUFFER, "late"), "the packet is blocked");

	printf("3. It unmaps the packet, passes the card through, and waits for both at once.\n"
	       "   Addresses are guest-physical ones then.\n");
	change_page(IOVA_PACKET, 0);
	set_context(&u, 2u << 2 | 1, 1 | DOMAIN << 8);
	expect(card_copies(&u, PACKET, BUFFER, "straight"), "the packet arrives");

	printf("4. It takes the context entry away.\n");
	set_context(&u, 0, 0);
	expect(!card_copies(&u, PACKET, BUFFER, "too late"), "the packet is blocked");

	printf("5. Its queue has a descriptor that means nothing, and then no end.\n");
	queue(0xf, 0);
	doorbell(&u, tail);
	doorbell(&u, DESCRIPTORS);

	ioasid_inv_free(u.batch);
	copier_close(&u.card);
	check(ioasid_ctx_close(u.ctx), "closing the context");
	return EXIT_SUCCESS;
}
