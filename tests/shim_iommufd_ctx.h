/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context on the iommufd that the test plays. */
#ifndef TESTS_SHIM_IOMMUFD_CTX_H
#define TESTS_SHIM_IOMMUFD_CTX_H

#include "shim_expect.h"

extern struct ioasid_ctx *ctx;

/* As ioasid_ctx_open(), into ctx. */
int open_ctx(const char *backend);
/* A machine as after booting, and a context on iommufd; nothing is left of it. */
void iommufd_setup(void);
void iommufd_teardown(void);

/* A device that is there. */
struct ioasid_device *bind(unsigned int i);

#endif
