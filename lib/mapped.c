/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a space has mapped: its records, and what is in its strips. */
#include <errno.h>

#include "mapped.h"
#include "objects.h"

static struct ioasid_mapping *lower(struct mapping_iter *iter)
{
	const struct strip_iter *pages = &iter->pages;

	iter->is_page = pages->strip && (!iter->record || pages->at < iter->record->start);
	if (iter->is_page) {
		strip_read(pages->strip, pages->at, &iter->page);
		return &iter->page;
	}
	return iter->record ? bits_container_of(iter->record, struct ioasid_mapping, item) : NULL;
}

struct ioasid_mapping *mapping_iter_first(struct mapping_iter *iter,
					  const struct ioasid_space *space, uint64_t start,
					  uint64_t last)
{
	iter->record = imap_iter_first(&iter->records, &space->maps, start, last);
	strip_iter_first(&iter->pages, space, start, last);
	return lower(iter);
}

struct ioasid_mapping *mapping_iter_next(struct mapping_iter *iter)
{
	if (iter->is_page)
		strip_iter_next(&iter->pages);
	else if (iter->record)
		iter->record = imap_iter_next(&iter->records);
	return lower(iter);
}

struct ioasid_mapping *mapping_first(const struct ioasid_space *space, uint64_t start,
				     uint64_t last, struct ioasid_mapping *copy)
{
	struct strip *strip = strip_at(&space->strips, start);
	struct ioasid_mapping *m;
	struct mapping_iter iter;

	/* What is at @start itself is the lowest. */
	if (strip && strip_has(strip, start)) {
		strip_read(strip, start, copy);
		return copy;
	}
	m = mapping_iter_first(&iter, space, start, last);
	if (!m || !iter.is_page)
		return m;
	*copy = *m;
	return copy;
}

struct ioasid_mapping *mapping_at(const struct ioasid_space *space, uint64_t iova,
				  struct ioasid_mapping *copy)
{
	const struct strip *strip = strip_at(&space->strips, iova);
	struct imap_item *item;

	if (strip && strip_has(strip, iova)) {
		strip_read(strip, iova, copy);
		return copy;
	}
	item = imap_find(&space->maps, iova);
	return item ? bits_container_of(item, struct ioasid_mapping, item) : NULL;
}

uint32_t *mapping_runs(const struct ioasid_space *root, struct ioasid_mapping *m)
{
	return m->flags & MAPPING_PACKED ?
	       strip_list(strip_at(&root->strips, m->item.start), m->item.start) : &m->runs;
}

uint32_t *mapping_make_runs(struct ioasid_space *root, uint64_t iova)
{
	struct strip *strip = strip_at(&root->strips, iova);
	struct imap_item *item;

	if (strip && strip_has(strip, iova))
		return strip_make_list(&root->strips, strip, iova);
	item = imap_find(&root->maps, iova);
	return &bits_container_of(item, struct ioasid_mapping, item)->runs;
}

int mapping_gap(struct ioasid_space *space, uint64_t lo, uint64_t hi, uint64_t length,
		uint64_t align, uint64_t offset, uint64_t *iova)
{
	uint64_t at;
	int ret;

	/* Each side moves the place up until both are content. */
	while (!(ret = imap_gap(&space->maps, lo, hi, length, align, offset, &at))) {
		lo = at;
		if (space->strips.count && !strips_gap(space, &lo, hi, length, align))
			return -ENOSPC;
		if (lo == at)
			break;
	}
	if (!ret)
		*iova = at;
	return ret;
}

struct ioasid_mapping *mapping_of_handle(const struct ioasid_mapping *handle,
					 struct ioasid_mapping *copy)
{
	const struct strip *strip;
	uint64_t iova;

	strip = strip_of_handle(handle, &iova);
	if (!strip)
		return (struct ioasid_mapping *)(uintptr_t)handle;
	strip_read(strip, iova, copy);
	return copy;
}

IOASID_EXPORT struct ioasid_mapping *ioasid_space_find_mapping(const struct ioasid_space *space,
							       uint64_t iova, uint64_t length)
{
	struct ioasid_mapping *m = NULL, copy;
	uint64_t last;

	ctx_lock(space->ctx);
	if (bits_range_last(iova, length, &last))
		m = mapping_first(space, iova, last, &copy);
	if (m && m->flags & MAPPING_PACKED)
		m = strip_handle(strip_seek(&space->strips, m->item.start), m->item.start);
	else if (m && !(m->flags & MAPPING_HANDLE))	/* who has one reads without the lock */
		m->flags |= MAPPING_HANDLE;
	ctx_unlock(space->ctx);
	return m;
}

IOASID_EXPORT uint64_t ioasid_mapping_get_iova(const struct ioasid_mapping *handle)
{
	struct ioasid_mapping copy;

	return mapping_of_handle(handle, &copy)->item.start;
}

IOASID_EXPORT uint64_t ioasid_mapping_get_length(const struct ioasid_mapping *handle)
{
	struct ioasid_mapping copy;

	return imap_length(&mapping_of_handle(handle, &copy)->item);
}

IOASID_EXPORT uint32_t ioasid_mapping_get_perm(const struct ioasid_mapping *handle)
{
	struct ioasid_mapping copy;

	return mapping_of_handle(handle, &copy)->flags & (IOASID_READ | IOASID_WRITE);
}

IOASID_EXPORT struct ioasid_space *ioasid_mapping_get_space(const struct ioasid_mapping *handle)
{
	const struct strip *strip;
	uint64_t iova;

	strip = strip_of_handle(handle, &iova);
	return strip ? strip->space : mapping_space(handle);
}
