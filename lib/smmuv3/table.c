/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Translation tables, as far as stream table entries and context descriptors share their rules. */
#include "smmuv3/bits.h"

unsigned smmu_granule(const struct ioasid_smmuv3_regs *regs, uint64_t tg0)
{
	/* 4K, 64K, 16K, and which bit of SMMU_IDR5 reports it (6.3.6) */
	static const struct {
		uint8_t bits, idr5;
	} granules[] = { { 12, 4 }, { 16, 6 }, { 14, 5 } };

	if (tg0 > 2 || !smmu_can(regs, 5, granules[tg0].idr5))
		return 0;
	return granules[tg0].bits;
}

void smmu_set_wide(const struct ioasid_smmuv3_regs *regs, struct ioasid_smmuv3_table *table)
{
	if (table->granule_bits != 16)
		return;
	table->flags &= ~IOASID_SMMUV3_TABLE_DS;
	if (smmu_oas(regs) == 52)
		table->flags |= IOASID_SMMUV3_TABLE_LPA;
}

static bool has_52_bits(const struct ioasid_smmuv3_table *table)
{
	return table->granule_bits == 16 || table->flags & IOASID_SMMUV3_TABLE_DS;
}

bool smmu_size_ok(const struct ioasid_smmuv3_regs *regs, const struct ioasid_smmuv3_table *table,
		  unsigned address_bits)
{
	unsigned least = 64 - 39, most = has_52_bits(table) ? 52 : 48;

	if (smmu_can(regs, 3, SMMU_IDR3_STT))
		least = table->granule_bits == 16 ? 64 - 47 : 64 - 48;
	if (most > address_bits)
		most = address_bits;
	return table->input_bits >= least && table->input_bits <= most;
}

bool smmu_root_ok(const struct ioasid_smmuv3_table *table, uint64_t root)
{
	unsigned bits = table->output_bits;

	if (table->format == IOASID_SMMUV3_VMSA64 && !has_52_bits(table) && bits > 48)
		bits = 48;
	return !(root >> bits);
}

uint64_t smmu_align_root(const struct ioasid_smmuv3_table *table, uint64_t root)
{
	unsigned stride = table->granule_bits - 3;
	unsigned below = table->granule_bits + (table->levels - 1) * stride;
	unsigned size = 3; /* one entry */

	if (table->input_bits > below)
		size += table->input_bits - below;
	if (table->output_bits == 52 && size < 6)
		size = 6;
	return root & (~UINT64_C(0) << size);
}
