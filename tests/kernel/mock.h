/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices that a kernel with CONFIG_IOMMUFD_TEST makes up, behind an IOMMU that it makes up
 * too: it translates 16 MiB to 2 GiB - 1, in pages of 2 KiB, and shows where it leads. Another
 * framework has bound them, as far as the library goes: they are adopted. Numbers and layouts of
 * the command are those of drivers/iommu/iommufd/iommufd_test.h, Linux 6.6 to 7.3.
 */
#ifndef TESTS_KERNEL_MOCK_H
#define TESTS_KERNEL_MOCK_H

#include "../support.h"

#define MOCK_START (16 * MIB)
#define MOCK_LAST  (2 * GIB - 1)

/* enum IOMMU_TEST_OP_* */
enum mock_op {
	MOCK_ADD_RESERVED = 1,
	MOCK_DOMAIN = 2,
	MOCK_CHECK_MAP = 3,
	MOCK_CHECK_REFS = 4,
	MOCK_CREATE_ACCESS = 5,
	MOCK_ACCESS_RW = 8,
	MOCK_REPLACE = 10,
	MOCK_DOMAIN_FLAGS = 12,
	MOCK_DIRTY = 13,
	MOCK_CHECK_IOTLB = 14,
	MOCK_TRIGGER_IOPF = 15,
	MOCK_CHECK_CACHE = 16,
	MOCK_TRIGGER_VEVENT = 17,
	MOCK_PASID_ATTACH = 18,
	MOCK_PASID_REPLACE = 19,
	MOCK_PASID_DETACH = 20,
	MOCK_PASID_CHECK_HWPT = 21,
};

/* MOCK_FLAGS_DEVICE_* */
#define MOCK_NO_DIRTY 0x1u
#define MOCK_PASID    0x4u

/* What kernels say about the width of a mock device's PASIDs. */
#define MOCK_PASID_BITS 20u

/* struct iommu_test_cmd; what the operations take lies in the union, from word 4 on. */
struct mock_command {
	uint32_t size, op, id, reserved;
	union {
		uint32_t w[12];
		uint64_t q[6];
	} u;
	uint32_t last;
};

/* One device: bound by the kernel, adopted by the library. */
struct mock {
	int iommu;			/* the context's descriptor */
	uint32_t number;		/* of the mock: what the commands want, */
	uint32_t id;			/* and of the device, as the kernel binds it */
	uint32_t ioas;			/* an empty one, */
	uint32_t parking; /* or what it is attached to on that while it is to be blocked */
	uint32_t page_table;		/* that its requests without PASID go through; 0: blocked */
	uint32_t pasid_table;		/* the page table that the last PASID was attached to */
	unsigned int calls;		/* of the library's callbacks */
	struct ioasid_device *device;
};

/* Opens a context, or skips the test where there is no such kernel. */
bool mock_ctx_open(struct ioasid_ctx **ctx);

/* @flags: MOCK_NO_DIRTY, MOCK_PASID. Close it before the context. */
void mock_open(struct mock *m, struct ioasid_ctx *ctx, uint32_t flags);
/* The same, but it is the test that adopts: @m stays where it is. */
void mock_create(struct mock *m, struct ioasid_ctx *ctx, uint32_t flags);
void mock_options(struct mock *m, struct ioasid_adopt_options *options);
void mock_close(struct mock *m);
/* What the kernel has of it, after a context is closed that was on a duplicate of @m->iommu. */
void mock_drop(const struct mock *m);

/* 0 or -errno. The size is filled in, and *@command has what comes back. */
int mock_command(int iommu, struct mock_command *command);
/* The kernel's DESTROY of an object of the test's. */
void mock_destroy(int iommu, uint32_t id);
uint32_t mock_ioas_new(int iommu);

/* Asserts that a page table of the mock IOMMU's leads to @host, or that a page of it does not. */
void mock_leads_to(const struct mock *m, uint32_t page_table, uint64_t iova, const void *host,
		   uint64_t length);
void mock_leads_elsewhere(const struct mock *m, uint32_t page_table, uint64_t iova,
			  const void *host);

TCase *mock_adopt(void);
TCase *mock_dirty(void);
TCase *mock_fault(void);
TCase *mock_nested(void);
TCase *mock_pasid(void);
TCase *mock_process(void);
TCase *mock_viommu(void);

#endif
