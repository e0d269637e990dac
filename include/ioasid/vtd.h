/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file vtd.h
 * Intel VT-d, for a VMM that emulates a remapping unit to its guest: reads the guest's root,
 * context and PASID tables and its invalidation descriptors, and turns them into libioasid's terms.
 *
 * All functions are pure: they look at their arguments and nothing else, and may be called from any
 * thread. Entries and descriptors are given as numbers, lowest quadword first. Guest memory has
 * them little-endian, so what a caller copied from there goes through le64toh(3) first; what its
 * ioasid_vtd_read copies does not, that is left to the library.
 *
 * Section numbers are those of the VT-d specification, revision 4.1; what later revisions added
 * (host permission tables, PASIDs in translated requests, separate I/O permission bits) counts as
 * reserved. Extended mode, which revision 3.0 removed, does not exist.
 */
#ifndef IOASID_VTD_H
#define IOASID_VTD_H

#include <ioasid/common.h>
#include <ioasid/event.h>
#include <ioasid/fault.h>
#include <ioasid/pgtable.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What the emulated unit tells its guest. Never grows. What takes it returns -EINVAL, and *why is
 * IOASID_VTD_OK, if haw is out of its range, or reserved is not 0.
 */
struct ioasid_vtd_caps {
	/** Capability Register, CAP_REG (11.4.2). */
	uint64_t cap;
	/** Extended Capability Register, ECAP_REG (11.4.3). */
	uint64_t ecap;
	/**
	 * Host address width in bits, 32 to 52, from the emulated platform's DMAR table (8.1):
	 * address bits above are reserved in every entry. ioasid_vtd_caps_init() sets 52.
	 */
	uint32_t haw;
	/** 0 */
	uint32_t reserved;
};

/**
 * Fills in the capabilities: @p cap and @p ecap as the guest reads them, and 52 bits of host
 * address. Change haw afterwards if the DMAR table says less. Since 0.1.
 */
void ioasid_vtd_caps_init(struct ioasid_vtd_caps *caps, uint64_t cap, uint64_t ecap);

/**
 * What is wrong with an entry or a descriptor. Those of the tables are the fault conditions of
 * 7.1.3; ioasid_vtd_reason_get_code() has the number for the fault record.
 */
enum ioasid_vtd_reason {
	IOASID_VTD_OK = 0,

	/** Root Table Address Register: translation table mode reserved or not supported
	 *  (RTA.1). */
	IOASID_VTD_MODE,
	/** A request with PASID in legacy mode (RTA.2). */
	IOASID_VTD_MODE_PASID,
	/** Abort-DMA mode: all requests are blocked (RTA.4). */
	IOASID_VTD_MODE_ABORT,

	/** Legacy root entry: not readable, not present, reserved bits (LRT.1, 2, 3). */
	IOASID_VTD_ROOT_ACCESS,
	IOASID_VTD_ROOT_ABSENT,
	IOASID_VTD_ROOT_RESERVED,
	/** Legacy context entry: the same (LCT.1, 2, 3). */
	IOASID_VTD_CONTEXT_ACCESS,
	IOASID_VTD_CONTEXT_ABSENT,
	IOASID_VTD_CONTEXT_RESERVED,
	/** Its address width is not one of the unit's (LCT.4.1). */
	IOASID_VTD_CONTEXT_WIDTH,
	/** Its translation type is reserved or not supported (LCT.4.2). */
	IOASID_VTD_CONTEXT_TYPE,

	/** Scalable-mode root entry: not readable, half not present, reserved bits (SRT.1, 2,
	 *  3). */
	IOASID_VTD_SM_ROOT_ACCESS,
	IOASID_VTD_SM_ROOT_ABSENT,
	IOASID_VTD_SM_ROOT_RESERVED,
	/** Scalable-mode context entry: the same (SCT.1, 2, 3). */
	IOASID_VTD_SM_CONTEXT_ACCESS,
	IOASID_VTD_SM_CONTEXT_ABSENT,
	IOASID_VTD_SM_CONTEXT_RESERVED,
	/** It allows page requests without the device TLB (SCT.4.1). */
	IOASID_VTD_SM_CONTEXT_PRE,
	/** Its RID_PASID is beyond its PASID directory (SCT.4.2). */
	IOASID_VTD_SM_CONTEXT_RID_PASID,
	/** A request with PASID, which it does not allow (SCT.6). */
	IOASID_VTD_SM_CONTEXT_NO_PASID,
	/** The request's PASID is beyond its PASID directory (SCT.7). */
	IOASID_VTD_SM_CONTEXT_PASID_SIZE,
	/** The request's PASID is RID_PASID (SCT.9). */
	IOASID_VTD_SM_CONTEXT_PASID_TAKEN,

