/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture: what a guest did to its I/O page tables, step by step; all of it, in memory. */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include <stdbool.h>

#include "kind.h"
#include "util.h"

/* One record of a NNN.pages file: an address and what the page holds. */
#define PAGE_RECORD_BYTES (8 + PAGE_BYTES)

struct capture_device {
	uint16_t sid;
	char *name;
};

/* A line of a NNN.map file. */
struct capture_run {
	uint16_t sid;
	struct ioasid_run run;
};

struct capture_step {
	char *label;
	/* Pages that are no tables any more. */
	uint64_t *gone;
	size_t n_gone;
	/* Pages that are new or have changed: records as in the file. */
	unsigned char *pages;
	size_t n_pages;
	/* Invalidation descriptors, as the guest queued them. */
	unsigned char *inv;
	size_t n_inv;
	/* What is mapped at the end, by source-id and address. */
	struct capture_run *runs;
	size_t n_runs;
};

struct capture {
	const struct kind *kind;
	union unit unit;
	size_t descriptor_bytes;
	bool new_mappings_are_invalidated;
	/* Nobody has said what is mapped at the end of the steps. */
	bool lacks_maps;
	struct ioasid_range *memory;
	size_t n_memory;
	/* Where interrupts are written to: what runs lead to outside memory. */
	struct ioasid_range *doorbells;
	size_t n_doorbells;
	struct capture_device *devices;
	size_t n_devices;
	struct capture_step *steps;
	size_t n_steps;
};

/*
 * Loads a capture from a directory, or from an archive that tar(1) can unpack.
 * What is no table any more, and what is mapped then, need not be said if it is @unexpecting.
 * Returns 0, or -1 after saying which file is wrong and where.
 */
int capture_load(struct capture *capture, const char *path, bool unexpecting);
void capture_free(struct capture *capture);

/* The index of a device, or -1. */
int capture_find_device(const struct capture *capture, uint16_t sid);

/* meta.c: fills in all but what the steps' own files hold. */
struct capture_counts {
	/* What meta.json says of a step's files; -1: nothing. */
	int64_t descriptors, pages, gone;
};

int meta_load(struct capture *capture, struct capture_counts **counts, const char *dir);

/* unpack.c: unpacks an archive into a new directory; signals to end the program wait meanwhile. */
struct unpacked;

int unpack(struct unpacked **unpacked, const char *path);
const char *unpacked_dir(const struct unpacked *unpacked);
void unpack_remove(struct unpacked *unpacked);

#endif
