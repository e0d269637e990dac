/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/*
 * struct iommu_destroy, struct iommu_ioas_alloc (Linux 6.2); both commands of the same _IO(';', n).
 */
struct destroy {
	uint32_t size, id;
};

struct ioas_alloc {
	uint32_t size, flags, out_ioas_id;
};

/* struct iommu_hwpt_alloc, as it ended in Linux 6.6 */
struct hwpt_alloc {
	uint32_t size, flags, dev_id, pt_id, out_hwpt_id, reserved;
};

#define HWPT_PASID	   0x8u
#define COMMAND_DESTROY	   0x3b80
#define COMMAND_IOAS_ALLOC 0x3b81
#define COMMAND_HWPT_ALLOC 0x3b89
#define COMMAND_TEST	   0x3ba0

static_assert(sizeof(struct mock_command) == 72, "struct iommu_test_cmd");

int mock_command(int iommu, struct mock_command *c)
{
	c->size = sizeof(*c);
	return ioctl(iommu, COMMAND_TEST, c) ? -errno : 0;
}

void mock_destroy(int iommu, uint32_t id)
{
	struct destroy destroy = { .size = sizeof(destroy), .id = id };

	ck_assert_msg(!ioctl(iommu, COMMAND_DESTROY, &destroy), "object %u: %s", id,
		      strerror(errno));
}

uint32_t mock_ioas_new(int iommu)
{
	struct ioas_alloc alloc = { .size = sizeof(alloc) };

	ck_assert_msg(!ioctl(iommu, COMMAND_IOAS_ALLOC, &alloc), "no IOAS: %s", strerror(errno));
	return alloc.out_ioas_id;
}

/* Operation 0 is none, which a kernel that has the command says. */
static bool has_mocks(const struct ioasid_ctx *ctx)
{
	struct mock_command c = { 0 };

	return mock_command(ioasid_ctx_get_fd(ctx), &c) == -EOPNOTSUPP;
}

bool mock_ctx_open(struct ioasid_ctx **ctx)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;
	const char *backend = getenv("IOASID_BACKEND");

	if (!backend || strcmp(backend, "iommufd")) {
		test_skip("mock devices are iommufd's");
		return false;
	}
	options.backend = backend;
	ck_ok(ioasid_ctx_open(&options, ctx));
	if (has_mocks(*ctx))
		return true;
	test_skip("this kernel has no mock devices (CONFIG_IOMMUFD_TEST)");
	ck_ok(ioasid_ctx_close(*ctx));
	return false;
}

static int replace_table(struct mock *m, uint32_t table, uint32_t *out)
{
	struct mock_command c = { .op = MOCK_REPLACE, .id = m->number, .u.w = { table } };
	int ret = mock_command(m->iommu, &c);

	*out = c.u.w[0];
	return ret;
}

static int pasid_command(struct mock *m, enum mock_op op, uint32_t pasid, uint32_t table)
{
	struct mock_command c = { .op = op, .id = m->number, .u.w = { pasid, table } };
	int ret = mock_command(m->iommu, &c);

	if (!ret)
		m->pasid_table = table;
	return ret;
}

/* A mock is attached all its life: what is to be blocked goes to the empty IOAS. */
static int attach(void *data, uint32_t pasid, uint32_t table, uint32_t *out)
{
	struct mock *m = data;
	int ret;

	m->calls++;
	if (pasid != IOASID_NO_PASID)
		return pasid_command(m, MOCK_PASID_ATTACH, pasid, table);
	ret = replace_table(m, table, out);
	if (!ret)
		m->page_table = *out;
	return ret;
}

static int replace(void *data, uint32_t pasid, uint32_t table, uint32_t *out)
{
	struct mock *m = data;

	if (pasid == IOASID_NO_PASID)
		return attach(data, pasid, table, out);
	m->calls++;
	return pasid_command(m, MOCK_PASID_REPLACE, pasid, table);
}

