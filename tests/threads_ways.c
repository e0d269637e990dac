/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "threads_ways.h"

#include <endian.h>
#include <poll.h>
#include <stdio.h>

#include "pasid_guest.h"
#include "viommu_world.h"

#define TABLES	    (4 * MIB)
#define TABLE_BYTES (192 * 1024u)
#define HOLE	    (256 * MIB)	/* beyond the guest's memory, in the root */
#define OWN_PASID   5u
#define NH_VA	    0x12u	/* CMD_TLBI_NH_VA (Arm IHI 0070, 4.4.1) */

static struct ioasid_space *new_space(struct way *w, struct ioasid_space *parent,
				      struct ioasid_fault_queue *faults)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = parent;
	options.nesting = parent ? IOASID_NESTING_SOFTWARE : 0;
	options.fault_queue = faults;
	ck_ok(ioasid_space_create(w->stage->ctx, &options, &space));
	return space;
}

static void map_next(struct way *w, struct ioasid_space *space)
{
	ck_ok(ioasid_space_map(space, WAY_AT + PAGE, w->stage->memory, PAGE, IOASID_READ, NULL));
}

static void map_page(struct way *w, uint64_t page, uint8_t *memory)
{
	(void)page;
	ck_ok(ioasid_space_map(w->space, WAY_AT, memory, PAGE, RW, NULL));
}

static void unmap_page(struct way *w)
{
	struct ioasid_mapping *m;

	if (w->turn % 2) {
		ck_ok(ioasid_space_unmap(w->space, WAY_AT, PAGE, NULL));
		return;
	}
	m = ioasid_space_find_mapping(w->space, WAY_AT, PAGE);
	ck_ok(ioasid_mapping_unmap(m));
}

static void open_root(struct way *w)
{
	w->space = new_space(w, NULL, NULL);
	map_next(w, w->space);
	ck_ok(ioasid_device_attach(w->device, w->space));
}

/* A child that leads to a hole of the root: what is there comes and goes. */
static void open_hole(struct way *w)
{
	w->space = new_space(w, w->stage->root, NULL);
	ck_ok(ioasid_space_map_parent(w->space, WAY_AT, HOLE, PAGE, RW, NULL));
	ck_ok(ioasid_device_attach(w->device, w->space));
}

static void fill_hole(struct way *w, uint64_t page, uint8_t *memory)
{
	(void)page;
	ck_ok(ioasid_space_map(w->stage->root, HOLE, memory, PAGE, RW, NULL));
}

static void empty_hole(struct way *w)
{
	ck_ok(ioasid_space_unmap(w->stage->root, HOLE, PAGE, NULL));
}

static void open_child(struct way *w)
{
	w->space = new_space(w, w->stage->root, NULL);
	ck_ok(ioasid_space_map_parent(w->space, WAY_AT + PAGE, 0, PAGE, IOASID_READ, NULL));
	ck_ok(ioasid_device_attach(w->device, w->space));
}

static void map_child(struct way *w, uint64_t page, uint8_t *memory)
{
	(void)memory;
	ck_ok(ioasid_space_map_parent(w->space, WAY_AT, page, PAGE, RW, NULL));
}

static void new_tables(struct way *w, enum ioasid_pgtable_format format)
{
	uint64_t first = TABLES + w->number * TABLE_BYTES;

	gt_init(&w->table, format, 4, w->stage->memory, 0, first, first + TABLE_BYTES);
	gt_map(&w->table, WAY_AT + PAGE, 0, PAGE, 1, IOASID_READ);
}

static void open_table(struct way *w, int way, enum ioasid_pgtable_format format)
{
	w->space = hw_any_space(w->stage->ctx, w->stage->root, way);
	new_tables(w, format);
	ck_ok(bind_table(w->space, format, 4, w->table.root));
	ck_ok(ioasid_device_attach(w->device, w->space));
}

