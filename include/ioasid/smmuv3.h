/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file smmuv3.h
 * Arm SMMUv3, for a VMM that emulates one to its guest: reads the guest's stream table, context
 * descriptors and command queue, and turns them into libioasid's terms.
 *
 * All functions are pure: they look at their arguments and nothing else, and may be called from any
 * thread. Entries and commands are given as numbers, lowest doubleword first. Guest memory has them
 * little-endian, so what a caller copied from there goes through le64toh(3) first; what its
 * ioasid_smmuv3_read copies does not, that is left to the library.
 *
 * Section numbers are those of the SMMUv3 specification, Arm IHI 0070, issue H.a. It is the
 * Non-secure programming interface of SMMUv3.1 and later; where SMMUv3.0 leaves something open,
 * this is one of the answers that it allows. Device permission tables, 128-bit descriptors and
 * permission indirection do not exist here: a unit must not report them. Reserved fields are
 * ignored, which the specification allows (4.1.5, 5).
 */
#ifndef IOASID_SMMUV3_H
#define IOASID_SMMUV3_H

#include <ioasid/common.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The guest has no global table entries (nG = 0): see ioasid_smmuv3_cmd_is_mapping_stale(). */
#define IOASID_SMMUV3_NO_GLOBAL 0x1u

/**
 * The emulated unit's registers. Never grows. What takes it returns -EINVAL, and *why is
 * IOASID_SMMUV3_OK, if flags has others than these, or reserved is not 0.
 */
struct ioasid_smmuv3_regs {
	/** What the unit tells its guest: SMMU_IDR0 to SMMU_IDR5 (6.3.1 to 6.3.6). */
	uint32_t idr[6];
	/** What the guest wrote, once the unit has acknowledged it: SMMU_CR0, SMMU_CR2, SMMU_GBPA
	 *  (6.3.9, 6.3.12, 6.3.14). */
	uint32_t cr0;
	uint32_t cr2;
	uint32_t gbpa;
	/** SMMU_STRTAB_BASE_CFG and SMMU_STRTAB_BASE (6.3.24, 6.3.25). */
	uint32_t strtab_base_cfg;
	uint64_t strtab_base;
	/** IOASID_SMMUV3_* */
	uint32_t flags;
	/** 0 */
	uint32_t reserved[3];
};

/**
 * Sets the identification registers, and all else to 0: a unit that the guest has not enabled.
 *
 * @param idr SMMU_IDR0 to SMMU_IDR5. Since 0.1.
 */
void ioasid_smmuv3_regs_init(struct ioasid_smmuv3_regs *regs, const uint32_t idr[6]);

/**
 * Why a request is terminated, or a command is illegal. Several can have the same event number:
 * ioasid_smmuv3_reason_get_code().
 */
enum ioasid_smmuv3_reason {
	IOASID_SMMUV3_OK = 0,

	/** The unit is disabled, and blocks all requests (SMMUEN = 0, 6.3.14). No event. */
	IOASID_SMMUV3_DISABLED,
	/** The StreamID is beyond the stream table (C_BAD_STREAMID, 7.3.3). */
	IOASID_SMMUV3_STREAM_RANGE,
	/** Its level 1 descriptor leads to no entry for it (C_BAD_STREAMID). */
	IOASID_SMMUV3_STREAM_ABSENT,

