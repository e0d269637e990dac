/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random calls on mappings. */
#include "twins.h"

uint64_t twins_some_iova(const struct twins *t, uint64_t draw)
{
	const uint64_t width = UINT64_C(1) << t->bits;

	switch (draw % 40) {
	case 0:
		return (draw >> 8) % WINDOW * PAGE + 0x800; /* not aligned */
	case 1:
		return width - (draw >> 8) % 32 * PAGE;
	case 2: /* of MSIs */
		return 0xfee00000 + ((draw >> 8) % 300 - 20) * PAGE;
	case 3:
		return UINT64_MAX - (draw >> 8) % 2 * 4095;
	case 4:
		return draw << 12;
	default:
		return (draw >> 8) % WINDOW * PAGE;
	}
}

uint64_t twins_some_length(const struct twins *t, uint64_t draw)
{
	switch (draw % 48) {
	case 0:
		return 0;
	case 1:
		return 100;
	case 2:
		return UINT64_C(1) << t->bits;
	case 3:
		return UINT64_MAX - (draw >> 8) % 2;
	default:
		return (1 + (draw >> 8) % 24) * PAGE;
	}
}

/* Mostly all of it; now and then nothing, or what does not exist. */
static uint32_t some_flags(uint64_t draw)
{
	static const uint32_t flags[] = {
		RW, RW, RW, RW, RW, RW, IOASID_READ, IOASID_READ, IOASID_WRITE,
		RW | IOASID_ANY_IOVA, RW | IOASID_ANY_IOVA, IOASID_READ | IOASID_ANY_IOVA,
	};

	if (draw % 64 == 0)
		return draw & 64 ? 0 : RW | 0x4000;
	return flags[draw % 12];
}

/* Where a map is to go: chosen by the library, if flags say so. */
static uint64_t place(const struct twins *t, uint64_t draw, uint32_t flags)
{
	if (flags & IOASID_ANY_IOVA && draw % 32)
		return 0;
	return twins_some_iova(t, draw);
}

/* A call's handles: of the same place, or untouched. */
static void check_handles(struct twins *t, bool made, struct ioasid_mapping *const m[SIDES])
{
	if (!made) {
		if (m[KERNEL] || m[EMULATED])
			twins_differ(t, "a failed call has touched the handle");
		return;
	}
	if (ioasid_mapping_get_iova(m[KERNEL]) != ioasid_mapping_get_iova(m[EMULATED]))
		twins_differ(t, "the library has chosen %#jx, %#jx emulated",
			     (uintmax_t)ioasid_mapping_get_iova(m[KERNEL]),
			     (uintmax_t)ioasid_mapping_get_iova(m[EMULATED]));
}

/*
 * Of @pages at @start, behind which lies one that is not accessible, from page @at on. No range
 * goes on behind that one: twins_rules.c, memory_is_looked_at_at_its_ends.
 */
static uint8_t *in_region(uint8_t *start, uint64_t pages, uint64_t at, uint64_t *length)
{
	const uint64_t most = (pages + 1 - at) * PAGE;

	if (*length > most && *length < most + 64 * PAGE)
		*length = most;
	return start + at * PAGE;
}

static uint8_t *some_memory(struct twins *t, uint64_t draw, uint64_t *length)
{
	switch (draw % 48) {
	case 0:
		return in_region(t->read_only, ODD_PAGES, (draw >> 8) % ODD_PAGES, length);
	case 1:
		return in_region(t->hole, ODD_PAGES, (draw >> 8) % ODD_PAGES, length);
	case 2:
		return in_region(t->memory, MEMORY_PAGES - 1, (draw >> 8) % 400, length) + 8;
	case 3:
		return (uint8_t *)UINTPTR_MAX - 4095;
	}
	return in_region(t->memory, MEMORY_PAGES,
			 TABLE_PAGES + (draw >> 8) % (MEMORY_PAGES - TABLE_PAGES), length);
}

void twins_map(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ROOT_SPACE), kernel;
	struct ioasid_mapping *m[SIDES] = { NULL, NULL };
	uint64_t length = twins_some_length(t, draw[1]), iova;
	uint32_t flags = some_flags(draw[3]);
	uint8_t *at = some_memory(t, draw[2], &length);

	if (s < 0)
		return;
	iova = place(t, draw[4], flags);
	twins_say(t, "space_map: %d, %#jx, memory %td, %#jx, flags %#x", s, (uintmax_t)iova,
		  at - t->memory, (uintmax_t)length, flags);
	kernel = ioasid_space_map(t->space[s].at[KERNEL], iova, at, length, flags, &m[KERNEL]);
	check_handles(t, twins_agree(t, kernel, ioasid_space_map(t->space[s].at[EMULATED], iova, at,
								 length, flags, &m[EMULATED])), m);
}

void twins_map_file(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ROOT_SPACE), kernel, fd;
	struct ioasid_mapping *m[SIDES] = { NULL, NULL };
	uint64_t offset = draw[1] % (ODD_PAGES + 1) * PAGE, length = (1 + draw[2] % 8) * PAGE, iova;
	uint32_t flags = some_flags(draw[3]);

	if (s < 0)
		return;
	fd = draw[5] % 4 ? t->file[0] : draw[5] & 64 ? -1 : t->file[(draw[5] >> 8) % TWIN_FILES];
	if (draw[2] % 64 == 0)
		offset += 100;
	iova = place(t, draw[4], flags);
	twins_say(t, "space_map_file: %d, %#jx, file %d, %#jx, %#jx, flags %#x", s, (uintmax_t)iova,
		  fd, (uintmax_t)offset, (uintmax_t)length, flags);
	kernel = ioasid_space_map_file(t->space[s].at[KERNEL], iova, fd, offset, length, flags,
				       &m[KERNEL]);
	check_handles(t,
		      twins_agree(t, kernel,
				  ioasid_space_map_file(t->space[s].at[EMULATED], iova, fd, offset,
							length, flags, &m[EMULATED])),
		      m);
}

