/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PASID tables of a guest's, in all formats: entries, leaves of their page tables and any words are
 * stored, invalidated or not, while two devices do DMA with PASIDs and the VMM takes memory away.
 */
#include <errno.h>
#include <sys/mman.h>

#include "pasid.h"

#define MAX_OPS 100
#define DEVICES 2

static struct world {
	struct pasid_guest g;
	struct ioasid_ctx *ctx;
	struct ioasid_inv *inv;
	struct ioasid_device *devices[DEVICES];
	struct ioasid_space *root, *space;
	uint64_t empty; /* memory of the space without table */
	bool tables, data, bound; /* mapped; bound */
	bool unsure; /* tables have been away: what was read may be gone */
} w;

static struct ioasid_platform *platform_new(void)
{
	static const char text[] = "iommu iommu0 address-bits=48 pasid-bits=20\n"
				   "device dev0 iommu=iommu0 pasid-bits=20 pasid-table=user\n"
				   "device dev1 iommu=iommu0 pasid-bits=20 pasid-table=user\n";
	static struct ioasid_platform *platform;

	if (!platform)
		must_succeed(ioasid_platform_parse(text, sizeof(text) - 1, &platform));
	return platform;
}

static uint8_t *memory(void)
{
	static uint8_t *pages;

	if (!pages)
		pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(pages != MAP_FAILED, "no memory");
	return pages;
}

static uint64_t memory_bytes(void)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	must_succeed(ioasid_space_query_info(w.space, &info));
	return info.memory_bytes;
}

static void map(uint64_t page, uint64_t n)
{
	must_succeed(ioasid_space_map(w.root, page * PAGE, w.g.memory + page * PAGE, n * PAGE, RW,
				      NULL));
}

static void world_open(unsigned int options)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;

	memset(&w, 0, sizeof(w));
	pasid_guest_new(&w.g, memory(), options);
	w.ctx = open_emulated(platform_new(), 0);
	must_succeed(ioasid_inv_new(w.ctx, 0, &w.inv));
	must_succeed(ioasid_device_bind(w.ctx, "dev0", 0, &w.devices[0]));
	must_succeed(ioasid_device_bind(w.ctx, "dev1", 1, &w.devices[1]));
	must_succeed(ioasid_space_create(w.ctx, NULL, &w.root));
	map(0, TABLE_PAGES);
	map(DATA, PAGES - DATA);
	w.tables = w.data = true;
	nested.parent = w.root;
	must_succeed(ioasid_space_create(w.ctx, &nested, &w.space));
	w.empty = memory_bytes();
	must_succeed(ioasid_space_bind_pasid_table(w.space, &w.g.table));
	w.bound = true;
	must_succeed(ioasid_device_attach(w.devices[0], w.space));
	must_succeed(ioasid_device_attach(w.devices[1], w.space));
}

/* The page that a DMA comes to; PAGES: it faults. */
static unsigned int reach(unsigned int d, uint32_t pasid, unsigned int iova)
{
	struct ioasid_channel *channel;
	unsigned int got = PAGES;
	struct iovec piece;
	int rc;

	must_succeed(ioasid_channel_open(w.devices[d], pasid, &channel));
	must_succeed(ioasid_dma_begin(channel));
	rc = ioasid_dma_translate(channel, iova * PAGE, PAGE, IOASID_READ, &piece, 1);
	must(rc == 1 || rc == -EFAULT, "%d: %s", rc, ioasid_errmsg());
	if (rc == 1) {
		got = (unsigned int)((uint64_t)((uint8_t *)piece.iov_base - w.g.memory) / PAGE);
		must((uint8_t *)piece.iov_base >= w.g.memory && got < PAGES, "%p", piece.iov_base);
		must(got < DATA ? w.tables : w.data, "page %u is not mapped", got);
	}
	ioasid_dma_end(channel);
	must_succeed(ioasid_channel_close(channel));
	return got;
}

static void do_dma(struct input *in)
{
	unsigned int kind = take8(in), i = (kind >> 1 & 7) % w.g.n_pasids;
	unsigned int iova = kind & 16 ? DATA + (kind >> 5) : 0, got;
	uint32_t pasid = w.g.pasid[i];

	if (kind >= 248) { /* without, or any */
		reach(kind & 1, kind & 2 ? IOASID_NO_PASID : (uint32_t)take(in, 4) & 0xfffff, iova);
		return;
	}
	got = reach(kind & 1, pasid, iova);
	trace("device %u, PASID %#x, page %u: %u", kind & 1, pasid, iova, got);
	if (!w.bound)
		must(got == PAGES, "page %u without a table", got);
	else if (got == PAGES && (!w.tables || !w.data || w.unsure || !pasid))
		return; /* PASID 0 may be that of requests without */
	else
		must(may_reach(&w.g, i, iova, got), "PASID %#x, page %u: %u; said %#x", pasid, iova,
		     got, w.g.said[i]);
}