	/** PASID-directory entry: not readable, not present, reserved bits (SPD.1, 2, 3). */
	IOASID_VTD_PASID_DIR_ACCESS,
	IOASID_VTD_PASID_DIR_ABSENT,
	IOASID_VTD_PASID_DIR_RESERVED,
	/** PASID-table entry: the same (SPT.1, 2, 3). */
	IOASID_VTD_PASID_ACCESS,
	IOASID_VTD_PASID_ABSENT,
	IOASID_VTD_PASID_RESERVED,
	/** Its second-stage address width is not one of the unit's (SPT.4.1). */
	IOASID_VTD_PASID_WIDTH,
	/** Its translation type is reserved or not supported (SPT.4.2). */
	IOASID_VTD_PASID_TYPE,
	/** Its first-stage paging mode is reserved or not supported (SPT.4.3). */
	IOASID_VTD_PASID_PAGING_MODE,
	/** Nested: its first-stage table is beyond the second-stage address width (SPT.4.4). */
	IOASID_VTD_PASID_ROOT,
	/** RID_PRIV asks for supervisor privilege, which it does not allow (SPT.6). */
	IOASID_VTD_PASID_SUPERVISOR,
	/** The request's PASID is wider than the unit supports (SGN.10). */
	IOASID_VTD_PASID_SIZE,

	/** Descriptor: unknown type, or not allowed in this mode (6.5.2.10, table of types). */
	IOASID_VTD_DESCRIPTOR_TYPE,
	/** Translation table mode reserved or not supported: no descriptor is allowed. */
	IOASID_VTD_DESCRIPTOR_MODE,
	/** Descriptor: a width that is not allowed in this mode, or not 16 or 32 bytes. */
	IOASID_VTD_DESCRIPTOR_WIDTH,
	/** Descriptor: reserved granularity, or page-selective on a unit that reports PSI = 0. */
	IOASID_VTD_DESCRIPTOR_GRANULARITY,
	/** Descriptor: address mask beyond the unit's MAMV (11.4.2). */
	IOASID_VTD_DESCRIPTOR_ADDRESS_MASK,
	/** Descriptor: any other reserved bit. */
	IOASID_VTD_DESCRIPTOR_RESERVED,
};

/** A short text for people: a static string, never NULL. Since 0.1. */
const char *ioasid_vtd_reason_text(enum ioasid_vtd_reason reason);

/**
 * The number to put into a fault record's Fault Reason field (FRCD_REG.FR, 7.1.3); 0 for
 * IOASID_VTD_OK and for those of descriptors, which are no DMA faults. Since 0.1.
 */
uint8_t ioasid_vtd_reason_get_code(enum ioasid_vtd_reason reason);

/**
 * The number to put into the Invalidation Queue Error Info field (IQERCD_REG.IQEI, 11.4.9.9); 0 for
 * all that are not of descriptors. Since 0.1.
 */
uint8_t ioasid_vtd_reason_get_queue_error(enum ioasid_vtd_reason reason);

/** What happens to a request. */
enum ioasid_vtd_kind {
	/** It faults. */
	IOASID_VTD_BLOCKED = 1,
	/** Its address is not translated: it is guest-physical. */
	IOASID_VTD_PASSTHROUGH = 2,
	/** Translated by a second-stage table. */
	IOASID_VTD_SECOND_STAGE = 3,
	/** Translated by a first-stage table. */
	IOASID_VTD_FIRST_STAGE = 4,
	/** By a first-stage table, whose output (and root) a second-stage table translates. */
	IOASID_VTD_NESTED = 5,
};

/** A context entry, legacy (9.3) or scalable-mode (9.4). */
struct ioasid_vtd_context {
	/** sizeof(struct ioasid_vtd_context), set by the caller. */
	size_t size;

	/** FPD: faults of requests through this entry are not recorded. Also if it isn't
	 *  present. */
	bool fault_disable;
	/** The device may use a device TLB: TT = 01b, or DTE in scalable mode. */
	bool device_tlb;

