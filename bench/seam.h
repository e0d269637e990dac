/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A kernel that does nothing, in place of lib/vfio/sys.c: what is measured is the library alone. */
#ifndef BENCH_SEAM_H
#define BENCH_SEAM_H

/* The device that it has. */
#define SEAM_DEVICE "0000:00:02.0"

/* The descriptor of /dev/iommu. */
#define SEAM_IOMMU 100

/* Calls so far. */
extern unsigned int seam_calls;

#endif
