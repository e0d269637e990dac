/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this back end share. */
#ifndef IOMMUFD_IOMMUFD_H
#define IOMMUFD_IOMMUFD_H

#include "objects.h"
#include "uapi.h"
#include "uapi_hwpt.h"
#include "vfio/sys.h"
#include "vfio/vfio.h"

#define IOFD_NODE "/dev/iommu"
#define IOFD_CDEV "CONFIG_VFIO_DEVICE_CDEV (Linux 6.6)"

/* Commands that kernels since Linux 6.6 need not have; and what is known of one. */
enum iofd_command {
	IOFD_SET_DIRTY,
	IOFD_INVALIDATE,
	IOFD_FAULT_QUEUE,
	IOFD_EVENT_QUEUE,
	IOFD_VIOMMU,
	IOFD_HW_QUEUE,
	IOFD_MAP_FILE,
	IOFD_CHANGE_PROCESS,
	IOFD_COMMANDS,
};
enum iofd_answer { IOFD_UNASKED, IOFD_YES, IOFD_NO };

struct iofd {
	int fd;			/* of IOFD_NODE */
	enum iofd_answer knows[IOFD_COMMANDS];
	enum iofd_answer physical;	/* no_iommu.c */
	enum iofd_answer dmabufs;	/* file.c */
	uint8_t *room;		/* where invalidations are put together */
	size_t room_size;
	uint32_t *busy;		/* destroy.c: objects that are to go */
	size_t n_busy;
	bool abandoned;		/* the kernel is not asked for anything any more */
};

/* What the kernel tells of the IOMMU in front of a device. */
struct iofd_hw {
	uint32_t type;		/* UAPI_HW_INFO_*; NONE: it tells nothing */
	uint32_t length;	/* of the data that it has, if there is room or not */
	uint64_t capabilities;	/* UAPI_HW_CAP_* */
	uint32_t pasid_bits;
	union {
		struct uapi_hw_info_vtd vtd;
		struct uapi_hw_info_smmuv3 smmuv3;
		struct uapi_hw_info_amd amd;
		uint64_t room[8];
	};
};

/* Who attaches a device that another framework has bound. */
struct iofd_adopter {
	ioasid_adopt_attach_fn *attach, *replace;
	ioasid_adopt_detach_fn *detach;
	void *data;
};

struct iofd_device {
	int fd;			/* of the device's VFIO node; -1: adopted */
	struct iofd_adopter adopter;
	uint32_t id;		/* the device in the iommufd */
	struct iofd_hw hw;
	struct ioasid_range *reserved;
	size_t n_reserved;
};

/* A page table of the kernel's. */
struct iofd_pt {
	struct iofd_pt *next;		/* of its space's */
	struct ioasid_space *space;
	uint32_t id;
	uint32_t flags;			/* UAPI_HWPT_*: what it was made for */
	uint64_t large_pages;		/* sizes that it may have */
	const struct iofd_vendor *vendor;	/* nested: what it was made of, */
	struct iofd_pt *parent;		/* and on what */
	bool writable_only;		/* iofd_check_mapping() */
	bool held;			/* nested.c: beside its attachments */
	unsigned int users;		/* attachments; struct attachment has it as backend */
};

/* Of a space that has an IOAS. */
struct iofd_space {
	struct iofd_pt automatic;	/* its id is the IOAS: the kernel makes the page table */
	struct iofd_pt *pts;		/* those that were made for something */
};

/* What a user's page table is, as a driver takes it. */
struct iofd_vendor {
	uint32_t type;			/* UAPI_HWPT_DATA_*, or any that a program has given */
	uint32_t length;
	uint8_t data[];
};

/* Of a space that is nested in hardware. */
struct iofd_nested {
	struct iofd_space space;	/* without an IOAS */
	struct iofd_vendor *vendor;	/* what is bound; NULL: nothing */
	struct pgt_pair pair;		/* id 0: in a vendor's layout */
};

static inline int iofd_ioctl(const struct ioasid_ctx *ctx, unsigned long command, void *arg)
{
	const struct iofd *iofd = ctx->backend;

	return iofd->abandoned ? 0 : sys_ioctl(iofd->fd, command, arg);
}

/* NULL: it has none. */
static inline const struct iofd_space *iofd_space(const struct ioasid_space *space)
{
	return space->backend;
}

/* The IOAS of a space that has a table. */
static inline uint32_t iofd_ioas(const struct ioasid_space *space)
{
	return iofd_space(space)->automatic.id;
}

/* backend.c: does the kernel know the command? It is asked once. */
bool iofd_knows(const struct ioasid_ctx *ctx, enum iofd_command which);
/* A new IOAS; err_set(). */
int iofd_ioas_alloc(struct ioasid_ctx *ctx, uint32_t *id);
/*
 * destroy.c: destroys an object that nothing holds. A failure is logged; and one that is busy tried
 * again. The same without the context locked. And all that have been busy.
 */
