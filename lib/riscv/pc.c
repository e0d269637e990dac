/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Process contexts (3.2.3, 3.2.4). */
#include "export.h"
#include "guest/pdt.h"
#include "riscv/bits.h"

#define FIRST_PC_SIZE ENTRY_FIRST_SIZE(ioasid_riscv_pc, first_root)

IOASID_EXPORT int ioasid_riscv_pc_decode(const struct ioasid_riscv_regs *regs,
					 const struct ioasid_riscv_dc *dc, const uint64_t raw[2],
					 struct ioasid_riscv_pc *pc, enum ioasid_riscv_reason *why)
{
	static const enum ioasid_riscv_reason reasons[] = {
		[PDT_VALID] = IOASID_RISCV_OK,
		[PDT_ABSENT] = IOASID_RISCV_PDT_ABSENT,
		[PDT_RESERVED] = IOASID_RISCV_PC_RESERVED,
		[PDT_SCHEME] = IOASID_RISCV_PC_FIRST_STAGE,
	};
	struct ioasid_riscv_pc new = { 0 };
	enum pdt_state state;
	struct pdt_fsc fsc;
	int ret = riscv_check(regs, pc->size, FIRST_PC_SIZE, why);

	if (!ret)
		ret = riscv_check_size(dc->size, FIRST_DC_SIZE);
	if (ret)
		return ret;
	state = pdt_decode_context(raw, dc->sv32, regs->capabilities, &fsc);
	if (state == PDT_VALID) {
		new.supervisor = entry_bit(raw[0], 1); /* ENS */
		new.user_access = entry_bit(raw[0], 2); /* SUM */
		new.pscid = (uint32_t)entry_field(raw[0], 31, 12);
		new.first_levels = fsc.levels;
		new.first_root = fsc.root;
		entry_put(pc, &new, sizeof(new));
	}
	return riscv_answer(state == PDT_ABSENT ? ENOENT : EINVAL, reasons[state], why);
}
