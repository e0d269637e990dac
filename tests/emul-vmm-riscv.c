/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest behind RISC-V's IOMMU: from its directories to DMA, and its commands as a batch. */
#include "pasid_guest.h"
#include "riscv_unit.h"

#define DEVICE	  0x10u
#define PROCESS	  5u
#define PSCID_OF(process) ((process) + 0x100)

/* The VMM's side: what the unit is, and what the guest's directories lead to. */
struct vmm {
	struct pasid_guest g;
	struct ioasid_riscv_regs regs;
	uint64_t dc, pdt; /* guest addresses */
	struct ioasid_inv *batch;
};

static int read_memory(void *opaque, const struct ioasid_riscv_dc *second, uint64_t address,
		       void *buffer, size_t length)
{
	const struct pasid_guest *g = opaque;

	if (second || address >= SIZE || length > SIZE - address)
		return -1;
	memcpy(buffer, g->memory + address, length);
	return 0;
}

static void store(struct vmm *v, uint64_t address, uint64_t value)
{
	gt_store(word(&v->g, address), value);
}

static void vmm_open(struct vmm *v)
{
	memset(v, 0, sizeof(*v));
	pasid_guest_open(&v->g);
	v->regs = unit();
	v->dc = new_page(&v->g);
	v->regs.ddtp = DDTP(1, v->dc);
	v->dc += 32 * DEVICE;
	v->pdt = new_page(&v->g);
	ck_ok(ioasid_inv_new(v->g.ctx, 16, &v->batch));
}

static void vmm_close(struct vmm *v)
{
	ioasid_inv_free(v->batch);
	pasid_guest_close(&v->g);
}

/* A table of Sv48 that leads to page @n of the data. */
static struct guest_table sv48(struct vmm *v, unsigned int n)
{
	return new_table(&v->g, IOASID_PGTABLE_RISCV, n);
}

static struct ioasid_riscv_translation look(struct vmm *v, uint32_t process_id)
{
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;

	ck_ok(ioasid_riscv_lookup(&v->regs, DEVICE, process_id, read_memory, &v->g, &t));
	return t;
}

/* A command for one translation. */
static struct ioasid_riscv_cmd command(struct vmm *v, uint64_t low, uint64_t high,
				       const struct ioasid_riscv_translation *t)
{
	const uint64_t raw[2] = { low, high };
	struct ioasid_riscv_cmd cmd = IOASID_RISCV_CMD_INIT;

	ck_ok(ioasid_riscv_cmd_decode(&v->regs, raw, &cmd, NULL));
	ck_ok(ioasid_riscv_cmd_add(&cmd, t, v->batch, v->g.space));
	ck_ok(ioasid_inv_submit(v->batch, NULL));
	ioasid_inv_reset(v->batch);
	return cmd;
}

START_TEST(one_table)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_riscv_translation t;
	struct guest_table table;
	struct vmm v;

	vmm_open(&v);
	table = sv48(&v, 1);
	store(&v, v.dc + 24, POINTER(9, table.root));
	store(&v, v.dc + 16, PSCID(7));
	store(&v, v.dc, TC_V);
	t = look(&v, IOASID_NO_PASID);
	ck_assert_int_eq(t.kind, IOASID_RISCV_FIRST_STAGE);
	ck_ok(ioasid_riscv_translation_get_pgtable(&t, IOASID_PGTABLE_RISCV, &p));
	ck_ok(ioasid_space_bind_pgtable(v.g.space, &p));
	ck_ok(ioasid_device_attach(v.g.device, v.g.space));
	ck_assert_int_eq(reached(v.g.device, IOASID_NO_PASID, 0), 1);

	gt_unmap(&table, 0, PAGE, 1);
	/* IOTINVAL.VMA of address 0 and of another PSCID, and then of this one */
	command(&v, 1 | BIT(10) | BIT(32) | PSCID(8), 0, &t);
	ck_assert_int_eq(reached(v.g.device, IOASID_NO_PASID, 0), 1);
	command(&v, 1 | BIT(10) | BIT(32) | PSCID(7), 0, &t);
	ck_assert_int_eq(reached(v.g.device, IOASID_NO_PASID, 0), -EFAULT);
	vmm_close(&v);
}
END_TEST

static void store_pc(struct vmm *v, uint32_t process, uint64_t root)
{
	store(v, v->pdt + 16 * process + 8, POINTER(9, root));
	store(v, v->pdt + 16 * process, 1 | PSCID(PSCID_OF(process)));
}

