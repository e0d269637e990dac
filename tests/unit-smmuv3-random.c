/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SMMUv3 look-ups in random tables of random units, against the referee. */
#include <endian.h>
#include <inttypes.h>

#include "runner.h"
#include "smmuv3_referee.h"
#include "smmuv3_unit.h"

#define LOOKUPS 60000

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t below(uint64_t *state, uint64_t n)
{
	return next_random(state) % n;
}

static bool once_in(uint64_t *state, uint64_t n)
{
	return below(state, n) == 0;
}

/*
 * Guest memory holds one kind of structure in each 4 GiB, of random content by its address: what is
 * fetched where decides what is seen. Elsewhere there is none.
 */
enum region { STES = 1, L1STDS, CDS, L1CDS, REGIONS };

struct world {
	uint64_t seed;
	struct ioasid_smmuv3_regs regs;
	unsigned accesses;
};

static uint64_t pointer(uint64_t *state, enum region region)
{
	uint64_t address = (uint64_t)region << 32 | next_random(state) >> 34;

	return once_in(state, 40) ? address | next_random(state) >> 8 : address;
}

/* Fields of a well-formed entry, most of the time. */
static void make_ste(uint64_t *state, uint64_t *raw)
{
	/* S2TG, S2T0SZ and S2SL0 that go together */
	static const uint8_t fits[][3] = {
		{ 0, 16, 2 }, { 0, 25, 1 }, { 0, 32, 1 }, { 0, 30, 0 }, { 1, 16, 2 },
		{ 1, 32, 1 }, { 2, 16, 2 }, { 2, 28, 1 }, { 0, 12, 0 }, { 1, 12, 2 },
	};
	const uint8_t *fit = fits[below(state, 10)];

	put_bits(raw, 0, 0, !once_in(state, 30));
	put_bits(raw, 3, 1, once_in(state, 20) ? below(state, 8) : 4 + below(state, 4));
	put_bits(raw, 5, 4, below(state, 4));
	put_bits(raw, 55, 6, pointer(state, once_in(state, 2) ? CDS : L1CDS) >> 6);
	put_bits(raw, 63, 59, once_in(state, 3) ? 0 : below(state, 22));
	put_bits(raw, 65, 64, below(state, 4));
	put_bits(raw, 89, 89, once_in(state, 10));
	put_bits(raw, 91, 91, once_in(state, 10));
	put_bits(raw, 93, 92, once_in(state, 8) ? below(state, 4) : 0);
	put_bits(raw, 95, 94, once_in(state, 8) ? below(state, 4) : once_in(state, 4) * 2);
	put_bits(raw, 143, 128, next_random(state) & (once_in(state, 2) ? 0xff : 0xffff));
	put_bits(raw, 165, 160, once_in(state, 12) ? below(state, 64) : fit[1]);
	put_bits(raw, 167, 166, once_in(state, 12) ? below(state, 4) : fit[2]);
	put_bits(raw, 175, 174, once_in(state, 12) ? below(state, 4) : fit[0]);
	put_bits(raw, 178, 176, once_in(state, 4) ? below(state, 8) : 5);
	put_bits(raw, 179, 179, !once_in(state, 12));
	put_bits(raw, 180, 180, once_in(state, 20));
	put_bits(raw, 184, 181, once_in(state, 12) ? below(state, 16) : 0);
	put_bits(raw, 187, 185, once_in(state, 12) ? below(state, 8) : 0);
	put_bits(raw, 194, 194, once_in(state, 4));
	put_bits(raw, 195, 195, once_in(state, 4));
	put_bits(raw, 243, 196, next_random(state) >> (20 + below(state, 20)));
}

