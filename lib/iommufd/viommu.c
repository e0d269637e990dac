/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vIOMMUs of the kernel's. One is on a page table of the root's that was made to be nested on,
 * which it holds: the parent of all that is nested on it.
 */
#include <errno.h>
#include <string.h>

#include "viommu.h"

static int why_not(const struct ioasid_device *device, int error)
{
	switch (error) {
	case ENOTTY:
		return err_set(EOPNOTSUPP, "this kernel has no vIOMMUs (Linux 6.13)");
	case E2BIG:
		return err_set(EOPNOTSUPP, "%s: this kernel makes vIOMMUs without data only "
			       "(before Linux 6.17)", device->name);
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "%s: its IOMMU, or this kernel, has no such vIOMMUs",
			       device->name);
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory for a vIOMMU", device->name);
	default:
		return err_set(EINVAL, "%s: no vIOMMU, refused by its IOMMU's driver: %s",
			       device->name, strerror(error));
	}
}

static uint32_t kernel_type(const struct ioasid_viommu_options *options)
{
	switch (options->type) {
	case IOASID_VIOMMU_SMMUV3:
		return UAPI_VIOMMU_SMMUV3;
	case IOASID_VIOMMU_TEGRA241:
		return UAPI_VIOMMU_TEGRA241;
	default:
		return options->raw_type;
	}
}

/* What is to be made, but for the page table that it is on. @tegra: where its data goes. */
static struct uapi_viommu_alloc describe(const struct ioasid_device *device,
					 const struct ioasid_viommu_options *options,
					 struct uapi_viommu_tegra241 *tegra)
{
	struct uapi_viommu_alloc alloc = {
		.size = UAPI_VIOMMU_ALLOC_PLAIN, .type = kernel_type(options),
		.dev_id = ((const struct iofd_device *)device->backend)->id,
		.data_len = (uint32_t)options->data_size, .data_uptr = (uintptr_t)options->data,
	};

	if (options->type == IOASID_VIOMMU_TEGRA241) {
		alloc.data_len = sizeof(*tegra);
		alloc.data_uptr = (uintptr_t)tegra;
	}
	if (alloc.data_len)
		alloc.size = sizeof(alloc);
	return alloc;
}

static int alloc_on(struct iofd_viommu *iv, struct ioasid_viommu *v,
		    struct uapi_viommu_alloc *alloc, struct iofd_pt *parent)
{
	int ret;

	alloc->hwpt_id = parent->id;
	ret = iofd_ioctl(v->ctx, UAPI_VIOMMU_ALLOC, alloc);
	if (ret)
		return ret;
	iv->id = alloc->out_viommu_id;
	iv->parent = parent;
	parent->users++;
	return 0;
}

/* On any of the parent's page tables that goes together with the device, else on a new one. */
static int alloc_any(struct iofd_viommu *iv, struct ioasid_viommu *v, struct ioasid_device *device,
		     struct uapi_viommu_alloc *alloc)
{
	struct iofd_pt *pt;
	int ret;

	for (pt = iofd_space(v->parent)->pts; pt; pt = pt->next) {
		if (!iofd_is_parent(pt))
			continue;
		ret = alloc_on(iv, v, alloc, pt);
		if (ret != -EINVAL)
			return ret ? why_not(device, -ret) : 0;
	}
	ret = iofd_parent_new(device, v->parent, &pt);
	if (ret)
		return ret;
	ret = alloc_on(iv, v, alloc, pt);
	iofd_pt_put(pt);
	return ret ? why_not(device, -ret) : 0;
}

static int create(struct ioasid_viommu *v, struct ioasid_device *device,
		  const struct ioasid_viommu_options *options)
{
	const struct iofd_device *d = device->backend;
	struct uapi_viommu_tegra241 tegra = { 0 };
	struct uapi_viommu_alloc alloc = describe(device, options, &tegra);
	struct iofd_viommu *iv = mem_calloc(1, sizeof(*iv));
	int ret;

	if (!iv)
		return err_set(ENOMEM, "no memory for a vIOMMU");
	ret = alloc_any(iv, v, device, &alloc);
	if (ret) {
		mem_free(iv);
		return ret;
	}
	iv->commands = options->type == IOASID_VIOMMU_RAW ? options->raw_commands : UAPI_INV_SMMUV3;
	iv->twice = d->hw.type == UAPI_HW_INFO_ARM_SMMUV3 &&
		    d->hw.smmuv3.flags & UAPI_SMMUV3_REPEAT;
	v->registers_offset = tegra.out_vintf_mmap_offset;
	v->registers_length = tegra.out_vintf_mmap_length;
	v->nests_hardware = true;
	v->backend = iv;
	return 0;
}

static void destroy(struct ioasid_viommu *v)
{
	struct iofd_viommu *iv = v->backend;

	if (iv->registers)
		sys_unmap(iv->registers, iv->registers_size);
	iofd_destroy(v->ctx, iv->id);
	iofd_pt_put(iv->parent);
	mem_free(iv);
}

static int vdevice_create(struct ioasid_vdevice *v)
{
	struct uapi_vdevice_alloc alloc = {
		.size = sizeof(alloc), .viommu_id = iofd_viommu(v->viommu)->id,
		.dev_id = ((const struct iofd_device *)v->device->backend)->id,
		.virt_id = v->item.start,
	};
	int ret = iofd_ioctl(v->viommu->ctx, UAPI_VDEVICE_ALLOC, &alloc);

	switch (-ret) {
	case 0:
		v->id = alloc.out_vdevice_id;
		return 0;
	case EEXIST:
		return err_set(EEXIST, "%s has a vDEVICE that another program made",
			       v->device->name);
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "%s cannot be behind a vIOMMU, says its IOMMU's driver",
			       v->device->name);
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory for a vDEVICE",
			       v->device->name);
	default:
		return err_set(EINVAL, "%s is behind another IOMMU than the vIOMMU's, or 0x%llx is "
			       "too large: %s", v->device->name, (unsigned long long)v->item.start,
			       strerror(-ret));
	}
}

