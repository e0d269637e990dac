/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VT-d in scalable mode: what an entry of a PASID table makes of requests (VT-d 4.1, 9.6). */
#ifndef GUEST_VTD_PASID_H
#define GUEST_VTD_PASID_H

#include <ioasid/vtd.h>

static inline void vtd_use_pasid(struct ioasid_vtd_translation *t,
				 const struct ioasid_vtd_pasid *entry)
{
	t->kind = entry->kind;
	t->domain = entry->domain;
	t->write_protect = entry->write_protect;
	t->extended_accessed = entry->extended_accessed;
	t->second_dirty = entry->second_levels && entry->second_dirty;
	t->second_levels = entry->second_levels;
	t->second_root = entry->second_root;
	t->first_levels = entry->first_levels;
	t->first_root = entry->first_root;
}

#endif
