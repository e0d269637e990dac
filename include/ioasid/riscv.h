/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file riscv.h
 * RISC-V's IOMMU, for a VMM that emulates one to its guest: reads the guest's device directory,
 * process directories and command queue, and turns them into libioasid's terms.
 *
 * All functions are pure: they look at their arguments and nothing else, and may be called from any
 * thread. Entries, commands and records are given as numbers, lowest doubleword first. Guest memory
 * has them in the byte order that the guest chose, so what a caller copies from or to there goes
 * through le64toh(3) or be64toh(3); what its ioasid_riscv_read copies does not, that is left to the
 * library.
 *
 * Section numbers are those of the RISC-V IOMMU Architecture Specification, version 1.0, in the
 * edition 20260222. Quality-of-service identifiers (QOSID, 9.1) do not exist here: a unit must not
 * report them. MSI page tables (3.3.3) are named, and their translation is the caller's.
 */
#ifndef IOASID_RISCV_H
#define IOASID_RISCV_H

#include <ioasid/common.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>
#include <ioasid/pasid.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The guest may write fctl.GXL: devices may have tables of Sv32 while it is 0 (3.1.3.1, SXL). */
#define IOASID_RISCV_GXL_WRITABLE 0x1u

/**
 * The emulated unit's registers. Never grows. What takes it returns -EINVAL, and *why is
 * IOASID_RISCV_OK, if flags has others than these, or reserved is not 0.
 */
struct ioasid_riscv_regs {
	/** What the unit tells its guest: capabilities (6.3). With END the guest may write
	 *  fctl.BE. */
	uint64_t capabilities;
	/** What the guest wrote: ddtp (6.5), fctl (6.4). */
	uint64_t ddtp;
	uint32_t fctl;
	/** IOASID_RISCV_GXL_WRITABLE */
	uint32_t flags;
	/** 0 */
	uint32_t reserved[2];
};

/** Sets the capabilities, and all else to 0: a unit that is off. Since 0.1. */
void ioasid_riscv_regs_init(struct ioasid_riscv_regs *regs, uint64_t capabilities);

/** Why a request is refused, or a command is illegal. */
enum ioasid_riscv_reason {
	IOASID_RISCV_OK = 0,

	/** The unit is off (ddtp.iommu_mode). */
	IOASID_RISCV_OFF,
	/** The device_id is wider than the device directory (3.3, step 5). */
	IOASID_RISCV_DEVICE_RANGE,
	/** Device directory: an entry, or the device context, is not readable. */
	IOASID_RISCV_DDT_ACCESS,
	/** Not valid (V = 0). No unit caches that (3.8). */
	IOASID_RISCV_DDT_ABSENT,
	/** An entry has a reserved bit set (3.1.1). */
	IOASID_RISCV_DDT_RESERVED,
	/** Device context (3.1.4): has a reserved bit set, or DPE without PDTV. */
	IOASID_RISCV_DC_RESERVED,
	/** Has EN_ATS, EN_PRI, PRPR or T2GPA without what these need. */
	IOASID_RISCV_DC_ATS,
	/** Has SADE or GADE, but the unit does not set flags (AMO_HWAD). */
	IOASID_RISCV_DC_UPDATE,
	/** Has a byte order (SBE) that the unit does not have. */
	IOASID_RISCV_DC_ENDIAN,
	/** Has a width (SXL) that is not allowed. */
	IOASID_RISCV_DC_WIDTH,
	/** Its second-stage scheme (iohgatp.MODE) is unknown, or not supported. */
	IOASID_RISCV_DC_SECOND_STAGE,
	/** Its second-stage table is not aligned to 16 KiB. */
	IOASID_RISCV_DC_ROOT,
	/** Its first-stage scheme (iosatp.MODE) is unknown, or not supported. */
	IOASID_RISCV_DC_FIRST_STAGE,
	/** Its kind of process directory (pdtp.MODE) is unknown, or not supported. */
	IOASID_RISCV_DC_PDT,
	/** Its MSI page table (msiptp.MODE) is of an unknown kind, or has no second stage. */
	IOASID_RISCV_DC_MSI,

