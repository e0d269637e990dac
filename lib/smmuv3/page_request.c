/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the PRI queue (8.1), and the responses to them (4.5.2). */
#include "export.h"
#include "guest/ats.h"
#include "smmuv3/bits.h"

IOASID_EXPORT void ioasid_smmuv3_page_request_encode(const struct ioasid_page_request *request,
						     uint32_t stream_id, uint64_t record[2])
{
	const struct ioasid_page_request *r = request;

	record[0] = stream_id | entry_bit_if(58, ats_wants(r, IOASID_PRIVILEGED)) |
		    entry_bit_if(59, ats_wants(r, IOASID_EXECUTE)) |
		    entry_bit_if(60, ats_wants(r, IOASID_READ)) |
		    entry_bit_if(61, ats_wants(r, IOASID_WRITE)) |
		    entry_bit_if(62, r->flags & IOASID_PAGE_REQUEST_LAST);
	if (ats_has_pasid(r))
		record[0] |= ENTRY_BIT(63) | entry_field(r->pasid, 19, 0) << 32;
	record[1] = entry_field(r->group, 8, 0) | (r->iova & ENTRY_BITS(63, 12));
}

/* They have numbers of their own here. */
IOASID_EXPORT bool ioasid_smmuv3_cmd_get_response(const struct ioasid_smmuv3_cmd *cmd,
						  enum ioasid_page_response_code *code)
{
	static const enum ioasid_page_response_code codes[] = {
		IOASID_PAGE_RESPONSE_FAILURE,
		IOASID_PAGE_RESPONSE_INVALID,
		IOASID_PAGE_RESPONSE_SUCCESS,
	};

	if (cmd->opcode != IOASID_SMMUV3_CMD_PRI_RESP)
		return false;
	*code = cmd->response < 3 ? codes[cmd->response] : IOASID_PAGE_RESPONSE_FAILURE;
	return true;
}
