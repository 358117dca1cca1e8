"""What the tests of the program share: running it, serving, a terminal, a kernel without io_uring.

HOTLINE names the program. Nothing here sleeps: every wait is for something that happens, and fails
loudly when it does not happen in time.
"""
import contextlib
import ctypes
import os
import pty
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import watchdog  # Imported for what it does.

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOTLINE = os.environ.get("HOTLINE", os.path.join(ROOT, "build", "dev", "hotline"))
WAIT_S = 30


def run(*arguments, input=b"", **popen):
    """The finished program: `returncode`, and `stdout` and `stderr` as bytes."""
    return subprocess.run([HOTLINE, *arguments], input=input, capture_output=True,
                          timeout=WAIT_S, **popen)


@contextlib.contextmanager
def ended(process):
    """A process that is killed at the end of the block, if it has not ended by then."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def fill(connection):
    """Sends until both directions are full, within a reply. Returns how much it was."""
    sent = 0
    deadline = time.monotonic() + WAIT_S
    connection.setblocking(False)
    while select.select([], [connection], [], 0.2)[1]:
        if time.monotonic() > deadline:
            raise AssertionError(f"it takes still more, after {sent} bytes")
        with contextlib.suppress(BlockingIOError):
            sent += connection.send(b"x" * 65536)
    connection.settimeout(WAIT_S)
    return sent


def accept(listener):
    listener.settimeout(WAIT_S)
    connection, _ = listener.accept()
    connection.settimeout(WAIT_S)
    return connection


def receive_all(connection):
    """All bytes until the other side closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def connect(endpoint):
    scheme, where = endpoint.split(":", 1)
    if scheme in ("unix", "unixgram"):
        kind = socket.SOCK_STREAM if scheme == "unix" else socket.SOCK_DGRAM
        connection = socket.socket(socket.AF_UNIX, kind)
        address = where.removeprefix("//")
        address = "\0" + address[1:] if address.startswith("@") else address
    else:
        kind = socket.SOCK_STREAM if scheme == "tcp" else socket.SOCK_DGRAM
        connection = socket.socket(socket.AF_INET, kind)
        host, port = where.removeprefix("//").rsplit(":", 1)
        address = (host, int(port))
    connection.settimeout(WAIT_S)
    try:
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def peer(answer, kind=socket.SOCK_STREAM):
    """An endpoint where `answer(connection)` is at the other end, once."""
    listener = socket.socket(socket.AF_INET, kind)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(WAIT_S)
    scheme = "udp" if kind == socket.SOCK_DGRAM else "tcp"
    failures = []

    def serve():
        try:
            if kind == socket.SOCK_DGRAM:
                return answer(listener)
            with accept(listener) as connection:
                answer(connection)
        except BaseException as failure:
            failures.append(failure)

    if kind == socket.SOCK_STREAM:
        listener.listen()
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with listener:
            yield "%s://127.0.0.1:%d" % (scheme, listener.getsockname()[1])
            thread.join(WAIT_S)
    finally:
        thread.join()
    if failures:
        raise failures[0]


def swallow(connection):
    """Reads to the end and sends nothing."""
    receive_all(connection)


