"""The log of a server never delays a call, and counts the records that it lacks."""
import contextlib
import fcntl
import os
import re
import resource
import select
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Program, connect

WORDS = ("loops:1", "serial", "threads:4", "processes:4")
DROPPED = re.compile(r'log records were dropped[^"]*"(\d+)"')
LISTENING = re.compile(rb"^listening \S+ (\S+)$", re.MULTILINE)


class Log:
    """A server whose standard error is a pipe that is read when the test says so."""

    def __init__(self, *arguments, flags=0, **popen):
        self.fd, write_end = os.pipe()
        fcntl.fcntl(write_end, fcntl.F_SETFL, fcntl.fcntl(write_end, fcntl.F_GETFL) | flags)
        self.process = subprocess.Popen([HOTLINE, "serve", *arguments], stderr=write_end, **popen)
        os.close(write_end)
        self.read = b""
        try:
            self.endpoint = self._wait_listening()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)

    def _wait_listening(self):
        while not (listening := LISTENING.search(self.read)):
            is_readable = select.select([self.fd], [], [], WAIT_S)[0]
            piece = os.read(self.fd, 65536) if is_readable else b""
            if not piece:
                raise AssertionError(f"it does not listen: {self.read!r}")
            self.read += piece
        return listening.group(1).decode()

    def fill(self):
        """Fills the pipe, so that a write to it waits until it is read."""
        other = os.open(f"/proc/{self.process.pid}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(other, b"f" * 4096)
        os.close(other)

    def end(self):
        """Drains it and returns all that it wrote, which is read in the meantime."""
        reader = threading.Thread(target=self._read_all, daemon=True)
        reader.start()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(WAIT_S)
        reader.join(WAIT_S)
        if status != 0:
            raise AssertionError(f"it ended with {status}: {self.read[-2000:]!r}")
        return self.read.decode()

    def _read_all(self):
        while piece := os.read(self.fd, 65536):
            self.read += piece


def call_badly(endpoint):
    """Too long a message: a warning in the log."""
    with contextlib.suppress(ConnectionError), connect(endpoint) as connection:
        connection.sendall(b"x" * 10)
        connection.recv(100)


def call_well(endpoint):
    with connect(endpoint) as connection:
        connection.sendall(b"hi\n")
        if connection.recv(10) != b"HI\n":
            raise AssertionError("no reply")


@contextlib.contextmanager
def full_pipe(flags):
    """The writing end of a full pipe that is not read, in this mode."""
    read_end, write_end = os.pipe()
    try:
        os.set_blocking(write_end, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(write_end, b"f" * 4096)
        os.set_blocking(write_end, not flags & os.O_NONBLOCK)
        yield write_end
    finally:
        os.close(read_end)
        os.close(write_end)


def wait_for_path(path, process):
    """Waits until `path` is bound."""
    deadline = time.monotonic() + WAIT_S
    while not os.path.exists(path):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"there is no {path}: status {process.returncode}")
        time.sleep(0.01)


FRAMED = "upper=tcp://127.0.0.1:0?framing=lines&max=4"


class WithoutReader(unittest.TestCase):
    def test_calls_are_served_and_a_drain_works_even_if_the_log_is_not_read(self):
        for word in WORDS:
            with self.subTest(word), Log("-v", "--concurrency", word, FRAMED) as log:
                log.fill()
                for _ in range(200):
                    call_badly(log.endpoint)
                for _ in range(8):
                    call_well(log.endpoint)
                log.process.send_signal(signal.SIGTERM)
                self.assertEqual(log.process.wait(WAIT_S), 0)

    def test_a_drain_works_though_others_have_filled_the_pipe(self):
        with Log(FRAMED) as log:
            log.fill()
            log.process.send_signal(signal.SIGTERM)
            self.assertEqual(log.process.wait(WAIT_S), 0)


    def test_a_server_serves_and_ends_though_its_standard_error_was_full_before_it_began(self):
        services = ("upper=unix://{0}/a", "upper=unix://{0}/b", "upper=unixgram://{0}/c")
        exposed = ("--insecure", "command=tcp://0.0.0.0:0")
        for flags in 0, os.O_NONBLOCK:
            with self.subTest(flags=flags), tempfile.TemporaryDirectory() as folder, \
                    full_pipe(flags) as write_end:
                process = subprocess.Popen(
                    [HOTLINE, "serve", *(each.format(folder) for each in services), *exposed],
                    stderr=write_end)
                try:
                    wait_for_path(f"{folder}/c", process)
                    call_well(f"unix://{folder}/a")
                    call_well(f"unix://{folder}/b")
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(WAIT_S), 0)
                finally:
                    process.kill()
                    process.wait()


