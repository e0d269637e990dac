/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * vIOMMUs of the emulated platform: any IOMMU that nests can have them, as an SMMUv3 too, with
 * queues that it reads itself (hw_queue.c) or without. What commands invalidate is what a batch of
 * the program's own would.
 */
#include <errno.h>
#include <string.h>

#include "emulated.h"
#include "inv.h"
#include "viommu.h"

#define TEGRA241_SID_BITS 20u	/* VIRT_SID of its VINTFs, by Linux's driver */

static int create(struct ioasid_viommu *v, struct ioasid_device *device,
		  const struct ioasid_viommu_options *options)
{
	const struct emu_device *ed = device->backend;
	int ret = options->type == IOASID_VIOMMU_TEGRA241 ? emu_registers_new(v) : 0;

	if (ret)
		return ret;
	v->nests_hardware = device->info.nesting_hardware;
	v->nests_software = device->info.nesting_software;
	v->iommu = ed->iommu;
	return 0;
}

static int vdevice_create(struct ioasid_vdevice *v)
{
	const struct emu_device *ed = v->device->backend;

	if (ed->iommu != v->viommu->iommu)
		return err_set(EINVAL, "%s is behind another IOMMU than the vIOMMU's",
			       v->device->name);
	if (v->viommu->type == IOASID_VIOMMU_TEGRA241 && v->item.start >> TEGRA241_SID_BITS)
		return err_set(EINVAL, "0x%llx: a CMDQV has StreamIDs of %u bits",
			       (unsigned long long)v->item.start, TEGRA241_SID_BITS);
	return 0;
}

/* Makes a batch of the commands up to the first bad one, or till it is full. *@n: so many. */
static int collect(struct ioasid_viommu *v, const char *commands, size_t *n)
{
	size_t most = *n;
	uint64_t command[2];
	int ret;

	ioasid_inv_reset(v->batch);
	for (*n = 0; *n < most && !emu_batch_is_full(v); ++*n) {
		memcpy(command, commands + *n * sizeof(command), sizeof(command));
		ret = emu_smmuv3_add(v, command);
		if (ret)
			return ret;
	}
	return 0;
}

/* 0, or what is wrong with the command behind the *@done that were carried out. */
static int carry_out(struct ioasid_viommu *v, const char *commands, size_t n, size_t *done,
		     struct reap *reap)
{
	size_t entries, good;
	int ret, failed;

	*done = 0;
	do {
		good = n - *done;
		failed = collect(v, commands + *done * EMU_SMMUV3_COMMAND, &good);
		if (failed == -ENOMEM)
			return failed;
		ret = inv_submit_locked(v->batch, &entries, reap);
		if (ret)
			return ret;
		*done += good;
	} while (!failed && *done < n);
	return failed;
}

static int invalidate(struct ioasid_viommu *v, const void *commands, size_t size, size_t n,
		      size_t *handled, struct reap *reap)
{
	size_t done;
	int ret;

	if (v->type == IOASID_VIOMMU_PLAIN)
		return err_set(EOPNOTSUPP, "a plain vIOMMU has no commands, but batches");
	if (size != EMU_SMMUV3_COMMAND)
		return err_set(EINVAL, "a command of %zu bytes: an SMMUv3's has %u", size,
			       EMU_SMMUV3_COMMAND);
	ret = carry_out(v, commands, n, &done, reap);
	*handled = ret == -ENOMEM ? 0 : done;
	return ret;
}

const struct viommu_ops emu_viommu = {
	.create = create,
	.destroy = emu_registers_free,
	.vdevice_create = vdevice_create,
	.invalidate = invalidate,
	.hw_queue_create = emu_hw_queue_create,
	.hw_queue_destroy = emu_hw_queue_destroy,
	.hw_queue_kick = emu_hw_queue_kick,
	.map_registers = emu_map_registers,
};
