/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's memory and doorbells: a sealed memfd for each, mapped here and in a root space. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "compare.h"
#include "guest.h"

static int make_region(struct guest_region *r, const struct ioasid_range *range)
{
	*r = (struct guest_region){ .start = range->start, .length = range->length, .fd = -1 };
	r->fd = memfd_create("guest memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (r->fd < 0 || ftruncate(r->fd, (off_t)r->length) ||
	    fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK))
		return fail("guest memory: %s", strerror(errno));
	errno = ENOMEM;
	r->map = r->length > SIZE_MAX ? MAP_FAILED :
		 mmap(NULL, (size_t)r->length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		      r->fd, 0);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return fail("guest memory of %" PRIu64 " bytes: %s", r->length, strerror(errno));
	}
	return 0;
}

static int map_regions(struct guest *g, struct ioasid_ctx *ctx)
{
	int ret = ioasid_space_create(ctx, NULL, &g->space);

	if (ret)
		return fail_call(ret, "a space for the guest's memory");
	for (size_t i = 0; i < g->n_regions; i++) {
		const struct guest_region *r = &g->regions[i];

		ret = ioasid_space_map_file(g->space, r->start, r->fd, 0, r->length,
					    IOASID_READ | IOASID_WRITE, NULL);
		if (ret)
			return fail_call(ret, "guest memory at 0x%" PRIx64, r->start);
	}
	return list_runs(g->space, &g->host, &g->n_host);
}

int guest_init(struct guest *g, const struct capture *c, struct ioasid_ctx *ctx)
{
	int ret = 0;

	memset(g, 0, sizeof(*g));
	g->spoiled_entry = c->kind->spoiled_entry;
	g->regions = xrealloc(NULL, c->n_memory + c->n_doorbells, sizeof(*g->regions));
	for (size_t i = 0; !ret && i < c->n_memory; i++)
		ret = make_region(&g->regions[g->n_regions++], &c->memory[i]);
	for (size_t i = 0; !ret && i < c->n_doorbells; i++)
		ret = make_region(&g->regions[g->n_regions++], &c->doorbells[i]);
	if (!ret)
		ret = map_regions(g, ctx);
	return ret;
}

/* The space goes with its context. */
void guest_fini(struct guest *g)
{
	for (size_t i = 0; i < g->n_regions; i++) {
		if (g->regions[i].map)
			munmap(g->regions[i].map, (size_t)g->regions[i].length);
		if (g->regions[i].fd >= 0)
			close(g->regions[i].fd);
	}
	free(g->regions);
	free(g->host);
	memset(g, 0, sizeof(*g));
}

static unsigned char *find_bytes(const struct guest *g, uint64_t gpa, uint64_t length)
{
	for (size_t i = 0; i < g->n_regions; i++) {
		const struct guest_region *r = &g->regions[i];

		if (gpa >= r->start && gpa - r->start < r->length &&
		    length <= r->length - (gpa - r->start))
			return r->map + (gpa - r->start);
	}
	return NULL;
}

/*
 * A page that is no table any more is soon something else. Whoever still takes it for one has to be
 * found out: as a table of leaves it maps wrong addresses, as any other it is malformed, or refers
 * to itself and so maps them after all.
 */
static void spoil(unsigned char *page, uint64_t entry)
{
	for (size_t i = 0; i < PAGE_BYTES; i += 8)
		put_le64(page + i, entry);
}

void guest_load(struct guest *g, const struct capture_step *s)
{
	for (size_t i = 0; i < s->n_gone; i++)
		spoil(find_bytes(g, s->gone[i], PAGE_BYTES), s->gone[i] | g->spoiled_entry);
	for (size_t i = 0; i < s->n_pages; i++) {
		const unsigned char *record = s->pages + i * PAGE_RECORD_BYTES;

		memcpy(find_bytes(g, get_le64(record), PAGE_BYTES), record + 8, PAGE_BYTES);
	}
}

int guest_read(void *guest, uint64_t gpa, void *buffer, size_t length)
{
	const unsigned char *bytes = find_bytes(guest, gpa, length);

	if (!bytes)
		return -EFAULT;
	memcpy(buffer, bytes, length);
	return 0;
}

uint64_t guest_host_address(const struct guest *g, uint64_t gpa, uint64_t *contiguous)
{
	for (size_t i = 0; i < g->n_host; i++) {
		const struct ioasid_run *r = &g->host[i];

		if (gpa >= r->iova && gpa - r->iova < r->length) {
			*contiguous = r->length - (gpa - r->iova);
			return r->target + (gpa - r->iova);
		}
	}
	return 0;
}
