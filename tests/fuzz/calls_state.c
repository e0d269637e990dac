/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A context's state, as far as it can be asked about, and what has to be true of it. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

uint8_t *memory;
int files[4];

const char *device_name(unsigned int i)
{
	static const char *const names[DEVICES] = { "one",  "0000:00:02.0", "left",
						    "right", "narrow",	     "plain" };

	return names[i % DEVICES];
}

/* Device 0 has a TLB that has to be told by itself, device 1 a PASID table of the user's. */
static void add_device(struct ioasid_platform *p, unsigned int i, const char *iommu,
		       uint32_t group, uint32_t pasid_bits)
{
	struct ioasid_platform_device device = IOASID_PLATFORM_DEVICE_INIT;

	device.device_tlb = i == 0 ? 2 : 0;
	device.device_tlb_explicit = i == 0;
	device.user_pasid_table = i == 1;
	device.name = device_name(i);
	device.iommu = iommu;
	device.group = group;
	device.pasid_bits = pasid_bits;
	must_succeed(ioasid_platform_add_device(p, &device));
}

static struct ioasid_platform *platform_new(void)
{
	struct ioasid_platform_iommu iommu = IOASID_PLATFORM_IOMMU_INIT;
	struct ioasid_platform *p;

	must_succeed(ioasid_platform_new(&p));
	iommu.name = "large";
	iommu.address_bits = 57;
	iommu.pasid_bits = 3;
	iommu.hardware_nesting = true;
	iommu.iotlb.entries = 2;
	must_succeed(ioasid_platform_add_iommu(p, &iommu));
	iommu.hardware_nesting = false;
	iommu.iotlb.entries = 0;
	iommu.name = "small";
	iommu.address_bits = 39;
	iommu.pgtable_formats = 1u << IOASID_PGTABLE_VTD_SS;
	must_succeed(ioasid_platform_add_iommu(p, &iommu));
	iommu.name = "simple";
	iommu.no_nesting = true;
	must_succeed(ioasid_platform_add_iommu(p, &iommu));
	add_device(p, 0, "large", 0, 3);
	add_device(p, 1, "large", 0, 3);
	add_device(p, 2, "large", 7, 2);
	add_device(p, 3, "large", 7, 2);
	add_device(p, 4, "small", 0, 1);
	add_device(p, 5, "simple", 0, 0);
	must_succeed(ioasid_platform_add_reserved(p, "one", 16 * PAGE, 4 * PAGE));
	must_succeed(ioasid_platform_add_reserved(p, "small", 24 * PAGE, PAGE));
	return p;
}

