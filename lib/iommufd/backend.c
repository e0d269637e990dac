/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The iommufd back end: Linux's /dev/iommu and the device nodes of VFIO (Linux 6.6). */
#include <errno.h>
#include <string.h>

#include "uapi_fault.h"
#include "viommu.h"

static int why_not_open(int error)
{
	return vfio_why_no_kernel(IOFD_NODE, "CONFIG_IOMMUFD, Linux 6.6", "iommufd", error);
}

static int probe(void)
{
	int ret = sys_access(IOFD_NODE);

	return ret ? why_not_open(-ret) : 0;
}

/* Where VFIO has groups, but no nodes of their devices, it is type1 that can bind them. */
static int find_devices(void)
{
	char name[VFIO_NAME_SIZE];
	int ret = vfio_has_groups("iommufd");

	if (ret <= 0 || sys_entry("/dev/vfio/devices", 0, name, sizeof(name)) != -ENOENT)
		return ret < 0 ? ret : 0;
	return err_set(ENODEV, "VFIO has groups, but no nodes of devices: the kernel needs "
		       IOFD_CDEV);
}

/* Whoever has iommufd's commands says -ENOENT: there is no object 0. */
static int ask(int fd)
{
	struct uapi_destroy destroy = { .size = sizeof(destroy) };

	return sys_ioctl(fd, UAPI_DESTROY, &destroy);
}

/* The program's own descriptor, which has to be one of IOFD_NODE. */
static int take_descriptor(int fd)
{
	int ret = ask(fd), copy;

	if (ret != -ENOENT)
		return err_set(EINVAL, "descriptor %d is not one of " IOFD_NODE "%s%s", fd,
			       ret && ret != -ENOTTY ? ": " : "",
			       ret && ret != -ENOTTY ? strerror(-ret) : "");
	copy = sys_dup(fd);
	return copy < 0 ? err_set(ENOMEM, "descriptor %d: %s", fd, strerror(-copy)) : copy;
}

/* A kernel of 64 bits lets 32-bit programs open it, but takes none of their commands. */
static int open_own(void)
{
	int fd = sys_open(IOFD_NODE), ret;

	if (fd < 0)
		return why_not_open(-fd);
	ret = ask(fd);
	if (ret == -ENOENT)
		return fd;
	sys_close(fd);
	return err_set(ENODEV, IOFD_NODE " takes no commands (is this a 32-bit program on a kernel "
		       "of 64 bits?): %s", strerror(-ret));
}

static int open_node(struct ioasid_ctx *ctx, const struct ioasid_ctx_options *options)
{
	struct iofd *iofd;
	int fd, ret;

	if (options->platform)
		return err_set(EOPNOTSUPP, "iommufd: a platform is for the emulated back end");
	if (options->flags & IOASID_CTX_AUDIT)
		return err_set(EOPNOTSUPP, "iommufd: no audit: DMA of real devices is not seen");
	iofd = mem_calloc(1, sizeof(*iofd));
	if (!iofd)
		return err_set(ENOMEM, "no memory for a context");
	fd = options->flags & IOASID_CTX_FD ? take_descriptor(options->fd) : open_own();
	if (fd < 0) {
		mem_free(iofd);
		return fd;
	}
	iofd->fd = fd;
	ctx->backend = iofd;
	ret = options->flags & IOASID_CTX_ACCOUNT_PROCESS ? iofd_account_process(ctx) : 0;
	if (ret) {
		sys_close(fd);
		mem_free(iofd);
	}
	return ret;
}

static void close_node(struct ioasid_ctx *ctx)
{
	struct iofd *iofd = ctx->backend;

	sys_close(iofd->fd);
	mem_free(iofd->room);
	mem_free(iofd->busy);
	mem_free(iofd);
}

