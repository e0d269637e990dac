/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page requests as entries of the PPR log (2.6), and the responses to them (2.4.7). */
#include "amd/bits.h"
#include "export.h"
#include "guest/ats.h"

#define PAGE_SERVICE_REQUEST 1u

/* The tag, bits 41:32, is the group's index, and above it whether the request is its last one. */
IOASID_EXPORT void ioasid_amd_page_request_encode(const struct ioasid_page_request *request,
						  uint16_t device_id, uint64_t raw[2])
{
	const struct ioasid_page_request *r = request;
	bool pasid = ats_has_pasid(r);

	raw[0] = AMD_EVENT(PAGE_SERVICE_REQUEST, device_id) | entry_field(r->group, 8, 0) << 32 |
		 entry_bit_if(41, r->flags & IOASID_PAGE_REQUEST_LAST) |
		 entry_bit_if(49, ats_wants(r, IOASID_EXECUTE)) |
		 entry_bit_if(50, ats_wants(r, IOASID_READ)) |
		 entry_bit_if(53, ats_wants(r, IOASID_WRITE)) |
		 entry_bit_if(54, pasid && !ats_wants(r, IOASID_PRIVILEGED)) | /* US */
		 entry_bit_if(56, pasid); /* GN */
	if (pasid) /* PASID[15:0] and PASID[19:16] */
		raw[0] |= entry_field(r->pasid, 15, 0) << 16 | entry_field(r->pasid, 19, 16) << 42;
	raw[1] = r->iova & ENTRY_BITS(63, 12);
}

IOASID_EXPORT bool ioasid_amd_cmd_get_response(const struct ioasid_amd_cmd *cmd,
					       enum ioasid_page_response_code *code)
{
	if (cmd->opcode != IOASID_AMD_CMD_COMPLETE_PPR_REQUEST)
		return false;
	*code = ats_response(cmd->response);
	return true;
}
