/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What devices reach: on the emulated side by DMA; on iommufd by what the kernel has in the space's
 * IOAS, which its self-test shows; on type1, seldom, by DMA of an edu. Pages begin with their
 * numbers, so that a few bytes say which one it is.
 */
#include <string.h>
#include <unistd.h>

#include "ioas.h"
#include "twins.h"

#define SAMPLES 3u
#define NOTHING UINT64_MAX

/* The number of the page, NOTHING if it cannot be reached so. */
static uint64_t emulated(const struct twin_device *d, uint64_t iova, uint32_t access)
{
	const void *at = dma_where(d->channel, iova, access);
	uint64_t number;

	if (!at)
		return NOTHING;
	memcpy(&number, at, sizeof(number));
	return number;
}

/* An address that something is at, one of a few; or any. */
static uint64_t sample(struct twins *t, int s, uint64_t draw)
{
	uint64_t cursor = twins_some_iova(t, draw), n;
	struct ioasid_run run;
	bool done;

	if (draw >> 60 == 0 || ioasid_space_query_runs(t->space[s].at[EMULATED], &cursor,
						       UINT64_MAX, &run, 1, &done) != 1)
		return twins_some_iova(t, draw) & ~(PAGE - 1);
	n = run.length / PAGE;
	return (run.iova + (n ? (draw >> 32) % n : 0) * PAGE) & ~(PAGE - 1);
}

static void compare_access(struct twins *t, int s, const struct twin_device *d,
			   const struct ioas *ioas, uint64_t iova, uint32_t access)
{
	uint64_t want = emulated(d, iova, access), got = want;
	bool reached = ioas_has(ioas, iova, access, &got);

	if (reached != (want != NOTHING) || (reached && got != want))
		twins_differ(t, "space %d at %#jx, access %u: %s page %#jx; emulated page %#jx", s,
			     (uintmax_t)iova, access, reached ? "reaches" : "does not reach",
			     (uintmax_t)got, (uintmax_t)want);
}

static void compare_ioas(struct twins *t, int s, const struct twin_device *d, uint64_t draw)
{
	struct ioas ioas;
	unsigned int i;

	if (!ioas_open(&ioas, t->ctx[KERNEL], t->space[s].at[KERNEL]))
		return;
	for (i = 0; i < SAMPLES && !t->failure[0]; i++) {
		uint64_t iova = sample(t, s, draw);

		compare_access(t, s, d, &ioas, iova, IOASID_READ);
		compare_access(t, s, d, &ioas, iova, IOASID_WRITE);
		draw = draw * UINT64_C(6364136223846793005) + 1442695040888963407;
	}
	ioas_close(&ioas);
}

/* What an edu finds at @iova, seen through a space into which it can write. */
static uint64_t by_edu(struct twins *t, struct twin_device *d, uint64_t iova)
{
	uint64_t *page = memory_new(PAGE), number;
	struct ioasid_space *look, *before = ioasid_device_get_space(d->at[KERNEL]);
	struct edu edu;

	ck_assert_int_eq(edu_open(&edu, ioasid_device_get_fd(d->at[KERNEL])), 0);
	look = make_space(t->ctx[KERNEL], NULL, 0);
	ck_ok(ioasid_space_map(look, PAGE, page, PAGE, RW, NULL));
	ck_assert_int_eq(edu_read(&edu, iova, sizeof(number)), 0);
	ck_ok(ioasid_device_replace(d->at[KERNEL], look));
	ck_assert_int_eq(edu_write(&edu, PAGE, sizeof(number)), 0);
	ck_ok(ioasid_device_replace(d->at[KERNEL], before));
	number = *page;
	ck_ok(ioasid_space_destroy(look));
	memory_free(page, PAGE);
	edu_close(&edu);
	return number;
}

static void compare_dma(struct twins *t, int s, struct twin_device *d, uint64_t draw)
{
	uint64_t iova = sample(t, s, draw), want = emulated(d, iova, IOASID_READ), got;

	if (!d->is_edu || draw % 64 || want == NOTHING)
		return;
	got = by_edu(t, d, iova);
	if (got != want)
		twins_differ(t, "space %d at %#jx: the device reads %#jx, emulated %#jx", s,
			     (uintmax_t)iova, (uintmax_t)got, (uintmax_t)want);
}

struct twin_device *twins_device_in(struct twins *t, int s)
{
	unsigned int i;

	for (i = 0; i < TWIN_DEVICES; i++)
		if (t->device[i].at[KERNEL] && t->device[i].space == s)
			return &t->device[i];
	return NULL;
}

void twins_use_all(struct twins *t, int s, const struct twin_device *d)
{
	struct ioasid_run run[16];
	uint64_t cursor = 0, at;
	bool done = false;
	size_t n, i;

	while (!done) {
		n = ioasid_space_query_runs(t->space[s].at[KERNEL], &cursor, UINT64_MAX, run, 16,
					    &done);
		for (i = 0; i < n; i++)
			for (at = 0; at < run[i].length; at += PAGE)
				emulated(d, run[i].iova + at, run[i].perm);
	}
}

void twins_check_reach(struct twins *t, int s, uint64_t draw)
{
	struct twin_device *d = twins_device_in(t, s);

	if (!d || !t->space[s].at[KERNEL] || t->failure[0])
		return;
	if (!strcmp(ioasid_ctx_get_backend(t->ctx[KERNEL]), "iommufd"))
		compare_ioas(t, s, d, draw);
	else
		compare_dma(t, s, d, draw);
}
