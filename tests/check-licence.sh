#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each file that has room for a comment begins with its licence, those that programs are made from with
# the choice of another; and the text of each licence is there.

set -eu
cd "$top_srcdir"
status=0

# licence FILE: what it says in one of its first lines.
licence() { sed -n '1,3s|.*SPDX-License-Identifier: \([^*]*[^* ]\).*|\1|p' "$1"; }

files=$(find bench examples include lib man tests tools -type f \
	! -path 'man/examples/*' ! -path 'tests/data/*' ! -path 'tests/fuzz/corpus/*' \
	! -name 'readme-program*' \( -name '*.[ch]' -o -name '*.inc' -o -name '*.map' -o -name '*.sh' \
	-o -name '*.py' -o -name '*.awk' -o -name '*.pml' -o -name '*.tsv' -o -name '*.txt' \
	-o -name '*.supp' -o -name '*.platform' -o -name '*.[1-8]' -o -name config \
	-o -path tests/check-all -o -path 'tests/kernel/[a-z]*-[a-z]*' ! -name '*.*' \) |
	xargs grep -L '^\.so ' | sort)
[ "$(echo "$files" | wc -l)" -ge 500 ] || { echo 'where are the files?'; exit 1; }

for file in bootstrap configure.ac Makefile.am libioasid.pc.in $files; do
	is=$(licence "$file")
	case $file:$is in
	*:'LGPL-2.1-or-later OR MIT') ;;
	include/*.h:* | examples/*.[ch]:* | examples/*.platform:*)
		echo "$file is not under LGPL-2.1-or-later OR MIT, but '$is'"
		status=1 ;;
	*:LGPL-2.1-or-later) ;;
	*)
		echo "$file is not under LGPL-2.1-or-later, but '$is'"
		status=1 ;;
	esac
done
for name in LGPL-2.1-or-later MIT; do
	[ -s "LICENSES/$name.txt" ] || { echo "there is no LICENSES/$name.txt"; status=1; }
done
exit $status
