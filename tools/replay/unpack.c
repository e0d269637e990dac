/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives, unpacked by tar(1) into a temporary directory. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"

struct unpacked {
	/* The directory made, and the one inside it that holds meta.json. */
	char *top, *dir;
	sigset_t signals;
};

/* Signals that would leave the directory behind wait until it is removed; tar gets them. */
static void hold_signals(sigset_t *old)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, old);
}

static int run_tar(const struct unpacked *u, const char *path)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return fail("fork: %s", strerror(errno));
	if (!pid) {
		sigprocmask(SIG_SETMASK, &u->signals, NULL);
		execlp("tar", "tar", "--force-local", "-C", u->top, "-xf", path, (char *)NULL);
		fail("tar: %s", strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("waitpid: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail("%s: tar could not unpack it", path);
	return 0;
}

static bool holds_meta(const char *dir)
{
	char *path = xformat("%s/meta.json", dir);
	bool found = !access(path, F_OK);

	free(path);
	return found;
}

/* At the top of the archive, or in a directory there. */
static int find_meta(struct unpacked *u, const char *path)
{
	const struct dirent *entry;
	DIR *top;

	u->dir = xformat("%s", u->top);
	if (holds_meta(u->dir))
		return 0;
	top = opendir(u->top);
	while (top && (entry = readdir(top))) {
		free(u->dir);
		u->dir = xformat("%s/%s", u->top, entry->d_name);
		if (strcmp(entry->d_name, "..") && holds_meta(u->dir)) {
			closedir(top);
			return 0;
		}
	}
	if (top)
		closedir(top);
	return fail("%s: there is no meta.json in it", path);
}

int unpack(struct unpacked **unpacked, const char *path)
{
	const char *tmp = getenv("TMPDIR");
	struct unpacked *u = xrealloc(NULL, 1, sizeof(*u));

	u->dir = NULL;
	u->top = xformat("%s/ioasid-replay.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	hold_signals(&u->signals);
	if (!mkdtemp(u->top)) {
		fail("%s: %s", u->top, strerror(errno));
		free(u->top);
		u->top = NULL;
	} else if (!run_tar(u, path) && !find_meta(u, path)) {
		*unpacked = u;
		return 0;
	}
	unpack_remove(u);
	return -1;
}

const char *unpacked_dir(const struct unpacked *unpacked)
{
	return unpacked->dir;
}

/* What an archive holds can be read-only, directories too. */
static int allow_removal(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_D)
		chmod(path, 0700);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void unpack_remove(struct unpacked *u)
{
	if (!u)
		return;
	if (u->top) {
		nftw(u->top, allow_removal, 8, FTW_PHYS);
		nftw(u->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	}
	sigprocmask(SIG_SETMASK, &u->signals, NULL);
	free(u->top);
	free(u->dir);
	free(u);
}
