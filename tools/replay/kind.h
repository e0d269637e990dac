/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What differs between kinds of IOMMUs: how the guest's tables are looked up, what its commands say
 * and whom they concern. Translations and commands are in the words of their kind.
 */
#ifndef REPLAY_KIND_H
#define REPLAY_KIND_H

#include <ioasid/ioasid.h>
#include <ioasid/smmuv3.h>
#include <ioasid/vtd.h>

/* What the emulated unit tells its guest, and where the guest said its tables are. */
union unit {
	struct {
		struct ioasid_vtd_caps caps;
		uint64_t rtaddr;
	} vtd;
	struct ioasid_smmuv3_regs smmuv3;
};

/* What becomes of a device's requests. */
union translation {
	struct ioasid_vtd_translation vtd;
	struct ioasid_smmuv3_translation smmuv3;
};

enum use {
	USE_NOTHING, /* they are blocked */
	USE_MEMORY, /* they go to guest memory as they are */
	USE_TABLE, /* one page table, on guest memory */
	USE_TWO_TABLES, /* one on the other */
};

/* An entry of the guest's queue. */
union command {
	struct ioasid_vtd_inv vtd;
	struct ioasid_smmuv3_cmd smmuv3;
};

enum effect {
	EFFECT_NONE,
	EFFECT_LOOKUP, /* what devices were looked up from may have changed */
	EFFECT_MAPPINGS, /* page tables have changed */
	EFFECT_WAIT, /* the guest waits until all before is done */
};

/* Types of commands have numbers below this. */
#define COMMAND_TYPES 0x80

struct kind {
	/* Its name in meta.json. */
	const char *name;
	/* An entry of a page table that leads elsewhere, but for the address. */
	uint64_t spoiled_entry;
	/* In bytes; the shortest has 16. */
	size_t longest_command;
	/* Interrupts of devices are writes that it translates like all others. */
	bool translates_interrupts;
	/* Width of the widest address that the unit translates. */
	uint32_t (*address_bits)(const union unit *unit);
	/* For people: the kind and its mode. */
	const char *(*title)(const union unit *unit);

	/* 0 or a negated errno value; blocked is a translation, too. */
	int (*lookup)(const union unit *unit, uint16_t sid, ioasid_vtd_read read, void *opaque,
		      union translation *t);
	enum use (*use)(const union translation *t);
	void (*block)(union translation *t);
	/* Do both use the same page table, under the same name? */
	bool (*same_table)(const union translation *a, const union translation *b);
	/* The lower of two tables, as a translation of its own. */
	void (*below)(const union translation *both, union translation *lower);
	/* The table, the upper one of two, for ioasid_space_bind_pgtable(). */
	int (*describe)(const union unit *unit, const union translation *t,
			struct ioasid_pgtable *pgtable);

	/* 0 or a negated errno value; @why then says what is wrong, if it is the command. */
	int (*decode)(const union unit *unit, const uint64_t *raw, size_t bytes, union command *c,
		      const char **why);
	unsigned int (*type)(const union command *c);
	enum effect (*effect)(const union command *c);
	bool (*is_lookup_stale)(const union command *c, uint16_t sid, const union translation *t);
	/* What it means for the space of a translation's table, into a batch. */
	int (*add)(const union command *c, const union translation *t, struct ioasid_inv *batch,
		   struct ioasid_space *space);

	/* For people. NULL: there is no such type. */
	const char *(*type_name)(unsigned int type);
	/* What a command names, behind its type, as far as it names something. */
	void (*print)(const union command *c);
};

extern const struct kind kind_vtd, kind_smmuv3;

#endif