static void make_cd(uint64_t *state, uint64_t *raw)
{
	static const uint8_t sizes[] = { 16, 25, 12, 39, 17, 16, 32, 20 };

	put_bits(raw, 5, 0, once_in(state, 16) ? below(state, 64) : sizes[below(state, 8)]);
	put_bits(raw, 7, 6, below(state, once_in(state, 10) ? 4 : 3));
	put_bits(raw, 14, 14, once_in(state, 4));
	put_bits(raw, 15, 15, once_in(state, 20));
	put_bits(raw, 21, 16, once_in(state, 16) ? below(state, 64) : sizes[below(state, 8)]);
	put_bits(raw, 23, 22, once_in(state, 10) ? below(state, 4) : 1 + below(state, 3));
	put_bits(raw, 30, 30, !once_in(state, 3));
	put_bits(raw, 31, 31, !once_in(state, 30));
	put_bits(raw, 34, 32, once_in(state, 4) ? below(state, 8) : 5);
	put_bits(raw, 35, 35, once_in(state, 4));
	put_bits(raw, 41, 41, !once_in(state, 6));
	put_bits(raw, 43, 42, once_in(state, 8) ? below(state, 4) : 0);
	put_bits(raw, 44, 44, once_in(state, 8));
	put_bits(raw, 46, 46, !once_in(state, 8));
	put_bits(raw, 63, 48, next_random(state) & (once_in(state, 2) ? 0xff : 0xffff));
	put_bits(raw, 67, 65, below(state, 8));
	put_bits(raw, 115, 68, next_random(state) >> (20 + below(state, 20)));
	put_bits(raw, 131, 129, below(state, 8));
	put_bits(raw, 179, 132, next_random(state) >> (20 + below(state, 20)));
	put_bits(raw, 186, 186, once_in(state, 4));
}

static unsigned split(const struct world *w)
{
	unsigned bits = w->regs.strtab_base_cfg >> 6 & 0x1f;

	return bits == 7 ? 6 : bits;
}

/* The doubleword at an address; that of an IPA is another one. */
static bool word_at(const struct world *w, bool stage2, uint64_t address, uint64_t *value)
{
	uint64_t state = w->seed ^ (address / 64 * 2 + stage2) * UINT64_C(0x2545f4914f6cdd1d);
	uint64_t raw[8] = { 0 };
	bool level1 = address >> 32 == L1STDS || address >> 32 == L1CDS;

	if (level1)
		state += address / 8 % 8;
	if (once_in(&state, address >> 32 == CDS ? 12 : 50))
		return false;
	switch (address >> 32) {
	case STES:
		make_ste(&state, raw);
		break;
	case CDS:
		make_cd(&state, raw);
		break;
	case L1STDS:
		raw[0] = pointer(&state, STES) << 6 >> 6;
		put_bits(raw, 4, 0, once_in(&state, 3) ? below(&state, 16) : split(w) + 1);
		break;
	case L1CDS:
		raw[0] = pointer(&state, CDS);
		put_bits(raw, 0, 0, !once_in(&state, 8));
		break;
	default:
		return false;
	}
	*value = raw[level1 ? 0 : address / 8 % 8];
	return true;
}

static int read_library(void *opaque, const struct ioasid_smmuv3_table *stage2, uint64_t address,
			void *buffer, size_t length)
{
	struct world *w = opaque;
	uint64_t value;

	w->accesses++;
	ck_assert(length == 8 || length == 64);
	ck_assert_uint_eq(address % length, 0);
	for (size_t i = 0; i < length; i += 8) {
		if (!word_at(w, stage2, address + i, &value))
			return -1;
		value = htole64(value);
		memcpy((char *)buffer + i, &value, 8);
	}
	return 0;
}

static bool read_referee(void *opaque, bool stage2, uint64_t address, uint64_t *value)
{
	return word_at(opaque, stage2, address, value);
}

/* Any unit: each feature there or not. */
static void make_unit(struct world *w, uint64_t *state)
{
	struct ioasid_smmuv3_regs *r = &w->regs;
	static const uint8_t cfg[] = { 6, 8, 10, 7 };

	*r = unit();
	for (unsigned i = 0; i < 32; i++)
		if (once_in(state, 40))
			r->idr[0] ^= 1u << i;
	r->idr[0] |= TTF_64;
	r->idr[0] &= ~STALL_MODEL(2u); /* 3 is reserved */
	r->idr[0] |= once_in(state, 6) ? STALL_MODEL(2u) & ~(r->idr[0] << 1) : 0;
	r->idr[1] = SIDSIZE(16 + (unsigned)below(state, 17)) | SSIDSIZE((unsigned)below(state, 21));
	if (once_in(state, 20))
		r->idr[1] &= ~SIDSIZE(48u);
	r->idr[3] = (uint32_t)next_random(state) & (HAD | FWB | STT | RIL | E0PD);
	r->idr[5] = OAS(once_in(state, 3) ? (unsigned)below(state, 7) : 5) | GRAN4K;
	r->idr[5] |= VAX((unsigned)below(state, 2));
	r->idr[5] |= (uint32_t)next_random(state) & (GRAN16K | GRAN64K | DS);
	r->cr2 |= (uint32_t)next_random(state) & E2H;
	r->strtab_base_cfg = (uint32_t)below(state, 3) << 16 | (unsigned)cfg[below(state, 4)] << 6 |
			     (uint32_t)(once_in(state, 10) ? below(state, 64) : 24);
	r->strtab_base = pointer(state, (r->strtab_base_cfg >> 16 & 3) == 1 ? L1STDS : STES);
}

