"""Fails each fallible call of a run in turn: nothing crashes, hangs or leaks, and it is reported.

The calls are counted and failed by tests/torture/torture.c. Each row first runs unharmed, which
says how many calls there are. What failed is named as `ROW N TURN`, and run alone by
`TORTURE='serve-epoll 57 0'`; TORTURE=all fails every call of every row with each of its errors.
"""
import concurrent.futures
import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from cli_support import ROOT, Program, WithServer, connect, run

LIBRARY = os.environ.get("HOTLINE_TORTURE_LIBRARY",
                         os.path.join(ROOT, "build", "dev", "tests", "torture", "libtorture.so"))
CHOSEN = os.environ.get("TORTURE", "")
REPORT = struct.Struct("qi36s")
AT_ONCE = 4
END_WAIT_S = 10
CALL_WAIT_S = 5
DATAGRAM_WAIT_S = 1
EXIT_WAIT_S = 0.3
TRIES = 3
TURNS = 6  # As many errors as any call has.

# Also for a child, which only the log reports.
CRASHES = re.compile(r"terminate called|Assertion|Sanitizer|runtime error|\bsignal \d|overflow")
ERROR = re.compile(r"^error: [^\n]+(\nhint: [^\n]+)?$")


class Torture:
    """The environment of one run, and what became of it."""

    def __init__(self, number, turn, folder):
        self.folder = folder
        self.path = os.path.join(folder, "report")
        preloaded = [*os.environ.get("LD_PRELOAD", "").split(), LIBRARY]
        self.environment = {**os.environ, "LD_PRELOAD": " ".join(preloaded),
                            "HOTLINE_TORTURE": str(number), "HOTLINE_TORTURE_TURN": str(turn),
                            "HOTLINE_TORTURE_REPORT": self.path}

    def report(self):
        """How many calls there were, and the name of the one that failed, with its error."""
        with open(self.path, "rb") as file:
            calls, error, name = REPORT.unpack(file.read(REPORT.size))
        return calls, name.rstrip(b"\0").decode(), error


@contextlib.contextmanager
def tortured(number, turn):
    folder = tempfile.mkdtemp()
    try:
        yield Torture(number, turn, folder)
    finally:
        shutil.rmtree(folder)


def expect(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(each) for each in what))


def receive_exactly(connection, size):
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise ConnectionResetError("hung up early")
        received += piece
    return received


def call_stream(endpoint):
    with connect(endpoint) as connection:
        connection.settimeout(CALL_WAIT_S)
        for message in (b"hello", b"a" * 20000):
            connection.sendall(message)
            expect(receive_exactly(connection, len(message)) == message.upper(), "a wrong reply")
        connection.shutdown(socket.SHUT_WR)
        expect(connection.recv(1) == b"", "more than a reply")


def call_commands(endpoint):
    with connect(endpoint) as connection:
        connection.settimeout(CALL_WAIT_S)
        for line, reply in ((b"echo hello", b"hello\n"),
                            (b"head -c 20000 /dev/zero >&2; setsid true &", bytes(20000))):
            connection.sendall(line)
            size, = struct.unpack("<i", receive_exactly(connection, 4))
            expect(receive_exactly(connection, size) == reply, "a wrong reply to", line)
        connection.shutdown(socket.SHUT_WR)
        expect(connection.recv(1) == b"", "more than a reply")


def call_datagram(endpoint):
    with connect(endpoint) as connection:
        connection.settimeout(DATAGRAM_WAIT_S)
        connection.send(b"hello")
        try:
            reply = connection.recv(100)
        except TimeoutError as lost:  # On a stream it is a hang, here a loss.
            raise ConnectionResetError("no reply") from lost
        expect(reply == b"HELLO", "a wrong reply", reply)


def count_descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def settle(pid, wanted):
    """The number of descriptors, once it is not above `wanted`, or does not become so."""
    deadline = time.monotonic() + CALL_WAIT_S
    while (count := count_descriptors(pid)) > wanted and time.monotonic() < deadline:
        time.sleep(0.005)
    return count


