"""Above the engine nothing calls the system itself, neither for I/O nor for time nor for chance.

Seen in the objects' undefined symbols, so that what an inline function brings counts too.
"""
import os
import re
import subprocess

from structure import build
from structure.tree import ROOMS, Violation

ABOVE_ENGINE = ROOMS[ROOMS.index("net"):]

CALLS = set("""
socket socketpair bind listen accept accept4 connect send sendto sendmsg sendmmsg recv recvfrom
recvmsg recvmmsg shutdown setsockopt getsockopt getsockname getpeername getaddrinfo gethostbyname
poll ppoll select pselect epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
read write readv writev pread pwrite preadv pwritev close dup dup2 dup3 fcntl ioctl sendfile splice
open openat creat fopen fdopen freopen opendir stat lstat fstat fstatat statx access unlink unlinkat
rename mkdir rmdir chmod fchmod chown truncate ftruncate fsync mkstemp mkdtemp tmpfile
fork vfork execl execle execlp execv execve execvp execvpe posix_spawn posix_spawnp system popen
wait wait3 wait4 waitpid waitid kill killpg tgkill raise pipe pipe2
eventfd signalfd timerfd_create timerfd_settime signal sigaction sigprocmask pthread_sigmask alarm
setitimer prctl memfd_create syscall
clock_gettime gettimeofday time clock nanosleep clock_nanosleep sleep usleep
getrandom getentropy rand rand_r random srandom drand48 arc4random
""".split())
CPP_CALLS = re.compile(
    r"std::chrono::_V2::\w+_clock::now|std::random_device"
    r"|std::(?:__cxx11::)?filesystem::(?!(?:__cxx11::)?path)"
    r"|std::basic_(?:filebuf|[io]?fstream)|std::filebuf|std::[io]?fstream")

# What the program may ask for itself, with the reason; never sockets, processes or clocks.
PROGRAM_MAY = {
    "mkdir": "the directory of the history, before anything is called",
    "fopen": "the facts of the machine in /proc, for doctor; the history; man pages, when built",
    "rename": "the history, written anew beside the old one",
    "poll": "standard input beside a live call",
    "read": "standard input beside a live call",
    "raise": "^Z at a prompt: another program gets the terminal as it was",
    "std::filesystem::canonical": "where the links of this machine lead to",
}


def check(tree):
    objects = {}
    for path, step in build.steps(tree).items():
        room = path.split("/")[1] if path.startswith("src/") else None
        if room in ABOVE_ENGINE and os.path.exists(step.object):
            objects.setdefault(step.object, []).append(path)
    for object_path, symbol in _undefined(sorted(objects)):
        path, *others = objects[object_path]
        may = path.startswith("src/cli/") and symbol.split("(")[0] in PROGRAM_MAY
        if _is_call(symbol) and not may:
            which = f", or one of {', '.join(others)} does" if others else ""
            yield Violation(path, 1, f"calls the system itself: {symbol}{which}")


def _undefined(objects):
    """(object, what it calls), the names as they are written in a program."""
    if not objects:
        return
    command = ["nm", "--undefined-only", "--demangle", "--print-file-name"] + objects
    listing = subprocess.run(command, text=True, capture_output=True, check=True).stdout
    for line in listing.splitlines():
        match = re.match(r"(.*?):\s+[Uw] (.*)", line)
        if match:
            yield match.group(1), _written(match.group(2))


def _written(symbol):
    """`read` for __read_chk, open for open64: the C library's names for variants of one call."""
    if re.match(r"\w+$", symbol):
        symbol = re.sub(r"^__(?:isoc\d+_)?(\w+?)(?:_chk|_2)$", r"\1", symbol)
        return re.sub(r"^(\w*[a-z_])64(_time64)?$", r"\1", symbol)
    return symbol


def _is_call(symbol):
    return symbol in CALLS or CPP_CALLS.search(symbol) is not None