	/** A request with process_id, where there is no process directory (PDTV = 0). */
	IOASID_RISCV_PROCESS_DISABLED,
	/** The process_id is wider than the process directory (pdtp.MODE). */
	IOASID_RISCV_PROCESS_RANGE,
	/** Process directory: an entry, or the process context, is not readable. */
	IOASID_RISCV_PDT_ACCESS,
	/** The second stage does not translate its address. */
	IOASID_RISCV_PDT_TRANSLATION,
	/** Not valid (V = 0). No unit caches that (3.8). */
	IOASID_RISCV_PDT_ABSENT,
	/** An entry has a reserved bit set (3.2.1). */
	IOASID_RISCV_PDT_RESERVED,
	/** Process context (3.2.4): has a reserved bit set. */
	IOASID_RISCV_PC_RESERVED,
	/** Its first-stage scheme (fsc.MODE) is unknown, or not supported. */
	IOASID_RISCV_PC_FIRST_STAGE,

	/** Command: unknown, or not one of this unit's (4.1). */
	IOASID_RISCV_CMD_OPCODE,
	/** Command: has a reserved bit set. */
	IOASID_RISCV_CMD_RESERVED,
	/** Command: has an operand that is too wide, or misses one that it must have. */
	IOASID_RISCV_CMD_OPERAND,
};

/** A short text for people: a static string, never NULL. Since 0.1. */
const char *ioasid_riscv_reason_text(enum ioasid_riscv_reason reason);

/** Kinds of transactions; the numbers are those of fault records (4.2, TTYP). */
enum ioasid_riscv_transaction {
	/** The fault is not one of a transaction. */
	IOASID_RISCV_NO_TRANSACTION = 0,
	IOASID_RISCV_EXECUTE = 1,
	IOASID_RISCV_READ = 2,
	IOASID_RISCV_WRITE = 3,
	/** Of addresses that the device had translated before (ATS). */
	IOASID_RISCV_TRANSLATED_EXECUTE = 5,
	IOASID_RISCV_TRANSLATED_READ = 6,
	IOASID_RISCV_TRANSLATED_WRITE = 7,
	IOASID_RISCV_TRANSLATION_REQUEST = 8,
	IOASID_RISCV_MESSAGE = 9,
};

/**
 * The cause in the fault record of a request that is blocked (4.2). That of
 * IOASID_RISCV_PDT_TRANSLATION depends on the transaction (3.3.2); a translation request counts as
 * a read. 0 for IOASID_RISCV_OK, and for commands: these stop the queue (cqcsr.cmd_ill). Since 0.1.
 */
uint16_t ioasid_riscv_reason_get_cause(enum ioasid_riscv_reason reason,
				       enum ioasid_riscv_transaction transaction);

/** What happens to a request. */
enum ioasid_riscv_kind {
	/** It is refused. */
	IOASID_RISCV_BLOCKED = 1,
	/** Its address is not translated: it is physical. */
	IOASID_RISCV_BARE = 2,
	/** Translated by a first-stage table. */
	IOASID_RISCV_FIRST_STAGE = 3,
	/** Translated by a second-stage table. */
	IOASID_RISCV_SECOND_STAGE = 4,
	/** By a first-stage table, whose output (and tables) a second-stage table translates. */
	IOASID_RISCV_NESTED = 5,
};

/** A device context (3.1.3). Fields that it does not have are 0. */
struct ioasid_riscv_dc {
	/** sizeof(struct ioasid_riscv_dc), set by the caller. */
	size_t size;
	/** ATS and page requests are enabled (EN_ATS, EN_PRI). */
	bool ats;
	bool page_requests;
	/** ATS hands out guest-physical addresses (T2GPA). */
	bool translate_to_gpa;
	/** Responses to page requests that the unit makes itself have a PASID (PRPR). */
	bool response_pasid;
	/** Faults of translation are not reported (DTF). */
	bool silent;
	/** The unit sets accessed and dirty flags: of the first (SADE) and second stage (GADE). */
	bool first_update;
	bool second_update;
	/** First-stage tables and the process directory are big-endian (SBE). */
	bool big_endian;
	/** The first stage has Sv32 and no other scheme (SXL). */
	bool sv32;
	/** There is a process directory (PDTV); requests without process_id count as of process 0
	 *  (DPE). */
	bool processes;
	bool default_process;
	/** Levels of the process directory, 1 to 3 (PD8, PD17, PD20), and its address; 0: none, no
	 *  process has a first stage. */
	uint32_t pdt_levels;
	uint64_t pdt_root;
	/** Without process directory: the first stage. Levels, 2 to 5 (Sv32, Sv39, Sv48, Sv57), 0:
	 *  none, and address of the root table. */
	uint32_t first_levels;
	uint64_t first_root;
	/** ta.PSCID, without process directory. */
	uint32_t pscid;
	/** iohgatp: GSCID, levels, 2 to 5 (Sv32x4, Sv39x4, Sv48x4, Sv57x4), 0: none, and address of
	 *  the root table, which is four pages. */
	uint32_t gscid;
	uint32_t second_levels;
	uint64_t second_root;
	/** There is an MSI page table (msiptp.MODE Flat): its address, and which guest-physical
	 *  page numbers it is for (3.1.3.6). */
	bool msi;
	uint64_t msi_root;
	uint64_t msi_mask;
	uint64_t msi_pattern;
};