	/** Legacy: IOASID_VTD_PASSTHROUGH or IOASID_VTD_SECOND_STAGE; scalable mode: 0. */
	enum ioasid_vtd_kind kind;
	/** Legacy: domain-id. */
	uint16_t domain;
	/** Legacy, second-stage: levels of the table (3, 4, 5). */
	uint32_t levels;
	/** Legacy, second-stage: guest-physical address of the root table. */
	uint64_t root;

	/** Scalable mode: requests with PASID are allowed (PASIDE). */
	bool pasid_enable;
	/** Scalable mode: page requests are allowed (PRE). */
	bool page_request;
	/** Scalable mode: requests without PASID have supervisor privilege (RID_PRIV). */
	bool rid_supervisor;
	/** Scalable mode: the PASID that stands for none (RID_PASID). */
	uint32_t rid_pasid;
	/** Scalable mode: width in bits of the PASIDs that the directory has room for, 13 to 20. */
	uint32_t pasid_bits;
	/** Scalable mode: guest-physical address of the PASID directory. */
	uint64_t pasid_dir;
};

#define IOASID_VTD_CONTEXT_INIT IOASID_INIT(ioasid_vtd_context)

/** A PASID-table entry (9.6). */
struct ioasid_vtd_pasid {
	/** sizeof(struct ioasid_vtd_pasid), set by the caller. */
	size_t size;
	/** PGTT; all but IOASID_VTD_BLOCKED. */
	enum ioasid_vtd_kind kind;
	/** FPD. Also if the entry isn't present. */
	bool fault_disable;
	/** Second-stage accessed and dirty flags are enabled (SSADE). */
	bool second_dirty;
	/** Requests with supervisor privilege are allowed (SRE). */
	bool supervisor;
	/** They respect R/W = 0 in first-stage entries (WPE). */
	bool write_protect;
	/** First-stage extended-accessed flags are enabled (EAFE). */
	bool extended_accessed;
	/** All accesses snoop (PGSNP). */
	bool page_snoop;
	/** Domain-id. */
	uint16_t domain;
	/** Second-stage and nested: levels (3, 4, 5), and guest-physical address of the root. */
	uint32_t second_levels;
	uint64_t second_root;
	/** First-stage and nested: levels (4, 5), and address of the root: when nested, an input
	 *  address of the second stage. */
	uint32_t first_levels;
	uint64_t first_root;
};

#define IOASID_VTD_PASID_INIT IOASID_INIT(ioasid_vtd_pasid)

/**
 * Decodes a root entry, legacy (9.1) or scalable-mode (9.2).
 *
 * @param raw its two quadwords.
 * @param scalable which of them it is: in scalable mode (RTADDR_REG.TTM = 01b) each half of the
 *        entry refers to a context table of its own.
 * @param devfn device and function number: those from 80h use the upper half.
 * @param context_table receives the guest-physical address of the context table.
 * @param why receives IOASID_VTD_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not present; -EINVAL: reserved bits are set. Since 0.1.
 */
int ioasid_vtd_root_decode(const struct ioasid_vtd_caps *caps, const uint64_t raw[2], bool scalable,
			   uint8_t devfn, uint64_t *context_table, enum ioasid_vtd_reason *why);

/**
 * Decodes a context entry, legacy (9.3) or scalable-mode (9.4).
 *
 * @param raw its quadwords: two, or four in scalable mode.
 * @param context receives its fields; when -ENOENT is returned, fault_disable alone.
 * @param why receives IOASID_VTD_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not present; -EINVAL: malformed, or context->size. Since 0.1.
 */
int ioasid_vtd_context_decode(const struct ioasid_vtd_caps *caps, const uint64_t *raw,
			      bool scalable, struct ioasid_vtd_context *context,
			      enum ioasid_vtd_reason *why);

/**
 * Decodes a PASID-directory entry (9.5).
 *
 * @param pasid_table receives the guest-physical address of the table of 64 PASID entries.
 * @param fault_disable receives FPD, also when -ENOENT is returned; may be NULL.
 * @param why receives IOASID_VTD_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not present; -EINVAL: reserved bits are set. Since 0.1.
 */
int ioasid_vtd_pasid_dir_decode(const struct ioasid_vtd_caps *caps, uint64_t raw,
				uint64_t *pasid_table, bool *fault_disable,
				enum ioasid_vtd_reason *why);

/**
 * Decodes a PASID-table entry (9.6).
 *
 * The address width field is ignored unless second-stage tables are used, also on a unit without
 * them, where it is reserved: Linux sets it there.
 *
 * @param raw its eight quadwords.
 * @param pasid receives its fields; when -ENOENT is returned, fault_disable alone.
 * @param why receives IOASID_VTD_OK, or what is wrong; may be NULL.
 * @return 0; -ENOENT: not present; -EINVAL: malformed, or pasid->size. Since 0.1.
 */