static void vdevice_destroy(struct ioasid_vdevice *v)
{
	iofd_destroy(v->viommu->ctx, v->id);
}

static int why_refused(int error)
{
	switch (error) {
	case EIO:
		return err_set(EIO, "the IOMMU's driver cannot pass on a command: it is malformed, "
			       "not one of the guest's to give, or names no vDEVICE");
	case ENOMEM:
		return err_set(ENOMEM, "the kernel has no memory for a guest's commands");
	case EOPNOTSUPP:
		return err_set(EOPNOTSUPP, "the vIOMMU has no such commands");
	default:
		return err_set(EINVAL, "the IOMMU's driver refuses a command, or its size: %s",
			       strerror(error));
	}
}

/* One array. *@handled: how many of it. */
static int send(const struct ioasid_viommu *v, struct uapi_invalidate inv, uint32_t *handled)
{
	const struct iofd_viommu *iv = v->backend;
	uint32_t n = inv.entry_num;
	int ret = 0, turn;

	for (turn = 0; turn <= iv->twice && !ret; turn++) {
		inv.entry_num = n;
		ret = iofd_ioctl(v->ctx, UAPI_HWPT_INVALIDATE, &inv);
	}
	/* A driver that refuses says how many it has done; other errors come before it. */
	*handled = !ret ? n : inv.entry_num < n ? inv.entry_num : 0;
	return ret;
}

/*
 * Linux's driver of SMMUv3s issues commands in batches, and counts as handled all that stand before
 * a bad one, also those that it has not issued yet (arm_vsmmu_cache_invalidate()). So they are sent
 * once more. What comes of that: -EIO as before, or another error, with none handled.
 */
static int issue_handled(const struct ioasid_viommu *v, struct uapi_invalidate inv,
			 uint32_t *handled)
{
	int ret;

	inv.entry_num = *handled;
	ret = *handled ? send(v, inv, handled) : 0;
	if (ret)
		*handled = 0;
	return ret ? ret : -EIO;
}

static int invalidate(struct ioasid_viommu *v, const void *commands, size_t size, size_t n,
		      size_t *handled, struct reap *reap)
{
	const struct iofd_viommu *iv = v->backend;
	struct uapi_invalidate inv = {
		.size = sizeof(inv), .hwpt_id = iv->id, .data_type = iv->commands,
	};
	uint32_t done;
	int ret;

	(void)reap;
	if (v->type != IOASID_VIOMMU_RAW && size != SMMUV3_COMMAND)
		return err_set(EINVAL, "a command of %zu bytes: an SMMUv3's has %u", size,
			       SMMUV3_COMMAND);
	if (size > PAGE)
		return err_set(EINVAL, "a command of %zu bytes: at most %u", size, PAGE);
	/* Linux's driver of SMMUv3s takes no array without any (arm_vsmmu_cache_invalidate()). */
	if (!n && v->type != IOASID_VIOMMU_RAW)
		return 0;
	do {
		inv.entry_len = n ? (uint32_t)size : 0;
		inv.entry_num = (uint32_t)bits_min(n - *handled, UAPI_INV_MAX);
		inv.data_uptr = n ? (uintptr_t)commands + *handled * size : 0;
		ret = send(v, inv, &done);
		if (ret == -EIO && v->type != IOASID_VIOMMU_RAW)
			ret = issue_handled(v, inv, &done);
		*handled += done;
	} while (!ret && *handled < n);
	return ret ? why_refused(-ret) : 0;
}

static int map_registers(struct ioasid_viommu *v, uint64_t offset, uint64_t length,
			 void **registers)
{
	const struct iofd *iofd = v->ctx->backend;
	struct iofd_viommu *iv = v->backend;
	void *at = NULL;
	int ret;

	if (v->type == IOASID_VIOMMU_SMMUV3)
		return err_set(EOPNOTSUPP, "an SMMUv3 has no registers for its guest");
	if (iv->registers)
		return err_set(EBUSY, "the vIOMMU's registers are mapped already");
	if (!length || length > SIZE_MAX)
		return err_set(EINVAL, "no registers of 0x%llx bytes", (unsigned long long)length);
	ret = sys_map(iofd->fd, offset, (size_t)length, &at);
	if (ret)
		return err_set(ret == -ENOMEM ? ENOMEM : EINVAL,
			       "no registers at 0x%llx + 0x%llx: %s",
			       (unsigned long long)offset, (unsigned long long)length,
			       strerror(-ret));
	iv->registers = at;
	iv->registers_size = (size_t)length;
	*registers = at;
	return 0;
}

const struct viommu_ops iofd_viommu_ops = {
	.create = create,
	.destroy = destroy,
	.vdevice_create = vdevice_create,
	.vdevice_destroy = vdevice_destroy,
	.invalidate = invalidate,
	.events_create = iofd_events_create,
	.events_destroy = iofd_events_destroy,
	.events_read = iofd_events_read,
	.hw_queue_create = iofd_hw_queue_create,
	.hw_queue_destroy = iofd_hw_queue_destroy,
	.map_registers = map_registers,
};
