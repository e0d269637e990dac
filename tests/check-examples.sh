#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example of each manual page is a whole program: it compiles as printed and runs.

set -eu
out=$top_builddir/man/examples
mkdir -p "$out"
status=0

library=$top_builddir/lib/.libs/libioasid.so
[ -e "$library" ] || library=$top_builddir/lib/.libs/libioasid.a
LD_LIBRARY_PATH=$top_builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

for page in "$top_srcdir"/man/man3/*.3 "$top_srcdir"/man/man7/*.7; do
	[ -e "$page" ] || continue
	program=$out/$(basename "$page" | tr . -)
	awk -f "$top_srcdir/man/example.awk" "$page" >"$program.c"
	[ -s "$program.c" ] || { rm "$program.c"; continue; }
	if ! ${CC:-cc} -Wall -Wextra -Werror ${EXAMPLE_CFLAGS-} -I"$top_srcdir/include" \
			-o "$program" "$program.c" "$library" -pthread; then
		echo "the example of ${page##*/} does not compile"
		status=1
	elif ! timeout 60 "$program" </dev/null >"$program.out" 2>&1; then
		cat "$program.out"
		echo "the example of ${page##*/} fails"
		status=1
	fi
done

exit $status
