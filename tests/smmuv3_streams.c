/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "smmuv3_streams.h"

#include "errmsg.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

uint64_t memory[64 * 512];
struct ioasid_smmuv3_regs regs;
unsigned reads, reads_by_stage2;
uint64_t unreadable;

int read_memory(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		void *buffer, size_t length)
{
	ck_assert_ptr_eq(opaque, memory);
	ck_assert_uint_eq(address % length, 0);
	reads++;
	if (stage2) {
		ck_assert_uint_eq(stage2->root, 0x80000);
		reads_by_stage2++;
		address -= 0x1000000; /* what stage 2 does */
	}
	if (address + length > sizeof(memory) ||
	    (unreadable && address / 4096 == unreadable / 4096))
		return -EFAULT;
	for (size_t i = 0; i < length / 8; i++) {
		uint64_t raw = htole64(memory[address / 8 + i]);

		memcpy((char *)buffer + 8 * i, &raw, 8);
	}
	return 0;
}

uint64_t *at(uint64_t address)
{
	return &memory[address / 8];
}

void build_cd(uint64_t address, uint16_t asid)
{
	uint64_t *cd = at(address);

	put_bits(cd, 5, 0, 16);
	put_bits(cd, 30, 30, 1);
	put_bits(cd, 31, 31, 1);
	put_bits(cd, 34, 32, 5);
	put_bits(cd, 41, 41, 1);
	put_bits(cd, 46, 45, 3);
	put_bits(cd, 63, 48, asid);
	put_bits(cd, 115, 68, (0x20000 + 4096 * (uint64_t)asid) >> 4);
}

void build_ste(uint64_t address, unsigned config, uint64_t cds)
{
	uint64_t *ste = at(address);

	put_bits(ste, 0, 0, 1);
	put_bits(ste, 3, 1, config);
	put_bits(ste, 55, 6, cds >> 6);
	put_bits(ste, 165, 160, 25);
	put_bits(ste, 167, 166, 1);
	put_bits(ste, 178, 176, 5);
	put_bits(ste, 179, 179, 1);
	put_bits(ste, 186, 186, 1);
	put_bits(ste, 243, 196, 0x80000 >> 4);
	put_bits(ste, 143, 128, 3);
}

void build_two_levels(void)
{
	regs.strtab_base = BIT(62) | 0x10000;
	regs.strtab_base_cfg = 1 << 16 | 8 << 6 | 10;
	*at(0x10000) = 0x14000 | 9;
	*at(0x10008) = 0x18000 | 3;
	*at(0x10018) = 0x19000 | 1;
	build_ste(0x14000 + 64 * 0x10, 5, 0x1a000);
	build_ste(0x18000 + 64 * 3, 4, 0);
	build_ste(0x19000, 6, 0);
	build_cd(0x1a000, 1);
}

uint64_t *build_substreams(unsigned format, unsigned bits, unsigned dss)
{
	uint64_t *ste = at(0x10000 + 64 * 5);

	regs.strtab_base = 0x10000;
	regs.strtab_base_cfg = 6;
	build_ste(0x10000 + 64 * 5, 5, 0x1a000);
	put_bits(ste, 5, 4, format);
	put_bits(ste, 63, 59, bits);
	put_bits(ste, 65, 64, dss);
	return ste;
}

void setup(void)
{
	memset(memory, 0, sizeof(memory));
	regs = unit();
	unreadable = 0;
}

struct ioasid_smmuv3_translation look(uint32_t stream_id, uint32_t substream)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;

	reads = reads_by_stage2 = 0;
	errmsg_fail();
	ck_assert_int_eq(ioasid_smmuv3_lookup(&regs, stream_id, substream, read_memory, memory, &t),
			 0);
	errmsg_is_unchanged();
	ck_assert_uint_eq(t.substream, substream);
	ck_assert_int_eq(t.kind == IOASID_SMMUV3_BLOCKED, t.reason != IOASID_SMMUV3_OK);
	return t;
}

enum ioasid_smmuv3_reason why(uint32_t stream_id, uint32_t substream)
{
	return look(stream_id, substream).reason;
}