	/** Stream table entry, or the descriptor that leads there: not readable (F_STE_FETCH,
	 *  7.3.4). */
	IOASID_SMMUV3_STE_ACCESS,
	/** Not valid: V = 0 (C_BAD_STE, 7.3.5; and so are all others that are ILLEGAL by 5.2.2). */
	IOASID_SMMUV3_STE_ABSENT,
	/** It blocks all requests: Config = 000b. No event. */
	IOASID_SMMUV3_STE_ABORT,
	/** It asks for a stage that the unit does not have (Config). */
	IOASID_SMMUV3_STE_STAGE,
	/** Its ATS mode is not allowed with its other fields (EATS). */
	IOASID_SMMUV3_STE_ATS,
	/** Its StreamWorld is reserved (STRW). */
	IOASID_SMMUV3_STE_WORLD,
	/** It asks for a stall behaviour that the unit does not have (S1STALLD, S2S). */
	IOASID_SMMUV3_STE_STALL,
	/** It has more context descriptors than the unit supports SubstreamIDs (S1CDMax). */
	IOASID_SMMUV3_STE_SUBSTREAMS,
	/** Two-level tables of context descriptors are not supported (S1Fmt). */
	IOASID_SMMUV3_STE_FORMAT,
	/** Its context descriptors are beyond the output address size (S1ContextPtr). */
	IOASID_SMMUV3_STE_POINTER,
	/** Second stage: a table format that is not supported (S2AA64, S2FWB, S2ENDI). */
	IOASID_SMMUV3_STE_TABLE_FORMAT,
	/** Hardware update of flags that is not supported (S2HA, S2HD, S2HAFT). */
	IOASID_SMMUV3_STE_UPDATE,
	/** Its granule is reserved or not supported (S2TG). */
	IOASID_SMMUV3_STE_GRANULE,
	/** Its input address size is out of range, or does not fit its starting level (S2T0SZ,
	 *  S2SL0). */
	IOASID_SMMUV3_STE_SIZE,
	/** Its table is beyond its output address size (S2TTB). */
	IOASID_SMMUV3_STE_ROOT,
	/** Its VMID is wider than the unit supports (S2VMID). */
	IOASID_SMMUV3_STE_VMID,

	/** A SubstreamID without stage 1 (C_BAD_SUBSTREAMID, 7.3.9). */
	IOASID_SMMUV3_SUBSTREAM_STAGE,
	/** A SubstreamID beyond the table of context descriptors (C_BAD_SUBSTREAMID). */
	IOASID_SMMUV3_SUBSTREAM_RANGE,
	/** Its level 1 context descriptor is not valid (C_BAD_SUBSTREAMID). */
	IOASID_SMMUV3_SUBSTREAM_ABSENT,
	/** No SubstreamID where one is needed, or 0 where that is taken (F_STREAM_DISABLED,
	 *  7.3.7). */
	IOASID_SMMUV3_STREAM_DISABLED,

	/** Context descriptor, or the one that leads there: not readable (F_CD_FETCH, 7.3.10). */
	IOASID_SMMUV3_CD_ACCESS,
	/** Not translated by the second stage (F_TRANSLATION, 7.3.13, of stage 2 and class CD). */
	IOASID_SMMUV3_CD_TRANSLATION,
	/** Not valid: V = 0 (C_BAD_CD, 7.3.11; and so are all others that are ILLEGAL by 5.4.2). */
	IOASID_SMMUV3_CD_ABSENT,
	/** It asks for a stall behaviour that is not allowed (S). */
	IOASID_SMMUV3_CD_STALL,
	/** It does not abort, which is all that the unit can do (A). */
	IOASID_SMMUV3_CD_TERMINATE,
	/** A table format that is not supported (AA64, ENDI). */
	IOASID_SMMUV3_CD_TABLE_FORMAT,
	/** Hardware update of flags that is not supported (HA, HD, HAFT). */
	IOASID_SMMUV3_CD_UPDATE,
	/** Its ASID is wider than the unit supports. */
	IOASID_SMMUV3_CD_ASID,
	/** An input address size is out of range (T0SZ, T1SZ). */
	IOASID_SMMUV3_CD_SIZE,
	/** A granule is reserved or not supported (TG0, TG1). */
	IOASID_SMMUV3_CD_GRANULE,
	/** A table is beyond its output address size (TTB0, TTB1). */
	IOASID_SMMUV3_CD_ROOT,

	/** Command: unknown, or not one of this unit's (CERROR_ILL, 7.1; and so are all below). */
	IOASID_SMMUV3_CMD_OPCODE,
	/** Command: about a Secure stream (SSec, 4.1.6). */
	IOASID_SMMUV3_CMD_SECURE,
	/** Command: a granule without a level or a range (TG, 4.4.1.1). */
	IOASID_SMMUV3_CMD_RANGE,
	/** Command: a size beyond all addresses (CMD_ATC_INV, 4.5.1). */
	IOASID_SMMUV3_CMD_SIZE,
	/** Command: a reserved response (CMD_PRI_RESP, 4.5.2). */
	IOASID_SMMUV3_CMD_RESPONSE,
	/** Command: a reserved completion signal (CMD_SYNC, 4.7.3). */
	IOASID_SMMUV3_CMD_SIGNAL,
};

