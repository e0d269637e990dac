/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls on a vIOMMU's hardware queues, and a guest that writes their commands and registers. */
#include <endian.h>
#include <string.h>

#include "calls.h"

/* Registers of 32 bits each, 80h bytes for a queue; the first six are there. */
#define QUEUE_REGISTERS 32u
#define MOST_REGISTERS 6u

/* Where the parent has something mapped, or anywhere. */
static void some_place(struct world *w, struct input *in, bool anywhere,
		       struct ioasid_hw_queue_options *options)
{
	struct ioasid_space *parent = ioasid_viommu_get_parent(w->viommu);
	struct ioasid_mapping *m = NULL;

	options->iova = some_number(in);
	options->length = anywhere ? some_number(in) : UINT64_C(16) << (take8(in) & 15);
	if (!anywhere)
		m = ioasid_space_find_mapping(parent, options->iova, UINT64_MAX - options->iova);
	if (m)
		options->iova = ioasid_mapping_get_iova(m);
}

static void make_or_destroy(struct world *w, struct input *in, unsigned int kind)
{
	static const struct may_fail create = {
		"hw_queue_create", { EEXIST, EFAULT, EINVAL, EIO, ENOENT, EOPNOTSUPP, EOVERFLOW }
	};
	static const struct may_fail destroy = { "hw_queue_destroy", { EBUSY } };
	struct ioasid_hw_queue_options options = IOASID_HW_QUEUE_OPTIONS_INIT;
	unsigned int i = kind % QUEUES;
	struct ioasid_hw_queue *queue = w->queues[i], *second = NULL;
	int rc;

	if (queue && kind < 128) {
		rc = ioasid_hw_queue_destroy(queue);
		w->queues[i] = rc ? queue : NULL;
		check_call(w, &destroy, rc);
		return;
	}
	options.type =
		(enum ioasid_hw_queue_type)(kind >= 240 ? take8(in) & 3 : IOASID_HW_QUEUE_TEGRA241);
	options.index = i;
	some_place(w, in, kind & 64, &options);
	rc = ioasid_hw_queue_create(w->viommu, &options, &second);
	must((rc == 0) == (second != NULL), "%d", rc);
	must(rc || !queue, "a second queue %u", i);
	if (!rc)
		w->queues[i] = second;
	check_call(w, &create, rc);
}

static void map_registers(struct world *w, struct input *in, unsigned int kind)
{
	static const struct may_fail map = { "viommu_map_registers",
					     { EBUSY, EINVAL, EOPNOTSUPP } };
	struct ioasid_viommu_info info = IOASID_VIOMMU_INFO_INIT;
	void *registers = NULL;
	int rc;

	must_succeed(ioasid_viommu_query_info(w->viommu, &info));
	if (kind >= 192)
		info.registers_length = some_number(in);
	rc = ioasid_viommu_map_registers(w->viommu, info.registers_offset, info.registers_length,
					 &registers);
	must((rc == 0) == (registers != NULL), "%d", rc);
	must(rc || !w->registers, "registers are mapped twice");
	if (!rc)
		w->registers = registers;
	check_call(w, &map, rc);
}

/* Numbers that are next to what is there, or any. */
static void write_register(struct world *w, struct input *in, unsigned int kind)
{
	uint32_t value = (uint32_t)take(in, kind < 192 ? 1 : 4);
	unsigned int at = kind % QUEUES * QUEUE_REGISTERS + (kind >> 4) % MOST_REGISTERS;

	if (w->registers)
		__atomic_store_n(&w->registers[at], htole32(value), __ATOMIC_RELEASE);
}

static void write_command(struct input *in)
{
	unsigned int at = (unsigned int)take(in, 2) % (MEMORY_PAGES * PAGE / 16);
	uint64_t raw[2];

	some_command(in, raw);
	memcpy(memory + 16 * (size_t)at, raw, sizeof(raw));
}

void call_queues(struct world *w, struct input *in)
{
	static const struct may_fail kick = { "hw_queue_kick", { EDEADLK } };
	unsigned int kind = take8(in);

	switch (kind >> 1 & 7) {
	case 0: make_or_destroy(w, in, kind); break;
	case 1: map_registers(w, in, kind); break;
	case 2: case 3: case 4: write_register(w, in, kind); break;
	case 5: write_command(in); break;
	default:
		if (w->queues[kind % QUEUES])
			check_call(w, &kick, ioasid_hw_queue_kick(w->queues[kind % QUEUES]));
	}
}
