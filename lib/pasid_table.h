/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest's PASID table bound to a space: for each PASID that DMA has used, what its entry said,
 * and a space of its own for the page table that it leads to. Called with the context locked.
 */
#ifndef LIB_PASID_TABLE_H
#define LIB_PASID_TABLE_H

#include <ioasid/event.h>
#include <ioasid/pasid.h>

#include "util/reap.h"

#define PASID_TABLE_ROOM	1024u	/* records, unless the user says otherwise */
#define PASID_TABLE_MAX_ROOM	65536u

struct pasid_table;

/* pasid_table_bind.c */
bool pasid_table_is_bound(const struct ioasid_space *space);
/* err_set(-EBUSY) if one is bound, so that no page table can be. */
int pasid_table_check_none(const struct ioasid_space *space);

/*
 * pasid_table.c: the library looks up PASIDs in the user's table, which can be bound, from now on,
 * instead of one that is bound. 0, or err_set(-ENOMEM). stop: no longer.
 */
int pasid_table_start(struct ioasid_space *space, const struct ioasid_pasid_table *user,
		      struct reap *reap);
void pasid_table_stop(struct ioasid_space *space, struct reap *reap);

/* The space with a PASID table that the device is attached to, or NULL. */
struct ioasid_space *pasid_table_of(const struct ioasid_device *device);

/*
 * Makes room for @pasid, or for IOASID_NO_PASID, if it is not known so far. True: another had to
 * go, and what is in @reap waits for a drain.
 */
bool pasid_table_make_room(struct ioasid_space *space, uint32_t pasid, struct reap *reap);

/* How many there is room for. */
uint32_t pasid_table_room(const struct ioasid_space *space);

/*
 * Where requests with @pasid go: finds or makes *@out, which lives until the back end is told to
 * forget_route(). 0; -ENOMEM; or an enum ioasid_fault_reason. What other PASIDs lose on the way
 * waits in @reap for a drain.
 */
int pasid_table_look_up(struct ioasid_space *space, const struct ioasid_device *device,
			uint32_t pasid, struct ioasid_space **out, struct reap *reap);

/* The number of the unit's own record of a fault for @pasid, if it has more to say than @reason. */
uint8_t pasid_table_record_code(const struct ioasid_space *space, uint32_t pasid,
				enum ioasid_fault_reason reason);

/*
 * The guest has changed something: its entry for @pasid, if [@start, @last] is all there is, and
 * what its page table says. @now: as that of shadow_begin_pass(). 0, or -ENOMEM as shadow_sync().
 */
int pasid_table_invalidate(struct ioasid_space *space, uint32_t pasid, uint64_t start,
			   uint64_t last, uint64_t now, struct reap *reap);

#endif
