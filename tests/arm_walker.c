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

/* What an entry of a level, from -1 on, translates, as a power of two (D8.2). */
static unsigned resolves_from(const struct armw_table *t, int level)
{
	static const unsigned lowest_4k[] = { 48, 39, 30, 21, 12 };
	static const unsigned lowest_16k[] = { 0, 47, 36, 25, 14 };
	static const unsigned lowest_64k[] = { 0, 0, 42, 29, 16 };

	switch (t->granule) {
	case 4: return lowest_4k[level + 1];
	case 16: return lowest_16k[level + 1];
	default: return lowest_64k[level + 1];
	}
}

/* Bits of the input address that one table resolves. */
static unsigned table_bits(const struct armw_table *t)
{
	return t->granule == 4 ? 9 : t->granule == 16 ? 11 : 13;
}

int armw_start_level(const struct armw_table *t)
{
	int level = 3;

	if (t->stage2)
		return t->start;
	/* the lowest one whose table is enough */
	while (64 - t->tsz > resolves_from(t, level) + table_bits(t))
		level--;
	return level;
}

uint64_t armw_span(const struct armw_table *t, int level)
{
	return (uint64_t)1 << resolves_from(t, level);
}

/* The initial lookup has all bits above, also those of 16 tables side by side (D8.2). */
unsigned armw_index(const struct armw_table *t, int level, uint64_t va)
{
	if (level == armw_start_level(t))
		return (unsigned)(va / armw_span(t, level));
	return (unsigned)(va / armw_span(t, level) % ((uint64_t)1 << table_bits(t)));
}

/* Is there a block descriptor? 2M, 1G; 32M; 512M; with 52 bits also 512G; 64G; 4T. */
static bool has_blocks(const struct armw_table *t, int level)
{
	switch (t->granule) {
	case 4: return level == 2 || level == 1 || (level == 0 && t->wide);
	default: return level == 2 || (level == 1 && t->wide);
	}
}

/* D8.3.1: where the address stands; @from: its lowest bit. */
static uint64_t descriptor_address(const struct armw_table *t, uint64_t descriptor, unsigned from)
{
	if (!t->wide)
		return field(descriptor, 47, from) << from;
	if (t->granule == 64)
		return field(descriptor, 15, 12) << 48 | field(descriptor, 47, from) << from;
	return field(descriptor, 9, 8) << 50 | field(descriptor, 49, from) << from;
}

/* D8.3.1: what bits 1 and 0 say. */
static enum armw_entry descriptor_type(const struct armw_table *t, int level, uint64_t descriptor)
{
	switch (field(descriptor, 1, 0)) {
	case 3:
		return level == 3 ? ARMW_BLOCK : ARMW_TABLE;
	case 1: /* reserved where there are none */
		return has_blocks(t, level) ? ARMW_BLOCK : ARMW_INVALID;
	default:
		return ARMW_INVALID;
	}
}

/* D8.5.2: "writable-clean" is a descriptor with DBM that is read-only; a write is permitted. */
static bool has_dirty_state(const struct armw_table *t, uint64_t descriptor)
{
	return t->hd && field(descriptor, 51, 51);
}

/* D8.4.3: S2AP */
static void stage2_permissions(const struct armw_table *t, uint64_t descriptor,
			       struct armw_judgement *j)
{
	j->read = field(descriptor, 6, 6);
	j->write = field(descriptor, 7, 7) || has_dirty_state(t, descriptor);
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
		j->write = t->privileged && has_dirty_state(t, descriptor);
		break;
	case 3: /* read, at any privilege */
		j->read = true;
		j->write = has_dirty_state(t, descriptor);
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
	struct armw_judgement j = { .kind = descriptor_type(t, level, descriptor) };
	unsigned from = resolves_from(t, 3);

	if (j.kind == ARMW_INVALID)
		return j;
	if (j.kind == ARMW_BLOCK) {
		from = resolves_from(t, level);
		if (t->stage2)
			stage2_permissions(t, descriptor, &j);
		else
			leaf_permissions(t, descriptor, &j);
	} else {
		table_permissions(t, descriptor, &j);
	}
	j.address = descriptor_address(t, descriptor, from);
	/* All address bits of the descriptor count here, those of a block below its size not. */
	if (j.address >> t->oas)
		j.kind = ARMW_ADDRESS_SIZE;
	else if (j.kind == ARMW_BLOCK && t->aff && !field(descriptor, 10, 10))
		j.kind = ARMW_ACCESS_FLAG;
	return j;
}

uint64_t armw_used(const struct armw_table *t, int level, bool write, uint64_t descriptor)
{
	const uint64_t af = (uint64_t)1 << 10, bit7 = (uint64_t)1 << 7;

	if (!t->ha || descriptor_type(t, level, descriptor) != ARMW_BLOCK)
		return descriptor;
	descriptor |= af;
	if (!write || !has_dirty_state(t, descriptor))
		return descriptor;
	/* writable-dirty: S2AP[1] is set, AP[2] is clear */
	return t->stage2 ? descriptor | bit7 : descriptor & ~bit7;
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
		uint64_t descriptor, index = armw_index(t, r.level, va);
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
			r.pa = j.address + va % armw_span(t, r.level);
			return r;
		}
		table = j.address;
	}
}
