/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls on vIOMMUs, and what is on them; commands are anything, most often near what an SMMUv3
 * has.
 */
#include <endian.h>

#include "calls.h"

#define MAX_COMMANDS 4

static const uint64_t ids[VDEVICES] = { 0x12, 0x34 };

static void call_create(struct world *w, struct input *in)
{
	static const struct may_fail create = { "viommu_create", { EADDRINUSE, EFAULT, EINVAL,
								   EOPNOTSUPP } };
	static const struct may_fail destroy = { "viommu_destroy", { EBUSY } };
	struct ioasid_viommu_options options = IOASID_VIOMMU_OPTIONS_INIT;
	struct ioasid_viommu *viommu = w->viommu;
	unsigned int kind = take8(in);
	struct ioasid_space *parent = some_space(w, kind >> 4);
	struct ioasid_device *device = w->devices[take8(in) % DEVICES];
	int rc;

	if (viommu) {
		rc = ioasid_viommu_destroy(viommu);
		w->viommu = rc ? viommu : NULL;
		w->registers = rc ? w->registers : NULL;
		check_call(w, &destroy, rc);
		return;
	}
	if (!parent || !device)
		return;
	options.type = (enum ioasid_viommu_type)(!(kind & 8) ? kind & 7 : kind & 4 ?
						 IOASID_VIOMMU_TEGRA241 : IOASID_VIOMMU_SMMUV3);
	options.raw_type = options.type == IOASID_VIOMMU_RAW;
	rc = ioasid_viommu_create(parent, device, &options, &w->viommu);
	must((rc == 0) == (w->viommu != NULL), "%d", rc);
	must(rc || ioasid_viommu_get_parent(w->viommu) == parent, "another parent");
	check_call(w, &create, rc);
}

static void call_vdevice(struct world *w, struct input *in)
{
	static const struct may_fail create = { "vdevice_create", { EEXIST, EINVAL, EOPNOTSUPP } };
	static const struct may_fail destroy = { "vdevice_destroy", { EBUSY } };
	unsigned int kind = take8(in), i = kind % VDEVICES;
	struct ioasid_vdevice *vdevice = w->vdevices[i];
	struct ioasid_device *device = w->devices[take8(in) % DEVICES];
	int rc;

	if (vdevice) {
		rc = ioasid_vdevice_destroy(vdevice);
		w->vdevices[i] = rc ? vdevice : NULL;
		check_call(w, &destroy, rc);
		return;
	}
	if (!device)
		return;
	rc = ioasid_vdevice_create(w->viommu, device, kind < 224 ? ids[i] : ids[!i] << (kind & 31),
				   &w->vdevices[i]);
	must((rc == 0) == (w->vdevices[i] != NULL), "%d", rc);
	must(rc || ioasid_viommu_get_device(w->viommu, ioasid_vdevice_get_id(w->vdevices[i])) ==
			     device,
	     "another device");
	check_call(w, &create, rc);
}

static void call_space(struct world *w, struct input *in)
{
	static const struct may_fail create = { "space_create", { EADDRINUSE, EFAULT, EINVAL,
								  EOPNOTSUPP } };
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	unsigned int kind = take8(in), s = kind % SPACES;
	int rc;

	if (w->spaces[s])
		return;
	options.viommu = w->viommu;
	options.parent = kind & 128 ? ioasid_viommu_get_parent(w->viommu) : NULL;
	if (kind & 64)
		options.nesting = IOASID_NESTING_SOFTWARE;
	else if (kind & 32)
		options.nesting = IOASID_NESTING_HARDWARE;
	rc = ioasid_space_create(w->ctx, &options, &w->spaces[s]);
	must((rc == 0) == (w->spaces[s] != NULL), "%d", rc);
	w->recording[s] = false;
	check_call(w, &create, rc);
}

static bool is_known(const struct world *w, uint64_t id)
{
	int i;

	for (i = 0; i < VDEVICES; i++)
		if (w->vdevices[i] && ioasid_vdevice_get_id(w->vdevices[i]) == id)
			return true;
	return false;
}