/** A short text for people: a static string, never NULL. Since 0.1. */
const char *ioasid_smmuv3_reason_text(enum ioasid_smmuv3_reason reason);

/**
 * The event number of an event record (7.3); 0 for IOASID_SMMUV3_OK, for reasons without an event,
 * and for those of commands. Since 0.1.
 */
uint8_t ioasid_smmuv3_reason_get_code(enum ioasid_smmuv3_reason reason);

/**
 * The number to put into SMMU_CMDQ_CONS.ERR (7.1); 0 for all that are not of commands. Since 0.1.
 */
uint8_t ioasid_smmuv3_reason_get_queue_error(enum ioasid_smmuv3_reason reason);

/** What happens to a request. */
enum ioasid_smmuv3_kind {
	/** It is terminated. */
	IOASID_SMMUV3_BLOCKED = 1,
	/** Its address is not translated: it is guest-physical. */
	IOASID_SMMUV3_BYPASS = 2,
	/** Translated by stage 2. */
	IOASID_SMMUV3_STAGE2 = 3,
	/** Translated by stage 1. */
	IOASID_SMMUV3_STAGE1 = 4,
	/** By stage 1, whose output (and tables, and context descriptors) stage 2 translates. */
	IOASID_SMMUV3_NESTED = 5,
};

/** StreamWorld (3.3.3): which translations share TLB entries. */
enum ioasid_smmuv3_world {
	/** NS-EL1: by ASID, and by VMID if the unit has stage 2. */
	IOASID_SMMUV3_EL1 = 1,
	/** NS-EL2: one table, no ASID. */
	IOASID_SMMUV3_EL2 = 2,
	/** NS-EL2-E2H: by ASID. */
	IOASID_SMMUV3_EL2_E2H = 3,
};

/** Translation table format (CD.AA64, STE.S2AA64). */
enum ioasid_smmuv3_table_format {
	IOASID_SMMUV3_VMSA32_LPAE = 1,
	IOASID_SMMUV3_VMSA64 = 2,
};

/** The top byte of input addresses is ignored (TBI). */
#define IOASID_SMMUV3_TABLE_TBI 0x1u
/** Permissions in entries that refer to tables are ignored (HAD). */
#define IOASID_SMMUV3_TABLE_HAD 0x2u
/** Unprivileged requests fault (E0PD). */
#define IOASID_SMMUV3_TABLE_E0PD 0x4u
/** Entries are big-endian (ENDI). */
#define IOASID_SMMUV3_TABLE_BIG_ENDIAN 0x8u
/** Addresses have 52 bits with granules below 64K too (DS). */
#define IOASID_SMMUV3_TABLE_DS 0x10u
/** AF = 0 in an entry is no fault (AFFD). */
#define IOASID_SMMUV3_TABLE_AFFD 0x20u
/** The unit sets AF itself (HA). */
#define IOASID_SMMUV3_TABLE_HA 0x40u
/** The unit makes entries with DBM = 1 writable itself (HD). */
#define IOASID_SMMUV3_TABLE_HD 0x80u
/** 64K granule: entries have room for addresses of 52 bits, as the unit's OAS has. */
#define IOASID_SMMUV3_TABLE_LPA 0x100u

/** A translation table: all zero if there is none. Never grows. */
struct ioasid_smmuv3_table {
	/** IOASID_SMMUV3_VMSA* */
	enum ioasid_smmuv3_table_format format;
	/** Width of its input addresses in bits (TxSZ). */
	uint32_t input_bits;
	/** Width of the addresses that come out, and that entries hold: IPS or S2PS, OAS at
	 *  most. */
	uint32_t output_bits;
	/** log2 of the granule: 12, 14 or 16. */
	uint32_t granule_bits;
	/** Levels of the walk, 1 to 5. Stage 2: a wide starting level is several tables, one behind
	 *  the other. */
	uint32_t levels;
	/** IOASID_SMMUV3_TABLE_* */
	uint32_t flags;
	/** Address of the starting level, a multiple of its size and of 64. */
	uint64_t root;
};