#define IOASID_RISCV_DC_INIT IOASID_INIT(ioasid_riscv_dc)

/** A process context (3.2.3). */
struct ioasid_riscv_pc {
	/** sizeof(struct ioasid_riscv_pc), set by the caller. */
	size_t size;
	/** Requests with supervisor privilege are allowed (ENS), and may use users' pages (SUM). */
	bool supervisor;
	bool user_access;
	uint32_t pscid;
	/** As in struct ioasid_riscv_dc. */
	uint32_t first_levels;
	uint64_t first_root;
};

#define IOASID_RISCV_PC_INIT IOASID_INIT(ioasid_riscv_pc)

/**
 * Decodes a device context (3.1.2).
 *
 * @param raw its doublewords: eight if the unit has MSI_FLAT, else four.
 * @param dc receives its fields; of one that is refused, nothing.
 * @param why receives IOASID_RISCV_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not valid; -EINVAL: misconfigured (3.1.4), or dc->size. Since 0.1.
 */
int ioasid_riscv_dc_decode(const struct ioasid_riscv_regs *regs, const uint64_t *raw,
			   struct ioasid_riscv_dc *dc, enum ioasid_riscv_reason *why);

/**
 * Decodes a process context (3.2.2).
 *
 * @param dc the device context that leads to it: it decides about what is allowed.
 * @param raw its two doublewords.
 * @param pc receives its fields; of one that is refused, nothing.
 * @param why receives IOASID_RISCV_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not valid; -EINVAL: misconfigured (3.2.4), or dc->size or pc->size.
 *         Since 0.1.
 */
int ioasid_riscv_pc_decode(const struct ioasid_riscv_regs *regs, const struct ioasid_riscv_dc *dc,
			   const uint64_t raw[2], struct ioasid_riscv_pc *pc,
			   enum ioasid_riscv_reason *why);

/** What becomes of the requests of one device, with one process_id or without. */
struct ioasid_riscv_translation {
	/** sizeof(struct ioasid_riscv_translation), set by the caller. */
	size_t size;
	enum ioasid_riscv_kind kind;
	/** Blocked: why. */
	enum ioasid_riscv_reason reason;
	/** Blocked: no fault is reported; else: no fault of the tables is (DTF). */
	bool silent;
	/** As in struct ioasid_riscv_dc: other requests of ATS are not allowed. */
	bool ats;
	bool page_requests;
	bool translate_to_gpa;
	bool first_update;
	bool second_update;
	bool big_endian;
	/** The second stage is big-endian (fctl.BE). */
	bool second_big_endian;
	/** Bits 59 and 60 of tables' entries are software's (capabilities.Svrsw60t59b, 9.4). */
	bool software_bits;
	/** Leaves have memory types (capabilities.Svpbmt). */
	bool memory_types;
	/** As in struct ioasid_riscv_pc: other requests with privilege are not allowed. */
	bool supervisor;
	bool user_access;
	/** That of the request, or IOASID_NO_PASID; 0 if it has none and counts as of process 0
	 *  (DPE). */
	uint32_t process_id;
	/** Second stage and nested: GSCID. First stage and nested: PSCID. */
	uint32_t gscid;
	uint32_t pscid;
	/** First stage and nested: levels, and address of the root: when nested, an input address
	 *  of the second stage. */
	uint32_t first_levels;
	uint64_t first_root;
	/** Second stage and nested: levels, and address of the root. */
	uint32_t second_levels;
	uint64_t second_root;
	/** As in struct ioasid_riscv_dc. */
	bool msi;
	uint64_t msi_root;
	uint64_t msi_mask;
	uint64_t msi_pattern;
	/** Blocked, since an entry could not be read: its address. */
	uint64_t entry;
};

#define IOASID_RISCV_TRANSLATION_INIT IOASID_INIT(ioasid_riscv_translation)

