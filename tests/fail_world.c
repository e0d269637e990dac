/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <objects.h>
#include <source.h>
#undef PAGE

#include "fail_world.h"

uint8_t *memory;

static const char *const name[N_DEVICES] = {
	"0000:00:01.0", "0000:00:02.0", "0000:00:03.0", "0000:00:03.1",
};

static void world_open(struct world *w, const struct fail_case *c)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	int i;

	memset(w, 0, sizeof(*w));
	memset(memory, 0, MEMORY);
	w->fd = -1;
	options.backend = "emulated";
	if (!c->own_ctx) {
		ck_ok(ioasid_ctx_open(&options, &w->ctx));
		for (i = 0; i < N_DEVICES; i++)
			ck_ok(ioasid_device_bind(w->ctx, name[i], (uint64_t)i, &w->device[i]));
	}
	if (c->prepare)
		c->prepare(w);
}

static const uint64_t sample[] = {
	0, PAGE, 2 * PAGE, 4 * PAGE, 5 * PAGE, MIB, 2 * MIB, 4 * MIB, 6 * MIB, GIB - PAGE, GIB,
	GIB + PAGE, GIB + 3 * MIB, GIB + 6 * MIB, GIB + 7 * MIB, 64 * GIB,
};
#define N_SAMPLES (sizeof(sample) / sizeof(sample[0]))

/* Unmaps all memory: no DMA can reach any of it then, however it had come to its translation. */
static void take_away(struct world *w)
{
	struct ioasid_channel *ch;
	unsigned int i, k;

	ck_ok(ioasid_hw_queue_destroy(w->hw_queue));
	for (k = 0; k < N_SPACES; k++)
		if (w->space[k] && !ioasid_space_get_parent(w->space[k]) &&
		    w->space[k] != w->ctx->identity)
			ck_ok(ioasid_space_unmap_all(w->space[k], NULL));
	for (k = 0; k < N_DEVICES; k++) {
		if (!w->device[k])
			continue;
		ck_ok(ioasid_channel_open(w->device[k], IOASID_NO_PASID, &ch));
		for (i = 0; i < N_SAMPLES; i++)
			ck_assert_msg(!dma_where(ch, sample[i], IOASID_READ),
				      "DMA at %#" PRIx64 " reaches what is not mapped any more",
				      sample[i]);
		ck_ok(ioasid_channel_close(ch));
	}
}

static void close_viommu(struct world *w)
{
	ck_ok(ioasid_device_detach(w->device[0]));
	ck_ok(ioasid_vdevice_destroy(w->vdevice));
	ck_ok(ioasid_space_destroy(w->space[1]));
	ck_ok(ioasid_event_queue_destroy(w->queue));
	ck_ok(ioasid_viommu_destroy(w->viommu));
	w->space[1] = NULL;
}

/* Takes down what there is, in order, and looks for what the context still holds. */
static void world_close(struct world *w)
{
	uint32_t i;
	int k;

	ioasid_inv_free(w->inv);
	if (w->fd >= 0)
		close(w->fd);
	if (!w->ctx)
		return;
	take_away(w);
	ck_ok(ioasid_channel_close(w->channel));
	if (w->viommu)
		close_viommu(w);
	for (k = 0; k < N_DEVICES; k++)
		ck_ok(ioasid_device_unbind(w->device[k]));
	for (k = N_SPACES - 1; k >= 0; k--)
		if (w->space[k] && w->space[k] != w->ctx->identity)
			ck_ok(ioasid_space_destroy(w->space[k]));
	for (i = 1; i < w->ctx->n_sources; i++)
		if (w->ctx->sources[i])
			ck_ok(ioasid_ctx_unregister_memory(
				w->ctx, (void *)(uintptr_t)w->ctx->sources[i]->start,
				w->ctx->sources[i]->length));
	if (!w->ctx->identity)
		ck_assert_uint_eq(pages_used(&w->ctx->pages), 0);
	ck_ok(ioasid_ctx_close(w->ctx));
}

