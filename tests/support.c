/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

void *memory_new(uint64_t length)
{
	uint8_t *pages = mmap(NULL, (size_t)(length + PAGE), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(pages, MAP_FAILED);
	ck_assert_int_eq(mprotect(pages + length, PAGE, PROT_NONE), 0);
	return pages;
}

void memory_free(void *pages, uint64_t length)
{
	munmap(pages, (size_t)(length + PAGE));
}

int memfd_new(uint64_t length, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint64_t at;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)length), 0);
	for (at = 0; at + PAGE <= length; at += PAGE) {
		uint8_t number = (uint8_t)(at / PAGE);

		ck_assert_int_eq(pwrite(fd, &number, 1, (off_t)at), 1);
	}
	if (seals)
		ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

void test_skip(const char *why)
{
	printf("skipped: %s: %s\n", tcase_name(), why);
	fflush(stdout);
}

bool lacks(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	const char *why = ioasid_ctx_why_not(ctx, capability);

	if (why)
		test_skip(why);
	return why;
}

unsigned int rounds(unsigned int normal)
{
	return test_is_slow() ? normal / 16 + 1 : normal;
}

uint64_t run_ns(uint64_t normal)
{
	const char *seconds = getenv("IOASID_TEST_SECONDS");

	return seconds ? strtoul(seconds, NULL, 10) * UINT64_C(1000000000) : normal;
}

double race_timeout(double normal)
{
	return normal + 2 * (double)run_ns(0) / 1e9;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct ioasid_space *make_space(struct ioasid_ctx *ctx, struct ioasid_space *parent,
			       enum ioasid_fill fill)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = parent;
	options.nesting = parent ? IOASID_NESTING_SOFTWARE : 0;
	options.fill = fill;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	ck_assert_ptr_nonnull(space);
	return space;
}

struct ioasid_channel *channel_new(struct ioasid_device *device, uint32_t pasid)
{
	struct ioasid_channel *channel = NULL;

	ck_ok(ioasid_channel_open(device, pasid, &channel));
	ck_assert_ptr_nonnull(channel);
	return channel;
}

struct ioasid_space_info space_info(const struct ioasid_space *space)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	ck_ok(ioasid_space_query_info(space, &info));
	return info;
}

uint64_t memory_bytes(const struct ioasid_space *space)
{
	return space_info(space).memory_bytes;
}

int dma_get(struct ioasid_channel *channel, uint64_t iova, uint8_t *value)
{
	return ioasid_dma_read(channel, iova, value, 1);
}

int dma_put(struct ioasid_channel *channel, uint64_t iova, uint8_t value)
{
	return ioasid_dma_write(channel, iova, &value, 1);
}

void *dma_where(struct ioasid_channel *channel, uint64_t iova, uint32_t access)
{
	struct iovec piece = { 0 };
	int rc;

	ck_ok(ioasid_dma_begin(channel));
	rc = ioasid_dma_translate(channel, iova, 1, access, &piece, 1);
	ioasid_dma_end(channel);
	if (rc == -EFAULT)
		return NULL;
	ck_assert_msg(rc == 1, "translate is %d: %s", rc, ioasid_errmsg());
	ck_assert_uint_eq(piece.iov_len, 1);
	return piece.iov_base;
}

struct ioasid_event take_event(struct ioasid_event_queue *queue)
{
	struct ioasid_event event;

	memset(&event, 0xee, sizeof(event));
	ck_assert_msg(ioasid_event_queue_read(queue, &event, 1) == 1, "no event waits");
	return event;
}

void drop_events(struct ioasid_event_queue *queue)
{
	struct ioasid_event events[16];

	while (ioasid_event_queue_read(queue, events, 16))
		;
}

const char *guest_platform;

/* Wide enough for five levels, nothing reserved, and two devices. */
static struct ioasid_platform *wide_platform(void)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	struct ioasid_platform *platform;

	if (guest_platform) {
		ck_ok(ioasid_platform_parse(guest_platform, strlen(guest_platform), &platform));
		return platform;
	}
	iommu.name = device.iommu = "wide";
	iommu.address_bits = 59;
	iommu.pasid_bits = device.pasid_bits = 16;
	ck_ok(ioasid_platform_new(&platform));
	ck_ok(ioasid_platform_add_iommu(platform, &iommu));
	device.name = "0000:00:01.0";
	ck_ok(ioasid_platform_add_device(platform, &device));
	device.name = "0000:00:02.0";
	ck_ok(ioasid_platform_add_device(platform, &device));
	return platform;
}

uint64_t guest_size;

static void set_small(void)
{
	guest_size = 8 * MIB;
}

static void set_large(void)
{
	guest_size = 160 * MIB;
}

