/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file amd.h
 * AMD's IOMMU, for a VMM that emulates one to its guest: reads the guest's device table, guest CR3
 * tables and command buffer, and turns them into libioasid's terms.
 *
 * All functions are pure: they look at their arguments and nothing else, and may be called from any
 * thread. Entries and commands are given as numbers, lowest quadword first. Guest memory has them
 * little-endian, so what a caller copied from there goes through le64toh(3) first; what its
 * ioasid_amd_read copies does not, that is left to the library. What is encoded goes through
 * htole64(3).
 *
 * Section numbers are those of the AMD I/O Virtualization Technology (IOMMU) Specification, 48882,
 * revision 3.05. Device table segments (DevTblSegSup), PREFETCH_IOMMU_PAGES (PreFSup), types of
 * IOTLB invalidations (InvIotlbTypeSup) and virtual IOMMUs do not exist here: a unit must not
 * report them. What device table entries say about interrupts is not looked at.
 */
#ifndef IOASID_AMD_H
#define IOASID_AMD_H

#include <ioasid/common.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The unit's capability header reports IotlbSup (3.2.1): devices may have TLBs of their own. */
#define IOASID_AMD_IOTLB 0x1u

/**
 * The emulated unit's registers. Never grows. What takes it returns -EINVAL, and *why is
 * IOASID_AMD_OK, if flags has others than these, or reserved is not 0.
 */
struct ioasid_amd_regs {
	/** What the unit tells its guest: Extended Feature Register and Extended Feature 2 Register
	 *  (3.4). */
	uint64_t efr;
	uint64_t efr2;
	/** What the guest wrote: Control Register, Device Table Base Address Register (3.4). */
	uint64_t control;
	uint64_t device_table;
	/** IOASID_AMD_IOTLB */
	uint32_t flags;
	/** 0 */
	uint32_t reserved[3];
};

/**
 * Sets the feature registers, and all else to 0: a unit that the guest has not enabled. Since 0.1.
 */
void ioasid_amd_regs_init(struct ioasid_amd_regs *regs, uint64_t efr, uint64_t efr2);

/** Why a request is refused, or a command is illegal. */
enum ioasid_amd_reason {
	IOASID_AMD_OK = 0,

	/** The device is beyond the device table (3.4, Size). */
	IOASID_AMD_DEVICE_RANGE,
	/** Device table entry: not readable. */
	IOASID_AMD_DTE_ACCESS,
	/** Says nothing of translation: V = 1, TV = 0 (2.2.2.1). */
	IOASID_AMD_DTE_NO_TRANSLATION,
	/** Has neither IR nor IW: no request is permitted. */
	IOASID_AMD_DTE_PERMISSION,
	/** Has a reserved bit set, or one of a feature that the unit does not have. */
	IOASID_AMD_DTE_RESERVED,
	/** Has more levels than the unit supports (Mode; EFR.HATS). */
	IOASID_AMD_DTE_MODE,
	/** Has more levels of guest CR3 tables than the unit supports (GLX; EFR.GLXSup). */
	IOASID_AMD_DTE_GLX,
	/** Has more levels of guest tables than the unit supports (GuestPagingMode; EFR.GATS). */
	IOASID_AMD_DTE_GUEST_MODE,

	/** A request with PASID, where there is no guest translation (GV = 0). */
	IOASID_AMD_PASID_DISABLED,
	/** The PASID is wider than the unit supports (EFR.PASmax), or beyond the GCR3 table. */
	IOASID_AMD_PASID_RANGE,
	/** Guest CR3 table entry: not readable. */
	IOASID_AMD_GCR3_ACCESS,
	/** Not valid (V = 0, 2.2.6). */
	IOASID_AMD_GCR3_ABSENT,
	/** Has a reserved bit set. */
	IOASID_AMD_GCR3_RESERVED,
	/** The host table does not translate its address (EFR2.GCR3TRPMode). */
	IOASID_AMD_GCR3_TRANSLATION,

