/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why a device cannot be had, from what the system shows. */
#include <errno.h>
#include <string.h>

#include "iommufd.h"
#include "mapped.h"
#include "source.h"

int iofd_why_no_node(const struct ioasid_device *device)
{
	const bool may = device->ctx->flags & IOASID_CTX_NO_IOMMU;
	const char *name = device->name;
	int ret = vfio_check_driver(name);
	bool none = false;
	uint32_t group;

	if (!ret && !vfio_find_group(name, &group))
		ret = vfio_check_isolated(name, group, may ? &none : NULL);
	if (ret)
		return ret;
	if (none)	/* vfio_device_add() */
		return err_set(ENODEV, "%s is behind no IOMMU: before Linux 7.3, VFIO makes no "
			       "node for such devices", name);
	return err_set(ENODEV,
		       "%s is bound to VFIO, but has no device node: the kernel needs " IOFD_CDEV,
		       name);
}

int iofd_no_iommu(const char *name)
{
	return err_set(ENODEV, "%s is behind no IOMMU (is it switched on? intel_iommu=on)", name);
}

/*
 * Can a token be given? It came to the command's structure with the rule that what comes after all
 * that the kernel knows has to be 0. So this, which cannot succeed, is -E2BIG; without the rule it
 * is a wrong descriptor.
 */
static bool takes_token(const struct iofd_device *d)
{
	struct {
		struct uapi_bind bind;
		uint64_t later[2];
	} ask = { .bind = { .argsz = sizeof(ask), .iommufd = -1 }, .later = { 0, 1 } };

	return sys_ioctl(d->fd, UAPI_BIND, &ask) == -E2BIG;
}

/* 0: it is not for the token. */
static int why_no_token(const struct ioasid_device *device, int error)
{
	if (error == E2BIG)
		return err_set(EOPNOTSUPP,
			       "%s: this kernel wants VF tokens, but cannot be given one with a "
			       "device's node (a mistake of Linux 6.17 to 6.18.2)", device->name);
	if (error != EINVAL)
		return 0;
	if (!takes_token(device->backend))
		return err_set(EOPNOTSUPP, "%s: this kernel takes no VF token with a device's "
			       "node, and wants none (Linux 6.17)", device->name);
	return vfio_check_token(device->name);
}

int iofd_why_not_bound(const struct ioasid_device *device, int error)
{
	const char *name = device->name;
	int ret = error == EINVAL ? vfio_check_firmware(name, device->info.group) : 0;

	if (!ret && device->vf_token)
		ret = why_no_token(device, error);
	if (ret)
		return ret;
	switch (error) {
	case EPERM:
		return vfio_why_not_viable(name, device->info.group, ", or its interrupts are not "
					   "isolated (no interrupt remapping; iommufd's "
					   "allow_unsafe_interrupts)");
	case EACCES:		/* Linux 6.17 */
		return vfio_wants_token(name, device->vf_token);
	case EBUSY:
		return err_set(EBUSY, "%s: VFIO group %u is open, or the group is in use otherwise",
			       name, device->info.group);
	case EAGAIN:
		return vfio_not_reset(name);
	case EINVAL:
		return err_set(EBUSY,
			       "%s is bound by another process or context already, or held by "
			       "registers of it that are still mapped, or its DMA is not coherent "
			       "with the CPU's caches",
			       name);
	case ENOMEM:
		return err_set(ENOMEM, "%s: the kernel has no memory to bind it", name);
	case ENOTTY:
		return err_set(ENODEV, "%s: this kernel cannot bind to an iommufd (Linux 6.6)",
			       name);
	default:
		return err_set(ENODEV, "%s: the kernel does not bind it: %s", name,
			       strerror(error));
	}
}

/* The kernel does not say which. What the process does not have any more can be found out. */
int iofd_why_not_locked(const char *what, const struct ioasid_space *space)
{
	const struct ioasid_space *root = space_lowest(space);
	const struct ioasid_mapping *m;
	struct mapping_iter iter;

	mapping_for_each(m, &iter, root, 0, UINT64_MAX) {
		const struct source *source = source_of(root->ctx, m);
		const uint64_t length = imap_length(&m->item);

		if ((source && source->is_file) ||
		    !source_check_memory(root->ctx, m->target, length,
					 m->flags & (IOASID_READ | IOASID_WRITE)))
			continue;
		return err_set(EFAULT, "%s: mapping 0x%llx-0x%llx: 0x%llx + 0x%llx cannot be "
			       "locked for DMA: not all mapped in this process%s", what,
			       (unsigned long long)m->item.start, (unsigned long long)m->item.last,
			       (unsigned long long)m->target, (unsigned long long)length,
			       m->flags & IOASID_WRITE ? ", writable" : "");
	}
	return err_set(EFAULT, "%s: memory of a mapping cannot be locked for DMA: it is not "
		       "ordinary memory (a device's is mapped as a dma-buf)", what);
}
