/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture's meta.json. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "capture.h"
#include "file.h"

#define MAX_STEPS 1000 /* names of files have three digits */
#define MAX_MEMORY (UINT64_C(1) << 52) /* an entry's widest address (VT-d 4.1, 9.8) */

/* The file's name, for messages. */
static const char *where;

static int bad(const char *key, const char *what)
{
	return fail("%s: \"%s\" %s", where, key, what);
}

/* Addresses and registers are strings in C's notation, sizes are numbers; take both for both. */
static int get_number(const json_t *value, const char *key, uint64_t max, uint64_t *out)
{
	const char *text = json_string_value(value);
	unsigned long long number;
	char *end;

	if (!value)
		return bad(key, "is missing");
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		number = (unsigned long long)json_integer_value(value);
	} else if (text && *text >= '0' && *text <= '9') {
		errno = 0;
		number = strtoull(text, &end, 0);
		if (*end || errno)
			return bad(key, "is not a number");
	} else {
		return bad(key, "is not a number");
	}
	if (number > max)
		return bad(key, "is too large");
	*out = number;
	return 0;
}

static int get_member(const json_t *object, const char *key, uint64_t max, uint64_t *out)
{
	return get_number(json_object_get(object, key), key, max, out);
}

static int get_array(const json_t *object, const char *key, const json_t **array)
{
	*array = json_object_get(object, key);
	if (!*array)
		return bad(key, "is missing");
	if (!json_is_array(*array) || !json_array_size(*array))
		return bad(key, "is not a list with something in it");
	return 0;
}

/* For people: what is not there is @otherwise. To be freed. */
static char *get_text(const json_t *object, const char *key, const char *otherwise)
{
	const char *value = json_string_value(json_object_get(object, key));
	char *text = xformat("%s", value ? value : otherwise);

	make_printable(text);
	return text;
}

static int get_memory(struct capture *c, const json_t *meta)
{
	static const char key[] = "guest_memory_regions";
	const json_t *list, *pair;
	size_t i;

	if (get_array(meta, key, &list))
		return -1;
	c->n_memory = json_array_size(list);
	c->memory = xrealloc(NULL, c->n_memory, sizeof(*c->memory));
	json_array_foreach(list, i, pair) {
		struct ioasid_range *r = &c->memory[i];

		if (json_array_size(pair) != 2)
			return bad(key, "does not consist of pairs");
		if (get_number(json_array_get(pair, 0), key, MAX_MEMORY, &r->start) ||
		    get_number(json_array_get(pair, 1), key, MAX_MEMORY, &r->length))
			return -1;
		if ((r->start | r->length) % PAGE_BYTES || !r->length)
			return bad(key, "has a region that does not consist of pages");
	}
	return 0;
}

static int get_devices(struct capture *c, const json_t *meta)
{
	const json_t *list, *device;
	uint64_t sid;
	size_t i;

	if (get_array(meta, "devices", &list))
		return -1;
	c->devices = xrealloc(NULL, json_array_size(list), sizeof(*c->devices));
	json_array_foreach(list, i, device) {
		if (get_member(device, "sid", UINT16_MAX, &sid))
			return -1;
		if (capture_find_device(c, (uint16_t)sid) >= 0)
			return bad("devices", "names a sid twice");
		c->devices[i].sid = (uint16_t)sid;
		c->devices[i].name = get_text(device, "name", "device");
		c->n_devices = i + 1;
	}
	return 0;
}

