/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the replay's VMM share. */
#include <string.h>

#include "vmm_world.h"

static int read_memory(void *opaque, uint64_t gpa, void *buffer, size_t length)
{
	const struct guest *g = opaque;

	if (gpa > g->size - length)
		return -EFAULT;
	memcpy(buffer, g->memory + gpa, length);
	return 0;
}

void world_begin(struct world *w, const struct kind *kind, const union unit *unit,
		 enum ioasid_fill fill)
{
	memset(w, 0, sizeof(*w));
	guest_open(&w->g, SIZE, 0);
	w->devices[0] = (struct vmm_device){ .sid = FIRST, .device = w->g.device };
	w->devices[1].sid = SECOND;
	ck_ok(ioasid_device_bind(w->g.ctx, "0000:00:02.0", 2, &w->devices[1].device));
	w->second = channel_new(w->devices[1].device, IOASID_NO_PASID);
	w->v = (struct vmm){
		.ctx = w->g.ctx, .memory = w->g.root, .read = read_memory, .read_opaque = &w->g,
		.kind = kind, .unit = *unit, .devices = w->devices, .n_devices = 2, .fill = fill,
	};
	ck_ok(ioasid_inv_new(w->g.ctx, 0, &w->v.batch));
	vmm_reset(&w->v);
	w->next_table = TABLES;
}

void world_close(struct world *w)
{
	vmm_reset(&w->v);
	ck_assert_ptr_null(w->v.tables);
	ioasid_inv_free(w->v.batch);
	guest_close(&w->g);
}

uint64_t *quads(struct world *w, uint64_t gpa)
{
	return (uint64_t *)(void *)(w->g.memory + gpa);
}

struct guest_table table_new(struct world *w, enum ioasid_pgtable_format format, uint32_t levels,
			     uint64_t target)
{
	struct guest_table t;

	gt_init(&t, format, levels, w->g.memory, 0, w->next_table, SIZE);
	gt_map(&t, IOVA, target, PAGE, 1, RW);
	w->next_table += 64 * PAGE;
	return t;
}

void second_reaches(struct world *w, uint64_t target)
{
	ck_assert_ptr_eq(dma_where(w->second, IOVA, RW), w->g.memory + target);
}
