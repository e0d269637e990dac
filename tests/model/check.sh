#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Has spin search all interleavings of the models here. A model has to hold, and each variant of it
# that is broken on purpose has to fail in the way that it is said to fail. 77: there is no spin.

set -eu
src=$(cd "$(dirname "$0")" && pwd)
for tool in spin "${CC:=cc}"; do
	command -v ${tool%% *} >/dev/null || { echo "check-model: there is no $tool; skipped"; exit 77; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"
failed=0

# check MODEL RESULT [-DVARIANT...]
check()
{
	model=$1 want=$2
	shift 2
	spin -a "$@" "$src/$model.pml" >log
	$CC -O2 -w -DSAFETY -o pan pan.c
	./pan -m100000 >log
	if grep -q 'assertion violated' log; then got=violated
	elif grep -q 'invalid end state (' log; then got=deadlock
	elif grep -q 'errors: 0' log && ! grep -q 'max search depth too small' log; then got=holds
	else got=unknown
	fi
	echo "$model $*: $got ($(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' log) states)"
	[ $got = $want ] || { echo "  expected: $want" >&2; failed=1; }
}

check drain holds
check drain holds -DFENCE
check drain holds -DLATE
check drain holds -DLATE -DFENCE
check drain violated -DNO_BARRIER
check drain violated -DFENCE -DNO_BARRIER
check drain violated -DSCAN_FIRST
check drain violated -DEARLY_LEAVE
check drain violated -DLATE -DNO_OWED
check drain deadlock -DDRAIN_LOCKED
check taken holds
check taken violated -DLATE_SNAPSHOT
check taken violated -DUNCOUNTED
check taken violated -DLIMBO_LATE
check taken deadlock -DHOTPLUG_HELD
exit $failed
