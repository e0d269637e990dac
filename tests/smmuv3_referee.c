/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The referee of SMMUv3 look-ups: see smmuv3_referee.h. */
#include "smmuv3_referee.h"

enum { LPAE, VMSA64 };

struct referee {
	const struct referee_unit *unit;
	referee_read read;
	void *opaque;
	uint64_t ste[8], cd[8];
};

static uint64_t field(const uint64_t *raw, unsigned high, unsigned low)
{
	uint64_t value = 0;

	for (unsigned bit = low; bit <= high; bit++)
		if (raw[bit / 64] >> bit % 64 & 1)
			value |= UINT64_C(1) << (bit - low);
	return value;
}

static unsigned idr(const struct referee *r, unsigned n, unsigned high, unsigned low)
{
	uint64_t raw = r->unit->idr[n];

	return (unsigned)field(&raw, high, low);
}

static unsigned physical_size(uint64_t encoded)
{
	switch (encoded) {
	case 0:
		return 32;
	case 1:
		return 36;
	case 2:
		return 40;
	case 3:
		return 42;
	case 4:
		return 44;
	case 5:
		return 48;
	default:
		return 52;
	}
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned oas(const struct referee *r)
{
	return physical_size(idr(r, 5, 2, 0));
}

/* 3.4: IAS = MAX(TTF[0] ? 40 : 0, TTF[1] ? OAS : 0) */
static unsigned ias(const struct referee *r)
{
	unsigned size = 0;

	if (idr(r, 0, 2, 2))
		size = 40;
	if (idr(r, 0, 3, 3) && oas(r) > size)
		size = oas(r);
	return size;
}

static bool fits(uint64_t address, unsigned bits)
{
	return address < UINT64_C(1) << bits;
}

/* Is the address a multiple of 2^bits? If not, what is below does not count. */
static uint64_t aligned(uint64_t address, unsigned bits)
{
	return bits > 63 ? 0 : address - address % (UINT64_C(1) << bits);
}

/* GranuleSupported(), with the encoding of TG0; 0 if it is not. */
static unsigned granule(const struct referee *r, uint64_t tg0)
{
	if (tg0 == 0)
		return idr(r, 5, 4, 4) ? 12 : 0;
	if (tg0 == 1)
		return idr(r, 5, 6, 6) ? 16 : 0;
	if (tg0 == 2)
		return idr(r, 5, 5, 5) ? 14 : 0;
	return 0;
}

static bool wide(const struct referee *r, unsigned granule_bits, bool ds)
{
	return granule_bits == 16 || (idr(r, 5, 7, 7) && ds);
}

static unsigned txsz_max(const struct referee *r, unsigned granule_bits)
{
	if (!idr(r, 3, 9, 9))
		return 39;
	return granule_bits == 16 ? 47 : 48;
}

/* A table of up to @granule_bits - 3 bits of index, and 52-bit ones of 64 bytes at least. */
static uint64_t table_address(const struct referee_table *t, uint64_t address)
{
	unsigned stride = t->granule_bits - 3, left = t->input_bits - t->granule_bits, bits;

	for (int level = 3; level > t->start_level; level--)
		left = left > stride ? left - stride : 0;
	bits = left + 3;
	if (t->output_bits == 52 && bits < 6)
		bits = 6;
	return aligned(address, bits);
}

/* AArch64.S2StartLevel() and AArch64.S2InvalidSL() of DDI 0487; false: invalid. */
static bool start_level(const struct referee *r, struct referee_table *t, bool ds)
{
	unsigned sl0 = (unsigned)field(r->ste, 167, 166), sl2 = (unsigned)field(r->ste, 194, 194);

	if (t->granule_bits == 12 && ds && sl2) {
		t->start_level = -1;
		return sl0 == 0 && oas(r) >= 52;
	}
	if (t->granule_bits == 12 && sl0 == 3) {
		t->start_level = 3;
		return idr(r, 3, 9, 9);
	}
	t->start_level = (t->granule_bits == 12 ? 2 : 3) - (int)sl0;
	if (t->granule_bits == 16 && sl0 == 3)
		return false;
	if (t->granule_bits == 14 && sl0 == 3)
		return ds;
	return sl0 != 2 || oas(r) >= (t->granule_bits == 14 ? 42u : 44u);
}

/* AArch64.S2InconsistentSL() */
static bool inconsistent(const struct referee_table *t)
{
	int levels = 3 - t->start_level, stride = (int)t->granule_bits - 3;
	int least = levels * stride + (int)t->granule_bits + 1;
	int most = least + (stride - 1) + 4;

	return (int)t->input_bits < least || (int)t->input_bits > most;
}

static bool stage2_illegal_64(const struct referee *r, struct referee_table *t)
{
	unsigned t0sz = (unsigned)field(r->ste, 165, 160), least;
	bool ds = idr(r, 5, 7, 7) && field(r->ste, 195, 195);

	t->granule_bits = granule(r, field(r->ste, 175, 174));
	if (!t->granule_bits)
		return true;
	ds = ds && t->granule_bits != 16;
	t->output_bits = min(physical_size(field(r->ste, 178, 176)), oas(r));
	t->input_bits = 64 - t0sz;
	least = wide(r, t->granule_bits, ds) ? 12 : 16;
	if (64 - ias(r) > least)
		least = 64 - ias(r);
	if (t0sz < least || t0sz > txsz_max(r, t->granule_bits))
		return true;
	if (!start_level(r, t, ds) || inconsistent(t))
		return true;
	if (!wide(r, t->granule_bits, ds) && !fits(field(r->ste, 243, 196) << 4, 48))
		return true;
	return !fits(field(r->ste, 243, 196) << 4, t->output_bits);
}

static bool stage2_illegal_32(const struct referee *r, struct referee_table *t)
{
	int t0sz = (int)field(r->ste, 163, 160), sl0 = (int)field(r->ste, 167, 166);

	if (t0sz > 7)
		t0sz -= 16;
	t->granule_bits = 12;
	t->input_bits = (unsigned)(32 - t0sz);
	t->output_bits = 40;
	t->start_level = 2 - sl0;
	if (sl0 > 1 || inconsistent(t))
		return true;
	return !fits(field(r->ste, 243, 196) << 4, 40);
}

static bool stage2_illegal(const struct referee *r, struct referee_result *result)
{
	unsigned format = (unsigned)field(r->ste, 179, 179), httu = idr(r, 0, 7, 6);
	bool ha = field(r->ste, 184, 184), hd = field(r->ste, 183, 183);
	unsigned model = idr(r, 0, 25, 24), endian = idr(r, 0, 22, 21);
	struct referee_table *t = &result->second;

	t->used = true;
	if (format == LPAE && idr(r, 3, 8, 8) && field(r->ste, 89, 89))
		return true;
	if (field(r->ste, 185, 185) ? model == 1 : model == 2)
		return true;
	if (!idr(r, 0, 2 + format, 2 + format))
		return true;
	if ((ha || hd) && (format == LPAE || httu == 0))
		return true;
	if ((hd && httu == 1) || (field(r->ste, 187, 187) && !ha && httu == 3))
		return true;
	if (field(r->ste, 180, 180) ? endian == 2 : endian == 3)
		return true;
	if (format == LPAE ? stage2_illegal_32(r, t) : stage2_illegal_64(r, t))
		return true;
	t->root = table_address(t, field(r->ste, 243, 196) << 4);
	return false;
}

static bool stage1_illegal(const struct referee *r, bool stage2)
{
	unsigned ssidsize = idr(r, 1, 10, 6), cdmax = (unsigned)field(r->ste, 63, 59);
	unsigned format = (unsigned)field(r->ste, 5, 4);

	if (field(r->ste, 91, 91) && idr(r, 0, 25, 24) != 0)
		return true;
	if (ssidsize && cdmax > ssidsize)
		return true;
	if (ssidsize && cdmax && !idr(r, 0, 19, 19) && (format == 1 || format == 2))
		return true;
	return !fits(field(r->ste, 55, 6) << 6, stage2 ? ias(r) : oas(r));
}

static bool strw_unused(const struct referee *r, unsigned config)
{
	return !idr(r, 0, 1, 1) || !idr(r, 0, 9, 9) || config != 5;
}

static bool is_el2(const struct referee *r)
{
	unsigned config = (unsigned)field(r->ste, 3, 1);

	return !strw_unused(r, config) && field(r->ste, 95, 94) == 2;
}

static bool ats_illegal(const struct referee *r, unsigned config)
{
	unsigned eats = (unsigned)field(r->ste, 93, 92);
	bool s2s = field(r->ste, 185, 185);

	if (!idr(r, 0, 10, 10) || config == 4)
		return false;
	if (eats == 2)
		return config != 7 || s2s || idr(r, 0, 11, 11);
	return eats == 1 && s2s && config >= 6;
}

/* SteIllegal() */
static bool ste_illegal(const struct referee *r, struct referee_result *result)
{
	unsigned config = (unsigned)field(r->ste, 3, 1);
	bool stage1 = config & 1, stage2 = config & 2;

	if (!field(r->ste, 0, 0))
		return true;
	if (config < 4)
		return false;
	if ((stage1 && !idr(r, 0, 1, 1)) || (stage2 && !idr(r, 0, 0, 0)))
		return true;
	if (ats_illegal(r, config))
		return true;
	if (!strw_unused(r, config) && field(r->ste, 94, 94))
		return true;
	if (stage1 && stage1_illegal(r, stage2))
		return true;
	if (stage2 && stage2_illegal(r, result))
		return true;
	/* IgnoreSTES2VMID() */
	if (!idr(r, 0, 0, 0) || config == 4 || is_el2(r))
		return false;
	if (!idr(r, 0, 18, 18) && field(r->ste, 143, 136))
		return true;
	result->vmid = (uint16_t)field(r->ste, 143, 128);
	return false;
}

static bool cd_table_illegal(const struct referee *r, unsigned i, struct referee_table *t)
{
	static const unsigned tg1[] = { 3, 2, 0, 1 }; /* as TG0 has them */
	uint64_t root = field(r->cd, i ? 179 : 115, i ? 132 : 68) << 4;
	unsigned txsz = (unsigned)field(r->cd, i ? 21 : 5, i ? 16 : 0), least = 16;
	bool ds = idr(r, 5, 7, 7) && field(r->cd, 186, 186);
	unsigned stride;

	t->used = true;
	if (field(r->cd, 41, 41) == LPAE) {
		t->granule_bits = 12;
		t->input_bits = 32 - txsz % 8;
		t->output_bits = 40;
		t->start_level = t->input_bits > 30 ? 1 : 2;
		t->root = table_address(t, root);
		return !fits(root, 40);
	}
	t->granule_bits = granule(r, i ? tg1[field(r->cd, 23, 22)] : field(r->cd, 7, 6));
	if (!t->granule_bits)
		return true;
	ds = ds && t->granule_bits != 16;
	t->output_bits = min(physical_size(field(r->cd, 34, 32)), oas(r));
	t->input_bits = 64 - txsz;
	if (idr(r, 5, 11, 10) && wide(r, t->granule_bits, ds))
		least = 12;
	if (txsz < least || txsz > txsz_max(r, t->granule_bits))
		return true;
	if (!fits(root, t->output_bits))
		return true;
	if (!wide(r, t->granule_bits, ds) && !fits(root, 48))
		return true;
	stride = t->granule_bits - 3;
	t->start_level = 4;
	for (unsigned bits = t->granule_bits; bits < t->input_bits; bits += stride)
		t->start_level--;
	t->root = table_address(t, root);
	return false;
}

/* CdIllegal() */
static bool cd_illegal(const struct referee *r, struct referee_result *result)
{
	bool el2 = is_el2(r) && !(r->unit->cr2 & 1), e2h = is_el2(r) && r->unit->cr2 & 1;
	bool disabled[2] = { !el2 && field(r->cd, 14, 14), el2 || field(r->cd, 30, 30) };
	unsigned model = idr(r, 0, 25, 24), endian = idr(r, 0, 22, 21), httu = idr(r, 0, 7, 6);
	bool s = field(r->cd, 44, 44), ha = field(r->cd, 43, 43), hd = field(r->cd, 42, 42);
	unsigned format = (unsigned)field(r->cd, 41, 41);

	if (!field(r->cd, 31, 31) || (field(r->ste, 91, 91) && s))
		return true;
	if (idr(r, 0, 26, 26) && !field(r->cd, 46, 46))
		return true;
	if ((model == 1 && s) || (model == 2 && !s))
		return true;
	if ((!disabled[0] || !disabled[1]) && (field(r->cd, 15, 15) ? endian == 2 : endian == 3))
		return true;
	if (!idr(r, 0, 2 + format, 2 + format) || (format == LPAE && e2h))
		return true;
	if (format == VMSA64 && result->stage2 && !field(r->ste, 179, 179))
		return true;
	if (format == VMSA64 && (((ha || hd) && httu == 0) || (hd && httu == 1) ||
				 (httu == 3 && field(r->cd, 67, 67) && !ha)))
		return true;
	if (!el2 && !idr(r, 0, 12, 12) && field(r->cd, 63, 56))
		return true;
	for (unsigned i = 0; i < 2; i++)
		if (!disabled[i] && cd_table_illegal(r, i, &result->table[i]))
			return true;
	result->asid = el2 ? 0 : (uint16_t)field(r->cd, 63, 48);
	return false;
}

static bool read_words(const struct referee *r, bool stage2, uint64_t address, uint64_t *raw,
		       unsigned n)
{
	if (!stage2 && !fits(address, oas(r)))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!r->read(r->opaque, stage2, address + 8 * i, &raw[i]))
			return false;
	return true;
}