void suite_add_sizes(Suite *suite, const char *name, void (*add)(TCase *tc))
{
	static char large[64]; /* Check keeps the pointer */
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_small, NULL);
	add(tc);
	suite_add_tcase(suite, tc);
	snprintf(large, sizeof(large), "%s-large", name);
	tc = tcase_create(large);
	tcase_add_checked_fixture(tc, set_large, NULL);
	add(tc);
	suite_add_tcase(suite, tc);
}

void guest_open(struct guest *g, uint64_t size, uint64_t ctx_flags)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform = wide_platform();

	memset(g, 0, sizeof(*g));
	options.backend = "emulated";
	options.platform = platform;
	options.flags = ctx_flags;
	ck_ok(ioasid_ctx_open(&options, &g->ctx));
	ioasid_platform_free(platform);
	ck_ok(ioasid_event_queue_create(g->ctx, 0, &g->queue));
	ck_ok(ioasid_device_bind(g->ctx, "0000:00:01.0", GUEST_COOKIE, &g->device));
	g->channel = channel_new(g->device, IOASID_NO_PASID);
	g->root = make_space(g->ctx, NULL, 0);
	g->size = size;
	g->memory = memory_new(size);
	ck_ok(ioasid_space_map(g->root, 0, g->memory, size, RW, NULL));
}

void guest_close(struct guest *g)
{
	ck_ok(ioasid_ctx_close(g->ctx));
	memory_free(g->memory, g->size);
}

void guest_attach(struct guest *g, struct ioasid_space *space)
{
	ck_ok(ioasid_device_detach(g->device));
	ck_ok(ioasid_device_attach(g->device, space));
}

void guest_faults(struct guest *g, uint64_t iova, uint32_t access, enum ioasid_fault_reason reason)
{
	struct ioasid_device_info info = IOASID_DEVICE_INFO_INIT;
	struct ioasid_space *space = ioasid_device_get_space(g->device);
	struct ioasid_event event;
	uint8_t byte = 0;
	int rc;

	drop_events(g->queue);
	rc = access == IOASID_WRITE ? dma_put(g->channel, iova, 0) :
				      dma_get(g->channel, iova, &byte);
	ck_assert_msg(rc == -EFAULT, "DMA at %#jx is %d, expected a fault: %s", (uintmax_t)iova, rc,
		      ioasid_fault_reason_text(reason));
	event = take_event(g->queue);
	ck_assert_int_eq(event.type, IOASID_EVENT_FAULT);
	ck_assert_msg(event.reason == reason, "DMA at %#jx faults: %s, expected: %s",
		      (uintmax_t)iova, ioasid_fault_reason_text(event.reason),
		      ioasid_fault_reason_text(reason));
	ck_ok(ioasid_device_query_info(g->device, &info));
	ck_assert_uint_eq(event.cookie, GUEST_COOKIE);
	ck_assert_uint_eq(event.requester, info.requester);
	ck_assert_uint_eq(event.pasid, IOASID_NO_PASID);
	ck_assert_uint_eq(event.iova, iova);
	ck_assert_uint_eq(event.access, access);
	ck_assert_uint_eq(event.space, space ? ioasid_space_get_id(space) : 0);
	ck_assert_uint_eq(ioasid_event_queue_read(g->queue, &event, 1), 0);
}

void guest_reaches(struct guest *g, uint64_t iova, uint64_t target, uint32_t perm)
{
	uint32_t access;

	for (access = 1; access <= RW; access++) {
		uint8_t *want = (access & perm) == access ? g->memory + target : NULL;
		uint8_t *got = dma_where(g->channel, iova, access);

		ck_assert_msg(got == want, "%#jx for access %u: guest address %#jx, expected %#jx",
			      (uintmax_t)iova, access, (uintmax_t)(got ? got - g->memory : -1),
			      (uintmax_t)(want ? want - g->memory : -1));
	}
	drop_events(g->queue);
}

int bind_table(struct ioasid_space *space, enum ioasid_pgtable_format format, uint32_t levels,
	       uint64_t root)
{
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;

	pgtable.format = format;
	pgtable.levels = levels;
	pgtable.root = root;
	return ioasid_space_bind_pgtable(space, &pgtable);
}

int inv_range(struct ioasid_ctx *ctx, struct ioasid_space *space, uint64_t iova, uint64_t length)
{
	struct ioasid_inv *inv;
	int rc;

	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_range(inv, space, iova, length, 0));
	rc = ioasid_inv_submit(inv, NULL);
	ioasid_inv_free(inv);
	return rc;
}

int inv_all(struct ioasid_ctx *ctx, struct ioasid_space *space)
{
	struct ioasid_inv *inv;
	int rc;

	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	ck_ok(ioasid_inv_add_all(inv, space, 0));
	rc = ioasid_inv_submit(inv, NULL);
	ioasid_inv_free(inv);
	return rc;
}
