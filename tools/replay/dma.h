/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DMA that only looks where it would go. */
#ifndef REPLAY_DMA_H
#define REPLAY_DMA_H

#include "guest.h"

enum touch {
	TOUCH_OK,
	/* Some of it cannot be translated. */
	TOUCH_FAULT,
	/* Some of it leads to another host address than the guest's memory has there. */
	TOUCH_WRONG,
};

/*
 * Has a device translate all of a run, for all that its permission allows; in one request if that
 * works and @pages is not set, else page by page, so that no page is left out.
 */
enum touch touch_run(struct ioasid_channel *channel, const struct guest *guest,
		     const struct ioasid_run *run, bool pages);

#endif
