"""What the tests with foreign peers share: programs under way, their words, what they listen on.

HOTLINE names the program, HOTLINE_EXAMPLES the folder of the example programs. Nothing here sleeps:
every wait is for something that happens, and fails loudly when it does not happen in time.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import watchdog  # Imported for what it does.

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HOTLINE = os.environ.get("HOTLINE", os.path.join(ROOT, "build", "dev", "hotline"))
EXAMPLES = os.environ.get("HOTLINE_EXAMPLES", os.path.join(ROOT, "build", "dev", "examples"))
WAIT_S = 30

TEXT = "grüße, 世界! ﬁn — Ελλάδα\n".encode()
BIG = (TEXT * (1024 * 1024 // len(TEXT) + 1))[:1024 * 1024]


def upper(request):
    """The answer of the service: ASCII letters change, all other bytes stay."""
    return bytes(byte - 32 if ord("a") <= byte <= ord("z") else byte for byte in request)


def receive(connection, size):
    """Exactly so many bytes, or fewer if the peer closes."""
    received = b""
    while len(received) < size and (piece := connection.recv(size - len(received))):
        received += piece
    return received


def example(name):
    return os.path.join(EXAMPLES, name)


def run(*command, input=b"", status=0):
    """The output of a program that ends by itself, with that status."""
    done = subprocess.run(command, input=input, capture_output=True, timeout=WAIT_S)
    if done.returncode != status:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.decode()}")
    return done.stdout


def call(endpoint, *messages, input=b"", status=0):
    """The output of `hotline call`; a peer that is slow is waited for."""
    return run(HOTLINE, "call", "--linger", f"{WAIT_S}s", endpoint, *messages, input=input,
               status=status)


class Program:
    """A program under way, whose standard error is read as it comes; all of it, its children too,
    ends with the `with` block."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, bufsize=0, start_new_session=True)
        self.lines = []
        self._has_ended = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def _read(self):
        for line in self.process.stderr:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def matches(self, pattern, count):
        """The first `count` matches among the lines of standard error, waited for."""
        def found():
            return [match for line in self.lines if (match := re.search(pattern, line))]
        with self._changed:
            self._changed.wait_for(lambda: len(found()) >= count or self._has_ended, WAIT_S)
            if len(found()) < count:
                raise AssertionError(f"no {count} lines with {pattern!r} in {self.lines}")
            return found()[:count]

    @contextlib.contextmanager
    def _killed_in_time(self):
        """A block that waits for the program: it and its children are killed if that is long."""
        watch = threading.Timer(WAIT_S, os.killpg, (self.process.pid, signal.SIGKILL))
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def read(self, size):
        """Exactly so many bytes of standard output, or fewer if it ends."""
        pieces = []
        with self._killed_in_time():
            while size > 0 and (piece := self.process.stdout.read(size)):
                pieces.append(piece)
                size -= len(piece)
        return b"".join(pieces)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n") and (byte := self.read(1)):
            line += byte
        return line

    def write(self, data):
        with self._killed_in_time():
            while data:
                data = data[self.process.stdin.write(data):]

    def ask(self, request):
        """Types a request; the reply, which is as long."""
        self.write(request)
        return self.read(len(request))

    def finish(self):
        """Waits for the end; the status."""
        self.process.stdin.close()
        status = self.process.wait(WAIT_S)
        self._reader.join(WAIT_S)
        return status

    def drain(self):
        """A SIGTERM, and the status."""
        self.process.send_signal(signal.SIGTERM)
        return self.finish()


class Server(Program):
    """A server, once it listens: `endpoints`, in the order in which it names them."""

    def __init__(self, *command, pattern=r"^listening (?:\S+ )?(\S+)$", count=1):
        super().__init__(*command)
        try:
            self.endpoints = [match.group(1) for match in self.matches(pattern, count)]
        except BaseException:
            self.__exit__()
            raise
        self.endpoint = self.endpoints[0]


class WithServer(unittest.TestCase):
    """Tests of one server of ours at every kind of endpoint; a subclass for each word of
    concurrency. `tcp`, `udp`, `unix` … are its endpoints, `folder` is for sockets of the tests."""
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        name = os.path.basename(cls.folder)
        wanted = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", f"unix://{cls.folder}/stream",
                  f"unix:@{name}", f"unixgram://{cls.folder}/datagrams", f"unixgram:@{name}-d"]
        cls.server = cls.enterClassContext(
            Server(HOTLINE, "serve", *cls.options, *("upper=" + each for each in wanted),
                   count=len(wanted)))
        (cls.tcp, cls.udp, cls.unix, cls.abstract, cls.unixgram,
         cls.abstract_datagrams) = cls.server.endpoints

    def port(self, endpoint):
        return endpoint.rsplit(":", 1)[1]


# `tests` for each word of concurrency, as classes for a module to hold.
WORDS = {
    "UringLoops": ("--concurrency", "loops:2", "--engine", "uring"),
    "EpollLoops": ("--concurrency", "loops:2", "--engine", "epoll"),
    "Serial": ("--concurrency", "serial"),
    "Threads": ("--concurrency", "threads:4"),
    "Processes": ("--concurrency", "processes:4"),
}


def for_each_word(name, tests, module):
    """Puts a class of `tests` into `module` for each word: NAME + word."""
    for word, options in WORDS.items():
        made = type(name + word, (tests, WithServer),
                    {"options": options, "__module__": module["__name__"]})
        if word == "UringLoops" and not uring_is_usable():
            made = unittest.skip("io_uring cannot be used here; see `hotline doctor`")(made)
        module[made.__name__] = made


def uring_is_usable():
    doctor = subprocess.run([HOTLINE, "doctor"], capture_output=True, timeout=WAIT_S)
    return re.search(rb"(?m)^.*\bengine\b.*\buring\b", doctor.stdout) is not None


def require(*programs):
    """Skips a test class or method where one of the programs is missing."""
    missing = [program for program in programs if not shutil.which(program)]
    return unittest.skipIf(missing, f"not installed here: {', '.join(missing)}")


def together(count, work):
    """Runs `work(number)` on `count` threads at once; their results, in order."""
    results = [None] * count
    start = threading.Barrier(count)

    def one(number):
        try:
            start.wait(WAIT_S)
            results[number] = work(number)
        except Exception as error:  # Shown by the comparison that follows.
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
