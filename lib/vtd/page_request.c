/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page request descriptors (7.4.1.1), and the responses to them (7.6.1). */
#include "export.h"
#include "guest/ats.h"
#include "vtd/bits.h"

#define PAGE_REQUEST 1u /* the type */

IOASID_EXPORT void ioasid_vtd_page_request_encode(const struct ioasid_page_request *request,
						  uint16_t source_id, uint64_t raw[4])
{
	const struct ioasid_page_request *r = request;

	raw[0] = PAGE_REQUEST | (uint64_t)source_id << 16 |
		 entry_bit_if(52, ats_wants(r, IOASID_EXECUTE)) |
		 entry_bit_if(53, ats_wants(r, IOASID_PRIVILEGED));
	if (ats_has_pasid(r))
		raw[0] |= ENTRY_BIT(8) | entry_field(r->pasid, 19, 0) << 32;
	raw[1] = entry_bit_if(0, ats_wants(r, IOASID_READ)) |
		 entry_bit_if(1, ats_wants(r, IOASID_WRITE)) |
		 entry_bit_if(2, r->flags & IOASID_PAGE_REQUEST_LAST) |
		 entry_field(r->group, 8, 0) << 3 | (r->iova & ENTRY_BITS(63, 12));
	raw[2] = raw[3] = 0;
}

IOASID_EXPORT bool ioasid_vtd_inv_get_response(const struct ioasid_vtd_inv *inv,
					       enum ioasid_page_response_code *code)
{
	if (inv->type != IOASID_VTD_INV_PAGE_GROUP_RESPONSE)
		return false;
	*code = ats_response(inv->response);
	return true;
}
