/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ioasid-info: what can be done with I/O address spaces here. */
#ifndef INFO_INFO_H
#define INFO_INFO_H

#include <ioasid/ioasid.h>

struct options {
	/* The only one that is asked about; NULL: all, and of devices the one that is usable. */
	const char *backend;
	bool verbose;
};

/* A context on @backend; NULL after saying why there is none. */
struct ioasid_ctx *info_open(const char *backend);

/* Each prints one subject. 0, or -1 after saying what is wrong. */
void info_pci(void);
int info_backends(const struct options *options);
int info_platform(void);
int info_device(struct ioasid_ctx *ctx, const char *name);

#endif
