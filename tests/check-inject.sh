#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each function that can fail for want of memory, as man/errors.tsv has it, is called by a test while
# each of its allocations fails in turn; or tests/uninjected.txt says why not. Likewise each of
# tests/ioctls-*.txt, while each of its ioctls does.

set -eu
tests=$top_srcdir/tests
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

awk -f "$tests/injected.awk" "$tests"/fail_*.c "$tests"/shim-*.c | sort -u >"$dir/injected"
awk -F '\t' '/^ioasid_/ && / ENOMEM|\tENOMEM/ { print $1 }' "$top_srcdir/man/errors.tsv" |
	sort >"$dir/allocates"
sed -n 's/^\(ioasid_[a-z0-9_]*\): ..*/\1/p' "$tests/uninjected.txt" | sort >"$dir/excused"
[ -s "$dir/injected" ] && [ -s "$dir/allocates" ] || { echo "nothing found"; exit 1; }

# What is wrong with the functions that are read.
say() {
	sed "s|\$|: $1|" >>"$dir/wrong"
}

: >"$dir/wrong"
comm -23 "$dir/allocates" "$dir/injected" | comm -23 - "$dir/excused" |
	say 'can fail with ENOMEM, but no test makes it: see tests/fail_world.h'
comm -12 "$dir/injected" "$dir/excused" |
	say 'in tests/uninjected.txt, though a test makes it fail'
comm -13 "$dir/allocates" "$dir/excused" |
	say 'in tests/uninjected.txt, but it cannot fail with ENOMEM'

for backend in iommufd type1; do
	list=tests/ioctls-$backend.txt test=tests/shim-$backend-each.c
	awk -f "$tests/injected.awk" "$top_srcdir/$test" | sort -u >"$dir/refused"
	sed -n 's/^\(ioasid_[a-z0-9_]*\)$/\1/p' "$top_srcdir/$list" | sort >"$dir/ioctls"
	sed -n 's/^\(ioasid_[a-z0-9_]*\): ..*/\1/p' "$top_srcdir/$list" | sort >"$dir/not_refused"
	[ -s "$dir/refused" ] && [ -s "$dir/ioctls" ] || { echo "nothing found"; exit 1; }
	comm -13 "$dir/refused" "$dir/ioctls" |
		say "does ioctls, but $test does not make them fail"
	comm -12 "$dir/refused" "$dir/not_refused" |
		say "excused in $list, though a test makes its ioctls fail"
done
cat "$dir/wrong"
[ ! -s "$dir/wrong" ]
