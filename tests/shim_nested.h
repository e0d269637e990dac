/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A guest's memory in a root, and a space nested on it, on the kernel that the test plays. */
#ifndef TESTS_SHIM_NESTED_H
#define TESTS_SHIM_NESTED_H

#include "guest_tables.h"
#include "shim_kernel.h"
#include "support.h"

/* From guest address 0: tables in the first part, the rest is what they map. */
#define MEMORY (32 * MIB)
#define TABLES (1 * MIB)
#define DATA   (2 * MIB)

/* Objects: the device, the root's IOAS, and the child's, as long as no other is made before. */
enum { DEVICE = 1, ROOT, CHILD };

extern struct ioasid_ctx *ctx;
extern struct ioasid_device *device;
extern struct ioasid_space *root, *child;
extern struct ioasid_mapping *memory_mapping;	/* the root's */
extern uint8_t *memory;
extern struct guest_table table;		/* VT-d second stage, four levels; not bound yet */
extern int iommu;				/* the descriptor */

void nested_setup(void);
void nested_teardown(void);

struct ioasid_device *bind_device(unsigned int i);
/* Binds the table to the child, and attaches the device. */
void bind_and_attach(void);

/* Asserts that the device reaches that much of the guest's memory at @iova; perm 0: nothing. */
void reaches(uint64_t iova, uint64_t target, uint64_t length, uint32_t perm);

#endif