void make_space(struct world *w, int i, int parent, enum ioasid_fill fill)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;

	options.fill = fill;
	options.parent = parent < 0 ? NULL : w->space[parent];
	ck_ok(ioasid_space_create(w->ctx, &options, &w->space[i]));
}

int bind_pgtable(struct ioasid_space *space, const struct guest_table *t)
{
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;

	pgtable.format = t->format;
	pgtable.levels = t->levels;
	pgtable.root = t->root;
	return ioasid_space_bind_pgtable(space, &pgtable);
}

uint8_t *dma_where(struct ioasid_channel *ch, uint64_t iova, uint32_t access)
{
	struct iovec piece = { 0 };
	int rc;

	ck_ok(ioasid_dma_begin(ch));
	rc = ioasid_dma_translate(ch, iova, 1, access, &piece, 1);
	ioasid_dma_end(ch);
	ck_assert_msg(rc == 1 || rc == -EFAULT, "DMA at %#" PRIx64 " is %d: %s", iova, rc,
		      ioasid_errmsg());
	return rc == 1 ? piece.iov_base : NULL;
}

/* An address of ours by its offset; another, that of a file, by what stands there. */
static uint64_t place(const uint8_t *p)
{
	if (p >= memory && p < memory + MEMORY)
		return (uint64_t)(p - memory);
	return UINT64_C(0xf11e) << 48 | *p;
}

static void dump_runs(FILE *out, const struct ioasid_space *space)
{
	struct ioasid_run run;
	uint64_t cursor = 0;
	bool done = false;

	while (!done)
		if (ioasid_space_query_runs(space, &cursor, UINT64_MAX, &run, 1, &done))
			fprintf(out, "  %#" PRIx64 "+%#" PRIx64 " %#" PRIx64 " %u\n", run.iova,
				run.length, ioasid_space_get_parent(space) ? run.target :
				place((uint8_t *)(uintptr_t)run.target), run.perm);
}

static void dump_ranges(FILE *out, const char *what, const struct ioasid_range *r, size_t n)
{
	size_t i;

	fprintf(out, "  %s:", what);
	for (i = 0; i < n && i < 16; i++)
		fprintf(out, " %#" PRIx64 "+%#" PRIx64, r[i].start, r[i].length);
	fprintf(out, "\n");
}

/*
 * A list of runs has what is in the shadow by now. If memory was short that can be less than there
 * is; DMA shows it.
 */
static bool depends_on_pgtable(const struct ioasid_space *space)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	for (; space; space = ioasid_space_get_parent(space)) {
		ck_ok(ioasid_space_query_info(space, &info));
		if (info.pgtable_bound)
			return true;
	}
	return false;
}

static void dump_space(FILE *out, const struct ioasid_space *space)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;
	struct ioasid_range ranges[16];

	ck_ok(ioasid_space_query_info(space, &info));
	fprintf(out, "space %u depth %u nesting %u fill %u cm %d bound %d align %" PRIu64
		" mappings %" PRIu64 "\n", info.id, info.depth, info.nesting, info.fill,
		info.caching_mode, info.pgtable_bound, info.iova_alignment, info.mappings);
	dump_ranges(out, "permitted", ranges, ioasid_space_query_permitted(space, ranges, 16));
	dump_ranges(out, "reserved", ranges, ioasid_space_query_reserved(space, ranges, 16));
	if (!depends_on_pgtable(space))
		dump_runs(out, space);
}

static void dump_dma(FILE *out, struct ioasid_ctx *ctx, struct ioasid_device *device,
		     uint32_t pasid)
{
	const struct ioasid_space *space = ioasid_device_get_pasid_space(device, pasid);
	struct ioasid_event_queue *queue;
	struct ioasid_channel *ch;
	unsigned int i;

	ck_ok(ioasid_event_queue_create(ctx, 0, &queue));
	fprintf(out, "%s/%u: space %u:", ioasid_device_get_name(device), pasid,
		space ? ioasid_space_get_id(space) : 0);
	ck_ok(ioasid_channel_open(device, pasid, &ch));
	for (i = 0; i < N_SAMPLES; i++) {
		uint8_t *r = dma_where(ch, sample[i], IOASID_READ);
		uint8_t *wr = dma_where(ch, sample[i], IOASID_WRITE);
		struct ioasid_event fault = { 0 };

		if (r || wr)
			fprintf(out, " %#" PRIx64 "=%#" PRIx64 "%s%s", sample[i],
				place(r ? r : wr),
				r ? "r" : "", wr ? "w" : "");
		while (ioasid_event_queue_read(queue, &fault, 1))
			fprintf(out, " (%u)", fault.reason);
	}
	fprintf(out, "\n");
	ck_ok(ioasid_channel_close(ch));
	ck_ok(ioasid_event_queue_destroy(queue));
}

