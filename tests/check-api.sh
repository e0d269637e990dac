#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The symbol map, the public headers and what the built library exports name the same functions.

set -eu
map=$top_srcdir/lib/libioasid.map
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

# same WHAT-A FILE-A WHAT-B FILE-B
same() {
	comm -23 "$2" "$4" | sed "s/^/in $1, not in $3: /" >"$dir/differ"
	comm -13 "$2" "$4" | sed "s/^/in $3, not in $1: /" >>"$dir/differ"
	[ -s "$dir/differ" ] || return 0
	cat "$dir/differ"
	status=1
}

sed -n 's/^[[:space:]]*\(ioasid_[a-z0-9_]*\);.*/\1/p' "$map" | sort >"$dir/map"
[ -s "$dir/map" ] || { echo "no symbols in $map"; exit 1; }
uniq -d "$dir/map" | sed 's/^/twice in the map: /' >"$dir/twice"
[ ! -s "$dir/twice" ] || { cat "$dir/twice"; status=1; }

# Function declarations: at the outermost level, neither typedef nor static.
for header in "$top_srcdir"/include/ioasid/*.h; do
	${CC:-cc} -E -P -I"$top_srcdir/include" "$header"
done | sed 's/[;{}]/\n&\n/g' | awk '
	$0 == "{" { depth++ }
	$0 == "}" { depth-- }
	/^[;{}]$/ { statement = ""; next }
	depth == 0 && /^#/ { next }
	depth == 0 {
		statement = statement " " $0
		if (statement !~ /[^a-z_](typedef|static)[^a-z_]/ &&
		    match(statement, /ioasid_[a-z0-9_]+ *\(/))
			print substr(statement, RSTART, RLENGTH)
	}' | tr -d ' (' | sort -u >"$dir/headers"
same 'the map' "$dir/map" 'the headers' "$dir/headers"

library=$top_builddir/lib/.libs/libioasid.so
if [ -e "$library" ]; then
	nm -D --defined-only "$library" | sed -n 's/.* [A-Z] \([A-Za-z_][^@]*\)@.*/\1/p' |
		sort -u >"$dir/exports"
	same 'the map' "$dir/map" 'the shared library' "$dir/exports"
fi

exit $status