static int detach(void *data, uint32_t pasid)
{
	struct mock *m = data;
	uint32_t page_table;

	m->calls++;
	if (pasid != IOASID_NO_PASID)
		return pasid_command(m, MOCK_PASID_DETACH, pasid, 0);
	m->page_table = 0;
	return replace_table(m, m->parking, &page_table);
}

/* A page table on the empty IOAS that does not stand in the way of PASIDs. */
static void park(struct mock *m)
{
	struct hwpt_alloc alloc = {
		.size = sizeof(alloc), .flags = HWPT_PASID, .dev_id = m->id, .pt_id = m->ioas,
	};
	uint32_t page_table;

	ck_assert_msg(!ioctl(m->iommu, COMMAND_HWPT_ALLOC, &alloc), "no page table: %s",
		      strerror(errno));
	m->parking = alloc.out_hwpt_id;
	ck_assert_int_eq(replace_table(m, m->parking, &page_table), 0);
}

void mock_create(struct mock *m, struct ioasid_ctx *ctx, uint32_t flags)
{
	struct mock_command c = { .op = flags ? MOCK_DOMAIN_FLAGS : MOCK_DOMAIN };

	memset(m, 0, sizeof(*m));
	m->iommu = ioasid_ctx_get_fd(ctx);
	c.id = m->parking = m->ioas = mock_ioas_new(m->iommu);
	c.u.w[3] = flags;
	ck_assert_msg(!mock_command(m->iommu, &c), "no mock device: %s", strerror(errno));
	m->number = c.u.w[0];
	m->id = c.u.w[2];
	if (flags & MOCK_PASID)
		park(m);
}

void mock_options(struct mock *m, struct ioasid_adopt_options *options)
{
	*options = (struct ioasid_adopt_options)IOASID_ADOPT_OPTIONS_INIT;
	options->name = "mock";
	options->id = m->id;
	options->attach = attach;
	options->replace = replace;
	options->detach = detach;
	options->data = m;
}

void mock_open(struct mock *m, struct ioasid_ctx *ctx, uint32_t flags)
{
	struct ioasid_adopt_options options;
	char name[32];

	mock_create(m, ctx, flags);
	mock_options(m, &options);
	snprintf(name, sizeof(name), "mock%u", m->id);
	options.name = name;
	options.cookie = m->id;
	ck_ok(ioasid_device_adopt(ctx, &options, &m->device));
}

void mock_drop(const struct mock *m)
{
	mock_destroy(m->iommu, m->number);
	if (m->parking != m->ioas)
		mock_destroy(m->iommu, m->parking);
	mock_destroy(m->iommu, m->ioas);
}

void mock_close(struct mock *m)
{
	ck_ok(ioasid_device_unbind(m->device));
	m->device = NULL;
	mock_drop(m);
}

static int check_map(const struct mock *m, uint32_t page_table, uint64_t iova, const void *host,
		     uint64_t length)
{
	struct mock_command c = { .op = MOCK_CHECK_MAP, .id = page_table };

	c.u.q[0] = iova;
	c.u.q[1] = length;
	c.u.q[2] = (uintptr_t)host;
	return mock_command(m->iommu, &c);
}

void mock_leads_to(const struct mock *m, uint32_t page_table, uint64_t iova, const void *host,
		   uint64_t length)
{
	int ret = check_map(m, page_table, iova, host, length);

	ck_assert_msg(!ret, "%#jx + %#jx of page table %u does not lead to %p: %s", (uintmax_t)iova,
		      (uintmax_t)length, page_table, host, strerror(-ret));
}

void mock_leads_elsewhere(const struct mock *m, uint32_t page_table, uint64_t iova,
			  const void *host)
{
	/* Of no length: it is a page table. */
	ck_assert_int_eq(check_map(m, page_table, iova, host, 0), 0);
	ck_assert_int_eq(check_map(m, page_table, iova, host, PAGE), -EINVAL);
}
