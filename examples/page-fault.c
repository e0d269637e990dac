/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * An I/O page fault, from the device to the guest and back: a process in the guest shares its
 * address space with a device, which touches a page that is not there yet.
 *
 * The program plays all parts. The guest: its memory is a memfd; its kernel keeps the page table of
 * the process there (VT-d first stage, the format of x86-64), which the device uses under a PASID,
 * and serves faults. The monitor: passes page requests on to the guest, and the guest's responses
 * back. The device: a thread that does DMA.
 */
#include "example.h"

#include <endian.h>
#include <poll.h>
#include <pthread.h>

#define GUEST_MEMORY	(4u << 20)
#define TABLES		0x100000u	/* guest-physical: levels 4, 3, 2, 1, a page each */
#define FREE_PAGES	0x200000u	/* what the guest's kernel gives to the process */
#define PASID		5u
#define BUFFER		UINT64_C(0x7f0012345000)	/* in the process */

/* VT-d 4.1, 9.7: bit 0 is Present, bit 1 is Read/Write, bit 2 is User/Supervisor */
#define PRESENT		UINT64_C(0x1)
#define PRESENT_WRITE	UINT64_C(0x7)
#define USER_READ	UINT64_C(0x5)

static char *guest;	/* the guest's memory, as its CPU sees it */
static unsigned int pages_given;

/* The entry of the process's page table for @address, at @level. Entries are little-endian. */
static uint64_t *entry(uint64_t address, unsigned int level)
{
	uint64_t *table = (uint64_t *)(guest + TABLES + 4096 * (4 - level));

	return &table[address >> (12 + 9 * (level - 1)) & 511];
}

/* The guest's kernel. All that the process uses lies in one 2 MiB region: four tables do. */
static void guest_maps(uint64_t address, uint64_t physical, uint64_t bits)
{
	unsigned int level;

	for (level = 4; level > 1; level--)
		*entry(address, level) = htole64((TABLES + 4096 * (5 - level)) | PRESENT_WRITE);
	*entry(address, 1) = htole64(physical | bits);
}

/*
 * The guest's page fault handler: a page for the process, or write permission for one that it had
 * for reading. No invalidation: none is needed for that (VT-d 5.10, 6.5.3.5). False: the process
 * has no memory there.
 */
static bool guest_serves(uint64_t address, bool write)
{
	uint64_t now = le64toh(*entry(address, 1));

	if (address < BUFFER || address >= BUFFER + 3 * 4096)
		return false;
	if (now & PRESENT)
		guest_maps(address, now & ~UINT64_C(0xfff), PRESENT_WRITE);
	else
		guest_maps(address, FREE_PAGES + 4096 * pages_given++,
			   write ? PRESENT_WRITE : USER_READ);
	printf("  guest: %#llx of the process %s\n", (unsigned long long)address,
	       now & PRESENT ? "may be written now" : "has a page now");
	return true;
}

/* The monitor: takes the next group, has the guest serve it, and responds. */
static void monitor_serves(struct ioasid_fault_queue *queue)
{
	struct pollfd pollfd = { ioasid_fault_queue_get_fd(queue), POLLIN, 0 };
	struct ioasid_page_request requests[32];
	struct ioasid_page_response response = { 0 };
	int n, i;

	expect(poll(&pollfd, 1, 10000) == 1, "there is a page request");
	n = ioasid_fault_queue_read(queue, requests, 32);
	check(n, "reading page requests");
	response.code = IOASID_PAGE_RESPONSE_SUCCESS;
	for (i = 0; i < n; i++) {
		printf("  monitor: device %llu, PASID %u, group %u, asks to %s %#llx%s\n",
		       (unsigned long long)requests[i].cookie, requests[i].pasid,
		       requests[i].group, requests[i].access & IOASID_WRITE ? "write" : "read",
		       (unsigned long long)requests[i].iova,
		       requests[i].flags & IOASID_PAGE_REQUEST_LAST ? ", last of the group" : "");
		if (!guest_serves(requests[i].iova, requests[i].access & IOASID_WRITE))
			response.code = IOASID_PAGE_RESPONSE_INVALID;
		response.id = requests[i].id;
	}
	printf("  monitor: responds \"%s\"\n",
	       response.code == IOASID_PAGE_RESPONSE_SUCCESS ? "success" : "invalid");
	check(ioasid_fault_queue_respond(queue, &response, 1), "responding");
}

