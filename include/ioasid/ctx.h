/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/**
 * @file ctx.h
 * The context: one back end, and all objects that are made on it.
 */
#ifndef IOASID_CTX_H
#define IOASID_CTX_H

#include <ioasid/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a context can do; see ioasid_ctx_has(). */
enum ioasid_capability {
	/** Mappings of files: ioasid_space_map_file(). */
	IOASID_CAP_MAP_FILE = 1,
	/** Registered memory and the identity root. */
	IOASID_CAP_REGISTER_MEMORY,
	/** Spaces on a parent, both levels merged by the library into a shadow page table. */
	IOASID_CAP_NESTING_SOFTWARE,
	/** Spaces on a parent, both levels walked by the IOMMU. */
	IOASID_CAP_NESTING_HARDWARE,
	/** Page tables that the user (a guest) manages: ioasid_space_bind_pgtable(). */
	IOASID_CAP_USER_PGTABLE,
	/** PASID tables that the user (a guest) manages: ioasid_space_bind_pasid_table(). */
	IOASID_CAP_USER_PASID_TABLE,
	/** A shadow can be filled when a DMA misses (IOASID_FILL_ON_DEMAND). */
	IOASID_CAP_FILL_ON_DEMAND,
	/** Devices that share an isolation group can be used together. */
	IOASID_CAP_MULTI_DEVICE_GROUPS,
	/** Spaces can be attached by PASID: ioasid_device_attach_pasid(). */
	IOASID_CAP_PASID,
	/** Recoverable I/O page faults: ioasid_fault_queue_create(). */
	IOASID_CAP_PAGE_REQUESTS,
	/** Pages that DMA writes can be recorded: ioasid_space_dirty_start(). */
	IOASID_CAP_DIRTY_TRACKING,
	/** No-snoop DMA can be forbidden for each space (space option enforce_snoop). */
	IOASID_CAP_ENFORCE_SNOOP,
	/** The program itself can issue DMA for a device: ioasid_channel_open(). */
	IOASID_CAP_DMA,
	/** Missing invalidations are named (IOASID_CTX_AUDIT). */
	IOASID_CAP_AUDIT,
	/** ioasid_device_replace() is one step: no DMA is blocked in between, and no DMA that has
	 *  used the new space uses the old one afterwards. */
	IOASID_CAP_ATOMIC_REPLACE,
	/** vIOMMUs, vDEVICEs, and their event queues: ioasid/viommu.h. */
	IOASID_CAP_VIOMMU,
	/** A guest's command queues that hardware reads: ioasid_hw_queue_create(). */
	IOASID_CAP_HW_QUEUE,
	/**
	 * Spaces whose page tables have pages of the smallest size only: IOASID_SPACE_SMALL_PAGES.
	 */
	IOASID_CAP_SMALL_PAGES,
	/**
	 * Dirty tracking reports only pages that were written. Without it, a read may report others
	 * as well: on type1 each read reports all pages that a device can write.
	 */
	IOASID_CAP_DIRTY_EXACT,
	/** Another process can take the context over: ioasid_ctx_change_process(). */
	IOASID_CAP_CHANGE_PROCESS,
	/** Software that speaks VFIO's type1 can share a space: ioasid/vfio.h. */
	IOASID_CAP_VFIO_COMMANDS,
	/**
	 * Devices without an IOMMU can be bound (IOASID_CTX_NO_IOMMU), and
	 * ioasid_space_query_physical() tells physical addresses.
	 */
	IOASID_CAP_NO_IOMMU,
};

/** Audit: check DMA through nested spaces against the guest's tables; needs IOASID_CAP_AUDIT. */
#define IOASID_CTX_AUDIT 0x1u
/**
 * Only memory that was registered before can be mapped, each mapping from one registration:
 * ioasid_ctx_register_memory(). Files need no registration, since the library maps them itself.
 */
#define IOASID_CTX_REGISTERED_ONLY 0x2u
/** Use the descriptor in the option fd to reach the kernel: on the iommufd back end only. */
#define IOASID_CTX_FD 0x4u

/**
 * Memory that is locked for DMA counts against a limit of the process, as with VFIO, instead of one
 * of its user (Linux: IOMMU_OPTION_RLIMIT_MODE). On iommufd this takes CAP_SYS_RESOURCE; type1
 * always counts by process. In the emulation, contexts on the same platform description count
 * together.
 */
#define IOASID_CTX_ACCOUNT_PROCESS 0x8u

/**
 * Devices that are not behind an IOMMU can be bound too: on the iommufd back end, if the system has
 * been told to hand them out (VFIO's enable_unsafe_noiommu_mode). Nothing isolates such a device:
 * its DMA uses physical addresses and reaches all of the machine's memory. Without the flag such
 * devices are refused.
 */
#define IOASID_CTX_NO_IOMMU 0x10u

/** Receives the log of one context; @p level is a syslog priority. Any thread may call it. */
typedef void ioasid_log_fn(void *data, int level, const char *text);

