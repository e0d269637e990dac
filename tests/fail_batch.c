/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes into a batch that is full, by itself or from a guest's command; DMA on demand. */
#include "config.h"

#include <ioasid/amd.h>
#include <ioasid/riscv.h>
#include <ioasid/smmuv3.h>
#include <ioasid/vtd.h>

#include "fail_world.h"

#define TARGET (3 * MIB)

static void on_demand(struct world *w)
{
	make_space(w, 0, -1, 0);
	ck_ok(ioasid_space_map(w->space[0], 0, memory, MEMORY, RW, NULL));
	gt_init(&w->table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 8 * MIB, MEMORY);
	gt_map(&w->table, 0, TARGET, 4 * PAGE, 1, RW);
	make_space(w, 1, 0, IOASID_FILL_ON_DEMAND);
	ck_ok(bind_pgtable(w->space[1], &w->table));
	ck_ok(ioasid_device_attach(w->device[0], w->space[1]));
}

static void full_batch(struct world *w)
{
	on_demand(w);
	ck_ok(ioasid_inv_new(w->ctx, 1, &w->inv));
	ck_ok(ioasid_inv_add_all(w->inv, w->space[1], 0));
}

static int add_all(struct world *w)
{
	return ioasid_inv_add_all(w->inv, w->space[1], 0);
}

static int add_mask(struct world *w)
{
	return ioasid_inv_add_mask(w->inv, w->space[1], 0, 3, 0);
}

static int add_pasid(struct world *w)
{
	return ioasid_inv_add_pasid(w->inv, w->device[0], IOASID_NO_PASID, 0);
}

static int add_device(struct world *w)
{
	return ioasid_inv_add_device(w->inv, w->device[0], 0);
}

static int add_device_tlb(struct world *w)
{
	return ioasid_inv_add_device_tlb(w->inv, w->device[0], IOASID_NO_PASID, 0, PAGE);
}

static int vtd_add(struct world *w)
{
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;

	t.kind = IOASID_VTD_SECOND_STAGE;
	inv.type = IOASID_VTD_INV_IOTLB;
	inv.granularity = IOASID_VTD_GRANULARITY_GLOBAL;
	return ioasid_vtd_inv_add(&inv, &t, w->inv, w->space[1]);
}

static int vtd_add_device_tlb(struct world *w)
{
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;

	inv.type = IOASID_VTD_INV_DEVICE_TLB;
	return ioasid_vtd_inv_add_device_tlb(&inv, 0, IOASID_NO_PASID, w->inv, w->device[0]);
}

static int amd_add(struct world *w)
{
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	struct ioasid_amd_cmd cmd = IOASID_AMD_CMD_INIT;

	t.kind = IOASID_AMD_HOST;
	cmd.opcode = IOASID_AMD_CMD_INVALIDATE_IOMMU_ALL;
	return ioasid_amd_cmd_add(&cmd, &t, w->inv, w->space[1]);
}

static int amd_add_device_tlb(struct world *w)
{
	struct ioasid_amd_cmd cmd = IOASID_AMD_CMD_INIT;

	cmd.opcode = IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES;
	cmd.pasid = IOASID_NO_PASID;
	return ioasid_amd_cmd_add_device_tlb(&cmd, 0, IOASID_NO_PASID, w->inv, w->device[0]);
}

static int smmuv3_add(struct world *w)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;

	t.kind = IOASID_SMMUV3_STAGE1;
	t.world = IOASID_SMMUV3_EL1;
	cmd.opcode = IOASID_SMMUV3_CMD_TLBI_NSNH_ALL;
	return ioasid_smmuv3_cmd_add(&cmd, &t, w->inv, w->space[1]);
}

static int smmuv3_add_device_tlb(struct world *w)
{
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;

	cmd.opcode = IOASID_SMMUV3_CMD_ATC_INV;
	cmd.substream = IOASID_NO_PASID;
	return ioasid_smmuv3_cmd_add_device_tlb(&cmd, 0, IOASID_NO_PASID, w->inv, w->device[0]);
}

static int riscv_add(struct world *w)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	struct ioasid_riscv_cmd cmd = IOASID_RISCV_CMD_INIT;

	t.kind = IOASID_RISCV_FIRST_STAGE;
	cmd.opcode = IOASID_RISCV_CMD_IOTINVAL_VMA;
	cmd.all_pscids = true;
	return ioasid_riscv_cmd_add(&cmd, &t, w->inv, w->space[1]);
}

static int riscv_add_device_tlb(struct world *w)
{
	struct ioasid_riscv_cmd cmd = IOASID_RISCV_CMD_INIT;

	cmd.opcode = IOASID_RISCV_CMD_ATS_INVAL;
	cmd.process_id = IOASID_NO_PASID;
	return ioasid_riscv_cmd_add_device_tlb(&cmd, 0, IOASID_NO_PASID, w->inv, w->device[0]);
}

static void with_channel(struct world *w)
{
	on_demand(w);
	ck_ok(ioasid_channel_open(w->device[0], IOASID_NO_PASID, &w->channel));
}

static int translate(struct world *w)
{
	struct iovec piece;
	int rc;

	ck_ok(ioasid_dma_begin(w->channel));
	rc = ioasid_dma_translate(w->channel, 0, PAGE, RW, &piece, 1);
	ioasid_dma_end(w->channel);
	return rc == 1 ? 0 : rc;
}

static int prefault(struct world *w)
{
	return ioasid_dma_prefault(w->channel, 0, 4 * PAGE, RW);
}

static int fetch_add(struct world *w)
{
	uint64_t old;

	return ioasid_dma_fetch_add(w->channel, 8, 8, 1, &old);
}

static int compare_swap(struct world *w)
{
	uint64_t old;

	return ioasid_dma_compare_swap(w->channel, 8, 8, 0, 1, &old);
}

static void once(struct world *w, bool failed)
{
	(void)w;
	ck_assert_uint_eq(memory[TARGET + 8], !failed);
}

static const struct fail_case cases[] = {
	{ .name = "inv_add_all", full_batch, add_all },
	{ .name = "inv_add_mask", full_batch, add_mask },
	{ .name = "inv_add_pasid", full_batch, add_pasid },
	{ .name = "inv_add_device", full_batch, add_device },
	{ .name = "inv_add_device_tlb", full_batch, add_device_tlb },
	{ .name = "vtd_inv_add", full_batch, vtd_add },
	{ .name = "vtd_inv_add_device_tlb", full_batch, vtd_add_device_tlb },
	{ .name = "amd_cmd_add", full_batch, amd_add },
	{ .name = "amd_cmd_add_device_tlb", full_batch, amd_add_device_tlb },
	{ .name = "smmuv3_cmd_add", full_batch, smmuv3_add },
	{ .name = "smmuv3_cmd_add_device_tlb", full_batch, smmuv3_add_device_tlb },
	{ .name = "riscv_cmd_add", full_batch, riscv_add },
	{ .name = "riscv_cmd_add_device_tlb", full_batch, riscv_add_device_tlb },
	{ .name = "dma_translate", with_channel, translate },
	{ .name = "dma_prefault", with_channel, prefault },
	{ .name = "dma_fetch_add", with_channel, fetch_add, once },
	{ .name = "dma_compare_swap", with_channel, compare_swap, once },
};

START_TEST(batch)
{
	fail_each(&cases[_i]);
}
END_TEST

void add_batch_cases(Suite *s)
{
	TCase *tc = tcase_create("batch");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, batch, 0, sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(s, tc);
}
