/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables of the kernel that is played: what they were made for, and which pages were written. */
#ifndef TESTS_SHIM_HWPT_H
#define TESTS_SHIM_HWPT_H

#include <stdbool.h>
#include <stdint.h>

/* By id. @maker: the device that it was made for; @flags: IOMMU_HWPT_ALLOC_* */
void shim_hwpt_new(uint32_t id, uint32_t maker, uint32_t flags);
void shim_hwpt_destroy(uint32_t id);
void shim_hwpt_reset(void);
uint32_t shim_hwpt_maker(uint32_t id);

/* SHIM_SET_DIRTY, SHIM_GET_DIRTY: 0 or -errno. */
int shim_hwpt_ioctl(unsigned long command, const uint32_t *words);

/* A device writes the page at @iova through the page table. Does that record it? */
bool shim_hwpt_write(uint32_t id, uint64_t iova);
bool shim_hwpt_tracks(uint32_t id);
void shim_hwpt_unmapped(uint32_t id, uint64_t iova, uint64_t length);

#endif
