/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drain: DMA that takes no lock, against a change that takes its translation away.
 *
 * A table page (NODE) hangs on the root, a page of memory (DATA) on its entry. Control takes the
 * entry or the whole table page out, waits for DMA, and uses DATA and NODE for something else; then
 * it maps again. DMA walks, and fills the entry itself when it may and the entry is missing.
 *
 * Each thread's stores go through a buffer, in order, and reach memory some time later; its loads do
 * not wait for them. That is what x86 does, and it is why a mark by a plain store is not enough by
 * itself. What the release stores of the library promise beyond that on other processors, the order
 * among a thread's own stores, is promised here by the buffer.
 *
 * -DFENCE: DMA issues a fence after its mark, and the drain needs no barrier on others.
 * -DLATE: Control takes away once, and does not map again. A second such call may find nothing left to
 * take away; when it returns, DATA is somebody else's just the same.
 * -DNO_BARRIER, -DSCAN_FIRST, -DDRAIN_LOCKED, -DEARLY_LEAVE and -DNO_OWED: broken on purpose.
 */
#ifndef REQUESTS
#define REQUESTS 2	/* of each device */
#endif
#ifndef CHANGES
#ifdef LATE
#define CHANGES 1
#else
#define CHANGES 2
#endif
#endif
#define DEVICES	2
#define CONTROL	DEVICES	/* the numbers of their buffers */
#define SECOND	(DEVICES + 1)
#define THREADS	(DEVICES + 2)

mtype = { MARK, ROOT, ENTRY, MAY, TAKEN, DRAINED, UNLOCK, WRITE };

/* Memory. */
byte mark[DEVICES];	/* odd: in flight */
bit root = 1;		/* leads to NODE */
bit entry = 1;		/* in NODE, leads to DATA */
bit may = 1;		/* the mapping exists; only under the lock */
bit taken;		/* something was taken away; only under the lock */
bit drained;		/* and DMA has drained since */
bit locked;

/* What has been given to somebody else. */
bit node_gone, data_gone;

chan buffer[THREADS] = [5] of { mtype, byte };

/* The way of one thread's stores to memory. */
proctype Buffer(byte who)
{
	mtype what;
	byte value;

end:	do
	:: d_step {
		buffer[who]?what, value;
		if
		:: what == MARK -> mark[who] = value
		:: what == ROOT -> root = value
		:: what == ENTRY -> assert(!node_gone); entry = value
		:: what == MAY -> may = value
		:: what == TAKEN -> taken = 1
		:: what == DRAINED -> drained = 1
		:: what == UNLOCK -> locked = 0
		:: what == WRITE -> assert(!data_gone)
		fi;
		what = 0; value = 0
	}
	od
}

inline lock()
{
	atomic { !locked -> locked = 1 }
}

/* A fence of the thread's own: it goes on when its stores are in memory. */
inline fence(who)
{
	empty(buffer[who])
}

/* membarrier(2): each thread, at some time before this is over, waits for its stores. */
inline barrier_everywhere()
{
	i = 0;
	do
	:: i < THREADS -> fence(i); i++
	:: i == THREADS -> break
	od;
	i = 0
}

proctype Device(byte me)
{
	byte done, count;
	bit translated;

	do
	:: done == REQUESTS -> break
	:: done < REQUESTS ->
		/* emu_enter() */
		count++;
		buffer[me]!MARK, count;
#ifdef FENCE
#ifndef NO_BARRIER
		fence(me);
#endif
#endif
		/* translate(): the root, then the entry */
		translated = 0;
		if
		:: root ->
			assert(!node_gone);
			translated = entry
		:: else
		fi;
		if
		:: translated
		:: else ->
			/* translate_slow() */
			lock();
			if
			:: may ->
				assert(root && !node_gone);
				buffer[me]!ENTRY, 1;
				translated = 1
			:: else
			fi;
			buffer[me]!UNLOCK, 0
		fi;
#ifdef EARLY_LEAVE
		count++;
		buffer[me]!MARK, count;
#endif
		if
		:: translated -> assert(!data_gone)		/* a read */
		:: translated -> buffer[me]!WRITE, 0
		:: !translated					/* a fault */
		fi;
		/* emu_leave() */
#ifndef EARLY_LEAVE
		count++;
		buffer[me]!MARK, count;
#endif
		translated = 0;
		done++
	od
}

/* emu_drain() */
inline drain(who)
{
	fence(who);
#ifndef FENCE
#ifndef NO_BARRIER
	barrier_everywhere();
#endif
#endif
	scan()
}

inline scan()
{
	i = 0;
	do
	:: i == DEVICES -> break
	:: i < DEVICES ->
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

proctype Control()
{
	byte done, seen, i;
	bit whole;

	do
	:: done == CHANGES -> break
	:: done < CHANGES ->
		if
		:: whole = 0
		:: whole = 1
		fi;
		lock();
#ifdef SCAN_FIRST
		buffer[CONTROL]!UNLOCK, 0;
		drain(CONTROL);
		lock();
#endif
		buffer[CONTROL]!MAY, 0;
		buffer[CONTROL]!TAKEN, 1;
		if
		:: whole -> buffer[CONTROL]!ROOT, 0
		:: !whole -> buffer[CONTROL]!ENTRY, 0
		fi;
#ifdef DRAIN_LOCKED
		drain(CONTROL);
		buffer[CONTROL]!UNLOCK, 0;
#else
		/* ctx_unlock_drain() */
		buffer[CONTROL]!UNLOCK, 0;
#ifndef SCAN_FIRST
		drain(CONTROL);
#endif
#endif
		buffer[CONTROL]!DRAINED, 1;
		/* Pages go back to the pool under the lock, then the call returns. */
		lock();
		node_gone = whole;
		buffer[CONTROL]!UNLOCK, 0;
		data_gone = 1;
#ifndef LATE
		/* Mapped again: DMA fills the entry when it needs it. */
		lock();
		data_gone = 0;
		if
		:: whole ->
			node_gone = 0;
			buffer[CONTROL]!ENTRY, 0;
			buffer[CONTROL]!ROOT, 1
		:: !whole
		fi;
		buffer[CONTROL]!MAY, 1;
		buffer[CONTROL]!UNLOCK, 0;
#endif
		done++
	od
}

#ifdef LATE
proctype Second()
{
	byte seen, i;
	bit gone, owed;

	lock();
	/* ctx_check_take() */
	gone = !may;
	owed = taken != drained;
	buffer[SECOND]!UNLOCK, 0;
#ifndef NO_OWED
	if
	:: owed -> drain(SECOND)
	:: !owed
	fi;
#endif
	if
	:: gone -> data_gone = 1
	:: !gone
	fi
}
#endif

init {
	atomic {
		run Buffer(0);
		run Buffer(1);
		run Buffer(CONTROL);
		run Device(0);
		run Device(1);
#ifdef LATE
		run Buffer(SECOND);
		run Second();
#endif
		run Control()
	}
}