/** How the context descriptors of a stream are laid out (S1Fmt). */
enum ioasid_smmuv3_cd_format {
	/** One table. */
	IOASID_SMMUV3_CD_LINEAR = 0,
	/** Two levels, 64 descriptors in a table of 4K. */
	IOASID_SMMUV3_CD_4K = 1,
	/** Two levels, 1024 descriptors in a table of 64K. */
	IOASID_SMMUV3_CD_64K = 2,
};

/** What becomes of requests without SubstreamID if there are substreams (S1DSS). */
enum ioasid_smmuv3_default_substream {
	IOASID_SMMUV3_SUBSTREAM_TERMINATE = 0,
	/** They bypass stage 1. */
	IOASID_SMMUV3_SUBSTREAM_BYPASS = 1,
	/** They use the descriptor of SubstreamID 0, which then is not for others. */
	IOASID_SMMUV3_SUBSTREAM_0 = 2,
};

/** ATS (EATS). */
enum ioasid_smmuv3_ats {
	/** Translation requests are refused. */
	IOASID_SMMUV3_ATS_NONE = 0,
	/** They are answered with the result of all stages. */
	IOASID_SMMUV3_ATS_FULL = 1,
	/** With that of stage 1; translated requests go through stage 2. */
	IOASID_SMMUV3_ATS_SPLIT = 2,
};

/** A stream table entry (5.2). Fields that its kind does not have are 0. */
struct ioasid_smmuv3_ste {
	/** sizeof(struct ioasid_smmuv3_ste), set by the caller. */
	size_t size;
	/** Config. */
	enum ioasid_smmuv3_kind kind;
	/** STRW, and Config and SMMU_CR2.E2H. */
	enum ioasid_smmuv3_world world;
	enum ioasid_smmuv3_ats ats;
	/** Similar events may be recorded as one (MEV). */
	bool merge_events;
	/** Responses to page requests that overflow have a PASID (PPAR). */
	bool response_pasid;
	/** Requests count as privileged, or as unprivileged, whatever they say (PRIVCFG). */
	bool privileged;
	bool unprivileged;
	/** VMID; 0 if the unit has no stage 2 or translations have none. */
	uint16_t vmid;

	/** Stage 1: address of the context descriptor or the table of them, aligned to its size. */
	uint64_t cd_pointer;
	enum ioasid_smmuv3_cd_format cd_format;
	/** Stage 1: log2 of the number of context descriptors; 0: one, and no substreams. */
	uint32_t cd_bits;
	enum ioasid_smmuv3_default_substream default_substream;
	/** Stage 1: no descriptor may ask for stalls (S1STALLD). */
	bool no_stall;

	/** Stage 2: its faults stall the request, or are recorded (S2S, S2R). */
	bool stage2_stall;
	bool stage2_record;
	/** Nested: stage 1 tables and descriptors may not be in device memory (S2PTW). */
	bool stage2_protect;
	/** Stage 2: its table. */
	struct ioasid_smmuv3_table stage2;
};

#define IOASID_SMMUV3_STE_INIT IOASID_INIT(ioasid_smmuv3_ste)

/** A context descriptor (5.4). */
struct ioasid_smmuv3_cd {
	/** sizeof(struct ioasid_smmuv3_cd), set by the caller. */
	size_t size;
	uint16_t asid;
	/** The ASID is not one of the CPUs' (ASET). */
	bool private_asid;
	/** Faults: the request is aborted (A), recorded (R), stalled (S). */
	bool abort;
	bool record;
	bool stall;
	/** Writable memory cannot be executed (WXN, UWXN). */
	bool write_no_execute;
	bool unprivileged_write_no_execute;
	/** Privileged requests may not use what unprivileged ones may (PAN). */
	bool privileged_no_access;
	/** The tables of low and of high addresses; without the high ones in IOASID_SMMUV3_EL2. One
	 *  that is disabled (EPD0, EPD1) is all zero: its addresses fault. */
	struct ioasid_smmuv3_table table[2];
	/** Memory attributes (MAIR0, MAIR1). */
	uint64_t mair;
};