/**
 * Reads guest memory: @p length bytes at an address that is a multiple of the length, as they are
 * there.
 *
 * @param second NULL: the address is physical. Else it is one of a process directory that the
 *        second stage of this device context translates first.
 * @return 0, or anything else if there is no memory: the request is then blocked.
 */
typedef int (*ioasid_riscv_read)(void *opaque, const struct ioasid_riscv_dc *second,
				 uint64_t address, void *buffer, size_t length);

/**
 * Finds out what happens to a device's requests, as the unit does: from the device directory to the
 * device context (3.3.1) and, if there is one, through the process directory to the process context
 * (3.3.2). Each entry is read once.
 *
 * Whatever the unit would answer with a fault record is no error here: the translation is then
 * IOASID_RISCV_BLOCKED and says why. The caller looks again when the guest invalidates what this
 * was read from, ioasid_riscv_cmd_is_lookup_stale(), and when it writes the registers. Entries that
 * are not valid are never cached: to make one valid, a guest need not invalidate it.
 *
 * @param process_id the request's process_id (PASID), below 2^20; or IOASID_NO_PASID.
 * @param read,opaque how to read guest memory.
 * @return 0; -EINVAL: process_id, or translation->size. Since 0.1.
 */
int ioasid_riscv_lookup(const struct ioasid_riscv_regs *regs, uint32_t device_id,
			uint32_t process_id, ioasid_riscv_read read, void *opaque,
			struct ioasid_riscv_translation *translation);

/**
 * The first half of that: the device context.
 *
 * @param dc receives its fields; if there is none, nothing.
 * @param why receives IOASID_RISCV_OK, or why there is none; may be NULL.
 * @return 0; -ENOENT: the device has none that is valid, or the unit has no device directory: then
 *         *why is IOASID_RISCV_OFF, or IOASID_RISCV_OK if all requests pass; -EINVAL: malformed, or
 *         dc->size. Since 0.1.
 */
int ioasid_riscv_lookup_dc(const struct ioasid_riscv_regs *regs, uint32_t device_id,
			   ioasid_riscv_read read, void *opaque, struct ioasid_riscv_dc *dc,
			   enum ioasid_riscv_reason *why);

/**
 * The second half, from a device context on: for process directories that a guest owns while its
 * device context is the VMM's.
 *
 * @return 0; -EINVAL: process_id, dc->pdt_levels, or dc->size or translation->size. Since 0.1.
 */
int ioasid_riscv_lookup_pc(const struct ioasid_riscv_regs *regs, const struct ioasid_riscv_dc *dc,
			   uint32_t process_id, ioasid_riscv_read read, void *opaque,
			   struct ioasid_riscv_translation *translation);

/**
 * Describes a table of a translation, for ioasid_space_bind_pgtable(): to be bound to a space on
 * guest memory, or the first-stage table of a nested one to a space on that of the second stage.
 * Requests are those of users; where a device's all have supervisor privilege, add to that of the
 * first stage IOASID_PGTABLE_PRIVILEGED, and IOASID_PGTABLE_USER_ACCESS if user_access is set.
 *
 * @param format which of its tables to describe: IOASID_PGTABLE_RISCV or IOASID_PGTABLE_RISCV_S2.
 * @param pgtable receives the description; size as in IOASID_PGTABLE_INIT.
 * @return 0; -ENOENT: the translation has no such table; -EOPNOTSUPP: it is one of Sv32 or Sv32x4,
 *         or big-endian; -EINVAL: pgtable->size. Since 0.1.
 */
int ioasid_riscv_translation_get_pgtable(const struct ioasid_riscv_translation *translation,
					 enum ioasid_pgtable_format format,
					 struct ioasid_pgtable *pgtable);

/**
 * Describes the process directory of a device context, for ioasid_space_bind_pasid_table().
 *
 * @param table receives the description; size as in IOASID_PASID_TABLE_INIT.
 * @return 0; -ENOENT: it has none; -EOPNOTSUPP: a second stage translates its addresses, it leads
 *         to tables of Sv32, or is big-endian; -EINVAL: dc->size or table->size. Since 0.1.
 */
int ioasid_riscv_dc_get_pasid_table(const struct ioasid_riscv_regs *regs,
				    const struct ioasid_riscv_dc *dc,
				    struct ioasid_pasid_table *table);

