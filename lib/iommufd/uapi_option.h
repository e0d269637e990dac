/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's options, as in uapi.h. */
#ifndef IOMMUFD_UAPI_OPTION_H
#define IOMMUFD_UAPI_OPTION_H

#include "uapi.h"

#define UAPI_OPTION		UAPI_IOMMUFD(0x87)

/* enum iommufd_option, Linux 6.2 */
#define UAPI_OPTION_RLIMIT_MODE	0u	/* of the iommufd: 1: by process, 0: by user */
#define UAPI_OPTION_HUGE_PAGES	1u	/* of an IOAS: 0: smallest pages only */

/* enum iommufd_option_ops, Linux 6.2 */
#define UAPI_OPTION_SET		0u

/* struct iommu_option, Linux 6.2 */
struct uapi_option {
	uint32_t size;
	uint32_t option_id;
	uint16_t op;
	uint16_t reserved;
	uint32_t object_id;		/* 0: the iommufd */
	uint64_t val64;
};
UAPI_SIZE(uapi_option, 24);
UAPI_AT(uapi_option, option_id, 4);
UAPI_AT(uapi_option, op, 8);
UAPI_AT(uapi_option, object_id, 12);
UAPI_AT(uapi_option, val64, 16);

#endif
