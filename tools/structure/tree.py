"""The source tree as the rules see it: files with their text, read once."""
import functools
import os
from dataclasses import dataclass

from structure import scan

ROOMS = ["core", "engine", "net", "framing", "auth", "session", "sim", "server", "services", "cli"]
SOURCE_FOLDERS = ("include", "src", "tests", "bench", "examples")
CPP_ENDINGS = (".h", ".cc")
CODE_ENDINGS = CPP_ENDINGS + (".py", ".sh", ".cmake")
SKIPPED_FOLDERS = {".git", "build", ".cache", "__pycache__", "corpus"}


@dataclass(frozen=True, order=True)
class Violation:
    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


class File:
    """One text file; `path` is relative to the root and uses slashes."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), "rb") as stream:
            self.binary = b"\0" in (content := stream.read())
        self.text = "" if self.binary else content.decode("utf-8", "replace")

    @functools.cached_property
    def lines(self):
        return self.text.splitlines()

    @functools.cached_property
    def code(self):
        """The text with comments, literals and directives blanked, of the same length."""
        return scan.blank(self.text)

    @functools.cached_property
    def declarations(self):
        return scan.declarations(self.code, self.text)

    @functools.cached_property
    def includes(self):
        return scan.includes(self.text)

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_public(self):
        return self.path.startswith("include/")

    @property
    def is_code(self):
        """C++, Python and the like; a script without an ending says so in its first line."""
        if self.path.endswith(CODE_ENDINGS) or self.path.endswith("CMakeLists.txt"):
            return True
        return "." not in os.path.basename(self.path) and self.text.startswith("#!")

    @property
    def room(self):
        """The room a file of include/ or src/ belongs to, or None."""
        parts = self.path.split("/")
        if parts[:2] == ["include", "hotline"]:
            parts = parts[1:]
        elif parts[0] != "src":
            return None
        return parts[1] if parts[1] in ROOMS and len(parts) > 2 else None

    def line_at(self, offset):
        return self.text.count("\n", 0, offset) + 1


class Tree:
    def __init__(self, root, build=None, compiles_all=True):
        self.root = root
        self.build = build
        self.compiles_all = compiles_all

    @functools.cached_property
    def files(self):
        return [File(self.root, path) for path in sorted(self._paths())]

    @functools.cached_property
    def cpp(self):
        return [file for file in self.files
                if file.path.endswith(CPP_ENDINGS) and file.path.split("/")[0] in SOURCE_FOLDERS]

    @functools.cached_property
    def library(self):
        """What is built into the library and the program: include/ and src/."""
        return [file for file in self.cpp if file.path.startswith(("include/", "src/"))]

    @functools.cached_property
    def by_path(self):
        return {file.path: file for file in self.files}

    def _paths(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield os.path.relpath(path, self.root)
