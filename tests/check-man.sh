#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manual is whole: each exported function is on one page's NAME line and in its SYNOPSIS and has
# a page of its name, pages that point elsewhere are those the NAME lines ask for, every section 3
# page has its sections, and references to our own pages lead somewhere.

set -eu
man=$top_srcdir/man
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

complain() {
	echo "$*"
	status=1
}

is_link() { grep -q '^\.so ' "$1"; }

# section PAGE NAME: the text of that section.
section() { awk -v want="$2" '/^\.SH/ { inside = ($0 == ".SH " want || $0 == ".SH \"" want "\""); next } inside' "$1"; }

for page in "$man"/man3/*.3; do
	! is_link "$page" || continue
	for heading in NAME LIBRARY SYNOPSIS DESCRIPTION 'RETURN VALUE' ERRORS 'THREAD SAFETY' \
			HISTORY EXAMPLES 'SEE ALSO'; do
		[ -n "$(section "$page" "$heading")" ] ||
			complain "${page##*/}: section $heading is missing or empty"
	done
	section "$page" SYNOPSIS | grep -o 'ioasid_[a-z0-9_]*' | sort -u >"$dir/synopsis"
	for name in $(awk -f "$man/names.awk" "$page"); do
		echo "$name" >>"$dir/names"
		grep -qx "$name" "$dir/synopsis" ||
			complain "${page##*/}: $name is in NAME, but not in SYNOPSIS"
	done
done

sort -u "$dir/names" >"$dir/documented"
sort "$dir/names" | uniq -d >"$dir/twice"
while read -r name; do complain "$name is on two NAME lines"; done <"$dir/twice"

sed -n 's/^[[:space:]]*\(ioasid_[a-z0-9_]*\);.*/\1/p' "$top_srcdir/lib/libioasid.map" |
	sort -u >"$dir/exported"
comm -23 "$dir/exported" "$dir/documented" >"$dir/undocumented"
while read -r name; do complain "$name is exported, but on no NAME line"; done <"$dir/undocumented"
while read -r name; do
	[ -e "$man/man3/$name.3" ] || complain "$name is exported, but has no page man3/$name.3"
done <"$dir/exported"

mkdir "$dir/links"
sh "$man/links.sh" "$man" "$dir/links"
for page in "$man"/man3/*.3; do
	! is_link "$page" || cmp -s "$page" "$dir/links/${page##*/}" ||
		complain "${page##*/} points elsewhere than the NAME lines do; make update-man-links"
done
for link in "$dir"/links/*.3; do
	[ ! -e "$link" ] || [ -e "$man/man3/${link##*/}" ] ||
		complain "${link##*/} is missing; make update-man-links"
done

# References as ".BR ioasid_version (3)".
sed -n 's/^\.BR \(ioasid[a-z0-9_-]*\) (\([1-8]\)).*/\1.\2/p' "$man"/man?/*.? | sort -u >"$dir/references"
while read -r reference; do
	[ -e "$man/man${reference##*.}/$reference" ] || complain "no page $reference, though referred to"
done <"$dir/references"

exit $status
