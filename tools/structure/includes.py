"""Includes point down the layers; public headers need public headers and the standard library."""
import re

from structure.tree import ROOMS, Violation

LAYER = {"core": 0, "engine": 1, "net": 2, "framing": 3, "auth": 3, "session": 3, "sim": 3,
         "server": 4, "services": 5, "cli": 6}
EVERYTHING = "include/hotline/hotline.h"
# What is written as a user of the library would write it.
PUBLIC_ONLY = ("services", "cli")
STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine
csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
exception execution expected filesystem forward_list fstream functional future initializer_list
iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource
mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator
semaphore set shared_mutex source_location span spanstream sstream stack stacktrace stdexcept
stop_token streambuf string string_view syncstream system_error thread tuple type_traits typeindex
typeinfo unordered_map unordered_set utility valarray variant vector version
""".split())
FOREIGN = re.compile(
    r"\b(?:boost|CLI|nlohmann)\s*::|\b(?:io_uring|SSL|BIO|EVP|epoll|el|hist)_\w+"
    r"|\b(?:SSL|EditLine|History|io_uring)\b(?!\s*::)")


def check(tree):
    yield from _left_out(tree)
    for file in tree.library:
        for line, included, quoted in file.includes:
            problem = _problem(file, included, quoted)
            if problem:
                yield Violation(file.path, line, f"includes {included}: {problem}")
        if file.is_public:
            for match in FOREIGN.finditer(file.code):
                yield Violation(file.path, file.line_at(match.start()),
                                f"public header names a dependency: {match.group()}")


def _left_out(tree):
    """The header of everything has every public header."""
    everything = tree.by_path.get(EVERYTHING)
    if everything is None:
        return
    included = {path for _, path, _ in everything.includes}
    for file in tree.library:
        path = file.path.removeprefix("include/")
        if file.is_public and file.is_header and file is not everything and path not in included:
            yield Violation(EVERYTHING, 1, f"does not include {path}")


def _problem(file, included, quoted):
    if not quoted:
        if included.startswith("hotline/"):
            return "our own headers are quoted"
        if file.is_public and included not in STANDARD:
            return "a public header includes public headers and the standard library only"
        return None
    public, room = _where(included)
    if file.is_public and not public:
        return "a public header includes public headers only"
    if room is None:
        # The header of everything is for users of the library.
        if public:
            return None if file.room in (None, "cli") else "name the header that is needed"
        return "write the path from src/ or include/"
    if file.room is None:
        return None
    if file.room != room and LAYER[room] >= LAYER[file.room]:
        return f"{file.room} may not know {room}"
    if file.room in PUBLIC_ONLY and not public and room != file.room:
        return f"{file.room} includes public headers and its own only"
    return None


def _where(included):
    """(is public, its room or None)."""
    parts = included.split("/")
    public = parts[0] == "hotline"
    if public:
        parts = parts[1:]
    return public, parts[0] if parts[0] in ROOMS and len(parts) > 1 else None


PLANTED = {
    "up the layers": {"src/net/a.cc": '#include "hotline/server/server.h"\n'},
    "beside": {"src/auth/a.h": '#include "framing/codec.h"\n'},
    "private from the program": {"src/cli/a.cc": '#include "net/stream_pool.h"\n'},
    "private from a service": {"src/services/a.cc": '#include "engine/event_loop.h"\n'},
    "private from a public header": {"include/hotline/net/a.h": '#include "net/b.h"\n'},
    "system from a public header": {"include/hotline/net/a.h": "#include <sys/socket.h>\n"},
    "dependency in a public header": {"include/hotline/net/a.h": "struct io_uring_sqe;\n"},
    "left out of the header of everything": {EVERYTHING: '#include "hotline/core/a.h"\n',
                                             "include/hotline/core/a.h": "#pragma once\n",
                                             "include/hotline/core/b.h": "#pragma once\n"},
    "not from the root": {"src/net/a.cc": '#include "../core/b.h"\n'},
}
