/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user's description of a page table: checked, and made into what the library knows of it. */
#include <errno.h>

#include "objects.h"

#define SIZES (IOASID_PGTABLE_NO_2M | IOASID_PGTABLE_NO_1G)

/* The flags that mean something, by format. */
static const uint32_t known_flags[] = {
	[IOASID_PGTABLE_VTD_SS] = SIZES,
	[IOASID_PGTABLE_VTD_FS] = SIZES | IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT,
	[IOASID_PGTABLE_ARM_S1] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_IGNORE_ACCESSED |
				  IOASID_PGTABLE_NO_HIERARCHY | IOASID_PGTABLE_WIDE,
	[IOASID_PGTABLE_ARM_S2] = IOASID_PGTABLE_IGNORE_ACCESSED | IOASID_PGTABLE_WIDE,
	[IOASID_PGTABLE_AMD_V2] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_WRITE_PROTECT,
	[IOASID_PGTABLE_RISCV] = IOASID_PGTABLE_PRIVILEGED | IOASID_PGTABLE_USER_ACCESS |
				 IOASID_PGTABLE_IGNORE_ACCESSED,
};

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
	return 0;
}

/* What can be told without the format, in the order of the members. */
static int check_widths(const struct ioasid_pgtable *t)
{
	unsigned int most = t->format == IOASID_PGTABLE_RISCV ? 56 : 52;

	if (t->address_bits && (t->address_bits < 32 || t->address_bits > most))
		return err_set(EINVAL, "address_bits %u, must be 32 to %u", t->address_bits, most);
	if (t->granule_bits && t->granule_bits != 12 && t->granule_bits != 14 &&
	    t->granule_bits != 16)
		return err_set(EINVAL, "granule_bits %u, must be 12, 14 or 16", t->granule_bits);
	if (t->input_bits && (t->input_bits < 13 || t->input_bits > 64))
		return err_set(EINVAL, "input_bits %u, must be 13 to 64", t->input_bits);
	return 0;
}

int pgtable_check(const struct ioasid_pgtable *t, struct pgt *pgt)
{
	const struct pgt_caps caps = {
		.haw = t->address_bits,
		.input_bits = t->input_bits,
		.granule = t->granule_bits,
		.wide = t->flags & IOASID_PGTABLE_WIDE,
		.page_2m = !(t->flags & IOASID_PGTABLE_NO_2M),
		.page_1g = !(t->flags & IOASID_PGTABLE_NO_1G),
		.snoop_control = true,	/* a guest may set SNP: all DMA here is coherent */
		.supervisor = t->flags & IOASID_PGTABLE_PRIVILEGED,
		.write_protect = t->flags & IOASID_PGTABLE_WRITE_PROTECT,
		.ignore_accessed = t->flags & IOASID_PGTABLE_IGNORE_ACCESSED,
		.user_access = t->flags & IOASID_PGTABLE_USER_ACCESS,
		.no_hierarchy = t->flags & IOASID_PGTABLE_NO_HIERARCHY,
	};
	int ret = check_flags(t);

	if (!ret)
		ret = check_widths(t);
	if (ret)
		return ret;
	ret = pgt_init(pgt, (enum pgt_id)t->format, t->levels, &caps);
	if (ret)
		return err_set(-ret, "page-table format %u with %u levels of %u bits and %u input bits "
			       "is not supported", (unsigned int)t->format, t->levels,
			       t->granule_bits ? t->granule_bits - 3 : 9, t->input_bits);
	if (t->input_bits && pgt->input_bits != t->input_bits)
		return err_set(EOPNOTSUPP, "page-table format %u with %u levels translates %u "
			       "bits, not %u", (unsigned int)t->format, t->levels, pgt->input_bits,
			       t->input_bits);
	if (!bits_is_aligned(t->root, pgt_root_size(pgt)) || t->root >> pgt->addr_bits)
		return err_set(EINVAL, "root 0x%llx: not a multiple of %llu, or beyond %u bits",
			       (unsigned long long)t->root,
			       (unsigned long long)pgt_root_size(pgt), pgt->addr_bits);
	return 0;
}
