/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA: each access goes from the requester's route through its page table to memory. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "dirty.h"
#include "emulated.h"
#include "mapped.h"
#include "util/tsan.h"

/* The shadow's reasons as the public ones. */
static enum ioasid_fault_reason reason_of(enum shadow_fault fault)
{
	static const uint8_t reasons[] = {
		[SHADOW_ADDRESS_WIDTH] = IOASID_FAULT_ADDRESS_WIDTH,
		[SHADOW_NOT_MAPPED] = IOASID_FAULT_NOT_MAPPED,
		[SHADOW_PERMISSION] = IOASID_FAULT_PERMISSION,
		[SHADOW_MALFORMED] = IOASID_FAULT_MALFORMED_ENTRY,
		[SHADOW_TARGET] = IOASID_FAULT_TARGET_NOT_MAPPED,
		[SHADOW_TABLE] = IOASID_FAULT_TABLE_NOT_MAPPED,
		[SHADOW_NO_PGTABLE] = IOASID_FAULT_NO_PGTABLE,
		[SHADOW_ACCESS_FLAG] = IOASID_FAULT_ACCESS_FLAG,
	};

	return (enum ioasid_fault_reason)reasons[fault];
}

/* Of a space with the library's own table. */
static enum ioasid_fault_reason own_reason(const struct ioasid_channel *ch, uint64_t iova)
{
	unsigned int bits = ch->device->info.address_bits;
	struct ioasid_mapping copy;

	if (bits < 64 && iova >> bits)
		return IOASID_FAULT_ADDRESS_WIDTH;
	return mapping_first(ch->route->space, iova, iova, &copy) ? IOASID_FAULT_PERMISSION :
								    IOASID_FAULT_NOT_MAPPED;
}

/* A shadow knows more, but where nothing is mapped it does not know how wide the IOMMU is. */
static enum ioasid_fault_reason why_not(const struct ioasid_channel *ch, uint64_t iova,
					enum shadow_fault why)
{
	const struct ioasid_space *space = ch->route->space;

	if (!space->parent || (space->shadow.tree.mode == SHADOW_OWN && why == SHADOW_NOT_MAPPED))
		return own_reason(ch, iova);
	return reason_of(why);
}

static struct ioasid_event event_for(const struct ioasid_channel *ch, uint64_t iova,
				     uint32_t access)
{
	const struct ioasid_space *space = emu_space(ch);

	return (struct ioasid_event){
		.cookie = ch->device->cookie, .requester = ch->device->info.requester,
		.pasid = ch->pasid, .iova = iova, .access = access,
		.space = space ? space->id : 0,
	};
}

static int fault(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		 enum ioasid_fault_reason reason)
{
	const struct ioasid_space *space = ch->route->space;
	struct ioasid_event event = event_for(ch, iova, access);

	event.type = IOASID_EVENT_FAULT;
	event.reason = reason;
	event_post(ch->device->ctx, &event);
	/*
	 * What has passed through a PASID table faults in the parent, and that is the VMM's affair.
	 */
	viommu_post(ch->device, space ? space : emu_space(ch), &event);
	ctx_log(ch->device->ctx, LOG_WARNING, "%s: DMA fault at 0x%llx: %s", ch->device->name,
		(unsigned long long)iova, ioasid_fault_reason_text(reason));
	return err_set(EFAULT, "%s: DMA %s%s at 0x%llx: %s", ch->device->name,
		       access & IOASID_READ ? "read" : "", access & IOASID_WRITE ? "write" : "",
		       (unsigned long long)iova, ioasid_fault_reason_text(reason));
}

void emu_report_stale(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		      const struct shadow_stale *stale)
{
	struct ioasid_event event = event_for(ch, iova, access);

	event.type = IOASID_EVENT_MISSING_INVALIDATION;
	event.level = stale->level;
	event.old_entry = stale->old_entry;
	event.new_entry = stale->new_entry;
	event.last_invalidated = stale->last_invalidated;
	event_post(ch->device->ctx, &event);
	ctx_log(ch->device->ctx, LOG_WARNING,
		"%s: DMA at 0x%llx: missing invalidation of space %u: "
		"entry 0x%llx is now 0x%llx",
		ch->device->name, (unsigned long long)iova, event.space,
		(unsigned long long)stale->old_entry, (unsigned long long)stale->new_entry);
}

