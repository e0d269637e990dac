/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A monitor that offers its guest a virtio-iommu: domains become spaces on guest memory, endpoints
 * devices, and the guest's requests mappings; faults become reports.
 *
 * The program plays both. The guest's part writes requests as they stand in the request queue; the
 * queues themselves are left out. Section numbers are those of the Virtual I/O Device
 * specification, 1.3.
 */
#include "example.h"

#include <endian.h>
#include <ioasid/virtio.h>

#include "copier.h"

#define GUEST_MEMORY	(4u << 20)
#define PACKET		0x200000u	/* guest-physical */
#define BUFFER		0x345000u
#define IOVA_PACKET	0x10000u
#define IOVA_BUFFER	0x11000u

#define ENDPOINT	0x10u		/* the guest's number for its network card */
#define DOMAIN		1u
#define DOMAINS		4u
#define PROBE_BYTES	512u
#define RANGES		16u

static char *guest;			/* its memory, as its CPU sees it */

/* ---- The monitor ---- */

struct unit {
	struct ioasid_virtio_config config;
	struct ioasid_ctx *ctx;
	struct ioasid_space *memory;	/* the guest's */
	struct ioasid_space *domains[DOMAINS];
	struct ioasid_event_queue *faults;
	/* The one endpoint. */
	struct copier card;
	uint32_t domain;		/* that it is attached to; DOMAINS: none */
};

/* A domain begins with its first endpoint (5.13.6.3), and ends with the last. */
static struct ioasid_space *domain_new(struct unit *u, bool bypass)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	if (bypass)
		return u->memory;
	options.parent = u->memory;
	options.nesting = IOASID_NESTING_SOFTWARE;
	return ioasid_space_create(u->ctx, &options, &space) ? NULL : space;
}

static void domain_end(struct unit *u, struct ioasid_space *space)
{
	if (space != u->memory)
		check(ioasid_space_destroy(space), "destroying a domain");
}

static enum ioasid_virtio_status attach(struct unit *u, const struct ioasid_virtio_request *r)
{
	struct ioasid_space *space = u->domains[r->domain];
	bool moves = u->domain != DOMAINS;

	if (space)	/* with one endpoint, which is there */
		return r->bypass == (space == u->memory) ? IOASID_VIRTIO_OK : IOASID_VIRTIO_INVAL;
	space = domain_new(u, r->bypass);
	if (!space)
		return IOASID_VIRTIO_NOMEM;
	if (moves ? ioasid_device_replace(u->card.device, space) :
		    ioasid_device_attach(u->card.device, space)) {
		domain_end(u, space);
		return IOASID_VIRTIO_DEVERR;
	}
	if (moves) {
		domain_end(u, u->domains[u->domain]);
		u->domains[u->domain] = NULL;
	}
	u->domain = r->domain;
	u->domains[u->domain] = space;
	return IOASID_VIRTIO_OK;
}

static enum ioasid_virtio_status detach(struct unit *u, const struct ioasid_virtio_request *r)
{
	if (u->domain != r->domain)
		return IOASID_VIRTIO_INVAL;
	if (ioasid_device_detach(u->card.device))
		return IOASID_VIRTIO_DEVERR;
	domain_end(u, u->domains[u->domain]);
	u->domains[u->domain] = NULL;
	u->domain = DOMAINS;
	return IOASID_VIRTIO_OK;
}

/* Where the card's own IOMMU has no mappings, nor can the guest's (5.13.6.7). */
static enum ioasid_virtio_status probe(struct unit *u, void *properties)
{
	struct ioasid_range ranges[RANGES];
	struct ioasid_virtio_reserved reserved[RANGES];
	size_t i, n = ioasid_device_query_reserved(u->card.device, ranges, RANGES);

	if (n > RANGES)
		return IOASID_VIRTIO_DEVERR;
	for (i = 0; i < n; i++)
		reserved[i] = (struct ioasid_virtio_reserved){
			.first = ranges[i].start,
			.last = ranges[i].start + ranges[i].length - 1,
		};
	return ioasid_virtio_probe_encode(&u->config, reserved, n, properties, PROBE_BYTES);
}

