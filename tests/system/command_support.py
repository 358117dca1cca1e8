"""What the tests of remote commands share: the course's client and server, and our server of them.

Both peers are written as the course writes them, with `socket`, `struct` and `subprocess`; only
what would hang there (reading one output to its end before the other) is done right.
"""
import contextlib
import fcntl
import os
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from cli_support import receive_all
from interop_support import HOTLINE, WAIT_S, WORDS, Server, uring_is_usable

WIRES = ("plain", "ready", "i32")
DONE = "操作成功".encode()
BIG_BYTES = 2 * 1024 * 1024

# A command, and what must come back.
SMALL = {
    "echo": ("echo hello", b"hello\n"),
    "no output": ("true", DONE),
    "stderr only": ("echo no >&2", b"no\n"),
    "both, stderr wins": ("echo out; echo err >&2; echo out", b"err\n"),
    "no UTF-8": (r"printf '\377\200\001\012'", b"\xff\x80\x01\n"),
    "exit 3": ("echo three; exit 3", b"three\n"),
    "exit 3 without a word": ("exit 3", DONE),
    "a command that is not there": ("no-such-command 2>/dev/null", DONE),
    "UTF-8": ("echo 操作", "操作\n".encode()),
    "a newline at its end": ("echo hello\n", b"hello\n"),
}
BIG = {
    "2 MB to stdout": (f"head -c {BIG_BYTES} /dev/zero | tr '\\0' o", b"o" * BIG_BYTES),
    "2 MB to stderr": (f"head -c {BIG_BYTES} /dev/zero | tr '\\0' e >&2", b"e" * BIG_BYTES),
}


def connect(endpoint):
    scheme, where = endpoint.split("?")[0].split(":", 1)
    if scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        address = where.removeprefix("//")
    else:
        connection = socket.socket()
        host, port = where.removeprefix("//").rsplit(":", 1)
        address = (host, int(port))
    connection.settimeout(WAIT_S)
    connection.connect(address)
    return connection


def receive(connection, size):
    """Exactly `size` bytes."""
    received = bytearray()
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise AssertionError(f"only {len(received)} of {size} bytes")
        received += piece
    return bytes(received)


def wait_taken(connection):
    """Waits until the other side's kernel has all that was sent, or the call has ended."""
    siocoutq = 0x5411
    deadline = time.monotonic() + WAIT_S
    while struct.unpack("i", fcntl.ioctl(connection, siocoutq, b"\0" * 4))[0] > 0:
        if time.monotonic() > deadline:
            raise AssertionError("the other side does not take it")