#define IOASID_SMMUV3_CD_INIT IOASID_INIT(ioasid_smmuv3_cd)

/**
 * Decodes a stream table entry (5.2).
 *
 * @param raw its eight doublewords.
 * @param ste receives its fields; of one that is refused, nothing.
 * @param why receives IOASID_SMMUV3_OK, or what is wrong; may be NULL.
 * @return 0, also for one that blocks all requests; -ENOENT: not valid; -EINVAL: illegal (5.2.2),
 *         or ste->size. Since 0.1.
 */
int ioasid_smmuv3_ste_decode(const struct ioasid_smmuv3_regs *regs, const uint64_t raw[8],
			     struct ioasid_smmuv3_ste *ste, enum ioasid_smmuv3_reason *why);

/**
 * Decodes a context descriptor (5.4).
 *
 * @param ste the stream table entry that leads to it: it decides about what is allowed.
 * @param raw its eight doublewords.
 * @param cd receives its fields; of one that is refused, nothing.
 * @param why receives IOASID_SMMUV3_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not valid; -EINVAL: illegal (5.4.2), or ste->size or cd->size. Since 0.1.
 */
int ioasid_smmuv3_cd_decode(const struct ioasid_smmuv3_regs *regs,
			    const struct ioasid_smmuv3_ste *ste, const uint64_t raw[8],
			    struct ioasid_smmuv3_cd *cd, enum ioasid_smmuv3_reason *why);

/** What becomes of the requests of one stream, with one SubstreamID or without. */
struct ioasid_smmuv3_translation {
	/** sizeof(struct ioasid_smmuv3_translation), set by the caller. */
	size_t size;
	enum ioasid_smmuv3_kind kind;
	/** Blocked: why. */
	enum ioasid_smmuv3_reason reason;
	/** Blocked: no event is recorded. */
	bool silent;
	/**
	 * Faults of stage 1: the request is aborted, recorded, stalled (CD.A, R, S; 5.5). What
	 * stalls is recorded anyway.
	 */
	bool abort;
	bool record;
	bool stall;
	/** Faults of stage 2 (STE.S2R, S2S). */
	bool stage2_record;
	bool stage2_stall;
	enum ioasid_smmuv3_world world;
	enum ioasid_smmuv3_ats ats;
	/** As in struct ioasid_smmuv3_ste, and in struct ioasid_smmuv3_cd. */
	bool privileged;
	bool unprivileged;
	bool privileged_no_access;
	/** The request's SubstreamID, or IOASID_NO_PASID. */
	uint32_t substream;
	/** Index of the context descriptor that was used; IOASID_NO_PASID: none. */
	uint32_t cd_index;
	uint16_t vmid;
	uint16_t asid;
	/** As in struct ioasid_smmuv3_cd and struct ioasid_smmuv3_ste. */
	struct ioasid_smmuv3_table table[2];
	struct ioasid_smmuv3_table stage2;
	/** Blocked, since an entry could not be read: its address. */
	uint64_t entry;
};

#define IOASID_SMMUV3_TRANSLATION_INIT IOASID_INIT(ioasid_smmuv3_translation)

/**
 * Reads guest memory: @p length bytes at an address that is a multiple of the length, as they are
 * there.
 *
 * @param stage2 NULL: the address is guest-physical. Else it is one of a context descriptor that
 *        stage 2 translates first, by this table.
 * @return 0, or anything else if there is no memory: the request is then blocked.
 */
typedef int (*ioasid_smmuv3_read)(void *opaque, const struct ioasid_smmuv3_table *stage2,
				  uint64_t address, void *buffer, size_t length);

