/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Linked to a test: the kernel under it knows neither membarrier(2) nor getrandom(2). */
#include <stdio.h>
#include <stdlib.h>

#include "forbid.h"

static void __attribute__((constructor)) become_old(void)
{
	if (!forbid_calls()) {
		puts("system calls cannot be forbidden here: seccomp(2)");
		exit(77);
	}
}
