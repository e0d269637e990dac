/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel has locked for this process, as it tells itself: proc_pid_status(5). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vfio/sys.h"
#include "vfio/vfio.h"

void vfio_locked(const char *key, uint64_t *bytes, uint64_t *limit)
{
	char text[4096], line[16];
	const char *at;

	*limit = sys_lock_limit();
	*bytes = UINT64_MAX;
	if (sys_read("/proc/self/status", text, sizeof(text)) < 0)
		return;
	/* The first line has the program's name, which may be anything. */
	snprintf(line, sizeof(line), "\n%s", key);
	at = strstr(text, line);
	if (at)
		*bytes = (uint64_t)strtoull(at + strlen(line), NULL, 10) << 10;
}