/**
 * Finds out what happens to a stream's requests, as the unit does: from the stream table to the
 * context descriptor (3.3). Each entry is read once.
 *
 * Whatever the unit would answer with an event is no error here: the translation is then
 * IOASID_SMMUV3_BLOCKED and says why. The caller looks again when the guest invalidates what this
 * was read from, ioasid_smmuv3_cmd_is_lookup_stale(), and when it writes the registers.
 *
 * @param substream the request's SubstreamID, below 2^20; or IOASID_NO_PASID.
 * @param read,opaque how to read guest memory.
 * @return 0; -EINVAL: substream, or translation->size. Since 0.1.
 */
int ioasid_smmuv3_lookup(const struct ioasid_smmuv3_regs *regs, uint32_t stream_id,
			 uint32_t substream, ioasid_smmuv3_read read, void *opaque,
			 struct ioasid_smmuv3_translation *translation);

/**
 * Encodes a fault that the library reports as a record of the unit's event queue (7.3).
 *
 * Of what neither @p event nor @p translation tells, the address of a table, and the IPA where
 * stage 2 does not translate the result of stage 1, the record has 0.
 *
 * @param event one of type IOASID_EVENT_FAULT.
 * @param translation what ioasid_smmuv3_lookup() said of the stream's requests with the event's
 *        PASID: if they are blocked, its reason counts, else the event's.
 * @param record receives its four doublewords; unchanged if there is none.
 * @return whether there is a record. There is none if the guest wants none (CD.R, STE.S2R), nor
 *         of memory that is missing where the translation leads to, nor of page requests that were
 *         answered in the negative, which the device is told of itself. Since 0.1.
 */
bool ioasid_smmuv3_fault_encode(const struct ioasid_event *event, uint32_t stream_id,
				const struct ioasid_smmuv3_translation *translation,
				uint64_t record[4]);

/**
 * Encodes a page request as a record of the unit's PRI queue (8.1).
 *
 * @param request as ioasid_fault_queue_read() said it.
 * @param stream_id of its device.
 * @param record receives its two doublewords. Since 0.1.
 */
void ioasid_smmuv3_page_request_encode(const struct ioasid_page_request *request,
				       uint32_t stream_id, uint64_t record[2]);

/**
 * The second half of that, from a stream table entry on: for context descriptors that a guest owns
 * while its stream table entry is the VMM's.
 *
 * @return 0; -EINVAL: substream, or ste->size or translation->size. Since 0.1.
 */
int ioasid_smmuv3_lookup_cd(const struct ioasid_smmuv3_regs *regs,
			    const struct ioasid_smmuv3_ste *ste, uint32_t substream,
			    ioasid_smmuv3_read read, void *opaque,
			    struct ioasid_smmuv3_translation *translation);

/**
 * Describes a page table of a translation, for ioasid_space_bind_pgtable(): to be bound to a space
 * on guest memory, or that of stage 1 of a nested one to a space on that of stage 2. Requests whose
 * top byte is ignored (IOASID_SMMUV3_TABLE_TBI) then have to come without it.
 *
 * @param format which of its tables to describe: IOASID_PGTABLE_ARM_S1 or IOASID_PGTABLE_ARM_S2.
 * @param pgtable receives the description; size as in IOASID_PGTABLE_INIT.
 * @return 0; -ENOENT: the translation has no such table; -EOPNOTSUPP: the format does not have what
 *         the guest chose, such as VMSAv8-32, or big-endian tables;
 *         -EINVAL: pgtable->size. Since 0.1.
 */
int ioasid_smmuv3_translation_get_pgtable(const struct ioasid_smmuv3_translation *translation,
					  enum ioasid_pgtable_format format,
					  struct ioasid_pgtable *pgtable);