class Program:
    """The program under way; its standard error is read as it comes. Ends with the `with` block."""

    def __init__(self, *arguments, command=(), program=HOTLINE, **popen):
        popen.setdefault("stdin", subprocess.DEVNULL)
        popen.setdefault("stdout", subprocess.DEVNULL)
        self.process = subprocess.Popen([*command, program, *arguments], stderr=subprocess.PIPE,
                                        **popen)
        self.lines = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # A test that reads its output would wait for it without end if it hung.
        self._limit = threading.Timer(2 * WAIT_S, self.process.kill)
        if popen["stdout"] == subprocess.PIPE:
            self._limit.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._limit.cancel()
        with ended(self.process):
            if self.process.poll() is None:
                self.process.kill()
            self._join_reader()

    def _join_reader(self):
        self._reader.join(WAIT_S)
        if self._reader.is_alive():
            raise AssertionError(f"a child of it still has its standard error: {self.lines}")

    def _read(self):
        for line in self.process.stderr:
            self._add(line.decode().rstrip("\n"))
        self._add(None)

    def _add(self, line):
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def line(self, pattern):
        """Waits for the first line of standard error that matches."""
        return self.matches(pattern, 1)[0]

    def matches(self, pattern, count):
        def found():
            return [match for line in self.lines
                    if line is not None and (match := re.search(pattern, line))]
        with self._changed:
            self._changed.wait_for(
                lambda: len(found()) >= count or self.lines[-1:] == [None], WAIT_S)
            if len(found()) >= count:
                return found()[:count]
            raise AssertionError(f"no {count} lines with {pattern!r} in {self.lines}")

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Waits for the end; the status and all output."""
        status = self.process.wait(WAIT_S)
        self._join_reader()
        return status


class Server(Program):
    """`hotline serve`, listening: `endpoints` in the order of the arguments."""

    def __init__(self, *services, options=(), **popen):
        super().__init__("serve", *services, *options, **popen)
        try:
            listening = self.matches(r"^listening (\S+) (\S+)$", len(services))
        except BaseException:
            self.__exit__()
            raise
        self.endpoints = [match.group(2) for match in listening]
        self.endpoint = self.endpoints[0]

    def drain(self):
        """A SIGTERM, and the status."""
        self.signal(signal.SIGTERM)
        return self.end()


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, *arguments, limit=None, **environment):
        """`limit`: a resource and how much of it there is."""
        self.output = b""
        self._searched = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if limit is not None:
                resource.setrlimit(limit[0], (limit[1], limit[1]))
            os.execve(HOTLINE, [HOTLINE, *arguments],
                      {**os.environ, "TERM": "xterm", **environment})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.fd)
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, text):
        """Waits until `text` is shown, after what was expected before."""
        wanted = text.encode()
        deadline = time.monotonic() + WAIT_S
        while (at := self.output.find(wanted, self._searched)) < 0:
            if not self._read(deadline):
                raise AssertionError(f"no {wanted!r} in {self.output[self._searched:]!r}")
        self._searched = at + len(wanted)

    def end(self):
        """Waits for the end; the status."""
        deadline = time.monotonic() + WAIT_S
        while self._read(deadline):
            pass
        process = os.pidfd_open(self.pid)
        try:
            if not select.select([process], [], [], WAIT_S)[0]:
                raise AssertionError(f"it has left its terminal and goes on: {self.output!r}")
        finally:
            os.close(process)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, deadline):
        ready, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise AssertionError(f"nothing more in {WAIT_S} s: {self.output!r}")
        try:
            piece = os.read(self.fd, 65536)
        except OSError:  # The program has gone: EIO.
            return False
        self.output += piece
        return bool(piece)


class WithServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        server = Server("upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                        f"upper=unix://{folder.name}/s", f"upper=unixgram://{folder.name}/g")
        cls.addClassCleanup(server.__exit__)
        cls.tcp, cls.udp, cls.unix, cls.unixgram = server.endpoints
        cls.streams = (cls.tcp, cls.unix)
        cls.datagrams = (cls.udp, cls.unixgram)
        cls.everywhere = cls.streams + cls.datagrams

    def replies(self, *arguments, input=b""):
        called = run("call", *arguments, input=input)
        self.assertEqual((called.returncode, called.stderr), (0, b""))
        return called.stdout


IO_URING_SETUP, EPERM = 425, 1
WITHOUT_IO_URING = (sys.executable, os.path.abspath(__file__), str(IO_URING_SETUP), str(EPERM))


def failing(system_call, error):
    """The words before a command that make the system call with that number always fail."""
    return (sys.executable, os.path.abspath(__file__), str(system_call), str(error))


def forbid(system_call, error):
    """From now on that system call fails with this error here, as under a container's filter."""
    class Filter(ctypes.Structure):
        _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte),
                    ("k", ctypes.c_uint)]

    class Rules(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.POINTER(Filter))]

    load_number, jump_if_equal, give = 0x20, 0x15, 0x06
    allow, refuse = 0x7fff0000, 0x00050000 | error
    steps = (Filter * 4)((load_number, 0, 0, 0), (jump_if_equal, 0, 1, system_call),
                         (give, 0, 0, refuse), (give, 0, 0, allow))
    set_no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(set_no_new_privileges, 1, 0, 0, 0) or libc.prctl(
            set_seccomp, filter_mode, ctypes.byref(Rules(len(steps), steps)), 0, 0):
        sys.exit(f"cannot set a filter: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    forbid(int(sys.argv[1]), int(sys.argv[2]))
    os.execv(sys.argv[3], sys.argv[3:])