static void call_events(struct world *w, struct input *in)
{
	static const struct may_fail create = { "viommu_create_events", { EEXIST, EINVAL,
									  EOPNOTSUPP } };
	struct ioasid_viommu_events_options options = IOASID_VIOMMU_EVENTS_OPTIONS_INIT;
	struct ioasid_event_queue *second = NULL;
	unsigned int kind = take8(in);
	struct ioasid_event event;
	int rc;

	if (w->guest_events && kind < 32) {
		must_succeed(ioasid_event_queue_destroy(w->guest_events));
		w->guest_events = NULL;
		return;
	}
	if (w->guest_events && kind < 192) {
		while (ioasid_event_queue_read(w->guest_events, &event, 1))
			must(event.type == IOASID_EVENT_OVERFLOW ? event.lost > 0 :
				     event.cookie < DEVICES, "type %d", (int)event.type);
		return;
	}
	options.format = (enum ioasid_event_format)(kind & 3);
	options.depth = kind >> 2 & 7;
	rc = ioasid_viommu_create_events(w->viommu, &options, &second);
	must((rc == 0) == (second != NULL), "%d", rc);
	if (w->guest_events)
		must_succeed(ioasid_event_queue_destroy(second));
	else
		w->guest_events = second;
	check_call(w, &create, rc);
}

/* Commands of Arm IHI 0070, chapter 4, with the addresses, ASIDs and stream IDs that there are. */
void some_command(struct input *in, uint64_t raw[2])
{
	static const uint8_t opcodes[] = { 0x10, 0x11, 0x12, 0x13, 0x30, 0x05, 0x06, 0x40 };
	unsigned int kind = take8(in);

	if (kind >= 248) {
		raw[0] = htole64(take(in, 8));
		raw[1] = htole64(take(in, 8));
		return;
	}
	raw[0] = opcodes[kind & 7] | (kind >> 3 & 7) << 12;
	raw[1] = 0;
	if ((kind & 7) >= 5)
		raw[0] |= ids[kind >> 3 & 1] << 32;
	else if (kind & 64)
		raw[0] |= take(in, 2) << 32;
	if ((kind & 7) == 2 || (kind & 7) == 3 || (kind & 7) == 7)
		raw[1] = some_number(in) & ~(kind & 128 ? UINT64_C(0) : UINT64_C(0xff));
	raw[0] = htole64(raw[0]);
	raw[1] = htole64(raw[1]);
}

static void call_commands(struct world *w, struct input *in)
{
	static const struct may_fail invalidate = { "viommu_invalidate", { EDEADLK, EINVAL, EIO,
									   EOPNOTSUPP } };
	static const struct may_fail add = { "inv_add_viommu", { EINVAL, EOVERFLOW } };
	uint64_t commands[MAX_COMMANDS][2] = { { 0 } };
	unsigned int kind = take8(in);
	size_t n = kind % (MAX_COMMANDS + 1), handled = SIZE_MAX, i;
	int rc;

	for (i = 0; i < n; i++)
		some_command(in, commands[i]);
	if (kind >= 240 && ioasid_inv_get_count(w->inv) < 100) {
		uint64_t iova = some_number(in);

		check_call(w, &add,
			   ioasid_inv_add_viommu(w->inv, w->viommu, iova, some_number(in), 0));
		return;
	}
	rc = ioasid_viommu_invalidate(w->viommu, commands, kind < 230 ? 16 : kind % 8, n, &handled);
	must(rc ? handled < n || !n : handled == n, "%zu of %zu: %d", handled, n, rc);
	check_call(w, &invalidate, rc);
}

static void call_others(struct world *w, struct input *in)
{
	uint64_t id;

	for (id = 0; id < 64; id++)
		must((ioasid_viommu_get_device(w->viommu, id) != NULL) == is_known(w, id), "%#jx",
		     (uintmax_t)id);
	call_queues(w, in);
}

void call_viommu(struct world *w, struct input *in)
{
	static void (*const calls[])(struct world *w, struct input *in) = {
		call_create, call_vdevice, call_space, call_events, call_commands, call_commands,
		call_others, call_others,
	};
	unsigned int kind = take8(in) % 8;

	if (w->viommu || !kind)
		calls[kind](w, in);
	else
		call_create(w, in);
}