int ioasid_vtd_pasid_decode(const struct ioasid_vtd_caps *caps, const uint64_t raw[8],
			    struct ioasid_vtd_pasid *pasid, enum ioasid_vtd_reason *why);

/** What becomes of the requests of one device, with one PASID or without. */
struct ioasid_vtd_translation {
	/** sizeof(struct ioasid_vtd_translation), set by the caller. */
	size_t size;
	enum ioasid_vtd_kind kind;
	/** Blocked: why. */
	enum ioasid_vtd_reason reason;
	/** The guest wants no record (FPD): of this reason, or else of the faults of the walk. */
	bool fault_disable;
	/** Scalable mode. */
	bool scalable;
	/** The device may use a device TLB. */
	bool device_tlb;
	/** The device may send page requests. */
	bool page_request;
	/** First-stage: requests have supervisor privilege (RID_PRIV of one without PASID). */
	bool supervisor;
	/** First-stage: such requests respect R/W = 0 (WPE). */
	bool write_protect;
	/** First-stage: extended-accessed flags are enabled (EAFE). */
	bool extended_accessed;
	/** Second-stage and nested: its accessed and dirty flags are enabled (SSADE). */
	bool second_dirty;
	/** Domain-id; unless blocked. */
	uint16_t domain;
	/** Scalable mode: the PASID that was used, RID_PASID for a request without one; else
	 *  IOASID_NO_PASID. */
	uint32_t pasid;
	/** As in struct ioasid_vtd_pasid. */
	uint32_t second_levels;
	uint32_t first_levels;
	uint64_t second_root;
	uint64_t first_root;
};

#define IOASID_VTD_TRANSLATION_INIT IOASID_INIT(ioasid_vtd_translation)

/**
 * Reads guest memory: @p length bytes at a guest-physical address, a multiple of the length, as
 * they are there.
 *
 * @return 0, or anything else if there is no memory: the request is then blocked.
 */
typedef int (*ioasid_vtd_read)(void *opaque, uint64_t gpa, void *buffer, size_t length);

/**
 * Finds out what happens to a device's requests, as the unit does: from the root table through the
 * context table and in scalable mode the PASID directory and PASID table (3.4). Each entry is read
 * once.
 *
 * Whatever the unit would answer with a fault is no error here: the translation is then
 * IOASID_VTD_BLOCKED and says why. The caller looks again when the guest invalidates what this was
 * read from: ioasid_vtd_inv_is_lookup_stale(). While the guest has not enabled translation
 * (GSTS_REG.TES, 11.4.4), the tables do not count, and all requests pass.
 *
 * @param rtaddr Root Table Address Register as last latched by the guest's Set Root Table Pointer.
 * @param source_id bus, device and function number.
 * @param pasid the request's PASID, below 2^20; or IOASID_NO_PASID.
 * @param read,opaque how to read guest memory.
 * @return 0; -EINVAL: pasid, or translation->size. Since 0.1.
 */
int ioasid_vtd_lookup(const struct ioasid_vtd_caps *caps, uint64_t rtaddr, uint16_t source_id,
		      uint32_t pasid, ioasid_vtd_read read, void *opaque,
		      struct ioasid_vtd_translation *translation);

/**
 * Describes the page table that a translation starts with, for ioasid_space_bind_pgtable():
 * the second-stage table, the first-stage table, or of a nested one the first-stage table, to be
 * bound to a space on that of the second stage.
 *
 * @param format which of its tables to describe.
 * @param pgtable receives the description; size as in IOASID_PGTABLE_INIT.
 * @return 0; -ENOENT: the translation has no such table; -EINVAL: pgtable->size. Since 0.1.
 */
int ioasid_vtd_translation_get_pgtable(const struct ioasid_vtd_translation *translation,
				       const struct ioasid_vtd_caps *caps,
				       enum ioasid_pgtable_format format,
				       struct ioasid_pgtable *pgtable);