/** How to open a context. */
struct ioasid_ctx_options {
	/** sizeof(struct ioasid_ctx_options) */
	size_t size;
	/** "emulated", "iommufd" or "type1"; for "auto" and NULL see ioasid_ctx_open(). */
	const char *backend;
	/** The emulated platform, copied; NULL: IOASID_PLATFORM, else the default platform. */
	const struct ioasid_platform *platform;
	/** IOASID_CTX_* */
	uint64_t flags;
	/** Receives log messages; NULL: none are written. It must not call the library. */
	ioasid_log_fn *log;
	/** First argument of @p log. */
	void *log_data;
	/**
	 * With IOASID_CTX_FD: a descriptor of /dev/iommu, opened by the program or passed to it.
	 * The context duplicates it: the program keeps its own, and may close it at any time.
	 */
	int fd;
	/** 0 */
	uint32_t reserved;
};

#define IOASID_CTX_OPTIONS_INIT IOASID_INIT(ioasid_ctx_options)

/**
 * Opens a context.
 *
 * The back end is the one that @p options names, else the one that the environment variable
 * IOASID_BACKEND names, else the first usable one in the order of ioasid_backend_name(). That last
 * rule takes type1 only if a device is bound to VFIO, and skips iommufd if only type1 could bind
 * that device (VFIO has a group for it, but no device node). The emulated platform is @p
 * options->platform, else the file that IOASID_PLATFORM names, else ioasid_platform_new_default().
 * Environment variables are ignored in programs that run with privileges that their user does not
 * have (AT_SECURE).
 *
 * A context must not be used on both sides of a fork(): the child may only exec or exit, unless it
 * takes the context over with ioasid_ctx_change_process().
 *
 * @param options NULL for the defaults.
 * @return 0; -EINVAL: unknown flag, unknown back end, malformed platform, reserved is not 0, fd is
 *         not a descriptor of /dev/iommu, or it has objects already, which
 *         IOASID_CTX_ACCOUNT_PROCESS does not allow; -E2BIG: options longer than this library
 *         knows; -EOPNOTSUPP: the back end named is not in this build or lacks a capability asked
 *         for; -ENODEV: the system lacks what the back end needs; -ENOENT, -EACCES, -EFBIG,
 *         -EISDIR, -EIO: the platform file cannot be read; -EACCES also: IOASID_CTX_ACCOUNT_PROCESS
 *         without the privilege; -ENOMEM: also, no file descriptor is left.
 * Since 0.1.
 */
int ioasid_ctx_open(const struct ioasid_ctx_options *options, struct ioasid_ctx **ctx);

/**
 * Closes a context and everything made on it: event and fault queues, channels, vIOMMUs, devices,
 * spaces, mappings. All handles are invalid afterwards, except those of invalidation batches, which
 * can still be freed.
 *
 * No other call on the context may be running, and no channel may be inside ioasid_dma_begin(). A
 * DMA that waits for a page counts as a running call: ioasid_device_detach() ends it.
 *
 * @return 0; -EDEADLK: this thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_ctx_close(struct ioasid_ctx *ctx);

/**
 * The calling process takes the context over from the process that opened it, or that took it over
 * last: memory that is locked for DMA is then charged to the calling process, or to its user,
 * instead of the other. DMA continues meanwhile.
 *
 * This is for a program that continues in a new process, for example after an update, while its
 * devices work. There are two ways to get there:
 *  - After a fork(), the child has all handles. It may use them once this call has returned,
 *    provided that at the time of the fork no other thread was in a call on the context, and no
 *    channel was inside ioasid_dma_begin().
 *  - A process was passed the descriptor, and has opened a context on it (IOASID_CTX_FD). It is
 *    then charged for all memory that is locked through the descriptor, whoever has mapped it.
 * The other process gives its handles up, with ioasid_ctx_abandon() or by ending.
 *
 * Where memory is counted by user (no IOASID_CTX_ACCOUNT_PROCESS), the new user is charged before
 * the old one is relieved, even if both are the same: the limit must leave room for that.
 *
 * In the process that has the context already, the call changes nothing.
 *
 * @return 0; -EINVAL: a root has a mapping that is not of a memfd, or memory is registered; on
 *         iommufd also: others have mapped such memory through the descriptor; -ENOMEM: more memory
 *         than this process, or its user, may lock; -EBUSY: others are mapping memory through the
 *         descriptor at this moment; -EOPNOTSUPP: no IOASID_CAP_CHANGE_PROCESS.
 * Since 0.1.
 */
int ioasid_ctx_change_process(struct ioasid_ctx *ctx);

/**
 * Gives up a context that another process has taken over, or is going to take over. All handles
 * become invalid as with ioasid_ctx_close(), and the context's descriptors are closed in this
 * process, but devices stay attached and mappings stay in place.
 *
 * @return 0; -EDEADLK: this thread is inside ioasid_dma_begin(); -EOPNOTSUPP: no
 *         IOASID_CAP_CHANGE_PROCESS. Since 0.1.
 */
int ioasid_ctx_abandon(struct ioasid_ctx *ctx);

