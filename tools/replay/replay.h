/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A replay of a capture, from the command line to what it found. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "capture.h"
#include "compare.h"
#include "guest.h"
#include "vmm.h"

struct options {
	const char *path;
	bool quiet, verbose;
	/* IOASID_FILL_*; 0: as the capture asks for. */
	enum ioasid_fill fill;
	/* The last step; UINT64_MAX: all. */
	uint64_t last_step;
	/* The descriptor to leave out; UINT64_MAX: none. */
	uint64_t drop;
	/* Name the invalidations that are missing; and nobody need have said what is expected. */
	bool audit, unexpecting;
};

struct totals {
	uint64_t steps, descriptors, runs, differing;
	/* Table entries that lack an invalidation, as the audit named them. */
	uint64_t named;
	/* Events of those, or of others, that there was no room for. */
	uint64_t unnamed;
};

/* What one pass over the capture consists of. */
struct replay {
	const struct options *options;
	const struct capture *capture;
	enum ioasid_fill fill;
	/* The guest sends nothing for new mappings, and nobody looks for them. */
	bool lacks_new_mappings;

	struct ioasid_ctx *ctx;
	struct guest guest;
	struct vmm vmm;
	struct ioasid_channel **channels;
	struct audit *audit;

	struct totals totals;
	/* Number of the next descriptor in the whole capture. */
	uint64_t position;
	/* The step at work, and what came of it. */
	size_t step;
	uint64_t step_descriptors, step_differing, step_shown, step_named;
	size_t step_not_filled;
	/* The device at work, by index. */
	size_t device;
};

/* One pass; the totals are added up. 0, or -1 after saying what went wrong. */
int replay_pass(const struct options *options, const struct capture *capture, enum ioasid_fill fill,
		struct totals *totals);

/* platform.c: a context on an emulated platform with the captured devices, bound. */
int platform_open(struct replay *r);
void platform_close(struct replay *r);

/* check.c: holds all devices against what is expected after the step. 0, or -1 if it cannot. */
int check_step(struct replay *r);

/*
 * audit.c: what the library says about invalidations that are missing. Each table entry is named
 * once, even if later steps meet it again.
 */
int audit_open(struct replay *r);
void audit_close(struct audit *audit);
/* A descriptor, by its number, was just carried out: that is when, for what is named later. */
void audit_mark(struct audit *audit, uint64_t position);
/* Prints what the queue holds. */
void audit_report(struct replay *r);

/* report.c: all that goes to standard output. */
void report_capture(const struct options *options, const struct capture *capture);
void report_pass(const struct replay *r);
void report_progress(const struct replay *r);
void report_difference(struct replay *r, enum difference what, const struct ioasid_run *expected,
		       const struct ioasid_run *listed);
void report_step(const struct replay *r);
void report_queue(const struct replay *r);
void report_dropped(const struct replay *r, const uint64_t *raw);
void report_missing(struct replay *r, const struct ioasid_event *event, uint64_t position);
void report_totals(const struct options *options, const struct totals *totals);

/* The device's place on the bus, as text. */
const char *device_address(uint16_t sid, char text[13]);

#endif
