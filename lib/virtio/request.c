/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of a virtio-iommu driver (5.13.6): what they say. */
#include <ioasid/virtio.h>

#include "export.h"
#include "guest/entry.h"

#define FIRST_REQUEST_SIZE ENTRY_FIRST_SIZE(ioasid_virtio_request, target)

/* Flags of ATTACH and MAP (5.13.6.3, 5.13.6.5). */
#define ATTACH_BYPASS 0x1u
#define MAP_READ      0x1u
#define MAP_WRITE     0x2u
#define MAP_MMIO      0x4u

struct decoder {
	const struct ioasid_virtio_config *config;
	const uint8_t *raw;
	struct ioasid_virtio_request *request;
};

struct type {
	enum ioasid_virtio_status (*decode)(struct decoder *d);
	size_t bytes; /* of the part that the device reads */
	uint64_t needs; /* feature; 0: always there */
};

static uint32_t get32(const struct decoder *d, size_t offset)
{
	uint32_t raw;

	memcpy(&raw, d->raw + offset, sizeof(raw));
	return le32toh(raw);
}

static uint64_t get64(const struct decoder *d, size_t offset)
{
	uint64_t raw;

	memcpy(&raw, d->raw + offset, sizeof(raw));
	return le64toh(raw);
}

/* All but PROBE begin with a domain, behind the head of 4 bytes. */
static enum ioasid_virtio_status decode_domain(struct decoder *d)
{
	const struct ioasid_virtio_config *c = d->config;

	d->request->domain = get32(d, 4);
	if (c->features & IOASID_VIRTIO_F_DOMAIN_RANGE &&
	    (d->request->domain < c->domain_first || d->request->domain > c->domain_last))
		return IOASID_VIRTIO_RANGE;
	return IOASID_VIRTIO_OK;
}

/* 5.13.6.3: reserved bytes have to be 0, and flags known. */
static enum ioasid_virtio_status decode_attach(struct decoder *d)
{
	uint32_t flags = get32(d, 12), known = 0;

	if (d->config->features & IOASID_VIRTIO_F_BYPASS_CONFIG)
		known = ATTACH_BYPASS;
	if (flags & ~known || get32(d, 16))
		return IOASID_VIRTIO_INVAL;
	d->request->endpoint = get32(d, 8);
	d->request->bypass = flags & ATTACH_BYPASS;
	return decode_domain(d);
}

/* 5.13.6.4 */
static enum ioasid_virtio_status decode_detach(struct decoder *d)
{
	d->request->endpoint = get32(d, 8);
	return decode_domain(d);
}

static enum ioasid_virtio_status decode_range(struct decoder *d)
{
	struct ioasid_virtio_request *r = d->request;

	r->first = get64(d, 8);
	r->last = get64(d, 16);
	return r->first > r->last ? IOASID_VIRTIO_RANGE : decode_domain(d);
}

/* The lowest bit that is set is the granularity (5.13.6). */
static bool is_aligned(const struct ioasid_virtio_config *config, uint64_t address)
{
	uint64_t granule = config->page_size_mask & -config->page_size_mask;

	return !(address & (granule - 1));
}

/*
 * 5.13.6.5. All 2^64 addresses are more than a length can say, and more than guest-physical
 * addresses there are.
 */
static enum ioasid_virtio_status decode_map(struct decoder *d)
{
	const struct ioasid_virtio_config *c = d->config;
	struct ioasid_virtio_request *r = d->request;
	enum ioasid_virtio_status status = decode_range(d);
	uint32_t flags = get32(d, 32), known = MAP_READ | MAP_WRITE;

	if (c->features & IOASID_VIRTIO_F_MMIO)
		known |= MAP_MMIO;
	if (flags & ~known || !(flags & (MAP_READ | MAP_WRITE)))
		return IOASID_VIRTIO_INVAL;
	r->mmio = flags & MAP_MMIO;
	r->perm = (flags & MAP_READ ? IOASID_READ : 0) | (flags & MAP_WRITE ? IOASID_WRITE : 0);
	r->target = get64(d, 24);
	if (status != IOASID_VIRTIO_OK)
		return status;
	if (!is_aligned(c, r->first) || !is_aligned(c, r->last + 1) || !is_aligned(c, r->target) ||
	    r->last - r->first > UINT64_MAX - r->target || r->last - r->first == UINT64_MAX)
		return IOASID_VIRTIO_RANGE;
	if (c->features & IOASID_VIRTIO_F_INPUT_RANGE &&
	    (r->first < c->input_first || r->last > c->input_last))
		return IOASID_VIRTIO_RANGE;
	return IOASID_VIRTIO_OK;
}

/* 5.13.6.7 */
static enum ioasid_virtio_status decode_probe(struct decoder *d)
{
	d->request->endpoint = get32(d, 4);
	return IOASID_VIRTIO_OK;
}

static const struct type types[] = {
	[IOASID_VIRTIO_ATTACH] = { decode_attach, 20, 0 },
	[IOASID_VIRTIO_DETACH] = { decode_detach, 20, 0 },
	[IOASID_VIRTIO_MAP] = { decode_map, 36, IOASID_VIRTIO_F_MAP_UNMAP },
	[IOASID_VIRTIO_UNMAP] = { decode_range, 28, IOASID_VIRTIO_F_MAP_UNMAP },
	[IOASID_VIRTIO_PROBE] = { decode_probe, 72, IOASID_VIRTIO_F_PROBE },
};

static const struct type *find_type(const struct ioasid_virtio_config *config, const uint8_t *raw,
				    size_t bytes)
{
	const struct type *type;

	if (bytes < 4 || raw[0] >= sizeof(types) / sizeof(types[0]))
		return NULL;
	type = &types[raw[0]];
	if (!type->decode || bytes < type->bytes || (config->features & type->needs) != type->needs)
		return NULL;
	return type;
}

static int refuse(enum ioasid_virtio_status status)
{
	return err_set(EINVAL, "virtio-iommu: request refused with status %d", (int)status);
}

static int check(const struct ioasid_virtio_config *config,
		 const struct ioasid_virtio_request *request)
{
	int ret = entry_check_size("virtio-iommu", request->size, FIRST_REQUEST_SIZE);

	if (!ret)
		ret = entry_check_unit("virtio-iommu", 0, 0, &config->reserved, 1);
	if (!ret && !config->page_size_mask)
		ret = err_set(EINVAL, "virtio-iommu: page_size_mask has no page size");
	return ret;
}

IOASID_EXPORT int ioasid_virtio_request_decode(const struct ioasid_virtio_config *config,
					       const void *raw, size_t bytes,
					       struct ioasid_virtio_request *request,
					       enum ioasid_virtio_status *status)
{
	const struct type *type = find_type(config, raw, bytes);
	struct ioasid_virtio_request new = { 0 };
	struct decoder d = { config, raw, &new };
	int ret = check(config, request);

	if (ret) {
		*status = IOASID_VIRTIO_DEVERR;
		return ret;
	}
	if (!type)
		return err_set(EOPNOTSUPP, "virtio-iommu: a request of %zu bytes that is unknown, "
			       "not available or too short", bytes);
	new.type = (enum ioasid_virtio_type)(type - types);
	*status = type->decode(&d);
	if (*status != IOASID_VIRTIO_OK)
		return refuse(*status);
	entry_put(request, &new, sizeof(new));
	return 0;
}
