/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel has in the IOAS of a space, by the self-test of iommufd's (CONFIG_IOMMUFD_TEST):
 * that is what a device reaches which is attached to it.
 */
#ifndef TESTS_KERNEL_IOAS_H
#define TESTS_KERNEL_IOAS_H

#include <ioasid/ioasid.h>
#include <stdint.h>

struct ioas {
	int iommu;	/* the context's descriptor */
	int access;
};

/* Its number, 0: it has none. */
uint32_t ioas_number(const struct ioasid_space *space);

/* False where it cannot be seen: there is no such kernel, or nothing is attached. */
bool ioas_open(struct ioas *ioas, const struct ioasid_ctx *ctx, const struct ioasid_space *space);
void ioas_close(struct ioas *ioas);

/*
 * Can 8 bytes at @iova be accessed? IOASID_READ: @value is what is there. IOASID_WRITE: @value,
 * which is to be what is there, is written.
 */
bool ioas_has(const struct ioas *ioas, uint64_t iova, uint32_t access, uint64_t *value);

#endif