bool iofd_room(struct iofd *iofd, size_t size)
{
	uint8_t *room;

	if (size <= iofd->room_size)
		return true;
	room = mem_realloc(iofd->room, 2 * size);
	if (!room)
		return false;
	iofd->room = room;
	iofd->room_size = 2 * size;
	return true;
}

static int get_fd(const struct ioasid_ctx *ctx)
{
	return ((const struct iofd *)ctx->backend)->fd;
}

/*
 * Does the kernel know the command? It is asked once, with flags, or the number of an object, that
 * nobody has: those are refused before anything is done, and their place is the same in all
 * structures. Two threads may ask at the same time.
 */
bool iofd_knows(const struct ioasid_ctx *ctx, enum iofd_command which)
{
	static const struct { unsigned long command; uint32_t size; } commands[] = {
		[IOFD_SET_DIRTY] = { UAPI_HWPT_SET_DIRTY, sizeof(struct uapi_set_dirty) },
		[IOFD_INVALIDATE] = { UAPI_HWPT_INVALIDATE, sizeof(struct uapi_invalidate) },
		[IOFD_FAULT_QUEUE] = { UAPI_FAULT_ALLOC, sizeof(struct uapi_fault_alloc) },
		[IOFD_VIOMMU] = { UAPI_VIOMMU_ALLOC, UAPI_VIOMMU_ALLOC_PLAIN },
		[IOFD_HW_QUEUE] = { UAPI_HW_QUEUE_ALLOC, sizeof(struct uapi_hw_queue_alloc) },
		[IOFD_MAP_FILE] = { UAPI_IOAS_MAP_FILE, sizeof(struct uapi_ioas_map_file) },
		[IOFD_CHANGE_PROCESS] = { UAPI_CHANGE_PROCESS, sizeof(struct uapi_change_process) },
		[IOFD_EVENT_QUEUE] = { UAPI_VEVENTQ_ALLOC, sizeof(struct uapi_veventq_alloc) },
	};
	uint32_t words[16] = { commands[which].size, UINT32_MAX };
	struct iofd *iofd = ctx->backend;
	enum iofd_answer answer = __atomic_load_n(&iofd->knows[which], __ATOMIC_RELAXED);

	if (!answer) {
		answer = iofd_ioctl(ctx, commands[which].command, words) == -ENOTTY ? IOFD_NO :
										     IOFD_YES;
		__atomic_store_n(&iofd->knows[which], answer, __ATOMIC_RELAXED);
	}
	return answer == IOFD_YES;
}

static const char *why_not(const struct ioasid_ctx *ctx, enum ioasid_capability capability)
{
	switch (capability) {
	case IOASID_CAP_MAP_FILE:
	case IOASID_CAP_REGISTER_MEMORY:
	case IOASID_CAP_NESTING_SOFTWARE:
	case IOASID_CAP_USER_PGTABLE:
	case IOASID_CAP_ENFORCE_SNOOP:
	case IOASID_CAP_SMALL_PAGES:
	case IOASID_CAP_VFIO_COMMANDS:
	case IOASID_CAP_MULTI_DEVICE_GROUPS:
	case IOASID_CAP_ATOMIC_REPLACE:
		return NULL;
	case IOASID_CAP_DIRTY_TRACKING:
	case IOASID_CAP_DIRTY_EXACT:
		return iofd_knows(ctx, IOFD_SET_DIRTY) ? NULL :
		       "the kernel has no dirty tracking on iommufd (Linux 6.7)";
	case IOASID_CAP_NESTING_HARDWARE:
		return iofd_knows(ctx, IOFD_INVALIDATE) ? NULL :
		       "the kernel has no nested page tables on iommufd (Linux 6.8)";
	case IOASID_CAP_FILL_ON_DEMAND:
		return "the kernel does not tell which DMA found no translation";
	case IOASID_CAP_PASID:
		/* They came with the Linux that has event queues, to VFIO and to page tables. */
		return iofd_knows(ctx, IOFD_EVENT_QUEUE) ? NULL :
		       "the kernel has no PASIDs on iommufd (Linux 6.15)";
	case IOASID_CAP_PAGE_REQUESTS:
		return iofd_knows(ctx, IOFD_FAULT_QUEUE) ? NULL :
		       "the kernel has no page requests on iommufd (Linux 6.11)";
	case IOASID_CAP_USER_PASID_TABLE: /* is bound to a space on one */
	case IOASID_CAP_VIOMMU:
		return iofd_knows(ctx, IOFD_VIOMMU) ? NULL :
		       "this kernel has no vIOMMUs (Linux 6.13)";
	case IOASID_CAP_HW_QUEUE:
		return iofd_knows(ctx, IOFD_HW_QUEUE) ? NULL :
		       "this kernel has no hardware queues (Linux 6.17)";
	case IOASID_CAP_CHANGE_PROCESS:
		return iofd_knows(ctx, IOFD_CHANGE_PROCESS) ? NULL :
		       "the kernel leaves locked memory with the process that mapped it (before "
		       "Linux 6.13)";
	case IOASID_CAP_NO_IOMMU:
		return iofd_knows_physical(ctx) ? NULL :
		       "this kernel tells no physical addresses (CONFIG_VFIO_NOIOMMU, Linux 7.3)";
	case IOASID_CAP_DMA:
		return "only the devices themselves issue DMA on iommufd";
	case IOASID_CAP_AUDIT:
		return "DMA of real devices is not seen";
	}
	return "not a capability that this version knows";
}

