/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command queues of a guest's that its IOMMU reads itself: the VCMDQs of NVIDIA's CMDQV, which
 * extends an SMMUv3. Each has the commands of the SMMUv3's own queue (IHI 0070, 3.5 and 4), but few
 * of them, and registers like that one's, 80h bytes from those of the next. Of the hardware Linux's
 * driver tells, arm/arm-smmu-v3/tegra241-cmdqv.c: the registers are page 0 of a VINTF.
 *
 * Nobody sees that a register is written: the VMM says so, ioasid_hw_queue_kick(). Commands are
 * counted from the queue's first on, for as long as it exists.
 */
#include <endian.h>
#include <errno.h>
#include <sys/mman.h>

#include "emulated.h"
#include "guest/entry.h"
#include "inv.h"
#include "smmuv3/bits.h"
#include "viommu.h"

#define QUEUES 16u
#define LENGTH_MIN (2 * EMU_SMMUV3_COMMAND)
#define LENGTH_MAX (EMU_SMMUV3_COMMAND << 19)	/* as of the SMMUv3's own: CMDQS, 6.3.2 */
#define BATCH 256u			/* so many under the lock */
#define REGISTERS 65536u

/* Byte offsets, each of 32 bits. */
enum { CONS = 0x0, PROD = 0x4, CONFIG = 0x8, STATUS = 0xc, GERROR = 0x10, GERRORN = 0x14 };

#define STRIDE 0x80u
#define ENABLE 1u			/* of CONFIG and STATUS */
#define CMDQ_ERR 1u			/* of GERROR: not that of GERRORN while there is one */
#define CERROR_ILL (1u << 24)		/* ERR of CONS: the command is illegal (4.1.5) */

struct emu_hw_queue {
	struct emu_viommu *viommu;
	uint32_t index;
	uint32_t places;		/* a power of two */
	const bits_whole *commands;	/* two words each */
	bool enabled;
	bool illegal, told;		/* the next one is, and the guest has been told */
	uint32_t gerror;
	uint64_t origin, cons;		/* when it was enabled: what was taken, and the register */
	uint64_t taken, shown;
};

struct emu_viommu {
	char *registers;
	bool mapped;
	struct emu_hw_queue *queues[QUEUES];
};

