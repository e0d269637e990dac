# SPDX-License-Identifier: LGPL-2.1-or-later
# The names that a page's NAME section gives, one a line.

/^\.SH/ { in_name = ($2 == "NAME"); next }
in_name && !/^\.\\"/ { sub(/^\.(B|BR|I|IR) /, ""); text = text " " $0 }
END {
	sub(/ +\\- .*/, "", text)
	n = split(text, names, /[ ,]+/)
	for (i = 1; i <= n; i++)
		if (names[i] != "")
			print names[i]
}
