"""What a line of committed text may not hold: width, tabs, notes to self, this machine's paths."""
import re

from structure.tree import Violation

WIDTH_MAX = 100
# Written so that these lines do not match themselves.
NOTE_TO_SELF = re.compile(r"\b(?:FIX" r"ME|XX" r"X|TO" r"DO|HA" r"CK)\b")
MACHINE_PATHS = re.compile(
    r"(?<![\w.$}~])/(?:work|root)/|(?<![\w.$}~])/home/(?!\.{3}|USER|NAME|user/|<)[\w.-]+/")
CONDITIONAL = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)\b[ \t]*([^\n]*)", re.MULTILINE)
# With the standard library of g++ 12 these copy constant bytes one by one, not as memmove does.
SLOW_COPY = re.compile(r"\branges::copy(?:_n)?\(")
USING_NAMESPACE = re.compile(r"\busing\s+namespace\b")


def check(tree):
    for file in tree.files:
        if not file.binary:
            yield from _check_lines(file)
    for file in tree.cpp:
        if file.is_header:
            for match in USING_NAMESPACE.finditer(file.code):
                yield Violation(file.path, file.line_at(match.start()),
                                "`using namespace` in a header")
    for file in tree.library:
        for match in SLOW_COPY.finditer(file.code):
            yield Violation(file.path, file.line_at(match.start()),
                            "std::ranges::copy copies bytes one by one: use std::copy or copy_n")
        if not file.path.startswith("src/engine/"):
            yield from _check_conditionals(file)


def _check_lines(file):
    for number, line in enumerate(file.lines, 1):
        if match := MACHINE_PATHS.search(line):
            yield Violation(file.path, number, f"a path of one machine: {match.group()}")
        if not file.is_code:
            continue
        if len(line) > WIDTH_MAX:
            yield Violation(file.path, number, f"{len(line)} columns, at most {WIDTH_MAX}")
        if "\t" in line:
            yield Violation(file.path, number, "a tab character")
        if match := NOTE_TO_SELF.search(line):
            yield Violation(file.path, number, f"{match.group()}: do it, or file an issue")


def _check_conditionals(file):
    for match in CONDITIONAL.finditer(file.text):
        word, condition = match.group(1), match.group(2).split("//")[0].strip()
        guard = word == "ifndef" and re.match(
            rf"\s*#\s*define\s+{re.escape(condition)}\b", file.text[match.end():])
        if not guard and "NDEBUG" not in condition:
            yield Violation(file.path, file.line_at(match.start()),
                            f"#{word} {condition}: platforms differ in src/engine only")


PLANTED = {
    "wide": {"src/core/a.cc": "// " + "é" * 98 + "\n"},
    "tab": {"src/core/a.cc": "int a;\t\n"},
    "note to self": {"tools/a.py": "# TO" + "DO: later\n"},
    "path of one machine": {"docs/a.md": "see /ro" + "ot/notes\n"},
    "path of a home": {"tools/a": "#!/bin/sh\ncd /ho" + "me/someone/hotline\n"},
    "using namespace": {"src/core/a.h": "using namespace std;\n"},
    "slow copy": {"src/core/a.cc": "void f() { std::ranges::copy(a, b); }\n"},
    "platform": {"src/net/a.cc": "#ifdef __linux__\n#endif\n"},
}