/* The directory bound whole, and IODIR.INVAL_PDT as an invalidation by PASID. */
START_TEST(process_directory)
{
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_riscv_translation t;
	struct ioasid_riscv_cmd cmd;
	struct vmm v;

	vmm_open(&v);
	store(&v, v.dc + 24, POINTER(1, v.pdt));
	store(&v, v.dc, TC_V | TC_PDTV);
	store_pc(&v, PROCESS, sv48(&v, 2).root);
	ck_ok(ioasid_riscv_lookup_dc(&v.regs, DEVICE, read_memory, &v.g, &dc, NULL));
	ck_ok(ioasid_riscv_dc_get_pasid_table(&v.regs, &dc, &table));
	ck_ok(ioasid_space_bind_pasid_table(v.g.space, &table));
	ck_ok(ioasid_device_attach(v.g.device, v.g.space));
	ck_assert_int_eq(reached(v.g.device, PROCESS, 0), 2);
	/* without DPE, requests without process_id are not translated */
	ck_assert_int_eq(reached(v.g.device, IOASID_NO_PASID, DATA + 3 * PAGE), 3);

	t = look(&v, PROCESS);
	store_pc(&v, PROCESS, sv48(&v, 4).root);
	ck_assert_int_eq(reached(v.g.device, PROCESS, 0), 2);
	cmd = command(&v, 0x83 | PSCID(PROCESS) | BIT(33) | (uint64_t)DEVICE << 40, 0, &t);
	ck_assert(ioasid_riscv_cmd_is_lookup_stale(&cmd, DEVICE, &t));
	inv_pasid(&v.g, cmd.process_id);
	ck_assert_int_eq(reached(v.g.device, PROCESS, 0), 4);
	vmm_close(&v);
}
END_TEST

/* What the unit does not say it can, an entry cannot ask for, bound whole or looked up. */
START_TEST(schemes_of_the_unit)
{
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct vmm v;

	vmm_open(&v);
	v.regs.capabilities &= ~(SV48 | SV57);
	store(&v, v.dc + 24, POINTER(1, v.pdt));
	store(&v, v.dc, TC_V | TC_PDTV | TC_DPE);
	store_pc(&v, PROCESS, sv48(&v, 2).root);
	ck_ok(ioasid_riscv_lookup_dc(&v.regs, DEVICE, read_memory, &v.g, &dc, NULL));
	ck_ok(ioasid_riscv_dc_get_pasid_table(&v.regs, &dc, &table));
	ck_ok(ioasid_space_bind_pasid_table(v.g.space, &table));
	ck_ok(ioasid_device_attach(v.g.device, v.g.space));
	faults(&v.g, PROCESS, IOASID_FAULT_PASID_MALFORMED);
	faults(&v.g, IOASID_NO_PASID, IOASID_FAULT_PASID_NOT_PRESENT);
	ck_assert_int_eq(look(&v, PROCESS).reason, IOASID_RISCV_PC_FIRST_STAGE);
	ck_assert_int_eq(look(&v, IOASID_NO_PASID).reason, IOASID_RISCV_PDT_ABSENT);
	vmm_close(&v);
}
END_TEST

/*
 * Of the entries on the way to address 0, as a guest's kernel uses them: bits 59 and 60 (9.4,
 * Svrsw60t59b), or the leaf's memory type (Svpbmt).
 */
static void use_bits(struct guest_table *table, bool memory_type)
{
	for (unsigned int level = 1; level <= (memory_type ? 1 : table->levels); level++) {
		uint64_t *entry = gt_entry(table, 0, level);

		gt_store(entry, gt_load(entry) | (memory_type ? BIT(62) :
						  level % 2 ? BIT(59) : BIT(60)));
	}
}

/* A process's tables have them where the unit knows them. */
START_TEST(bits_that_the_unit_knows)
{
	bool known = _i & 1, memory_type = _i & 2;
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	struct ioasid_riscv_translation t;
	struct guest_table tables[2];
	struct vmm v;

	vmm_open(&v);
	if (known)
		v.regs.capabilities |= memory_type ? SVPBMT : SVRSW;
	store(&v, v.dc + 24, POINTER(1, v.pdt));
	store(&v, v.dc, TC_V | TC_PDTV);
	for (unsigned int i = 0; i < 2; i++) {
		tables[i] = sv48(&v, 2 + i);
		use_bits(&tables[i], memory_type);
		store_pc(&v, PROCESS + i, tables[i].root);
	}
	/* bound whole */
	ck_ok(ioasid_riscv_lookup_dc(&v.regs, DEVICE, read_memory, &v.g, &dc, NULL));
	ck_ok(ioasid_riscv_dc_get_pasid_table(&v.regs, &dc, &table));
	ck_ok(ioasid_space_bind_pasid_table(v.g.space, &table));
	ck_ok(ioasid_device_attach(v.g.device, v.g.space));
	ck_assert_int_eq(reached(v.g.device, PROCESS, 0), known ? 2 : -EFAULT);
	ck_ok(ioasid_device_detach(v.g.device));
	ck_ok(ioasid_space_unbind_pasid_table(v.g.space));
	/* and looked up */
	t = look(&v, PROCESS + 1);
	ck_ok(ioasid_riscv_translation_get_pgtable(&t, IOASID_PGTABLE_RISCV, &p));
	ck_ok(ioasid_space_bind_pgtable(v.g.space, &p));
	ck_ok(ioasid_device_attach(v.g.device, v.g.space));
	ck_assert_int_eq(reached(v.g.device, IOASID_NO_PASID, 0), known ? 3 : -EFAULT);
	vmm_close(&v);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vmm-riscv");
	TCase *tcase = tcase_create("vmm-riscv");

	tcase_add_test(tcase, one_table);
	tcase_add_test(tcase, process_directory);
	tcase_add_test(tcase, schemes_of_the_unit);
	tcase_add_loop_test(tcase, bits_that_the_unit_knows, 0, 4);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
