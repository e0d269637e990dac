/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* virtio-iommu: any device, any requests; what is decoded keeps to what the device said. */
#include <errno.h>
#include <ioasid/virtio.h>

#include "fuzz.h"

/* Maps are cut to so many bytes: a long one that is badly aligned takes long (mapping.h). */
#define LONGEST (PAGE << 10)

/* A domain's space, the same for all inputs. */
static struct ioasid_ctx *ctx;
static struct ioasid_space *space;

static void open_space(void)
{
	struct ioasid_space_options nested = IOASID_SPACE_OPTIONS_INIT;

	ctx = open_emulated(NULL, 0);
	must_succeed(ioasid_space_create(ctx, NULL, &nested.parent));
	must_succeed(ioasid_space_create(ctx, &nested, &space));
}

static void check_map(const struct ioasid_virtio_config *c, const struct ioasid_virtio_request *r)
{
	uint64_t granule = c->page_size_mask & -c->page_size_mask;

	must(r->perm && !(r->perm & ~(uint32_t)RW), "permission %#x", r->perm);
	must(r->last - r->first <= UINT64_MAX - r->target, "target %#jx", (uintmax_t)r->target);
	must(!granule || (!(r->first % granule) && !(r->target % granule)), "not aligned");
	must(!(c->features & IOASID_VIRTIO_F_INPUT_RANGE) ||
	     (r->first >= c->input_first && r->last <= c->input_last), "not an input address");
}

static void check_request(const struct ioasid_virtio_config *c,
			  const struct ioasid_virtio_request *r)
{
	must(r->type >= IOASID_VIRTIO_ATTACH && r->type <= IOASID_VIRTIO_PROBE, "type %d",
	     (int)r->type);
	must(r->first <= r->last, "%#jx to %#jx", (uintmax_t)r->first, (uintmax_t)r->last);
	must(!(c->features & IOASID_VIRTIO_F_DOMAIN_RANGE) || r->type == IOASID_VIRTIO_PROBE ||
	     (r->domain >= c->domain_first && r->domain <= c->domain_last), "domain %#x",
	     r->domain);
	must(!r->bypass || c->features & IOASID_VIRTIO_F_BYPASS_CONFIG, "bypass");
	must(!r->mmio || c->features & IOASID_VIRTIO_F_MMIO, "MMIO");
	if (r->type == IOASID_VIRTIO_MAP)
		check_map(c, r);
}

static void carry_out(struct ioasid_virtio_request *r)
{
	enum ioasid_virtio_status status;

	if (r->type == IOASID_VIRTIO_MAP) {
		if (r->last - r->first >= LONGEST)
			return;
		status = ioasid_virtio_map(r, space);
		must(status != IOASID_VIRTIO_DEVERR, "%s", ioasid_errmsg());
		must(status != IOASID_VIRTIO_OK ||
		     ioasid_space_find_mapping(space, r->first, 1), "nothing is mapped");
	} else if (r->type == IOASID_VIRTIO_UNMAP) {
		status = ioasid_virtio_unmap(r, space);
		must(status == IOASID_VIRTIO_OK || status == IOASID_VIRTIO_RANGE, "status %d: %s",
		     (int)status, ioasid_errmsg());
		must(status != IOASID_VIRTIO_OK || !ioasid_space_find_mapping(space, r->first, 1),
		     "something is mapped");
	}
}

static void one_request(struct input *in, const struct ioasid_virtio_config *config)
{
	struct ioasid_virtio_request r = IOASID_VIRTIO_REQUEST_INIT;
	enum ioasid_virtio_status status = IOASID_VIRTIO_OK;
	size_t bytes = take8(in) % 80;
	uint8_t *raw = take_copy(in, bytes);
	int rc = ioasid_virtio_request_decode(config, raw, bytes, &r, &status);

	free(raw);
	must(rc == 0 || rc == -EINVAL || rc == -EOPNOTSUPP, "%d", rc);
	must((rc == -EINVAL) == (status != IOASID_VIRTIO_OK), "%d, status %d", rc, (int)status);
	if (rc)
		return;
	check_request(config, &r);
	carry_out(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct ioasid_virtio_config config = { 0 };

	if (!ctx)
		open_space();
	config.features = take8(&in);
	config.page_size_mask = take(&in, 8);
	config.input_first = take(&in, 8);
	config.input_last = take(&in, 8);
	config.domain_first = (uint32_t)take(&in, 4);
	config.domain_last = (uint32_t)take(&in, 4);
	while (!is_empty(&in))
		one_request(&in, &config);
	must_succeed(ioasid_space_unmap_all(space, NULL));
	return 0;
}
