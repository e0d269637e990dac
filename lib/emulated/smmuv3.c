/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands of an SMMUv3 guest (chapter 4), as a vIOMMU carries them out: the SMMU has 16-bit ASIDs,
 * 20-bit SubstreamIDs, ATS, and invalidation by range. A command that sets anything else than what
 * it has is refused, as Linux does: passed on, it would stop a real unit's queue for everybody.
 */
#include <errno.h>

#include "attach.h"
#include "guest/entry.h"
#include "smmuv3/bits.h"
#include "viommu.h"

/* What each can have set beside its opcode. */
static const struct allowed {
	uint8_t opcode;
	uint64_t bits[2];
} allowed[] = {
#define SID ENTRY_BITS(63, 32)		/* 4.1.6 */
#define SSID ENTRY_BITS(31, 12)
#define ASID ENTRY_BITS(63, 48)		/* 4.4.1 */
#define VMID ENTRY_BITS(47, 32)
#define RANGE (ENTRY_BITS(16, 12) | ENTRY_BITS(24, 20))			/* NUM, SCALE: 4.4.1.1 */
#define TG ENTRY_BITS(11, 10)
#define ADDRESS (ENTRY_BITS(63, 12) | TG | ENTRY_BITS(9, 8) | ENTRY_BIT(0))	/* and TTL, Leaf */
	{ IOASID_SMMUV3_CMD_TLBI_NH_ALL, { VMID, 0 } },
	{ IOASID_SMMUV3_CMD_TLBI_NH_ASID, { ASID | VMID, 0 } },
	{ IOASID_SMMUV3_CMD_TLBI_NH_VA, { ASID | VMID | RANGE, ADDRESS } },
	{ IOASID_SMMUV3_CMD_TLBI_NH_VAA, { VMID | RANGE, ADDRESS } },
	{ IOASID_SMMUV3_CMD_TLBI_NSNH_ALL, { 0, 0 } },
	{ IOASID_SMMUV3_CMD_CFGI_CD, { SID | SSID, ENTRY_BIT(0) } },
	{ IOASID_SMMUV3_CMD_CFGI_CD_ALL, { SID, 0 } },
	{ IOASID_SMMUV3_CMD_ATC_INV, { SID | SSID | ENTRY_BIT(11) | ENTRY_BIT(9),
				       ENTRY_BITS(63, 12) | ENTRY_BITS(5, 0) } },
};

static const struct ioasid_smmuv3_regs regs = {
	.idr = {
		[0] = 1u << SMMU_IDR0_S1P | 1u << SMMU_IDR0_ATS | 1u << SMMU_IDR0_ASID16,
		[1] = 20u << 6 | 32u,	/* SSIDSIZE, SIDSIZE */
		[3] = 1u << SMMU_IDR3_RIL,
	},
};

/* 4.4.1.1: without TG there is no range, and 16K tables have no blocks at level 1. */
static bool has_range(const uint64_t raw[2])
{
	uint64_t ttl = entry_field(raw[1], 9, 8), tg = entry_field(raw[1], 11, 10);

	return tg ? tg != 2 || ttl != 1 : !(raw[0] & RANGE) && !ttl;
}

static bool is_allowed(const uint64_t raw[2])
{
	const struct allowed *a = allowed, *end = a + bits_array_size(allowed);

	while (a < end && a->opcode != entry_field(raw[0], 7, 0))
		a++;
	if (a == end || raw[0] & ~(a->bits[0] | 0xff) || raw[1] & ~a->bits[1])
		return false;
	return !(a->bits[1] & TG) || has_range(raw);
}

static int no_command(const uint64_t raw[2], const char *why)
{
	return err_set(EIO, "SMMUv3 command 0x%llx 0x%llx: %s", (unsigned long long)raw[0],
		       (unsigned long long)raw[1], why);
}

/* All addresses if @length is 0. */
static int add_tlb(struct ioasid_viommu *v, const struct ioasid_smmuv3_cmd *cmd)
{
	return ioasid_inv_add_viommu(v->batch, v, cmd->start,
				     cmd->length ? cmd->length : UINT64_MAX,
				     cmd->leaf_only ? IOASID_INV_LEAF_ONLY : 0);
}

/* Of one kind of requests, or of all PASIDs, which are no more than are attached. */
static int add_device_tlb(struct ioasid_viommu *v, struct ioasid_device *device,
			  const struct ioasid_smmuv3_cmd *cmd)
{
	const struct attachment *a;
	int ret = 0;

	if (!cmd->all_substreams)
		return ioasid_smmuv3_cmd_add_device_tlb(cmd, cmd->stream_id, cmd->substream,
							v->batch, device);
	for (a = device->attached; a && !ret; a = a->next)
		ret = ioasid_smmuv3_cmd_add_device_tlb(cmd, cmd->stream_id, a->pasid, v->batch,
						       device);
	return ret;
}

static int add_space(struct ioasid_viommu *v, struct ioasid_space *space)
{
	return space && nest_bound(space) ? ioasid_inv_add_all(v->batch, space, 0) : 0;
}

/* Of what a device uses: the whole of it, or one context descriptor. */
static int add_descriptors(struct ioasid_viommu *v, struct ioasid_device *device,
			   const struct ioasid_smmuv3_cmd *cmd)
{
	uint32_t pasid = cmd->substream ? cmd->substream : IOASID_NO_PASID;
	const struct attachment *a;
	int ret = 0;

	if (!cmd->all_substreams && pasid_table_of(device))
		return ioasid_inv_add_pasid(v->batch, device, cmd->substream, 0);
	if (!cmd->all_substreams)
		return add_space(v, device_space(device, pasid));
	for (a = device->attached; a && !ret; a = a->next)
		ret = add_space(v, a->space);
	return ret;
}

int emu_smmuv3_add(struct ioasid_viommu *v, const uint64_t command[2])
{
	const uint64_t raw[2] = { le64toh(command[0]), le64toh(command[1]) };
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;
	const struct ioasid_vdevice *vdevice;
	enum ioasid_smmuv3_reason why;

	if (!is_allowed(raw))
		return no_command(raw, "not one that can be passed on, or reserved bits are set");
	if (ioasid_smmuv3_cmd_decode(&regs, raw, &cmd, &why))
		return no_command(raw, ioasid_smmuv3_reason_text(why));
	if (cmd.opcode >= IOASID_SMMUV3_CMD_TLBI_NH_ALL &&
	    cmd.opcode <= IOASID_SMMUV3_CMD_TLBI_NSNH_ALL)
		return add_tlb(v, &cmd);
	vdevice = viommu_find(v, cmd.stream_id);
	if (!vdevice)
		return no_command(raw, "its StreamID is no vDEVICE");
	if (cmd.opcode == IOASID_SMMUV3_CMD_ATC_INV)
		return add_device_tlb(v, vdevice->device, &cmd);
	return add_descriptors(v, vdevice->device, &cmd);
}
