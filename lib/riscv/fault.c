/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the fault queue (4.2). */
#include "export.h"
#include "riscv/bits.h"
#include "util/options.h"

#define FIRST_FAULT_SIZE ENTRY_FIRST_SIZE(ioasid_riscv_fault, gpa)

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

static void encode(const struct ioasid_riscv_fault *fault, uint64_t raw[4])
{
	raw[0] = fault->cause | (uint64_t)fault->transaction << 34;
	if (fault->transaction != IOASID_RISCV_NO_TRANSACTION)
		raw[0] |= encode_who(fault);
	raw[1] = 0;
	raw[2] = fault->address;
	raw[3] = (fault->gpa & ~UINT64_C(3)) | (fault->implicit ? 1 : 0) |
		 (fault->implicit && fault->update ? 2 : 0);
}

IOASID_EXPORT int ioasid_riscv_record_encode(const struct ioasid_riscv_fault *user, uint64_t raw[4])
{
	struct ioasid_riscv_fault fault;
	int ret = riscv_check_size(user->size, FIRST_FAULT_SIZE);

	if (!ret)
		ret = options_copy(&fault, sizeof(fault), user, "RISC-V IOMMU: fault");
	if (!ret)
		ret = check(&fault);
	if (!ret)
		encode(&fault, raw);
	return ret;
}

/* The second stage does not translate that address; 0: nobody knows which. */
static uint16_t guest_page_fault(struct ioasid_riscv_fault *f, uint64_t gpa, bool implicit)
{
	f->gpa = gpa;
	f->implicit = implicit;
	return riscv_guest_page_fault(f->transaction);
}

/* A fault of the stage that sees the address, be it that of an atomic operation, or of a write. */
static uint16_t page_fault(struct ioasid_riscv_fault *f, const struct ioasid_riscv_translation *t)
{
	if (t->kind == IOASID_RISCV_SECOND_STAGE)
		return guest_page_fault(f, f->address, false);
	return f->transaction == IOASID_RISCV_WRITE ? RISCV_WRITE_PAGE_FAULT :
						      RISCV_READ_PAGE_FAULT;
}

static uint16_t access_fault(const struct ioasid_riscv_fault *f)
{
	return f->transaction == IOASID_RISCV_WRITE ? RISCV_WRITE_ACCESS_FAULT :
						      RISCV_READ_ACCESS_FAULT;
}

static uint16_t blocked_cause(struct ioasid_riscv_fault *f,
			      const struct ioasid_riscv_translation *t)
{
	if (t->reason == IOASID_RISCV_PDT_TRANSLATION)
		return guest_page_fault(f, t->entry, true);
	return ioasid_riscv_reason_get_cause(t->reason, f->transaction);
}

/* 0: no record. What the parent does not map is a fault where the parent is the second stage. */
static uint16_t walk_cause(struct ioasid_riscv_fault *f, const struct ioasid_riscv_translation *t,
			   enum ioasid_fault_reason reason)
{
	bool nested = t->kind == IOASID_RISCV_NESTED;

	switch (reason) {
	case IOASID_FAULT_ADDRESS_WIDTH:
	case IOASID_FAULT_NOT_MAPPED:
	case IOASID_FAULT_PERMISSION:
	case IOASID_FAULT_MALFORMED_ENTRY:
	case IOASID_FAULT_ACCESS_FLAG:
		return page_fault(f, t);
	case IOASID_FAULT_TABLE_NOT_MAPPED:
		return nested ? guest_page_fault(f, 0, true) : access_fault(f);
	case IOASID_FAULT_TARGET_NOT_MAPPED:
		return nested ? guest_page_fault(f, 0, false) : 0;
	case IOASID_FAULT_PASID_RANGE:
		return RISCV_TYPE_DISALLOWED;
	case IOASID_FAULT_PASID_NOT_PRESENT:
		return RISCV_PDT_NOT_VALID;
	case IOASID_FAULT_PASID_MALFORMED:
		return RISCV_PDT_MISCONFIGURED;
	case IOASID_FAULT_PASID_TABLE_NOT_MAPPED:
		return RISCV_PDT_ACCESS_FAULT;
	default:
		return 0;
	}
}

static uint16_t cause_of(struct ioasid_riscv_fault *f, const struct ioasid_riscv_translation *t,
			 const struct ioasid_event *event)
{
	if (event->type != IOASID_EVENT_FAULT || t->silent)
		return 0;
	switch (t->kind) {
	case IOASID_RISCV_BLOCKED:
		return blocked_cause(f, t);
	case IOASID_RISCV_BARE:
		return 0;
	default:
		return walk_cause(f, t, event->reason);
	}
}

IOASID_EXPORT bool ioasid_riscv_fault_encode(const struct ioasid_event *event, uint32_t device_id,
					     const struct ioasid_riscv_translation *translation,
					     uint64_t raw[4])
{
	struct ioasid_riscv_fault f = IOASID_RISCV_FAULT_INIT;

	f.transaction = event->access & IOASID_WRITE ? IOASID_RISCV_WRITE : IOASID_RISCV_READ;
	f.device_id = device_id;
	f.process_id = event->pasid;
	f.address = event->iova;
	f.cause = cause_of(&f, translation, event);
	return f.cause && !ioasid_riscv_record_encode(&f, raw);
}
