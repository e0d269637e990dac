#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# groff and mandoc find nothing to say about any page.

set -eu
for tool in groff mandoc; do
	command -v $tool >/dev/null || { echo "$tool is not installed"; exit 77; }
done

cd "$top_srcdir/man"
said=$(
	for page in man?/*.?; do
		! grep -q '^\.so ' "$page" || continue
		groff -man -ww -Tutf8 -z "$page" 2>&1
		mandoc -Tlint -W warning "$page" 2>&1 || :
	done
)
[ -z "$said" ] || { echo "$said"; exit 1; }