void iofd_destroy(struct ioasid_ctx *ctx, uint32_t id);
void iofd_destroy_unlocked(struct ioasid_ctx *ctx, uint32_t id);
void iofd_destroy_busy(const struct ioasid_ctx *ctx);

/* option.c: 0 or err_set() */
/* The kernel counts locked memory by process. */
int iofd_account_process(const struct ioasid_ctx *ctx);
/* The IOAS, an empty one, gets smallest pages only. */
int iofd_small_pages(const struct ioasid_space *space, uint32_t ioas);

/* process.c: as of struct backend_ops */
int iofd_change_process(struct ioasid_ctx *ctx);
void iofd_abandon(struct ioasid_ctx *ctx);

/* device.c */
int iofd_device_bind(struct ioasid_device *device);
int iofd_device_bind_fd(struct ioasid_device *device, int fd);
/* Its record, without a descriptor, and device->info as far as the IOMMU need not be asked. */
int iofd_device_new(struct ioasid_device *device, uint32_t requester, uint32_t group);
void iofd_device_free(struct ioasid_device *device);
uint32_t iofd_device_id(const struct ioasid_device *device);
/* The number of the space that its requests with @pasid go to; 0: it is attached no longer. */
uint32_t iofd_space_number(const struct ioasid_device *device, uint32_t pasid);
void iofd_device_unbind(struct ioasid_device *device);
size_t iofd_device_reserved(const struct ioasid_device *device, struct ioasid_range *ranges,
			    size_t n);
int iofd_device_fd(const struct ioasid_device *device);

/* adopt.c */
int iofd_device_adopt(struct ioasid_device *device, const struct ioasid_adopt_options *options);

/*
 * move.c: attaches the device's requests with @pasid to @table, an IOAS or a page table, or moves
 * them there. 0 or -errno.
 */
int iofd_move(const struct ioasid_device *device, uint32_t pasid, uint32_t table);
/* Blocks them. A failure is logged. */
void iofd_release(const struct ioasid_device *device, uint32_t pasid);

/* info.c: fills in what needs the bound device; err_set(). */
int iofd_device_info(struct ioasid_device *device);
/* All sizes of pages, but the smallest, that page tables of its IOMMU may have. */
uint64_t iofd_large_pages(const struct ioasid_device *device);
int iofd_add_reserved(struct iofd_device *d, uint64_t start, uint64_t last);

/*
 * node.c: which device the node is of that @fd is open on: sets device->name, and *@group and
 * *@requester. err_set(@error) if it is no such node, or -ENODEV; @what: what the caller knows it
 * by.
 */
int iofd_identify(struct ioasid_device *device, int fd, const char *what, int error,
		  uint32_t *requester, uint32_t *group);

/* hw_info.c: asks. A kernel or a driver that tells nothing is no error. */
void iofd_hw_query(struct ioasid_device *device);
/* Can it nest? Finds out on an IOAS that is empty. */
void iofd_hw_find_nesting(struct ioasid_device *device, uint32_t ioas);
/* As of struct backend_ops. */
int iofd_hw_copy(const struct ioasid_device *device, uint32_t *type, void *data, size_t *length);

/* diagnose.c: why the device has no node, or cannot be bound. Each is err_set(). */
int iofd_why_no_node(const struct ioasid_device *device);
int iofd_no_iommu(const char *name);
int iofd_why_not_bound(const struct ioasid_device *device, int error);
/* Memory of some mapping of the space's root cannot be locked: -EFAULT. @what: for whom. */
int iofd_why_not_locked(const char *what, const struct ioasid_space *space);

/* space.c */
int iofd_space_id(const struct ioasid_space *space, uint32_t *id);
int iofd_table_create(struct ioasid_space *space);
void iofd_table_destroy(struct ioasid_space *space, struct reap *reap);
int iofd_map(struct ioasid_space *space, const struct ioasid_mapping *mapping, struct reap *reap);
void iofd_unmap(struct ioasid_space *space, const struct ioasid_mapping *mapping,
		struct reap *reap);
uint32_t iofd_map_flags(const struct ioasid_mapping *m);
int iofd_run_map(struct ioasid_space *space, const struct ioasid_run *run, uint64_t from);
int iofd_run_unmap(struct ioasid_space *space, uint64_t iova, uint64_t length);

/*
 * file.c: as of struct backend_ops; the part of iofd_map() that goes by the file's descriptor, 0 or
 * -errno; and what that means of a dma-buf, err_set()
 */
bool iofd_maps_file(struct ioasid_ctx *ctx, const struct source *file, int fd);
int iofd_map_file(const struct ioasid_space *space, const struct ioasid_mapping *m,
		  const struct source *file);
int iofd_why_no_dmabuf(const struct ioasid_space *space, const struct ioasid_run *run, int error);