/* Only some captures tell the numbers; where they do, a file cut short at a record is noticed. */
static int64_t get_count(const json_t *info, const char *key)
{
	const json_t *value = json_object_get(info, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static int get_steps(struct capture *c, const json_t *meta, struct capture_counts **counts)
{
	const json_t *infos = json_object_get(meta, "step_info"), *info;
	uint64_t n;

	if (get_member(meta, "steps", MAX_STEPS, &n))
		return -1;
	if (!n)
		return bad("steps", "is 0");
	if (infos && json_array_size(infos) != n)
		return bad("step_info", "does not have as many elements as \"steps\" says");
	c->n_steps = (size_t)n;
	c->steps = xrealloc(NULL, c->n_steps, sizeof(*c->steps));
	*counts = xrealloc(NULL, c->n_steps, sizeof(**counts));
	memset(c->steps, 0, c->n_steps * sizeof(*c->steps));
	for (size_t i = 0; i < n; i++) {
		info = json_array_get(infos, i);
		c->steps[i].label = get_text(info, "label", "");
		(*counts)[i] = (struct capture_counts){
			.descriptors = get_count(info, "descriptors"),
			.pages = get_count(info, "pages_written"),
			.gone = get_count(info, "gone"),
		};
	}
	return 0;
}

static int get_vtd(union unit *unit, const json_t *meta)
{
	uint64_t cap, ecap;

	if (get_member(meta, "cap", UINT64_MAX, &cap) ||
	    get_member(meta, "ecap", UINT64_MAX, &ecap) ||
	    get_member(meta, "rtaddr", UINT64_MAX, &unit->vtd.rtaddr))
		return -1;
	ioasid_vtd_caps_init(&unit->vtd.caps, cap, ecap);
	return 0;
}

/* The unit is enabled. SMMU_IDR2 and SMMU_IDR4 say nothing about tables or commands. */
static int get_smmuv3(union unit *unit, const json_t *meta)
{
	static const char *const keys[6] = { "idr0", "idr1", NULL, "idr3", NULL, "idr5" };
	struct ioasid_smmuv3_regs *regs = &unit->smmuv3;
	uint32_t idr[6] = { 0 };
	uint64_t value;

	for (size_t i = 0; i < 6; i++) {
		if (!keys[i])
			continue;
		if (get_member(meta, keys[i], UINT32_MAX, &value))
			return -1;
		idr[i] = (uint32_t)value;
	}
	ioasid_smmuv3_regs_init(regs, idr);
	regs->cr0 = 1; /* SMMUEN (IHI 0070, 6.3.9) */
	if (get_member(meta, "strtab_base", UINT64_MAX, &regs->strtab_base) ||
	    get_member(meta, "strtab_base_cfg", UINT32_MAX, &value))
		return -1;
	regs->strtab_base_cfg = (uint32_t)value;
	return 0;
}

/* The kind of IOMMU, and the registers that it has. */
static int get_unit(struct capture *c, const json_t *meta)
{
	static const struct {
		const struct kind *kind;
		int (*get)(union unit *unit, const json_t *meta);
	} kinds[] = { { &kind_vtd, get_vtd }, { &kind_smmuv3, get_smmuv3 } };
	const char *iommu = json_string_value(json_object_get(meta, "iommu"));

	if (!iommu)
		return bad("iommu", "is missing or no string");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(iommu, kinds[i].kind->name))
			continue;
		c->kind = kinds[i].kind;
		return kinds[i].get(&c->unit, meta);
	}
	return fail("%s: the capture is of an IOMMU of type \"%s\"; "
		    "this version replays \"vtd\" and \"smmuv3\" only", where, iommu);
}

static int get_queue(struct capture *c, const json_t *meta)
{
	const json_t *told = json_object_get(meta, "new_mappings_are_invalidated");
	uint64_t bytes;

	if (get_member(meta, "descriptor_bytes", 32, &bytes))
		return -1;
	if (bytes != 16 && bytes != c->kind->longest_command)
		return bad("descriptor_bytes", c->kind->longest_command == 16 ? "is not 16" :
			   "is neither 16 nor 32");
	c->descriptor_bytes = (size_t)bytes;
	if (!json_is_boolean(told))
		return bad("new_mappings_are_invalidated", "is missing or neither true nor false");
	c->new_mappings_are_invalidated = json_is_true(told);
	return 0;
}

static int parse(struct capture *c, struct capture_counts **counts, const struct file *f)
{
	json_error_t error;
	json_t *meta = json_loadb((const char *)f->data, f->size, 0, &error);
	int ret = -1;

	where = f->path;
	if (!meta)
		fail("%s:%d: %s", f->path, error.line > 0 ? error.line : 1, error.text);
	else if (!get_unit(c, meta) && !get_queue(c, meta) && !get_memory(c, meta) &&
		 !get_devices(c, meta) && !get_steps(c, meta, counts))
		ret = 0;
	json_decref(meta);
	return ret;
}

int meta_load(struct capture *c, struct capture_counts **counts, const char *dir)
{
	struct file f;
	int ret = file_open(&f, xformat("%s/meta.json", dir), false);

	if (!ret)
		ret = parse(c, counts, &f);
	file_close(&f);
	return ret;
}