	/** Command: unknown, or not one of this unit's (2.4). */
	IOASID_AMD_CMD_OPCODE,
	/** Command: has a reserved bit set, or one of a feature that the unit does not have. */
	IOASID_AMD_CMD_RESERVED,
	/** Command: not readable. */
	IOASID_AMD_CMD_ACCESS,
	/** Command: a device has not answered the invalidation of its TLB in time (2.4.4). */
	IOASID_AMD_CMD_TIMEOUT,
};

/** A short text for people: a static string, never NULL. Since 0.1. */
const char *ioasid_amd_reason_text(enum ioasid_amd_reason reason);

/** The event code of the event log entry (2.5); 0 for IOASID_AMD_OK. Since 0.1. */
uint8_t ioasid_amd_reason_get_code(enum ioasid_amd_reason reason);

/** What happens to a request. */
enum ioasid_amd_kind {
	/** It is refused. */
	IOASID_AMD_BLOCKED = 1,
	/** Its address is not translated: it is guest-physical. */
	IOASID_AMD_BYPASS = 2,
	/** Translated by a host table (2.2.3). */
	IOASID_AMD_HOST = 3,
	/** Translated by a guest table (2.2.6). */
	IOASID_AMD_GUEST = 4,
	/** By a guest table, whose output (and tables) a host table translates. */
	IOASID_AMD_NESTED = 5,
};

/** A device table entry (2.2.2.1). Fields that it does not have are 0. */
struct ioasid_amd_dte {
	/** sizeof(struct ioasid_amd_dte), set by the caller. */
	size_t size;
	/** V and TV: something is said of translation. If not, and V = 0, all requests pass. */
	bool valid;
	bool translation_valid;
	/** IR, IW. */
	bool readable;
	bool writable;
	/** Device TLB (I). */
	bool device_tlb;
	/** Events of page faults are suppressed: after the first one (SE), or all (SA). */
	bool suppress;
	bool suppress_all;
	/** Accessed and dirty flags of host tables are set by the unit (HAD). */
	bool host_accessed;
	bool host_dirty;
	/** Page requests are allowed (PPR). */
	bool page_requests;
	/** Page requests may be answered with a PASID (GPRP). */
	bool response_pasid;
	/** Guest translation (GV); of requests without PASID too, as of PASID 0 (GIoV). */
	bool guest;
	bool guest_without_pasid;
	/** Domain-id. */
	uint16_t domain;
	/** Mode: levels of the host table, 1 to 6; 0: none. */
	uint32_t host_levels;
	/** Address of the root of the host table. */
	uint64_t host_root;
	/** Levels of the guest tables, 4 or 5 (GuestPagingMode). */
	uint32_t guest_levels;
	/** Levels of the guest CR3 table, 1 to 3 (GLX + 1), and its address. */
	uint32_t gcr3_levels;
	uint64_t gcr3_root;
};

#define IOASID_AMD_DTE_INIT IOASID_INIT(ioasid_amd_dte)

/**
 * Decodes a device table entry (2.2.2.1).
 *
 * @param raw its four quadwords.
 * @param dte receives its fields; of one that is refused, nothing.
 * @param why receives IOASID_AMD_OK, or what is wrong; may be NULL.
 * @return 0, also for one that is not valid, which lets all requests pass; -EINVAL: malformed, or
 *         dte->size. Since 0.1.
 */
int ioasid_amd_dte_decode(const struct ioasid_amd_regs *regs, const uint64_t raw[4],
			  struct ioasid_amd_dte *dte, enum ioasid_amd_reason *why);

