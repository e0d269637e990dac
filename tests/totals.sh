#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sums up a finished 'make check': totals.sh BUILDDIR prints "N passed, N failed, N skipped".
# A Check program counts by its cases, any other test as one.

find "$1/tests" "$1/examples" -name '*.trs' 2>/dev/null | sort | while read -r trs; do
	sed -n 's/^:test-result: \([A-Z]*\).*/result \1/p' "$trs" | tail -n 1
	sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/cases \1 \2 \3/p' \
		"${trs%.trs}.log"
	echo end
done | awk '
	$1 == "result" { result = $2 }
	$1 == "cases" { cases += $2; bad += $3 + $4 }
	$1 == "end" {
		if (result == "SKIP")
			skipped++
		else if (cases) {
			# A program that died after its summary failed, whatever the summary says.
			if (result != "PASS" && !bad)
				bad = 1
			passed += cases - bad
			failed += bad
		} else if (result == "PASS")
			passed++
		else
			failed++
		result = ""; cases = bad = 0
	}
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
