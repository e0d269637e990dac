/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command queues of a guest's that the emulated IOMMU reads: what the guest writes into memory and
 * registers, and what it finds there. Offsets and bits are those of Linux's driver of NVIDIA's
 * CMDQV, commands those of Arm IHI 0070, chapter 4.
 */
#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "any.h"
#include "errmsg.h"
#include "viommu_world.h"

#define NH_ASID 0x11u
#define NH_VA	0x12u
#define ATC_INV 0x40u
#define SYNC	0x46u
#define CONS	0
#define PROD	1
#define CONFIG	2
#define STATUS	3
#define GERROR	4
#define GERRORN 5

#define QUEUE (2 * MIB) /* in the guest's memory */
#define SECOND (2 * MIB + 65536)

static struct viommu_world w;
static uint32_t *registers;

static void world_open(enum ioasid_nesting nesting)
{
	struct ioasid_viommu_info info = IOASID_VIOMMU_INFO_INIT;
	void *at;

	viommu_open(&w, IOASID_VIOMMU_TEGRA241, nesting);
	ck_ok(ioasid_viommu_query_info(w.viommu, &info));
	ck_assert_uint_eq(info.registers_length, 65536);
	ck_ok(ioasid_viommu_map_registers(w.viommu, info.registers_offset, info.registers_length,
					  &at));
	registers = at;
}

static int make(uint32_t index, uint64_t iova, uint64_t length, struct ioasid_hw_queue **queue)
{
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;

	options.type = IOASID_HW_QUEUE_TEGRA241;
	options.index = index;
	options.iova = iova;
	options.length = length;
	return ioasid_hw_queue_create(w.viommu, &options, queue);
}

static uint32_t get(unsigned int queue, unsigned int reg)
{
	return le32toh(__atomic_load_n(&registers[0x20 * queue + reg], __ATOMIC_ACQUIRE));
}

static void set(unsigned int queue, unsigned int reg, uint32_t value)
{
	__atomic_store_n(&registers[0x20 * queue + reg], htole32(value), __ATOMIC_RELEASE);
}

/* Of @places commands; the guest enables it. */
static struct ioasid_hw_queue *queue_new(unsigned int index, uint64_t at, unsigned int places)
{
	struct ioasid_hw_queue *queue = NULL;

	ck_ok(make(index, at, 16 * places, &queue));
	set(index, CONFIG, 1);
	return queue;
}

static void put(uint64_t queue, unsigned int place, uint64_t low, uint64_t high)
{
	gt_store((uint64_t *)(void *)(w.g.memory + queue + 16 * place), low);
	gt_store((uint64_t *)(void *)(w.g.memory + queue + 16 * place + 8), high);
}

static void put_va(uint64_t queue, unsigned int place, uint64_t page)
{
	put(queue, place, NH_VA, (HW_AT + page * PAGE) | 1);
}

static int page(uint64_t n)
{
	return viommu_page(&w, w.g.channel, n);
}

START_TEST(a_queue_is_read_when_it_is_kicked)
{
	struct ioasid_hw_queue *queue;

	world_open(_i ? IOASID_NESTING_HARDWARE : IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 256);
	ck_assert_int_eq(page(0), 16);
	viommu_set(&w, 0, 40);
	put_va(QUEUE, 0, 0);
	put(QUEUE, 1, SYNC, 0);
	set(0, PROD, 2);
	ck_assert_int_eq(page(0), 16);
	ck_assert_uint_eq(get(0, CONS), 0);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 2);
	ck_assert_uint_eq(get(0, STATUS), 1);
	ck_assert_int_eq(page(0), 40);

	viommu_set(&w, 0, 41);
	put(QUEUE, 2, NH_ASID | UINT64_C(7) << 48, 0);
	set(0, PROD, 3);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_int_eq(page(0), 41);
	ck_ok(ioasid_hw_queue_kick(queue)); /* nothing waits */
	ck_assert_uint_eq(get(0, CONS), 3);
	guest_close(&w.g);
}
END_TEST