class Serve:
    """A server with a service of each kind, called over each, and drained."""

    def __init__(self, *options):
        self.options = options
        self.descriptors = None

    def services(self, path):
        return ["upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                f"upper=unix://{path}?mode=600"]

    def call_one(self, endpoint):
        call = call_datagram if endpoint.startswith("udp:") else call_stream
        call(endpoint)

    def __call__(self, torture):
        path = os.path.join(torture.folder, "s")
        with Program("serve", *self.services(path), *self.options,
                     env=torture.environment) as program:
            try:
                has_served = self.call(program)
                if has_served:
                    self.count(program.process.pid)
                    program.signal(signal.SIGTERM)
                status = program.process.wait(END_WAIT_S)
            except Exception as failure:
                raise AssertionError(f"{failure!r}; it said {program.lines}") from failure
            program.end()
            said = "\n".join(line for line in program.lines if line is not None)
        expect(not CRASHES.search(said) and status >= 0, "crashed:", status, said)
        if has_served:
            expect(status == 0, "status", status, said)
            expect("error: " not in said, said)
        else:
            errors = [line for line in said.split("\n") if line.startswith(("error:", "hint:"))]
            expect(status == 1 and ERROR.match("\n".join(errors)), "status", status, said)
        may_remain = torture.report()[1] in ("lstat", "unlink") and has_served
        expect(may_remain or not os.path.exists(path), "the path remains:", said)

    def call(self, program):
        """Whether it served at all; of all calls one may fail, for one system call has."""
        count = len(self.services(""))
        try:
            listening = program.matches(r"^listening \S+ (\S+)$", count)
        except AssertionError:
            return False
        endpoints = [match.group(1) for match in listening]
        failed = done = 0
        for endpoint in endpoints:
            for _ in range(TRIES):
                try:
                    self.call_one(endpoint)
                    done += 1
                    break
                except TimeoutError:
                    raise
                except OSError:
                    failed += 1
                if done == 0 and self.has_ended(program):
                    return False
        expect(done == len(endpoints) and failed <= 1, "calls:", done, "done,", failed, "failed")
        return True

    @staticmethod
    def has_ended(program):
        """Whether it ends by itself: it had said that it listens, and then could not begin."""
        try:
            program.process.wait(EXIT_WAIT_S)
            return True
        except subprocess.TimeoutExpired:
            return False

    def count(self, pid):
        if self.descriptors is None:
            time.sleep(0.1)  # Too early a look would make the bound laxer, nothing else.
            self.descriptors = count_descriptors(pid)
        count = settle(pid, self.descriptors)
        expect(count <= self.descriptors, "descriptors leak:", count, "for", self.descriptors)


class ServeCommands(Serve):
    """The same of a server that launches programs."""

    def services(self, path):
        return ["command=tcp://127.0.0.1:0?wire=i32"]

    def call_one(self, endpoint):
        call_commands(endpoint)


class Call:
    """`hotline call`, with what it must say when it succeeds."""

    def __init__(self, endpoint, message, *options, is_piped=False):
        given = (message + "\n").encode() if is_piped else b""
        self.arguments = ["call", endpoint, *options, *([] if is_piped else [message])]
        self.input = given
        self.reply = message.upper().encode() + b"\n"

    def __call__(self, torture):
        called = run(*self.arguments, input=self.input, env=torture.environment)
        said = called.stderr.decode()
        expect(not CRASHES.search(said) and called.returncode >= 0, "crashed:", called.returncode,
               said)
        if called.returncode == 0:
            expect(called.stdout == self.reply, "status 0, but", called.stdout[:80], said)
            expect(said == "", said)
            return
        expect(ERROR.match(said.rstrip("\n")), "status", called.returncode, repr(said))


class MakeKey:
    """`hotline key new`: the key is there and its line was printed, or neither; none is lost."""

    def __call__(self, torture):
        home = os.path.join(torture.folder, "home")
        run("key", "new", "first", "--home", home)
        made = run("key", "new", "second", "--home", home, env=torture.environment)
        said = made.stderr.decode()
        expect(not CRASHES.search(said) and made.returncode >= 0, "crashed:", made.returncode, said)
        listed = run("key", "list", "--json", "--home", home)
        names = re.findall(r'"name":"(\w+)"', listed.stdout.decode())
        if made.returncode == 0:
            expect(names == ["first", "second"], names, listed.stderr)
            added = run("key", "add", "--home", home, input=made.stdout)
            expect(added.returncode == 0, added.stderr)
        else:
            expect(ERROR.match(said.rstrip("\n")), "status", made.returncode, repr(said))
            expect(names == ["first"], names, listed.stderr)
        expect(sorted(os.listdir(home + "/keys"))[0] == "callers", os.listdir(home + "/keys"))


def run_one(name, row, number, turn):
    """None, or how this run was not as it must be."""
    with tortured(number, turn) as torture:
        try:
            row(torture)
            return None
        except Exception as problem:
            calls, failed, error = torture.report()
            what = f"{failed}: {error}" if failed else f"nothing of {calls} calls"
            return f"TORTURE='{name} {number} {turn}' ({what}): {problem}"


def count_calls(row):
    with tortured(0, 0) as torture:
        row(torture)
        return torture.report()[0]


def runs_of(name, row):
    if CHOSEN not in ("", "all"):
        chosen, number, turn = CHOSEN.split()
        return [(int(number), int(turn))] if chosen == name and count_calls(row) else []
    total = count_calls(row)
    if CHOSEN == "all":
        return [(number, turn) for turn in range(TURNS) for number in range(1, total + 1)]
    # Different errors of the calls that come but once, in different rows.
    return [(number, sum(map(ord, name)) % 4) for number in range(1, total + 1)]


class Torturing(unittest.TestCase):
    def torture(self, name, row):
        runs = runs_of(name, row)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            problems = [each for each in pool.map(lambda run: run_one(name, row, *run), runs)
                        if each]
        print(f"{name}: {len(runs)} runs", file=sys.stderr)
        if problems:
            self.fail("\n".join(problems))


class Serving(Torturing):
    def test_loops_on_epoll(self):
        self.torture("serve-epoll", Serve("--engine", "epoll", "--concurrency", "loops:2"))

    def test_loops_on_uring(self):
        with Program("serve", "--engine", "uring", "upper=tcp://127.0.0.1:0") as program:
            said = program.line(r"^(listening|error:.*io_uring)").string
        if said.startswith("error"):
            self.skipTest(said)
        self.torture("serve-uring", Serve("--engine", "uring", "--concurrency", "loops:2"))

    def test_serial(self):
        self.torture("serve-serial", Serve("--concurrency", "serial"))

    def test_threads(self):
        self.torture("serve-threads", Serve("--concurrency", "threads:2"))

    def test_processes(self):
        self.torture("serve-processes", Serve("--concurrency", "processes:2"))

    def test_commands(self):
        self.torture("serve-commands",
                     ServeCommands("--engine", "epoll", "--concurrency", "loops:2"))


class Keys(Torturing):
    def test_new(self):
        self.torture("key-new", MakeKey())


class Calling(Torturing, WithServer):
    def test_over_tcp(self):
        self.torture("call-tcp", Call(self.tcp, "hello"))

    def test_over_tcp_by_name(self):
        by_name = self.tcp.replace("127.0.0.1", "localhost")
        self.torture("call-name", Call(by_name, "hello", is_piped=True))

    def test_over_unix(self):
        self.torture("call-unix", Call(self.unix, "hello"))

    def test_with_a_reply_that_does_not_fit_the_buffers(self):
        # On two fibers: see StreamCall::send_while_showing.
        self.torture("call-bulk", Call(self.tcp, "a" * 100_000, is_piped=True))

    def test_over_udp(self):
        self.torture("call-udp", Call(self.udp, "hello"))

    def test_over_unix_datagrams(self):
        self.torture("call-unixgram", Call(self.unixgram, "hello", is_piped=True))


if __name__ == "__main__":
    unittest.main()