/** What becomes of the requests of one device, with one PASID or without. */
struct ioasid_amd_translation {
	/** sizeof(struct ioasid_amd_translation), set by the caller. */
	size_t size;
	enum ioasid_amd_kind kind;
	/** Blocked: why. */
	enum ioasid_amd_reason reason;
	/** As in struct ioasid_amd_dte. */
	bool suppress;
	bool suppress_all;
	bool device_tlb;
	/** Host and nested: the unit sets the host table's accessed and dirty flags (HAD). */
	bool host_accessed;
	bool host_dirty;
	/** What the device table entry permits (IR, IW), whatever tables say. */
	bool readable;
	bool writable;
	/** As in struct ioasid_amd_dte. */
	bool page_requests;
	bool response_pasid;
	/** Domain-id; 0 if there is no device table entry that is valid. */
	uint16_t domain;
	/** The PASID whose guest table is used, 0 for requests without if the entry says so (GIoV);
	 *  IOASID_NO_PASID: none. Blocked: that of the request. */
	uint32_t pasid;
	/** Host and nested: levels (1 to 6), and guest-physical address of the root. */
	uint32_t host_levels;
	uint64_t host_root;
	/** Guest and nested: levels (4, 5), and address of the root: when nested, an input address
	 *  of the host table. */
	uint32_t guest_levels;
	uint64_t guest_root;
	/** Blocked, since an entry could not be read: its address. */
	uint64_t entry;
};

#define IOASID_AMD_TRANSLATION_INIT IOASID_INIT(ioasid_amd_translation)

/**
 * Reads guest memory: @p length bytes at an address that is a multiple of the length, as they are
 * there.
 *
 * @param host NULL: the address is guest-physical. Else it is one of a guest CR3 table that the
 *        host table of this entry translates first (EFR2.GCR3TRPMode).
 * @return 0, or anything else if there is no memory: the request is then blocked.
 */
typedef int (*ioasid_amd_read)(void *opaque, const struct ioasid_amd_dte *host, uint64_t address,
			       void *buffer, size_t length);

/**
 * Finds out what happens to a device's requests, as the unit does: from the device table (2.2.2)
 * through the guest CR3 table (2.2.6). Each entry is read once.
 *
 * Whatever the unit would answer with an event is no error here: the translation is then
 * IOASID_AMD_BLOCKED and says why. The caller looks again when the guest invalidates what this was
 * read from, ioasid_amd_cmd_is_lookup_stale(), and when it writes the registers.
 *
 * @param device_id bus, device and function number.
 * @param pasid the request's PASID, below 2^20; or IOASID_NO_PASID.
 * @param read,opaque how to read guest memory.
 * @return 0; -EINVAL: pasid, or translation->size. Since 0.1.
 */
int ioasid_amd_lookup(const struct ioasid_amd_regs *regs, uint16_t device_id, uint32_t pasid,
		      ioasid_amd_read read, void *opaque,
		      struct ioasid_amd_translation *translation);

/**
 * Describes the page table that a translation starts with, for ioasid_space_bind_pgtable(): the
 * host table, the guest table, or of a nested one the guest table, to be bound to a space on that
 * of the host table.
 *
 * @param format which of its tables to describe: IOASID_PGTABLE_AMD_V1 or IOASID_PGTABLE_AMD_V2.
 * @param pgtable receives the description; size as in IOASID_PGTABLE_INIT.
 * @return 0; -ENOENT: the translation has no such table; -EOPNOTSUPP: six levels, or an entry
 *         that permits only reads or only writes; -EINVAL: pgtable->size. Since 0.1.
 */
int ioasid_amd_translation_get_pgtable(const struct ioasid_amd_translation *translation,
				       enum ioasid_pgtable_format format,
				       struct ioasid_pgtable *pgtable);

/**
 * Encodes a fault that the library reports as an entry of the unit's event log (2.5), for a VMM to
 * write there: an IO_PAGE_FAULT, an ILLEGAL_DEV_TABLE_ENTRY, or a hardware error of the device
 * table or a page table.
 *
 * What neither the event nor the translation tells is 0: the address of a page table's entry. Of an
 * entry that is malformed RZ says that it has reserved bits set, also if it is its level that is
 * not allowed.
 *
 * @param event one of type IOASID_EVENT_FAULT.
 * @param device_id of its device.
 * @param translation what ioasid_amd_lookup() said of the device's requests with the event's PASID:
 *        if they are blocked, its reason counts, else the event's.
 * @param raw receives the entry's two quadwords; unchanged if there is none.
 * @return whether there is an entry. There is none for a page fault if the guest wants none (SA:
 *         suppress_all; to leave out all but the first one, suppress, is up to the caller), nor of
 *         memory that is missing where the translation leads to, nor of page requests that were
 *         answered in the negative, which the device is told of itself. Since 0.1.
 */