static void memory_new(void)
{
	const size_t behind = (size_t)1 << 30;
	uint64_t mark[2] = { FILE_MARK, 0 };
	int i;

	memory = mmap(NULL, MEMORY_PAGES * PAGE + behind, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(memory != MAP_FAILED, "no memory");
	must(!mprotect(memory, MEMORY_PAGES * PAGE, PROT_READ | PROT_WRITE), "no memory");
	for (i = 0; i < 2; i++) {
		files[i] = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		must(files[i] >= 0 && !ftruncate(files[i], FILE_PAGES * PAGE), "no file");
	}
	for (mark[1] = 0; mark[1] < FILE_PAGES; mark[1]++)
		must(pwrite(files[0], mark, 16, (off_t)(mark[1] * PAGE)) == 16, "no file");
	must(!fcntl(files[0], F_ADD_SEALS, F_SEAL_SHRINK), "no seal");
	files[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
	files[3] = -1;
}

void calls_open(struct world *w, unsigned int options)
{
	static struct ioasid_platform *platform;

	if (!platform) {
		platform = platform_new();
		memory_new();
	}
	memset(w, 0, sizeof(*w));
	memset(memory, 0, MEMORY_PAGES * PAGE);
	w->ctx = open_emulated(platform, options & 3);
	must_succeed(ioasid_inv_new(w->ctx, options >> 2 & 3, &w->inv));
	w->state = check_state(w);
}

void calls_close(struct world *w)
{
	int i;

	for (i = 0; i < CHANNELS; i++)
		if (w->begun[i])
			ioasid_dma_end(w->channels[i]);
	must_succeed(ioasid_ctx_close(w->ctx));
	ioasid_inv_free(w->inv);
}

static uint64_t hash(uint64_t state, uint64_t value)
{
	state = (state ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	return state ^ state >> 29;
}

/* Permitted and reserved ranges, taken together, are all addresses, each once. */
static uint64_t check_ranges(const struct ioasid_space *space, struct ioasid_range *reserved,
			     size_t *n_reserved, uint64_t state)
{
	struct ioasid_range permitted[16];
	size_t n = ioasid_space_query_permitted(space, permitted, 16), p = 0, r = 0;
	uint64_t at = 0;

	*n_reserved = ioasid_space_query_reserved(space, reserved, 16);
	must(n <= 16 && *n_reserved <= 16, "%zu and %zu ranges", n, *n_reserved);
	while (p < n || r < *n_reserved) {
		bool is_permitted = p < n && permitted[p].start == at;
		const struct ioasid_range *range = is_permitted ? &permitted[p++] : &reserved[r++];

		must(r <= *n_reserved && range->start == at && range->length,
		     "space %u: a range at %#jx, expected at %#jx", ioasid_space_get_id(space),
		     (uintmax_t)range->start, (uintmax_t)at);
		at += range->length;
		state = hash(hash(state, range->length), is_permitted);
	}
	must(at == 0 || at == UINT64_MAX, "ranges end at %#jx", (uintmax_t)at);
	return state;
}

/* Mappings ascend, do not overlap, lie where they may, and are as many as the space says. */
static uint64_t check_mappings(const struct ioasid_space *space,
			       const struct ioasid_space_info *info, uint64_t state)
{
	struct ioasid_range reserved[16];
	size_t n_reserved, n = 0, i;
	struct ioasid_mapping *m;
	uint64_t at = 0;

	state = check_ranges(space, reserved, &n_reserved, state);
	while ((m = ioasid_space_find_mapping(space, at, UINT64_MAX - at))) {
		uint64_t start = ioasid_mapping_get_iova(m), length = ioasid_mapping_get_length(m);
		uint64_t perm = ioasid_mapping_get_perm(m);

		must(start >= at && length && start + length - 1 >= start,
		     "%#jx + %#jx, after %#jx", (uintmax_t)start, (uintmax_t)length, (uintmax_t)at);
		must(ioasid_mapping_get_space(m) == space, "mapping %#jx", (uintmax_t)start);
		must(perm && perm <= RW, "permission %#jx", (uintmax_t)perm);
		must((start | length) % info->iova_alignment == 0, "%#jx + %#jx, alignment %#jx",
		     (uintmax_t)start, (uintmax_t)length, (uintmax_t)info->iova_alignment);
		for (i = 0; i < n_reserved; i++)
			must(reserved[i].start > start + (length - 1) ||
			     start - reserved[i].start >= reserved[i].length,
			     "%#jx + %#jx is reserved", (uintmax_t)start, (uintmax_t)length);
		state = hash(hash(hash(state, start), length), perm);
		n++;
		at = start + length;
		if (!at || at == UINT64_MAX)
			break;
	}
	must(n == info->mappings, "space %u: %zu mappings, it says %ju", info->id, n,
	     (uintmax_t)info->mappings);
	return state;
}

static uint64_t check_space(const struct world *w, int s, uint64_t state)
{
	struct ioasid_space_info info = IOASID_SPACE_INFO_INIT, above = IOASID_SPACE_INFO_INIT;
	struct ioasid_space *parent = ioasid_space_get_parent(w->spaces[s]);
	bool bound;
	int i;

	must_succeed(ioasid_space_query_info(w->spaces[s], &info));
	must(info.id == ioasid_space_get_id(w->spaces[s]), "%u", info.id);
	for (i = 0; i < s; i++)
		must(!w->spaces[i] || ioasid_space_get_id(w->spaces[i]) != info.id, "twice %u",
		     info.id);
	if (parent)
		must_succeed(ioasid_space_query_info(parent, &above));
	must(info.depth == (parent ? above.depth + 1 : 0) && info.depth <= 8, "depth %u",
	     info.depth);
	must(parent || (!info.pgtable_bound && !info.nesting), "a root with a table");
	must(!info.pgtable_bound || !info.mappings, "a table and mappings");
	bound = info.pgtable_bound || info.pasid_table_bound;
	must(!info.fill == !(bound && info.nesting == IOASID_NESTING_SOFTWARE), "filled %d",
	     (int)info.fill);
	must(!bound || info.caching_mode == (info.fill == IOASID_FILL_ON_INVALIDATION),
	     "caching mode");
	state = hash(hash(hash(state, info.id), info.depth), info.fill);
	state = hash(hash(state, info.caching_mode), info.pgtable_bound);
	return check_mappings(w->spaces[s], &info, hash(state, info.iova_alignment));
}

static uint64_t check_device(const struct world *w, int d, uint64_t state)
{
	uint32_t pasid;

	must(ioasid_device_get_cookie(w->devices[d]) == (uint64_t)d, "cookie");
	must(!strcmp(ioasid_device_get_name(w->devices[d]), device_name((unsigned int)d)), "name");
	for (pasid = 0; pasid <= PASIDS; pasid++) {
		struct ioasid_space *space =
			pasid ? ioasid_device_get_pasid_space(w->devices[d], pasid) :
				ioasid_device_get_space(w->devices[d]);
		int s;

		for (s = 0; space && s <= SPACES && w->spaces[s] != space; s++)
			;
		must(!space || s <= SPACES, "device %d is attached to what is not there", d);
		state = hash(state, space ? ioasid_space_get_id(space) + 1 : 0);
	}
	return state;
}

uint64_t check_state(const struct world *w)
{
	struct ioasid_space *left, *right;
	uint64_t state = ioasid_inv_get_count(w->inv);
	int i;

	for (i = 0; i <= SPACES; i++)
		state = w->spaces[i] ? check_space(w, i, hash(state, (uint64_t)i)) : state;
	for (i = 0; i < DEVICES; i++)
		state = w->devices[i] ? check_device(w, i, hash(state, (uint64_t)i)) : state;
	left = w->devices[2] ? ioasid_device_get_space(w->devices[2]) : NULL;
	right = w->devices[3] ? ioasid_device_get_space(w->devices[3]) : NULL;
	must(!left || !right || left == right, "a group in two spaces");
	return state;
}

bool check_call(struct world *w, const struct may_fail *call, int rc)
{
	uint64_t before = w->state;
	int i;

	w->state = check_state(w);
	if (rc >= 0)
		return true;
	must(ioasid_errmsg()[0], "%s is %d without a message", call->name, rc);
	must(w->state == before, "%s is %d, and something has changed: %s", call->name, rc,
	     ioasid_errmsg());
	for (i = 0; i < 10 && call->errors[i]; i++)
		if (rc == -call->errors[i])
			return false;
	must(false, "%s is %d: %s", call->name, rc, ioasid_errmsg());
	return false;
}