static void do_invalidate(struct input *in)
{
	unsigned int kind = take8(in), i = (kind >> 2 & 7) % w.g.n_pasids;
	struct ioasid_device *device = w.devices[kind & 1];
	size_t handled = 0;
	int rc;

	ioasid_inv_reset(w.inv);
	if (kind & 2)
		must_succeed(ioasid_inv_add_pasid(w.inv, device, w.g.pasid[i], 0));
	else if (kind >= 192)
		must_succeed(ioasid_inv_add_pasid_range(w.inv, device, w.g.pasid[i], 0, PAGE, 0));
	else
		must_succeed(ioasid_inv_add_device(w.inv, device, 0));
	rc = ioasid_inv_submit(w.inv, &handled);
	must(rc == 0 || (!w.bound && (rc == -ENOENT || rc == -EINVAL)), "%d: %s", rc,
	     ioasid_errmsg());
	trace("invalidate %#x: PASID %#x", kind, w.g.pasid[i]);
	if (rc || (!(kind & 2) && kind >= 192))
		return;
	if (kind & 2) {
		note_invalidated(&w.g, i);
		return;
	}
	for (i = 0; i < w.g.n_pasids; i++)
		note_invalidated(&w.g, i);
	w.unsure = !w.tables;
}

static void do_store(struct input *in, bool raw)
{
	unsigned int kind = take8(in), i = (kind >> 3 & 7) % w.g.n_pasids;

	if (raw)
		set_word(&w.g, kind * 512 + (unsigned int)take(in, 2) % 512,
			 kind & 128 ? take(in, 8) : UINT64_C(1) << (take8(in) & 63));
	else if (kind >= 192)
		set_leaf(&w.g, kind & 3, kind & 4 ? NO_LEAF : kind >> 3 & 7);
	else
		set_entry(&w.g, i, (kind & 7) % SAYS_KINDS);
	trace("store %#x%s: PASID %#x", kind, raw ? ", raw" : "", w.g.pasid[i]);
}

static void do_memory(struct input *in)
{
	unsigned int kind = take8(in);
	bool *mapped = kind & 1 ? &w.tables : &w.data;
	uint64_t page = kind & 1 ? 0 : DATA, n = kind & 1 ? TABLE_PAGES : PAGES - DATA;

	if (*mapped)
		must_succeed(ioasid_space_unmap(w.root, page * PAGE, n * PAGE, NULL));
	else
		map(page, n);
	*mapped = !*mapped;
	w.unsure |= !w.tables;
}

static void do_bind(struct input *in)
{
	unsigned int kind = take8(in), i;
	struct ioasid_device *device = w.devices[kind >> 1 & 1];

	if (kind & 1) { /* one that is attached elsewhere for a moment */
		must_succeed(ioasid_device_replace(device, w.root));
		must_succeed(ioasid_device_replace(device, w.space));
		return;
	}
	if (w.bound && kind & 4) {
		must_succeed(ioasid_space_unbind_pasid_table(w.space));
		w.bound = false;
		must(memory_bytes() == w.empty, "%ju bytes", (uintmax_t)memory_bytes());
		return;
	}
	must_succeed(ioasid_space_bind_pasid_table(w.space, &w.g.table));
	w.bound = true;
	for (i = 0; i < w.g.n_pasids; i++)
		note_invalidated(&w.g, i);
	w.unsure = !w.tables;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned int n, op;

	world_open(take8(&in));
	for (n = 0; n < MAX_OPS && !is_empty(&in); n++) {
		op = take8(&in) % 16;
		if (op < 5)
			do_store(&in, false);
		else if (op < 6)
			do_store(&in, true);
		else if (op < 8)
			do_invalidate(&in);
		else if (op < 9)
			do_memory(&in);
		else if (op < 10)
			do_bind(&in);
		else
			do_dma(&in);
	}
	ioasid_inv_free(w.inv);
	must_succeed(ioasid_ctx_close(w.ctx));
	return 0;
}
