/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was taken away, by whom, and who waits for it: ctx->taken, ctx->drained and ctx->limbo
 * (lib/ctx.c), and the lock of devices that come and go (ctx->hotplug, lib/device.c). That a drain
 * works is what drain.pml is about: here each store is in memory at once. Nor does anybody wait who
 * has the context's lock, so that whatever is done with it is one step here.
 *
 * Each page has a translation, in a node of its own. Calls take translations away; when one
 * returns, the page is somebody else's, whether that call has found the translation or another one
 * has taken it out before. One of the calls unbinds a device. A section (ioasid_dma_begin()) cannot
 * wait for itself: what is taken away in one, as by the look-up of a PASID, waits in limbo for the
 * drain of another call, or for the end of the section. It binds a device, too.
 *
 * -DLATE_SNAPSHOT, -DUNCOUNTED, -DLIMBO_LATE and -DHOTPLUG_HELD: broken on purpose.
 */
#define DEVICES	2
#define SECTION	DEVICES	/* the number of its mark */
#define MARKS	(DEVICES + 1)
#define PAGES	2

byte mark[MARKS];	/* odd: in flight */
bit entry[PAGES] = 1;	/* leads to the page */
bit limbo[PAGES];	/* its node is there */
byte taken, drained;
bit hotplug;

/* What has been given to somebody else. */
bit page_gone[PAGES], node_gone[PAGES];

inline lock_hotplug()
{
	atomic { !hotplug -> hotplug = 1 }
}

inline choose()
{
	if
	:: page = 0
	:: page = 1
	fi
}

/* To the nodes that this thread frees after its drain. */
inline take_limbo()
{
	i = 0;
	do
	:: i == PAGES -> break
	:: i < PAGES -> mine[i] = mine[i] | limbo[i]; limbo[i] = 0; i++
	od;
	i = 0
}

inline drain()
{
	do
	:: i == MARKS -> break
	:: i < MARKS ->
		seen = mark[i];
		if
		:: seen % 2 -> mark[i] != seen
		:: else
		fi;
		seen = 0;
		i++
	od;
	i = 0
}

/* The rest of ctx_unlock_reap(), after its unlock. */
inline drain_and_free()
{
	drain();
#ifdef LATE_SNAPSHOT
	upto = taken;
#endif
	d_step { drained = (drained < upto -> upto : drained); upto = 0 }
	d_step {
#ifdef LIMBO_LATE
		take_limbo();
#endif
		do
		:: i == PAGES -> break
		:: i < PAGES -> node_gone[i] = node_gone[i] | mine[i]; mine[i] = 0; i++
		od;
		i = 0
	}
}

proctype Device(byte me)
{
	byte page;
	bit found;

	choose();
	mark[me] = mark[me] + 1;
	found = entry[page];
	if
	:: found -> assert(!page_gone[page] && !node_gone[page])
	:: else
	fi;
	mark[me] = mark[me] + 1
}

proctype Call(bit unbinds)
{
	byte page, seen, i, upto;
	bit waits;
	bit mine[PAGES];

	choose();
#ifdef HOTPLUG_HELD
	if
	:: unbinds -> lock_hotplug()
	:: else
	fi;
#endif
	d_step {
		/* ctx_check_take() */
		waits = taken != drained;
		if
		:: entry[page] -> entry[page] = 0; mine[page] = 1; taken++; waits = 1
		:: else
		fi;
		/* ctx_unlock_drain() */
		upto = taken;
#ifndef LIMBO_LATE
		if
		:: waits -> take_limbo()
		:: else
		fi;
#endif
	}
	if
	:: waits -> drain_and_free()
	:: else
	fi;
	page_gone[page] = 1;
	if
	:: unbinds ->
#ifndef HOTPLUG_HELD
		lock_hotplug();
#endif
		hotplug = 0
	:: else
	fi
}

proctype Section()
{
	byte page, seen, i, upto;
	bit mine[PAGES];

	choose();
	mark[SECTION] = mark[SECTION] + 1;
	/* ctx_defer() */
	d_step {
		if
		:: entry[page] ->
			entry[page] = 0;
			limbo[page] = 1;
#ifndef UNCOUNTED
			taken++
#endif
		:: else
		fi
	}
	/* ioasid_device_bind() */
	lock_hotplug();
	hotplug = 0;
	mark[SECTION] = mark[SECTION] + 1;
	/* emu_flush() */
	d_step { upto = taken; take_limbo() }
	drain_and_free()
}

init {
	atomic {
		run Device(0);
		run Device(1);
		run Section();
		run Call(0);
		run Call(1)
	}
}