/** A context's state. */
struct ioasid_ctx_info {
	/** sizeof(struct ioasid_ctx_info), set by the caller. */
	size_t size;
	/**
	 * Memory that is locked for DMA and charged to the calling process. On the emulated
	 * platform that of all its contexts on the same description; on a kernel back end what the
	 * kernel has counted for the whole process, or UINT64_MAX if the kernel does not tell.
	 */
	uint64_t locked_bytes;
	/**
	 * How much may be locked: the platform's limit, or RLIMIT_MEMLOCK. UINT64_MAX: any amount.
	 */
	uint64_t locked_limit;
	/**
	 * Whether an attached device can do DMA that bypasses the CPU's caches (no-snoop). A
	 * hypervisor then has to let guests flush caches (VFIO_DMA_CC_IOMMU, KVM's VFIO device).
	 */
	bool noncoherent_dma;
	uint8_t reserved[7];
};

#define IOASID_CTX_INFO_INIT IOASID_INIT(ioasid_ctx_info)

/** Fills in the context's state. @return 0; -EINVAL, -E2BIG: info->size. Since 0.1. */
int ioasid_ctx_query_info(const struct ioasid_ctx *ctx, struct ioasid_ctx_info *info);

/** The name of the context's back end. Since 0.1. */
const char *ioasid_ctx_get_backend(const struct ioasid_ctx *ctx);

/**
 * The descriptor through which the context reaches the kernel, for another framework that binds a
 * device to it: with iommufd that of /dev/iommu. It belongs to the context and is closed with it.
 *
 * Objects that others create on the descriptor are theirs. They survive the context for as long as
 * somebody keeps a duplicate of the descriptor.
 *
 * @return the descriptor; -EOPNOTSUPP: the back end has none that holds the context's objects.
 * Since 0.1.
 */
int ioasid_ctx_get_fd(const struct ioasid_ctx *ctx);

/** Whether the context has @p capability. False for one that is not known. Since 0.1. */
bool ioasid_ctx_has(const struct ioasid_ctx *ctx, enum ioasid_capability capability);

/**
 * Why the context does not have @p capability, in words; NULL if it has it. The text is constant.
 * Since 0.1.
 */
const char *ioasid_ctx_why_not(const struct ioasid_ctx *ctx, enum ioasid_capability capability);

/** The capability's name, such as "nesting-software"; NULL past the last. Since 0.1. */
const char *ioasid_capability_name(enum ioasid_capability capability);

/**
 * The name of the @p index-th back end, in the order in which "auto" tries them; NULL past the
 * last. Since 0.1.
 */
const char *ioasid_backend_name(size_t index);

/**
 * Finds out whether a back end could be opened here, without side effects.
 *
 * @return 0: it could; -EINVAL: no such back end; -EOPNOTSUPP: not in this build; -ENODEV: the
 *         system lacks what it needs; -EACCES: no permission; -ENOMEM: in the kernel.
 *         ioasid_errmsg() says what is missing.
 * Since 0.1.
 */
int ioasid_backend_probe(const char *name);

/**
 * Registers memory: it is checked once, mappings made of it are then cheaper, and it appears in the
 * identity root at IOVA = address.
 *
 * The memory has to stay mapped in the process until it is unregistered.
 *
 * @param addr,length multiples of 4096; length not 0.
 * @param flags IOASID_READ, IOASID_WRITE or both: what devices may do with it.
 * @return 0; -EINVAL: alignment, length or flags; or the range runs past the end of the address
 *         space; or a device that is attached to the identity root, or to a space nested on it,
 *         cannot have this IOVA; -EEXIST: overlaps registered
 *         memory; -EFAULT: not all of it is mapped in the process with that permission; -ENOSPC:
 *         as many mappings are in the identity root as an attached device's max_mappings says;
 *         -ENOMEM; -EOPNOTSUPP: no IOASID_CAP_REGISTER_MEMORY.
 * Since 0.1.
 */
int ioasid_ctx_register_memory(struct ioasid_ctx *ctx, void *addr, uint64_t length, uint32_t flags);

/**
 * Undoes ioasid_ctx_register_memory() for exactly the same range. DMA to it through the identity
 * root, or through a space nested on that, faults afterwards.
 *
 * @return 0; -ENOENT: no registration has this range; -EBUSY: mappings of it remain, or hardware
 *         reads a queue in it; -EDEADLK: the calling thread is inside ioasid_dma_begin().
 * Since 0.1.
 */
int ioasid_ctx_unregister_memory(struct ioasid_ctx *ctx, void *addr, uint64_t length);

/**
 * The identity root: a space in which registered memory, and nothing else, appears at IOVA =
 * address. Spaces can be nested on it and devices attached to it; mapping in it is refused.
 *
 * @param space belongs to the context and cannot be destroyed.
 * @return 0; -ENOMEM; -EOPNOTSUPP: no IOASID_CAP_REGISTER_MEMORY.
 * Since 0.1.
 */
int ioasid_ctx_get_identity_root(struct ioasid_ctx *ctx, struct ioasid_space **space);

#ifdef __cplusplus
}
#endif

#endif