/* A device whose TLB is told explicitly, by the guest's name for it. */
START_TEST(device_TLBs_are_told)
{
	struct ioasid_hw_queue *queue;
	struct ioasid_vdevice *vdevice;
	struct ioasid_channel *channel;
	struct ioasid_device *device;

	world_open(IOASID_NESTING_HARDWARE);
	device = viommu_bind(w.g.ctx, "0000:00:02.0");
	ck_ok(ioasid_vdevice_create(w.viommu, device, 9, &vdevice));
	ck_ok(ioasid_device_attach(device, w.space));
	channel = channel_new(device, IOASID_NO_PASID);
	queue = queue_new(0, QUEUE, 2);
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	viommu_set(&w, 0, 40);
	put_va(QUEUE, 0, 0);
	set(0, PROD, 1);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_int_eq(viommu_page(&w, channel, 0), 16);
	put(QUEUE, 1, ATC_INV | UINT64_C(9) << 32, HW_AT);
	set(0, PROD, 2);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_int_eq(viommu_page(&w, channel, 0), 40);
	guest_close(&w.g);
}
END_TEST

/* IHI 0070, 3.5.1: indices have one bit more than places. */
START_TEST(a_queue_goes_round)
{
	struct ioasid_hw_queue *queue;
	unsigned int n;

	world_open(IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 4);
	for (n = 0; n < 40; n += 1 + n % 4) {
		unsigned int next = n + 1 + n % 4, i;

		for (i = n; i < next; i++) {
			ck_assert_int_ge(page(i % 16), 0);
			viommu_set(&w, i % 16, 100 + i);
			put_va(QUEUE, i % 4, i % 16);
		}
		set(0, PROD, next % 8);
		ck_ok(ioasid_hw_queue_kick(queue));
		ck_assert_uint_eq(get(0, CONS), next % 8);
		for (i = n; i < next; i++)
			ck_assert_int_eq(page(i % 16), (int)(100 + i));
	}
	guest_close(&w.g);
}
END_TEST

START_TEST(a_queue_that_is_not_enabled_is_not_read)
{
	struct ioasid_hw_queue *queue = NULL;

	world_open(IOASID_NESTING_SOFTWARE);
	ck_ok(make(0, QUEUE, 4096, &queue));
	put(QUEUE, 5, SYNC, 0);
	set(0, PROD, 6);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS) | get(0, STATUS), 0);
	set(0, CONS, 5); /* it begins there */
	set(0, CONFIG, 1);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 6);
	set(0, CONS, 3); /* the IOMMU's own from now on */
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 6);
	set(0, CONFIG, 0);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, STATUS), 0);
	guest_close(&w.g);
}
END_TEST

static const struct {
	uint64_t low, high;
} illegal[] = {
	{ 0x30, 0 }, /* TLBI_NSNH_ALL, which goes by the SMMUv3's queue; so do the next */
	{ 0x10, 0 }, { 0x13, 1 }, { 0x05 | (uint64_t)VSID << 32, 1 }, { 0x06, 0 }, { 0x03, 0 },
	{ 0, 0 }, { 0xff, 0 }, { UINT64_MAX, UINT64_MAX },
	{ ATC_INV | UINT64_C(0x77) << 32, 0 }, /* no vDEVICE */
	{ NH_VA | 1 << 8, 0 }, /* reserved */
	{ SYNC | 1 << 12, 0 }, { SYNC | 2 << 12, 0 }, /* CS: interrupt, event */
};

#define ILLEGAL ((int)(sizeof(illegal) / sizeof(*illegal)))

