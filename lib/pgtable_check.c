/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user's description of a page table: checked, and made into what the library knows of it. */
#include <errno.h>

#include "objects.h"

#define SIZES (IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G)
#define SETS (IOASID_PGTABLE_SET_ACCESSED | IOASID_PGTABLE_SET_DIRTY)

/* The flags that mean something, by format. */
static const uint32_t known_flags[] = {
	[IOASID_PGTABLE_VTD_SS] = SIZES | SETS,
	[IOASID_PGTABLE_VTD_FS] = SIZES | IOASID_PGTABLE_PRIVILEGED |
				  IOASID_PGTABLE_WRITE_PROTECT | IOASID_PGTABLE_SET_EXTENDED,
	[IOASID_PGTABLE_ARM_S1] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED |
				  IOASID_PGTABLE_NO_HIERARCHY | IOASID_PGTABLE_WIDE |
				  IOASID_PGTABLE_UPPER_NO_HIERARCHY | IOASID_PGTABLE_UPPER_WIDE |
				  SETS,
	[IOASID_PGTABLE_ARM_S2] = IOASID_PGTABLE_IGNORE_ACCESSED | IOASID_PGTABLE_WIDE | SETS,
	[IOASID_PGTABLE_AMD_V1] = SETS,
	[IOASID_PGTABLE_AMD_V2] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT,
	[IOASID_PGTABLE_RISCV] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_USER_ACCESS |
				 IOASID_PGTABLE_IGNORE_ACCESSED | SETS |
				 IOASID_PGTABLE_SOFTWARE_BITS | IOASID_PGTABLE_MEMORY_TYPES,
	[IOASID_PGTABLE_RISCV_S2] = IOASID_PGTABLE_IGNORE_ACCESSED | SETS |
				    IOASID_PGTABLE_SOFTWARE_BITS | IOASID_PGTABLE_MEMORY_TYPES,
};

static bool is_riscv(const struct ioasid_pgtable *t)
{
	return t->format == IOASID_PGTABLE_RISCV || t->format == IOASID_PGTABLE_RISCV_S2;
}

/* Dirty flags are set with accessed ones; RISC-V and VT-d have one bit for both. */
static int check_sets(const struct ioasid_pgtable *t)
{
	uint32_t sets = t->flags & SETS;
	bool both = is_riscv(t) || t->format == IOASID_PGTABLE_VTD_SS;

	if (sets == IOASID_PGTABLE_SET_DIRTY || (both && sets == IOASID_PGTABLE_SET_ACCESSED))
		return err_set(EINVAL, "IOASID_PGTABLE_SET_%s without IOASID_PGTABLE_SET_%s",
			       sets == IOASID_PGTABLE_SET_DIRTY ? "DIRTY" : "ACCESSED",
			       sets == IOASID_PGTABLE_SET_DIRTY ? "ACCESSED" : "DIRTY");
	return 0;
}

static int check_flags(const struct ioasid_pgtable *t)
{
	unsigned int format = (unsigned int)t->format;
	uint32_t known = format < bits_array_size(known_flags) ? known_flags[format] : 0, all = 0;
	size_t i;

	for (i = 0; i < bits_array_size(known_flags); i++)
		all |= known_flags[i];
	if (t->flags & ~all)
		return err_set(EINVAL, "unknown page-table flags 0x%x", t->flags & ~all);
	if (t->flags & ~known)
		return err_set(EINVAL, "page-table format %u has no flags 0x%x", format,
			       t->flags & ~known);
	return check_sets(t);
}

static int check_width(const char *what, unsigned int bits, unsigned int least, unsigned int most)
{
	if (bits && (bits < least || bits > most))
		return err_set(EINVAL, "%s %u, must be %u to %u", what, bits, least, most);
	return 0;
}

static int check_granule(unsigned int bits)
{
	if (bits && bits != 12 && bits != 14 && bits != 16)
		return err_set(EINVAL, "granule_bits %u, must be 12, 14 or 16", bits);
	return 0;
}

/* A table that there is not has no properties. */
static int check_absent(const char *which, uint64_t root, unsigned int input_bits,
			unsigned int granule_bits)
{
	if (root || input_bits || granule_bits)
		return err_set(EINVAL, "no %slevels, but a root, input_bits or granule_bits",
			       which);
	return 0;
}