/**
 * Encodes a fault that the library reports as the unit's own record (FRCD_REG, 11.4.7.6), with F
 * set, for a VMM to put into a register of its unit.
 *
 * @param event one of type IOASID_EVENT_FAULT.
 * @param source_id of its device.
 * @param translation what ioasid_vtd_lookup() said of the device's requests with the event's PASID:
 *        if they are blocked, its reason counts; else what translates them says which fault reason
 *        (7.1.3) it is.
 * @param raw receives the record's two quadwords; unchanged if there is none.
 * @return whether there is a record. There is none if the guest wants none (fault_disable; that
 *         an entry of a PASID table cannot be read is always recorded), nor of memory that is
 *         missing where the translation leads to, nor of page requests that were answered in the
 *         negative, which the device is told of itself. Since 0.1.
 */
bool ioasid_vtd_fault_encode(const struct ioasid_event *event, uint16_t source_id,
			     const struct ioasid_vtd_translation *translation, uint64_t raw[2]);

/**
 * Encodes a page request as a descriptor of the unit's page request queue (7.4.1.1). Those that the
 * guest does not allow (page_request of the translation) do not go there.
 *
 * @param request as ioasid_fault_queue_read() said it.
 * @param source_id of its device.
 * @param raw receives the descriptor's four quadwords. Since 0.1.
 */
void ioasid_vtd_page_request_encode(const struct ioasid_page_request *request, uint16_t source_id,
				    uint64_t raw[4]);

/** Types of invalidation descriptors; the numbers are the specification's (6.5.2, 7.6.1). */
enum ioasid_vtd_inv_type {
	IOASID_VTD_INV_CONTEXT_CACHE = 0x1,
	IOASID_VTD_INV_IOTLB = 0x2,
	IOASID_VTD_INV_DEVICE_TLB = 0x3,
	IOASID_VTD_INV_INTERRUPT_ENTRY_CACHE = 0x4,
	IOASID_VTD_INV_WAIT = 0x5,
	IOASID_VTD_INV_PASID_IOTLB = 0x6,
	IOASID_VTD_INV_PASID_CACHE = 0x7,
	IOASID_VTD_INV_PASID_DEVICE_TLB = 0x8,
	/** Answers a group of page requests, and invalidates nothing. */
	IOASID_VTD_INV_PAGE_GROUP_RESPONSE = 0x9,
};

/** What a descriptor is about. */
enum ioasid_vtd_granularity {
	/** Everything; of a device TLB: all addresses, of a wait or a response: nothing. */
	IOASID_VTD_GRANULARITY_GLOBAL = 1,
	/** A domain-id. */
	IOASID_VTD_GRANULARITY_DOMAIN = 2,
	/** Context cache: a source-id (with mask) and a domain-id. */
	IOASID_VTD_GRANULARITY_DEVICE = 3,
	/** A PASID in a domain-id. */
	IOASID_VTD_GRANULARITY_PASID = 4,
	/** A range of addresses, in a domain-id, PASID or device by type; or of interrupts. */
	IOASID_VTD_GRANULARITY_RANGE = 5,
};

/** An invalidation descriptor. Fields that its type and granularity do not have are 0. */
struct ioasid_vtd_inv {
	/** sizeof(struct ioasid_vtd_inv), set by the caller. */
	size_t size;
	enum ioasid_vtd_inv_type type;
	enum ioasid_vtd_granularity granularity;

	/** Domain-id, cut to the width that the unit reports. */
	uint16_t domain;
	/** Context cache, device TLB, page group response. */
	uint16_t source_id;
	/** Bits of source_id that do not count (function mask): 0, 4, 6 or 7. */
	uint16_t source_ignore;
	/** PASID-based ones; page group response: IOASID_NO_PASID if it has none. */
	uint32_t pasid;
	/** PASID-based device TLB: in all PASIDs (GI); pasid does not count. */
	bool all_pasids;
	/** IOTLB, with IOASID_VTD_GRANULARITY_RANGE: no table was linked in or taken out (IH). */
	bool leaf_only;
	/**
	 * IOASID_VTD_GRANULARITY_RANGE: the addresses, a naturally aligned power of two of at least
	 * 4096 bytes. If these are all addresses, the granularity is that of the domain-id, PASID
	 * or device instead.
	 */
	uint64_t start;
	uint64_t length;

	/** Interrupt entry cache, IOASID_VTD_GRANULARITY_RANGE: first entry, and number of
	 *  entries. */
	uint32_t index;
	uint32_t count;

	/** Wait: write status_data to status_address when done (SW). */
	bool status_write;
	/** Wait: raise the invalidation completion event (IF). */
	bool interrupt;
	/** Wait: what follows starts after it (FN). */
	bool fence;
	/** Wait: after all page requests received before (PD). */
	bool page_request_drain;
	uint32_t status_data;
	/** Guest-physical, a multiple of 4. */
	uint64_t status_address;

