#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# links.sh PAGES OUT: for each name that a page in PAGES/man3 documents besides its own, writes
# OUT/NAME.3, which says where that page is.

set -eu
pages=$1
out=$2
here=$(dirname "$0")

for page in "$pages"/man3/*.3; do
	! grep -q '^\.so ' "$page" || continue
	page_name=$(basename "$page" .3)
	awk -f "$here/names.awk" "$page" | while read -r name; do
		[ "$name" = "$page_name" ] || echo ".so man3/$page_name.3" >"$out/$name.3"
	done
done
