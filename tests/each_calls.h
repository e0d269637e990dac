/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is called on either kernel back end while its commands fail, and what that is called on. */
#ifndef TESTS_EACH_CALLS_H
#define TESTS_EACH_CALLS_H

#include "support.h"

/* Of the guest's memory: what its tables lead to, and shadows have. */
#define DATA (2 * MIB)
#define MORE (512 * MIB)	/* not mapped in the root */

/* The world's; what is NULL, or -1, a case may make. The root can track, another is plain. */
extern struct ioasid_device *device, *other, *third;
extern struct ioasid_space *root, *plain, *child;
extern struct ioasid_inv *inv;
extern uint8_t *memory;
extern int file;

int attach(void);
int replace(void);
int detach(void);
int map(void);
int map_file(void);
int map_copy(void);
int map_parent(void);
int submit(void);
int start_dirty(void);

#endif
