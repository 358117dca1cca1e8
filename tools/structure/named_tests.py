"""Each test that a page names, as "title" (`tests/FILE`), is in that file."""
import re

from structure.tree import Violation

NAMED = re.compile(r'"([^"\n]+)" \(`(tests/[\w./-]+)`\)')
# A title that the compiler joins from the literals of several lines.
JOINED = re.compile(r'"\s*\n\s*"')


def check(tree):
    pages = (file for path, file in tree.by_path.items() if path.endswith(".md"))
    for file in pages:
        for match in NAMED.finditer(file.text):
            title, path = match.groups()
            if path in tree.by_path and not _has_test(tree.by_path[path].text, title):
                yield Violation(file.path, file.line_at(match.start()),
                                f"there is no test '{title}' in {path}")


def _has_test(text, title):
    if re.search(rf"^\s*def {re.escape(title)}\(", text, re.MULTILINE):
        return True
    return re.search(rf'TEST_CASE\(\s*"{re.escape(title)}"', JOINED.sub("", text)) is not None


PLANTED = {
    "a page that names a test which is gone": {
        "tests/unit/net/a_test.cc": '#include "hotline/net/a.h"\nTEST_CASE("another") {}\n',
        "docs/a.md": 'See "a test" (`tests/unit/net/a_test.cc`).\n'},
}