static bool same_table(const struct ioasid_smmuv3_table *t, const struct referee_table *ref)
{
	if (!ref->used)
		return !t->format && !t->levels && !t->root && !t->input_bits;
	return t->input_bits == ref->input_bits && t->output_bits == ref->output_bits &&
	       t->granule_bits == ref->granule_bits && 4 - (int)t->levels == ref->start_level &&
	       t->root == ref->root;
}

static bool same(const struct ioasid_smmuv3_translation *t, const struct referee_result *ref)
{
	static const enum ioasid_smmuv3_kind kinds[] = {
		IOASID_SMMUV3_BYPASS,
		IOASID_SMMUV3_STAGE1,
		IOASID_SMMUV3_STAGE2,
		IOASID_SMMUV3_NESTED,
	};

	if (ioasid_smmuv3_reason_get_code(t->reason) != ref->event)
		return false;
	if (ref->event || ref->aborted)
		return t->kind == IOASID_SMMUV3_BLOCKED &&
		       t->silent == (ref->aborted || ref->silent);
	return t->kind == kinds[ref->stage1 + 2 * ref->stage2] &&
	       (t->kind == IOASID_SMMUV3_BYPASS || t->vmid == ref->vmid) && t->asid == ref->asid &&
	       same_table(&t->table[0], &ref->table[0]) &&
	       same_table(&t->table[1], &ref->table[1]) && same_table(&t->stage2, &ref->second);
}

/* How often each end was reached: the test means something only if all were. */
static unsigned ends[0x20 + 6];

static void count(const struct ioasid_smmuv3_translation *t)
{
	if (t->kind == IOASID_SMMUV3_BLOCKED)
		ends[ioasid_smmuv3_reason_get_code(t->reason)]++;
	else
		ends[0x20 + (unsigned)t->kind]++;
}

static void look(uint64_t seed)
{
	struct ioasid_smmuv3_translation t = IOASID_SMMUV3_TRANSLATION_INIT;
	struct world w = { .seed = seed };
	struct referee_unit ref = { 0 };
	struct referee_result expected;
	uint64_t state = seed;
	uint32_t stream_id, substream;

	make_unit(&w, &state);
	memcpy(ref.idr, w.regs.idr, sizeof(ref.idr));
	ref.cr2 = w.regs.cr2;
	ref.strtab_base_cfg = w.regs.strtab_base_cfg;
	ref.strtab_base = w.regs.strtab_base;
	stream_id = (uint32_t)(next_random(&state) >>
			       (once_in(&state, 10) ? 32 : 48 + below(&state, 16)));
	substream = (uint32_t)(next_random(&state) >> (44 + below(&state, 20)));
	if (once_in(&state, 2))
		substream = IOASID_NO_PASID;

	ck_assert_int_eq(ioasid_smmuv3_lookup(&w.regs, stream_id, substream, read_library, &w, &t),
			 0);
	ck_assert_uint_le(w.accesses, 4);
	expected = referee_lookup(&ref, stream_id,
				  substream == IOASID_NO_PASID ? -1 : (int32_t)substream,
				  read_referee, &w);
	ck_assert_msg(same(&t, &expected), "seed %#" PRIx64 ": kind %d, %s; the referee: event %#x",
		      seed, (int)t.kind, ioasid_smmuv3_reason_text(t.reason), expected.event);
	count(&t);
}

START_TEST(lookups_are_what_the_referee_says)
{
	static const unsigned all[] = {
		0, 0x02, 0x03, 0x04, 0x06, 0x08, 0x09, 0x0a, 0x10,
		0x20 + IOASID_SMMUV3_BYPASS, 0x20 + IOASID_SMMUV3_STAGE1,
		0x20 + IOASID_SMMUV3_STAGE2, 0x20 + IOASID_SMMUV3_NESTED,
	};
	uint64_t state = (uint64_t)_i, seed;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		seed = next_random(&state);
		look(seed);
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		ck_assert_msg(ends[all[i]] >= LOOKUPS / 1000, "only %u of %#x", ends[all[i]],
			      all[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smmuv3-random");
	TCase *tcase = tcase_create("smmuv3-random");

	tcase_add_loop_test(tcase, lookups_are_what_the_referee_says, 0, 2);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