/* 4.1.5 and 7.1, and IOASID_EVENTS_TEGRA241. */
START_TEST(an_illegal_command_stops_the_queue_until_it_is_acknowledged)
{
	struct ioasid_event_queue *events;
	struct ioasid_hw_queue *queue, *first;
	struct ioasid_event e;

	world_open(IOASID_NESTING_SOFTWARE);
	events = events_new(w.viommu, IOASID_EVENTS_TEGRA241, 0);
	first = queue_new(0, SECOND, 256);
	queue = queue_new(1, QUEUE, 4);
	ck_assert_int_eq(page(0), 16);
	ck_assert_int_eq(page(1), 17);
	viommu_set(&w, 0, 40);
	viommu_set(&w, 1, 41);
	put_va(QUEUE, 0, 0);
	put(QUEUE, 1, illegal[_i].low, illegal[_i].high);
	put_va(QUEUE, 2, 1);
	set(1, PROD, 3);
	errmsg_fail();
	ck_ok(ioasid_hw_queue_kick(queue));
	errmsg_is_unchanged();
	ck_assert_uint_eq(get(1, CONS), 1 | 1 << 24);
	ck_assert_uint_eq(get(1, GERROR), 1);
	ck_assert_int_eq(page(0), 40);
	ck_assert_int_eq(page(1), 17);
	e = take_event(events);
	ck_assert_int_eq(e.type, IOASID_EVENT_RECORD);
	ck_assert_uint_eq(e.record_size, 16);
	ck_assert(e.record[0] == htole64(2) && e.record[1] == 0);
	ck_assert_uint_eq(e.sequence, 0);

	ck_ok(ioasid_hw_queue_kick(queue));
	ck_ok(ioasid_hw_queue_kick(first)); /* is another queue */
	ck_assert_uint_eq(get(1, CONS), 1 | 1 << 24);
	ck_assert_uint_eq(get(0, GERROR) | get(0, CONS), 0);
	ck_assert_uint_eq(ioasid_event_queue_read(events, &e, 1), 0);

	put(QUEUE, 1, SYNC, 0);
	set(1, GERRORN, 1);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(1, CONS), 3);
	ck_assert_int_eq(page(1), 41);
	/* the next one is told by the bit's being clear */
	put(QUEUE, 3, 0, 0);
	set(1, PROD, 4);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(1, GERROR), 0);
	ck_assert_uint_eq(get(1, CONS), 3 | 1 << 24);
	ck_assert_uint_eq(take_event(events).sequence, 1);
	guest_close(&w.g);
}
END_TEST

START_TEST(faults_are_no_events_of_queues)
{
	struct ioasid_event_queue *errors, *faults;
	struct ioasid_event e;

	world_open(IOASID_NESTING_SOFTWARE);
	errors = events_new(w.viommu, IOASID_EVENTS_TEGRA241, 0);
	faults = events_new(w.viommu, IOASID_EVENTS_SMMUV3, 0);
	ck_assert_int_eq(page(100), -1);
	ck_assert_uint_eq(take_event(faults).record_size, 32);
	ck_assert_uint_eq(ioasid_event_queue_read(errors, &e, 1), 0);
	guest_close(&w.g);
}
END_TEST

/* What a guest claims to have written costs no more than a whole queue. */
START_TEST(a_kick_is_bounded)
{
	struct ioasid_hw_queue *queue;
	unsigned int n;

	world_open(IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 8);
	for (n = 0; n < 8; n++)
		put(QUEUE, n, SYNC, 0);
	set(0, PROD, UINT32_MAX); /* 15: 8 of them, and 7 at places that were read */
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 8);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 15);
	guest_close(&w.g);
}
END_TEST

/* Anything in registers and memory: every call returns, and nothing but the guest's is read. */
START_TEST(hostile_registers_and_commands)
{
	struct ioasid_hw_queue *queue[3];
	uint64_t dice = UINT64_C(0x9e3779b97f4a7c15);
	unsigned int n, i;

	world_open(IOASID_NESTING_HARDWARE);
	for (i = 0; i < 3; i++)
		queue[i] = queue_new(i, QUEUE + i * 65536, 2u << 2 * i);
	for (n = 0; n < rounds(20000); n++) {
		uint64_t r = xorshift(&dice);

		i = (unsigned int)(r % 3);
		put(QUEUE + i * 65536, (unsigned int)(r >> 8) % (2u << 2 * i),
		    r >> 60 ? (r >> 59 & 1 ? NH_VA : SYNC) : r, xorshift(&dice));
		set(i, (unsigned int)(r >> 16) % 6, (uint32_t)(r >> 20 & 7 ? r >> 24 : r >> 55));
		if (r >> 61)
			set(i, CONFIG, 1);
		if (r >> 62)
			set(i, GERRORN, get(i, GERROR));
		ck_ok(ioasid_hw_queue_kick(queue[i]));
		ck_assert_uint_lt(get(i, CONS) & 0xffffff, UINT32_C(1) << 24);
	}
	guest_close(&w.g);
}
END_TEST

