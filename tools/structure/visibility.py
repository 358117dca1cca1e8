"""Public headers open namespace hotline with HOTLINE_PUBLIC; nothing else uses that word."""
import re

from structure.tree import Violation

PLAIN = re.compile(r"^namespace hotline(::sim)? \{", re.MULTILINE)
WORD = re.compile(r"\bHOTLINE_PUBLIC\b")


def check(tree):
    for file in tree.library:
        if file.path.startswith("include/"):
            for match in PLAIN.finditer(file.text):
                yield Violation(file.path, file.line_at(match.start()),
                                "a shared library hides this: namespace hotline HOTLINE_PUBLIC {")
        else:
            for match in WORD.finditer(file.text):
                yield Violation(file.path, file.line_at(match.start()),
                                "HOTLINE_PUBLIC is for public headers")


PLANTED = {
    "a public header whose names are hidden": {
        "include/hotline/net/a.h": "#pragma once\nnamespace hotline {\n}  // namespace hotline\n"},
    "a private header that exports": {
        "src/net/a.h": "#pragma once\nnamespace hotline HOTLINE_PUBLIC {\n}\n"},
}