class Counted(unittest.TestCase):
    def test_every_record_is_written_or_counted_whether_the_pipe_blocks_or_not(self):
        messages = 6000
        for word in WORDS:
            for flags in 0, os.O_NONBLOCK:
                with self.subTest(word=word, flags=flags), \
                        Log("-v", "--concurrency", word, "upper=tcp://127.0.0.1:0",
                            flags=flags) as log:
                    with connect(log.endpoint) as connection:
                        for _ in range(messages):
                            connection.sendall(b"y" * 60)
                            connection.recv(60)
                    said = log.end()
                    shown = len(re.findall(r" (?:<-|->) peer", said))
                    ends = len(re.findall(r" call (?:began|ended) ", said))
                    dropped = sum(map(int, DROPPED.findall(said)))
                    self.assertEqual(shown + ends + dropped, 2 * messages + 2)
                    self.assertGreater(dropped, 0)

    def test_warnings_are_limited_and_the_others_counted(self):
        calls = 300
        for word in WORDS:
            with self.subTest(word), Log("--concurrency", word, FRAMED) as log:
                for _ in range(calls):
                    call_badly(log.endpoint)
                said = log.end()
                lines = re.findall(r'(?m)^.* warning call ended .*$', said)
                held = [int(count) for count in re.findall(
                    r'warning call ended service=upper "(\d+) more like this in the last 10s"',
                    said)]
                periods = len(held) + 1
                self.assertLessEqual(len(lines) - len(held), 20 * periods)
                self.assertEqual(len(lines) - len(held) + sum(held), calls)


class WithoutThreads(unittest.TestCase):
    def test_the_log_says_that_calls_are_refused_and_which_limit_was_met(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become a user who has no other processes")
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "hotline")
            subprocess.run(["cp", HOTLINE, program], check=True)
            os.chmod(folder, 0o755)
            for word, refused in (("threads:64", "no thread is left: the call is refused"),
                                  ("processes:64", "cannot fork: the call is refused")):
                with self.subTest(word):
                    said = self.said_with_few_processes(program, word)
                    self.assertRegex(said, rf" error {refused} .*this user may have 4 processes "
                                           "and threads: raise it with 'ulimit -u'")

    def said_with_few_processes(self, program, word):
        def limit():
            resource.setrlimit(resource.RLIMIT_NPROC, (4, 4))
        # No other process is this user's.
        with Program("serve", "--concurrency", word, "upper=tcp://127.0.0.1:0", program=program,
                     cwd="/", user=64_321, group=64_321, extra_groups=[],
                     preexec_fn=limit) as server:
            endpoint = server.line(r"^listening \S+ (\S+)$").group(1)
            with contextlib.ExitStack() as calls:
                for _ in range(12):
                    with contextlib.suppress(OSError):
                        connection = calls.enter_context(connect(endpoint))
                        connection.sendall(b"x")
                        connection.recv(1)
            server.signal(signal.SIGTERM)
            self.assertEqual(server.end(), 0, server.lines)
            return "\n".join(filter(None, server.lines))


if __name__ == "__main__":
    unittest.main()