START_TEST(queues_are_where_Linux_lets_them_be)
{
	struct ioasid_hw_queue *q = NULL, *other;
	uint8_t *large = memory_new(16 * MIB);

	world_open(IOASID_NESTING_SOFTWARE);
	ck_ok(ioasid_space_map(w.g.root, 2 * GIB, large, 16 * MIB, RW, NULL));
	ck_ok(ioasid_space_map(w.g.root, GIB, w.g.memory, PAGE, RW, NULL));
	ck_ok(ioasid_space_map(w.g.root, GIB + PAGE, w.g.memory + 2 * PAGE, PAGE, RW, NULL));
	ck_err(make(0, QUEUE, 0, &q), EINVAL);
	ck_err(make(0, UINT64_MAX - 10, 32, &q), EOVERFLOW);
	ck_err(make(0, HW_SIZE, 4096, &q), ENOENT);
	ck_err(make(0, HW_SIZE - PAGE, 2 * PAGE, &q), ENOENT);
	ck_err(make(0, GIB, 2 * PAGE, &q), EFAULT);
	ck_err(make(16, QUEUE, 4096, &q), EINVAL);
	ck_err(make(1, QUEUE, 4096, &q), EIO);
	ck_err(make(0, QUEUE, 16, &q), EINVAL);
	ck_err(make(0, QUEUE, 48, &q), EINVAL);
	ck_err(make(0, QUEUE + 16, 32, &q), EINVAL);
	ck_err(make(0, QUEUE + PAGE, 2 * PAGE, &q), EINVAL);
	ck_err(make(0, 2 * GIB, 16 * MIB, &q), EINVAL);
	ck_assert_ptr_null(q);
	ck_ok(make(0, QUEUE + 32, 32, &q));
	ck_err(make(0, QUEUE, 32, &other), EEXIST);
	ck_err(make(2, QUEUE, 32, &other), EIO);
	ck_ok(make(1, GIB, PAGE, &other));
	ck_err(ioasid_hw_queue_destroy(q), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(other));
	ck_ok(ioasid_hw_queue_destroy(q));
	ck_ok(make(0, 0, 8 * MIB, &q)); /* all there can be */
	guest_close(&w.g);
	memory_free(large, 16 * MIB);
}
END_TEST

START_TEST(only_some_vIOMMUs_have_queues)
{
	struct ioasid_hw_queue_options raw = IOASID_HW_QUEUE_OPTIONS_INIT;
	struct ioasid_viommu_info info = IOASID_VIOMMU_INFO_INIT;
	struct ioasid_hw_queue *q = NULL;
	void *at;

	world_open(IOASID_NESTING_SOFTWARE);
	raw.type = IOASID_HW_QUEUE_RAW;
	raw.raw_type = 1;
	raw.length = 32;
	ck_err(ioasid_hw_queue_create(w.viommu, &raw, &q), EOPNOTSUPP);
	ck_ok(ioasid_viommu_query_info(w.viommu, &info));
	ck_err(ioasid_viommu_map_registers(w.viommu, info.registers_offset, 65536, &at), EBUSY);
	w.viommu = viommu_new(w.g.root, w.g.device, IOASID_VIOMMU_TEGRA241);
	ck_err(ioasid_viommu_map_registers(w.viommu, info.registers_offset + PAGE, 65536, &at),
	       EINVAL);
	ck_err(ioasid_viommu_map_registers(w.viommu, info.registers_offset, PAGE, &at), EINVAL);
	w.viommu = viommu_new(w.g.root, w.g.device, IOASID_VIOMMU_SMMUV3);
	ck_err(make(0, QUEUE, 32, &q), EOPNOTSUPP);
	ck_err(ioasid_viommu_map_registers(w.viommu, 0, 65536, &at), EOPNOTSUPP);
	ck_assert_ptr_null(q);
	guest_close(&w.g);
}
END_TEST

