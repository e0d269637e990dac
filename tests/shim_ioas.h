/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an IOAS has mapped, by Linux's rules: mappings do not overlap; a copy shares what is mapped
 * in the source, and may not write what the source cannot; an unmap takes whole mappings, at least
 * one.
 */
#ifndef TESTS_SHIM_IOAS_H
#define TESTS_SHIM_IOAS_H

#include <stdbool.h>
#include <stdint.h>

#define SHIM_READ  1u
#define SHIM_WRITE 2u

/* All of them: 0 or -errno. */
int shim_ioas_map(uint32_t ioas, uint64_t iova, uint64_t length, uint64_t host, uint32_t perm);
int shim_ioas_map_file(uint32_t ioas, uint64_t iova, uint64_t length, int fd, uint64_t from,
		       uint32_t perm);
int shim_ioas_copy(uint32_t ioas, uint64_t iova, uint64_t length, uint32_t source, uint64_t from,
		   uint32_t perm);
/* @length UINT64_MAX: all. */
int shim_ioas_unmap(uint32_t ioas, uint64_t iova, uint64_t length);

/* What a device reaches at @iova: its permission, 0: nothing. */
uint32_t shim_ioas_look(uint32_t ioas, uint64_t iova, uint64_t *host);
/* The number of the inode that it is in, at *@host; 0: memory, or nothing. */
uint64_t shim_ioas_file(uint32_t ioas, uint64_t iova);
/* Is all that is mapped of files, in all of them? */
bool shim_ioas_all_files(void);
unsigned int shim_ioas_count(uint32_t ioas);
/* Does one mapping have all of that? */
bool shim_ioas_has(uint32_t ioas, uint64_t start, uint64_t last);

/*
 * The ranges that are allowed from now on, {start, last} each: more than one address, no two that
 * overlap (-EINVAL), and nothing that somebody has reserved (-EADDRINUSE).
 */
int shim_ioas_allow(uint32_t ioas, const uint64_t *ranges, uint32_t n);
/* Those; how many there are. */
unsigned int shim_ioas_allowed(uint32_t ioas, uint64_t *ranges, unsigned int n);
/* Somebody else has something reserved, in each IOAS. */
void shim_ioas_reserve(uint64_t start, uint64_t last);
/*
 * A device that is attached reserves its regions, as sysfs has them, and nothing anywhere else:
 * -EADDRINUSE if something is mapped there. Or it is attached no longer.
 */
int shim_ioas_claim(unsigned int owner, uint32_t ioas, const char *regions);
void shim_ioas_release(unsigned int owner);

/* All of one goes; all of all. */
void shim_ioas_destroy(uint32_t ioas);
void shim_ioas_reset(void);

#endif
