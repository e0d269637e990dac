/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two contexts in one process, one on a kernel back end with the devices of the virtual machine,
 * and one on an emulated platform of the same shape. Random calls, valid and invalid, are made on
 * both, in the same order and with the same arguments. After each of them results, ranges,
 * mappings, runs and, where it can be seen, what devices reach have to agree. What is allowed to
 * differ is a rule by name in twins_rules.c, and nothing else is.
 */
#ifndef TESTS_KERNEL_TWINS_H
#define TESTS_KERNEL_TWINS_H

#include <stdio.h>

#include "../../examples/edu.h"
#include "../guest_tables.h"
#include "../random_play.h"
#include "../support.h"

enum { KERNEL, EMULATED, SIDES };

#define TWIN_DEVICES 5u
#define TWIN_SPACES  8u
#define TWIN_FILES   3u
#define TWIN_TABLES  3u

/* The process's memory, in pages: tables of guests, then plain ones. */
#define TABLE_PAGES  24u
#define MEMORY_PAGES 512u
/* Memory that cannot be used for all, and files. */
#define ODD_PAGES    16u

/* Most of what is mapped lies in as many pages from 0 on; the tables from TABLES_AT on. */
#define WINDOW	     1024u
#define TABLES_AT    (WINDOW * PAGE)

struct twin_space {
	struct ioasid_space *at[SIDES]; /* NULL: there is none */
	int parent; /* -1: a root */
	int table; /* which is bound, -1: none */
	bool identity;
	enum ioasid_fill fill; /* as asked for */
};

struct twin_device {
	char name[32];
	struct ioasid_device *at[SIDES]; /* NULL: not bound */
	struct ioasid_channel *channel; /* on the emulated side */
	bool is_edu;
	int space; /* that it is attached to; -1 */
};

struct twins {
	struct ioasid_ctx *ctx[SIDES];
	struct ioasid_inv *inv[SIDES];
	struct twin_device device[TWIN_DEVICES];
	struct twin_space space[TWIN_SPACES];
	struct guest_table table[TWIN_TABLES];
	int file[TWIN_FILES]; /* good; that can shrink; for reading only */
	uint8_t *memory; /* each page begins with its number, but for tables */
	uint8_t *read_only; /* pages that cannot be written, */
	uint8_t *hole; /* and that are not there */
	unsigned int bits; /* width of the IOMMU */
	FILE *trace;
	unsigned int number; /* of the call */
	char call[200], failure[600];
};

extern const struct game twins_game;

/* Notes a difference; the first one counts. */
void twins_differ(struct twins *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says which call comes next. */
void twins_say(struct twins *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Compares what a call has given; true if both were 0. */
bool twins_agree(struct twins *t, int kernel, int emulated);

/* A call on both sides: twins_objects.c, twins_maps.c, twins_guest.c */
typedef void twins_call_fn(struct twins *t, const uint64_t *draw);
twins_call_fn twins_create, twins_destroy, twins_bind, twins_attach, twins_detach, twins_allow,
	twins_identity, twins_register, twins_dirty, twins_change_process;
twins_call_fn twins_map, twins_map_file, twins_map_parent, twins_map_copy, twins_unmap,
	twins_unmap_one, twins_unmap_all;
twins_call_fn twins_bind_table, twins_write_table, twins_invalidate, twins_repair;

/* A space that exists, -1: none does; of some kind, if that can be had. */
enum twin_kind { ANY_SPACE, ROOT_SPACE, CHILD_SPACE };
int twins_some_space(const struct twins *t, uint64_t draw, enum twin_kind kind);
/* Addresses and lengths, most of them good ones. */
uint64_t twins_some_iova(const struct twins *t, uint64_t draw);
uint64_t twins_some_length(const struct twins *t, uint64_t draw);

/* twins_check.c */
void twins_check_space(struct twins *t, int s);
void twins_check_runs(struct twins *t, int s);
void twins_check_devices(struct twins *t);

/* twins_reach.c: do devices that are attached to @s reach the same? */
void twins_check_reach(struct twins *t, int s, uint64_t draw);
/* Has DMA of an emulated device use all that the kernel side lists. */
void twins_use_all(struct twins *t, int s, const struct twin_device *d);
/* A device that is attached to @s, or NULL. */
struct twin_device *twins_device_in(struct twins *t, int s);

/* twins_rules.c: what may differ */
bool twins_lack(struct twins *t, enum ioasid_capability capability, int kernel);
bool twins_fill_by_default_differs(const struct twins *t, int s,
				   enum ioasid_pgtable_format format);
bool twins_runs_differ_unused(const struct twins *t, int s, const struct twin_device *device);
void twins_even_out_device(struct ioasid_device_info info[SIDES]);

#endif
