/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "riscv_walker.h"

static uint64_t field(uint64_t pte, unsigned high, unsigned low)
{
	uint64_t value = 0;

	for (unsigned bit = high + 1; bit-- > low;)
		value = value * 2 + (pte >> bit) % 2;
	return value;
}

#define V(pte) field(pte, 0, 0)
#define R(pte) field(pte, 1, 1)
#define W(pte) field(pte, 2, 2)
#define X(pte) field(pte, 3, 3)
#define U(pte) field(pte, 4, 4)
#define A(pte) field(pte, 6, 6)
#define D(pte) field(pte, 7, 7)
#define PPN(pte) field(pte, 53, 10)
#define PBMT(pte) field(pte, 62, 61)
#define N(pte) field(pte, 63, 63)

static bool is_reserved_pointer(uint64_t pte)
{
	/* "For non-leaf PTEs, the D, A, and U bits are reserved", and so are N and PBMT */
	return D(pte) || A(pte) || U(pte) || N(pte) || PBMT(pte) || field(pte, 60, 54);
}

static bool is_reserved_leaf(const struct riscvw_table *t, int level, uint64_t pte)
{
	uint64_t pages = 1;

	/* "Until Svpbmt is implemented, bits 62-61 [...] remain reserved"; with it 3 is */
	if (field(pte, 60, 54) || (t->pbmt ? PBMT(pte) == 3 : PBMT(pte)))
		return true;
	for (int i = 0; i < level; i++)
		pages *= 512;
	if (PPN(pte) % pages) /* a misaligned superpage */
		return true;
	/* "Page table entry encodings when pte.N=1": only ppn[0] = xxxx1000 at level 0 */
	return N(pte) && (level > 0 || PPN(pte) % 16 != 8);
}

static void permissions(const struct riscvw_table *t, uint64_t pte, struct riscvw_judgement *j)
{
	/* "for G-stage address translation, all memory accesses are considered to be user-level" */
	bool mine = t->supervisor && !t->second ? !U(pte) || t->sum : U(pte);

	j->read = mine && R(pte);
	j->write = mine && W(pte) && (D(pte) || t->adue || t->ignore);
}

struct riscvw_judgement riscvw_judge(const struct riscvw_table *t, int level, unsigned index,
				     uint64_t pte)
{
	struct riscvw_judgement j = { .kind = RISCVW_INVALID };
	bool leaf = R(pte) || X(pte);
	uint64_t page = PPN(pte);

	if (!V(pte))
		return j;
	if (t->rsw) /* "bits 60-59 [...] are ignored by the implementation" */
		pte &= ~((uint64_t)3 << 59);
	j.kind = leaf ? RISCVW_LEAF : RISCVW_POINTER;
	if ((W(pte) && !R(pte)) ||
	    (leaf ? is_reserved_leaf(t, level, pte) : is_reserved_pointer(pte)) ||
	    (!leaf && level == 0) || (page * 4096) >> t->pa_bits) {
		j.kind = RISCVW_RESERVED;
		return j;
	}
	if (!leaf) {
		j.address = page * 4096;
		j.read = j.write = true;
		return j;
	}
	if (N(pte)) /* ppn[0] of pages of 64K is replaced by what the address has there */
		page = page / 16 * 16 + index % 16;
	j.address = page * 4096;
	permissions(t, pte, &j);
	if (!A(pte) && !t->adue && !t->ignore)
		j.kind = RISCVW_NOT_ACCESSED;
	return j;
}

/* "the PTE is updated to set the A bit (and, if the access is a store, the D bit)" */
uint64_t riscvw_used(const struct riscvw_table *t, bool leaf, bool write, uint64_t pte)
{
	const uint64_t a = (uint64_t)1 << 6, d = (uint64_t)1 << 7;

	if (!t->adue || !leaf)
		return pte;
	return pte | a | (write ? d : 0);
}

unsigned riscvw_index(const struct riscvw_table *t, int level, uint64_t va)
{
	uint64_t vpn = va >> 12;

	for (int i = 0; i < level; i++)
		vpn /= 512;
	/* "the root page table [...] is 16 KiB", and VPN[levels - 1] has 11 bits */
	return (unsigned)(vpn % (t->second && level == t->levels - 1 ? 2048 : 512));
}

bool riscvw_is_input(const struct riscvw_table *t, uint64_t va)
{
	/* all the bits above repeat the highest that is translated */
	uint64_t high = va >> (11 + 9 * t->levels);

	/* "address bits 63:41 must all be zeros", 63:50, 63:59 */
	if (t->second)
		return va >> (14 + 9 * t->levels) == 0;

	return high == 0 || high == UINT64_MAX >> (11 + 9 * t->levels);
}