/* 3.3.1; the event, or 0. */
static unsigned find_ste(struct referee *r, uint32_t stream_id)
{
	uint64_t cfg = r->unit->strtab_base_cfg, address = field(&r->unit->strtab_base, 55, 6) << 6;
	unsigned log2size = (unsigned)field(&cfg, 5, 0), split = (unsigned)field(&cfg, 10, 6);
	uint64_t l1std, low;
	unsigned span;

	if (stream_id >= UINT64_C(1) << min(log2size, idr(r, 1, 5, 0)))
		return 0x02;
	if (!idr(r, 0, 27, 27) || field(&cfg, 17, 16) != 1) {
		address = aligned(address, log2size + 6) + UINT64_C(64) * stream_id;
		return read_words(r, false, address, r->ste, 8) ? 0 : 0x03;
	}
	if (split != 8 && split != 10)
		split = 6;
	/* ADDR[MAX(5, (LOG2SIZE - SPLIT - 1 + 3)):0] = 0 */
	if (log2size >= split && log2size - split + 2 > 5)
		address = aligned(address, log2size - split + 3);
	low = stream_id % (UINT64_C(1) << split);
	if (!read_words(r, false, address + 8 * ((stream_id - low) >> split), &l1std, 1))
		return 0x03;
	span = (unsigned)field(&l1std, 4, 0);
	if (span == 0 || span >= 12 || span > split + 1 || low >= UINT64_C(1) << (span - 1))
		return 0x02;
	address = aligned(field(&l1std, 55, 6) << 6, 6 + span - 1);
	return read_words(r, false, address + 64 * low, r->ste, 8) ? 0 : 0x03;
}

