/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page tables of the kernel that is played: what they were made for, and which pages were written.
 */
#ifndef TESTS_SHIM_HWPT_H
#define TESTS_SHIM_HWPT_H

#include <stdbool.h>
#include <stdint.h>

#define SHIM_BYTES 128u

/* Can there be one, by the words of the command? @parent: 0: on an IOAS. 0 or -errno. */
int shim_hwpt_check(const uint32_t *words, uint32_t parent);
void shim_hwpt_new(uint32_t id, const uint32_t *words);
void shim_hwpt_destroy(uint32_t id);
void shim_hwpt_reset(void);
uint32_t shim_hwpt_maker(uint32_t id);
bool shim_hwpt_has_pasids(uint32_t id);

/* What a nested one was made of, and the entries of the latest array that it was sent. */
const uint8_t *shim_hwpt_data(uint32_t id);
const uint8_t *shim_hwpt_entries(uint32_t id);

/* SHIM_SET_DIRTY, SHIM_GET_DIRTY, SHIM_INVALIDATE: 0 or -errno. */
int shim_hwpt_ioctl(unsigned long command, uint32_t *words);

/* A device writes the page at @iova through the page table. Does that record it? */
bool shim_hwpt_write(uint32_t id, uint64_t iova);
bool shim_hwpt_tracks(uint32_t id);
void shim_hwpt_unmapped(uint32_t id, uint64_t iova, uint64_t length);

#endif
