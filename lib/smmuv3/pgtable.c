/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page tables of a translation, as ioasid_space_bind_pgtable() takes them. */
#include "export.h"
#include "smmuv3/bits.h"

static int unsupported(const char *what)
{
	return err_set(EOPNOTSUPP, "SMMUv3: %s", what);
}

static bool is_privileged(const struct ioasid_smmuv3_translation *t)
{
	return t->privileged || t->world == IOASID_SMMUV3_EL2; /* there is no other there */
}

/* What the library's walk of one AArch64 table does not have. */
static int check_table(const struct ioasid_smmuv3_table *table)
{
	if (table->format != IOASID_SMMUV3_VMSA64)
		return unsupported("tables of VMSAv8-32");
	if (table->flags & IOASID_SMMUV3_TABLE_BIG_ENDIAN)
		return unsupported("big-endian tables");
	return 0;
}

static bool is_wide(const struct ioasid_smmuv3_table *table)
{
	return table->flags & (IOASID_SMMUV3_TABLE_DS | IOASID_SMMUV3_TABLE_LPA);
}

/* Without access for who asks, a table is as if it were disabled: its addresses fault (E0PD). */
static bool is_used(const struct ioasid_smmuv3_translation *t,
		    const struct ioasid_smmuv3_table *table)
{
	return table->format && (is_privileged(t) || !(table->flags & IOASID_SMMUV3_TABLE_E0PD));
}

static int check_stage1(const struct ioasid_smmuv3_translation *t)
{
	const struct ioasid_smmuv3_table *low = &t->table[0], *high = &t->table[1];
	int ret = 0;

	if (t->privileged_no_access && is_privileged(t) && t->world != IOASID_SMMUV3_EL2)
		return unsupported("privileged access that excludes unprivileged pages");
	if (!is_used(t, low) && !is_used(t, high))
		return unsupported("tables without unprivileged access");
	if (is_used(t, low))
		ret = check_table(low);
	if (!ret && is_used(t, high))
		ret = check_table(high);
	return ret;
}

/* What the tables of a descriptor have in common, by any of them. */
static void describe_both(struct ioasid_pgtable *p, const struct ioasid_smmuv3_table *table)
{
	unsigned bits = table->output_bits;

	if (bits > 48 && !is_wide(table))
		bits = 48;
	if (p->address_bits < bits)
		p->address_bits = bits;
	if (table->flags & IOASID_SMMUV3_TABLE_AFFD)
		p->flags |= IOASID_PGTABLE_IGNORE_ACCESSED;
	if (table->flags & IOASID_SMMUV3_TABLE_HA)
		p->flags |= IOASID_PGTABLE_SET_ACCESSED;
	if (table->flags & IOASID_SMMUV3_TABLE_HD)
		p->flags |= IOASID_PGTABLE_SET_DIRTY;
}

static void describe(struct ioasid_pgtable *p, const struct ioasid_smmuv3_table *table)
{
	describe_both(p, table);
	p->levels = table->levels;
	p->root = table->root;
	p->input_bits = table->input_bits;
	p->granule_bits = table->granule_bits;
	if (is_wide(table))
		p->flags |= IOASID_PGTABLE_WIDE;
	if (table->flags & IOASID_SMMUV3_TABLE_HAD)
		p->flags |= IOASID_PGTABLE_NO_HIERARCHY;
}

static void describe_high(struct ioasid_pgtable *p, const struct ioasid_smmuv3_table *table)
{
	describe_both(p, table);
	p->upper_levels = table->levels;
	p->upper_root = table->root;
	p->upper_input_bits = table->input_bits;
	p->upper_granule_bits = table->granule_bits;
	if (is_wide(table))
		p->flags |= IOASID_PGTABLE_UPPER_WIDE;
	if (table->flags & IOASID_SMMUV3_TABLE_HAD)
		p->flags |= IOASID_PGTABLE_UPPER_NO_HIERARCHY;
}

/* NULL: there is none of that format. */
static const struct ioasid_smmuv3_table *choose_table(const struct ioasid_smmuv3_translation *t,
						      enum ioasid_pgtable_format format)
{
	if (format == IOASID_PGTABLE_ARM_S1 && (t->table[0].format || t->table[1].format))
		return &t->table[0];
	if (format == IOASID_PGTABLE_ARM_S2 && t->stage2.format)
		return &t->stage2;
	return NULL;
}

IOASID_EXPORT int
ioasid_smmuv3_translation_get_pgtable(const struct ioasid_smmuv3_translation *translation,
				      enum ioasid_pgtable_format format,
				      struct ioasid_pgtable *pgtable)
{
	const struct ioasid_smmuv3_table *table = choose_table(translation, format);
	bool stage1 = format == IOASID_PGTABLE_ARM_S1;
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int ret = smmu_check_size(pgtable->size, FIRST_PGTABLE_SIZE);

	if (ret)
		return ret;
	if (!table)
		return err_set(ENOENT, "the translation has no table of format %d", (int)format);
	ret = stage1 ? check_stage1(translation) : check_table(table);
	if (ret)
		return ret;
	p.format = format;
	if (stage1 && is_privileged(translation))
		p.flags |= IOASID_PGTABLE_PRIVILEGED;
	if (!stage1 || is_used(translation, &translation->table[0]))
		describe(&p, table);
	if (stage1 && is_used(translation, &translation->table[1]))
		describe_high(&p, &translation->table[1]);
	entry_put(pgtable, &p, sizeof(p));
	return 0;
}
