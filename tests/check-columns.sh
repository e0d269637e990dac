#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# No line of C is wider than a hundred columns, with tabs of eight.

set -eu
cd "$top_srcdir"

found=$(find bench examples include lib tests tools -name '*.[ch]' -exec awk '
	{
		# what expand(1) does, file by file
		while (at = index($0, "\t"))
			$0 = sprintf("%s%*s%s", substr($0, 1, at - 1), 8 - (at - 1) % 8, "",
				     substr($0, at + 1))
	}
	length($0) > 100 { print FILENAME ":" FNR ": " length($0) " columns" }' {} +)
[ -z "$found" ] || { echo "$found"; exit 1; }
