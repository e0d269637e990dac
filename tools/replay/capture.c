/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A capture's files, step by step. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "capture.h"
#include "file.h"

#define MAX_DOORBELLS  16
#define DOORBELL_BYTES 65536u

/* Takes the file's records over; what meta.json counted, if it did, has to be there. */
static int take_records(struct file *f, size_t bytes, int64_t expected, unsigned char **records,
			size_t *n)
{
	*n = f->size / bytes;
	if (f->size % bytes)
		return fail("%s: offset %zu: the file ends within a record of %zu bytes", f->path,
			    *n * bytes, bytes);
	if (expected >= 0 && (uint64_t)expected != *n)
		return fail("%s: %zu records, but meta.json says %" PRId64, f->path, *n, expected);
	*records = f->data;
	f->data = NULL;
	return 0;
}

static bool in_memory(const struct capture *c, uint64_t gpa)
{
	for (size_t i = 0; i < c->n_memory; i++)
		if (gpa >= c->memory[i].start && gpa - c->memory[i].start < c->memory[i].length)
			return true;
	return false;
}

static int load_pages(const struct capture *c, struct capture_step *s, struct file *f,
		      const struct capture_counts *counts)
{
	uint64_t gpa;

	if (take_records(f, PAGE_RECORD_BYTES, counts->pages, &s->pages, &s->n_pages))
		return -1;
	for (size_t i = 0; i < s->n_pages; i++) {
		gpa = get_le64(s->pages + i * PAGE_RECORD_BYTES);
		if (gpa % PAGE_BYTES || !in_memory(c, gpa))
			return fail("%s: offset %zu: 0x%" PRIx64 " is no page of guest memory",
				    f->path, i * PAGE_RECORD_BYTES, gpa);
	}
	return 0;
}

static int load_inv(const struct capture *c, struct capture_step *s, struct file *f,
		    const struct capture_counts *counts)
{
	return take_records(f, c->descriptor_bytes, counts->descriptors, &s->inv, &s->n_inv);
}

/* The next line of text, without its end; NULL after the last. A last line may not be cut short. */
static char *next_line(struct file *f, char **rest, size_t *number, int *ret)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (line == (char *)f->data + f->size)
		return NULL;
	++*number;
	if (!end) {
		*ret = fail("%s:%zu: the last line has no end", f->path, *number);
		return NULL;
	}
	*end = 0;
	*rest = end + 1;
	return line;
}

/* A number in hexadecimal, with 0x or without, and the space behind it. */
static bool take_hex(char **p, uint64_t *out)
{
	char *end;

	if (!isxdigit((unsigned char)**p))
		return false;
	errno = 0;
	*out = strtoull(*p, &end, 16);
	if (errno || (*end && *end != ' '))
		return false;
	*p = end + (*end == ' ');
	return true;
}

static int load_gone(const struct capture *c, struct capture_step *s, struct file *f,
		     const struct capture_counts *counts)
{
	char *rest = (char *)f->data, *line;
	size_t number = 0, room = 0;
	uint64_t gpa;
	int ret = 0;

	while ((line = next_line(f, &rest, &number, &ret))) {
		if (!take_hex(&line, &gpa) || *line || gpa % PAGE_BYTES || !in_memory(c, gpa))
			return fail("%s:%zu: not the address of a page of guest memory", f->path,
				    number);
		s->gone = grow(s->gone, s->n_gone, &room, sizeof(*s->gone));
		s->gone[s->n_gone++] = gpa;
	}
	if (!ret && counts->gone >= 0 && (uint64_t)counts->gone != s->n_gone)
		return fail("%s: %zu lines, but meta.json says %" PRId64, f->path, s->n_gone,
			    counts->gone);
	return ret;
}

static bool parse_perm(const char *text, uint32_t *perm)
{
	*perm = 0;
	if (*text == 'r') {
		*perm |= IOASID_READ;
		text++;
	}
	if (*text == 'w') {
		*perm |= IOASID_WRITE;
		text++;
	}
	return *perm && !*text;
}

static bool parse_run(char *line, struct capture_run *r)
{
	struct ioasid_run *run = &r->run;
	uint64_t sid;

	memset(r, 0, sizeof(*r));
	if (!take_hex(&line, &sid) || !take_hex(&line, &run->iova) ||
	    !take_hex(&line, &run->target) || !take_hex(&line, &run->length) ||
	    !parse_perm(line, &run->perm) || sid > UINT16_MAX)
		return false;
	r->sid = (uint16_t)sid;
	return run->length && run->iova + run->length - 1 >= run->iova &&
	       run->target + run->length - 1 >= run->target;
}

static int by_sid_and_iova(const void *left, const void *right)
{
	const struct capture_run *a = left, *b = right;

	if (a->sid != b->sid)
		return a->sid < b->sid ? -1 : 1;
	if (a->run.iova != b->run.iova)
		return a->run.iova < b->run.iova ? -1 : 1;
	return 0;
}

