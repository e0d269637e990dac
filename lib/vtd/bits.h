/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bits of VT-d's registers and entries, and how its decoders answer. */
#ifndef VTD_BITS_H
#define VTD_BITS_H

#include <ioasid/vtd.h>

#include "guest/entry.h"

/* CAP_REG (11.4.2). */
enum {
	VTD_CAP_PSI = 39, /* page-selective IOTLB invalidation */
	VTD_CAP_FS1GP = 56, /* first-stage 1G pages */
	VTD_CAP_FS5LP = 60, /* first-stage tables of 5 levels */
};

/* ECAP_REG (11.4.3). */
enum {
	VTD_ECAP_DT = 2, /* device TLBs */
	VTD_ECAP_PT = 6, /* pass-through */
	VTD_ECAP_SC = 7, /* snoop control */
	VTD_ECAP_MTS = 25, /* memory types */
	VTD_ECAP_NEST = 26, /* nested translation */
	VTD_ECAP_PRS = 29, /* page requests */
	VTD_ECAP_SRS = 31, /* supervisor requests */
	VTD_ECAP_EAFS = 34, /* extended accessed flags */
	VTD_ECAP_PASID = 40,
	VTD_ECAP_DIT = 41, /* device-TLB invalidation throttling */
	VTD_ECAP_PDS = 42, /* page-request draining */
	VTD_ECAP_SMTS = 43, /* scalable mode */
	VTD_ECAP_SSADS = 45, /* second-stage accessed and dirty flags */
	VTD_ECAP_SSTS = 46, /* second-stage translation in scalable mode */
	VTD_ECAP_FSTS = 47, /* first-stage translation */
	VTD_ECAP_SMPWCS = 48, /* coherent walks in scalable mode */
	VTD_ECAP_RPS = 49, /* RID_PASID */
	VTD_ECAP_ADMS = 52, /* abort-DMA mode */
	VTD_ECAP_RPRIVS = 53, /* RID_PRIV */
};

static inline bool vtd_can(const struct ioasid_vtd_caps *caps, unsigned ecap_bit)
{
	return entry_bit(caps->ecap, ecap_bit);
}

/* ND: 4, 6, ... 16 bits; 111b is reserved. */
static inline unsigned vtd_domain_bits(const struct ioasid_vtd_caps *caps)
{
	unsigned nd = (unsigned)entry_field(caps->cap, 2, 0);

	return nd < 6 ? 4 + 2 * nd : 16;
}

/* MGAW is reported less one. */
static inline unsigned vtd_mgaw(const struct ioasid_vtd_caps *caps)
{
	return (unsigned)entry_field(caps->cap, 21, 16) + 1;
}

static inline unsigned vtd_mamv(const struct ioasid_vtd_caps *caps)
{
	return (unsigned)entry_field(caps->cap, 53, 48);
}

/* SAGAW has a bit for each AW encoding: 1, 2, 3 for 3, 4, 5 levels. */
static inline bool vtd_aw_supported(const struct ioasid_vtd_caps *caps, unsigned aw)
{
	return aw >= 1 && aw <= 3 && entry_bit(entry_field(caps->cap, 12, 8), aw);
}

static inline unsigned vtd_aw_bits(unsigned aw)
{
	return 30 + 9 * aw;
}

/* Address bits that every entry reserves. */
static inline uint64_t vtd_beyond_haw(const struct ioasid_vtd_caps *caps)
{
	return ~UINT64_C(0) << caps->haw;
}

/* RTADDR_REG.TTM (11.4.5). */
enum vtd_mode {
	VTD_MODE_LEGACY = 0,
	VTD_MODE_SCALABLE = 1,
	VTD_MODE_RESERVED = 2,
	VTD_MODE_ABORT = 3,
};

static inline enum vtd_mode vtd_mode(uint64_t rtaddr)
{
	return (enum vtd_mode)entry_field(rtaddr, 11, 10);
}

/* A decoder's answer: -err with the reason as its message, or 0 if there is nothing wrong. */
static inline int vtd_answer(int err, enum ioasid_vtd_reason reason, enum ioasid_vtd_reason *why)
{
	if (why)
		*why = reason;
	return reason == IOASID_VTD_OK ? 0 : err_set(err, "VT-d: %s",
						     ioasid_vtd_reason_text(reason));
}

/*
 * What a caller gives a decoder: the unit, and a structure for the answer, if any. A mistake there
 * is no reason for the guest's.
 */
int vtd_check(const struct ioasid_vtd_caps *caps, size_t size, size_t least,
	      enum ioasid_vtd_reason *why);

#endif
