/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/* Devices, and the spaces of the page tables that they use. */
#include <errno.h>
#include <stdlib.h>

#include "vmm.h"

static int table_get(struct vmm *v, const struct ioasid_vtd_translation *t, struct vmm_table **table);

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

/* Do both use the same page table, under the same name? */
static bool same_table(const struct ioasid_vtd_translation *a, const struct ioasid_vtd_translation *b)
{
	return a->kind == b->kind && a->domain == b->domain && a->pasid == b->pasid &&
	       a->first_levels == b->first_levels && a->first_root == b->first_root &&
	       a->second_levels == b->second_levels && a->second_root == b->second_root;
}

/* The second stage of a nested translation, as a translation of its own. */
static struct ioasid_vtd_translation second_stage(const struct ioasid_vtd_translation *nested)
{
	struct ioasid_vtd_translation t = *nested;

	t.kind = IOASID_VTD_SECOND_STAGE;
	t.first_levels = 0;
	t.first_root = 0;
	return t;
}

/* Makes the space of a table: on guest memory, or of a nested one on that of the second stage. */
static int table_bind(struct vmm *v, struct vmm_table *table)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_pgtable pgtable = IOASID_PGTABLE_INIT;
	int ret;

	ret = ioasid_vtd_translation_get_pgtable(
		&table->translation, &v->caps,
		table->translation.first_levels ? IOASID_PGTABLE_VTD_FS : IOASID_PGTABLE_VTD_SS,
		&pgtable);
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

static int table_new(struct vmm *v, const struct ioasid_vtd_translation *t, struct vmm_table **table)
{
	struct vmm_table *new = calloc(1, sizeof(*new));
	struct ioasid_vtd_translation below;
	int ret = 0;

	if (!new)
		return -ENOMEM;
	new->translation = *t;
	if (t->kind == IOASID_VTD_NESTED) {
		below = second_stage(t);
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
static int table_get(struct vmm *v, const struct ioasid_vtd_translation *t, struct vmm_table **table)
{
	*table = NULL;
	if (!t->first_levels && !t->second_levels)
		return 0; /* blocked or passed through */
	for (struct vmm_table *known = v->tables; known; known = known->next) {
		if (same_table(&known->translation, t)) {
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
	d->translation.kind = IOASID_VTD_BLOCKED;
}

/* The old table goes last, so that one that stays in use is not given up and made anew. */
static int use_translation(struct vmm *v, struct vmm_device *d,
			   const struct ioasid_vtd_translation *t)
{
	struct ioasid_space *space = NULL;
	struct vmm_table *table;
	int ret = table_get(v, t, &table);

	if (ret)
		return ret;
	if (table)
		space = table->space;
	else if (t->kind == IOASID_VTD_PASSTHROUGH)
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
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;
	int ret;

	ret = ioasid_vtd_lookup(&v->caps, v->rtaddr, d->sid, IOASID_NO_PASID, v->read,
				v->read_opaque, &t);
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
