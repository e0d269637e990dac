/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A live update: a program continues in a new process, while its device stays attached.
 *
 * The old process has a device and an address space, which maps files. It forks the new process,
 * which takes the context over, and then gives its own handles up. At no time is the device
 * detached or anything unmapped. All that changes is who is charged for the memory that is locked.
 */
#include "example.h"

#include <sys/wait.h>

#include "copier.h"

#define SIZE	65536u
#define SOURCE	0x10000u
#define TARGET	(SOURCE + SIZE / 2)
#define MORE	0x40000u
#define LENGTH	64u

static const char letter[LENGTH] = "from the old process to the new one";

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_space *space;
	struct copier copier;
	char *memory;		/* a file, shared by both processes */
};

/* What the calling process has locked. */
static unsigned long long locked(const struct ioasid_ctx *ctx)
{
	struct ioasid_ctx_info info = IOASID_CTX_INFO_INIT;

	check(ioasid_ctx_query_info(ctx, &info), "asking about locked memory");
	return (unsigned long long)info.locked_bytes >> 10;
}

static void say(const char *who, const struct world *w, const char *what)
{
	printf("%s process: %s; %llu KiB are locked\n", who, what, locked(w->ctx));
	fflush(stdout);
}

/* The new process: it has all handles. @old: readable when the old one has let go. */
static void go_on(struct world *w, int old, int taken)
{
	char *more, byte;

	check(ioasid_ctx_change_process(w->ctx), "taking the context over");
	expect(write(taken, "", 1) == 1, "the old process listens");
	expect(!read(old, &byte, 1), "the old process lets go");
	say("new", w, "has it alone");

	/* What was attached and mapped is so still. */
	expect(!copier_copy(&w->copier, SOURCE, TARGET, LENGTH), "the device works");
	expect(!memcmp(w->memory + SIZE / 2, letter, LENGTH), "the letter has arrived");
	printf("new process: the device brought \"%s\"\n", w->memory + SIZE / 2);

	/* And can be changed. */
	more = map_new(w->space, MORE, SIZE);
	expect(!copier_copy(&w->copier, TARGET, MORE, LENGTH), "the device works");
	expect(!memcmp(more, letter, LENGTH), "it reaches what was mapped since");
	say("new", w, "has mapped more");
	copier_close(&w->copier);
	check(ioasid_ctx_close(w->ctx), "closing the context");
}

/* The old process, after the fork. */
static void let_go(struct world *w, int old, int taken)
{
	int status;
	char byte;

	expect(read(taken, &byte, 1) == 1, "the new process takes over");
	say("old", w, "is rid of it");
	if (!w->copier.channel)
		copier_close(&w->copier);
	check(ioasid_ctx_abandon(w->ctx), "abandoning the context");
	close(old);
	expect(wait(&status) > 0 && !status, "the new process does its work");
}

int main(int argc, char **argv)
{
	int old[2], taken[2];
	struct ioasid_device *device;
	struct arguments a;
	struct world w;

	a = parse_arguments(argc, argv, "A program that is updated while its device works.");
	w.ctx = open_context(&a, 0, NULL);
	need(w.ctx, IOASID_CAP_CHANGE_PROCESS);
	device = bind_device(w.ctx, &a, 0, "0000:00:01.0");
	check(copier_open(&w.copier, w.ctx, device), "driving the device");
	check(ioasid_space_create(w.ctx, NULL, &w.space), "creating a space");
	check(ioasid_device_attach(device, w.space), "attaching the device");
	w.memory = map_new(w.space, SOURCE, SIZE);
	memcpy(w.memory, letter, LENGTH);
	say("old", &w, "is ready");

	expect(!pipe(old) && !pipe(taken), "there are pipes");
	switch (fork()) {
	case -1:
		perror("fork");
		return EXIT_FAILURE;
	case 0:
		close(old[1]);
		go_on(&w, old[0], taken[1]);
		return EXIT_SUCCESS;
	}
	close(old[0]);
	let_go(&w, old[1], taken[0]);
	return EXIT_SUCCESS;
}
