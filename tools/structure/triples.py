"""One noun = one class = one header, source and unit test; what has no test yet is listed.

Each unit test has a namespace of its own, named after its file: then many compile as one file.
"""
import os
import re

from structure.tree import Violation

LIST = "tools/untested.txt"
NAMESPACE = re.compile(r"^namespace (hotline[\w:]*) \{", re.MULTILINE)


def check(tree):
    untested = _listed(tree)
    for path, line in untested.items():
        if path not in tree.by_path:
            yield Violation(LIST, line, f"{path} does not exist: drop the line")
        elif _test_of(path) in tree.by_path:
            yield Violation(LIST, line, f"{path} has its test now: drop the line")
    for file in tree.library:
        if file.path.endswith(".cc") and file.path not in untested:
            if _test_of(file.path) not in tree.by_path:
                yield Violation(file.path, 1, f"has no {_test_of(file.path)}")
    for path, file in tree.by_path.items():
        if path.startswith("tests/unit/") and path.endswith("_test.cc"):
            yield from _foreign_namespaces(file)


def _foreign_namespaces(file):
    own = os.path.basename(file.path)[:-len(".cc")]
    for match in NAMESPACE.finditer(file.text):
        if not match.group(1).endswith("::" + own):
            yield Violation(file.path, file.line_at(match.start()),
                            f"its namespace must be {match.group(1)}::{own}")


def _listed(tree):
    if LIST not in tree.by_path:
        return {}
    entries = (re.sub(r"#.*", "", line).strip() for line in tree.by_path[LIST].lines)
    return {path: number for number, path in enumerate(entries, 1) if path}


def _test_of(path):
    return re.sub(r"^src/(.*)\.cc$", r"tests/unit/\1_test.cc", path)


PLANTED = {
    "no test": {"src/net/a.cc": "\n"},
    "listed without need": {"src/net/a.cc": "\n", "tests/unit/net/a_test.cc": "\n",
                            LIST: "src/net/a.cc\n"},
    "listed and gone": {LIST: "src/net/a.cc\n"},
    "a unit test in a namespace that is not its own": {
        "tests/unit/net/a_test.cc": "namespace hotline {\n}  // namespace hotline\n"},
}
