/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Invalidations of spaces that are nested in hardware. Entries of one layout that follow each other
 * go down as one array, to each page table that the kernel has of the space. The driver stops at
 * the first that it does not take, and says how many it has handled.
 */
#include <errno.h>
#include <string.h>

#include "iommufd.h"

/* Entries of @type, @length bytes each, which stand in the room of the back end. */
struct array {
	uint32_t type, length, n;
};

static int send(const struct iofd_pt *pt, const struct array *array, const void *entries,
		uint32_t *handled)
{
	struct uapi_invalidate inv = {
		.size = sizeof(inv), .hwpt_id = pt->id, .data_uptr = (uintptr_t)entries,
		.data_type = array->type, .entry_len = array->length, .entry_num = array->n,
	};
	int ret = iofd_ioctl(pt->space->ctx, UAPI_HWPT_INVALIDATE, &inv);

	/* A driver that refuses says how many it has done; other errors come before it. */
	*handled = !ret ? array->n : inv.entry_num < array->n ? inv.entry_num : 0;
	return ret;
}

/* To all; *@handled: as many as all have handled. */
static int send_to_all(const struct ioasid_space *space, const struct array *array,
		       const void *entries, uint32_t *handled)
{
	const struct iofd_pt *pt;
	int ret = 0;

	*handled = array->n;
	for (pt = iofd_space(space)->pts; pt; pt = pt->next) {
		struct array now = { array->type, array->length, *handled };
		int error = send(pt, &now, entries, handled);

		ret = error ? error : ret;
		if (error && !*handled)
			break;
	}
	return ret;
}

/* Where the page table is in a vendor's layout, so are its invalidations. */
static bool fits(const struct ioasid_space *space, const struct nest_inv *inv)
{
	return inv->raw || nest_bound(space)->low.id;
}

static int why_not(const struct ioasid_space *space, const struct nest_inv *inv, int error)
{
	if (!fits(space, inv))
		return err_set(EINVAL, "entry %zu: space %u has a page table in a vendor's layout, "
			       "and so are its invalidations", inv->index, space->id);
	if (error == ENOMEM)
		return err_set(ENOMEM, "entry %zu: the kernel has no memory to invalidate space %u",
			       inv->index, space->id);
	return err_set(EINVAL, "entry %zu: refused by the driver of the IOMMU of space %u: %s",
		       inv->index, space->id, strerror(error));
}

static struct array array_of(const struct nest_inv *inv)
{
	if (inv->raw)
		return (struct array){ inv->type, inv->length, 0 };
	return (struct array){ UAPI_INV_VTD_S1, sizeof(struct uapi_vtd_s1_inv), 0 };
}

/*
 * A block of 2^n pages, aligned to its size, as hardware takes them (VT-d 4.1, 6.5.2.4, AM). Linux
 * makes one of any range, but before 6.11 too small a one of a range that is not aligned
 * (qi_flush_piotlb(), calculate_psi_aligned_address()).
 */
static struct uapi_vtd_s1_inv s1_inv(const struct nest_inv *inv)
{
	const uint64_t differ = (inv->start ^ inv->last) | (PAGE - 1);
	const uint64_t mask = UINT64_MAX >> (63 - bits_ilog2(differ));
	const bool all = mask == UINT64_MAX;

	return (struct uapi_vtd_s1_inv){
		.addr = inv->start & ~mask,
		.npages = all ? UINT64_MAX : mask / PAGE + 1,
		.flags = inv->leaf_only ? UAPI_VTD_INV_LEAF : 0,
	};
}

static void put(const struct nest_inv *inv, uint8_t *to)
{
	const struct uapi_vtd_s1_inv s1 = s1_inv(inv);

	if (inv->raw)
		memcpy(to, inv->raw, inv->length);
	else
		memcpy(to, &s1, sizeof(s1));
}

/* Entries of one layout from @first on, as many as there is room for. */
static struct array collect(const struct ioasid_space *space, const struct nest_inv *all,
			    size_t first)
{
	struct iofd *iofd = space->ctx->backend;
	struct array array = array_of(&all[first]);
	size_t i;

	for (i = first; i != NEST_INV_END; i = all[i].next) {
		struct array other = array_of(&all[i]);
		size_t at = (size_t)array.n * array.length;

		if (!fits(space, &all[i]) || other.type != array.type ||
		    other.length != array.length || array.n == UAPI_INV_MAX ||
		    !iofd_room(iofd, at + array.length))
			break;
		put(&all[i], iofd->room + at);
		array.n++;
	}
	return array;
}

int iofd_invalidate(struct ioasid_space *space, const struct nest_inv *all, size_t first,
		    size_t *done)
{
	const struct iofd *iofd = space->ctx->backend;

	while (first != NEST_INV_END) {
		struct array array = collect(space, all, first);
		uint32_t handled = 0;
		int ret = array.n ? send_to_all(space, &array, iofd->room, &handled) : -ENOMEM;

		for (; handled; handled--)
			first = all[first].next;
		if (!ret)
			continue;
		*done = all[first].index;
		return why_not(space, &all[first], -ret);
	}
	return 0;
}

int iofd_probe_raw(struct ioasid_space *space, uint32_t type)
{
	const struct array none = { .type = type };
	const struct iofd_pt *pt = iofd_space(space)->pts;
	uint32_t handled;
	int ret;

	if (!pt)
		return err_set(EINVAL, "space %u: no device is attached whose IOMMU could tell",
			       space->id);
	ret = send(pt, &none, NULL, &handled);
	return ret ? err_set(EOPNOTSUPP, "space %u: its IOMMU's driver takes no invalidations of "
			     "type 0x%x: %s", space->id, type, strerror(-ret)) : 0;
}
