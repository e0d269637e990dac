/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of a capture, in memory. */
#ifndef REPLAY_FILE_H
#define REPLAY_FILE_H

#include <stdbool.h>

#include "util.h"

struct file {
	char *path;
	unsigned char *data;	/* with a 0 behind its end */
	size_t size;
};

/*
 * Reads a file; takes over @path. One that is @optional can be missing: then it has no data. 0, or
 * -1 after saying what is wrong. To be closed in any case.
 */
int file_open(struct file *file, char *path, bool optional);
void file_close(struct file *file);

#endif
