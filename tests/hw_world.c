/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hw_world.h"

const enum ioasid_pgtable_format hw_formats[HW_FORMATS] = {
	IOASID_PGTABLE_VTD_SS,
	IOASID_PGTABLE_VTD_FS,
	IOASID_PGTABLE_ARM_S1,
	IOASID_PGTABLE_ARM_S2,
	IOASID_PGTABLE_AMD_V1,
	IOASID_PGTABLE_AMD_V2,
	IOASID_PGTABLE_RISCV,
	IOASID_PGTABLE_RISCV_S2,
};

struct ioasid_space *hw_space(struct ioasid_ctx *ctx, struct ioasid_space *parent)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = parent;
	options.nesting = IOASID_NESTING_HARDWARE;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

struct ioasid_space *hw_any_space(struct ioasid_ctx *ctx, struct ioasid_space *parent, int way)
{
	static const enum ioasid_fill fills[] = { IOASID_FILL_ON_INVALIDATION,
						  IOASID_FILL_ON_DEMAND };

	return hw_is_hardware(way) ? hw_space(ctx, parent) : make_space(ctx, parent, fills[way]);
}

void hw_open(struct hw *h, const char *platform, enum ioasid_pgtable_format format,
	     uint64_t ctx_flags)
{
	guest_platform = platform;
	guest_open(&h->g, HW_SIZE, ctx_flags);
	h->child = hw_space(h->g.ctx, h->g.root);
	gt_init(&h->t, format, 4, h->g.memory, 0, HW_TABLES, HW_SIZE);
	gt_map(&h->t, HW_AT, 16 * PAGE, 16 * PAGE, 1, RW);
	ck_ok(bind_table(h->child, format, 4, h->t.root));
	guest_attach(&h->g, h->child);
}

void hw_close(struct hw *h)
{
	guest_close(&h->g);
}

void hw_set(struct hw *h, uint64_t n, uint64_t target)
{
	gt_map(&h->t, HW_AT + n * PAGE, target * PAGE, PAGE, 1, RW);
}

int64_t hw_page(struct hw *h, uint64_t n)
{
	uint8_t *at = dma_where(h->g.channel, HW_AT + n * PAGE, IOASID_READ);

	return at ? (int64_t)((uint64_t)(at - h->g.memory) / PAGE) : -1;
}

void hw_invalidate(struct hw *h, uint64_t n, uint32_t flags)
{
	struct ioasid_inv *inv;

	ck_ok(ioasid_inv_new(h->g.ctx, 1, &inv));
	ck_ok(ioasid_inv_add_range(inv, h->child, HW_AT + n * PAGE, 1, flags));
	ck_ok(ioasid_inv_submit(inv, NULL));
	ioasid_inv_free(inv);
}

struct ioasid_device_stats hw_stats(const struct hw *h)
{
	struct ioasid_device_stats stats = IOASID_DEVICE_STATS_INIT;

	ck_ok(ioasid_device_query_stats(h->g.device, &stats));
	return stats;
}
