/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PASIDs: pools, shared ones, and tables of a guest's, on a platform of their own. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <util/alloc.h>

#include "fail_world.h"
#include "smmuv3_unit.h"

static const char text[] =
	"iommu iommu0 pasid-bits=16\n"
	"device card iommu=iommu0 pasid-bits=16\n"
	"device user iommu=iommu0 pasid-bits=16 pasid-table=user\n"
	"device m0 parent=card pasid-bits=16\n"
	"device m1 parent=card pasid-bits=16\n"
	"device q0 parent=card pasid-bits=16 work-queues=shared\n"
	"device q1 parent=card pasid-bits=16 work-queues=shared\n"
	"device q2 parent=card pasid-bits=16 work-queues=shared\n";

enum { USER, M0, M1, Q0, Q1, Q2, DEVICES };

static const char *const names[DEVICES] = { "user", "m0", "m1", "q0", "q1", "q2" };

struct pasid_world {
	struct ioasid_ctx *ctx;
	struct ioasid_device *device[DEVICES];
	struct ioasid_space *root, *child;
	struct ioasid_inv *inv;
	struct guest_table guest;	/* of PASID 5 */
	enum ioasid_pasid_table_format format;
};

#define DIR   PAGE
#define TABLE (2 * PAGE)
#define CDS   (3 * PAGE)
#define FREE  (8 * PAGE)

static int bind(struct pasid_world *w, int i)
{
	return ioasid_device_bind(w->ctx, names[i], (uint64_t)i, &w->device[i]);
}

static uint64_t *word(uint64_t addr)
{
	return (uint64_t *)(void *)(memory + addr);
}

/* A page table that maps address 0 to page 0. */
static void write_table(struct pasid_world *w, enum ioasid_pgtable_format format)
{
	memset(memory, 0, MEMORY);
	gt_init(&w->guest, format, 4, memory, 0, FREE, MEMORY);
	gt_map(&w->guest, 0, 0, PAGE, 1, RW);
}

/* A PASID directory with entry 5. */
static void write_entry(struct pasid_world *w)
{
	write_table(w, IOASID_PGTABLE_VTD_FS);
	w->format = IOASID_PASID_TABLE_VTD;
	gt_store(word(DIR), TABLE | 1);
	gt_store(word(TABLE + 64 * PASID), 1 | 1 << 6);
	gt_store(word(TABLE + 64 * PASID + 16), w->guest.root);
}

/* The context descriptor of SubstreamID 5 (5.4): T0SZ = 16, EPD1, V, IPS = 5, AA64, R, A, ASET. */
static void write_descriptor(struct pasid_world *w)
{
	write_table(w, IOASID_PGTABLE_ARM_S1);
	w->format = IOASID_PASID_TABLE_SMMUV3;
	gt_store(word(CDS + 64 * PASID), 16 | BIT(30) | BIT(31) | UINT64_C(5) << 32 | BIT(41) |
					 BIT(45) | BIT(46) | BIT(47));
	gt_store(word(CDS + 64 * PASID + 8), w->guest.root);
}

static void world_open(struct pasid_world *w)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_platform *platform;
	static const int bound[] = { USER, M0, Q0, Q1 };
	size_t i;

	memset(w, 0, sizeof(*w));
	write_entry(w);
	ck_ok(ioasid_platform_parse(text, strlen(text), &platform));
	options.backend = "emulated";
	options.platform = platform;
	ck_ok(ioasid_ctx_open(&options, &w->ctx));
	ioasid_platform_free(platform);
	for (i = 0; i < sizeof(bound) / sizeof(bound[0]); i++)
		ck_ok(bind(w, bound[i]));
	ck_ok(ioasid_space_create(w->ctx, NULL, &w->root));
	ck_ok(ioasid_space_map(w->root, 0, memory, MEMORY, RW, NULL));
	nested.parent = w->root;
	ck_ok(ioasid_space_create(w->ctx, &nested, &w->child));
	ck_ok(ioasid_device_attach_pasid(w->device[Q0], 7, w->root));
	ck_ok(ioasid_device_attach_pasid(w->device[M0], 7, w->root));
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
}

static void world_close(struct pasid_world *w)
{
	ioasid_inv_free(w->inv);
	ck_ok(ioasid_ctx_close(w->ctx));
}

static int descriptors_bind(struct pasid_world *w)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;
	const struct ioasid_smmuv3_regs regs = unit();

	/* 5.2: V, Config, S1ContextPtr, S1CDMax = 4; S1DSS = 2 */
	t.format = IOASID_PASID_TABLE_SMMUV3;
	t.smmuv3_regs = &regs;
	t.smmuv3_ste[0] = 1 | 5 << 1 | CDS | UINT64_C(4) << 59;
	t.smmuv3_ste[1] = 2;
	return ioasid_space_bind_pasid_table(w->child, &t);
}