bool ioasid_amd_fault_encode(const struct ioasid_event *event, uint16_t device_id,
			     const struct ioasid_amd_translation *translation, uint64_t raw[2]);

/**
 * Encodes what went wrong with a command as an entry of the event log: an ILLEGAL_COMMAND_ERROR
 * (2.5.6), COMMAND_HARDWARE_ERROR (2.5.7) or IOTLB_INV_TIMEOUT (2.5.8).
 *
 * @param reason one of IOASID_AMD_CMD_*.
 * @param device_id IOASID_AMD_CMD_TIMEOUT: the device that has not answered.
 * @param address the guest-physical address of the command.
 * @param raw receives the entry's two quadwords; unchanged if there is none.
 * @return whether there is an entry: the reason is one of commands. Since 0.1.
 */
bool ioasid_amd_cmd_fault_encode(enum ioasid_amd_reason reason, uint16_t device_id,
				 uint64_t address, uint64_t raw[2]);

/**
 * Encodes a page request as an entry of the unit's PPR log (2.6, PAGE_SERVICE_REQUEST). Those that
 * the guest does not allow (page_requests of the translation, on a unit that reports EFR.EPHSup) do
 * not go there.
 *
 * @param request as ioasid_fault_queue_read() said it.
 * @param device_id of its device.
 * @param raw receives the entry's two quadwords. Since 0.1.
 */
void ioasid_amd_page_request_encode(const struct ioasid_page_request *request, uint16_t device_id,
				    uint64_t raw[2]);

/** Commands; the numbers are the specification's opcodes (2.4). */
enum ioasid_amd_opcode {
	IOASID_AMD_CMD_COMPLETION_WAIT = 0x1,
	IOASID_AMD_CMD_INVALIDATE_DEVTAB_ENTRY = 0x2,
	IOASID_AMD_CMD_INVALIDATE_IOMMU_PAGES = 0x3,
	IOASID_AMD_CMD_INVALIDATE_IOTLB_PAGES = 0x4,
	IOASID_AMD_CMD_INVALIDATE_INTERRUPT_TABLE = 0x5,
	IOASID_AMD_CMD_COMPLETE_PPR_REQUEST = 0x7,
	IOASID_AMD_CMD_INVALIDATE_IOMMU_ALL = 0x8,
};

/** A command. Fields that its opcode does not have are 0. */
struct ioasid_amd_cmd {
	/** sizeof(struct ioasid_amd_cmd), set by the caller. */
	size_t size;
	enum ioasid_amd_opcode opcode;
	/** All but waits, INVALIDATE_IOMMU_PAGES and INVALIDATE_IOMMU_ALL. */
	uint16_t device_id;
	/** INVALIDATE_IOMMU_PAGES: domain-id. */
	uint16_t domain;
	/** Those with GN: the PASID; IOASID_NO_PASID: none (GN = 0). */
	uint32_t pasid;
	/** INVALIDATE_IOMMU_PAGES: no table was linked in or taken out (PDE = 0). */
	bool leaf_only;
	/** Those of pages: the addresses, a naturally aligned power of two of at least 4096 bytes;
	 *  length 0: all addresses. */
	uint64_t start;
	uint64_t length;

	/** COMPLETE_PPR_REQUEST: page request group, and PCIe's response code. */
	uint16_t group;
	uint32_t response;

	/** COMPLETION_WAIT: write store_data to store_address when done (S). */
	bool store;
	/** Raise the interrupt (I). */
	bool interrupt;
	/** What follows starts after it (F). */
	bool flush;
	/** Guest-physical, a multiple of 8. */
	uint64_t store_address;
	uint64_t store_data;
};