/** Commands; the numbers are opcode and func3 of the specification, bits 9:0 (4.1). */
enum ioasid_riscv_opcode {
	IOASID_RISCV_CMD_IOTINVAL_VMA = 0x001,
	IOASID_RISCV_CMD_IOTINVAL_GVMA = 0x081,
	IOASID_RISCV_CMD_IOFENCE_C = 0x002,
	IOASID_RISCV_CMD_IODIR_INVAL_DDT = 0x003,
	IOASID_RISCV_CMD_IODIR_INVAL_PDT = 0x083,
	IOASID_RISCV_CMD_ATS_INVAL = 0x004,
	IOASID_RISCV_CMD_ATS_PRGR = 0x084,
};

/** A command. Fields that its opcode does not have are 0. */
struct ioasid_riscv_cmd {
	/** sizeof(struct ioasid_riscv_cmd), set by the caller. */
	size_t size;
	enum ioasid_riscv_opcode opcode;
	/** IODIR: the device. ATS: its segment and requester ID. */
	uint32_t device_id;
	/** Bits of device_id that do not count: all of INVAL_DDT without DV, the segment of ATS
	 *  without DSV. */
	uint32_t device_ignore;
	/** INVAL_PDT, ATS: process_id; IOASID_NO_PASID: none (PV = 0). */
	uint32_t process_id;
	/** ATS_INVAL: of all process_ids (G). */
	bool all_processes;

	/** IOTINVAL: of this GSCID (GV = 1). Else it is, VMA, about translations without a second
	 *  stage, and GVMA, about those of all GSCIDs. */
	bool guest;
	uint32_t gscid;
	/** IOTINVAL_VMA: of all PSCIDs (PSCV = 0), or of this one. */
	bool all_pscids;
	uint32_t pscid;
	/** IOTINVAL: no table was linked in or taken out (AV without NL). */
	bool leaf_only;
	/** IOTINVAL, ATS_INVAL: the addresses, a naturally aligned power of two of at least 4096
	 *  bytes; length 0: all addresses. */
	uint64_t start;
	uint64_t length;

	/** ATS_PRGR: page request group, and PCIe's response code. */
	uint16_t group;
	uint32_t response;

	/** IOFENCE_C: write store_data to store_address when done (AV). */
	bool store;
	/** Raise the wired interrupt (WSI). */
	bool interrupt;
	/** Earlier reads, writes of devices are committed first (PR, PW). */
	bool order_reads;
	bool order_writes;
	uint32_t store_data;
	/** Physical, a multiple of 4. */
	uint64_t store_address;
};

#define IOASID_RISCV_CMD_INIT IOASID_INIT(ioasid_riscv_cmd)

/**
 * Decodes a command (4.1).
 *
 * @param raw its two doublewords.
 * @param cmd receives the fields.
 * @param why receives IOASID_RISCV_OK, or what is wrong; may be NULL.
 * @return 0; -EINVAL: unknown, unsupported or illegal, or cmd->size. Since 0.1.
 */
int ioasid_riscv_cmd_decode(const struct ioasid_riscv_regs *regs, const uint64_t raw[2],
			    struct ioasid_riscv_cmd *cmd, enum ioasid_riscv_reason *why);

/**
 * Gives the response of an ATS.PRGR (4.1.4) to the group of page requests that it names (device and
 * group), for ioasid_fault_queue_respond(). PCIe's codes without a meaning are failures.
 *
 * @param code receives it; not written if the command is another.
 * @return whether the command is one. Since 0.1.
 */
bool ioasid_riscv_cmd_get_response(const struct ioasid_riscv_cmd *cmd,
				   enum ioasid_page_response_code *code);

/**
 * Whether a command invalidates what a translation was looked up from: an IODIR.INVAL_DDT of its
 * device or of all, or an IODIR.INVAL_PDT of its device and process. The caller then looks again
 * and attaches the device to the resulting space.
 *
 * @param device_id,translation the device, and what ioasid_riscv_lookup() said before.
 * Since 0.1.
 */
bool ioasid_riscv_cmd_is_lookup_stale(const struct ioasid_riscv_cmd *cmd, uint32_t device_id,
				      const struct ioasid_riscv_translation *translation);

/**
 * Whether a command invalidates cached addresses of a translation: an IOTINVAL of its GSCID and
 * PSCID (4.1.1), or an ATS.INVAL of its device and process. Since 0.1.
 */
bool ioasid_riscv_cmd_is_mapping_stale(const struct ioasid_riscv_cmd *cmd, uint32_t device_id,
				       const struct ioasid_riscv_translation *translation);

