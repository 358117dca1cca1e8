"""Files and functions that grow too long; what is longer already may only shrink."""
import re

from structure.tree import Violation

RATCHET = "tools/ratchet.txt"
FILE_LINES_MAX = 400
HEADER_LINES_MAX = 300
FUNCTION_LINES_MAX = 70


def check(tree):
    allowed = dict(_entries(tree))
    sizes = dict(_sizes(tree))
    for key, (size, line, size_max) in sizes.items():
        number, entry_line = allowed.get(key, (size_max, 0))
        path, name = key
        what = f"function {name}" if name else "file"
        if size > number:
            yield Violation(path, line, f"{what} has {size} lines, at most {number}")
        elif entry_line and size <= size_max:
            yield Violation(RATCHET, entry_line, f"{path} {name} is short now: drop the line")
        elif entry_line and size < number:
            yield Violation(RATCHET, entry_line, f"{path} {name}: lower {number} to {size}")
    for key, (_, entry_line) in allowed.items():
        if key not in sizes:
            yield Violation(RATCHET, entry_line, f"{' '.join(key)} does not exist: drop the line")


def _entries(tree):
    """Lines `NUMBER PATH [FUNCTION]`."""
    if RATCHET in tree.by_path:
        for line, text in enumerate(tree.by_path[RATCHET].lines, 1):
            words = re.sub(r"^\s*#.*", "", text).split(None, 2)
            if words:
                yield (words[1], words[2].strip() if len(words) > 2 else ""), (int(words[0]), line)


def _sizes(tree):
    for file in tree.files:
        if file.is_code:
            size_max = HEADER_LINES_MAX if file.is_header else FILE_LINES_MAX
            yield (file.path, ""), (len(file.lines), 1, size_max)
    for file in tree.cpp:
        yield from _function_sizes(file).items()


def _function_sizes(file):
    """Of overloads, which share a name, the longest counts."""
    longest = {}
    for declaration in file.declarations:
        if declaration.kind != "function" or declaration.body is None:
            continue
        first = file.line_at(declaration.start)
        size = file.line_at(declaration.end) - first + 1
        key = (file.path, declaration.name)
        if size > longest.get(key, (0,))[0]:
            longest[key] = (size, first, FUNCTION_LINES_MAX)
    return longest


_LONG = "void A::run(int x) : a_{1} {\n" + "  f('{');\n" * 70 + "}\n"
PLANTED = {
    "long function": {"src/net/a.cc": "namespace a {\n" + _LONG + "}\n"},
    "long method": {"src/net/a.h": "class A {\n public:\n  A() : a_{1}, b_{2} {\n"
                    + "\n" * 70 + "}\n};\n"},
    "long test": {"tests/unit/a_test.cc": 'TEST_CASE("a } b") {\n' + "\n" * 70 + "}\n"},
    "long file": {"src/net/a.cc": "\n" * 401},
    "long header": {"src/net/a.h": "\n" * 301},
    "listed and gone": {RATCHET: "90 src/net/a.cc run\n"},
    "listed too high": {RATCHET: "90 src/net/a.cc A::run\n", "src/net/a.cc": _LONG},
    "listed without need": {RATCHET: "90 src/net/a.cc f\n", "src/net/a.cc": "void f() {\n}\n"},
}
