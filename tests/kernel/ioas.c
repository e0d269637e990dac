/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ioas.h"

#include <unistd.h>

#include "mock.h"

/* MOCK_ACCESS_RW_WRITE */
#define ACCESS_WRITE 0x1u

bool ioas_open(struct ioas *ioas, const struct ioasid_ctx *ctx, const struct ioasid_space *space)
{
	struct mock_command c = { .op = MOCK_CREATE_ACCESS };

	c.id = ioas_number(space);
	if (!c.id)
		return false;
	ioas->iommu = ioasid_ctx_get_fd(ctx);
	if (mock_command(ioas->iommu, &c))
		return false;
	ioas->access = (int)c.u.w[0];
	return true;
}

void ioas_close(struct ioas *ioas)
{
	close(ioas->access);
}

bool ioas_has(const struct ioas *ioas, uint64_t iova, uint32_t access, uint64_t *value)
{
	struct mock_command c = { .op = MOCK_ACCESS_RW, .id = (uint32_t)ioas->access };

	c.u.q[0] = iova;
	c.u.q[1] = sizeof(*value);
	c.u.q[2] = (uintptr_t)value;
	c.u.w[6] = access == IOASID_WRITE ? ACCESS_WRITE : 0;
	return !mock_command(ioas->iommu, &c);
}
