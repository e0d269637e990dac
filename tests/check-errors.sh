#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Which function fails with which errno is said in four places that have to agree: man/errors.tsv,
# the ERRORS sections of the pages, the table in ioasid_errors(7), and the comments in the headers.

set -eu
table=$top_srcdir/man/errors.tsv
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

# differ WHAT-A FILE-A WHAT-B FILE-B: lines "function ERRNO"
differ() {
	comm -23 "$2" "$4" | sed "s/^/in $1, not in $3: /" >"$dir/differ"
	comm -13 "$2" "$4" | sed "s/^/in $3, not in $1: /" >>"$dir/differ"
	[ -s "$dir/differ" ] || return 0
	cat "$dir/differ"
	status=1
}

awk -F '\t' '!/^#/ { n = split($2, e, " "); for (i = 1; i <= n; i++) print $1, e[i] }' "$table" |
	sort >"$dir/table"
[ -s "$dir/table" ] || { echo "no errors in $table"; exit 1; }
uniq -d "$dir/table" | sed 's/^/twice in the table: /' >"$dir/twice"
[ ! -s "$dir/twice" ] || { cat "$dir/twice"; status=1; }

# The pages: a subsection for one or more functions, with a list or a reference to other functions.
# Without subsections the list is that of each function that can fail.
for page in "$top_srcdir"/man/man3/*.3; do
	! grep -q '^\.so ' "$page" || continue
	awk -f "$top_srcdir/man/names.awk" "$page" >"$dir/names"
	awk 'NR == FNR { here[$1]; next } $1 in here { print $1 }' "$dir/names" "$dir/table" |
		sort -u >"$dir/fail"
	awk '
	NR == FNR && FILENAME ~ /fail$/ { all = all " " $1; next }
	/^\.SH/ { on = ($2 == "ERRORS"); n = split("ERRORS" all, f, " "); next }
	on && /^\.SS/ { n = split($0, f, /[ ,()"]+/); entries = 0; next }
	on && /^\.TP/ { tag = entries = 1; next }
	on && !entries && /^\.BR ioasid_/ {
		for (i = 2; i <= n; i++)
			if (f[i] != "")
				print f[i], "as", $2
	}
	on && tag {
		tag = 0
		m = split($0, e, /[ ,]+/)
		for (j = 1; j <= m; j++)
			for (i = 2; i <= n; i++)
				if (f[i] != "" && e[j] ~ /^E[A-Z0-9]+$/)
					print f[i], e[j]
	}' "$dir/fail" "$page" | sort -u >"$dir/page"
	awk 'NR == FNR { here[$1]; next }
	     !($1 in here) { print $1 ": in the ERRORS, not in the NAME of a page" }' \
		"$dir/names" "$dir/page" >"$dir/strange"
	[ ! -s "$dir/strange" ] || { cat "$dir/strange"; status=1; }
	cat "$dir/page" >>"$dir/pages"
done
awk 'NR == FNR { of[$1] = of[$1] " " $2; next }
     $2 == "as" { n = split(of[$3], e, " "); for (i = 1; i <= n; i++) print $1, e[i]; next }
     { print }' "$dir/table" "$dir/pages" | sort -u >"$dir/stated"
differ 'the table' "$dir/table" 'the pages' "$dir/stated"

awk '
/^\.BR ioasid_[a-z_0-9]* \(3\)/ { f = $2; next }
/^\./ { f = "" }
f != "" { n = split($0, e, /[ ,.]+/); for (i = 1; i <= n; i++) if (e[i] ~ /^E[A-Z0-9]+$/) print f, e[i] }
' "$top_srcdir/man/man7/ioasid_errors.7" | sort >"$dir/errors7"
differ 'the table' "$dir/table" 'ioasid_errors(7)' "$dir/errors7"

# The headers. A comment can refer to the errors of other functions, by their names, to those of the
# file's comment ("the errors above"), or to those of the functions without _pasid ("namesakes").
# common.h's rule for structures with a size stands for all.
awk '
function errors_of(text, who,    rest) {
	rest = text
	while (match(rest, /-E[A-Z0-9]+/)) {
		has[who, substr(rest, RSTART + 1, RLENGTH - 1)]
		rest = substr(rest, RSTART + RLENGTH)
	}
	rest = text
	while (match(rest, /ioasid_[a-z0-9_]+\(\)/)) {
		refers[who] = refers[who] " " substr(rest, RSTART, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
	}
}
FNR == 1 { comment = ""; decl = ""; depth = 0 }
/^[[:space:]]*\/\*\*/ && !/^[[:space:]].*;/ { in_comment = 1; comment = "" }
in_comment {
	comment = comment "\n" $0
	if (/\*\//) {
		in_comment = 0
		if (comment ~ /@file/) {
			errors_of(comment, FILENAME)
			if (FILENAME ~ /common\.h$/) errors_of(comment, "all")
		}
	}
	next
}
/^#/ || /^extern/ { next }
{ decl = decl " " $0 }
/;/ {
	if (decl !~ /typedef|[{}]/ && match(decl, /ioasid_[a-z0-9_]+ *\(/)) {
		who = substr(decl, RSTART, RLENGTH)
		gsub(/[ (]/, "", who)
		known[who]
		if (decl !~ /^[ \n]*int /) { decl = ""; next }
		sub(/.*@return/, "", comment)
		errors_of(comment, who)
		if (comment ~ /errors above/) refers[who] = refers[who] " " FILENAME
		if (comment ~ /namesakes/) {
			other = who
			sub(/_pasid/, "", other)
			refers[who] = refers[who] " " other
		}
	}
	decl = ""
}
function collect(who, top,    key, part, n, i, ref) {
	if ((top, who) in seen) return
	seen[top, who]
	for (key in has) {
		split(key, part, SUBSEP)
		if (part[1] == who) print (who == top ? "own" : "inherited"), top, part[2]
	}
	n = split(refers[who], ref, " ")
	for (i = 1; i <= n; i++) collect(ref[i], top)
}
END {
	for (who in known) collect(who, who)
	collect("all", "all")
}' "$top_srcdir"/include/ioasid/*.h | sort -u >"$dir/comments"

# What a comment names itself has to be in the table. What is in the table has to be named by the
# comment, or by what it refers to, unless it leaves out errors altogether.
sed -n 's/^own //p' "$dir/comments" | grep -v '^all ' >"$dir/own"
comm -23 "$dir/own" "$dir/table" | sed 's/^/in a header, not in the table: /' >"$dir/differ"
awk 'NR == FNR { if ($2 == "all") all[$3]; else { has[$2, $3]; says[$2] } next }
     ($1 in says) && !($2 in all) && !(($1, $2) in has) {
	print "in the table, not in a header: " $0
     }' "$dir/comments" "$dir/table" >>"$dir/differ"
[ ! -s "$dir/differ" ] || { cat "$dir/differ"; status=1; }

exit $status