/** Commands; the numbers are the specification's opcodes (4.1.1). */
enum ioasid_smmuv3_opcode {
	IOASID_SMMUV3_CMD_PREFETCH_CONFIG = 0x01,
	IOASID_SMMUV3_CMD_PREFETCH_ADDR = 0x02,
	IOASID_SMMUV3_CMD_CFGI_STE = 0x03,
	/** And CMD_CFGI_ALL. */
	IOASID_SMMUV3_CMD_CFGI_STE_RANGE = 0x04,
	IOASID_SMMUV3_CMD_CFGI_CD = 0x05,
	IOASID_SMMUV3_CMD_CFGI_CD_ALL = 0x06,
	IOASID_SMMUV3_CMD_CFGI_VMS_PIDM = 0x07,
	IOASID_SMMUV3_CMD_TLBI_NH_ALL = 0x10,
	IOASID_SMMUV3_CMD_TLBI_NH_ASID = 0x11,
	IOASID_SMMUV3_CMD_TLBI_NH_VA = 0x12,
	IOASID_SMMUV3_CMD_TLBI_NH_VAA = 0x13,
	IOASID_SMMUV3_CMD_TLBI_EL2_ALL = 0x20,
	IOASID_SMMUV3_CMD_TLBI_EL2_ASID = 0x21,
	IOASID_SMMUV3_CMD_TLBI_EL2_VA = 0x22,
	IOASID_SMMUV3_CMD_TLBI_EL2_VAA = 0x23,
	IOASID_SMMUV3_CMD_TLBI_S12_VMALL = 0x28,
	IOASID_SMMUV3_CMD_TLBI_S2_IPA = 0x2a,
	IOASID_SMMUV3_CMD_TLBI_NSNH_ALL = 0x30,
	IOASID_SMMUV3_CMD_ATC_INV = 0x40,
	IOASID_SMMUV3_CMD_PRI_RESP = 0x41,
	IOASID_SMMUV3_CMD_RESUME = 0x44,
	IOASID_SMMUV3_CMD_STALL_TERM = 0x45,
	IOASID_SMMUV3_CMD_SYNC = 0x46,
};

/** How a CMD_SYNC signals that it is done (ComplSignal). */
enum ioasid_smmuv3_signal {
	IOASID_SMMUV3_SIGNAL_NONE = 0,
	/** An interrupt: a write of msi_data to msi_address if that is not 0, or else by wire. */
	IOASID_SMMUV3_SIGNAL_IRQ = 1,
	/** An event for waiting CPUs. */
	IOASID_SMMUV3_SIGNAL_EVENT = 2,
};

/** A command. Fields that its opcode does not have are 0. */
struct ioasid_smmuv3_cmd {
	/** sizeof(struct ioasid_smmuv3_cmd), set by the caller. */
	size_t size;
	enum ioasid_smmuv3_opcode opcode;

	uint32_t stream_id;
	/** Bits of stream_id that do not count: of a range, or of a level 1 descriptor that is
	 *  invalidated too (CFGI_STE without Leaf). */
	uint32_t stream_ignore;
	/** SubstreamID; IOASID_NO_PASID: none (SSV = 0). */
	uint32_t substream;
	/** Without Leaf, CFGI_CD is about level 1 descriptors too, and so about all
	 *  SubstreamIDs. */
	bool all_substreams;

	/** TLBI: ASID. */
	uint16_t asid;
	/** TLBI: entries may be global, and then the ASID does not count (3.17.1). */
	bool maybe_global;
	/** TLBI, CFGI_VMS_PIDM: VMID, and its bits that do not count (SMMU_CR0.VMW). */
	uint16_t vmid;
	uint16_t vmid_ignore;
	/** TLBI: no table was linked in or taken out (Leaf). */
	bool leaf_only;
	/** TLBI by address, ATC_INV, PREFETCH_ADDR: the addresses, multiples of 4096; length 0 is
	 *  all addresses. A TLBI of 4096 bytes is about entries of any size that hold them. */
	uint64_t start;
	uint64_t length;
	/** TLBI: log2 of the granule of the tables that are meant (TG); 0: any. */
	uint32_t granule_bits;
	/** TLBI: the level of the leaf entries that are meant, 1 to 3 as in the specification
	 *  (TTL); 0: any. */
	uint32_t level;

	/** PRI_RESP: page request group, and 0: failure, 1: invalid request, 2: success. */
	uint16_t group;
	uint32_t response;
	/** RESUME: the stalled request; retry it, or else end it with an abort, or as if it had
	 *  been carried out. */
	uint16_t stall_tag;
	bool retry;
	bool abort;

