#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""stack.py SOURCE BYTES FILE.ci...: how deep the stack gets in lib/, what recurs, and which public
functions can come to an ioctl or to an allocation.

The .ci files are gcc's, of -fcallgraph-info=su. tests/recursion.txt lists one function of each cycle
in which functions call each other: FUNCTION: how many times it can be on the stack: why. Fails if
there are other cycles, if a call may need more than BYTES, or if tests/ioctls-*.txt and
tests/allocations.txt do not list the last. What libc needs is not in the bytes.

Where a call through a pointer leads, names tell: '->map(' leads to what is assigned to a member
'map', else to functions that a table or an argument names and that are called like the member, as
'decode_wait' is for 'decode'.
"""

import collections
import glob
import os
import re
import sys

BACKENDS = {"emulated", "iommufd", "type1"}

# What is not the library's: callbacks; a table in which no member has a name.
OUTSIDE = {"log", "attach", "replace", "detach", "must_fail", "parts"}


class Graph:
    def __init__(self, source, paths):
        self.frame = {}
        self.backend = {}
        self.calls = collections.defaultdict(set)
        self.pointers = []
        self.wrong = []
        self.texts = self.read_sources(source)
        for path in paths:
            self.read(path, source)
        self.named = collections.defaultdict(set)
        for title in self.frame:
            self.named[title.split(":")[-1].split(".")[0]].add(title)
        self.find_pointers()
        for caller, place in self.pointers:
            self.calls[caller] |= self.targets(*place.rsplit(":", 2))

    @staticmethod
    def read_sources(source):
        texts = {}
        for path in glob.glob(os.path.join(source, "lib/**/*.[ch]"), recursive=True):
            with open(path) as text:
                texts[os.path.relpath(path, source)] = text.read()
        return texts

    def read(self, path, source):
        """Titles are of static functions, FILE:NAME, and of others, NAME."""
        with open(path) as lines:
            for line in lines:
                line = line.replace(source + "/", "")
                node = re.match(r'node: { title: "([^"]*)" label: "\w[^"]*\\nlib/(\w+)[^"]*'
                                r'\\n(\d+) bytes', line)
                edge = re.match(r'edge: { sourcename: "([^"]*)" targetname: "([^"]*)"'
                                r'(?: label: "([^"]*)")?', line)
                if node:
                    self.frame[node[1]] = int(node[3])
                    self.backend[node[1]] = node[2] if node[2] in BACKENDS else None
                elif edge and edge[2] == "__indirect_call":
                    self.pointers.append((edge[1], edge[3]))
                elif edge:
                    self.calls[edge[1]].add(edge[2])

    def titles(self, file, name):
        here = {t for t in self.named[name] if t.startswith(file + ":")}
        return here or {t for t in self.named[name] if ":" not in t}

    def find_pointers(self):
        """Who is assigned to which member; who else is named without being called."""
        self.members = collections.defaultdict(set)
        self.others = set()
        for file, text in self.texts.items():
            text = re.sub(r'/\*.*?\*/|"(?:[^"\\]|\\.)*"', "", text, flags=re.S)
            assigned = set()
            for member, name in re.findall(r"(?:\.|->)(\w+) = &?(\w+)\b(?!\()", text):
                if name in self.named:
                    self.members[member] |= self.titles(file, name)
                    assigned.add(name)
            for name in re.findall(r"(?<![\w.>])(\w+)\b(?=\s*[,})])", text):
                if name in self.named and name not in assigned:
                    self.others |= self.titles(file, name)

    def targets(self, file, line, column):
        lines = self.texts[file].split("\n")[int(line) - 1:]
        text = "\n".join(lines)[int(column) - 1:].split(";")[0]
        call = re.match(r"\w+(?:->\w+|\.\w+|\[[^]]*\]|\([^()]*\))*?(?:->|\.)(\w+)\(", text)
        call = call or re.search(r"(?:->|\.)(\w+)\(", text)  # as an argument of another call
        name = call[1] if call else re.match(r"\w*", text)[0]
        if name in self.members:
            return self.members[name]
        like = {title for title in self.others
                if re.fullmatch(rf"(\w+_)?{name}|{name}_\w+", title.split(":")[-1])}
        if not like and name not in OUTSIDE:
            self.wrong.append(f"{file}:{line}: where does {name} lead?")
        return {title for title in like if title.startswith(file + ":")} or like


def components(graph):
    """Sets of functions that call each other, callees first (Tarjan)."""
    index, low, found, stack = {}, {}, [], []

    def visit(function):
        index[function] = low[function] = len(index)
        stack.append(function)
        for callee in sorted(graph.calls[function]):
            if callee not in index:
                visit(callee)
            if callee in stack:
                low[function] = min(low[function], low[callee])
        if low[function] == index[function]:
            at = stack.index(function)
            found.append(stack[at:])
            del stack[at:]

    sys.setrecursionlimit(100000)
    for function in sorted(graph.calls):
        if function not in index:
            visit(function)
    return found


def read_recursion(path):
    times = {}
    with open(path) as lines:
        for line in lines:
            entry = re.match(r"([\w./:]+): (\d+): \S", line)
            if entry:
                times[entry[1]] = int(entry[2])
    return times


def deepest(graph, times):
    """For each function the bytes that it may need, and what it then calls."""
    need, excused = {}, set()
    for functions in components(graph):
        size = sum(graph.frame.get(f, 0) for f in functions)
        if len(functions) > 1 or functions[0] in graph.calls[functions[0]]:
            listed = [f for f in functions if f in times]
            excused.update(listed)
            if not listed:
                graph.wrong.append(f"recursion: {' '.join(sorted(functions))}")
            size *= max([times[f] for f in listed], default=1)
        below = max(((need[c][0], c) for f in functions for c in graph.calls[f] if c in need),
                    default=(0, None))
        for f in functions:
            need[f] = size + below[0], below[1]
    for function in sorted(set(times) - excused):
        graph.wrong.append(f"{function}: is listed, but does not recur")
    return need


ALLOCATE = {"mem_alloc", "mem_calloc", "mem_realloc", "mem_fail_step"}


def compare_callers(graph, path, what, backends):
    """What calls one of WHAT, through nothing of a back end that is not one of these."""
    callers = collections.defaultdict(set)
    for caller in list(graph.calls):
        if graph.backend.get(caller) in backends | {None}:
            for callee in graph.calls[caller]:
                callers[callee].add(caller)
    found, todo = set(), sorted(what)
    while todo:
        new = callers[todo.pop()] - found
        found |= new
        todo += new
    found = {function for function in found if function.startswith("ioasid_")}
    with open(path) as lines:
        listed = {line.split(":")[0].strip() for line in lines if line.startswith("ioasid_")}
    graph.wrong += [f"{f}: calls {' or '.join(sorted(what))}, but is not in {path}"
                    for f in sorted(found - listed)]
    graph.wrong += [f"{f}: in {path}, but does not get there" for f in sorted(listed - found)]


def main(source, limit, *paths):
    graph = Graph(os.path.realpath(source), paths)
    for backend in "iommufd", "type1":
        compare_callers(graph, f"{source}/tests/ioctls-{backend}.txt", {"sys_ioctl"}, {backend})
    compare_callers(graph, f"{source}/tests/allocations.txt", ALLOCATE, BACKENDS)
    need = deepest(graph, read_recursion(f"{source}/tests/recursion.txt"))
    size, function = max((need[f][0], f) for f in need)
    way = []
    while function:
        way.append(function)
        function = need[function][1]
    print(f"{len(graph.frame)} functions, {size} bytes of stack: {' '.join(way)}")
    if size > int(limit):
        graph.wrong.append(f"more than {limit} bytes")
    for text in graph.wrong:
        print(text)
    return 1 if graph.wrong or not graph.frame else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