static void audit(struct ioasid_channel *ch, uint64_t iova, uint32_t access)
{
	struct ioasid_space *space = ch->route->space;
	struct shadow_stale stale;

	if (space && space->parent && shadow_audit(&space->shadow, iova,
							emu_request_upgrades(ch), &stale))
		emu_report_stale(ch, iova, access, &stale);
}

static int no_memory(const struct ioasid_space *space, uint64_t iova)
{
	return err_set(ENOMEM, "space %u: no memory to translate 0x%llx%s", space->id,
		       (unsigned long long)iova, nest_limit_hint(space));
}

/* Does the page table let it? What is only asked for is not written, and stays clean if it is. */
static bool walk_lets(const struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		      struct iopt_hit *hit)
{
	*hit = iopt_walk_any(space_root(ch->route->space), iova);
	return ((ch->asks ? iopt_granted(hit->perm) : hit->perm) & access) == access;
}

int emu_look(struct ioasid_channel *ch, uint64_t iova, uint32_t access, struct iopt_hit *hit)
{
	struct ioasid_space *space = ch->route->space;
	enum shadow_fault why = SHADOW_OK;

	if (emu_nested_of(space)) {
		why = emu_nested_translate(ch, iova, access, hit);
		if (why == SHADOW_NOMEM)
			return no_memory(space, iova);
		return why ? (int)reason_of(why) : 0;
	}
	if (walk_lets(ch, iova, access, hit))
		return 0;
	if (space->parent && ch->asks) {
		shadow_miss(&space->shadow, iova, 0);
		if (walk_lets(ch, iova, access, hit))
			return 0;
	}
	if (space->parent)
		why = shadow_miss(&space->shadow, iova, access);
	else if ((iopt_granted(hit->perm) & access) == access)
		why = track_write(space, iova) ? SHADOW_NOMEM : SHADOW_OK;
	if (why == SHADOW_NOMEM)
		return no_memory(space, iova);
	return walk_lets(ch, iova, access, hit) ? 0 : (int)why_not(ch, iova, why);
}

int emu_find(struct ioasid_channel *ch, uint64_t iova, uint32_t access, struct iopt_hit *hit)
{
	int ret = ch->route->space ? 0 : emu_look_up(ch);

	return ret ? ret : emu_look(ch, iova, access, hit);
}

/* Tables of other shapes are walked without the lock too. */
static bool find_far(struct ioasid_channel *ch, uint64_t iova, uint32_t access,
		     struct iopt_hit *hit)
{
	const struct iopt_root *root = __atomic_load_n(&ch->route->root, TSAN_ORDER_POINTER);

	if (!root || ch->audit)
		return false;
	*hit = iopt_walk_far(iopt_load(&root->word), iova);
	return hit->entry && (hit->perm & access) == access;
}

/*
 * No translation, or one to be audited, or a space that the unit walks. Under the lock the tables
 * stand still, so that what is found is final; the mark of the channel keeps it alive until the
 * access is over. Whoever holds the lock waits for no DMA. @length: what the DMA is still about.
 */
static int __attribute__((noinline)) translate_slow(struct ioasid_channel *ch, uint64_t iova,
						    uint64_t length, uint32_t access,
						    struct iopt_hit *hit)
{
	struct ioasid_ctx *ctx = ch->device->ctx;
	struct emu_ask ask = { .iova = iova, .length = length, .access = access };
	int ret;

	if (emu_nested_find(ch, iova, access, hit) || find_far(ch, iova, access, hit))
		return 0;
	ctx_lock(ctx);
	if (ch->audit)
		audit(ch, iova, access);
	while ((ret = emu_find(ch, iova, access, hit)) > 0) {
		ret = emu_request(ch, &ask, ret);
		if (ret)
			break;
	}
	if (ret > 0)
		ret = fault(ch, iova, access, (enum ioasid_fault_reason)ret);
	ctx_unlock(ctx);
	return ret;
}

