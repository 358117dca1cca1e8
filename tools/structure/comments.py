"""Every public class and free function has its contract in a comment right above it."""
import re

from structure.tree import Violation

INTERNAL = {"detail", "internal", "std"}


def check(tree):
    for file in tree.library:
        if file.is_public and file.is_header:
            yield from _check_header(file)


def _check_header(file):
    previous_end, previous_documented = None, False
    for declaration in file.declarations:
        if not _at_namespace_scope(declaration) or declaration.kind == "namespace":
            continue
        line = file.line_at(declaration.start)
        documented = _is_comment(file, line - 1) or _trailing_comment(file, declaration)
        # Overloads without a gap between them share the comment of the first.
        if not documented and previous_end == line - 1:
            documented = previous_documented
        if _needs_comment(declaration) and not documented:
            yield Violation(file.path, line,
                            f"public {declaration.kind} {declaration.name} without a comment")
        previous_end, previous_documented = file.line_at(declaration.end), documented


def _at_namespace_scope(declaration):
    return all(kind == "namespace" and name.split("::")[0] not in INTERNAL
               and name.split("::")[-1] not in INTERNAL for kind, name in declaration.scopes)


def _needs_comment(declaration):
    if declaration.kind == "type":
        # Neither a forward declaration, nor a specialization, nor an enum.
        return (declaration.body is not None and "<" not in declaration.name
                and "::" not in declaration.name
                and re.search(r"\b(class|struct)\b", declaration.head) is not None
                and re.search(r"\benum\b", declaration.head) is None)
    if declaration.kind != "function" or "::" in declaration.name:
        return False
    return not declaration.name.startswith("operator") and not declaration.name.isupper()


def _is_comment(file, line):
    text = file.lines[line - 1].strip() if 0 < line <= len(file.lines) else ""
    return text.startswith(("//", "/*", "*")) or text.endswith("*/")


def _trailing_comment(file, declaration):
    return "//" in file.lines[file.line_at(declaration.end) - 1]


PLANTED = {
    "class": {"include/hotline/net/a.h": "namespace hotline {\nclass A {\n};\n}\n"},
    "function": {"include/hotline/net/a.h": "// A value.\nstruct A {};\n\nint size(A a);\n"},
    "template": {"include/hotline/net/a.h": "template <class T>\nT twice(T value) {}\n"},
}
