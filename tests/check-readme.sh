#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The README's program compiles as printed, runs, and prints what the README says.

set -eu
program=$top_builddir/tests/readme-program

awk '/^    #include/ { on = 1 } on { sub(/^    /, ""); print } on && /^}/ { exit }' \
	"$top_srcdir/README" >"$program.c"
says=$(sed -n 's/^It prints "\([^"]*\)".*/\1/p' "$top_srcdir/README")
[ -s "$program.c" ] && [ -n "$says" ] || { echo "no program in the README"; exit 1; }

library=$top_builddir/lib/.libs/libioasid.so
[ -e "$library" ] || library=$top_builddir/lib/.libs/libioasid.a
LD_LIBRARY_PATH=$top_builddir/lib/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

${CC:-cc} -Wall -Wextra -Werror ${EXAMPLE_CFLAGS-} -I"$top_srcdir/include" -o "$program" \
	"$program.c" "$library" -pthread
printed=$("$program")
[ "$printed" = "$says" ] || { echo "it prints \"$printed\", not \"$says\""; exit 1; }