/* 5.3 and the formats of 5.2 S1Fmt; the event, or 0. */
static unsigned read_cd(struct referee *r, bool stage2, unsigned cdmax, uint32_t index)
{
	unsigned format = cdmax ? (unsigned)field(r->ste, 5, 4) : 0, no_cd = stage2 ? 0x10 : 0x09;
	uint64_t table = field(r->ste, 55, 6) << 6, l1cd, per_table;

	if (format == 0 || format == 3) {
		table = aligned(table, cdmax + 6) + UINT64_C(64) * index;
		return read_words(r, stage2, table, r->cd, 8) ? 0 : no_cd;
	}
	per_table = format == 1 ? 64 : 1024;
	if (format == 1 && cdmax > 9)
		table = aligned(table, cdmax - 3);
	if (format == 2 && cdmax > 13)
		table = aligned(table, cdmax - 7);
	if (!read_words(r, stage2, table + 8 * (index / per_table), &l1cd, 1))
		return no_cd;
	table = aligned(field(&l1cd, 55, 12) << 12, format == 1 ? 12 : 16);
	if (!field(&l1cd, 0, 0) || !fits(table, stage2 ? ias(r) : oas(r)))
		return 0x08;
	return read_words(r, stage2, table + 64 * (index % per_table), r->cd, 8) ? 0 : no_cd;
}

