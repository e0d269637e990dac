/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What measures are taken on: a context with devices, memory, and a guest's page tables. */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include <endian.h>
#include <ioasid/ioasid.h>

#include "bench.h"

#define RW (IOASID_READ | IOASID_WRITE)
#define N_DEVICES 2

struct world {
	struct ioasid_ctx *ctx;
	struct ioasid_device *devices[N_DEVICES];
	struct ioasid_space *root;
	char *memory;	/* of the process, registered, pages appear when they are touched */
	size_t size;
};

/*
 * A context with two devices behind an IOMMU of 48 bits, an empty root, and @size bytes of memory
 * that begin at a multiple of 1 GiB. False if there is no such range of addresses.
 */
bool world_open(struct world *w, size_t size);
void world_close(struct world *w);

struct ioasid_space *world_space(struct world *w, struct ioasid_space *parent);
struct ioasid_channel *world_channel(struct world *w, unsigned int device);
uint64_t world_memory_bytes(const struct ioasid_space *space);

/* Maps @n pages of @page_size from @iova on, one by one, each to the page that @order gives it. */
void world_map_pages(struct world *w, struct ioasid_space *space, uint64_t iova,
		     uint64_t page_size, uint32_t n, const uint32_t *order);

/* A VT-d second-stage table of 4 levels, built in guest memory. */
struct guest_table {
	char *memory;	/* where guest address 0 is */
	uint64_t root;	/* guest addresses: of the root table, */
	uint64_t next;	/* of the next free page, */
	uint64_t end;	/* and of the first page that is not for tables */
};

void guest_init(struct guest_table *t, void *memory, uint64_t first, uint64_t end);

/* The level-1 entry of @iova. The tables above it are made if need be. */
uint64_t *guest_entry(struct guest_table *t, uint64_t iova);

/* VT-d 4.1, 9.8: bit 0 is Read, bit 1 is Write. */
static inline uint64_t guest_leaf(uint64_t target)
{
	return target | 3;
}

/* Entries are little-endian, and the library reads them on other threads too. */
static inline void guest_store(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, htole64(value), __ATOMIC_RELAXED);
}

static inline uint64_t guest_load(const uint64_t *entry)
{
	return le64toh(__atomic_load_n(entry, __ATOMIC_RELAXED));
}

void guest_bind(struct ioasid_space *space, uint64_t root);

#endif