/* The device, in a thread: it waits for as long as it takes. */
struct job {
	pthread_t thread;
	struct ioasid_channel *channel;
	bool write;
	uint64_t address;
	char text[32];
	size_t length;
	int result;
};

static void *run(void *data)
{
	struct job *job = data;

	if (job->write)
		job->result = ioasid_dma_write(job->channel, job->address, job->text, job->length);
	else
		job->result = ioasid_dma_read(job->channel, job->address, job->text, job->length);
	return NULL;
}

static void device_starts(struct job *job, bool write, uint64_t address, size_t length)
{
	job->write = write;
	job->address = address;
	job->length = length;
	expect(!pthread_create(&job->thread, NULL, run, job), "there is a thread");
}

static int device_ends(struct job *job)
{
	pthread_join(job->thread, NULL);
	return job->result;
}

int main(int argc, char **argv)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	struct ioasid_space *memory, *process;
	struct ioasid_event_queue *events;
	struct ioasid_device *device;
	struct ioasid_event event;
	struct ioasid_ctx *ctx;
	struct job job = { 0 };
	struct arguments a;

	a = parse_arguments(argc, argv, "A page fault of a device, served by a guest.");
	ctx = open_context(&a, 0, NULL);
	need(ctx, IOASID_CAP_PAGE_REQUESTS);
	need(ctx, IOASID_CAP_PASID);
	need(ctx, IOASID_CAP_DMA);	/* an edu sends no page requests */
	check(ioasid_event_queue_create(ctx, 0, &events), "creating an event queue");
	device = bind_device(ctx, &a, 0, "0000:00:01.0");

	printf("1. The guest's memory is a root; the page table of a process is nested on it.\n");
	check(ioasid_space_create(ctx, NULL, &memory), "creating the root");
	guest = map_new(memory, 0, GUEST_MEMORY);
	check(ioasid_fault_queue_create(ctx, NULL, &nested.fault_queue), "creating a fault queue");
	nested.parent = memory;
	table.format = IOASID_PGTABLE_VTD_FS;
	table.levels = 4;
	table.root = TABLES;
	check(ioasid_space_create(ctx, &nested, &process), "creating the nested space");
	check(ioasid_space_bind_pgtable(process, &table), "binding the page table");
	check(ioasid_device_attach_pasid(device, PASID, process), "attaching the PASID");
	check(ioasid_channel_open(device, PASID, &job.channel), "opening a channel");

	printf("2. The device writes over the boundary of two pages that the process has not "
	       "touched yet.\n");
	strcpy(job.text, "from the device");
	device_starts(&job, true, BUFFER + 4096 - 4, 16);
	monitor_serves(nested.fault_queue);
	check(device_ends(&job), "the DMA");
	printf("  process: reads \"%.4s%s\"\n", guest + FREE_PAGES + 4092,
	       guest + FREE_PAGES + 4096);
	expect(!strcmp(guest + FREE_PAGES + 4096, " the device"), "it is in the guest's memory");

	printf("3. It reads the next page, for which the guest gives no right to write ...\n");
	device_starts(&job, false, BUFFER + 2 * 4096, 1);
	monitor_serves(nested.fault_queue);
	check(device_ends(&job), "the DMA");

	printf("4. ... and then writes to it: the same page, asked for once more.\n");
	device_starts(&job, true, BUFFER + 2 * 4096, 1);
	monitor_serves(nested.fault_queue);
	check(device_ends(&job), "the DMA");

	printf("5. Where the process has no memory the guest refuses, and the DMA faults.\n");
	device_starts(&job, true, BUFFER + 3 * 4096, 1);
	monitor_serves(nested.fault_queue);
	expect(device_ends(&job) < 0, "the DMA fails");
	expect(ioasid_event_queue_read(events, &event, 1) == 1, "there is a record of it");
	printf("  event: device %llu, PASID %u, at %#llx: %s\n", (unsigned long long)event.cookie,
	       event.pasid, (unsigned long long)event.iova, ioasid_fault_reason_text(event.reason));

	check(ioasid_ctx_close(ctx), "closing the context");
	return EXIT_SUCCESS;
}
