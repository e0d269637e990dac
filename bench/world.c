/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What measures are taken on: a context with devices, memory, and a guest's page tables. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "world.h"

static struct ioasid_platform *new_platform(void)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform *platform;
	char name[16];
	int i;

	iommu.name = device.iommu = "iommu0";
	iommu.address_bits = 48;
	iommu.hardware_nesting = true;
	check(ioasid_platform_new(&platform), "platform");
	check(ioasid_platform_add_iommu(platform, &iommu), "IOMMU");
	for (i = 0; i < N_DEVICES; i++) {
		snprintf(name, sizeof(name), "device%d", i);
		device.name = name;
		check(ioasid_platform_add_device(platform, &device), "device");
	}
	return platform;
}

static bool new_memory(struct world *w, size_t size)
{
	uintptr_t at;
	void *p;

	p = mmap(NULL, size + GIB, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return false;
	at = ((uintptr_t)p + GIB - 1) & ~(uintptr_t)(GIB - 1);
	if (at > (uintptr_t)p)
		munmap(p, at - (uintptr_t)p);
	if (at < (uintptr_t)p + GIB)
		munmap((void *)(at + size), (uintptr_t)p + GIB - at);
	w->memory = (void *)at;
	w->size = size;
	return true;
}

bool world_open(struct world *w, size_t size)
{
	struct ioasid_ctx_options open = IOASID_CTX_OPTIONS_INIT;
	struct ioasid_platform *platform;
	char name[16];
	int i;

	if (!new_memory(w, size))
		return false;
	platform = new_platform();
	open.backend = "emulated";
	open.platform = platform;
	check(ioasid_ctx_open(&open, &w->ctx), "context");
	ioasid_platform_free(platform);
	for (i = 0; i < N_DEVICES; i++) {
		snprintf(name, sizeof(name), "device%d", i);
		check(ioasid_device_bind(w->ctx, name, (uint64_t)i, &w->devices[i]), "binding");
	}
	check(ioasid_ctx_register_memory(w->ctx, w->memory, size, RW), "registering memory");
	w->root = world_space(w, NULL);
	return true;
}

void world_close(struct world *w)
{
	check(ioasid_ctx_close(w->ctx), "closing the context");
	munmap(w->memory, w->size);
}

struct ioasid_space *world_space(struct world *w, struct ioasid_space *parent)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space;

	nested.parent = parent;
	nested.nesting = parent ? IOASID_NESTING_SOFTWARE : 0;
	nested.fill = parent ? IOASID_FILL_ON_INVALIDATION : 0;
	check(ioasid_space_create(w->ctx, &nested, &space), "space");
	return space;
}

struct ioasid_channel *world_channel(struct world *w, unsigned int device)
{
	struct ioasid_channel *channel;

	check(ioasid_channel_open(w->devices[device], IOASID_NO_PASID, &channel), "channel");
	return channel;
}

uint64_t world_memory_bytes(const struct ioasid_space *space)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT;

	check(ioasid_space_query_info(space, &info), "asking about a space");
	return info.memory_bytes;
}

void world_map_pages(struct world *w, struct ioasid_space *space, uint64_t iova,
		     uint64_t page_size, uint32_t n, const uint32_t *order)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		check(ioasid_space_map(space, iova + i * page_size,
				       w->memory + order[i] * page_size, page_size, RW, NULL),
		      "map");
}

void guest_init(struct guest_table *t, void *memory, uint64_t first, uint64_t end)
{
	*t = (struct guest_table){ .memory = memory, .root = first, .next = first + PAGE,
				   .end = end };
}

uint64_t *guest_entry(struct guest_table *t, uint64_t iova)
{
	uint64_t table = t->root, *entry;
	unsigned int level;

	for (level = 4;; level--) {
		entry = (uint64_t *)(void *)(t->memory + table) +
			(iova >> (12 + 9 * (level - 1)) & 511);
		if (level == 1)
			return entry;
		if (!*entry) {
			if (t->next == t->end)
				need(NULL);
			guest_store(entry, guest_leaf(t->next));
			t->next += PAGE;
		}
		table = guest_load(entry) & ~(PAGE - 1);
	}
}

void guest_bind(struct ioasid_space *space, uint64_t root)
{
	struct ioasid_pgtable table = IOASID_PGTABLE_INIT;

	table.format = IOASID_PGTABLE_VTD_SS;
	table.levels = 4;
	table.root = root;
	check(ioasid_space_bind_pgtable(space, &table), "binding a table");
}
