#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Breaks a source file in one place after the other, and says what no test notices.

    ../tests/mutate.py [-n N] SOURCE TEST...

In a build directory configured with --disable-shared, whose tests are built (make check TESTS=).
SOURCE is a file of the library, as lib/sink.c; the TESTs are programs, as tests/shim-iommufd. The tree
stays as it is: what is broken is a copy, whose object file takes the place of the library's own.

Not all that survives is a gap in the tests: a change may only cost time, or come to the same. Leaks
show under a sanitizer alone (--with-sanitizer=address).
"""
import argparse
import os
import random
import re
import shlex
import subprocess
import sys
import tempfile
import time

OPERATORS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||",
             "||": "&&", "true": "false", "false": "true", "return ret;": "return 0;",
             " + 1": "", " - 1": ""}
OPERATOR = re.compile(r"(?<![<>=!-])(?:==|!=|<=|>=|<|>)(?![<>=])|&&|\|\||\btrue\b|\bfalse\b|"
                      r"\breturn ret;| [+-] 1\b")
NEGATION = re.compile(r"\bif \((!?)(?=[\w>.\[\]-]+\))")
# An assignment to what exists already, or a call whose result is not used.
STATEMENT = re.compile(r"^\t+((?!(?:return|goto|else|case|const|struct|enum|static|bool|char|unsigned|"
                       r"int|size_t|u?int\d+_t) )[\w>.\[\]*() -]+"
                       r"(?: [|&+-]?= [^;\n]*|\([^;\n]*\)|\+\+|--);)$", re.M)


def code_of(text):
    """The text with spaces for comments, strings, and what is for the preprocessor."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    text = re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', blank, text, flags=re.S)
    return re.sub(r"^#(?:.*\\\n)*.*", blank, text, flags=re.M)


def mutants(text):
    """(start, end, replacement) of each place."""
    code = code_of(text)
    for match in OPERATOR.finditer(code):
        yield match.start(), match.end(), OPERATORS[match.group(0)]
    for match in NEGATION.finditer(code):
        yield match.start(), match.end(), "if (" + ("" if match.group(1) else "!")
    for match in STATEMENT.finditer(code):
        yield match.start(1), match.end(1), ";"


def make_would_run(source, target, word):
    """The command with that word by which make would make the target, if source had changed."""
    out = subprocess.run(["make", "-n", "V=1", "-W", source, target], check=True,
                         capture_output=True, text=True).stdout.replace("\\\n", " ")
    for line in out.split("\n"):
        for command in line.split(";"):
            if word in command and target in command:
                return command.split("&&")[0].strip()
    sys.exit(f"make says of no command that makes {target}")


class Breaker:
    def __init__(self, top, source, tests, folder):
        self.path = os.path.normpath(os.path.join(top, source))
        self.copy = os.path.join(folder, "copy.c")
        self.object = os.path.join(folder, "copy.o")
        self.program = os.path.join(folder, "program")
        folder_of, name = os.path.split(source)
        objects = [os.path.join(folder_of, f) for f in os.listdir(folder_of)
                   if f.endswith("-" + name[:-2] + ".lo")]
        if not objects:
            sys.exit(f"{source} is not of the library, or nothing is built here")
        command = make_would_run(self.path, objects[0], "--mode=compile")
        words = shlex.split(command.split("--mode=compile", 1)[1].split(" -MT ")[0])
        self.compile = words + ["-w", "-iquote", os.path.dirname(self.path)]
        self.links = {t: self.link_of(t) for t in tests}
        self.seconds = {t: self.run_built(t) for t in tests}
        self.kills = dict.fromkeys(tests, 0)

    def link_of(self, test):
        if not os.access(test, os.X_OK):
            sys.exit(f"{test} is not built")
        words = shlex.split(make_would_run(self.path, test, "--mode=link"))
        words[words.index(test)] = self.program
        first = next(i for i, word in enumerate(words) if word.endswith(".la"))
        return words[:first] + [self.object] + words[first:]

    def run(self, program, limit):
        """The status, or None after the limit."""
        child = subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            # Check gives each test a process group of its own: it is the session that has all.
            subprocess.run(["pkill", "-KILL", "-s", str(child.pid)])
            child.wait()
            return None

    def run_built(self, test):
        start = time.monotonic()
        if self.run(test, 600):
            sys.exit(f"{test} fails as it is")
        return time.monotonic() - start

    def build(self, text):
        with open(self.copy, "w") as file:
            file.write(text)
        return subprocess.run(self.compile + ["-c", "-o", self.object, self.copy],
                              capture_output=True).returncode == 0

    def is_noticed(self):
        """By the tests that have noticed most, or else are the quickest, first."""
        for test in sorted(self.kills, key=lambda t: (-self.kills[t], self.seconds[t])):
            subprocess.run(self.links[test], check=True, capture_output=True)
            if self.run(self.program, 10 + 10 * self.seconds[test]) != 0:
                self.kills[test] += 1
                return True
        return False


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("-n", type=int, default=30, help="how many places, chosen by chance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("source")
    parser.add_argument("tests", nargs="+")
    args = parser.parse_args()
    if os.path.exists("lib/.libs/libioasid.so"):
        sys.exit("The library is shared here: nothing in it can be exchanged. --disable-shared")
    top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    os.environ.setdefault("CK_DEFAULT_TIMEOUT", "8")
    with tempfile.TemporaryDirectory() as folder:
        breaker = Breaker(os.path.relpath(top), args.source, args.tests, folder)
        with open(breaker.path) as file:
            text = file.read()
        places = list(mutants(text))
        random.Random(args.seed).shuffle(places)
        tried = noticed = 0
        for start, end, new in sorted(places[:args.n]):
            if not breaker.build(text[:start] + new + text[end:]):
                continue
            tried += 1
            if breaker.is_noticed():
                noticed += 1
                continue
            line = text.count("\n", 0, start)
            print(f'{args.source}:{line + 1}: "{text[start:end].strip()}" is "{new.strip()}" in: '
                  f"{text.split(chr(10))[line].strip()}", flush=True)
        print(f"{args.source}: {noticed} of {tried} noticed")
    return noticed != tried


if __name__ == "__main__":
    sys.exit(main())