int emu_registers_new(struct ioasid_viommu *v)
{
	struct emu_viommu *ev = mem_calloc(1, sizeof(*ev));
	void *at = MAP_FAILED;

	if (!ev)
		return err_set(ENOMEM, "no memory for a vIOMMU");
	if (!mem_must_fail())
		at = mmap(NULL, REGISTERS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	if (at == MAP_FAILED) {
		mem_free(ev);
		return err_set(ENOMEM, "no memory for the registers of a vIOMMU");
	}
	ev->registers = at;
	v->backend = ev;
	v->registers_length = REGISTERS;
	return 0;
}

void emu_registers_free(struct ioasid_viommu *v)
{
	struct emu_viommu *ev = v->backend;

	if (!ev)
		return;
	munmap(ev->registers, REGISTERS);
	mem_free(ev);
}

int emu_map_registers(struct ioasid_viommu *v, uint64_t offset, uint64_t length, void **registers)
{
	struct emu_viommu *ev = v->backend;

	if (!ev)
		return err_set(EOPNOTSUPP, "a vIOMMU of type %u has no registers for its guest",
			       (unsigned int)v->type);
	if (ev->mapped)
		return err_set(EBUSY, "the vIOMMU's registers are mapped already");
	if (offset != v->registers_offset || length != REGISTERS)
		return err_set(EINVAL, "no registers at 0x%llx + 0x%llx",
			       (unsigned long long)offset, (unsigned long long)length);
	ev->mapped = true;
	*registers = ev->registers;
	return 0;
}

static uint32_t *register_of(const struct emu_hw_queue *eq, unsigned int offset)
{
	return (uint32_t *)(void *)(eq->viommu->registers + STRIDE * eq->index + offset);
}

/* What the guest has written into memory before it wrote there is seen afterwards. */
static uint32_t get(const struct emu_hw_queue *eq, unsigned int offset)
{
	return le32toh(__atomic_load_n(register_of(eq, offset), __ATOMIC_ACQUIRE));
}

static void set(const struct emu_hw_queue *eq, unsigned int offset, uint32_t value)
{
	__atomic_store_n(register_of(eq, offset), htole32(value), __ATOMIC_RELEASE);
}

/* An index goes twice through the queue, so that a full one differs from an empty one (3.5.1). */
static uint32_t place(const struct emu_hw_queue *eq, uint64_t index)
{
	return (uint32_t)index & (2 * eq->places - 1);
}

static uint64_t cons_of(const struct emu_hw_queue *eq, uint64_t count)
{
	return place(eq, eq->cons + (count - eq->origin));
}

static void reset(struct emu_hw_queue *eq)
{
	unsigned int offset;

	for (offset = CONS; offset <= GERRORN; offset += 4)
		set(eq, offset, 0);
}

/* Where the process has all of it, in a row, as hardware wants it in physical memory; or NULL. */
static const bits_whole *memory_of(const struct ioasid_hw_queue *q)
{
	const struct iopt_root *root = &q->viommu->parent->table.root;
	uint64_t first = 0, at;

	for (at = q->start & ~(uint64_t)(PAGE - 1); at <= q->last; at += PAGE) {
		struct iopt_hit hit = iopt_walk(root, at);
		uint64_t host = iopt_host(&hit, at) - (at - q->start);

		if (!hit.entry || (at > q->start && host != first))
			return NULL;
		first = host;
	}
	return (const bits_whole *)(uintptr_t)first;
}

static int check_place(const struct ioasid_hw_queue *q, uint32_t index)
{
	const struct emu_viommu *ev = q->viommu->backend;

	if (index >= QUEUES)
		return err_set(EINVAL, "hardware queue %u: a vIOMMU has %u", index, QUEUES);
	if (ev->queues[index])
		return err_set(EEXIST, "the vIOMMU has a hardware queue %u", index);
	if (index && !ev->queues[index - 1])
		return err_set(EIO, "hardware queues are made in the order of their indices, and "
			       "%u is not the next", index);
	return 0;
}

static int check_length(uint64_t length)
{
	if (!bits_is_pow2(length) || length < LENGTH_MIN || length > LENGTH_MAX)
		return err_set(EINVAL, "a hardware queue of 0x%llx bytes: must be a power of two, "
			       "%u to %u", (unsigned long long)length, LENGTH_MIN, LENGTH_MAX);
	return 0;
}

/* As Linux's driver, which is asked once the memory is had. */
static int check(const struct ioasid_hw_queue *q, uint32_t index)
{
	uint64_t length = q->last - q->start + 1;
	int ret = check_place(q, index);

	if (!ret)
		ret = check_length(length);
	if (ret)
		return ret;
	if (!bits_is_aligned(q->start, length))
		return err_set(EINVAL, "hardware queue at 0x%llx: not a multiple of its length",
			       (unsigned long long)q->start);
	return 0;
}

int emu_hw_queue_create(struct ioasid_hw_queue *q, const struct ioasid_hw_queue_options *options)
{
	struct emu_viommu *ev = q->viommu->backend;
	const bits_whole *commands;
	struct emu_hw_queue *eq;
	int ret;

	if (options->length > LENGTH_MAX)
		return check_length(options->length);
	commands = memory_of(q);
	if (!commands)
		return err_set(EFAULT, "0x%llx-0x%llx: its pages do not follow each other in the "
			       "process", (unsigned long long)q->start,
			       (unsigned long long)q->last);
	ret = check(q, options->index);
	if (ret)
		return ret;
	eq = mem_calloc(1, sizeof(*eq));
	if (!eq)
		return err_set(ENOMEM, "no memory for a hardware queue");
	eq->viommu = ev;
	eq->index = options->index;
	eq->places = (uint32_t)(options->length / EMU_SMMUV3_COMMAND);
	eq->commands = commands;
	reset(eq);
	ev->queues[eq->index] = eq;
	q->backend = eq;
	return 0;
}

int emu_hw_queue_destroy(struct ioasid_hw_queue *q)
{
	struct emu_hw_queue *eq = q->backend;
	struct emu_viommu *ev = eq->viommu;

	if (eq->index + 1 < QUEUES && ev->queues[eq->index + 1])
		return err_set(EBUSY, "hardware queue %u has to go before %u", eq->index + 1,
			       eq->index);
	reset(eq);
	ev->queues[eq->index] = NULL;
	mem_free(eq);
	return 0;
}

/* Has the guest still to acknowledge one (7.1)? */
static bool has_error(const struct emu_hw_queue *eq)
{
	return (eq->gerror ^ get(eq, GERRORN)) & CMDQ_ERR;
}

/* CONFIG, and GERRORN: is it to go on? */
static bool is_running(struct emu_hw_queue *eq)
{
	bool enable = get(eq, CONFIG) & ENABLE;

	if (enable && !eq->enabled) {
		eq->cons = place(eq, get(eq, CONS));
		eq->origin = eq->shown = eq->taken;
	}
	if (enable != eq->enabled || (eq->told && !has_error(eq)))
		eq->illegal = eq->told = false;
	eq->enabled = enable;
	set(eq, STATUS, enable ? ENABLE : 0);
	return enable && !eq->illegal;
}

/* How many commands wait. A guest that claims more than there is room for gets all of the queue. */
static uint32_t waiting(const struct emu_hw_queue *eq)
{
	uint32_t n = place(eq, get(eq, PROD) - cons_of(eq, eq->taken));

	return (uint32_t)bits_min(n, eq->places);
}

/*
 * One command, read once: 0, -EIO for one that is illegal here, or -ENOMEM. The queues of guests
 * have TLBI_NH_ASID, TLBI_NH_VA, ATC_INV, and CMD_SYNC without a signal: what it waits for is over
 * when CONS shows that it was taken.
 */
static int carry_out(struct ioasid_viommu *v, const bits_whole *command)
{
	const uint64_t raw[2] = { __atomic_load_n(&command[0], __ATOMIC_RELAXED),
				  __atomic_load_n(&command[1], __ATOMIC_RELAXED) };

	switch (entry_field(le64toh(raw[0]), 7, 0)) {
	case IOASID_SMMUV3_CMD_SYNC:
		return entry_field(le64toh(raw[0]), 13, 12) ? -EIO : 0; /* CS */
	case IOASID_SMMUV3_CMD_TLBI_NH_ASID:
	case IOASID_SMMUV3_CMD_TLBI_NH_VA:
	case IOASID_SMMUV3_CMD_ATC_INV:
		return emu_smmuv3_add(v, raw);
	default:
		return -EIO;
	}
}

/* Makes a batch of what waits, up to a command that is illegal; *@n: how many. 0, or -ENOMEM. */
static int collect(struct ioasid_viommu *v, const struct emu_hw_queue *eq, uint32_t *n,
		   bool *illegal)
{
	uint32_t most = (uint32_t)bits_min(waiting(eq), BATCH), at;
	int ret;

	ioasid_inv_reset(v->batch);
	*illegal = false;
	for (*n = 0; *n < most && !emu_batch_is_full(v); ++*n) {
		at = (uint32_t)cons_of(eq, eq->taken + *n) & (eq->places - 1);
		err_put_aside();
		ret = carry_out(v, &eq->commands[2 * (size_t)at]);
		if (ret == -ENOMEM) {
			err_take_over();
			return ret;
		}
		/* a command that is illegal is the guest's mistake */
		err_take_back();
		*illegal = ret;
		if (ret)
			return 0;
	}
	return 0;
}

/* As far as one batch. What was taken, also by another thread, shows when DMA has drained. */
static int take(struct ioasid_hw_queue *q, uint32_t *n, struct reap *reap)
{
	struct emu_hw_queue *eq = q->backend;
	struct ioasid_viommu *v = q->viommu;
	size_t entries;
	bool illegal;
	int ret;

	*n = 0;
	reap->drain = true;
	if (!is_running(eq))
		return 0;
	ret = collect(v, eq, n, &illegal);
	if (!ret)
		ret = inv_submit_locked(v->batch, &entries, reap);
	if (ret)
		return ret;
	eq->illegal = illegal;
	eq->taken += *n;
	return 0;
}

static void tell(struct ioasid_viommu *v, struct emu_hw_queue *eq)
{
	const uint64_t map[2] = { htole64(UINT64_C(1) << eq->index), 0 };

	eq->told = true;
	if (!has_error(eq))
		eq->gerror ^= CMDQ_ERR;
	set(eq, GERROR, eq->gerror);
	viommu_post_record(v, IOASID_EVENTS_TEGRA241, map, sizeof(map));
}

/* DMA has drained since so many were taken. */
static void show(struct ioasid_hw_queue *q, uint64_t upto)
{
	struct emu_hw_queue *eq = q->backend;
	bool error = eq->illegal && upto == eq->taken;

	/* Another thread may have shown more, or the guest have begun anew. */
	if (!eq->enabled || upto < eq->shown)
		return;
	eq->shown = upto;
	set(eq, CONS, (uint32_t)cons_of(eq, upto) | (error ? CERROR_ILL : 0));
	if (error && !eq->told)
		tell(q->viommu, eq);
}

int emu_hw_queue_kick(struct ioasid_hw_queue *q)
{
	const struct emu_hw_queue *eq = q->backend;
	struct ioasid_ctx *ctx = q->viommu->ctx;
	struct reap reap = { 0 };
	uint32_t n = 0, total = 0;
	uint64_t upto;
	int ret;

	/* No more than the queue holds: a guest can add to it as fast as it is read. */
	do {
		ctx_lock(ctx);
		ret = ctx_check_take(ctx, &reap);
		if (!ret)
			ret = take(q, &n, &reap);
		upto = eq->taken;
		ctx_unlock_drain(ctx, &reap);
		if (ret)
			return ret;
		ctx_lock(ctx);
		show(q, upto);
		ctx_unlock(ctx);
		total += n;
	} while (n && total < eq->places);
	return 0;
}