/* In flight: the host address of @iova, and how many bytes follow it. */
static inline int translate(struct ioasid_channel *ch, uint64_t iova, uint64_t length,
			    uint32_t access, char **host, uint64_t *bytes)
{
	const struct iopt_root *root = __atomic_load_n(&ch->route->root, TSAN_ORDER_POINTER);
	struct iopt_hit hit = { 0 };

	if (bits_likely(root && !ch->audit))
		hit = iopt_walk(root, iova);
	if (bits_unlikely((hit.perm & access) != access)) {
		int ret = translate_slow(ch, iova, length, access, &hit);

		if (ret)
			return ret;
	}
	*host = (char *)(uintptr_t)iopt_host(&hit, iova);
	*bytes = (UINT64_C(1) << hit.shift) - (iova & ((UINT64_C(1) << hit.shift) - 1));
	return 0;
}

#define LINE 64u
#define AHEAD (8 * LINE)

/*
 * Where the next page leads, and its first lines, come while the one before is copied: at most
 * @length bytes. Nothing is found out thereby; what has no translation is seen to in its turn.
 */
static inline void look_ahead(const struct ioasid_channel *ch, uint64_t iova, size_t length)
{
	const struct iopt_root *root = __atomic_load_n(&ch->route->root, TSAN_ORDER_POINTER);
	struct iopt_hit hit;
	size_t i;

	if (!root || ch->audit)
		return;
	hit = iopt_walk(root, iova);
	if (!hit.perm)
		return;
	for (i = 0; i < length && i < AHEAD; i += LINE)
		__builtin_prefetch((const char *)(uintptr_t)iopt_host(&hit, iova) + i);
}

int emu_check_range(uint64_t iova, uint64_t length)
{
	uint64_t last;

	if (length && !bits_range_last(iova, length, &last))
		return err_set(EOVERFLOW, "DMA at 0x%llx + 0x%llx runs past the end",
			       (unsigned long long)iova, (unsigned long long)length);
	return 0;
}

static inline int copy(struct ioasid_channel *ch, uint64_t iova, char *buf, size_t length,
		       uint32_t access)
{
	bool inside = ch->section;
	int ret = emu_check_range(iova, length);

	if (ret)
		return ret;
	if (!inside)
		emu_enter(ch);
	while (length) {
		uint64_t bytes;
		char *host;
		size_t n;

		ret = translate(ch, iova, length, access, &host, &bytes);
		if (ret)
			break;
		n = (size_t)bits_min(bytes, length);
		if (n < length)
			look_ahead(ch, iova + n, length - n);
		if (access == IOASID_READ)
			memcpy(buf, host, n);
		else
			memcpy(host, buf, n);
		iova += n;
		buf += n;
		length -= n;
	}
	if (!inside)
		emu_leave(ch);
	return ret;
}

IOASID_EXPORT int ioasid_dma_read(struct ioasid_channel *ch, uint64_t iova, void *buf,
				  size_t length)
{
	return copy(ch, iova, buf, length, IOASID_READ);
}

IOASID_EXPORT int ioasid_dma_write(struct ioasid_channel *ch, uint64_t iova, const void *buf,
				   size_t length)
{
	return copy(ch, iova, (char *)(uintptr_t)buf, length, IOASID_WRITE);
}