/* allow.c: as of struct backend_ops; the same of an IOAS that is going to be the space's */
int iofd_allow(struct ioasid_space *space, const struct ioasid_range *ranges, size_t n);
int iofd_ioas_allow(const struct ioasid_space *space, uint32_t ioas,
		    const struct ioasid_range *ranges, size_t n);

/*
 * hwpt.c
 * Makes a page table for the device, without users so far; what is asked for is in @alloc.
 * err_set()
 */
int iofd_pt_new(const struct ioasid_device *device, struct ioasid_space *space,
		struct uapi_hwpt_alloc *alloc, struct iofd_pt **out);
/* The same: -errno, without a message. */
int iofd_pt_make(const struct ioasid_device *device, struct ioasid_space *space,
		 struct uapi_hwpt_alloc *alloc, struct iofd_pt **out);
/* A user less. Without any it goes. */
void iofd_pt_put(struct iofd_pt *pt);

/*
 * attach.c
 * Sends the device's requests, and its group's if it is attached, to the page table. 0 or -errno.
 */
int iofd_attach_to(struct ioasid_device *device, uint32_t pasid, struct iofd_pt *pt);
/* UAPI_HWPT_PASID, _FAULT: what its page table has to be made for, whatever else that is. */
uint32_t iofd_flags(const struct ioasid_device *device, const struct ioasid_space *space);
/* Blocks them. */
void iofd_block(struct ioasid_device *device, uint32_t pasid);
int iofd_route(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space,
	       struct reap *reap);

/* pri.c: of a device that has a node */
bool iofd_has_page_requests(const struct ioasid_device *device);

/* fault.c: as of struct backend_ops */
int iofd_queue_create(struct ioasid_fault_queue *q);
void iofd_queue_destroy(struct ioasid_fault_queue *q);
int iofd_queue_read(struct ioasid_fault_queue *q, struct ioasid_page_request *requests, size_t n);
int iofd_queue_respond(struct ioasid_fault_queue *q, const struct ioasid_page_response *responses,
		       size_t n);
/* The queue's number in the iommufd. */
uint32_t iofd_queue_id(const struct ioasid_fault_queue *q);

/* nested.c */
extern const struct nest_ops iofd_nest;
/* To a space that is nested in hardware; err_set(). */
int iofd_nested_attach(struct ioasid_device *device, uint32_t pasid, struct ioasid_space *space);
/*
 * VT-d's driver takes no read-only mappings in what is nested on (erratum 772415). err_set():
 * -EOPNOTSUPP, if the space has some, or if a mapping that is to be made is one.
 */
int iofd_check_parent(const struct ioasid_device *device, const struct ioasid_space *root);
int iofd_check_mapping(const struct ioasid_space *space, const struct ioasid_mapping *m);

/* Can others nest on it? */
bool iofd_is_parent(const struct iofd_pt *pt);
/* A new one of the root's, with the caller as its user; err_set(). */
int iofd_parent_new(struct ioasid_device *device, struct ioasid_space *root, struct iofd_pt **out);

/* Has all who are attached go by that; err_set(), with what was bound before still bound. */
int iofd_bind_vendor(struct ioasid_space *space, const struct pgt_pair *pair, uint32_t type,
		     const void *data, size_t length);

/* no_iommu.c: does the kernel tell of physical addresses? And as of struct backend_ops. */
bool iofd_knows_physical(const struct ioasid_ctx *ctx);
int iofd_query_physical(const struct ioasid_space *space, uint64_t iova, uint64_t length,
			uint64_t *physical, uint64_t *contiguous);

/* vfio_ioas.c: as of struct backend_ops */
int iofd_vfio_bind(const struct ioasid_ctx *ctx, const struct ioasid_space *space);
int iofd_vfio_query(const struct ioasid_ctx *ctx, uint32_t *id);

/* vendor.c: page tables and PASID tables as drivers take them */
int iofd_bind_pgtable(struct ioasid_space *space, const struct pgt_pair *pair, struct reap *reap);
int iofd_bind_pasid_table(struct ioasid_space *space, const struct ioasid_pasid_table *table,
			  struct reap *reap);

/* viommu.c */
extern const struct viommu_ops iofd_viommu_ops;

/* invalidate.c: as of struct nest_ops */
int iofd_invalidate(struct ioasid_space *space, const struct nest_inv *all, size_t first,
		    size_t *done);
int iofd_probe_raw(struct ioasid_space *space, uint32_t type);
/* backend.c: is there room for so many bytes? */
bool iofd_room(struct iofd *iofd, size_t size);

/*
 * dirty.c: as of struct backend_ops; and a page table comes while written pages may be recorded, or
 * goes: what it knows is kept. err_set()
 */
int iofd_dirty_set(struct ioasid_space *space, bool on, struct reap *reap);
int iofd_dirty_read(struct ioasid_space *space, uint64_t start, uint64_t last, bool peek,
		    struct dirty_bits *out, struct reap *reap);
int iofd_dirty_join(const struct iofd_pt *pt);
void iofd_dirty_leave(const struct iofd_pt *pt);

#endif