	/** Page group response: the group, and PCIe's response code. */
	uint16_t group;
	uint32_t response;
};

#define IOASID_VTD_INV_INIT IOASID_INIT(ioasid_vtd_inv)

/**
 * Decodes a descriptor of the invalidation queue (6.5.2.1 to 6.5.2.8, 7.6.1).
 *
 * @param rtaddr Root Table Address Register as last latched: its mode decides which descriptors
 *        are allowed.
 * @param raw the descriptor: @p bytes / 8 quadwords.
 * @param bytes its width by the guest's IQA_REG.DW: 16 or 32.
 * @param inv receives the fields.
 * @param why receives IOASID_VTD_OK, or what is wrong; may be NULL.
 * @return 0; -EINVAL: unknown or malformed, or inv->size. Since 0.1.
 */
int ioasid_vtd_inv_decode(const struct ioasid_vtd_caps *caps, uint64_t rtaddr, const uint64_t *raw,
			  size_t bytes, struct ioasid_vtd_inv *inv, enum ioasid_vtd_reason *why);

/**
 * Gives the response of a page group response descriptor (7.6.1) to the group of page requests that
 * it names (source_id and group), for ioasid_fault_queue_respond(). PCIe's codes without a meaning
 * are failures.
 *
 * @param code receives it; not written if the descriptor is another.
 * @return whether the descriptor is one. Since 0.1.
 */
bool ioasid_vtd_inv_get_response(const struct ioasid_vtd_inv *inv,
				 enum ioasid_page_response_code *code);

/**
 * Whether a descriptor invalidates what a translation was looked up from: a context-cache or
 * PASID-cache invalidation of its device, domain-id or PASID. The caller then looks again and
 * attaches the device to the resulting space. A blocked translation counts as being of every
 * domain-id and PASID.
 *
 * @param source_id,translation the device, and what ioasid_vtd_lookup() said before.
 * Since 0.1.
 */
bool ioasid_vtd_inv_is_lookup_stale(const struct ioasid_vtd_inv *inv, uint16_t source_id,
				    const struct ioasid_vtd_translation *translation);

/**
 * Whether a descriptor invalidates cached addresses of a translation: an IOTLB invalidation of its
 * domain-id or PASID (6.5.2.3, 6.5.2.4), or a device-TLB invalidation of its device. Since 0.1.
 */
bool ioasid_vtd_inv_is_mapping_stale(const struct ioasid_vtd_inv *inv, uint16_t source_id,
				     const struct ioasid_vtd_translation *translation);

/**
 * Adds what an IOTLB invalidation means for one space to a batch (ioasid/inv.h): nothing, a range,
 * or everything. Call it for each translation in use, with the space that its table is bound to. Of
 * a nested one this is the space of the first stage; for that of the second stage call it again,
 * with a copy of the translation whose kind is IOASID_VTD_SECOND_STAGE.
 *
 * A page-selective invalidation without PASID concerns all addresses of first-stage and nested
 * translations of its domain-id, one with PASID no second-stage ones (6.5.2.3, 6.5.2.4). All other
 * descriptors add nothing: a submitted batch covers the devices' TLBs too, except those that
 * ioasid_vtd_inv_add_device_tlb() is for; and for the tables above see
 * ioasid_vtd_inv_is_lookup_stale().
 *
 * @return 0, whether something was added or not; or what ioasid_inv_add_all() and
 *         ioasid_inv_add_range() return. Since 0.1.
 */
int ioasid_vtd_inv_add(const struct ioasid_vtd_inv *inv,
		       const struct ioasid_vtd_translation *translation, struct ioasid_inv *batch,
		       struct ioasid_space *space);

/**
 * Adds what a device-TLB invalidation means for one device and PASID (IOASID_NO_PASID: its requests
 * without one) to a batch: nothing, a range, or everything. Only devices whose TLB has to be told
 * by itself need it, see ioasid_inv_add_device_tlb(); for others it does no harm. All other
 * descriptors add nothing.
 *
 * @param source_id of the device.
 * @return 0, whether something was added or not; or what ioasid_inv_add_device_tlb() returns.
 * Since 0.1.
 */
int ioasid_vtd_inv_add_device_tlb(const struct ioasid_vtd_inv *inv, uint16_t source_id,
				  uint32_t pasid, struct ioasid_inv *batch,
				  struct ioasid_device *device);

#ifdef __cplusplus
}
#endif

#endif
