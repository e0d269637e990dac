/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Channels, and the drain: how a change waits for the DMA that may still use what it took away.
 *
 * A DMA marks its channel as in flight with a plain store, walks, accesses memory, and takes the
 * mark back. A drain makes every running thread of the process execute a barrier (membarrier(2)),
 * after which each channel is either marked or will see the change; it waits for those marked.
 */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "emulated.h"
#include "util/tsan.h"

/* Commands of membarrier(2), Linux 4.14. Not all C libraries come with the kernel's headers. */
#define GLOBAL                     (1 << 0)
#define PRIVATE_EXPEDITED          (1 << 3)
#define REGISTER_PRIVATE_EXPEDITED (1 << 4)

#define SPINS	100u
#define YIELDS	100u

static _Thread_local char this_thread;

const void *emu_thread(void)
{
	return &this_thread;
}

bool emu_barrier_register(void)
{
	return !TSAN && !syscall(SYS_membarrier, REGISTER_PRIVATE_EXPEDITED, 0, 0);
}

/*
 * A DMA is over soon, if its thread is on a processor; else that thread gets one. A section can be
 * long, and to a thread with a lower priority nobody yields who does not sleep.
 */
static void wait_a_while(unsigned int turn)
{
	struct timespec time = { .tv_nsec = 1000000 };

	if (turn < SPINS)
		return;
	if (turn < SPINS + YIELDS) {
		sched_yield();
		return;
	}
	turn -= SPINS + YIELDS;
	if (turn < 10)
		time.tv_nsec = 1000l << turn;
	nanosleep(&time, NULL);
}

static void wait_for(const struct ioasid_channel *ch)
{
	uint64_t active = __atomic_load_n(&ch->active, __ATOMIC_ACQUIRE);
	unsigned int turn = 0;

	if (!(active & 1))
		return;
	while (__atomic_load_n(&ch->active, __ATOMIC_ACQUIRE) == active)
		wait_a_while(turn++);
}

/*
 * Since Linux 5.4 a kernel can be short of memory for it. A global one takes none, but time, and is
 * not to be had with nohz_full: then it is tried again. What fails otherwise is a filter of system
 * calls that has come since emu_barrier_register().
 */
static void barrier_everywhere(struct ioasid_ctx *ctx)
{
	while (syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0, 0)) {
		if (errno != ENOMEM) {
			ctx_log(ctx, LOG_CRIT, "membarrier(2) fails: %s; DMA may use what is taken "
				"away now", strerror(errno));
			return;
		}
		if (!syscall(SYS_membarrier, GLOBAL, 0, 0))
			return;
		sched_yield();
	}
}

void emu_drain(struct ioasid_ctx *ctx)
{
	const struct emulated *emu = ctx->backend;
	const struct ioasid_channel *ch;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!emu->fences)
		barrier_everywhere(ctx);
	for (ch = __atomic_load_n(&ctx->channels, __ATOMIC_ACQUIRE); ch; ch = ch->next)
		wait_for(ch);
}

bool emu_can_drain(const struct ioasid_ctx *ctx)
{
	const struct ioasid_channel *ch;

	for (ch = ctx->channels; ch; ch = ch->next)
		if (__atomic_load_n(&ch->thread, __ATOMIC_RELAXED) == &this_thread)
			return false;
	return true;
}

static int check_pasid(const struct ioasid_device *device, uint32_t pasid)
{
	if (pasid == IOASID_NO_PASID)
		return 0;
	if (!device->info.pasid_bits || pasid >> device->info.pasid_bits)
		return err_set(EINVAL, "%s: PASID %u, but it has PASIDs of %u bits", device->name,
			       pasid, device->info.pasid_bits);
	return 0;
}

static struct ioasid_channel *take(struct ioasid_ctx *ctx)
{
	struct emulated *emu = ctx->backend;
	struct ioasid_channel *ch = emu->closed;

	if (ch) {
		emu->closed = ch->closed;
		return ch;
	}
	/* Cache lines of its own: other threads' channels are written all the time. */
	ch = mem_calloc(1, (sizeof(*ch) + 127) & ~(size_t)127);
	if (!ch)
		return NULL;
	ch->fence = emu->fences;
	ch->audit = ctx->flags & IOASID_CTX_AUDIT;
	ch->next = ctx->channels;
	__atomic_store_n(&ctx->channels, ch, __ATOMIC_RELEASE);
	return ch;
}

int emu_channel_open(struct ioasid_device *device, uint32_t pasid, struct ioasid_channel **out)
{
	struct emu_route *route;
	struct ioasid_channel *ch;
	int ret = check_pasid(device, pasid);

	if (ret)
		return ret;
	route = emu_route_get(device, pasid);
	ch = route ? take(device->ctx) : NULL;
	if (!ch)
		return err_set(ENOMEM, "no memory for a channel");
	ch->route = route;
	ch->device = device;
	ch->pasid = pasid;
	device->channels++;
	*out = ch;
	return 0;
}

IOASID_EXPORT int ioasid_channel_open(struct ioasid_device *device, uint32_t pasid,
				      struct ioasid_channel **channel)
{
	const struct backend_ops *ops = device->ctx->ops;
	int ret;

	if (!ops->channel_open)
		return err_set(EOPNOTSUPP, "%s: the program cannot issue DMA for its devices",
			       ops->name);
	ctx_lock(device->ctx);
	ret = failure_due(device->ctx, IOASID_OP_CHANNEL);
	if (!ret)
		ret = ops->channel_open(device, pasid, channel);
	ctx_unlock(device->ctx);
	return ret;
}

IOASID_EXPORT int ioasid_channel_close(struct ioasid_channel *ch)
{
	struct emulated *emu;
	struct ioasid_ctx *ctx;
	int ret = 0;

	if (!ch)
		return 0;
	ctx = ch->device->ctx;
	emu = ctx->backend;
	ctx_lock(ctx);
	if (ch->section) {
		ret = err_set(EBUSY, "the channel is inside ioasid_dma_begin()");
	} else {
		ch->device->channels--;
		ch->closed = emu->closed;
		emu->closed = ch;
	}
	ctx_unlock(ctx);
	return ret;
}
