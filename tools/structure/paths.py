"""Each file that a page names in backticks exists.

A path with NAME in it is one that the reader makes, and `*` stands for anything.
"""
import re

from structure.tree import ROOMS, Violation

# How a path is named, and the folders in which it is looked for.
FORMS = [
    (re.compile(r"`((?:src|include|tests|tools|docs|examples|bench|cmake)/[\w./*-]+)`"), ("",)),
    # As an #include names it: `engine/kernel.h`.
    (re.compile(r"`((?:" + "|".join(ROOMS) + r")/[\w./*-]+\.(?:h|cc))`"),
     ("src/", "include/hotline/")),
]


def check(tree):
    folders = {path.rsplit("/", depth)[0]
               for path in tree.by_path for depth in range(1, path.count("/") + 1)}
    pages = (file for path, file in tree.by_path.items() if path.endswith(".md"))
    for file in pages:
        for pattern, roots in FORMS:
            for match in pattern.finditer(file.text):
                named = match.group(1).rstrip("/")
                if not any(_exists(tree, folders, root + named) for root in roots):
                    yield Violation(file.path, file.line_at(match.start()), f"there is no {named}")


def _exists(tree, folders, named):
    if "NAME" in named or "*" in named:
        return True
    return named in tree.by_path or named in folders


PLANTED = {
    "a page that names a file which is gone": {"docs/a.md": "See `src/net/gone.cc`.\n"},
    "a page that names an include which is gone": {"docs/a.md": "See `net/gone.h`.\n"},
    "a page that names a folder which is gone": {"docs/a.md": "See `src/gone/`.\n"},
}
