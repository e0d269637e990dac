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

/* IOMMU_IOAS_MAP_FIXED_IOVA | WRITEABLE | READABLE */
#define FLAGS_RW 7u
#define FLAGS_R	 5u

/* The next calls of the kernel: for the child's table, from the root's, and for the root's. */
void expect_copy(uint32_t flags, uint64_t iova, uint64_t from, uint64_t length);
void expect_unmap(uint64_t iova, uint64_t length);
void expect_root_unmap(uint64_t iova, uint64_t length);

/* Binds the table to the child, and attaches the device. */
void bind_and_attach(void);

/* The @nth call of the kernel fails; then the function does, and says @text. */
struct failing {
	unsigned int nth;
	int error, result;
	const char *text;
};

/* Attaching the device to the child, in each of @n ways, leaves @objects and all as it was. */
void attach_fails(const struct failing *ways, size_t n, unsigned int objects);

/* Asserts that the device reaches that much of the guest's memory at @iova; perm 0: nothing. */
void reaches(uint64_t iova, uint64_t target, uint64_t length, uint32_t perm);

#endif