static enum ioasid_virtio_status carry_out(struct unit *u, const struct ioasid_virtio_request *r,
					   void *properties)
{
	bool mapping = r->type == IOASID_VIRTIO_MAP || r->type == IOASID_VIRTIO_UNMAP;

	if (!mapping && r->endpoint != ENDPOINT)
		return IOASID_VIRTIO_NOENT;
	if (mapping && !u->domains[r->domain])
		return IOASID_VIRTIO_NOENT;
	if (mapping && u->domains[r->domain] == u->memory)
		return IOASID_VIRTIO_INVAL;
	switch (r->type) {
	case IOASID_VIRTIO_ATTACH:
		return attach(u, r);
	case IOASID_VIRTIO_DETACH:
		return detach(u, r);
	case IOASID_VIRTIO_MAP:
		return ioasid_virtio_map(r, u->domains[r->domain]);
	case IOASID_VIRTIO_UNMAP:
		return ioasid_virtio_unmap(r, u->domains[r->domain]);
	case IOASID_VIRTIO_PROBE:
		return probe(u, properties);
	}
	return IOASID_VIRTIO_UNSUPP;
}

/*
 * @raw has been copied out of the queue: what the guest does to it meanwhile does not matter.
 * False: its buffer goes back as it is, with a used length of 0.
 */
static bool request(struct unit *u, const void *raw, size_t bytes, void *properties,
		    enum ioasid_virtio_status *status)
{
	struct ioasid_virtio_request r = IOASID_VIRTIO_REQUEST_INIT;
	int ret = ioasid_virtio_request_decode(&u->config, raw, bytes, &r, status);

	if (ret == -EOPNOTSUPP)
		return false;
	if (!ret)
		*status = carry_out(u, &r, properties);
	return true;
}

/* Of real devices the host's kernel logs faults, and there are no events. */
static void report_faults(struct unit *u)
{
	uint8_t report[IOASID_VIRTIO_FAULT_BYTES];
	struct ioasid_event event;
	uint64_t address;

	while (ioasid_event_queue_read(u->faults, &event, 1) == 1) {
		ioasid_virtio_fault_encode(&event, ENDPOINT, report);
		memcpy(&address, report + 16, sizeof(address));
		printf("  guest's driver: a fault of endpoint %#x, reason %u, at %#llx\n",
		       report[8], report[0], (unsigned long long)le64toh(address));
	}
}

/* ---- The guest ---- */

static void send(struct unit *u, const void *raw, size_t bytes, void *properties,
		 enum ioasid_virtio_status expected)
{
	enum ioasid_virtio_status status;

	expect(request(u, raw, bytes, properties, &status), "the request is answered");
	printf("  monitor: status %d\n", (int)status);
	expect(status == expected, "the status is another one");
}

/* 5.13.6.3, 5.13.6.4 */
static void send_attach(struct unit *u, enum ioasid_virtio_type type, uint32_t domain)
{
	const uint32_t raw[5] = { htole32(type), htole32(domain), htole32(ENDPOINT) };

	send(u, raw, sizeof(raw), NULL, IOASID_VIRTIO_OK);
}

/* 5.13.6.5: readable and writable */
static void send_map(struct unit *u, uint64_t iova, uint64_t physical,
		     enum ioasid_virtio_status expected)
{
	const uint64_t numbers[3] = { htole64(iova), htole64(iova + 4095), htole64(physical) };
	uint32_t raw[9] = { htole32(IOASID_VIRTIO_MAP), htole32(DOMAIN) };

	memcpy(raw + 2, numbers, sizeof(numbers));
	raw[8] = htole32(3);
	send(u, raw, sizeof(raw), NULL, expected);
}