static void open_shadow(struct way *w)
{
	open_table(w, 0, IOASID_PGTABLE_VTD_SS);
}

static void open_demand(struct way *w)
{
	open_table(w, 1, IOASID_PGTABLE_AMD_V1);
}

static void open_iotlb(struct way *w)
{
	open_table(w, HW_WAYS - 1, IOASID_PGTABLE_ARM_S1);
}

static void set_entry_only(struct way *w, uint64_t page, uint8_t *memory)
{
	(void)memory;
	gt_map(&w->table, WAY_AT, page, PAGE, 1, RW);
}

/* One after another, all that can be said of a page. */
static void invalidate(struct way *w)
{
	ioasid_inv_reset(w->inv);
	switch (w->turn % 5) {
	case 0:
		ck_ok(ioasid_inv_add_range(w->inv, w->space, WAY_AT, PAGE, IOASID_INV_LEAF_ONLY));
		break;
	case 1:
		ck_ok(ioasid_inv_add_mask(w->inv, w->space, WAY_AT, 3, 0));
		break;
	case 2:
		ck_ok(ioasid_inv_add_pasid(w->inv, w->device, IOASID_NO_PASID, 0));
		break;
	case 3:
		ck_ok(ioasid_inv_add_device(w->inv, w->device, 0));
		break;
	default:
		ck_ok(ioasid_inv_add_all(w->inv, w->space, 0));
	}
	ck_ok(ioasid_inv_submit(w->inv, NULL));
}

static void give_entry(struct way *w, uint64_t page, uint8_t *memory)
{
	set_entry_only(w, page, memory);
	invalidate(w);
}

static void take_entry(struct way *w)
{
	gt_unmap(&w->table, WAY_AT, PAGE, 1);
	invalidate(w);
}

static void open_viommu(struct way *w)
{
	struct ioasid_vdevice *vdevice;

	w->viommu = viommu_new(w->stage->root, w->device, IOASID_VIOMMU_SMMUV3);
	ck_ok(ioasid_vdevice_create(w->viommu, w->device, VSID, &vdevice));
	ck_ok(viommu_space(w->stage->ctx, w->viommu, IOASID_NESTING_HARDWARE, &w->space));
	new_tables(w, IOASID_PGTABLE_ARM_S1);
	ck_ok(bind_table(w->space, IOASID_PGTABLE_ARM_S1, 4, w->table.root));
	ck_ok(ioasid_device_attach(w->device, w->space));
}

static void take_by_command(struct way *w)
{
	const uint64_t command[2] = { htole64(NH_VA), htole64(WAY_AT) };

	gt_unmap(&w->table, WAY_AT, PAGE, 1);
	ck_ok(ioasid_viommu_invalidate(w->viommu, command, sizeof(command), 1, NULL));
}

/* Two roots, of which one has the page: the device moves. */
static void open_two(struct way *w)
{
	w->space = new_space(w, NULL, NULL);
	w->other = new_space(w, NULL, NULL);
	map_next(w, w->other);
	ck_ok(ioasid_device_attach(w->device, w->other));
}

static void move_in(struct way *w, uint64_t page, uint8_t *memory)
{
	map_page(w, page, memory);
	ck_ok(ioasid_device_replace(w->device, w->space));
}

static void move_out(struct way *w)
{
	ck_ok(ioasid_device_replace(w->device, w->other));
	ck_ok(ioasid_space_unmap_all(w->space, NULL));
}

static void open_detached(struct way *w)
{
	w->space = new_space(w, NULL, NULL);
}

static void give_attached(struct way *w, uint64_t page, uint8_t *memory)
{
	map_page(w, page, memory);
	ck_ok(w->pasid == IOASID_NO_PASID ?
		      ioasid_device_attach(w->device, w->space) :
		      ioasid_device_attach_pasid(w->device, w->pasid, w->space));
}

