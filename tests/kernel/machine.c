/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

void machine_open(struct machine *m)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	options.backend = getenv("IOASID_BACKEND");
	ck_assert_msg(options.backend && *options.backend, "IOASID_BACKEND is not set");
	ck_ok(ioasid_ctx_open(&options, &m->ctx));
	m->space = make_space(m->ctx, NULL, 0);
	m->memory = memory_new(MEMORY);
	m->kmsg = kmsg_open();
}

void machine_close(struct machine *m)
{
	ck_ok(ioasid_ctx_close(m->ctx));
	memory_free(m->memory, MEMORY);
	close(m->kmsg);
}

static const char *name_of(int which)
{
	static char names[4][64];
	const char *list = getenv("IOASID_TEST_DEVICES");

	ck_assert_msg(list, "IOASID_TEST_DEVICES is not set");
	ck_assert_int_eq(sscanf(list, "%63s %63s %63s %63s", names[0], names[1], names[2],
				names[3]), 4);
	return names[which];
}

struct ioasid_device *machine_bind(struct machine *m, int which)
{
	struct ioasid_device *device = NULL;

	ck_ok(ioasid_device_bind(m->ctx, name_of(which), 0, &device));
	return device;
}

struct engine engine_open(struct machine *m, int which)
{
	struct engine e = { .device = machine_bind(m, which) };

	ck_assert_int_eq(edu_open(&e.edu, ioasid_device_get_fd(e.device)), 0);
	return e;
}

void engine_close(struct engine *e)
{
	edu_close(&e->edu);
	ck_ok(ioasid_device_unbind(e->device));
}

static uint8_t pattern_byte(uint32_t i, uint32_t seed)
{
	return (uint8_t)((i * 2654435761u + seed * 40503u) >> 13);
}

void pattern(uint8_t *at, uint32_t length, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		at[i] = pattern_byte(i, seed);
}

bool has_pattern(const uint8_t *at, uint32_t length, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i < length; i++)
		if (at[i] != pattern_byte(i, seed))
			return false;
	return true;
}

/* Does the device's buffer hold it? Seen through a space in which it may write, and back again. */
static bool buffer_has(struct machine *m, struct engine *e, uint32_t seed)
{
	struct ioasid_space *before = ioasid_device_get_space(e->device);
	struct ioasid_space *look = make_space(m->ctx, NULL, 0);
	uint8_t *window = memory_new(PAGE);
	bool has;

	ck_ok(ioasid_space_map(look, PAGE, window, PAGE, RW, NULL));
	if (before)
		ck_ok(ioasid_device_replace(e->device, look));
	else
		ck_ok(ioasid_device_attach(e->device, look));
	ck_assert_int_eq(edu_write(&e->edu, PAGE, EDU_LENGTH), 0);
	has = has_pattern(window, EDU_LENGTH, seed);
	if (before)
		ck_ok(ioasid_device_replace(e->device, before));
	else
		ck_ok(ioasid_device_detach(e->device));
	ck_ok(ioasid_space_destroy(look));
	memory_free(window, PAGE);
	return has;
}

enum { SECRET = 1, BUFFER, HOST };

/* The kernel says no more than a few lines in five seconds: so try again. */
#define ATTEMPTS 6

static void read_faults(struct machine *m, struct engine *e, uint64_t iova)
{
	unsigned int i;

	for (i = 0; i < ATTEMPTS; i++) {
		ck_assert_int_eq(edu_read(&e->edu, iova, EDU_LENGTH), 0);
		if (kmsg_has_fault(m->kmsg, iova))
			return;
	}
	ck_abort_msg("no fault is logged for a read at %#jx", (uintmax_t)iova);
}

/* And leaves @host, which holds the pattern HOST, alone. */
static void write_faults(struct machine *m, struct engine *e, uint64_t iova, const uint8_t *host)
{
	unsigned int i;

	for (i = 0; i < ATTEMPTS; i++) {
		ck_assert_int_eq(edu_write(&e->edu, iova, EDU_LENGTH), 0);
		ck_assert_msg(has_pattern(host, EDU_LENGTH, HOST),
			      "the device has written at %#jx, where it may not", (uintmax_t)iova);
		if (kmsg_has_fault(m->kmsg, iova))
			return;
	}
	ck_abort_msg("no fault is logged for a write at %#jx", (uintmax_t)iova);
}

void reaches(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host, uint32_t perm)
{
	pattern(host, EDU_LENGTH, BUFFER);
	ck_assert_int_eq(edu_read(&e->edu, iova, EDU_LENGTH), 0);
	ck_assert_msg(buffer_has(m, e, BUFFER), "the device cannot read at %#jx",
		      (uintmax_t)iova);
	if (perm & IOASID_WRITE) {
		memset(host, 0, EDU_LENGTH);
		ck_assert_int_eq(edu_write(&e->edu, iova, EDU_LENGTH), 0);
		ck_assert_msg(has_pattern(host, EDU_LENGTH, BUFFER),
			      "the device cannot write at %#jx", (uintmax_t)iova);
		return;
	}
	pattern(host, EDU_LENGTH, HOST);
	write_faults(m, e, iova, host);
}

void blocked(struct machine *m, struct engine *e, uint64_t iova, uint8_t *host)
{
	pattern(host, EDU_LENGTH, SECRET);
	read_faults(m, e, iova);
	ck_assert_msg(!buffer_has(m, e, SECRET), "the device has read at %#jx, which is blocked",
		      (uintmax_t)iova);
	pattern(host, EDU_LENGTH, HOST);
	write_faults(m, e, iova, host);
}

void no_faults(struct machine *m)
{
	const struct timespec pause = { .tv_nsec = 200000000 };

	struct kmsg_fault fault;

	nanosleep(&pause, NULL);
	ck_assert_msg(!kmsg_next_fault(m->kmsg, &fault), "a fault is logged at %#jx, reason %#x",
		      (uintmax_t)fault.iova, fault.reason);
}
