/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "accounts.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/alloc.h"
#include "util/bits.h"
#include "util/err.h"

#define PAYERS 2048u

/* A payer's part. Another process may have given it to another payer: the number tells. */
struct share {
	bits_whole bytes;
	bits_whole number;		/* of the payer; 0: free */
	uint32_t user, process;
	bool by_process;		/* who is limited */
};

/* Shared with processes that were forked. */
struct shared {
	pthread_mutex_t lock;		/* for who there is, and for what has a limit */
	uint64_t latest;		/* number */
	uint32_t used;			/* elements, from the first on; the others are all zero */
	struct share shares[PAYERS];
};

struct accounts {
	bits_whole refs;		/* in this process */
	struct shared *shared;
};

struct payer {
	struct accounts *accounts;
	struct share *share;
	uint64_t number;
};

static void init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (pthread_mutex_init(lock, &attr)) {
		/* emulators of a kernel have no set_robust_list(2) */
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_STALLED);
		pthread_mutex_init(lock, &attr);
	}
	pthread_mutexattr_destroy(&attr);
}

/* A process that died with the lock has left a share too many, at most. */
static struct shared *lock(const struct accounts *a)
{
	if (pthread_mutex_lock(&a->shared->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&a->shared->lock);
	return a->shared;
}

static void unlock(struct shared *s)
{
	pthread_mutex_unlock(&s->lock);
}

int accounts_new(struct accounts **out)
{
	struct accounts *a = mem_calloc(1, sizeof(*a));
	void *at = MAP_FAILED;

	if (a)
		at = mmap(NULL, sizeof(*a->shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		mem_free(a);
		return err_set(ENOMEM, "no memory to count locked memory");
	}
	a->shared = at;
	init_lock(&a->shared->lock);
	a->refs = 1;
	*out = a;
	return 0;
}

struct accounts *accounts_get(struct accounts *a)
{
	__atomic_add_fetch(&a->refs, 1, __ATOMIC_RELAXED);
	return a;
}

void accounts_put(struct accounts *a)
{
	if (!a || __atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
		return;
	munmap(a->shared, sizeof(*a->shared));
	mem_free(a);
}

/* Locked: one that is free; NULL: none. */
static struct share *find_free(struct shared *s)
{
	uint32_t i;

	for (i = 0; i < s->used; i++)
		if (!s->shares[i].number)
			return &s->shares[i];
	return s->used < PAYERS ? &s->shares[s->used++] : NULL;
}

int payer_open(struct accounts *accounts, bool by_process, struct payer **out)
{
	struct payer *p = mem_calloc(1, sizeof(*p));
	struct shared *s;

	if (!p)
		return err_set(ENOMEM, "no memory to count locked memory");
	s = lock(accounts);
	p->share = find_free(s);
	if (p->share) {
		p->number = ++s->latest;
		*p->share = (struct share){
			.user = (uint32_t)getuid(), .process = (uint32_t)getpid(),
			.by_process = by_process, .number = p->number,
		};
	}
	unlock(s);
	if (!p->share) {
		mem_free(p);
		return err_set(ENOMEM, "too many contexts count by one platform's description");
	}
	p->accounts = accounts_get(accounts);
	*out = p;
	return 0;
}

void payer_abandon(struct payer *p)
{
	if (!p)
		return;
	accounts_put(p->accounts);
	mem_free(p);
}

static bool has_share(const struct payer *p)
{
	return __atomic_load_n(&p->share->number, __ATOMIC_RELAXED) == p->number;
}

void payer_close(struct payer *p)
{
	struct shared *s;

	if (!p)
		return;
	s = lock(p->accounts);
	if (has_share(p))
		*p->share = (struct share){ .number = 0 };
	unlock(s);
	payer_abandon(p);
}

static uint64_t load(const struct share *share)
{
	return __atomic_load_n(&share->bytes, __ATOMIC_RELAXED);
}

/* Others only read it: a context is used by one process, which has it locked. */
static void store(struct share *share, uint64_t bytes)
{
	__atomic_store_n(&share->bytes, bytes, __ATOMIC_RELAXED);
}

/* Locked: what is charged to the user, or to the process, of whose limit @like is a matter. */
static uint64_t sum(const struct shared *s, const struct share *like)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < s->used; i++) {
		const struct share *one = &s->shares[i];

		if (one->number && one->by_process == like->by_process &&
		    (like->by_process ? one->process == like->process : one->user == like->user))
			bytes = bits_add_sat(bytes, load(one));
	}
	return bytes;
}

static bool fits(uint64_t bytes, uint64_t limit, uint64_t in_use)
{
	return bytes <= limit && in_use <= limit - bytes;
}

bool payer_charge(struct payer *p, uint64_t bytes, uint64_t limit, uint64_t *in_use)
{
	struct shared *s;
	bool good;

	if (!has_share(p))
		return true;
	if (limit == UINT64_MAX) {
		store(p->share, bits_add_sat(load(p->share), bytes));
		return true;
	}
	s = lock(p->accounts);
	*in_use = sum(s, p->share);
	good = fits(bytes, limit, *in_use);
	if (good)
		store(p->share, load(p->share) + bytes);
	unlock(s);
	return good;
}

void payer_release(struct payer *p, uint64_t bytes)
{
	if (has_share(p))
		store(p->share, load(p->share) - bits_min(bytes, load(p->share)));
}

int payer_change(struct payer *p, uint64_t limit, uint64_t *in_use)
{
	struct share to = { .user = (uint32_t)getuid(), .process = (uint32_t)getpid(),
			    .by_process = p->share->by_process };
	struct shared *s = lock(p->accounts);
	bool good = !has_share(p) ||
		    (to.process == p->share->process &&
		     (to.by_process || to.user == p->share->user));

	if (!good) {
		*in_use = sum(s, &to);
		good = limit == UINT64_MAX || fits(load(p->share), limit, *in_use);
		if (good) {
			p->share->user = to.user;
			p->share->process = to.process;
		}
	}
	unlock(s);
	return good ? 0 : -ENOSPC;
}

uint64_t payer_bytes(const struct payer *p)
{
	return has_share(p) ? load(p->share) : 0;
}

uint64_t payer_process_bytes(const struct payer *p)
{
	const uint32_t process = (uint32_t)getpid();
	struct shared *s = lock(p->accounts);
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < s->used; i++)
		if (s->shares[i].number && s->shares[i].process == process)
			bytes = bits_add_sat(bytes, load(&s->shares[i]));
	unlock(s);
	return bytes;
}
