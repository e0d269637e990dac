# SPDX-License-Identifier: LGPL-2.1-or-later
# The program in a page's EXAMPLES section: what stands between .EX and .EE there, as C again.

function plain(line,    out, at, two) {
	out = ""
	while ((at = index(line, "\\")) > 0) {
		out = out substr(line, 1, at - 1)
		line = substr(line, at + 1)
		if (line ~ /^\[[a-z]+\]/) {
			two = substr(line, 2, index(line, "]") - 2)
			line = substr(line, index(line, "]") + 1)
			out = out glyph[two]
		} else if (line ~ /^\(/) {
			out = out glyph[substr(line, 2, 2)]
			line = substr(line, 4)
		} else {
			out = out escape[substr(line, 1, 1)]
			line = substr(line, 2)
		}
	}
	return out line
}

BEGIN {
	glyph["aq"] = "'"; glyph["dq"] = "\""; glyph["ti"] = "~"; glyph["ha"] = "^"
	glyph["ga"] = "`"; glyph["rs"] = "\\"; glyph["bs"] = "\\"; glyph["mi"] = "-"
	escape["e"] = "\\"; escape["\\"] = "\\"; escape["-"] = "-"; escape["&"] = ""
}
/^\.SH/ { in_examples = ($2 ~ /^EXAMPLES?$/); next }
/^\.EX/ { in_code = in_examples; next }
/^\.EE/ { in_code = 0; next }
in_code { print plain($0) }
