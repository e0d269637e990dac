/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Captures that ioasid-replay loads: refused, or what was loaded is in range.
 *
 * The input is meta.json, a 0, and then for each file of the steps, in order, its length as two
 * bytes and its bytes; what is missing is empty.
 */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "fuzz.h"

#define STEPS 3

static const char *const suffixes[] = { "gone", "pages", "inv", "map" };
static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/fuzz-capture.XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	must(mkdtemp(folder), "no folder");
	atexit(remove_folder);
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	must(file && fwrite(data, 1, size, file) == size && !fclose(file), "%s", path);
}

static void write_files(struct input *in)
{
	const uint8_t *end = memchr(in->at, 0, (size_t)(in->end - in->at));
	size_t size = (size_t)((end ? end : in->end) - in->at), i;
	char name[16];

	write_file("meta.json", in->at, size);
	in->at += size + (end ? 1 : 0);
	for (i = 0; i < 4 * STEPS; i++) {
		size = (size_t)take(in, 2);
		if (size > (size_t)(in->end - in->at))
			size = (size_t)(in->end - in->at);
		snprintf(name, sizeof(name), "%03zu.%s", i / 4, suffixes[i % 4]);
		write_file(name, in->at, size);
		in->at += size;
	}
}

static bool is_memory(const struct capture *c, uint64_t gpa)
{
	size_t i;

	for (i = 0; i < c->n_memory; i++)
		if (gpa >= c->memory[i].start && gpa - c->memory[i].start < c->memory[i].length)
			return gpa % PAGE == 0;
	return false;
}

static uint64_t number_at(const unsigned char *p)
{
	struct input in = { p, p + 8 };

	return take(&in, 8);
}

static unsigned char sum;

static void touch(const unsigned char *p, size_t n)
{
	while (n--)
		sum = (unsigned char)(sum + *p++);
}

static void check_step(const struct capture *c, const struct capture_step *s)
{
	size_t i;

	must(s->label, "no label");
	for (i = 0; i < s->n_gone; i++)
		must(is_memory(c, s->gone[i]), "%#jx", (uintmax_t)s->gone[i]);
	for (i = 0; i < s->n_pages; i++)
		must(is_memory(c, number_at(s->pages + i * PAGE_RECORD_BYTES)), "page %zu", i);
	touch(s->pages, s->n_pages * PAGE_RECORD_BYTES);
	touch(s->inv, s->n_inv * c->descriptor_bytes);
	for (i = 0; i < s->n_runs; i++) {
		const struct capture_run *r = &s->runs[i];

		must(capture_find_device(c, r->sid) >= 0, "device %#x", r->sid);
		must(r->run.length && r->run.perm && r->run.perm <= RW &&
		     r->run.iova + (r->run.length - 1) >= r->run.iova, "run %zu", i);
		must(!i || s->runs[i - 1].sid < r->sid ||
		     (s->runs[i - 1].sid == r->sid && s->runs[i - 1].run.iova <= r->run.iova),
		     "runs %zu and %zu", i - 1, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct capture c = { 0 };
	size_t i, k;
	int rc;

	if (!folder[0])
		make_folder();
	write_files(&in);
	rc = capture_load(&c, folder, false);
	must(rc == 0 || rc == -1, "%d", rc);
	if (!rc) {
		must(c.n_steps && c.n_steps <= STEPS && c.n_memory && c.n_devices, "empty");
		must(c.descriptor_bytes == 16 || c.descriptor_bytes == 32, "%zu",
		     c.descriptor_bytes);
		for (i = 0; i < c.n_devices; i++)
			for (k = 0; k < i; k++)
				must(c.devices[i].sid != c.devices[k].sid, "device %#x twice",
				     c.devices[i].sid);
		for (i = 0; i < c.n_steps; i++)
			check_step(&c, &c.steps[i]);
	}
	capture_free(&c);
	return 0;
}