def break_off(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class CourseClient:
    """The course's client; on `plain` a reply is whole only where one recv gives all of it."""

    def __init__(self, endpoint, wire):
        self.connection = connect(endpoint)
        self.wire = wire

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def run(self, line):
        self.connection.sendall(line.encode())
        return self.read_reply()

    def read_reply(self):
        if self.wire == "plain":
            return self.connection.recv(65536)
        if self.wire == "i32":
            size, = struct.unpack("<i", receive(self.connection, 4))
        else:
            size = int(self.connection.recv(1024))
            self.connection.sendall(b"ready")
        return receive(self.connection, size)

    def run_last(self, line, size=None):
        """The reply, and nothing after it; on `plain` one of `size` bytes."""
        if self.wire != "plain":
            return self.run(line)
        self.connection.sendall(line.encode())
        reply = receive(self.connection, size)
        self.connection.shutdown(socket.SHUT_WR)
        return reply + receive_all(self.connection)


def answer_course_call(connection, wire, calls=None):
    """The course's server, for one caller; `calls` bounds how many commands it runs."""
    while calls != 0 and (command := connection.recv(1024)):
        process = subprocess.Popen(command.decode(), shell=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, error = process.communicate()
        reply = error or output or DONE
        if wire == "i32":
            connection.sendall(struct.pack("<i", len(reply)))
        elif wire == "ready":
            connection.sendall(str(len(reply)).encode())
            if connection.recv(5) != b"ready":
                return
        connection.sendall(reply)
        calls = calls and calls - 1


@contextlib.contextmanager
def course_server(wire, answer=answer_course_call, **options):
    """The endpoint of a server that takes one caller after another."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(ConnectionError):
                        answer(connection, wire, **options)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield "tcp://127.0.0.1:%d?wire=%s" % (listener.getsockname()[1], wire)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(WAIT_S)


def plain(uri):
    """The endpoint with the wire of the course that marks nothing."""
    return uri + ("&" if "?" in uri else "?") + "wire=plain"


def run(endpoint, *words, status=0, **options):
    """`hotline run`, which has ended: its standard output, or with a status its error."""
    given = [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run([HOTLINE, "run", endpoint, *given, "--", *words], capture_output=True,
                          timeout=2 * WAIT_S)
    if done.returncode != status:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stderr.decode() if status else done.stdout


class Messages:
    """Lines that commands write to a path; reading waits for them."""

    def __init__(self, folder):
        self.path = os.path.join(folder, f"messages-{os.urandom(8).hex()}")
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR)
        self._read = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.fd >= 0:
            os.close(self.fd)
            os.unlink(self.path)
        self.fd = -1

    def line(self):
        while b"\n" not in self._read:
            if not select.select([self.fd], [], [], WAIT_S)[0]:
                raise AssertionError("no message")
            self._read += os.read(self.fd, 4096)
        line, self._read = self._read.split(b"\n", 1)
        return line.decode()

    def process(self):
        """A process that has written its own id, so that its end can be waited for."""
        return Watched(int(self.line()))

    def wait_process_gone(self):
        """The same for one that may have ended already."""
        with contextlib.suppress(ProcessLookupError):
            self.process().wait_gone()

    def write(self, text="\n"):
        os.write(self.fd, text.encode())


class Watched:
    """A process that is not our child."""

    def __init__(self, pid):
        self.fd = os.pidfd_open(pid)

    def wait_gone(self):
        gone = select.select([self.fd], [], [], WAIT_S)[0]
        os.close(self.fd)
        if not gone:
            raise AssertionError("a process is still there")

    def is_there(self):
        return not select.select([self.fd], [], [], 0)[0]


def watched(pids):
    """Those of the processes that have not ended yet."""
    found = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            found.append(Watched(pid))
    return found


def processes():
    """{id: (parent's id, state)} of all processes."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat", encoding="latin-1") as stat:
            state, parent = stat.read().rsplit(")", 1)[1].split()[:2]
            found[int(name)] = (int(parent), state)
    return found


def descendants(pid):
    """{id: state} of all descendants of a process."""
    table = processes()
    found = {}
    while new := {each: state for each, (parent, state) in table.items()
                  if each not in found and (parent == pid or parent in found)}:
        found.update(new)
    return found


def launcher_of(server):
    """The id of a server's launcher."""
    for each, (parent, _) in processes().items():
        with contextlib.suppress(OSError), open(f"/proc/{each}/comm", encoding="latin-1") as name:
            if parent == server and name.read() == "hotline-launch\n":
                return each
    raise AssertionError("it has no launcher")


class WithCommands(unittest.TestCase):
    """Tests of one server of ours at an endpoint for each wire; a subclass for each word of
    concurrency. `endpoints` are by wire; `folder` is for files of the tests."""
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(cls.serve())
        cls.endpoints = cls.endpoints_of(cls.server)

    @classmethod
    def serve(cls, *options):
        return Server(HOTLINE, "serve", *cls.options, *options,
                      *(f"command=tcp://127.0.0.1:0?wire={wire}" for wire in WIRES),
                      count=len(WIRES))

    @staticmethod
    def endpoints_of(server):
        return {wire: f"{endpoint}?wire={wire}"
                for wire, endpoint in zip(WIRES, server.endpoints)}

    def client(self, wire="i32"):
        return self.enterContext(CourseClient(self.endpoints[wire], wire))

    def messages(self):
        return self.enterContext(Messages(self.folder))


def for_each_word(name, tests, module):
    """Puts a class of `tests` into `module` for each word of concurrency: NAME + word."""
    for word, options in WORDS.items():
        made = type(name + word, (tests, WithCommands),
                    {"options": options, "__module__": module["__name__"]})
        if word == "UringLoops" and not uring_is_usable():
            made = unittest.skip("io_uring cannot be used here; see `hotline doctor`")(made)
        module[made.__name__] = made