/* Adds, or swaps if *@expected is there. Memory holds little-endian numbers. */
static uint64_t atomic_4(uint32_t *p, uint32_t operand, const uint64_t *expected)
{
	uint32_t was = __atomic_load_n(p, __ATOMIC_RELAXED), next;

	do {
		if (expected && le32toh(was) != (uint32_t)*expected)
			break;
		next = htole32(expected ? operand : le32toh(was) + operand);
	} while (!__atomic_compare_exchange_n(p, &was, next, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return le32toh(was);
}

static uint64_t atomic_8(bits_whole *p, uint64_t operand, const uint64_t *expected)
{
	uint64_t was = __atomic_load_n(p, __ATOMIC_RELAXED), next;

	do {
		if (expected && le64toh(was) != *expected)
			break;
		next = htole64(expected ? operand : le64toh(was) + operand);
	} while (!__atomic_compare_exchange_n(p, &was, next, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return le64toh(was);
}

static int atomic(struct ioasid_channel *ch, uint64_t iova, unsigned int size, uint64_t operand,
		  const uint64_t *expected, uint64_t *old)
{
	bool inside = ch->section;
	uint64_t bytes;
	char *host;
	int ret;

	if ((size != 4 && size != 8) || !bits_is_aligned(iova, size))
		return err_set(EINVAL, "atomic of %u bytes at 0x%llx: 4 or 8, aligned", size,
			       (unsigned long long)iova);
	if (!inside)
		emu_enter(ch);
	ret = translate(ch, iova, size, EMU_ACCESS, &host, &bytes);
	if (!ret && size == 4)
		*old = atomic_4((uint32_t *)(void *)host, (uint32_t)operand, expected);
	else if (!ret)
		*old = atomic_8((bits_whole *)(void *)host, operand, expected);
	if (!inside)
		emu_leave(ch);
	return ret;
}

IOASID_EXPORT int ioasid_dma_fetch_add(struct ioasid_channel *ch, uint64_t iova, unsigned int size,
				       uint64_t operand, uint64_t *old)
{
	return atomic(ch, iova, size, operand, NULL, old);
}

IOASID_EXPORT int ioasid_dma_compare_swap(struct ioasid_channel *ch, uint64_t iova,
					  unsigned int size, uint64_t expected, uint64_t desired,
					  uint64_t *old)
{
	return atomic(ch, iova, size, desired, &expected, old);
}

IOASID_EXPORT int ioasid_dma_begin(struct ioasid_channel *ch)
{
	if (ch->section)
		return err_set(EBUSY, "the channel is inside ioasid_dma_begin() already");
	ch->section = true;
	ch->direct = !ch->audit;
	__atomic_store_n(&ch->thread, emu_thread(), __ATOMIC_RELAXED);
	emu_enter(ch);
	return 0;
}

IOASID_EXPORT void ioasid_dma_end(struct ioasid_channel *ch)
{
	if (!ch->section)
		return;
	emu_leave(ch);
	__atomic_store_n(&ch->thread, NULL, __ATOMIC_RELAXED);
	ch->section = ch->direct = false;
	if (bits_unlikely(ch->flush))
		emu_flush(ch);
}

/* Everything that ioasid_dma_translate() does not do at once: more pieces, misses, mistakes. */
static int __attribute__((noinline)) translate_pieces(struct ioasid_channel *ch, uint64_t iova,
						      size_t length, uint32_t access,
						      struct iovec *iov, size_t n)
{
	size_t count = 0;
	int ret;

	if (!ch->section || !length || !access || access & ~EMU_ACCESS)
		return err_set(EINVAL, "%s", ch->section ? "length 0, or no or unknown access" :
			       "not inside ioasid_dma_begin()");
	ret = emu_check_range(iova, length);
	if (ret)
		return ret;
	while (length) {
		uint64_t bytes;
		char *host;
		size_t piece;

		ret = translate(ch, iova, length, access, &host, &bytes);
		if (ret)
			return ret;
		piece = (size_t)bits_min(bytes, length);
		if (count && (char *)iov[count - 1].iov_base + iov[count - 1].iov_len == host)
			iov[count - 1].iov_len += piece;
		else if (count < n)
			iov[count++] = (struct iovec){ host, piece };
		else
			return err_set(E2BIG, "more than %zu pieces", n);
		iova += piece;
		length -= piece;
	}
	return (int)count;
}

/* It is so short that where its code begins in a cache line makes a tenth. */
IOASID_EXPORT __attribute__((aligned(LINE)))
int ioasid_dma_translate(struct ioasid_channel *ch, uint64_t iova, size_t length, uint32_t access,
			 struct iovec *iov, size_t n)
{
	const struct iopt_root *root = __atomic_load_n(&ch->route->root, TSAN_ORDER_POINTER);
	struct iopt_hit hit;
	uint64_t mask, offset;

	if (bits_unlikely(!ch->direct || !root || access - 1 >= EMU_ACCESS || !n))
		return translate_pieces(ch, iova, length, access, iov, n);
	hit = iopt_walk(root, iova);
	/*
	 * Asked, so that the compiler keeps the ways apart, and has a constant at the end of each.
	 */
	mask = hit.shift == IOPT_SHIFT ? PAGE - 1 : (UINT64_C(1) << hit.shift) - 1;
	offset = iova & mask;
	/* One piece, and not empty: length - 1 wraps if it is. */
	if (bits_unlikely((hit.perm & access) != access || length - 1 > mask - offset))
		return translate_pieces(ch, iova, length, access, iov, n);
	*iov = (struct iovec){ (void *)(uintptr_t)((hit.entry & IOPT_ADDR) + offset), length };
	return 1;
}
