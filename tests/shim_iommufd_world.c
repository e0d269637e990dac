/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shim_iommufd_world.h"

#include <unistd.h>

#include "shim_expect.h"
#include "shim_hwpt.h"
#include "shim_ioas.h"
#include "shim_viommu.h"

#define FSTS (UINT64_C(1) << 47)

struct ioasid_space *nested;
struct ioasid_viommu *viommu;
struct ioasid_vdevice *vdevice;
struct ioasid_event_queue *queue;
struct ioasid_fault_queue *faults;
struct ioasid_hw_queue *hw_queue;
uint32_t adopted;

static struct ioasid_space *space_on(struct ioasid_space *parent, enum ioasid_nesting nesting,
				     uint32_t flags)
{
	struct ioasid_space_options options = IOASID_SPACE_OPTIONS_INIT;
	struct ioasid_space *space = NULL;

	options.parent = parent;
	options.nesting = nesting;
	options.flags = flags;
	ck_ok(ioasid_space_create(ctx, &options, &space));
	return space;
}

static void world_open(uint32_t kind)
{
	struct ioasid_ctx_options options = IOASID_CTX_OPTIONS_INIT;

	shim_reset();
	shim.nests = true;
	shim.pasid_bits = 20;
	shim.hw_capabilities = 1;
	shim.hw_type = shim.nested_type = kind ? kind : VTD;
	shim.hw_length = kind ? 40 : 24;
	shim.hw_data[2] = kind ? 0 : FSTS;
	shim_viommu.type = shim_viommu.commands = 1;
	options.backend = "iommufd";
	ck_ok(ioasid_ctx_open(&options, &ctx));
	ck_ok(ioasid_ctx_has(ctx, IOASID_CAP_VIOMMU) ? 0 : -1);	/* asked for once in a context */
	ck_ok(ioasid_ctx_has(ctx, IOASID_CAP_HW_QUEUE) ? 0 : -1);
	device = bind_device(0);
	other = bind_device(1);
	third = NULL;
	memory = memory_new(MEMORY);
	root = space_on(NULL, 0, IOASID_SPACE_DIRTY_TRACKING);
	ck_ok(ioasid_space_map(root, 0, memory, MEMORY, RW, NULL));
	plain = space_on(NULL, 0, 0);
	ck_ok(ioasid_space_map(plain, 0, memory, MIB, RW, NULL));
	child = space_on(root, IOASID_NESTING_SOFTWARE, 0);
	nested = NULL;
	gt_init(&table, IOASID_PGTABLE_VTD_SS, 4, memory, 0, 0, TABLES);
	gt_map(&table, 0, DATA, 4 * PAGE, 1, RW);
	ck_ok(ioasid_inv_new(ctx, 1, &inv));
	viommu = NULL;
	vdevice = NULL;
	adopted = 0;
	queue = NULL;
	faults = NULL;
	hw_queue = NULL;
	file = -1;
}

static void world_close(void)
{
	ioasid_inv_free(inv);
	if (file >= 0)
		close(file);
	if (adopted) {
		ck_ok(ioasid_device_unbind(third));
		shim_drop_device(adopted);
	}
	nested_teardown();
}

/* An address of ours by its offset; that of a file may be any. */
static uintmax_t place(uint64_t host)
{
	return host - (uintptr_t)memory < MEMORY ? host - (uintptr_t)memory : UINTMAX_MAX;
}

/* What is reached by a device of the kernel's. */
static void dump_device(FILE *out, unsigned int i, struct ioasid_device *d)
{
	static const uint64_t samples[] = { 0, PAGE, DATA, MIB, MORE, MORE + PAGE };
	struct ioasid_space *space = ioasid_device_get_space(d);
	struct ioasid_space *pasid_space = ioasid_device_get_pasid_space(d, PASID);
	uint32_t hwpt = shim_hwpt(i), ioas = shim_attached(i);
	uint64_t host = 0;
	size_t k;

	fprintf(out, "device %u: space %u, PASID %u\n", i, space ? ioasid_space_get_id(space) : 0,
		pasid_space ? ioasid_space_get_id(pasid_space) : 0);
	for (k = 0; ioas && k < sizeof(samples) / sizeof(samples[0]); k++)
		if (shim_ioas_look(ioas, samples[k], &host))
			fprintf(out, " %#jx->%#jx", (uintmax_t)samples[k], place(host));
	for (k = 0; hwpt && k < 24; k++)
		fprintf(out, " %02x", shim_hwpt_data(hwpt)[k]);
	fprintf(out, " tracks %d\n", hwpt && shim_hwpt_tracks(hwpt));
}

static void dump(FILE *out)
{
	struct ioasid_space *spaces[] = { root, plain, child, nested };
	size_t i;

	dump_device(out, 0, device);
	dump_device(out, 1, other);
	for (i = 0; i < 4 && spaces[i]; i++)
		fprintf(out, "space %zu: %ju mappings, bound %d, %d\n", i,
			(uintmax_t)space_info(spaces[i]).mappings,
			space_info(spaces[i]).pgtable_bound,
			space_info(spaces[i]).pasid_table_bound);
	fprintf(out, "%u descriptors, %u objects, batch of %zu, handles %d%d%d%d%d%d\n",
		shim_open_fds(), shim_objects(), ioasid_inv_get_count(inv), third != NULL,
		viommu != NULL, vdevice != NULL, queue != NULL, faults != NULL, hw_queue != NULL);
}

/* The kernel does not refuse to unmap, to detach, nor to destroy what nobody uses. */
static bool refuses(const struct shim_call *call)
{
	return call->command != SHIM_DESTROY && call->command != SHIM_UNMAP &&
	       call->command != SHIM_DETACH;
}

const struct each_world iommufd_world = { world_open, world_close, dump, refuses };
