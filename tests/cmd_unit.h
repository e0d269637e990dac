/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests of a unit's commands, 16 bytes each: cmd() decodes one that is right, and refused()
 * says why another is not, of which nothing is written. The first two arguments stand in the
 * library's names, @field is a number that commands have, and @opcode_ is the opcode of one.
 */
#ifndef TESTS_CMD_UNIT_H
#define TESTS_CMD_UNIT_H

#include <errno.h>

#include "batch_stub.h"
#include "runner.h"

#define CMD_UNIT(unit_, UNIT, field, opcode_)                                                      \
	static struct ioasid_##unit_##_regs regs;                                                  \
                                                                                                   \
	static void setup(void)                                                                    \
	{                                                                                          \
		regs = unit();                                                                     \
		memset(&added, 0, sizeof(added));                                                  \
	}                                                                                          \
                                                                                                   \
	static struct ioasid_##unit_##_cmd cmd(uint64_t low, uint64_t high)                        \
	{                                                                                          \
		const uint64_t raw[2] = { low, high };                                             \
		struct ioasid_##unit_##_cmd c = IOASID_##UNIT##_CMD_INIT;                          \
		enum ioasid_##unit_##_reason why;                                                  \
                                                                                                   \
		ck_assert_int_eq(ioasid_##unit_##_cmd_decode(&regs, raw, &c, &why), 0);            \
		ck_assert_int_eq(why, IOASID_##UNIT##_OK);                                         \
		ck_assert_uint_eq(c.opcode, opcode_);                                              \
		return c;                                                                          \
	}                                                                                          \
                                                                                                   \
	static enum ioasid_##unit_##_reason refused(uint64_t low, uint64_t high)                   \
	{                                                                                          \
		const uint64_t raw[2] = { low, high };                                             \
		struct ioasid_##unit_##_cmd c = IOASID_##UNIT##_CMD_INIT;                          \
		enum ioasid_##unit_##_reason why;                                                  \
                                                                                                   \
		c.field = 0x5555;                                                                  \
		ck_assert_int_eq(ioasid_##unit_##_cmd_decode(&regs, raw, &c, &why), -EINVAL);      \
		ck_assert_int_eq(ioasid_##unit_##_cmd_decode(&regs, raw, &c, NULL), -EINVAL);      \
		ck_assert_uint_eq(c.field, 0x5555);                                                \
		return why;                                                                        \
	}

#endif
