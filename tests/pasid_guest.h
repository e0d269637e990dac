/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest that owns its device's PASID table, in the format of VT-d. */
#ifndef TESTS_PASID_GUEST_H
#define TESTS_PASID_GUEST_H

#include <endian.h>

#include "guest_tables.h"
#include "pasid_world.h"
#include "vtd_caps.h"

#define SIZE	 (16 * MIB)
#define DIR	 PAGE		/* of 16-bit PASIDs: 2 pages */
#define DATA	 (12 * MIB)	/* pages to be reached: each begins with its number */
#define FOREIGN	 (SIZE + 64 * MIB)	/* not mapped in the root */

/* Of a PASID-table entry, first quadword: P, PGTT (VT-d 4.1, 9.6). */
#define ENTRY_P	   UINT64_C(1)
#define ENTRY_FS   (ENTRY_P | UINT64_C(1) << 6)
#define ENTRY_SS   (ENTRY_P | UINT64_C(2) << 6 | UINT64_C(2) << 2) /* AW: 4 levels */
#define ENTRY_NEST (ENTRY_P | UINT64_C(3) << 6 | UINT64_C(2) << 2)
#define ENTRY_PT   (ENTRY_P | UINT64_C(4) << 6)

static const char user_table_platform[] =
	"iommu iommu0 address-bits=57 pasid-bits=20\n"
	"device dev0 iommu=iommu0 pasid-bits=20 pasid-table=user\n"
	"device dev1 iommu=iommu0 pasid-bits=20 pasid-table=user\n"
	"device kernel iommu=iommu0 pasid-bits=20\n"
	"iommu narrow address-bits=48 pasid-bits=20\n"
	"device narrow0 iommu=narrow pasid-bits=20 pasid-table=user\n"
	"iommu flat nesting=none pasid-bits=20\n"
	"device flat0 iommu=flat pasid-bits=20 pasid-table=user\n";

struct pasid_guest {
	struct ioasid_ctx *ctx;
	struct ioasid_event_queue *queue;
	struct ioasid_device *device;
	struct ioasid_space *root, *space;
	uint8_t *memory;
	uint64_t next; /* free page */
};

static inline struct ioasid_pasid_table vtd_table(void)
{
	struct ioasid_pasid_table t = IOASID_PASID_TABLE_INIT;

	t.format = IOASID_PASID_TABLE_VTD;
	t.levels = 2;
	t.pasid_bits = 16;
	t.base = DIR;
	t.caps[0] = CAP;
	t.caps[1] = ALL;
	return t;
}

static inline uint64_t *word(struct pasid_guest *g, uint64_t addr)
{
	return (uint64_t *)(void *)(g->memory + addr);
}

static inline uint64_t new_page(struct pasid_guest *g)
{
	uint64_t page = g->next;

	ck_assert_uint_lt(page, DATA);
	g->next += PAGE;
	return page;
}

/* The guest address of a PASID's entry; its table is made if need be. */
static inline uint64_t entry_at(struct pasid_guest *g, uint32_t pasid)
{
	uint64_t *dir = word(g, DIR + 8 * (uint64_t)(pasid >> 6));

	if (!*dir)
		gt_store(dir, new_page(g) | ENTRY_P);
	return (gt_load(dir) & PT_ADDRESS) + 64 * (uint64_t)(pasid & 63);
}

static inline void set_entry(struct pasid_guest *g, uint32_t pasid, uint64_t kind, uint64_t root)
{
	uint64_t at = entry_at(g, pasid);
	bool first = (kind & ENTRY_PT) == (ENTRY_FS & ENTRY_PT) && !(kind >> 7 & 1);

	gt_store(word(g, at), 0);
	gt_store(word(g, at + 16), first ? root : 0);
	gt_store(word(g, at), kind | (first ? 0 : root));
}

/* A table of @format that maps address 0 to page @n of the data. */
static inline struct guest_table new_table(struct pasid_guest *g,
					   enum ioasid_pgtable_format format, unsigned int n)
{
	struct guest_table t;

	gt_init(&t, format, 4, g->memory, 0, g->next, DATA);
	gt_map(&t, 0, DATA + n * PAGE, PAGE, 1, RW);
	g->next = t.next;
	return t;
}

static inline void pasid_guest_open(struct pasid_guest *g)
{
	unsigned int i;

	memset(g, 0, sizeof(*g));
	g->ctx = open_platform(user_table_platform);
	ck_ok(ioasid_event_queue_create(g->ctx, 0, &g->queue));
	g->device = bind(g->ctx, "dev0");
	g->memory = memory_new(SIZE);
	for (i = 0; DATA + i * PAGE < SIZE; i++)
		*(uint32_t *)(void *)(g->memory + DATA + i * PAGE) = i;
	g->next = 4 * PAGE;
	g->root = make_space(g->ctx, NULL, 0);
	ck_ok(ioasid_space_map(g->root, 0, g->memory, SIZE, RW, NULL));
	g->space = make_space(g->ctx, g->root, 0);
}

static inline void pasid_guest_close(struct pasid_guest *g)
{
	ck_ok(ioasid_ctx_close(g->ctx));
	memory_free(g->memory, SIZE);
}

static inline void bind_and_attach(struct pasid_guest *g)
{
	const struct ioasid_pasid_table t = vtd_table();

	ck_ok(ioasid_space_bind_pasid_table(g->space, &t));
	ck_ok(ioasid_device_attach(g->device, g->space));
}

/* The number of the page that a device's request at @iova reaches; or -errno. */
static inline int reached(struct ioasid_device *device, uint32_t pasid, uint64_t iova)
{
	struct ioasid_channel *channel = channel_new(device, pasid);
	uint32_t n = 0;
	int rc = ioasid_dma_read(channel, iova, &n, sizeof(n));

	ck_ok(ioasid_channel_close(channel));
	return rc ? rc : (int)n;
}

/* Asserts that a request at 0 faults for that reason, and that the record says all of it. */
static inline void faults(struct pasid_guest *g, uint32_t pasid, enum ioasid_fault_reason reason)
{
	struct ioasid_event event;
	bool attached;

	drop_events(g->queue);
	ck_assert_int_eq(reached(g->device, pasid, 0), -EFAULT);
	event = take_event(g->queue);
	ck_assert_int_eq((int)event.type, IOASID_EVENT_FAULT);
	ck_assert_msg(event.reason == reason, "PASID %u faults: %s, expected: %s", pasid,
		      ioasid_fault_reason_text(event.reason), ioasid_fault_reason_text(reason));
	ck_assert_uint_eq(event.pasid, pasid);
	attached = ioasid_device_get_space(g->device) &&
		   (reason != IOASID_FAULT_BLOCKED || space_info(g->space).pasid_table_bound);
	ck_assert_uint_eq(event.space, attached ? ioasid_space_get_id(g->space) : 0);
}

static inline void inv_pasid(struct pasid_guest *g, uint32_t pasid)
{
	struct ioasid_inv *inv;
	size_t done = 0;

	ck_ok(ioasid_inv_new(g->ctx, 1, &inv));
	ck_ok(ioasid_inv_add_pasid(inv, g->device, pasid, 0));
	ck_ok(ioasid_inv_submit(inv, &done));
	ck_assert_uint_eq(done, 1);
	ioasid_inv_free(inv);
}

#endif