static int load_map(const struct capture *c, struct capture_step *s, struct file *f,
		    const struct capture_counts *counts)
{
	char *rest = (char *)f->data, *line;
	size_t number = 0, room = 0;
	struct capture_run run;
	int ret = 0;

	(void)counts; /* how many runs there are is for the comparison to find out */
	while ((line = next_line(f, &rest, &number, &ret))) {
		if (!parse_run(line, &run))
			return fail("%s:%zu: not \"sid iova gpa bytes perm\"", f->path, number);
		if (capture_find_device(c, run.sid) < 0)
			return fail("%s:%zu: meta.json knows no device 0x%04x", f->path, number,
				    run.sid);
		s->runs = grow(s->runs, s->n_runs, &room, sizeof(*s->runs));
		s->runs[s->n_runs++] = run;
	}
	if (s->n_runs)
		qsort(s->runs, s->n_runs, sizeof(*s->runs), by_sid_and_iova);
	return ret;
}

static int load_step(struct capture *c, const char *dir, size_t step,
		     const struct capture_counts *counts, bool unexpecting)
{
	static const struct {
		const char *suffix;
		bool expects; /* and need not be there for one who does not */
		int (*load)(const struct capture *c, struct capture_step *s, struct file *f,
			    const struct capture_counts *counts);
	} files[] = {
		{ "gone", true, load_gone },
		{ "pages", false, load_pages },
		{ "inv", false, load_inv },
		{ "map", true, load_map },
	};
	struct file f;
	int ret = 0;

	for (size_t i = 0; !ret && i < sizeof(files) / sizeof(files[0]); i++) {
		ret = file_open(&f, xformat("%s/%03zu.%s", dir, step, files[i].suffix),
				unexpecting && files[i].expects);
		if (!ret && f.data)
			ret = files[i].load(c, &c->steps[step], &f, counts);
		else if (!ret && files[i].load == load_map)
			c->lacks_maps = true;
		file_close(&f);
	}
	return ret;
}

static bool overlap(const struct ioasid_range *a, const struct ioasid_range *b)
{
	return a->start < b->start + b->length && b->start < a->start + a->length;
}

/* A doorbell is a page or a few; anything else is for the comparison to find. */
static bool is_new_doorbell(const struct capture *c, const struct ioasid_run *run)
{
	struct ioasid_range range = { .start = run->target, .length = run->length };

	if ((run->target | run->length) % PAGE_BYTES || run->length > DOORBELL_BYTES ||
	    run->target >> 52)
		return false;
	for (size_t i = 0; i < c->n_memory; i++)
		if (overlap(&c->memory[i], &range))
			return false;
	for (size_t i = 0; i < c->n_doorbells; i++)
		if (overlap(&c->doorbells[i], &range))
			return false;
	return c->n_doorbells < MAX_DOORBELLS;
}

/* Runs behind an IOMMU that translates interrupts lead to their doorbells, too. */
static void find_doorbells(struct capture *c)
{
	const struct ioasid_run *run;

	c->doorbells = xrealloc(NULL, MAX_DOORBELLS, sizeof(*c->doorbells));
	for (size_t i = 0; c->kind->translates_interrupts && i < c->n_steps; i++) {
		for (size_t j = 0; j < c->steps[i].n_runs; j++) {
			run = &c->steps[i].runs[j].run;
			if (!is_new_doorbell(c, run))
				continue;
			c->doorbells[c->n_doorbells++] = (struct ioasid_range){
				.start = run->target,
				.length = run->length,
			};
		}
	}
}

static int load_dir(struct capture *c, const char *dir, bool unexpecting)
{
	struct capture_counts *counts = NULL;
	int ret = meta_load(c, &counts, dir);

	for (size_t i = 0; !ret && i < c->n_steps; i++)
		ret = load_step(c, dir, i, &counts[i], unexpecting);
	if (!ret)
		find_doorbells(c);
	free(counts);
	return ret;
}

int capture_load(struct capture *c, const char *path, bool unexpecting)
{
	struct unpacked *archive = NULL;
	struct stat st;
	int ret;

	memset(c, 0, sizeof(*c));
	if (stat(path, &st))
		return fail("%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		ret = load_dir(c, path, unexpecting);
	} else {
		ret = unpack(&archive, path);
		if (!ret)
			ret = load_dir(c, unpacked_dir(archive), unexpecting);
		if (archive)
			unpack_remove(archive);
	}
	if (ret)
		capture_free(c);
	return ret;
}

int capture_find_device(const struct capture *c, uint16_t sid)
{
	for (size_t i = 0; i < c->n_devices; i++)
		if (c->devices[i].sid == sid)
			return (int)i;
	return -1;
}

void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		free(c->steps[i].label);
		free(c->steps[i].gone);
		free(c->steps[i].pages);
		free(c->steps[i].inv);
		free(c->steps[i].runs);
	}
	for (size_t i = 0; i < c->n_devices; i++)
		free(c->devices[i].name);
	free(c->steps);
	free(c->devices);
	free(c->memory);
	free(c->doorbells);
	memset(c, 0, sizeof(*c));
}
