/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of files by their descriptors. So they do not depend on the process: they go on without
 * it, and others may take them over. Devices' memory, a dma-buf, can be had in no other way.
 */
#include <errno.h>
#include <string.h>

#include "iommufd.h"
#include "source.h"

static int map(const struct ioasid_ctx *ctx, const struct uapi_ioas_map_file *what)
{
	struct uapi_ioas_map_file map = *what;

	map.size = sizeof(map);
	return iofd_ioctl(ctx, UAPI_IOAS_MAP_FILE, &map);
}

/*
 * Linux 6.19 looks at how long a dma-buf is; earlier ones take it for a file, which they look at
 * only when a device is attached. So all of them are asked for what is behind its end, in an IOAS
 * that goes at once.
 */
static enum iofd_answer ask_for_dmabufs(struct ioasid_ctx *ctx, const struct source *file, int fd)
{
	struct uapi_ioas_map_file behind = {
		.flags = UAPI_MAP_FIXED_IOVA | UAPI_MAP_READABLE, .fd = fd, .length = PAGE,
		.start = bits_align_down(file->length + PAGE - 1, PAGE), .iova = PAGE,
	};
	int ret;

	err_put_aside();	/* no answer is no failure of the call */
	ret = iofd_ioas_alloc(ctx, &behind.ioas_id);
	err_take_back();
	if (ret)
		return IOFD_UNASKED;
	ret = map(ctx, &behind);
	iofd_destroy(ctx, behind.ioas_id);
	return ret == -EINVAL ? IOFD_YES : ret ? IOFD_UNASKED : IOFD_NO;
}

bool iofd_maps_file(struct ioasid_ctx *ctx, const struct source *file, int fd)
{
	struct iofd *iofd = ctx->backend;

	if (!iofd_knows(ctx, IOFD_MAP_FILE))
		return false;
	if (file->is_dmabuf && !iofd->dmabufs)
		iofd->dmabufs = ask_for_dmabufs(ctx, file, fd);
	/* without an answer, the map will tell */
	return !file->is_dmabuf || iofd->dmabufs != IOFD_NO;
}

int iofd_map_file(const struct ioasid_space *space, const struct ioasid_mapping *m,
		  const struct source *file)
{
	const struct uapi_ioas_map_file what = {
		.flags = iofd_map_flags(m), .ioas_id = iofd_ioas(space), .fd = file->fd,
		.start = m->target - file->start, .length = imap_length(&m->item),
		.iova = m->item.start,
	};

	return map(space->ctx, &what);
}

int iofd_why_no_dmabuf(const struct ioasid_space *space, const struct ioasid_run *run, int error)
{
	switch (error) {
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "space %u: 0x%llx: the kernel maps dma-bufs of VFIO's "
			       "only, and those of one range", space->id,
			       (unsigned long long)run->iova);
	case ENODEV:
		return err_set(EFAULT, "space %u: 0x%llx: the memory of the dma-buf is switched "
			       "off: its device was reset, or closed", space->id,
			       (unsigned long long)run->iova);
	default:
		return vfio_why_not_mapped(space, run, error);
	}
}
