/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* vDEVICEs: the guest's names for the devices that it has behind a vIOMMU. */
#include <errno.h>

#include "objects.h"

struct ioasid_vdevice *viommu_find(const struct ioasid_viommu *viommu, uint64_t virtual_id)
{
	struct imap_item *item = imap_find(&viommu->by_id, virtual_id);

	return item ? bits_container_of(item, struct ioasid_vdevice, item) : NULL;
}

static int check(const struct ioasid_viommu *viommu, const struct ioasid_device *device,
		 uint64_t virtual_id)
{
	if (device->ctx != viommu->ctx)
		return err_set(EINVAL, "%s and the vIOMMU are of different contexts", device->name);
	if ((viommu->type == IOASID_VIOMMU_SMMUV3 || viommu->type == IOASID_VIOMMU_TEGRA241) &&
	    virtual_id > UINT32_MAX)
		return err_set(EINVAL, "0x%llx is no StreamID", (unsigned long long)virtual_id);
	return 0;
}

static int create(struct ioasid_viommu *viommu, struct ioasid_device *device, uint64_t virtual_id,
		  struct ioasid_vdevice **out)
{
	struct ioasid_vdevice *other = viommu_find(viommu, virtual_id), *v;
	int ret = failure_due(viommu->ctx, IOASID_OP_VDEVICE);

	if (ret)
		return ret;
	if (device->vdevice)
		return err_set(EEXIST, "%s has a vDEVICE, 0x%llx", device->name,
			       (unsigned long long)device->vdevice->item.start);
	if (other)
		return err_set(EEXIST, "0x%llx is the vDEVICE of %s",
			       (unsigned long long)virtual_id, other->device->name);
	v = slab_alloc(&viommu->records);
	if (!v)
		return err_set(ENOMEM, "no memory for a vDEVICE");
	*v = (struct ioasid_vdevice){ .item = { virtual_id, virtual_id }, .viommu = viommu,
				      .device = device };
	if (imap_insert(&viommu->by_id, &v->item)) {
		slab_free(&viommu->records, v);
		return err_set(ENOMEM, "no memory for a vDEVICE");
	}
	ret = viommu->ctx->ops->viommu->vdevice_create(v);
	if (ret) {
		imap_remove(&viommu->by_id, &v->item);
		slab_free(&viommu->records, v);
		return ret;
	}
	device->vdevice = v;
	*out = v;
	return 0;
}

IOASID_EXPORT int ioasid_vdevice_create(struct ioasid_viommu *viommu, struct ioasid_device *device,
					uint64_t virtual_id, struct ioasid_vdevice **out)
{
	int ret = check(viommu, device, virtual_id);

	if (ret)
		return ret;
	ctx_lock(viommu->ctx);
	ret = create(viommu, device, virtual_id, out);
	ctx_unlock(viommu->ctx);
	return ret;
}

void vdevice_close(struct ioasid_device *device)
{
	struct ioasid_vdevice *v = device->vdevice;

	if (!v)
		return;
	device->vdevice = NULL;
	if (device->ctx->ops->viommu->vdevice_destroy)
		device->ctx->ops->viommu->vdevice_destroy(v);
	imap_remove(&v->viommu->by_id, &v->item);
	slab_free(&v->viommu->records, v);
}

/* The space on the vIOMMU that the device is attached to, or NULL. */
static const struct ioasid_space *attached_to(const struct ioasid_vdevice *v)
{
	const struct attachment *a;

	for (a = v->device->attached; a; a = a->next)
		if (a->space->viommu == v->viommu)
			return a->space;
	return NULL;
}

IOASID_EXPORT int ioasid_vdevice_destroy(struct ioasid_vdevice *v)
{
	const struct ioasid_space *space;
	struct ioasid_ctx *ctx;
	int ret = 0;

	if (!v)
		return 0;
	ctx = v->viommu->ctx;
	ctx_lock(ctx);
	space = attached_to(v);
	if (space)
		ret = err_set(EBUSY, "%s is attached to space %u, which is on the vIOMMU",
			      v->device->name, space->id);
	else
		vdevice_close(v->device);
	ctx_unlock(ctx);
	return ret;
}

IOASID_EXPORT uint64_t ioasid_vdevice_get_id(const struct ioasid_vdevice *v)
{
	return v->item.start;
}

IOASID_EXPORT struct ioasid_device *ioasid_viommu_get_device(const struct ioasid_viommu *viommu,
							     uint64_t virtual_id)
{
	const struct ioasid_vdevice *v;
	struct ioasid_device *device;

	ctx_lock(viommu->ctx);
	v = viommu_find(viommu, virtual_id);
	device = v ? v->device : NULL;
	ctx_unlock(viommu->ctx);
	return device;
}

int viommu_check_attach(const struct ioasid_space *space, const struct ioasid_device *device)
{
	if (!space->viommu || (device->vdevice && device->vdevice->viommu == space->viommu))
		return 0;
	return err_set(ENOENT, "%s has no vDEVICE on the vIOMMU of space %u", device->name,
		       space->id);
}
