/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program says of the unit that it emulates is checked by all that takes it. A mistake there
 * is the program's, and no reason for its guest.
 */
#include "runner.h"

#include <ioasid/amd.h>
#include <ioasid/ioasid.h>
#include <ioasid/riscv.h>
#include <ioasid/smmuv3.h>
#include <ioasid/virtio.h>
#include <ioasid/vtd.h>

#include <errno.h>
#include <string.h>

#define UNTOUCHED 77u

/* Each value of an array. */
#define ck_each(values, expected)                                                                  \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < sizeof(values) / sizeof((values)[0]); i_++)               \
			ck_assert_int_eq((int)(values)[i_], expected);                             \
	} while (0)

/* Entries that are not present, and a command that is none. */
static const uint64_t raw[8];

static int read_nothing(void)
{
	ck_abort_msg("memory was read");
}

static int read_vtd(void *opaque, uint64_t gpa, void *buffer, size_t length)
{
	(void)opaque, (void)gpa, (void)buffer, (void)length;
	return read_nothing();
}

static int read_amd(void *opaque, const struct ioasid_amd_dte *host, uint64_t address, void *buffer,
		    size_t length)
{
	(void)opaque, (void)host, (void)address, (void)buffer, (void)length;
	return read_nothing();
}

static int read_smmuv3(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
		       void *buffer, size_t length)
{
	(void)opaque, (void)stage2, (void)address, (void)buffer, (void)length;
	return read_nothing();
}

static int read_riscv(void *opaque, const struct ioasid_riscv_dc *second, uint64_t address,
		      void *buffer, size_t length)
{
	(void)opaque, (void)second, (void)address, (void)buffer, (void)length;
	return read_nothing();
}

static void vtd_is_refused(const struct ioasid_vtd_caps *caps)
{
	struct ioasid_vtd_context context = IOASID_VTD_CONTEXT_INIT;
	struct ioasid_vtd_pasid pasid = IOASID_VTD_PASID_INIT;
	struct ioasid_vtd_inv inv = IOASID_VTD_INV_INIT;
	struct ioasid_vtd_translation t = IOASID_VTD_TRANSLATION_INIT;
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;
	uint64_t address = UNTOUCHED;
	bool off = true;
	enum ioasid_vtd_reason why[5];
	int ret[7];

	memset(why, 0xff, sizeof(why));
	ret[0] = ioasid_vtd_root_decode(caps, raw, false, 0, &address, &why[0]);
	ret[1] = ioasid_vtd_context_decode(caps, raw, false, &context, &why[1]);
	ret[2] = ioasid_vtd_pasid_dir_decode(caps, 0, &address, &off, &why[2]);
	ret[3] = ioasid_vtd_pasid_decode(caps, raw, &pasid, &why[3]);
	ret[4] = ioasid_vtd_inv_decode(caps, 0, raw, 16, &inv, &why[4]);
	ret[5] = ioasid_vtd_lookup(caps, 0, 0, IOASID_NO_PASID, read_vtd, NULL, &t);
	ret[6] = ioasid_vtd_translation_get_pgtable(&t, caps, IOASID_PGTABLE_VTD_FS, &table);
	ck_each(ret, -EINVAL);
	ck_each(why, IOASID_VTD_OK);
	ck_assert(address == UNTOUCHED && off);
}

START_TEST(vtd)
{
	static const uint32_t widths[] = { 0, 31, 53, 64, UINT32_MAX };
	struct ioasid_vtd_caps caps;

	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		ioasid_vtd_caps_init(&caps, UINT64_MAX, UINT64_MAX);
		caps.haw = widths[i];
		vtd_is_refused(&caps);
	}
	ioasid_vtd_caps_init(&caps, UINT64_MAX, UINT64_MAX);
	caps.reserved = 1;
	vtd_is_refused(&caps);
}
END_TEST

static void amd_is_refused(const struct ioasid_amd_regs *regs)
{
	struct ioasid_amd_dte dte = IOASID_AMD_DTE_INIT;
	struct ioasid_amd_cmd cmd = IOASID_AMD_CMD_INIT;
	struct ioasid_amd_translation t = IOASID_AMD_TRANSLATION_INIT;
	enum ioasid_amd_reason why[2];
	int ret[3];

	memset(why, 0xff, sizeof(why));
	ret[0] = ioasid_amd_dte_decode(regs, raw, &dte, &why[0]);
	ret[1] = ioasid_amd_cmd_decode(regs, raw, &cmd, &why[1]);
	ret[2] = ioasid_amd_lookup(regs, 0, IOASID_NO_PASID, read_amd, NULL, &t);
	ck_each(ret, -EINVAL);
	ck_each(why, IOASID_AMD_OK);
}

