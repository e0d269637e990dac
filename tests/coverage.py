#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""coverage.py REPORT UNCOVERED: what the tests did not reach of lib/.

REPORT is gcovr's JSON. UNCOVERED lists where lines may be unreached, and why: FILE:FUNCTION: reason.
Fails if others are.
"""

import json
import sys


def function_of(functions, number):
    before = [f for f in functions if f["lineno"] <= number]
    return max(before, key=lambda f: f["lineno"])["name"] if before else "-"


def read_reasons(path):
    reasons = {}
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                file, function, reason = line.strip().split(":", 2)
                reasons[file, function] = reason.strip()
    return reasons


def main(report, reasons_path):
    reasons = read_reasons(reasons_path)
    missed = {}
    lines = reached = branches = taken = 0
    for file in json.load(open(report))["files"]:
        for line in file["lines"]:
            if line["gcovr/noncode"]:
                continue
            lines += 1
            reached += line["count"] > 0
            branches += len(line["branches"])
            taken += sum(b["count"] > 0 for b in line["branches"])
            if not line["count"]:
                key = file["file"], function_of(file["functions"], line["line_number"])
                missed.setdefault(key, []).append(line["line_number"])

    new = {key for key in missed if key not in reasons}
    for (file, function), numbers in sorted(missed.items()):
        where = ", ".join(map(str, numbers))
        why = reasons.get((file, function), "NOT IN uncovered.txt")
        print(f"{file}:{function}: line {where}: {why}")
    for file, function in sorted(set(reasons) - set(missed)):
        print(f"{file}:{function}: reached now, though in uncovered.txt")
    print(f"lib/: {reached} of {lines} lines ({100 * reached / lines:.1f} %), "
          f"{taken} of {branches} branches ({100 * taken / branches:.1f} %)")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
