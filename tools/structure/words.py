"""Words and turns of phrase that plain English does without. Their numbers may only fall.

What is counted: comments and string literals of C++, and all of the other text, in the folders
below. tools/words.txt holds how often each may occur; `tools/structure.py --lower-words` writes
today's numbers there where they are lower.
"""
import os
import re

from structure import scan
from structure.tree import Violation

NUMBERS = "tools/words.txt"
FOLDERS = ("src/", "include/", "tests/", "docs/", "examples/", "bench/", "tools/", "README.md")
NOT_TEXT = (NUMBERS, "tools/structure/words.py")
SHOWN_MAX = 40
CODE = "\0"  # What the text has in place of code.
BEGIN = r"(?:\A\s*|[.:;?|]\s+|\n[ \t]*\n\s*|\0\s*)"
# Name: what is counted, and what to write instead.
WORDS = {
    "whoever": (r"\bwho(?:so)?ever\b", "name the caller, the peer, the thread"),
    "whom": (r"\bwhom\b", "name the caller, the peer, the thread"),
    "bare-who": (r"\b(?:for|of|to|by|from|with|than|those|one)\s+who\b|" + BEGIN + r"Who\b[^?.]*\.",
                 "name the caller, the peer, the thread"),
    "thing-who": (r"\b(?:fiber|socket|function|process|thread|loop|stream|call|server|wait|task)s?"
                  r"\s+who\b", "a thing is 'that' or 'which'"),
    "nobody": (r"\b(?:no|any|every)body\b", "no caller, no thread, every peer"),
    "somebody": (r"\bsomebody\b", "another process, a caller"),
    "told-off": (r"\btold\s+off\b", "refused"),
    "told": (r"\btold\b", "reported, notified, distinguished"),
    "tells": (r"\btells?\b", "returns, reports, shows"),
    "is-no": (r"(?<!there)(?<!There)\s(?:is|are|was|were)\s+no\b(?!\s+(?:longer|more|later|less))",
              "is not a"),
    "behind": (r"\b(?:leav(?:es?|ing)|left)\b[^.;]{0,60}?\bbehind\b|(\bbehind\b)", "after"),
    "stead": (r"\bin\s+(?:its|their)\s+stead\b", "instead of it"),
    "amid": (r"\bamid(?:st)?\b|\bin\s+the\s+midst\b", "during, in the middle of"),
    "begins-of": (BEGIN + r"Of\s+(?!course\b)", "begin with the subject"),
    "stands": (r"\bst(?:ands?|ood|anding)\b(?!\s+for\b)", "is, is written"),
    "archaic": (r"\b(?:thereof|therein|thereby|thereto|wherein|whereby|whereof|whereupon|hereby|"
                r"whence|thence|lest|albeit|forthwith|naught|aught)\b", "say it in today's words"),
    "meanwhile": (r"\bmeanwhile\b", "during that time, in between"),
    "in-vain": (r"\bin\s+vain\b", "without success"),
    "want-of": (r"\bwant\s+of\b", "lack of, without"),
    "for-then": (r",\s+for\s+(?:then|it|they|there|this|what)\b", "because"),
    "so-does": (BEGIN + r"So\s+(?:do|does|did|is|are|was|has|have|can|will)\b",
                "the subject comes first"),
    "only-so": (BEGIN + r"(?:Only|Not)\s+(?:so|then|thus)\b", "the subject comes first"),
    "as-every-wait": (r"\bas\s+every\s+wait\s+does\b", "name the kinds of error"),
    "begins-whether": (BEGIN + r"Whether\s", "Returns true if ..."),
    "lives": (r"\bwhile\s+(?:it|this)\s+lives\b", "while it exists"),
    "goes": (r"\b(?:when|until|once)\s+(?:it|this|its\s+owner)\s+goes\b", "is destroyed, ends"),
    "holds-up": (r"\bh(?:olds?|olding|eld)\s+(?:\w+\s+){0,2}?up\b", "delays"),
    "to-be-had": (r"\b(?:to|can|could)\s+be\s+had\b", "is available"),
    "owed": (r"\bowed\b", "still to be done"),
    "knows-of": (r"\bkn(?:ow|ows|ew)\s+(?:nothing\s+)?of\b", "is aware of, has"),
}
# A pattern with a group counts only what is in the group.
PATTERNS = {name: re.compile(pattern, 0 if BEGIN in pattern else re.IGNORECASE)
            for name, (pattern, _) in WORDS.items()}


def check(tree):
    allowed = dict(_entries(tree))
    for name, places in occurrences(tree).items():
        if len(places) <= allowed.get(name, 0):
            continue
        more = f"{len(places)} of {name}, at most {allowed.get(name, 0)}: {WORDS[name][1]}"
        for path, line, text in places[:SHOWN_MAX]:
            yield Violation(path, line, f"`{text}` ({more})")


def occurrences(tree):
    """{name: [(path, line, text)]} for every name."""
    found = {name: [] for name in WORDS}
    for file in tree.files:
        if not file.binary and file.path.startswith(FOLDERS) and file.path not in NOT_TEXT:
            prose = _prose(file)
            for name, pattern in PATTERNS.items():
                for match in pattern.finditer(prose):
                    if pattern.groups and match.group(1) is None:
                        continue
                    words = " ".join(match.group().strip(CODE + " \t\n.:;?|").split())
                    found[name].append((file.path, _line(prose, match), words))
    return found


def lower(tree):
    """Writes today's numbers where they are lower than those of tools/words.txt."""
    allowed = dict(_entries(tree))
    numbers = {name: min(len(places), allowed.get(name, len(places)))
               for name, places in occurrences(tree).items()}
    heading = [line for line in _lines(tree) if line.startswith("#")]
    with open(os.path.join(tree.root, NUMBERS), "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in heading)
        stream.writelines(f"{numbers[name]} {name}\n" for name in WORDS if numbers[name])


def _lines(tree):
    return tree.by_path[NUMBERS].lines if NUMBERS in tree.by_path else []


def _entries(tree):
    for line in _lines(tree):
        words = line.split()
        if len(words) == 2 and words[0].isdigit():
            yield words[1], int(words[0])


def _line(text, match):
    skipped = len(match.group()) - len(match.group().lstrip(CODE + " \t\n.:;?|"))
    return text.count("\n", 0, match.start() + skipped) + 1


def _prose(file):
    """The text in which the words are looked for, with the lines that it has in the file."""
    if not file.path.endswith((".h", ".cc")):
        return re.sub(r"^([ \t]*)#+", " ", file.text, flags=re.MULTILINE)
    pieces, end = [], 0
    for match in scan.BLANKED.finditer(file.text):
        if match.group().lstrip().startswith("#"):
            continue
        between = file.text[end:match.start()]
        pieces.append("\n" * between.count("\n") + (CODE if between.strip() else " "))
        pieces.append(re.sub(r"^///?<?", "", match.group()))
        end = match.end()
    return "".join(pieces)


PLANTED = {
    "whoever": {"src/core/a.h": "// Whoever calls it.\n"},
    "over two lines": {"src/core/a.h": "/// A socket\n/// who waits.\n"},
    "at the beginning": {"docs/a.md": "It is so. Of these it has two.\n"},
    "in a literal": {"src/cli/a.cc": 'const char* k = "the option stands behind it";\n'},
    "title": {"tests/unit/net/a_test.cc": 'TEST_CASE("a peer is no caller") {\n}\n'},
    "one more than allowed": {NUMBERS: "1 behind\n", "docs/a.md": "Behind one, behind two\n"
                              "and behind three.\n"},
}
