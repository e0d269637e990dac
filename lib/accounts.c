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

#define ACCOUNTS 2048u

enum owner { NOBODY, USER, PROCESS };

struct account {
	_Alignas(8) uint64_t limited;	/* what the limit is for */
	_Alignas(8) uint64_t all;	/* a process's: also what its user pays for */
	enum owner owner;
	uint32_t id;
	uint32_t payers;		/* that need it to be there */
};

/* Shared with processes that were forked. The lock is for which accounts there are. */
struct shared {
	pthread_mutex_t lock;
	uint32_t used;			/* elements, from the first on; the others are all zero */
	struct account accounts[ACCOUNTS];
};

struct accounts {
	uint64_t refs;			/* in this process */
	struct shared *shared;
};

/* Shared as well: what a context locks is charged to the same accounts, whichever process does it. */
struct shared_payer {
	_Alignas(8) uint64_t bytes;
	struct account *user, *process;	/* at the same address after a fork; NULL: closed */
	bool by_process;
};

struct payer {
	struct accounts *accounts;
	struct shared_payer *shared;
};

static void *map_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
}

/* A process that died with the lock has left an account too many, at most. */
static void lock(struct shared *s)
{
	if (pthread_mutex_lock(&s->lock) == EOWNERDEAD)
		pthread_mutex_consistent(&s->lock);
}

int accounts_new(struct accounts **out)
{
	struct accounts *a = mem_calloc(1, sizeof(*a));

	if (a)
		a->shared = map_shared(sizeof(*a->shared));
	if (!a || !a->shared) {
		mem_free(a);
		return err_set(ENOMEM, "no memory to count locked memory");
	}
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

/* Locked: the account, or NULL; *@spare: one that is free, or NULL. */
static struct account *find(struct shared *s, enum owner owner, uint32_t id, struct account **spare)
{
	uint32_t i;

	*spare = s->used < ACCOUNTS ? &s->accounts[s->used] : NULL;
	for (i = 0; i < s->used; i++) {
		struct account *a = &s->accounts[i];

		if (a->owner == owner && a->id == id)
			return a;
		if (a->owner == NOBODY)
			*spare = a;
	}
	return NULL;
}

static struct account *join(struct shared *s, enum owner owner, uint32_t id)
{
	struct account *spare, *a = find(s, owner, id, &spare);

	if (!a && !spare)
		return NULL;
	if (!a) {
		a = spare;
		*a = (struct account){ .owner = owner, .id = id };
		s->used += a == &s->accounts[s->used];
	}
	a->payers++;
	return a;
}

static void leave(struct account *a)
{
	if (a && !--a->payers)
		*a = (struct account){ .owner = NOBODY };
}

/* The calling process's accounts; false, with err_set(): there are none left. */
static bool join_both(struct shared *s, struct account **user, struct account **process)
{
	bool good;

	lock(s);
	*user = join(s, USER, (uint32_t)getuid());
	*process = join(s, PROCESS, (uint32_t)getpid());
	good = *user && *process;
	if (!good) {
		leave(*user);
		leave(*process);
	}
	pthread_mutex_unlock(&s->lock);
	if (!good)
		err_set(ENOMEM, "too many processes lock memory by one platform's description");
	return good;
}

static void leave_both(struct shared *s, struct account *user, struct account *process)
{
	lock(s);
	leave(user);
	leave(process);
	pthread_mutex_unlock(&s->lock);
}

int payer_open(struct accounts *accounts, bool by_process, struct payer **out)
{
	struct payer *p = mem_calloc(1, sizeof(*p));
	struct shared_payer *s = p ? map_shared(sizeof(*s)) : NULL;

	if (!s) {
		mem_free(p);
		return err_set(ENOMEM, "no memory to count locked memory");
	}
	if (!join_both(accounts->shared, &s->user, &s->process)) {
		munmap(s, sizeof(*s));
		mem_free(p);
		return -ENOMEM;
	}
	s->by_process = by_process;
	p->shared = s;
	p->accounts = accounts_get(accounts);
	*out = p;
	return 0;
}

void payer_abandon(struct payer *p)
{
	if (!p)
		return;
	munmap(p->shared, sizeof(*p->shared));
	accounts_put(p->accounts);
	mem_free(p);
}

/* Another process may have done so; then nothing is counted any more. */
void payer_close(struct payer *p)
{
	if (!p)
		return;
	payer_release(p, UINT64_MAX);
	leave_both(p->accounts->shared, p->shared->user, p->shared->process);
	p->shared->user = p->shared->process = NULL;
	payer_abandon(p);
}

static bool add_within(uint64_t *sum, uint64_t bytes, uint64_t limit, uint64_t *before)
{
	*before = __atomic_load_n(sum, __ATOMIC_RELAXED);
	do {
		if (bytes > limit || *before > limit - bytes)
			return false;
	} while (!__atomic_compare_exchange_n(sum, before, *before + bytes, false,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

/* No more than there is. What it was. */
static uint64_t subtract(uint64_t *sum, uint64_t bytes)
{
	uint64_t before = __atomic_load_n(sum, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(sum, &before, before - bits_min(before, bytes), false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return before;
}

/* Linux: user_struct.locked_vm or mm_struct.locked_vm, and mm_struct.pinned_vm for both. */
static bool charge(struct account *user, struct account *process, bool by_process, uint64_t bytes,
		   uint64_t limit, uint64_t *in_use)
{
	if (!add_within(by_process ? &process->limited : &user->limited, bytes, limit, in_use))
		return false;
	__atomic_add_fetch(&process->all, bytes, __ATOMIC_RELAXED);
	return true;
}

static void release(const struct shared_payer *s, uint64_t bytes)
{
	if (!bytes)
		return;
	subtract(s->by_process ? &s->process->limited : &s->user->limited, bytes);
	subtract(&s->process->all, bytes);
}

bool payer_charge(struct payer *p, uint64_t bytes, uint64_t limit, uint64_t *in_use)
{
	struct shared_payer *s = p->shared;

	if (!s->user)
		return true;
	if (!charge(s->user, s->process, s->by_process, bytes, limit, in_use))
		return false;
	__atomic_add_fetch(&s->bytes, bytes, __ATOMIC_RELAXED);
	return true;
}

void payer_release(struct payer *p, uint64_t bytes)
{
	release(p->shared, bits_min(bytes, subtract(&p->shared->bytes, bytes)));
}

int payer_change(struct payer *p, uint64_t limit, uint64_t *in_use)
{
	struct shared_payer *s = p->shared;
	struct account *user, *process;
	uint64_t bytes = payer_bytes(p);

	if (!join_both(p->accounts->shared, &user, &process))
		return -ENOMEM;
	if (process == s->process && (s->by_process || user == s->user)) {
		leave_both(p->accounts->shared, user, process);
		return 0;
	}
	if (!charge(user, process, s->by_process, bytes, limit, in_use)) {
		leave_both(p->accounts->shared, user, process);
		return -ENOSPC;
	}
	release(s, bytes);
	leave_both(p->accounts->shared, s->user, s->process);
	s->user = user;
	s->process = process;
	return 0;
}

uint64_t payer_bytes(const struct payer *p)
{
	return __atomic_load_n(&p->shared->bytes, __ATOMIC_RELAXED);
}

uint64_t payer_process_bytes(const struct payer *p)
{
	struct shared *s = p->accounts->shared;
	struct account *spare;
	const struct account *a;
	uint64_t bytes = 0;

	lock(s);
	a = find(s, PROCESS, (uint32_t)getpid(), &spare);
	if (a)
		bytes = __atomic_load_n(&a->all, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&s->lock);
	return bytes;
}