static int table_bind(struct pasid_world *w)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	if (w->format == IOASID_PASID_TABLE_SMMUV3)
		return descriptors_bind(w);
	t.format = IOASID_PASID_TABLE_VTD;
	t.levels = 2;
	t.pasid_bits = 16;
	t.base = DIR;
	t.caps[1] = UINT64_C(1) << 43 | UINT64_C(1) << 47 | UINT64_C(15) << 35;
	return ioasid_space_bind_pasid_table(w->child, &t);
}

static void table_attach(struct pasid_world *w)
{
	ck_ok(table_bind(w));
	ck_ok(ioasid_device_attach(w->device[USER], w->child));
}

/* Only a miss can fail for want of memory. */
static int look_up(struct pasid_world *w)
{
	struct ioasid_channel *channel;
	uint8_t byte;
	int rc = ioasid_channel_open(w->device[USER], PASID, &channel);

	if (rc)
		return rc;
	rc = ioasid_dma_read(channel, 0, &byte, 1);
	ck_ok(ioasid_channel_close(channel));
	return rc;
}

static void table_used(struct pasid_world *w)
{
	table_attach(w);
	ck_ok(look_up(w));
}

static void descriptors_attach(struct pasid_world *w)
{
	write_descriptor(w);
	table_attach(w);
}

/* A page that is in use leads to where the root was not asked before. */
static void table_changed(struct pasid_world *w)
{
	ck_ok(ioasid_space_map(w->root, GIB, memory, MEMORY, RW, NULL));
	table_used(w);
	gt_map(&w->guest, 0, GIB + PAGE, PAGE, 1, RW);
	ck_ok(ioasid_inv_add_all(w->inv, w->child, 0));
}

static int submit(struct pasid_world *w)
{
	size_t done = 1;
	int rc = ioasid_inv_submit(w->inv, &done);

	ck_assert_uint_eq(done, rc ? 0 : ioasid_inv_get_count(w->inv));
	return rc;
}

/* The call says that something was not refreshed, and DMA does not see what was there before. */
static void check_changed(struct pasid_world *w, bool failed, int rc)
{
	struct ioasid_channel *channel;

	ck_assert_int_eq(rc, failed ? -ENOMEM : 0);
	ck_ok(ioasid_channel_open(w->device[USER], PASID, &channel));
	ck_assert_ptr_eq(dma_where(channel, 0, IOASID_READ), memory + PAGE);
	ck_ok(ioasid_channel_close(channel));
}

static void unbind(struct pasid_world *w, int i)
{
	ck_ok(ioasid_device_unbind(w->device[i]));
	w->device[i] = NULL;
}

static void no_mediated(struct pasid_world *w)
{
	unbind(w, M0);
}

/* The next makes the pools. */
static void no_shared(struct pasid_world *w)
{
	no_mediated(w);
	unbind(w, Q0);
	unbind(w, Q1);
}

static int bind_mediated(struct pasid_world *w)
{
	return bind(w, M1);
}

/* It joins those that share PASID 7. */
static int bind_shared(struct pasid_world *w)
{
	return bind(w, Q2);
}

static int attach_mediated(struct pasid_world *w)
{
	return ioasid_device_attach_pasid(w->device[M0], PASID, w->child);
}

static int attach_shared(struct pasid_world *w)
{
	return ioasid_device_attach_pasid(w->device[Q0], PASID, w->child);
}

static int attach_shared_too(struct pasid_world *w)
{
	return ioasid_device_attach_pasid(w->device[Q1], 7, w->root);
}

static void full_batch(struct pasid_world *w)
{
	table_used(w);
	while (ioasid_inv_get_count(w->inv) < 16)
		ck_ok(ioasid_inv_add_pasid(w->inv, w->device[USER], PASID, 0));
}

static int add_range(struct pasid_world *w)
{
	return ioasid_inv_add_pasid_range(w->inv, w->device[USER], PASID, 0, PAGE, 0);
}

/* What the public queries tell, and where DMA goes that needs no memory to get there. */
static char *dump(struct pasid_world *w)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;
	struct ioasid_pasid_info list[4];
	char *out = NULL;
	size_t size, i, n;
	FILE *f = open_memstream(&out, &size);
	int d;

	for (d = 0; d < DEVICES; d++) {
		if (!w->device[d])
			continue;
		n = ioasid_device_query_pasids(w->device[d], list, 4);
		fprintf(f, "%s:", names[d]);
		for (i = 0; i < n; i++)
			fprintf(f, " %u=%u@%u", list[i].vpasid, list[i].ppasid,
				ioasid_space_get_id(list[i].space));
	}
	ck_ok(ioasid_space_query_info(w->child, &info));
	fprintf(f, " table %d, batch %zu\n", info.pasid_table_bound,
		ioasid_inv_get_count(w->inv));
	fclose(f);
	return out;
}

