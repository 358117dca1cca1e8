"""Reads C++ as far as the rules need: what is code, what is declared where, what is included.

A heuristic, not a parser: it knows comments, literals, directives, braces and the scopes that
namespaces and classes open. Where it is in doubt it says nothing.
"""
import re
from dataclasses import dataclass

BLANKED = re.compile(
    r"""//(?:\\\n|[^\n])*
      | /\*.*?\*/
      | R"(?P<mark>[^()\s\\]{0,16})\(.*?\)(?P=mark)"
      | "(?:\\.|[^"\\\n])*"
      | (?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'
      | ^[ \t]*\#(?:\\\n|//[^\n]*|/\*.*?\*/|[^\n])*
    """, re.VERBOSE | re.DOTALL | re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
COMMENT = re.compile(r"""("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/""", re.DOTALL)

CONTAINER = re.compile(r"\b(namespace|class|struct|union|enum)\b(?!.*[)=]\s*$)", re.DOTALL)
TEMPLATE = re.compile(r"^\s*template\s*<")
NAME_BEFORE_PARENTHESIS = re.compile(r"(operator\s*(?:\(\s*\)|[^\s\w(]+|\w+)|[~\w:]+)\s*\(")
NOT_A_NAME = {"alignas", "decltype", "noexcept", "requires", "static_assert", "throw", "if",
              "__attribute__", "sizeof", "asm", "explicit"}


@dataclass
class Declaration:
    """Something at namespace or class scope; offsets into the text, `body` None without one."""
    kind: str  # namespace, type, function, other
    name: str
    head: str
    start: int
    end: int
    body: int | None
    scopes: tuple  # the containers around it, outermost first: (kind, name)


def blank(text):
    def spaces(match):
        whole = match.group()
        # A literal stays visible as one, so that a call with it is not an empty call.
        if whole[0] in "\"'RuUL" and len(whole) > 1:
            return '"' + re.sub(r"[^\n]", " ", whole[1:-1]) + '"'
        return re.sub(r"[^\n]", " ", whole)
    return BLANKED.sub(spaces, text)


def without_comments(text):
    return COMMENT.sub(
        lambda match: match.group(1) or re.sub(r"[^\n]", " ", match.group()), text)


def includes(text):
    """[(line, path, is_quoted)]; those in comments do not count."""
    bare = without_comments(text)
    return [(bare.count("\n", 0, match.start(2)) + 1, match.group(2), match.group(1) == '"')
            for match in INCLUDE.finditer(bare)]


def matching_brace(code, opening):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.start()
    return len(code)


def declarations(code, text):
    found = []
    _scan_scope(code, text, 0, len(code), (), found)
    return found


def _scan_scope(code, text, position, end, scopes, found):
    start = position
    while position < end:
        match = re.compile(r"[;{(]|\b(?:public|private|protected)\s*:(?!:)").search(
            code, position, end)
        if not match:
            return
        token = match.group()
        if token == "(":
            position = _matching_parenthesis(code, match.start(), end) + 1
        elif token == ";":
            _add_statement(code, text, start, match.start(), None, scopes, found)
            start = position = match.end()
        elif token == "{":
            closing = matching_brace(code, match.start())
            if _belongs_to_statement(code, start, match.start(), closing):
                position = closing + 1
                continue
            added = _add_statement(code, text, start, closing, match.start(), scopes, found)
            if added and added.kind in ("namespace", "type"):
                _scan_scope(code, text, match.end(), closing,
                            scopes + ((added.kind, added.name),), found)
            start = position = closing + 1
        else:
            start = position = match.end()


def _matching_parenthesis(code, opening, end):
    depth = 0
    for match in re.compile(r"[()]").finditer(code, opening, end):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return match.start()
    return end


def _belongs_to_statement(code, start, opening, closing):
    """True for braces without a body: a member's or variable's initializer, a lambda in one."""
    head = code[start:opening]
    bare = _without_templates(head)
    if re.search(r"\b(?:namespace|class|struct|union|enum)\b", bare) \
            and not _is_function_head(bare):
        return False
    if re.match(r'\s*extern\s*"[^"]*"\s*$', bare):
        return False
    following = code[closing + 1:closing + 200].lstrip()
    if re.search(r"(?<![=!<>])=\s*[\w:<>, ]*$", head) or "=" in _before_parameters(head):
        return True
    return "(" not in head or following[:1] in tuple(",{")


def _before_parameters(head):
    bare = re.sub(r"operator\s*[^\s\w(]+", "operator", _without_templates(head))
    return bare.split("(")[0]


def _without_templates(head):
    """The head without its leading `template <...>`, which may say class and =."""
    while TEMPLATE.match(head):
        depth, position = 0, head.index("<")
        for position in range(position, len(head)):
            depth += {"<": 1, ">": -1}.get(head[position], 0)
            if depth == 0:
                break
        head = head[position + 1:]
    return head


def _add_statement(code, text, start, end, body, scopes, found):
    head = code[start:body if body is not None else end]
    if not head.strip():
        return None
    start += len(head) - len(head.lstrip())
    kind, name = _classify(code, text, head.strip(), start)
    declaration = Declaration(kind, name, head.strip(), start, end, body, scopes)
    found.append(declaration)
    return declaration


def _classify(code, text, head, start):
    bare = re.sub(r"\[\[.*?\]\]", " ", _without_templates(head)).strip()
    container = CONTAINER.search(bare)
    if container and not _is_function_head(bare):
        kind = "namespace" if container.group(1) == "namespace" else "type"
        names = re.sub(r"alignas\s*\([^)]*\)", " ", bare[container.end():])
        match = re.search(r"\b(?!class\b|struct\b|final\b)[\w:]+(?:\s*<[^{]*>)?", names)
        return kind, match.group().strip() if match else ""
    if bare.startswith('extern "'):
        return "namespace", ""
    if re.match(r"(?:using|typedef|friend|static_assert|extern\s+template|concept)\b", bare):
        return "other", ""
    for match in NAME_BEFORE_PARENTHESIS.finditer(bare):
        if match.group(1) not in NOT_A_NAME:
            if "=" in _before_parameters(bare):
                return "other", ""
            return "function", _function_name(match.group(1), text, start, head)
    return "other", ""


def _is_function_head(bare):
    """`struct stat read(int)` returns a struct; `struct alignas(64) Node` is one."""
    bare = re.sub(r"\[\[.*?\]\]|\balignas\s*\([^)]*\)|__attribute__\s*\(\(.*?\)\)", " ", bare)
    return "(" in bare.split("{")[0]


def _function_name(name, text, start, head):
    """A test's name is its title: the macro's says nothing."""
    if re.match(r"(?:TEST_CASE|SCENARIO|TEST)\w*$", name):
        title = re.search(r'"((?:\\.|[^"\\])*)"', text[start:start + len(head)])
        if title:
            return f'"{title.group(1)}"'
    return re.sub(r"\s+", "", name)
