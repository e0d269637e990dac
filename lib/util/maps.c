/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "util/maps.h"

/* The next line of proc(5)'s list, or as much of it as there is room for. */
static bool next_line(FILE *file, char *line, int size)
{
	char rest[256];

	if (!fgets(line, size, file))
		return false;
	if (!strchr(line, '\n'))
		while (fgets(rest, sizeof(rest), file) && !strchr(rest, '\n'))
			;
	return true;
}

/* "START-END rwxp ...", END not included. Lines are in ascending order. */
bool maps_permit(uint64_t addr, bool to_write)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned long long start = 0, end = 0;
	char line[80], mode[5] = "";

	if (!file)
		return false;
	while (next_line(file, line, sizeof(line)) &&
	       sscanf(line, "%llx-%llx %4s", &start, &end, mode) == 3 && end <= addr)
		;
	fclose(file);
	return start <= addr && addr < end && mode[0] == 'r' && (!to_write || mode[1] == 'w');
}