START_TEST(its_memory_stays)
{
	struct ioasid_hw_queue *queue;
	uint64_t unmapped;

	world_open(IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 4);
	ck_ok(ioasid_space_map(w.g.root, GIB, w.g.memory, PAGE, RW, NULL));
	ck_err(ioasid_space_unmap(w.g.root, 0, HW_SIZE, NULL), EBUSY);
	ck_err(ioasid_space_unmap_all(w.g.root, NULL), EBUSY);
	ck_err(ioasid_mapping_unmap(ioasid_space_find_mapping(w.g.root, QUEUE, 1)), EBUSY);
	ck_ok(ioasid_space_unmap(w.g.root, GIB, PAGE, &unmapped)); /* not that */
	put(QUEUE, 0, SYNC, 0);
	set(0, PROD, 1);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 1);
	ck_err(ioasid_viommu_destroy(w.viommu), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(queue));
	ck_ok(ioasid_space_unmap_all(w.g.root, NULL));
	guest_close(&w.g);
}
END_TEST

START_TEST(it_is_an_SMMUv3_besides)
{
	const uint64_t nsnh_all[2] = { htole64(0x30), 0 };
	struct ioasid_vdevice *vdevice;
	size_t done;

	world_open(IOASID_NESTING_SOFTWARE);
	viommu_set(&w, 0, 40);
	ck_ok(ioasid_viommu_invalidate(w.viommu, nsnh_all, 16, 1, &done));
	ck_assert_int_eq(page(0), 40);
	ck_ok(ioasid_device_detach(w.g.device));
	ck_ok(ioasid_vdevice_destroy(w.vdevice));
	ck_err(ioasid_vdevice_create(w.viommu, w.g.device, 1 << 20, &vdevice), EINVAL);
	ck_ok(ioasid_vdevice_create(w.viommu, w.g.device, (1 << 20) - 1, &vdevice));
	guest_close(&w.g);
}
END_TEST

START_TEST(registered_memory_that_it_reads_stays)
{
	struct ioasid_hw_queue *queue;
	struct ioasid_space *identity;
	uint64_t at;

	world_open(IOASID_NESTING_SOFTWARE);
	at = (uintptr_t)w.g.memory + QUEUE;
	ck_ok(ioasid_ctx_register_memory(w.g.ctx, w.g.memory + QUEUE, MIB, RW));
	ck_ok(ioasid_ctx_get_identity_root(w.g.ctx, &identity));
	w.viommu = viommu_new(identity, w.g.device, IOASID_VIOMMU_TEGRA241);
	ck_ok(make(0, at, 64, &queue));
	ck_err(ioasid_ctx_unregister_memory(w.g.ctx, w.g.memory + QUEUE, MIB), EBUSY);
	ck_ok(ioasid_hw_queue_destroy(queue));
	ck_ok(ioasid_ctx_unregister_memory(w.g.ctx, w.g.memory + QUEUE, MIB));
	guest_close(&w.g);
}
END_TEST

START_TEST(not_inside_a_section)
{
	struct ioasid_hw_queue *queue;

	world_open(IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 4);
	put(QUEUE, 0, SYNC, 0);
	set(0, PROD, 1);
	ck_ok(ioasid_dma_begin(w.g.channel));
	ck_err(ioasid_hw_queue_kick(queue), EDEADLK);
	ioasid_dma_end(w.g.channel);
	ck_assert_uint_eq(get(0, CONS), 0);
	ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(get(0, CONS), 1);
	guest_close(&w.g);
}
END_TEST

static void *kick_often(void *opaque)
{
	unsigned int n;

	for (n = 0; n < rounds(2000); n++)
		ioasid_hw_queue_kick(opaque);
	return NULL;
}

