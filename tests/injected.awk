# SPDX-License-Identifier: LGPL-2.1-or-later
# The public functions that tests call while allocations fail, one a line. In each file these are
# what a test's table has as calls (.call, or the third member), and what stands between
# mem_fail_nth(n) and mem_fail_nth(0); with what the functions named there call.

FNR == 1 { name = table = ""; armed = 0 }
{ gsub(/"([^"\\]|\\.)*"/, "\"\""); sub(/\/\*.*\*\//, "") }

# A definition begins at the left margin, and ends with a brace there.
/^[a-z].*[a-z0-9_]+\(/ && !/;$/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[^a-z0-9_]/, "", name)
	if (!/^static/)
		shared[name] = FILENAME
}
/^}/ { name = ""; armed = 0 }

/\[\].* = \{$/ || /struct fail_case [a-z_]+ = \{$/ {
	table = $0 ~ /\[\]/ ? " " : " {"
	next
}
table != "" {
	table = table " " $0
	if (/^[ \t]*};/) {
		read_table(table)
		table = ""
	}
	next
}

name != "" { note_calls(FILENAME SUBSEP name, $0) }
/mem_fail_nth\(0\)/ { armed = 0 }
armed { note_calls("", $0) }
/mem_fail_nth\(n/ { armed = 1 }

function note_calls(by, text) {
	while (match(text, /[a-z_][a-z0-9_]*/)) {
		calls[by] = calls[by] " " FILENAME SUBSEP substr(text, RSTART, RLENGTH)
		text = substr(text, RSTART + RLENGTH)
	}
}

function read_table(text,	n, i, entries, fields) {
	n = split(text, entries, "{")
	for (i = 2; i <= n; i++) {
		sub(/}.*/, "", entries[i])
		if (match(entries[i], /\.call = [a-z0-9_]+/))
			note_calls("", substr(entries[i], RSTART + 8, RLENGTH - 8))
		else if (split(entries[i], fields, ",") >= 3)
			note_calls("", fields[3])
	}
	if (n == 1) # nothing but functions
		note_calls("", text)
}

# No recursion: what is found joins the end of the list.
END {
	n = split(calls[""], todo, " ")
	for (i = 1; i <= n; i++) {
		if (todo[i] in seen)
			continue
		seen[todo[i]] = 1
		split(todo[i], at, SUBSEP)
		if (at[2] ~ /^ioasid_/)
			print at[2]
		if (!(todo[i] in calls) && at[2] in shared)
			todo[i] = shared[at[2]] SUBSEP at[2]
		more = split(calls[todo[i]], new, " ")
		for (k = 1; k <= more; k++)
			todo[++n] = new[k]
	}
}
