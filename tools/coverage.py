#!/usr/bin/env python3
"""Measures how many branches the unit tests take, and fails for files below the bound.

    tools/coverage.py                 builds and runs what the files of tools/coverage.txt need
    tools/coverage.py --missed        lists the branches too that no test took
    tools/coverage.py --no-build      measures what the last run has counted

A branch is one way out of a condition, as gcov counts it. Branches that only an exception takes do
not count, nor those on a line without a condition, which are the compiler's, nor those of asserts.
"""
import argparse
import collections
import fnmatch
import gzip
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/coverage"
CONDITION = re.compile(r"\b(?:if|while|for|switch|case)\b|\?|&&|\|\|")
ASSERT = re.compile(r"\bassert\(|\bcheck_use\(")


def is_counted(line):
    code = line.split("//")[0]
    return CONDITION.search(code) and not ASSERT.search(code)


def settings(path):
    """The programs to run, the bound in percent, and the patterns of files."""
    programs, bound, patterns = [], 95.0, []
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "run":
            programs += words[1:]
        elif words[0] == "bound":
            bound = float(words[1])
        else:
            patterns += words
    return programs, bound, patterns


def build_and_run(programs):
    run = lambda *command: subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    run("cmake", "--build", "build/coverage", "--target", *programs, "--", "--quiet")
    for counted in BUILD.rglob("*.gcda"):
        counted.unlink()
    for program in programs:
        subprocess.run([BUILD / "tests" / program, "--minimal"], cwd=ROOT, check=True,
                       stdout=subprocess.DEVNULL)


def reports():
    """What gcov says of each object file of the libraries."""
    for counted in sorted(BUILD.glob("CMakeFiles/hotline_*.dir/**/*.gcda")):
        out = subprocess.run(
            ["gcov", "--branch-probabilities", "--json-format", "--stdout", str(counted)],
            cwd=BUILD, check=True, capture_output=True).stdout
        yield from json.loads(gzip.decompress(out) if out[:2] == b"\x1f\x8b" else out)["files"]


def count(patterns):
    """{file: {(line, which): how often}}, the sum over all instances of a template."""
    taken = collections.defaultdict(collections.Counter)
    for report in reports():
        path = os.path.relpath(os.path.join(BUILD, report["file"]), ROOT)
        if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
            continue
        text = (ROOT / path).read_text().splitlines()
        for line in report["lines"]:
            if not is_counted(text[line["line_number"] - 1]):
                continue
            for which, branch in enumerate(line["branches"]):
                if not branch["throw"]:
                    taken[path][line["line_number"], which] += branch["count"]
            taken[path]
    return taken


def missing_patterns(taken, patterns):
    return [pattern for pattern in patterns
            if not any(fnmatch.fnmatch(path, pattern) for path in taken)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--missed", action="store_true", help="list the branches that no test took")
    parser.add_argument("--no-build", action="store_true", help="measure the last run")
    parser.add_argument("--settings", type=pathlib.Path, default=ROOT / "tools/coverage.txt")
    arguments = parser.parse_args()
    programs, bound, patterns = settings(arguments.settings)
    if not arguments.no_build:
        build_and_run(programs)
    taken = count(patterns)
    low = missing_patterns(taken, patterns)
    for pattern in low:
        print(f"{pattern}: no file of the libraries was measured")
    total = [0, 0]
    for path, branches in sorted(taken.items()):
        hit = sum(1 for times in branches.values() if times > 0)
        share = 100.0 * hit / len(branches) if branches else 100.0
        total = [total[0] + hit, total[1] + len(branches)]
        print(f"{share:6.1f} %  {hit:4d} of {len(branches):4d}  {path}"
              + ("" if share >= bound else f"  below {bound:g} %"))
        if share < bound:
            low.append(path)
        if arguments.missed:
            text = (ROOT / path).read_text().splitlines()
            for line in sorted({line for (line, _), times in branches.items() if times == 0}):
                print(f"          {path}:{line}: {text[line - 1].strip()}")
    print(f"{100.0 * total[0] / max(1, total[1]):6.1f} %  {total[0]} of {total[1]}  all of them")
    if low:
        sys.exit(f"coverage: {len(low)} below the bound")


if __name__ == "__main__":
    main()
