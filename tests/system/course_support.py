"""What the tests with programs of a socket course share: the programs under way. course/README.md
names them."""
import os
import sys

from interop_support import Program

COURSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "course")

# Longer than the 1,024 bytes that their programs receive at once, and what a pipe holds.
LARGE = {size: f"head -c {size} /dev/zero | tr '\\0' x" for size in (1023, 1024, 1025, 5000, 60000)}


def course(name):
    return (sys.executable, os.path.join(COURSE, name + ".py"))


class CourseServer(Program):
    """A server of theirs; only the port in its output is used."""

    def __init__(self, name):
        super().__init__(*course(name), "0")
        words = self.read_line().split()
        if words[:1] != [b"listening"]:
            self.__exit__()
            raise AssertionError(f"{name} does not listen: {self.lines}")
        self.port = int(words[1])

    def uri(self, scheme="tcp", query=""):
        return f"{scheme}://127.0.0.1:{self.port}{query}"


class CourseClient(Program):
    """A client of theirs, which gets its input at a prompt."""

    def __init__(self, name, endpoint):
        super().__init__(*course(name), endpoint.split("?")[0].rsplit(":", 1)[1])

    def ask(self, line, size):
        """The reply, of `size` bytes, which they print with a newline."""
        self.send(line)
        reply = self.read(size + 1)
        if reply[-1:] != b"\n":
            raise AssertionError(f"{reply!r}: {self.lines}")
        return reply[:-1]

    def send(self, line):
        prompt = self.read(4)
        if prompt != b">>: ":
            raise AssertionError(f"no prompt, but {prompt!r}: {self.lines}")
        self.write(line.encode() + b"\n")
