/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A space's table is an IOAS. The page table behind it comes when the first device is attached
 * (hwpt.c), and the kernel looks at the memory of the mappings only then.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "iommufd.h"
#include "source.h"

/* With all that is to hold before anything is mapped or attached. */
static int new_ioas(struct ioasid_space *space, uint32_t *ioas)
{
	int ret = iofd_ioas_alloc(space->ctx, ioas);

	if (ret)
		return ret;
	if (space->small_pages)
		ret = iofd_small_pages(space, *ioas);
	if (!ret && space->n_allowed)
		ret = iofd_ioas_allow(space, *ioas, space->allowed, space->n_allowed);
	if (ret)
		iofd_destroy(space->ctx, *ioas);
	return ret;
}

int iofd_table_create(struct ioasid_space *space)
{
	struct iofd_space *s = mem_calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return err_set(ENOMEM, "space %u: no memory for its table", space->id);
	ret = new_ioas(space, &s->automatic.id);
	if (ret) {
		mem_free(s);
		return ret;
	}
	s->automatic.space = space;
	space->backend = s;
	return 0;
}

void iofd_table_destroy(struct ioasid_space *space, struct reap *reap)
{
	(void)reap;
	iofd_destroy(space->ctx, iofd_ioas(space));
	mem_free(space->backend);
	space->backend = NULL;
}

uint32_t iofd_map_flags(const struct ioasid_mapping *m)
{
	return UAPI_MAP_FIXED_IOVA | (m->flags & IOASID_READ ? UAPI_MAP_READABLE : 0) |
	       (m->flags & IOASID_WRITE ? UAPI_MAP_WRITEABLE : 0);
}

static int map_address(const struct ioasid_space *space, const struct ioasid_mapping *m)
{
	struct uapi_ioas_map map = {
		.size = sizeof(map), .flags = iofd_map_flags(m), .ioas_id = iofd_ioas(space),
		.user_va = m->target, .length = imap_length(&m->item), .iova = m->item.start,
	};

	return iofd_ioctl(space->ctx, UAPI_IOAS_MAP, &map);
}

int iofd_map(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	const struct source *source = source_of(space->ctx, m);
	const struct ioasid_run run = {
		.iova = m->item.start, .length = imap_length(&m->item), .target = m->target,
		.perm = m->flags & (IOASID_READ | IOASID_WRITE),
	};
	int ret = iofd_check_mapping(space, m);

	(void)reap;
	if (ret)
		return ret;
	ret = source && source->fd >= 0 ? iofd_map_file(space, m, source) : map_address(space, m);
	if (!ret)
		return 0;
	return source && source->is_dmabuf ? iofd_why_no_dmabuf(space, &run, -ret) :
					     vfio_why_not_mapped(space, &run, -ret);
}

void iofd_unmap(struct ioasid_space *space, const struct ioasid_mapping *m, struct reap *reap)
{
	struct uapi_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = iofd_ioas(space),
		.iova = m->item.start,
		.length = imap_length(&m->item),
	};
	int ret = iofd_ioctl(space->ctx, UAPI_IOAS_UNMAP, &unmap);

	(void)reap;
	if (ret)
		ctx_log(space->ctx, LOG_ERR,
			"space %u: mapping 0x%llx-0x%llx is still in the kernel: %s", space->id,
			(unsigned long long)m->item.start, (unsigned long long)m->item.last,
			strerror(-ret));
}

int iofd_space_id(const struct ioasid_space *space, uint32_t *id)
{
	/* one that is nested in hardware has page tables, but no IOAS */
	if (!space->backend || space->nest == &iofd_nest)
		return -ENOENT;
	*id = iofd_ioas(space);
	return 0;
}
