/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest whose device is behind an IOMMU that walks both levels. */
#ifndef TESTS_HW_WORLD_H
#define TESTS_HW_WORLD_H

#include "guest_tables.h"
#include "support.h"

#define HW_SIZE	  (8 * MIB)
#define HW_TABLES (4 * MIB)
#define HW_AT	  UINT64_C(0x1234000000)

/* A platform of one IOMMU "hw" with @iommu, and two devices; the second has @device. */
#define HW_PLATFORM(iommu, device)                                                                 \
	"iommu hw address-bits=59 pasid-bits=16 nesting=software,hardware " iommu "\n"             \
	"device 0000:00:01.0 iommu=hw pasid-bits=16 " device "\n"                                  \
	"device 0000:00:02.0 iommu=hw pasid-bits=16\n"

/* Formats that an IOMMU is given to walk, all with 4 levels. */
#define HW_FORMATS 8
extern const enum ioasid_pgtable_format hw_formats[HW_FORMATS];

/* Those of x86-64, in which the walk sets A (bit 5) and D (bit 6). */
static inline bool hw_marks(enum ioasid_pgtable_format format)
{
	return format == IOASID_PGTABLE_VTD_FS || format == IOASID_PGTABLE_AMD_V2;
}

struct hw {
	struct guest g;
	struct guest_table t;
	struct ioasid_space *child;
};

/* A child in hardware, with a table of 4 levels in which pages HW_AT lead to 16 * PAGE. */
void hw_open(struct hw *h, const char *platform, enum ioasid_pgtable_format format,
	     uint64_t ctx_flags);
void hw_close(struct hw *h);

struct ioasid_space *hw_space(struct ioasid_ctx *ctx, struct ioasid_space *parent);

/* For tests that hold however a space is nested: by shadow, filled both ways, or in hardware. */
#define HW_WAYS 3
struct ioasid_space *hw_any_space(struct ioasid_ctx *ctx, struct ioasid_space *parent, int way);
static inline bool hw_is_hardware(int way)
{
	return way == HW_WAYS - 1;
}

/* Makes page @n of those lead to the guest's page @target, and tells nobody. */
void hw_set(struct hw *h, uint64_t n, uint64_t target);

/* Where a byte of page @n is read: the number of the guest's page; -1: it faults. */
int64_t hw_page(struct hw *h, uint64_t n);

/* Invalidates one page of those, with flags. */
void hw_invalidate(struct hw *h, uint64_t n, uint32_t flags);

struct ioasid_device_stats hw_stats(const struct hw *h);

#endif
