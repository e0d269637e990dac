/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The type1 back end: VFIO's containers and groups, as every Linux has them. */
#include <errno.h>
#include <string.h>

#include "type1.h"

static int probe(void)
{
	int ret = sys_access(T1_NODE);

	return ret ? vfio_why_no_kernel(T1_NODE, "CONFIG_VFIO_CONTAINER", "vfio", -ret) : 0;
}

/* The node is there as soon as somebody looks for it, on most systems; groups are not. */
static int find_devices(void)
{
	int ret = vfio_has_groups("type1");

	if (ret)
		return ret > 0 ? 0 : ret;
	return err_set(ENODEV, "no group of devices in /dev/vfio: none is bound to vfio-pci");
}

/* What can be asked before there is a group. */
static int ask(struct t1 *t1, int fd)
{
	if (sys_ioctl(fd, UAPI_GET_API_VERSION, NULL) != UAPI_API_VERSION)
		return err_set(ENODEV, T1_NODE ": another version of VFIO than 0");
	if (t1_ioctl_number(fd, UAPI_CHECK_EXTENSION, UAPI_TYPE1V2_IOMMU) <= 0)
		return err_set(ENODEV, "this kernel has " T1_NODE ", but not its driver for IOMMUs "
			       "(CONFIG_VFIO_IOMMU_TYPE1, or modprobe vfio_iommu_type1)");
	t1->unmap_all = t1_ioctl_number(fd, UAPI_CHECK_EXTENSION, UAPI_UNMAP_ALL) > 0;
	return 0;
}

static int open_node(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	struct t1 *t1;
	int fd, ret;

	if (options->platform)
		return err_set(EOPNOTSUPP, "type1: a platform is for the emulated back end");
	if (options->flags & IOASID_CTX_AUDIT)
		return err_set(EOPNOTSUPP, "type1: no audit: DMA of real devices is not seen");
	if (options->flags & IOASID_CTX_NO_IOMMU)
		return err_set(EOPNOTSUPP, "type1: containers map nothing for devices without an "
			       "IOMMU");
	if (options->flags & IOASID_CTX_FD)
		return err_set(EOPNOTSUPP, "type1: a context is several containers, and takes no "
			       "descriptor");
	t1 = mem_calloc(1, sizeof(*t1));
	if (!t1)
		return err_set(ENOMEM, "no memory for a context");
	fd = sys_open(T1_NODE);
	if (fd < 0) {
		ret = vfio_why_no_kernel(T1_NODE, "CONFIG_VFIO_CONTAINER", "vfio", -fd);
	} else {
		ret = ask(t1, fd);
		sys_close(fd);
	}
	if (ret) {
		mem_free(t1);
		return ret;
	}
	ctx->backend = t1;
	return 0;
}

static void close_node(struct ioasid_ctx *ctx)
{
	mem_free(ctx->backend);
}

static const char *why_not(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	(void)ctx;
	switch (capability) {
	case IOASID_CAP_MAP_FILE:
	case IOASID_CAP_REGISTER_MEMORY:
	case IOASID_CAP_NESTING_SOFTWARE:
	case IOASID_CAP_USER_PGTABLE:
	case IOASID_CAP_ENFORCE_SNOOP:
	case IOASID_CAP_DIRTY_TRACKING:
	case IOASID_CAP_MULTI_DEVICE_GROUPS:
		return NULL;
	case IOASID_CAP_NESTING_HARDWARE:
		return "VFIO's type1 has no nested page tables";
	case IOASID_CAP_USER_PASID_TABLE:
		return "VFIO's type1 has no PASIDs";
	case IOASID_CAP_FILL_ON_DEMAND:
		return "the kernel does not tell which DMA found no translation";
	case IOASID_CAP_PASID:
		return "VFIO's type1 has no PASIDs";
	case IOASID_CAP_PAGE_REQUESTS:
		return "VFIO's type1 has no page requests";
	case IOASID_CAP_DIRTY_EXACT:
		return "VFIO's type1 reports all pages that a device can write, written or not";
	case IOASID_CAP_SMALL_PAGES:
		return "VFIO's type1 chooses the sizes of pages by itself";
	case IOASID_CAP_CHANGE_PROCESS:
		return "VFIO's type1 leaves locked memory with the process that mapped it";
	case IOASID_CAP_VIOMMU:
	case IOASID_CAP_HW_QUEUE:
		return "VFIO containers have no vIOMMUs: that takes iommufd";
	case IOASID_CAP_VFIO_COMMANDS:
		return "a context is several containers, and has no descriptor";
	case IOASID_CAP_NO_IOMMU:
		return "VFIO's containers map nothing for devices without an IOMMU";
	case IOASID_CAP_DMA:
		return "only the devices themselves issue DMA on type1";
	case IOASID_CAP_AUDIT:
		return "DMA of real devices is not seen";
	case IOASID_CAP_ATOMIC_REPLACE:
		return "VFIO's type1 changes mappings one by one";
	}
	return "not a capability that this version knows";
}

/* What a container has is up to the groups that are attached: see route.c. */
static int table_create(struct ioasid_space *space)
{
	(void)space;
	return 0;
}

static void table_destroy(struct ioasid_space *space, struct reap *reap)
{
	(void)space;
	(void)reap;
}

static void locked(const struct ioasid_ctx *ctx, uint64_t *bytes, uint64_t *limit)
{
	(void)ctx;
	vfio_locked("VmLck:", bytes, limit);
}

const struct backend_ops backend_type1 = {
	.name = "type1",
	.checks_memory = true,
	.enforces_snoop = true,
	.keeps_written = true,
	.probe = probe,
	.find_devices = find_devices,
	.open = open_node,
	.close = close_node,
	.why_not = why_not,
	.device_bind = t1_device_bind,
	.device_unbind = t1_device_unbind,
	.device_reserved = t1_device_reserved,
	.device_fd = t1_device_fd,
	.group_fd = t1_group_fd,
	.table_create = table_create,
	.table_destroy = table_destroy,
	.map = t1_map,
	.unmap = t1_unmap,
	.run_map = t1_run_map,
	.run_unmap = t1_run_unmap,
	.route = t1_route,
	.dirty_set = t1_dirty_set,
	.dirty_read = t1_dirty_read,
	.locked = locked,
};