#define IOASID_AMD_CMD_INIT IOASID_INIT(ioasid_amd_cmd)

/**
 * Decodes a command (2.4).
 *
 * @param raw its two quadwords.
 * @param cmd receives the fields.
 * @param why receives IOASID_AMD_OK, or what is wrong; may be NULL.
 * @return 0; -EINVAL: unknown or malformed, or cmd->size. Since 0.1.
 */
int ioasid_amd_cmd_decode(const struct ioasid_amd_regs *regs, const uint64_t raw[2],
			  struct ioasid_amd_cmd *cmd, enum ioasid_amd_reason *why);

/**
 * Gives the response of a COMPLETE_PPR_REQUEST to the group of page requests that it names (device
 * and group), for ioasid_fault_queue_respond(). PCIe's codes without a meaning are failures.
 *
 * @param code receives it; not written if the command is another.
 * @return whether the command is one. Since 0.1.
 */
bool ioasid_amd_cmd_get_response(const struct ioasid_amd_cmd *cmd,
				 enum ioasid_page_response_code *code);

/**
 * Whether a command invalidates what a translation was looked up from: an INVALIDATE_DEVTAB_ENTRY
 * of its device, an INVALIDATE_IOMMU_PAGES of its domain-id and PASID that is not about leaves
 * alone (which is what covers guest CR3 tables), or an INVALIDATE_IOMMU_ALL. The caller then looks
 * again and attaches the device to the resulting space. A blocked translation counts as being of
 * every domain-id.
 *
 * @param device_id,translation the device, and what ioasid_amd_lookup() said before.
 * Since 0.1.
 */
bool ioasid_amd_cmd_is_lookup_stale(const struct ioasid_amd_cmd *cmd, uint16_t device_id,
				    const struct ioasid_amd_translation *translation);

/**
 * Whether a command invalidates cached addresses of a translation: an INVALIDATE_IOMMU_PAGES of its
 * domain-id, with its PASID or with none, an INVALIDATE_IOMMU_ALL, or an INVALIDATE_IOTLB_PAGES of
 * its device. Since 0.1.
 */
bool ioasid_amd_cmd_is_mapping_stale(const struct ioasid_amd_cmd *cmd, uint16_t device_id,
				     const struct ioasid_amd_translation *translation);

/**
 * Adds what an INVALIDATE_IOMMU_PAGES or INVALIDATE_IOMMU_ALL means for one space to a batch
 * (ioasid/inv.h): nothing, a range, or everything. Call it for each translation in use, with the
 * space that its table is bound to. Of a nested one this is the space of the guest table; for that
 * of the host table call it again, with a copy of the translation whose kind is IOASID_AMD_HOST.
 *
 * One without PASID is about addresses that host tables translate: it concerns all addresses of
 * guest and nested translations of its domain-id. All other commands add nothing: a submitted batch
 * covers the devices' TLBs too, except those that ioasid_amd_cmd_add_device_tlb() is for.
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_all() and
 *         ioasid_inv_add_range() return. Since 0.1.
 */
int ioasid_amd_cmd_add(const struct ioasid_amd_cmd *cmd,
		       const struct ioasid_amd_translation *translation, struct ioasid_inv *batch,
		       struct ioasid_space *space);

/**
 * Adds what an INVALIDATE_IOTLB_PAGES means for one device and PASID (IOASID_NO_PASID: its requests
 * without one) to a batch: nothing, a range, or everything. One with PASID 0 concerns requests
 * without PASID too: with GIoV set they count as such, and Linux sends it for them. Only devices
 * whose TLB has to be told by itself need it, see ioasid_inv_add_device_tlb(); for others it does
 * no harm. All other commands add nothing.
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_device_tlb() returns.
 * Since 0.1.
 */
int ioasid_amd_cmd_add_device_tlb(const struct ioasid_amd_cmd *cmd, uint16_t device_id,
				  uint32_t pasid, struct ioasid_inv *batch,
				  struct ioasid_device *device);

#ifdef __cplusplus
}
#endif

#endif