static void smmuv3_is_refused(const struct ioasid_smmuv3_regs *regs)
{
	struct ioasid_smmuv3_ste ste = IOASID_SMMUV3_STE_INIT;
	struct ioasid_smmuv3_cd cd = IOASID_SMMUV3_CD_INIT;
	struct ioasid_smmuv3_cmd cmd = IOASID_SMMUV3_CMD_INIT;
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	enum ioasid_smmuv3_reason why[3];
	int ret[5];

	memset(why, 0xff, sizeof(why));
	ret[0] = ioasid_smmuv3_ste_decode(regs, raw, &ste, &why[0]);
	ret[1] = ioasid_smmuv3_cd_decode(regs, &ste, raw, &cd, &why[1]);
	ret[2] = ioasid_smmuv3_cmd_decode(regs, raw, &cmd, &why[2]);
	ret[3] = ioasid_smmuv3_lookup(regs, 0, IOASID_NO_PASID, read_smmuv3, NULL, &t);
	ret[4] = ioasid_smmuv3_lookup_cd(regs, &ste, IOASID_NO_PASID, read_smmuv3, NULL, &t);
	ck_each(ret, -EINVAL);
	ck_each(why, IOASID_SMMUV3_OK);
}

static void riscv_is_refused(const struct ioasid_riscv_regs *regs)
{
	struct ioasid_riscv_dc dc = IOASID_RISCV_DC_INIT;
	struct ioasid_riscv_pc pc = IOASID_RISCV_PC_INIT;
	struct ioasid_riscv_cmd cmd = IOASID_RISCV_CMD_INIT;
	struct ioasid_riscv_translation t = IOASID_RISCV_TRANSLATION_INIT;
	struct ioasid_pasid_table table = IOASID_PASID_TABLE_INIT;
	enum ioasid_riscv_reason why[4];
	int ret[7];

	dc.pdt_levels = 1;
	memset(why, 0xff, sizeof(why));
	ret[0] = ioasid_riscv_pc_decode(regs, &dc, raw, &pc, &why[0]);
	ret[1] = ioasid_riscv_dc_decode(regs, raw, &dc, &why[1]);
	ret[2] = ioasid_riscv_cmd_decode(regs, raw, &cmd, &why[2]);
	ret[3] = ioasid_riscv_lookup_dc(regs, 0, read_riscv, NULL, &dc, &why[3]);
	ret[4] = ioasid_riscv_lookup(regs, 0, IOASID_NO_PASID, read_riscv, NULL, &t);
	ret[5] = ioasid_riscv_lookup_pc(regs, &dc, IOASID_NO_PASID, read_riscv, NULL, &t);
	ret[6] = ioasid_riscv_dc_get_pasid_table(regs, &dc, &table);
	ck_each(ret, -EINVAL);
	ck_each(why, IOASID_RISCV_OK);
}

/* Flags: one that is known, and all others. Reserved: each of its words. */
#define WORDS(regs) (sizeof((regs).reserved) / sizeof((regs).reserved[0]))
#define START_UNIT_TEST(unit, known)                                                               \
	START_TEST(unit)                                                                           \
	{                                                                                          \
		struct ioasid_##unit##_regs regs = { .flags = ~(known) };                          \
                                                                                                   \
		unit##_is_refused(&regs);                                                          \
		for (size_t i = 0; i < WORDS(regs); i++) {                                         \
			memset(&regs, 0, sizeof(regs));                                            \
			regs.flags = known;                                                        \
			regs.reserved[i] = 0x80000000;                                             \
			unit##_is_refused(&regs);                                                  \
		}                                                                                  \
	}                                                                                          \
	END_TEST

START_UNIT_TEST(amd, IOASID_AMD_IOTLB)
START_UNIT_TEST(smmuv3, IOASID_SMMUV3_NO_GLOBAL)
START_UNIT_TEST(riscv, IOASID_RISCV_GXL_WRITABLE)

START_TEST(virtio)
{
	const uint8_t detach[20] = { IOASID_VIRTIO_DETACH };
	struct ioasid_virtio_request r = IOASID_VIRTIO_REQUEST_INIT;
	struct ioasid_virtio_config config = { .page_size_mask = 0x1000, .reserved = 1 };
	enum ioasid_virtio_status status = IOASID_VIRTIO_OK;

	ck_assert_int_eq(ioasid_virtio_request_decode(&config, detach, 20, &r, &status), -EINVAL);
	ck_assert_int_eq(status, IOASID_VIRTIO_DEVERR);
	config = (struct ioasid_virtio_config){ .page_size_mask = 0 };
	status = IOASID_VIRTIO_OK;
	ck_assert_int_eq(ioasid_virtio_request_decode(&config, detach, 20, &r, &status), -EINVAL);
	ck_assert_int_eq(status, IOASID_VIRTIO_DEVERR);
	config.page_size_mask = 0x1000;
	ck_assert_int_eq(ioasid_virtio_request_decode(&config, detach, 20, &r, &status), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guest-door");
	TCase *tcase = tcase_create("guest-door");

	tcase_add_test(tcase, vtd);
	tcase_add_test(tcase, amd);
	tcase_add_test(tcase, smmuv3);
	tcase_add_test(tcase, riscv);
	tcase_add_test(tcase, virtio);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