/* All that the public queries and DMA tell. */
static char *dump(const struct world *w)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int i;

	/* DMA first: what is filled on demand is listed when it has been used */
	for (i = 0; i < N_DEVICES; i++) {
		if (!w->device[i])
			continue;
		dump_dma(out, w->ctx, w->device[i], IOASID_NO_PASID);
		if (i < 2)
			dump_dma(out, w->ctx, w->device[i], PASID);
	}
	for (i = 0; i < N_SPACES; i++)
		if (w->space[i])
			dump_space(out, w->space[i]);
	if (w->ctx) {
		struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

		ck_ok(ioasid_ctx_query_info(w->ctx, &info));
		fprintf(out, "locked %" PRIu64 "\n", info.locked_bytes);
	}
	if (w->inv)
		fprintf(out, "batch of %zu\n", ioasid_inv_get_count(w->inv));
	fprintf(out, "handles%s%s%s%s\n", w->ctx ? " ctx" : "", w->queue ? " queue" : "",
		w->channel ? " channel" : "", w->mapping ? " mapping" : "");
	fclose(out);
	return text;
}

static void same(const struct fail_case *c, unsigned long n, const char *when, char *is,
		 const char *should)
{
	size_t at = 0;

	while (is[at] && is[at] == should[at])
		at++;
	ck_assert_msg(is[at] == should[at], "%s, allocation %lu fails, %s: after\n%.*s\nthere is\n"
		      "%.300s\n--- but should be\n%.300s", c->name, n, when, (int)at, is,
		      is + at, should + at);
	free(is);
}

/* The call without failures: what is to be seen before and after it. */
static void reference(const struct fail_case *c, char **before, char **after)
{
	struct world w;

	world_open(&w, c);
	*before = dump(&w);
	ck_ok(c->call(&w));
	if (c->check)
		c->check(&w, false);
	*after = dump(&w);
	world_close(&w);
}

/* False when there was no n-th allocation. */
static bool fail_nth(const struct fail_case *c, unsigned long n, const char *before,
		     const char *after)
{
	struct world w;
	bool fired;
	int rc;

	world_open(&w, c);
	mem_fail_nth(n);
	rc = c->call(&w);
	fired = !mem_fail_nth(0);
	ck_assert_msg(!rc || (fired && rc == -ENOMEM && ioasid_errmsg()[0]),
		      "%s, allocation %lu fails: %d, %s", c->name, n, rc, ioasid_errmsg());
	if (c->check)
		c->check(&w, rc);
	if (rc) {
		if (!c->changes)
			same(c, n, "nothing has changed", dump(&w), before);
		ck_ok(c->call(&w));
		if (c->check)
			c->check(&w, false);
	}
	same(c, n, "then it succeeds", dump(&w), after);
	world_close(&w);
	return fired;
}

void fail_each(const struct fail_case *c)
{
	char *before, *after;
	unsigned long n = 0;
	size_t blocks;

	reference(c, &before, &after);
	blocks = mem_live_blocks();
	do {
		ck_assert_uint_lt(n, 500);
	} while (fail_nth(c, ++n, before, after));
	ck_assert_msg(n > 1, "%s allocates nothing", c->name);
	ck_assert_msg(mem_live_blocks() == blocks, "%s leaks %zd blocks", c->name,
		      (ssize_t)(mem_live_blocks() - blocks));
	free(before);
	free(after);
}
