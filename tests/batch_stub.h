/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Batches in place of the library's, for tests of what commands add to one: keeps what was added
 * last. Ranges of BATCH_FAILS_AT bytes, which the test defines, fail, and PASID 0xbad.
 */
#ifndef TESTS_BATCH_STUB_H
#define TESTS_BATCH_STUB_H

#include <errno.h>
#include <ioasid/inv.h>
#include <stdbool.h>

static struct {
	unsigned calls;
	struct ioasid_inv *batch;
	struct ioasid_space *space;
	struct ioasid_device *device;
	bool all;
	uint64_t iova, length;
	uint32_t flags, pasid;
} added;

static char batch_objects[3];
#define BATCH  ((struct ioasid_inv *)&batch_objects[0])
#define SPACE  ((struct ioasid_space *)&batch_objects[1])
#define DEVICE ((struct ioasid_device *)&batch_objects[2])

int ioasid_inv_add_all(struct ioasid_inv *inv, struct ioasid_space *space, uint32_t flags)
{
	added.calls++;
	added.batch = inv;
	added.space = space;
	added.all = true;
	added.flags = flags;
	return 0;
}

int ioasid_inv_add_range(struct ioasid_inv *inv, struct ioasid_space *space, uint64_t iova,
			 uint64_t length, uint32_t flags)
{
	added.calls++;
	added.batch = inv;
	added.space = space;
	added.all = false;
	added.iova = iova;
	added.length = length;
	added.flags = flags;
	return length == BATCH_FAILS_AT ? -ENOMEM : 0;
}

int ioasid_inv_add_device_tlb(struct ioasid_inv *inv, struct ioasid_device *device, uint32_t pasid,
			      uint64_t iova, uint64_t length)
{
	added.calls++;
	added.batch = inv;
	added.device = device;
	added.pasid = pasid;
	added.iova = iova;
	added.length = length;
	return pasid == 0xbad ? -ENOMEM : 0;
}

#endif