/* 5.13.6.6 */
static void send_unmap(struct unit *u, uint64_t iova)
{
	const uint64_t numbers[2] = { htole64(iova), htole64(iova + 4095) };
	uint32_t raw[7] = { htole32(IOASID_VIRTIO_UNMAP), htole32(DOMAIN) };

	memcpy(raw + 2, numbers, sizeof(numbers));
	send(u, raw, sizeof(raw), NULL, IOASID_VIRTIO_OK);
}

/* Of a later version: the monitor does not know whether it has room for a status, or where. */
static void send_unknown(struct unit *u)
{
	const uint32_t raw[5] = { htole32(0x7f) };
	enum ioasid_virtio_status status;

	expect(!request(u, raw, sizeof(raw), NULL, &status), "the request is not answered");
	printf("  monitor: a request that is unknown\n");
}

/* 5.13.6.7: a list of properties; RESV_MEM is of type 1. */
static void send_probe(struct unit *u)
{
	const uint32_t raw[18] = { htole32(IOASID_VIRTIO_PROBE), htole32(ENDPOINT) };
	unsigned char properties[PROBE_BYTES], *at;
	uint64_t range[2];

	send(u, raw, sizeof(raw), properties, IOASID_VIRTIO_OK);
	for (at = properties; at < properties + PROBE_BYTES && at[0] == 1; at += 24) {
		memcpy(range, at + 8, sizeof(range));
		printf("  guest's driver: nothing at %#llx-%#llx\n",
		       (unsigned long long)le64toh(range[0]),
		       (unsigned long long)le64toh(range[1]));
	}
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
	*u = (struct unit){
		.config = {
			.features = IOASID_VIRTIO_F_MAP_UNMAP | IOASID_VIRTIO_F_DOMAIN_RANGE |
				    IOASID_VIRTIO_F_PROBE,
			.page_size_mask = ~UINT64_C(0xfff),
			.domain_last = DOMAINS - 1,
			.probe_size = PROBE_BYTES,
		},
		.domain = DOMAINS,
	};
	u->ctx = open_context(a, 0, NULL);
	need(u->ctx, IOASID_CAP_NESTING_SOFTWARE);
	check(ioasid_event_queue_create(u->ctx, 0, &u->faults), "creating an event queue");
	check(copier_open(&u->card, u->ctx, bind_device(u->ctx, a, 0, "0000:00:01.0")), "the card");
	check(ioasid_space_create(u->ctx, NULL, &u->memory), "creating the root");
	guest = map_new(u->memory, 0, GUEST_MEMORY);
}

int main(int argc, char **argv)
{
	struct arguments a = parse_arguments(argc, argv, "A monitor with a virtio-iommu.");
	struct unit u;

	open_unit(&u, &a);

	printf("1. The guest asks what it cannot map for its network card.\n");
	send_probe(&u);

	printf("2. It puts the card into a domain, and maps two pages.\n");
	send_attach(&u, IOASID_VIRTIO_ATTACH, DOMAIN);
	send_map(&u, IOVA_PACKET, PACKET, IOASID_VIRTIO_OK);
	send_map(&u, IOVA_BUFFER, BUFFER, IOASID_VIRTIO_OK);
	expect(card_copies(&u, IOVA_PACKET, IOVA_BUFFER, "hello"), "the packet arrives");

	printf("3. It maps one of them again.\n");
	send_map(&u, IOVA_BUFFER, PACKET, IOASID_VIRTIO_INVAL);

	printf("4. It unmaps the buffer. The card tries it again.\n");
	send_unmap(&u, IOVA_BUFFER);
	expect(!card_copies(&u, IOVA_PACKET, IOVA_BUFFER, "late"), "the packet is blocked");

	printf("5. It takes the card out of the domain.\n");
	send_attach(&u, IOASID_VIRTIO_DETACH, DOMAIN);
	expect(!card_copies(&u, IOVA_PACKET, IOVA_PACKET, "too late"), "the packet is blocked");

	printf("6. It sends what is no request.\n");
	send_unknown(&u);

	copier_close(&u.card);
	check(ioasid_ctx_close(u.ctx), "closing the context");
	return EXIT_SUCCESS;
}