/**
 * Adds what an IOTINVAL means for one space to a batch (ioasid/inv.h): nothing, a range, or
 * everything. Call it for each translation in use, with the space that its table is bound to.
 *
 * Of a nested one this is the space of the first stage, where an IOTINVAL.GVMA concerns all
 * addresses. For that of the second stage call it again, with a copy of the translation whose kind
 * is IOASID_RISCV_SECOND_STAGE.
 *
 * All other commands add nothing: a submitted batch covers the devices' TLBs too, except those that
 * ioasid_riscv_cmd_add_device_tlb() is for.
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_all() and
 *         ioasid_inv_add_range() return. Since 0.1.
 */
int ioasid_riscv_cmd_add(const struct ioasid_riscv_cmd *cmd,
			 const struct ioasid_riscv_translation *translation,
			 struct ioasid_inv *batch, struct ioasid_space *space);

/**
 * Adds what an ATS.INVAL means for one device and process (IOASID_NO_PASID: its requests without
 * one) to a batch: nothing, a range, or everything. Only devices whose TLB has to be told by itself
 * need it, see ioasid_inv_add_device_tlb(); for others it does no harm. All other commands add
 * nothing.
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_device_tlb() returns.
 * Since 0.1.
 */
int ioasid_riscv_cmd_add_device_tlb(const struct ioasid_riscv_cmd *cmd, uint32_t device_id,
				    uint32_t process_id, struct ioasid_inv *batch,
				    struct ioasid_device *device);

/** A fault that the unit reports (4.2). */
struct ioasid_riscv_fault {
	/** sizeof(struct ioasid_riscv_fault), set by the caller. */
	size_t size;
	enum ioasid_riscv_transaction transaction;
	/** CAUSE, 12 bits: ioasid_riscv_reason_get_cause(), or one of a table's. */
	uint16_t cause;
	/** The device, 24 bits; process_id, 20 bits, or IOASID_NO_PASID; supervisor privilege. Not
	 *  looked at if there is no transaction; the privilege not without a process_id. */
	uint32_t device_id;
	uint32_t process_id;
	bool supervisor;
	/** Guest-page faults: gpa is an address of a table or process directory, and its flags were
	 *  to be updated (iotval2). */
	bool implicit;
	bool update;
	/** The address of the request, or what the cause says (iotval). */
	uint64_t address;
	/** Guest-page faults: the guest-physical address, of whose lowest two bits the record has
	 *  implicit and update (iotval2). */
	uint64_t gpa;
};

#define IOASID_RISCV_FAULT_INIT IOASID_INIT_WITH(ioasid_riscv_fault, process_id, IOASID_NO_PASID)

/**
 * Encodes a record of the fault queue (4.2).
 *
 * @param raw receives its four doublewords.
 * @return 0; -EINVAL: fault->size, or a member out of range; -E2BIG: fault is longer than this
 *         library knows, and not zero there. Since 0.1.
 */
int ioasid_riscv_record_encode(const struct ioasid_riscv_fault *fault, uint64_t raw[4]);

/**
 * Encodes a fault that the library reports as a record of the fault queue (4.2): of a request of a
 * user, for an address that was not translated before.
 *
 * Of what neither @p event nor @p translation tells, the guest-physical address where the second
 * stage does not translate the result of the first, or its tables, the record has 0.
 *
 * @param event one of type IOASID_EVENT_FAULT.
 * @param device_id of its device, 24 bits.
 * @param translation what ioasid_riscv_lookup() said of the device's requests with the event's
 *        PASID: if they are blocked, its reason counts, else the event's.
 * @param raw receives the record's four doublewords; unchanged if there is none.
 * @return whether there is a record. There is none if the guest wants none (DTF: silent), nor of
 *         memory that is missing where the translation leads to, nor of page requests that were
 *         answered in the negative, which the device is told of itself; nor for a device_id that is
 *         too wide. Since 0.1.
 */
bool ioasid_riscv_fault_encode(const struct ioasid_event *event, uint32_t device_id,
			       const struct ioasid_riscv_translation *translation,
			       uint64_t raw[4]);

/**
 * Encodes a page request as a record of the page-request queue (4.3). Those that the guest does not
 * allow (page_requests of the translation) do not go there.
 *
 * @param request as ioasid_fault_queue_read() said it.
 * @param device_id of its device, 24 bits.
 * @param raw receives the record's two doublewords. Since 0.1.
 */
void ioasid_riscv_page_request_encode(const struct ioasid_page_request *request,
				      uint32_t device_id, uint64_t raw[2]);

#ifdef __cplusplus
}
#endif

#endif