static const struct {
	const char *name;
	void (*prepare)(struct pasid_world *w);
	int (*call)(struct pasid_world *w);
	/* What has to hold at once, whether an allocation has failed or not; may be NULL. */
	void (*check)(struct pasid_world *w, bool failed, int rc);
} cases[] = {
	{ "device_bind, mediated", NULL, bind_mediated, NULL },
	{ "device_bind, the first mediated", no_mediated, bind_mediated, NULL },
	{ "device_bind, the first of shared queues", no_shared, bind_shared, NULL },
	{ "device_bind, shared queues", NULL, bind_shared, NULL },
	{ "attach_pasid, mediated", NULL, attach_mediated, NULL },
	{ "attach_pasid, shared queues", NULL, attach_shared, NULL },
	{ "attach_pasid, shared already", NULL, attach_shared_too, NULL },
	{ "bind_pasid_table", NULL, table_bind, NULL },
	{ "bind_pasid_table again", table_used, table_bind, NULL },
	{ "DMA that looks up a PASID", table_attach, look_up, NULL },
	{ "DMA that looks up a SubstreamID", descriptors_attach, look_up, NULL },
	{ "inv_submit, all PASIDs", table_changed, submit, check_changed },
	{ "inv_add_pasid_range", full_batch, add_range, NULL },
};

/* False when there was no n-th allocation. */
static bool fail_nth(int c, unsigned long n)
{
	struct pasid_world w;
	char *before, *after;
	bool fired;
	int rc;

	world_open(&w);
	if (cases[c].prepare)
		cases[c].prepare(&w);
	before = dump(&w);
	mem_fail_nth(n);
	rc = cases[c].call(&w);
	fired = !mem_fail_nth(0);
	ck_assert_msg(!rc || (fired && rc == -ENOMEM && ioasid_errmsg()[0]),
		      "%s, allocation %lu fails: %d, %s", cases[c].name, n, rc, ioasid_errmsg());
	if (cases[c].check)
		cases[c].check(&w, fired, rc);
	if (rc) {
		after = dump(&w);
		ck_assert_str_eq(before, after);
		free(after);
		ck_ok(cases[c].call(&w));
	}
	free(before);
	world_close(&w);
	return fired;
}

START_TEST(pasids)
{
	size_t blocks = mem_live_blocks();
	unsigned long n = 0;

	while (fail_nth(_i, ++n))
		;
	ck_assert_uint_eq(mem_live_blocks(), blocks);
}
END_TEST

#define ENOUGH 10000u

/* Allocations that fail: one, and after it each so many. */
struct pattern {
	unsigned long n, first, every;
};

static bool is_due(void *data)
{
	struct pattern *p = data;

	p->n++;
	return p->n >= p->first && p->n < ENOUGH && !((p->n - p->first) % p->every);
}

/* Whatever is missing, a DMA does not try for ever. */
START_TEST(look_ups_end)
{
	struct pasid_world w;
	struct pattern p;

	world_open(&w);
	table_attach(&w);
	for (p.first = 1; p.first <= 24; p.first++)
		for (p.every = 1; p.every <= 24; p.every++) {
			ck_ok(table_bind(&w));
			p.n = 0;
			mem_watch(is_due, &p);
			look_up(&w);
			mem_watch(NULL, NULL);
			ck_assert_msg(p.n < ENOUGH, "allocation %lu, and each %lu after it",
				      p.first, p.every);
		}
	world_close(&w);
}
END_TEST

/* A device can go on and on with it: what was made until memory was missing does not pile up. */
START_TEST(failed_look_ups_leave_nothing)
{
	struct pasid_world w;
	unsigned long n = 0;
	size_t blocks = 0;
	bool failed;
	int i;

	world_open(&w);
	table_attach(&w);
	do {
		n++;
		ck_ok(table_bind(&w));
		for (i = 0, failed = true; i < 4 && failed; i++) {
			mem_fail_nth(n);
			failed = look_up(&w);
			mem_fail_nth(0);
			if (i == 1)
				blocks = mem_live_blocks();
		}
		ck_assert_msg(!failed || mem_live_blocks() == blocks,
			      "allocation %lu fails: %zu blocks become %zu", n, blocks,
			      mem_live_blocks());
	} while (n < 24);
	world_close(&w);
}
END_TEST

void add_pasid_cases(Suite *s)
{
	TCase *tc = tcase_create("pasids");

	tcase_add_loop_test(tc, pasids, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, look_ups_end);
	tcase_add_test(tc, failed_look_ups_leave_nothing);
	suite_add_tcase(s, tc);
}
