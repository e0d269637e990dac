/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Devices, and the spaces of the page tables that they use. */
#include <errno.h>
#include <stdlib.h>

#include "vmm.h"

static int table_get(struct vmm *v, const union translation *t, struct vmm_table **table);

static void table_put(struct vmm *v, struct vmm_table *table)
{
	struct vmm_table **link = &v->tables, *below;

	if (!table || --table->users)
		return;
	while (*link != table)
		link = &(*link)->next;
	*link = table->next;
	below = table->below;
	/* Nothing is attached or nested any more: this does not fail. */
	ioasid_space_destroy(table->space);
	free(table);
	table_put(v, below);
}

/* Makes the space of a table: on guest memory, or on that of the table below. */
static int table_bind(struct vmm *v, struct vmm_table *table)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;
	int ret;

	ret = v->kind->describe(&v->unit, &table->translation, &pgtable);
	if (ret)
		return ret;
	options.parent = table->below ? table->below->space : v->memory;
	options.nesting = IOASID_NESTING_SOFTWARE;
	options.fill = v->fill;
	ret = ioasid_space_create(v->ctx, &options, &table->space);
	if (ret)
		return ret;
	ret = ioasid_space_bind_pgtable(table->space, &pgtable);
	if (ret)
		ioasid_space_destroy(table->space);
	return ret;
}

static int table_new(struct vmm *v, const union translation *t, struct vmm_table **table)
{
	struct vmm_table *new = calloc(1, sizeof(*new));
	union translation below;
	int ret = 0;

	if (!new)
		return -ENOMEM;
	new->translation = *t;
	if (v->kind->use(t) == USE_TWO_TABLES) {
		v->kind->below(t, &below);
		ret = table_get(v, &below, &new->below);
	}
	if (!ret)
		ret = table_bind(v, new);
	if (ret) {
		table_put(v, new->below);
		free(new);
		return ret;
	}
	new->users = 1;
	new->next = v->tables;
	v->tables = new;
	v->spaces++;
	*table = new;
	return 0;
}

/* The table of a translation, for one more user; NULL if it has none. */
static int table_get(struct vmm *v, const union translation *t, struct vmm_table **table)
{
	enum use use = v->kind->use(t);

	*table = NULL;
	if (use != USE_TABLE && use != USE_TWO_TABLES)
		return 0;
	for (struct vmm_table *known = v->tables; known; known = known->next) {
		if (v->kind->same_table(&known->translation, t)) {
			known->users++;
			*table = known;
			return 0;
		}
	}
	return table_new(v, t, table);
}

/* To another space in one step, so that DMA in between goes to one of them; NULL blocks it. */
static int move_device(struct vmm *v, struct ioasid_device *device, struct ioasid_space *space)
{
	struct ioasid_space *now = ioasid_device_get_space(device);

	if (now == space)
		return 0;
	v->moves++;
	if (!space)
		return ioasid_device_detach(device);
	return now ? ioasid_device_replace(device, space) : ioasid_device_attach(device, space);
}

/* A device that cannot be given what the guest wants gets nothing, and not what it had. */
static void block_device(struct vmm *v, struct vmm_device *d)
{
	ioasid_device_detach(d->device);
	table_put(v, d->table);
	d->table = NULL;
	v->kind->block(&d->translation);
}

/* The old table goes last, so that one that stays in use is not given up and made anew. */
static int use_translation(struct vmm *v, struct vmm_device *d,
			   const union translation *t)
{
	struct ioasid_space *space = NULL;
	struct vmm_table *table;
	int ret = table_get(v, t, &table);

	if (ret)
		return ret;
	if (table)
		space = table->space;
	else if (v->kind->use(t) == USE_MEMORY)
		space = v->memory;
	ret = move_device(v, d->device, space);
	if (ret) {
		table_put(v, table);
		return ret;
	}
	table_put(v, d->table);
	d->table = table;
	d->translation = *t;
	return 0;
}

int vmm_refresh_device(struct vmm *v, struct vmm_device *d)
{
	union translation t;
	int ret;

	ret = v->kind->lookup(&v->unit, d->sid, v->read, v->read_opaque, &t);
	if (!ret)
		ret = use_translation(v, d, &t);
	if (ret)
		block_device(v, d);
	return ret;
}

void vmm_reset(struct vmm *v)
{
	for (size_t i = 0; i < v->n_devices; i++)
		block_device(v, &v->devices[i]);
}
