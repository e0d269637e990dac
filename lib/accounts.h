/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accounts of memory that is locked for DMA, as a kernel keeps them: of users, and of processes.
 * They are in memory that a fork shares, so that processes count together, and one can take over
 * what another pays for.
 */
#ifndef LIB_ACCOUNTS_H
#define LIB_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

struct accounts;
struct payer;		/* for what one context locks */

/* 0, or err_set(-ENOMEM). */
int accounts_new(struct accounts **out);
struct accounts *accounts_get(struct accounts *accounts);
void accounts_put(struct accounts *accounts);

/*
 * The calling process is going to pay, or its user, and all count what the process has.
 * 0, or err_set(-ENOMEM).
 */
int payer_open(struct accounts *accounts, bool by_process, struct payer **out);
/* What is charged is given back; or it is another process's, which has taken it over. */
void payer_close(struct payer *payer);
void payer_abandon(struct payer *payer);

/*
 * False: more than @limit would be charged to who pays; *@in_use is already. UINT64_MAX: no limit.
 * Only what has a limit is looked at together.
 */
bool payer_charge(struct payer *payer, uint64_t bytes, uint64_t limit, uint64_t *in_use);
void payer_release(struct payer *payer, uint64_t bytes);

/*
 * The calling process takes over, or its user. As in Linux all is charged to the new one before the
 * old one gets it back, also where both are the same user. 0; -ENOSPC: as payer_charge(), where
 * that gives false.
 */
int payer_change(struct payer *payer, uint64_t limit, uint64_t *in_use);

/* What is charged through the payer, and what the calling process has by all of them. */
uint64_t payer_bytes(const struct payer *payer);
uint64_t payer_process_bytes(const struct payer *payer);

#endif