	/** SYNC */
	enum ioasid_smmuv3_signal signal;
	uint32_t msi_data;
	/** Guest-physical, a multiple of 4; 0: no message. */
	uint64_t msi_address;
};

#define IOASID_SMMUV3_CMD_INIT IOASID_INIT(ioasid_smmuv3_cmd)

/**
 * Decodes a command (chapter 4).
 *
 * @param raw its two doublewords.
 * @param cmd receives the fields.
 * @param why receives IOASID_SMMUV3_OK, or what is wrong; may be NULL.
 * @return 0; -EINVAL: unknown or illegal, or cmd->size. Since 0.1.
 */
int ioasid_smmuv3_cmd_decode(const struct ioasid_smmuv3_regs *regs, const uint64_t raw[2],
			     struct ioasid_smmuv3_cmd *cmd, enum ioasid_smmuv3_reason *why);

/**
 * Gives the response of a CMD_PRI_RESP (4.5.2) to the group of page requests that it names (stream
 * and group), for ioasid_fault_queue_respond().
 *
 * @param code receives it; not written if the command is another.
 * @return whether the command is one. Since 0.1.
 */
bool ioasid_smmuv3_cmd_get_response(const struct ioasid_smmuv3_cmd *cmd,
				    enum ioasid_page_response_code *code);

/**
 * Whether a command invalidates what a translation was looked up from: a CMD_CFGI_* of its stream
 * and context descriptor. The caller then looks again and attaches the device to the resulting
 * space. A blocked translation counts as being of every context descriptor.
 *
 * @param stream_id,translation the stream, and what ioasid_smmuv3_lookup() said before.
 * Since 0.1.
 */
bool ioasid_smmuv3_cmd_is_lookup_stale(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
				       const struct ioasid_smmuv3_translation *translation);

/**
 * Whether a command invalidates cached addresses of a translation: a CMD_TLBI_* of its StreamWorld,
 * VMID and ASID (4.4), or a CMD_ATC_INV of its stream and SubstreamID.
 *
 * Entries of stage 1 may be global: then one by address and ASID concerns the translations with
 * other ASIDs too. Where a guest is known to have none, IOASID_SMMUV3_NO_GLOBAL in the registers
 * saves the work. Since 0.1.
 */
bool ioasid_smmuv3_cmd_is_mapping_stale(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
					const struct ioasid_smmuv3_translation *translation);

/**
 * Adds what a CMD_TLBI_* means for one space to a batch (ioasid/inv.h): nothing, a range, or
 * everything. Call it for each translation in use, with the space that its table is bound to. Of a
 * nested one this is the space of stage 1; for that of stage 2 call it again, with a copy of the
 * translation whose kind is IOASID_SMMUV3_STAGE2. What stage 2 does not translate any more is taken
 * from the space of stage 1 by the library.
 *
 * All other commands add nothing: a submitted batch covers the devices' TLBs too, except those that
 * ioasid_smmuv3_cmd_add_device_tlb() is for; and for the tables above see
 * ioasid_smmuv3_cmd_is_lookup_stale().
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_all() and
 *         ioasid_inv_add_range() return. Since 0.1.
 */
int ioasid_smmuv3_cmd_add(const struct ioasid_smmuv3_cmd *cmd,
			  const struct ioasid_smmuv3_translation *translation,
			  struct ioasid_inv *batch, struct ioasid_space *space);

/**
 * Adds what a CMD_ATC_INV means for one stream and SubstreamID (IOASID_NO_PASID: its requests
 * without one) to a batch: nothing, a range, or everything. Only devices whose TLB has to be told
 * by itself need it, see ioasid_inv_add_device_tlb(); for others it does no harm. All other
 * commands add nothing.
 *
 * @param stream_id of the device.
 * @return 0, whether something was added or not; or what ioasid_inv_add_device_tlb() returns.
 * Since 0.1.
 */
int ioasid_smmuv3_cmd_add_device_tlb(const struct ioasid_smmuv3_cmd *cmd, uint32_t stream_id,
				     uint32_t substream, struct ioasid_inv *batch,
				     struct ioasid_device *device);

#ifdef __cplusplus
}
#endif

#endif