static void take_attached(struct way *w)
{
	ck_ok(w->pasid == IOASID_NO_PASID ? ioasid_device_detach(w->device) :
					    ioasid_device_detach_pasid(w->device, w->pasid));
	ck_ok(ioasid_space_unmap_all(w->space, NULL));
}

static void open_pasid(struct way *w)
{
	w->pasid = OWN_PASID;
	open_detached(w);
}

static void open_unbound(struct way *w)
{
	open_demand(w);
	ck_ok(ioasid_space_unbind_pgtable(w->space));
}

static void give_bound(struct way *w, uint64_t page, uint8_t *memory)
{
	set_entry_only(w, page, memory);
	ck_ok(bind_table(w->space, w->table.format, 4, w->table.root));
}

static void take_bound(struct way *w)
{
	ck_ok(ioasid_space_unbind_pgtable(w->space));
}

/* The guest's PASID table is in the first pages, which no way gives. */
static struct pasid_guest pasid_guest(struct way *w)
{
	return (struct pasid_guest){ .memory = w->stage->memory, .next = w->table.next };
}

static void open_pasid_table(struct way *w)
{
	const struct ioasid_pasid_table t = vtd_table();
	struct pasid_guest g;

	w->pasid = OWN_PASID;
	new_tables(w, IOASID_PGTABLE_VTD_FS);
	g = pasid_guest(w);
	set_entry(&g, w->pasid, 0, 0);
	w->table.next = g.next;
	w->space = new_space(w, w->stage->root, NULL);
	ck_ok(ioasid_space_bind_pasid_table(w->space, &t));
	ck_ok(ioasid_device_attach(w->device, w->space));
}

static void inv_own_pasid(struct way *w)
{
	ioasid_inv_reset(w->inv);
	ck_ok(ioasid_inv_add_pasid(w->inv, w->device, w->pasid, 0));
	ck_ok(ioasid_inv_submit(w->inv, NULL));
}

static void give_pasid_entry(struct way *w, uint64_t page, uint8_t *memory)
{
	struct pasid_guest g = pasid_guest(w);

	set_entry_only(w, page, memory);
	set_entry(&g, w->pasid, ENTRY_FS, w->table.root);
	inv_own_pasid(w);
}

static void take_pasid_entry(struct way *w)
{
	struct pasid_guest g = pasid_guest(w);

	set_entry(&g, w->pasid, 0, 0);
	inv_own_pasid(w);
}

/* Responds to requests for the page: it is mapped if the device is to have it. */
static void *respond_on(void *data)
{
	struct way *w = data;
	struct ioasid_page_response response = { 0 };
	struct pollfd poll_fd = { .fd = ioasid_fault_queue_get_fd(w->faults), .events = POLLIN };
	struct ioasid_page_request request;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		poll(&poll_fd, 1, 10);
		if (ioasid_fault_queue_read(w->faults, &request, 1) != 1)
			continue;
		pthread_mutex_lock(&w->lock);
		if (w->wanted && !w->mapped) {
			ck_ok(ioasid_space_map(w->space, WAY_AT, w->wanted, PAGE, RW, NULL));
			w->mapped = true;
		}
		response.id = request.id;
		response.code = w->wanted ? IOASID_PAGE_RESPONSE_SUCCESS :
					    IOASID_PAGE_RESPONSE_INVALID;
		pthread_mutex_unlock(&w->lock);
		/* it may be gone by now */
		(void)ioasid_fault_queue_respond(w->faults, &response, 1);
	}
	return NULL;
}

static void open_requests(struct way *w)
{
	struct ioasid_fault_queue_options options = IOASID_FAULT_QUEUE_OPTIONS_INIT;

	options.depth = 16;
	options.timeout_ms = 200;
	ck_ok(ioasid_fault_queue_create(w->stage->ctx, &options, &w->faults));
	w->space = new_space(w, NULL, w->faults);
	map_next(w, w->space);
	ck_ok(ioasid_device_attach(w->device, w->space));
	pthread_mutex_init(&w->lock, NULL);
	ck_assert_int_eq(pthread_create(&w->responder, NULL, respond_on, w), 0);
}

