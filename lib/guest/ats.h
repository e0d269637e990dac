/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the commands of IOMMUs have from PCIe's ATS: ranges, and responses to page requests.
 */
#ifndef GUEST_ATS_H
#define GUEST_ATS_H

#include <ioasid/fault.h>

#include "guest/entry.h"

/*
 * log2 of a range's length. With S set, the lowest clear bit from 12 up gives the size: if it is
 * bit 12, 8K, if it is bit 13, 16K, and so on up to bit 63, all addresses: 64. Ones everywhere have
 * no meaning there; they are read as all addresses too.
 */
static inline unsigned ats_shift(uint64_t address, bool s)
{
	unsigned shift = 12;

	if (!s)
		return shift;
	while (shift < 63 && entry_bit(address, shift))
		shift++;
	return shift + 1;
}

/* A response code. Those that are none count as failures (PCIe 6.0, 10.4.2.1). */
static inline enum ioasid_page_response_code ats_response(uint32_t code)
{
	switch (code) {
	case 0:
		return IOASID_PAGE_RESPONSE_SUCCESS;
	case 1:
		return IOASID_PAGE_RESPONSE_INVALID;
	default:
		return IOASID_PAGE_RESPONSE_FAILURE;
	}
}

/*
 * What a page request says beside the address. Without a PASID it has no privilege (10.4.1.1). One
 * for neither reading nor writing would be a Stop Marker (10.4.1.2.1), which nobody answers, and to
 * execute is to read too.
 */
static inline bool ats_has_pasid(const struct ioasid_page_request *request)
{
	return request->pasid != IOASID_NO_PASID;
}

static inline bool ats_wants(const struct ioasid_page_request *request, uint32_t access)
{
	if (access & (IOASID_EXECUTE | IOASID_PRIVILEGED) && !ats_has_pasid(request))
		return false;
	if (access == IOASID_READ && (request->access & IOASID_EXECUTE ||
				      !(request->access & IOASID_WRITE)))
		return true;
	return request->access & access;
}

#endif