/* A page is taken away, and must not be used when CONS has passed the command. */
START_TEST(threads_kick_and_the_guest_waits)
{
	struct ioasid_hw_queue *queue;
	pthread_t threads[2];
	unsigned int n, i;

	world_open(_i ? IOASID_NESTING_HARDWARE : IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, 16);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, kick_often, queue), 0);
	for (n = 0; n < rounds(500); n++) {
		unsigned int prod = 2 * (n + 1) % 32;

		viommu_set(&w, 3, 100 + n);
		put_va(QUEUE, 2 * n % 16, 3);
		put(QUEUE, (2 * n + 1) % 16, SYNC, 0);
		set(0, PROD, prod);
		while (get(0, CONS) != prod)
			ck_ok(ioasid_hw_queue_kick(queue));
		ck_assert_int_eq(page(3), (int)(100 + n));
	}
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	guest_close(&w.g);
}
END_TEST

/* The process gets so much more memory, and no more. */
static void limit_memory(struct rlimit *before, uint64_t bytes)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long long pages = 0;
	struct rlimit limit;

	ck_assert(file && fscanf(file, "%llu", &pages) == 1 && !fclose(file));
	ck_assert_int_eq(getrlimit(RLIMIT_AS, before), 0);
	limit = *before;
	limit.rlim_cur = (rlim_t)(pages * (uint64_t)sysconf(_SC_PAGESIZE) + bytes);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
}

/* Commands that are for all PASIDs of a device each: in a queue of the guest's, or passed on. */
START_TEST(what_commands_mean_takes_little_memory)
{
	const uint32_t pasids = rounds(4096), n = 256;
	struct ioasid_hw_queue *queue;
	struct rlimit limit;
	size_t handled = 0;
	uint32_t i;

	world_open(IOASID_NESTING_SOFTWARE);
	queue = queue_new(0, QUEUE, n);
	for (i = 1; i <= pasids; i++)
		ck_ok(ioasid_device_attach_pasid(w.g.device, i, w.g.root));
	/* SSV and Global; a size of all addresses (4.5.1) */
	for (i = 0; i < n; i++)
		put(QUEUE, i, ATC_INV | 1 << 9 | 1 << 11 | 1 << 12 | (uint64_t)VSID << 32, 52);
	set(0, PROD, n);
	limit_memory(&limit, 32 * MIB);
	if (_i)
		ck_ok(ioasid_viommu_invalidate(w.viommu, w.g.memory + QUEUE, 16, n, &handled));
	else
		ck_ok(ioasid_hw_queue_kick(queue));
	ck_assert_uint_eq(_i ? handled : get(0, CONS), n);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	guest_close(&w.g);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, what_commands_mean_takes_little_memory, 0, 2);
	tcase_add_loop_test(tc, a_queue_is_read_when_it_is_kicked, 0, 2);
	tcase_add_test(tc, device_TLBs_are_told);
	tcase_add_test(tc, a_queue_goes_round);
	tcase_add_test(tc, a_queue_that_is_not_enabled_is_not_read);
	tcase_add_loop_test(tc, an_illegal_command_stops_the_queue_until_it_is_acknowledged, 0,
			    ILLEGAL);
	tcase_add_test(tc, faults_are_no_events_of_queues);
	tcase_add_test(tc, a_kick_is_bounded);
	tcase_add_test(tc, hostile_registers_and_commands);
	tcase_add_test(tc, queues_are_where_Linux_lets_them_be);
	tcase_add_test(tc, only_some_vIOMMUs_have_queues);
	tcase_add_test(tc, its_memory_stays);
	tcase_add_test(tc, it_is_an_SMMUv3_besides);
	tcase_add_test(tc, registered_memory_that_it_reads_stays);
	tcase_add_test(tc, not_inside_a_section);
	tcase_add_loop_test(tc, threads_kick_and_the_guest_waits, 0, 2);
}

int main(void)
{
	Suite *suite = suite_create("hw-queue");
	TCase *tc = tcase_create("queues");

	add_tests(tc);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