static void give_requested(struct way *w, uint64_t page, uint8_t *memory)
{
	(void)page;
	pthread_mutex_lock(&w->lock);
	w->wanted = memory;
	pthread_mutex_unlock(&w->lock);
}

static void take_requested(struct way *w)
{
	pthread_mutex_lock(&w->lock);
	w->wanted = NULL;
	if (w->mapped)
		unmap_page(w);
	w->mapped = false;
	pthread_mutex_unlock(&w->lock);
}

static void close_requests(struct way *w)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(w->responder, NULL);
	pthread_mutex_destroy(&w->lock);
}

const struct way_kind way_kinds[WAYS] = {
	{ "a mapping of a root", open_root, map_page, unmap_page, NULL },
	{ "a mapping of the parent", open_hole, fill_hole, empty_hole, NULL },
	{ "a mapping of a child", open_child, map_child, unmap_page, NULL },
	{ "an entry, filled on invalidation", open_shadow, give_entry, take_entry, NULL },
	{ "an entry, filled on demand", open_demand, set_entry_only, take_entry, NULL },
	{ "an entry behind an IOTLB", open_iotlb, set_entry_only, take_entry, NULL },
	{ "a command to a vIOMMU", open_viommu, set_entry_only, take_by_command, NULL },
	{ "a replace", open_two, move_in, move_out, NULL },
	{ "a detach", open_detached, give_attached, take_attached, NULL },
	{ "a detach of a PASID", open_pasid, give_attached, take_attached, NULL },
	{ "an unbind", open_unbound, give_bound, take_bound, NULL },
	{ "an entry of a PASID table", open_pasid_table, give_pasid_entry, take_pasid_entry, NULL },
	{ "a page request", open_requests, give_requested, take_requested, close_requests },
};

/* A device for each way, behind one IOMMU; and a spare one. */
void stage_open(struct stage *s, uint64_t size)
{
	static const char head[] = "iommu hw address-bits=57 pasid-bits=16 "
				   "nesting=software,hardware iotlb=16 structure-cache=8\n";
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	char text[2048];
	size_t n = sizeof(head) - 1;
	unsigned int i;

	memcpy(text, head, sizeof(head));
	for (i = 0; i <= WAYS; i++)
		n += (size_t)snprintf(
			text + n, sizeof(text) - n,
			"device way%u iommu=hw pasid-bits=16 page-requests=16 %s\n", i,
			i < WAYS && way_kinds[i].open == open_pasid_table ? "pasid-table=user" :
									    "device-tlb=4");
	s->ctx = open_platform(text);
	ck_ok(ioasid_event_queue_create(s->ctx, 0, &s->events));
	s->size = size;
	s->memory = memory_new(size);
	options.flags = IOASID_SPACE_DIRTY_TRACKING;
	ck_ok(ioasid_space_create(s->ctx, &options, &s->root));
	ck_ok(ioasid_space_map(s->root, 0, s->memory, size, RW, NULL));
}

void stage_close(struct stage *s)
{
	ck_ok(ioasid_ctx_close(s->ctx));
	memory_free(s->memory, s->size);
}

void way_open(struct way *w, struct stage *s, unsigned int number)
{
	char name[16];

	*w = (struct way){ .kind = &way_kinds[number], .stage = s, .number = number,
			   .pasid = IOASID_NO_PASID };
	snprintf(name, sizeof(name), "way%u", number);
	w->device = bind(s->ctx, name);
	ck_ok(ioasid_inv_new(s->ctx, 1, &w->inv));
	w->kind->open(w);
}

void way_close(struct way *w)
{
	if (w->kind->close)
		w->kind->close(w);
	ioasid_inv_free(w->inv);
}