/* What can be told without the format, in the order of the members. */
static int check_members(const struct ioasid_pgtable *t)
{
	unsigned int most = is_riscv(t) ? 56 : 52;
	int ret = check_width("address_bits", t->address_bits, 32, most);

	if (!ret)
		ret = check_width("input_bits", t->input_bits, 13, 64);
	if (!ret)
		ret = check_granule(t->granule_bits);
	if (!ret)
		ret = check_width("upper_input_bits", t->upper_input_bits, 13, 64);
	if (!ret)
		ret = check_granule(t->upper_granule_bits);
	if (!ret && !t->upper_levels)
		ret = check_absent("upper_", t->upper_root, t->upper_input_bits,
				   t->upper_granule_bits);
	if (!ret && t->upper_levels && !t->levels)
		ret = check_absent("", t->root, t->input_bits, t->granule_bits);
	if (!ret && t->upper_levels && t->format != IOASID_PGTABLE_ARM_S1)
		ret = err_set(EOPNOTSUPP, "page-table format %u has no upper table",
			      (unsigned int)t->format);
	return ret;
}

/* One of the tables of a description: what is its own, beside what both share. */
struct table {
	uint32_t levels, input_bits, granule_bits;
	uint64_t root;
	bool high;
	uint32_t no_hierarchy, wide; /* the flags */
};

static int make(const struct ioasid_pgtable *t, const struct table *own, struct pgt *pgt)
{
	const struct pgt_caps caps = {
		.haw = t->address_bits,
		.input_bits = own->input_bits,
		.granule = own->granule_bits,
		.high = own->high,
		.wide = t->flags & own->wide,
		.page_2m = !(t->flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(t->flags & IOASID_PGTABLE_NO_1G),
		.snoop_control = true,	/* a guest may set SNP: all DMA here is coherent */
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.write_protect = t->flags & IOASID_PGTABLE_WRITE_PROTECT,
		.ignore_accessed = t->flags & IOASID_PGTABLE_IGNORE_ACCESSED,
		.set_accessed = t->flags & IOASID_PGTABLE_SET_ACCESSED,
		.set_dirty = t->flags & IOASID_PGTABLE_SET_DIRTY,
		.set_extended = t->flags & IOASID_PGTABLE_SET_EXTENDED,
		.user_access = t->flags & IOASID_PGTABLE_USER_ACCESS,
		.software_bits = t->flags & IOASID_PGTABLE_SOFTWARE_BITS,
		.memory_types = t->flags & IOASID_PGTABLE_MEMORY_TYPES,
		.no_hierarchy = t->flags & own->no_hierarchy,
	};
	int ret = pgt_init(pgt, (enum pgt_id)t->format, own->levels, &caps);

	if (ret)
		return err_set(-ret, "page-table format %u with %u levels of %u bits and %u input "
			       "bits is not supported", (unsigned int)t->format, own->levels,
			       own->granule_bits ? own->granule_bits - 3 : 9, own->input_bits);
	if (own->input_bits && pgt->input_bits != own->input_bits)
		return err_set(EOPNOTSUPP, "page-table format %u with %u levels translates %u "
			       "bits, not %u", (unsigned int)t->format, own->levels,
			       pgt->input_bits, own->input_bits);
	if (!bits_is_aligned(own->root, pgt_root_size(pgt)) || own->root >> pgt->addr_bits)
		return err_set(EINVAL, "root 0x%llx: not a multiple of %llu, or beyond %u bits",
			       (unsigned long long)own->root,
			       (unsigned long long)pgt_root_size(pgt), pgt->addr_bits);
	return 0;
}

int pgtable_check(const struct ioasid_pgtable *t, struct pgt_pair *pair)
{
	const struct table low = { t->levels, t->input_bits, t->granule_bits, t->root, false,
				   IOASID_PGTABLE_NO_HIERARCHY, IOASID_PGTABLE_WIDE };
	const struct table high = { t->upper_levels, t->upper_input_bits, t->upper_granule_bits,
				    t->upper_root, true, IOASID_PGTABLE_UPPER_NO_HIERARCHY,
				    IOASID_PGTABLE_UPPER_WIDE };
	int ret = check_flags(t);

	if (!ret)
		ret = check_members(t);
	if (ret)
		return ret;
	*pair = (struct pgt_pair){ .low.id = (enum pgt_id)t->format, .low_root = t->root,
				   .high_root = t->upper_root };
	if (low.levels || !high.levels)
		ret = make(t, &low, &pair->low);
	if (!ret && high.levels)
		ret = make(t, &high, &pair->high);
	return ret;
}
