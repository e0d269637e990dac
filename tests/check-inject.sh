#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each function that can fail for want of memory, as man/errors.tsv has it, is called by a test while
# each of its allocations fails in turn; or tests/uninjected.txt says why not. Likewise each of
# tests/allocations.txt, and each of tests/ioctls-*.txt while each of its ioctls fails.

set -eu
tests=$top_srcdir/tests
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

awk -f "$tests/injected.awk" "$tests"/fail_*.c "$tests"/shim-*.c "$tests/each_calls.c" |
	sort -u >"$dir/injected"
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

# compare LIST WHAT TESTS...: the names in a list against what these tests make fail.
compare() {
	list=$1 what=$2
	shift 2
	(cd "$top_srcdir" && awk -f tests/injected.awk "$@") | sort -u >"$dir/injected"
	sed -n 's/^\(ioasid_[a-z0-9_]*\)$/\1/p' "$tests/$list" | sort >"$dir/plain"
	sed -n 's/^\(ioasid_[a-z0-9_]*\): ..*/\1/p' "$tests/$list" | sort >"$dir/excused"
	[ -s "$dir/injected" ] && [ -s "$dir/plain" ] || { echo "nothing found"; exit 1; }
	comm -13 "$dir/injected" "$dir/plain" |
		say "in tests/$list, but no test makes its $what fail"
	comm -12 "$dir/injected" "$dir/excused" |
		say "excused in tests/$list, though a test makes its $what fail"
}

for backend in iommufd type1; do
	compare ioctls-$backend.txt ioctls tests/shim-$backend-each.c tests/each_calls.c
done
(cd "$top_srcdir" && ls tests/fail_*.c tests/shim-*.c tests/each_calls.c) >"$dir/tests"
compare allocations.txt allocations $(cat "$dir/tests")
cat "$dir/wrong"
[ ! -s "$dir/wrong" ]