void twins_map_parent(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], CHILD_SPACE), kernel;
	struct ioasid_mapping *m[SIDES] = { NULL, NULL };
	uint64_t length = twins_some_length(t, draw[1]), iova, from = twins_some_iova(t, draw[2]);
	uint32_t flags = some_flags(draw[3]);

	/* What that costs goes with its pages. */
	if (s < 0 || (length > 1024 * PAGE && length < UINT64_MAX - 1))
		return;
	iova = place(t, draw[4], flags);
	twins_say(t, "space_map_parent: %d, %#jx, %#jx, %#jx, flags %#x", s, (uintmax_t)iova,
		  (uintmax_t)from, (uintmax_t)length, flags);
	kernel = ioasid_space_map_parent(t->space[s].at[KERNEL], iova, from, length, flags,
					 &m[KERNEL]);
	check_handles(t, twins_agree(t, kernel,
				     ioasid_space_map_parent(t->space[s].at[EMULATED], iova, from,
							     length, flags, &m[EMULATED])), m);
}

void twins_map_copy(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ROOT_SPACE), kernel;
	int source = twins_some_space(t, draw[5], ROOT_SPACE);
	struct ioasid_mapping *m[SIDES] = { NULL, NULL };
	uint64_t length = draw[1] % 8 ? (1 + draw[1] % 5) * PAGE : twins_some_length(t, draw[1]);
	uint64_t iova, from = twins_some_iova(t, draw[2]);
	uint32_t flags = some_flags(draw[3]);
	const struct ioasid_mapping *there;

	if (s < 0 || source < 0)
		return;
	/* Mostly of what is there. */
	there = ioasid_space_find_mapping(t->space[source].at[EMULATED], from, WINDOW * PAGE);
	if (there && draw[6] % 8)
		from = ioasid_mapping_get_iova(there);
	iova = place(t, draw[4], flags);
	twins_say(t, "space_map_copy: %d, %#jx, of %d, %#jx, %#jx, flags %#x", s, (uintmax_t)iova,
		  source, (uintmax_t)from, (uintmax_t)length, flags);
	kernel = ioasid_space_map_copy(t->space[s].at[KERNEL], iova, t->space[source].at[KERNEL],
				       from, length, flags, &m[KERNEL]);
	check_handles(t, twins_agree(t, kernel,
				     ioasid_space_map_copy(t->space[s].at[EMULATED], iova,
							   t->space[source].at[EMULATED], from,
							   length, flags, &m[EMULATED])), m);
}

/* What tables lie in goes one time in eight: without it little else happens. */
static bool spared(uint64_t iova, uint64_t length, uint64_t draw)
{
	return draw % 8 && iova < TABLES_AT + TABLE_PAGES * PAGE &&
	       (length > TABLES_AT || iova + length > TABLES_AT);
}

void twins_unmap(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;
	uint64_t iova = twins_some_iova(t, draw[1]), length = 2 * twins_some_length(t, draw[2]);
	uint64_t sum[SIDES] = { 77, 77 };

	if (s < 0 || spared(iova, length, draw[3]))
		return;
	twins_say(t, "space_unmap: %d, %#jx, %#jx", s, (uintmax_t)iova, (uintmax_t)length);
	kernel = ioasid_space_unmap(t->space[s].at[KERNEL], iova, length, &sum[KERNEL]);
	twins_agree(t, kernel, ioasid_space_unmap(t->space[s].at[EMULATED], iova, length,
						  &sum[EMULATED]));
	if (sum[KERNEL] != sum[EMULATED])
		twins_differ(t, "%#jx bytes, %#jx emulated", (uintmax_t)sum[KERNEL],
			     (uintmax_t)sum[EMULATED]);
}

void twins_unmap_one(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;
	uint64_t at = twins_some_iova(t, draw[1]);
	struct ioasid_mapping *m[SIDES];

	if (s < 0)
		return;
	m[KERNEL] = ioasid_space_find_mapping(t->space[s].at[KERNEL], at, WINDOW * PAGE);
	m[EMULATED] = ioasid_space_find_mapping(t->space[s].at[EMULATED], at, WINDOW * PAGE);
	twins_say(t, "mapping_unmap: %d, the first from %#jx on", s, (uintmax_t)at);
	if (!m[KERNEL] != !m[EMULATED]) {
		twins_differ(t, "only one of them has it");
		return;
	}
	if (!m[KERNEL] || spared(ioasid_mapping_get_iova(m[EMULATED]),
				 ioasid_mapping_get_length(m[EMULATED]), draw[3]))
		return;
	kernel = ioasid_mapping_unmap(m[KERNEL]);
	twins_agree(t, kernel, ioasid_mapping_unmap(m[EMULATED]));
}

void twins_unmap_all(struct twins *t, const uint64_t *draw)
{
	int s = twins_some_space(t, draw[0], ANY_SPACE), kernel;
	uint64_t sum[SIDES] = { 0, 0 };

	/* Seldom: it takes a while until there is something again. */
	if (s < 0 || draw[1] % 8)
		return;
	twins_say(t, "space_unmap_all: %d", s);
	kernel = ioasid_space_unmap_all(t->space[s].at[KERNEL], &sum[KERNEL]);
	twins_agree(t, kernel, ioasid_space_unmap_all(t->space[s].at[EMULATED], &sum[EMULATED]));
	if (sum[KERNEL] != sum[EMULATED])
		twins_differ(t, "%#jx bytes, %#jx emulated", (uintmax_t)sum[KERNEL],
			     (uintmax_t)sum[EMULATED]);
}
