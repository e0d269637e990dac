/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plays files to a fuzzer, once each: those given as arguments, or those of the folder that
 * FUZZ_CORPUS names below the source tree.
 */
#include <dirent.h>
#include <errno.h>

#include "fuzz.h"

/* To a copy of just that size, so that tools notice a read beyond it. */
static int play(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	long size = -1;

	if (file && !fseek(file, 0, SEEK_END))
		size = ftell(file);
	if (size >= 0)
		data = malloc(size ? (size_t)size : 1);
	if (!data || fseek(file, 0, SEEK_SET) ||
	    fread(data, 1, (size_t)size, file) != (size_t)size) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	fclose(file);
	printf("%s, %ld bytes\n", path, size);
	fflush(stdout); /* names the file, if this one ends the program */
	LLVMFuzzerTestOneInput(data, (size_t)size);
	free(data);
	return 0;
}

static int play_folder(const char *folder)
{
	struct dirent **names;
	char path[4096];
	int n = scandir(folder, &names, NULL, alphasort), played = 0, failed = 0, i;

	if (n < 0) {
		fprintf(stderr, "%s: %s\n", folder, strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.') {
			failed |= play(path);
			played++;
		}
		free(names[i]);
	}
	free(names);
	printf("%d files\n", played);
	return played ? failed : -1;
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char folder[2048];
	int failed = 0, i;

	for (i = 1; i < argc; i++)
		failed |= play(argv[i]);
	if (argc < 2) {
		snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".",
			 FUZZ_CORPUS);
		failed = play_folder(folder);
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
