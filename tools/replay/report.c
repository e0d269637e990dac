/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Standard output. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "replay.h"

/* Without --verbose, the first so many of a step's lines of one kind are shown. */
#define SHOWN_PER_STEP 5

/* To the beginning of the line, and nothing on it. */
#define CLEAR_LINE "\r\033[K"

static bool on_terminal(void)
{
	return isatty(STDOUT_FILENO);
}

void report_capture(const struct options *o, const struct capture *c)
{
	uint64_t memory = 0;

	if (o->quiet)
		return;
	for (size_t i = 0; i < c->n_memory; i++)
		memory += c->memory[i].length;
	printf("%s: %s, %zu devices, %" PRIu64 " MiB of guest memory\n", o->path,
	       c->kind->title(&c->unit), c->n_devices, memory >> 20);
}

void report_pass(const struct replay *r)
{
	if (r->options->quiet)
		return;
	printf("spaces are filled on %s%s\n",
	       r->fill == IOASID_FILL_ON_DEMAND ? "demand; a DMA uses each run expected" :
						  "invalidation",
	       r->lacks_new_mappings ? "; the guest sends none for new mappings" : "");
	printf("step  descriptors  expected  differing%s\n",
	       r->lacks_new_mappings ? "  not yet filled" : "");
}

void report_progress(const struct replay *r)
{
	if (r->options->quiet || !on_terminal())
		return;
	printf(CLEAR_LINE " %03zu  %11" PRIu64 "  of %zu steps", r->step, r->step_descriptors,
	       r->capture->n_steps);
	fflush(stdout);
}

static void clear_progress(void)
{
	if (on_terminal())
		fputs(CLEAR_LINE, stdout);
}

static const char *perm_text(uint32_t perm)
{
	static const char *const text[] = { "-", "r", "w", "rw" };

	return text[perm & (IOASID_READ | IOASID_WRITE)];
}

static void print_run(const struct ioasid_run *run)
{
	printf("0x%" PRIx64 "+0x%" PRIx64 " -> 0x%" PRIx64 " %s", run->iova, run->length,
	       run->target, perm_text(run->perm));
}

/* Whether one more line of the step's is shown. */
static bool shown(const struct replay *r, uint64_t before)
{
	return !r->options->quiet && (r->options->verbose || before < SHOWN_PER_STEP);
}

static void print_device(const struct replay *r, size_t index)
{
	const struct capture_device *d = &r->capture->devices[index];
	char address[13];

	printf("%s (%s)", device_address(d->sid, address), d->name);
}

void report_difference(struct replay *r, enum difference what, const struct ioasid_run *expected,
		       const struct ioasid_run *listed)
{
	static const char *const text[] = {
		[DIFFERENCE_MISSING] = "missing",
		[DIFFERENCE_UNEXPECTED] = "unexpected",
		[DIFFERENCE_CHANGED] = "different",
		[DIFFERENCE_DMA] = "DMA goes elsewhere",
	};

	if (!shown(r, r->step_shown++))
		return;
	clear_progress();
	printf("      ");
	print_device(r, r->device);
	printf(": %s: ", text[what]);
	print_run(expected ? expected : listed);
	if (expected && listed) {
		printf("; there is ");
		print_run(listed);
	}
	putchar('\n');
}

void report_missing(struct replay *r, const struct ioasid_event *e, uint64_t position)
{
	if (!shown(r, r->step_named++))
		return;
	clear_progress();
	printf("      audit: ");
	print_device(r, (size_t)e->cookie);
	printf(": no invalidation of 0x%" PRIx64 ": its entry at level %" PRIu32 " was 0x%" PRIx64
	       ", is 0x%" PRIx64, e->iova, e->level, e->old_entry, e->new_entry);
	if (position == UINT64_MAX)
		puts("; never invalidated before");
	else
		printf("; invalidated last by descriptor %" PRIu64 "\n", position);
}

static void report_rest(const struct replay *r, uint64_t n, const char *what)
{
	if (!r->options->verbose && n > SHOWN_PER_STEP)
		printf("      and %" PRIu64 " more %s (--verbose)\n", n - SHOWN_PER_STEP, what);
}

void report_step(const struct replay *r)
{
	const struct capture_step *s = &r->capture->steps[r->step];

	if (r->options->quiet)
		return;
	clear_progress();
	report_rest(r, r->step_shown, "differences");
	report_rest(r, r->step_named, "named by the audit");
	printf(" %03zu  %11" PRIu64 "  %8zu  %9" PRIu64, r->step, r->step_descriptors, s->n_runs,
	       r->step_differing);
	if (r->lacks_new_mappings)
		printf("  %14zu", r->step_not_filled);
	printf("  %s\n", s->label);
}

void report_queue(const struct replay *r)
{
	const struct vmm *v = &r->vmm;
	const char *separator = "queue: ";

	if (r->options->quiet)
		return;
	for (unsigned int i = 0; i < COMMAND_TYPES; i++) {
		if (!v->commands[i])
			continue;
		printf("%s%" PRIu64 " %s", separator, v->commands[i], v->kind->type_name(i));
		separator = ", ";
	}
	printf("\nspaces: %" PRIu64 " for the guest's page tables, %" PRIu64
	       " attaches, replaces and detaches, %" PRIu64 " batches of invalidations\n",
	       v->spaces, v->moves, v->submissions);
}

void report_dropped(const struct replay *r, const uint64_t *raw)
{
	const struct kind *kind = r->vmm.kind;
	size_t bytes = r->capture->descriptor_bytes;
	const char *why;
	union command c;

	if (r->options->quiet)
		return;
	clear_progress();
	printf("      left out: descriptor %" PRIu64 ", in step %zu: ", r->position, r->step);
	if (kind->decode(&r->vmm.unit, raw, bytes, &c, &why)) {
		printf("malformed");
	} else {
		printf("%s", kind->type_name(kind->type(&c)));
		kind->print(&c);
	}
	for (size_t i = 0; i < bytes / 8; i++)
		printf("%s%016" PRIx64, i ? " " : " (", raw[i]);
	puts(")");
}

void report_totals(const struct options *o, const struct totals *t)
{
	if (o->audit && !o->quiet)
		printf("audit: %" PRIu64
		       " table entries used after a change that was not invalidated\n",
		       t->named);
	if (t->unnamed)
		printf("audit: and %" PRIu64 " events were too many to be kept\n", t->unnamed);
	printf("replay: %" PRIu64 " steps, %" PRIu64 " descriptors, %" PRIu64
	       " runs expected, %" PRIu64 " differing\n",
	       t->steps, t->descriptors, t->runs, t->differing);
}
