/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_walker.h"

/* descriptor<high:low> */
static uint64_t field(uint64_t descriptor, unsigned high, unsigned low)
{
	uint64_t value = 0;

	for (unsigned bit = high + 1; bit-- > low;)
		value = value * 2 + (descriptor >> bit) % 2;
	return value;
}

/* What an entry of a level translates, as a power of two; 4K granule (D8.2.4). */
static unsigned resolves_from(int level)
{
	static const unsigned lowest[] = { 39, 30, 21, 12 };

	return lowest[level];
}

int armw_start_level(const struct armw_table *t)
{
	int level = 3;

	/* the lowest one whose table, of 512 entries, is enough */
	while (64 - t->tsz > resolves_from(level) + 9)
		level--;
	return level;
}

/* D8.3.1: what bits 1 and 0 say. */
static enum armw_entry descriptor_type(int level, uint64_t descriptor)
{
	switch (field(descriptor, 1, 0)) {
	case 3:
		return level == 3 ? ARMW_BLOCK : ARMW_TABLE;
	case 1: /* blocks of 1G and 2M; reserved elsewhere */
		return level == 1 || level == 2 ? ARMW_BLOCK : ARMW_INVALID;
	default:
		return ARMW_INVALID;
	}
}

/* D8.4.3: S2AP */
static void stage2_permissions(uint64_t descriptor, struct armw_judgement *j)
{
	j->read = field(descriptor, 6, 6);
	j->write = field(descriptor, 7, 7);
}

/* D8.4.1, data accesses, without PAN. */
static void leaf_permissions(const struct armw_table *t, uint64_t descriptor,
			     struct armw_judgement *j)
{
	switch (field(descriptor, 7, 6)) { /* AP[2:1] */
	case 0: /* privileged read and write */
		j->read = j->write = t->privileged;
		break;
	case 1: /* read and write, at any privilege */
		j->read = j->write = true;
		break;
	case 2: /* privileged read */
		j->read = t->privileged;
		j->write = false;
		break;
	case 3: /* read, at any privilege */
		j->read = true;
		j->write = false;
		break;
	}
}

/* D8.4.2 */
static void table_permissions(const struct armw_table *t, uint64_t descriptor,
			      struct armw_judgement *j)
{
	uint64_t ap_table = t->hpd || t->stage2 ? 0 : field(descriptor, 62, 61);

	j->read = j->write = true;
	if (ap_table % 2 == 1 && !t->privileged)
		j->read = j->write = false;
	if (ap_table >= 2)
		j->write = false;
}

struct armw_judgement armw_judge(const struct armw_table *t, int level, uint64_t descriptor)
{
	struct armw_judgement j = { .kind = descriptor_type(level, descriptor) };
	unsigned from = 12;

	if (j.kind == ARMW_INVALID)
		return j;
	if (j.kind == ARMW_BLOCK) {
		from = resolves_from(level);
		if (t->stage2)
			stage2_permissions(descriptor, &j);
		else
			leaf_permissions(t, descriptor, &j);
	} else {
		table_permissions(t, descriptor, &j);
	}
	j.address = field(descriptor, 47, from) << from;
	/* All address bits of the descriptor count here, those of a block below its size not. */
	if (t->oas < 48 && j.address >> t->oas)
		j.kind = ARMW_ADDRESS_SIZE;
	else if (j.kind == ARMW_BLOCK && !t->ha && !field(descriptor, 10, 10))
		j.kind = ARMW_ACCESS_FLAG;
	return j;
}

struct armw_result armw_walk(const struct armw_table *t, uint64_t va, armw_read read,
			     void *opaque)
{
	struct armw_result r = { .level = armw_start_level(t), .read = true, .write = true };
	uint64_t table = t->root;

	if (va >> (64 - t->tsz)) {
		r.input = true;
		return r;
	}
	for (;; r.level++) {
		unsigned from = resolves_from(r.level);
		uint64_t descriptor, index = (va >> from) % 512;
		struct armw_judgement j;

		if (read(opaque, table + 8 * index, &descriptor)) {
			r.access = true;
			return r;
		}
		j = armw_judge(t, r.level, descriptor);
		r.fault = j.kind;
		if (j.kind != ARMW_TABLE && j.kind != ARMW_BLOCK)
			return r;
		r.read = r.read && j.read;
		r.write = r.write && j.write;
		if (j.kind == ARMW_BLOCK) {
			r.pa = j.address + va % ((uint64_t)1 << from);
			return r;
		}
		table = j.address;
	}
}
