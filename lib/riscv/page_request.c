/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the page-request queue (4.3), and the responses to them (4.1.4). */
#include "export.h"
#include "guest/ats.h"
#include "riscv/bits.h"

IOASID_EXPORT void ioasid_riscv_page_request_encode(const struct ioasid_page_request *request,
						    uint32_t device_id, uint64_t raw[2])
{
	const struct ioasid_page_request *r = request;

	raw[0] = (uint64_t)device_id << 40 | entry_bit_if(33, ats_wants(r, IOASID_PRIVILEGED)) |
		 entry_bit_if(34, ats_wants(r, IOASID_EXECUTE));
	if (ats_has_pasid(r))
		raw[0] |= ENTRY_BIT(32) | entry_field(r->pasid, 19, 0) << 12;
	raw[1] = entry_bit_if(0, ats_wants(r, IOASID_READ)) |
		 entry_bit_if(1, ats_wants(r, IOASID_WRITE)) |
		 entry_bit_if(2, r->flags & IOASID_PAGE_REQUEST_LAST) |
		 entry_field(r->group, 8, 0) << 3 | (r->iova & ENTRY_BITS(63, 12));
}

IOASID_EXPORT bool ioasid_riscv_cmd_get_response(const struct ioasid_riscv_cmd *cmd,
						 enum ioasid_page_response_code *code)
{
	if (cmd->opcode != IOASID_RISCV_CMD_ATS_PRGR)
		return false;
	*code = ats_response(cmd->response);
	return true;
}