/* 3.3.2; the event, or 0. */
static unsigned use_substream(struct referee *r, int32_t substream, struct referee_result *result)
{
	unsigned cdmax = idr(r, 1, 10, 6) ? (unsigned)field(r->ste, 63, 59) : 0, event;
	unsigned dss = (unsigned)field(r->ste, 65, 64);

	if (!result->stage1)
		return substream >= 0 ? 0x08 : 0;
	if (substream >= 0 && (cdmax == 0 || (uint32_t)substream >= 1u << cdmax))
		return 0x08;
	if (cdmax && substream < 0 && dss == 1) {
		result->stage1 = false;
		return 0;
	}
	if (cdmax && ((substream < 0 && dss != 2) || (substream == 0 && dss == 2)))
		return 0x06;
	event = read_cd(r, result->stage2, cdmax, substream < 0 ? 0 : (uint32_t)substream);
	if (event)
		return event;
	return cd_illegal(r, result) ? 0x0a : 0;
}

struct referee_result referee_lookup(const struct referee_unit *unit, uint32_t stream_id,
				     int32_t substream, referee_read read, void *opaque)
{
	struct referee r = { .unit = unit, .read = read, .opaque = opaque };
	struct referee_result result = { 0 };
	unsigned config;

	result.event = find_ste(&r, stream_id);
	if (result.event)
		return result;
	if (ste_illegal(&r, &result)) {
		result.event = 0x04;
		return result;
	}
	config = (unsigned)field(r.ste, 3, 1);
	result.aborted = config < 4;
	if (result.aborted)
		return result;
	result.stage1 = config & 1;
	result.stage2 = config & 2;
	result.event = use_substream(&r, substream, &result);
	/* a fault of stage 2 is recorded by S2R */
	/* R counts without S only (5.5) */
	result.silent = result.event == 0x10 && !field(r.ste, 186, 185);
	return result;
}
