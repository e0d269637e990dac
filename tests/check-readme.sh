#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The README's program compiles as printed, runs, and prints what the README says. Its table has all
# capabilities, and of the emulated platform what that says of itself. The examples' README has all of
# them.

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

compile() {
	${CC:-cc} -Wall -Wextra -Werror ${EXAMPLE_CFLAGS-} -I"$top_srcdir/include" -o "$program" \
		"$program.c" "$library" -pthread
}

compile
printed=$("$program")
[ "$printed" = "$says" ] || { echo "it prints \"$printed\", not \"$says\""; exit 1; }

cat >"$program.c" <<'END'
#include <ioasid/ioasid.h>
#include <stdio.h>

int main(void)
{
	enum ioasid_capability i;
	struct ioasid_ctx *ctx;

	if (ioasid_ctx_open(NULL, &ctx))
		return fprintf(stderr, "%s\n", ioasid_errmsg()), 1;
	for (i = 1; ioasid_capability_name(i); i++)
		printf("%s %s\n", ioasid_capability_name(i), ioasid_ctx_has(ctx, i) ? "yes" : "-");
	return ioasid_ctx_close(ctx) ? 1 : 0;
}
END
compile
"$program" >"$program.has"
awk '/emulated +iommufd +type1$/ { on = 1; next } on && !NF { exit }
     on { print $1, $2 == "platform" ? "-" : $2 }' "$top_srcdir/README" >"$program.table"
diff "$program.table" "$program.has" || { echo "README's table, and what the library says"; exit 1; }

(cd "$top_srcdir/examples" && grep -l '^int main(' ./*.c) | sed 's|^./||; s|\.c$||' | sort \
	>"$program.examples"
awk '/^    [a-z0-9-]+   / { print $1 }' "$top_srcdir/examples/README" | sort >"$program.listed"
diff "$program.listed" "$program.examples" ||
	{ echo "the examples' README, and the examples that there are"; exit 1; }
