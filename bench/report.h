/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the lines begin and end, and which of them are wanted. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "bench.h"

void report_begin(void);
void report_end(void);

#endif
