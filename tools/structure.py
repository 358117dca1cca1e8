#!/usr/bin/env python3
"""Checks the structure of the source; prints `file:line: what` for violations and then exits 1.

usage: tools/structure.py [--build DIR]     DIR: a build directory with compile_commands.json,
                                            which two of the rules need: headers alone, symbols
       tools/structure.py --build DIR --alone
                                            compiles each source and each private header alone too
       tools/structure.py --self-test       proves that each rule fires
       tools/structure.py --lower-words     writes today's numbers to tools/words.txt where they
                                            are lower
"""
import argparse
import os
import sys

from structure import (comments, compiles, includes, named_tests, paths, selftest, sizes, symbols,
                       text, triples, visibility, words)
from structure.tree import Tree

RULES = [includes, text, words, comments, triples, visibility, paths, named_tests, sizes,
         symbols, compiles]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="DIR")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--root", metavar="DIR",
                        default=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--lower-words", action="store_true")
    options = parser.parse_args()
    if options.lower_words:
        words.lower(Tree(options.root))
    if options.self_test:
        found = selftest.run()
    else:
        tree = Tree(options.root, options.build, options.alone)
        found = sorted(violation for rule in RULES for violation in rule.check(tree))
    for problem in found:
        print(problem)
    print(f"structure: {len(found)} problem{'s' if len(found) != 1 else ''}" if found
          else "structure: holds", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
