/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The page tables of a translation, as ioasid_space_bind_pgtable() takes them. */
#include "amd/bits.h"
#include "export.h"

#define MAX_HOST_LEVELS 5u

IOASID_EXPORT int
ioasid_amd_translation_get_pgtable(const struct ioasid_amd_translation *translation,
				   enum ioasid_pgtable_format format,
				   struct ioasid_pgtable *pgtable)
{
	struct ioasid_pgtable p = IOASID_PGTABLE_INIT;
	int ret = amd_check_size(pgtable->size, FIRST_PGTABLE_SIZE);

	if (ret)
		return ret;
	p.format = format;
	if (format == IOASID_PGTABLE_AMD_V1) {
		p.levels = translation->host_levels;
		p.root = translation->host_root;
		p.flags = (translation->host_accessed ? IOASID_PGTABLE_SET_ACCESSED : 0) |
			  (translation->host_dirty ? IOASID_PGTABLE_SET_DIRTY : 0);
	} else if (format == IOASID_PGTABLE_AMD_V2) {
		p.levels = translation->guest_levels;
		p.root = translation->guest_root;
	}
	if (!p.levels)
		return err_set(ENOENT, "the translation has no table of format %d", (int)format);
	if (p.levels > MAX_HOST_LEVELS)
		return err_set(EOPNOTSUPP, "AMD IOMMU: tables of %u levels", p.levels);
	if (!translation->readable || !translation->writable)
		return err_set(EOPNOTSUPP, "AMD IOMMU: device table entries without IR or IW");
	entry_put(pgtable, &p, sizeof(p));
	return 0;
}