int iofd_ioas_alloc(struct ioasid_ctx *ctx, uint32_t *id)
{
	struct uapi_ioas_alloc alloc = { .size = sizeof(alloc) };
	int ret = iofd_ioctl(ctx, UAPI_IOAS_ALLOC, &alloc);

	if (ret)
		return err_set(ENOMEM, "the kernel made no address space: %s", strerror(-ret));
	*id = alloc.out_ioas_id;
	return 0;
}

/* In all modes of accounting the kernel keeps mm->pinned_vm too. */
static void locked(const struct ioasid_ctx *ctx, uint64_t *bytes, uint64_t *limit)
{
	(void)ctx;
	vfio_locked("VmPin:", bytes, limit);
}

const struct backend_ops backend_iommufd = {
	.name = "iommufd",
	.checks_memory = true,
	.enforces_snoop = true,
	.routes_groups = true,
	.probe = probe,
	.find_devices = find_devices,
	.open = open_node,
	.close = close_node,
	.why_not = why_not,
	.device_bind = iofd_device_bind,
	.device_unbind = iofd_device_unbind,
	.device_reserved = iofd_device_reserved,
	.device_bind_fd = iofd_device_bind_fd,
	.device_adopt = iofd_device_adopt,
	.device_fd = iofd_device_fd,
	.ctx_fd = get_fd,
	.device_id = iofd_device_id,
	.space_id = iofd_space_id,
	.query_physical = iofd_query_physical,
	.vfio_bind = iofd_vfio_bind,
	.vfio_query = iofd_vfio_query,
	.table_create = iofd_table_create,
	.table_destroy = iofd_table_destroy,
	.map = iofd_map,
	.unmap = iofd_unmap,
	.allow = iofd_allow,
	.maps_file = iofd_maps_file,
	.run_map = iofd_run_map,
	.run_unmap = iofd_run_unmap,
	.route = iofd_route,
	.dirty_set = iofd_dirty_set,
	.dirty_read = iofd_dirty_read,
	.fault_queue_create = iofd_queue_create,
	.fault_queue_destroy = iofd_queue_destroy,
	.fault_queue_read = iofd_queue_read,
	.fault_queue_respond = iofd_queue_respond,
	.locked = locked,
	.change_process = iofd_change_process,
	.abandon = iofd_abandon,
	.nest_hardware = &iofd_nest,
	.viommu = &iofd_viommu_ops,
	.device_hw_info = iofd_hw_copy,
};
