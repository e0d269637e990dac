/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the fault queue (4.2). */
#include "export.h"
#include "riscv/bits.h"

#define FIRST_FAULT_SIZE sizeof(struct ioasid_riscv_fault)

#define PROCESS_BITS 20u
#define CAUSE_BITS   12u
#define TTYP_LAST    63

/* Where who made the request stands: PID, PV, PRIV, DID. */
static uint64_t encode_who(const struct ioasid_riscv_fault *fault)
{
	uint64_t who = (uint64_t)fault->device_id << 40;

	if (fault->process_id == IOASID_NO_PASID)
		return who;
	who |= (uint64_t)fault->process_id << 12 | ENTRY_BIT(32);
	return fault->supervisor ? who | ENTRY_BIT(33) : who;
}

static int check(const struct ioasid_riscv_fault *fault)
{
	int ret = riscv_check_size(fault->size, FIRST_FAULT_SIZE);

	if (ret)
		return ret;
	if (fault->cause >> CAUSE_BITS)
		return err_set(EINVAL, "cause %u is wider than %u bits", fault->cause, CAUSE_BITS);
	if ((unsigned)fault->transaction > TTYP_LAST)
		return err_set(EINVAL, "transaction %d is unknown", (int)fault->transaction);
	if (fault->transaction == IOASID_RISCV_NO_TRANSACTION)
		return 0;
	if (fault->device_id >> RISCV_DEVICE_BITS)
		return err_set(EINVAL, "device_id 0x%x is wider than %u bits", fault->device_id,
			       RISCV_DEVICE_BITS);
	if (fault->process_id != IOASID_NO_PASID && fault->process_id >> PROCESS_BITS)
		return err_set(EINVAL, "process_id 0x%x is wider than %u bits", fault->process_id,
			       PROCESS_BITS);
	return 0;
}

IOASID_EXPORT int ioasid_riscv_fault_encode(const struct ioasid_riscv_fault *fault,
					    uint64_t raw[4])
{
	int ret = check(fault);

	if (ret)
		return ret;
	raw[0] = fault->cause | (uint64_t)fault->transaction << 34;
	if (fault->transaction != IOASID_RISCV_NO_TRANSACTION)
		raw[0] |= encode_who(fault);
	raw[1] = 0;
	raw[2] = fault->address;
	raw[3] = (fault->gpa & ~UINT64_C(3)) | (fault->implicit ? 1 : 0) |
		 (fault->implicit && fault->update ? 2 : 0);
	return 0;
}
