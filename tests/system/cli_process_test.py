"""How a parent may have changed the streams and signals of the program before it starts."""
import fcntl
import itertools
import os
import termios
import pty
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Server, WithServer, connect, ended

STREAMS = ("<&-", ">&-", "2>&-")
CLOSED_INPUT = (b"error: cannot read standard input: it is closed\n"
                b"hint: give it a file or a pipe, or an empty one: </dev/null\n")
WORDS = ("loops:1", "serial", "threads:2", "processes:2")


def without(closed, *arguments, input=b""):
    """The finished program, in which the streams of `closed` are closed from the start."""
    shell = f'exec "$0" "$@" {" ".join(closed)}'
    return subprocess.run(["sh", "-c", shell, HOTLINE, *arguments], input=input,
                          capture_output=True, timeout=WAIT_S)


def every_choice(of):
    return [chosen for count in range(len(of) + 1)
            for chosen in itertools.combinations(of, count)]


class ClosedStreams(unittest.TestCase):
    """No call takes the number of a standard descriptor, whichever of them are closed."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        server = cls.enterClassContext(
            Server(f"command=unix://{cls.folder}/c?wire=plain", f"upper=unix://{cls.folder}/u"))
        cls.command, cls.upper = server.endpoints
        cls.command += "?wire=plain"

    def check(self, ended, closed, status, output, error):
        self.assertEqual(
            (ended.returncode, ended.stdout, ended.stderr),
            (status, b"" if ">&-" in closed else output, b"" if "2>&-" in closed else error))

    def test_call_with_a_message(self):
        for closed in every_choice(STREAMS):
            with self.subTest(closed=closed):
                is_mute = ">&-" in closed
                self.check(without(closed, "call", self.upper, "hello"), closed, int(is_mute),
                           b"HELLO\n",
                           b"error: cannot write to standard output: it is closed\n" * is_mute)

    def test_call_with_lines(self):
        for closed in every_choice(STREAMS[1:]):
            with self.subTest(closed=closed):
                is_mute = ">&-" in closed
                self.check(without(closed, "call", self.upper, input=b"hello\n"), closed,
                           int(is_mute), b"HELLO\n",
                           b"error: cannot write to standard output: it is closed\n" * is_mute)

    def test_call_without_input_reports_that(self):
        for closed in every_choice(STREAMS[1:]):
            with self.subTest(closed=closed):
                self.check(without(("<&-",) + closed, "call", self.upper), closed, 1, b"",
                           CLOSED_INPUT)

    def test_shell_without_input_reports_that(self):
        self.check(without(("<&-",), "shell", self.command), (), 1, b"", CLOSED_INPUT)

    def test_run_does_not_send_the_output_back_as_a_command(self):
        for number, closed in enumerate(every_choice(STREAMS)):
            with self.subTest(closed=closed):
                is_mute = ">&-" in closed
                line = f"touch '{self.folder}/mistake {number}'"
                self.check(without(closed, "run", self.command, "--", f'echo "{line}"'), closed,
                           255 if is_mute else 0, line.encode() + b"\n",
                           b"error: cannot write to standard output: it is closed\n" * is_mute)
        # The server has run all that it was sent before it answers the next one.
        self.assertEqual(without((), "run", self.command, "--", "echo next").stdout, b"next\n")
        self.assertEqual([name for name in os.listdir(self.folder) if "mistake" in name], [])

    def test_what_only_prints(self):
        for arguments in (("--help",), ("--version",), ("services",), ("services", "--json")):
            with self.subTest(arguments=arguments):
                ended = without((">&-",), *arguments)
                self.assertEqual(ended.returncode, 1)
                self.assertIn(b"cannot write to standard output: it is closed", ended.stderr)

    def test_serve_keeps_the_numbers_free_of_sockets(self):
        for word, closed in itertools.product(WORDS, every_choice(STREAMS)):
            with self.subTest(word=word, closed=closed), \
                    tempfile.TemporaryDirectory() as folder:
                self.check_server(word, closed, f"{folder}/s")

    def check_server(self, word, closed, path):
        shell = f'exec "$0" "$@" {" ".join(closed)}'
        with ended(subprocess.Popen(
                ["sh", "-c", shell, HOTLINE, "serve", "-v", "--concurrency", word,
                 f"upper=unix://{path}", f"command=unix://{path}c?wire=i32"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)) as server:
            for end in "c", "":
                wait_for_path(path + end, server)
            ran = without((), "run", f"unix://{path}c?wire=i32", "--",
                          "ls -l /proc/$$/fd 2>/dev/null | grep -c socket:")
            self.assertEqual((ran.returncode, ran.stdout), (0, b"0\n"))
            self.assertEqual(without((), "call", f"unix://{path}", "hello").stdout, b"HELLO\n")
            for fd in range(3):
                self.assertEqual(os.readlink(f"/proc/{server.pid}/fd/{fd}"), "/dev/null")
            server.terminate()
            self.assertEqual(server.wait(WAIT_S), 0)


def wait_for_path(path, process):
    """Waits until a server has bound `path`; it cannot report that if standard error is closed."""
    deadline = time.monotonic() + WAIT_S
    while not os.path.exists(path):
        if time.monotonic() > deadline or process.poll() is not None:
            raise AssertionError(f"no server listens at {path}: {process.poll()}")
        time.sleep(0.005)


class BrokenStreams(unittest.TestCase):
    def test_a_server_starts_even_if_standard_error_has_no_reader(self):
        for word in WORDS:
            with self.subTest(word=word), tempfile.TemporaryDirectory() as folder:
                read_end, write_end = os.pipe()
                os.close(read_end)
                server = subprocess.Popen(
                    [HOTLINE, "serve", "-v", "--concurrency", word, f"upper=unix://{folder}/s"],
                    stderr=write_end, preexec_fn=lambda: signal.signal(signal.SIGPIPE,
                                                                      signal.SIG_DFL))
                os.close(write_end)
                with ended(server):
                    wait_for_path(f"{folder}/s", server)
                    for _ in range(3):
                        self.assertEqual(
                            without((), "call", f"unix://{folder}/s", "hello").stdout, b"HELLO\n")
                    server.terminate()
                    self.assertEqual(server.wait(WAIT_S), 0)

    def test_a_log_at_the_limit_on_the_size_of_files_does_not_end_the_server(self):
        limited = 'ulimit -f 0; exec "$0" "$@" 2>"$LOG"'
        with tempfile.TemporaryDirectory() as folder, ended(subprocess.Popen(
                ["sh", "-c", limited, HOTLINE, "serve", "-v", f"upper=unix://{folder}/s"],
                env={**os.environ, "LOG": f"{folder}/log"})) as server:
            wait_for_path(f"{folder}/s", server)
            self.assertEqual(without((), "call", f"unix://{folder}/s", "hello").stdout, b"HELLO\n")
            server.terminate()
            self.assertEqual(server.wait(WAIT_S), 0)


def slow_pipe():
    """Both ends of a pipe, of which the writing one is non-blocking."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETFL, fcntl.fcntl(write_end, fcntl.F_GETFL) | os.O_NONBLOCK)
    return read_end, write_end


class SlowReader:
    """Reads in small pieces, and only once `begin` was called."""

    def __init__(self, fd):
        self.fd = fd
        self.read = bytearray()
        self._begin = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        self._begin.wait(WAIT_S)
        while piece := os.read(self.fd, 2048):
            self.read += piece
        os.close(self.fd)

    def begin(self):
        self._begin.set()

    def finish(self):
        self.begin()
        self._thread.join(WAIT_S)
        return bytes(self.read)


class NonBlockingStreams(WithServer):
    """Another process that shares a stream may have made it non-blocking: nothing is lost."""

    def test_call(self):
        read_end, write_end = slow_pipe()
        reader = SlowReader(read_end)
        call = subprocess.Popen([HOTLINE, "call", self.tcp, "x" * 120_000, "y" * 120_000],
                                stdin=subprocess.DEVNULL, stdout=write_end, stderr=subprocess.PIPE)
        os.close(write_end)
        with ended(call):
            wait_until_blocked(call)
            got = reader.finish()
            self.assertEqual((call.wait(WAIT_S), call.stderr.read()), (0, b""))
        self.assertEqual(got, b"X" * 120_000 + b"\n" + b"Y" * 120_000 + b"\n")

    def test_run(self):
        with Server("command=tcp://127.0.0.1:0?wire=i32") as server:
            read_end, write_end = slow_pipe()
            reader = SlowReader(read_end)
            call = subprocess.Popen(
                [HOTLINE, "run", server.endpoint + "?wire=i32", "--", "head -c 300000 /dev/zero"],
                stdin=subprocess.DEVNULL, stdout=write_end, stderr=subprocess.PIPE)
            os.close(write_end)
            with ended(call):
                wait_until_blocked(call)
                got = reader.finish()
                self.assertEqual((call.wait(WAIT_S), call.stderr.read()), (0, b""))
            self.assertEqual(got, bytes(300_000))

    def test_a_refusal_on_standard_error(self):
        read_end, write_end = slow_pipe()
        while True:
            try:
                os.write(write_end, b"f" * 4096)
            except BlockingIOError:
                break
        reader = SlowReader(read_end)
        call = subprocess.Popen([HOTLINE, "no-such-command"], stderr=write_end)
        os.close(write_end)
        with ended(call):
            wait_until_blocked(call)
            self.assertIn(b"no-such-command", reader.finish().lstrip(b"f"))
            self.assertEqual(call.wait(WAIT_S), 2)


def wait_until_blocked(process):
    """Waits until a process of one thread sleeps: with a full pipe it waits for that."""
    deadline = time.monotonic() + WAIT_S
    seen = 0
    while seen < 20:
        with open(f"/proc/{process.pid}/stat", encoding="latin-1") as stat:
            state = stat.read().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            raise AssertionError(f"it has ended: {process.wait()}")
        seen = seen + 1 if state == "S" else 0
        if time.monotonic() > deadline:
            raise AssertionError("it does not wait")
        time.sleep(0.005)


def ignoring(*signals):
    def prepare():
        for each in signals:
            signal.signal(each, signal.SIG_IGN)
    return prepare


def blocking(*signals):
    return lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signals)


ALL = frozenset(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}


class FewerProcessors(unittest.TestCase):
    def test_a_program_that_may_use_one_has_one_loop(self):
        one = {min(os.sched_getaffinity(0))}

        def bind():
            os.sched_setaffinity(0, one)
        with Server("upper=tcp://127.0.0.1:0", preexec_fn=bind) as server:
            names = []
            for task in os.listdir(f"/proc/{server.process.pid}/task"):
                with open(f"/proc/{server.process.pid}/task/{task}/status",
                          encoding="latin-1") as status:
                    names.append(status.read().split()[1])
            # The control loop, the thread of the log, and the loop.
            self.assertEqual(len(names), 3, names)
        printed = subprocess.run([HOTLINE, "doctor"], capture_output=True, timeout=WAIT_S,
                              preexec_fn=bind)
        self.assertRegex(printed.stdout.decode(), r"(?m)^ok +cores +1$")


class InheritedSignals(unittest.TestCase):
    def serve(self, prepare, *options, service="upper=tcp://127.0.0.1:0"):
        return self.enterContext(Server(service, options=options, preexec_fn=prepare))

    def test_an_ignored_sigchld_does_not_lose_how_children_end(self):
        server = self.serve(ignoring(signal.SIGCHLD), "--concurrency", "processes:2")
        for _ in range(3):
            with connect(server.endpoint) as connection:
                connection.sendall(b"hello")
                self.assertEqual(connection.recv(100), b"HELLO")
        self.assertEqual(server.drain(), 0)
        text = "\n".join(filter(None, server.lines))
        self.assertNotIn("died", text)
        self.assertRegex(text, r"drained: 3 calls")

    def test_an_ignored_sigchld_leaves_once_its_count(self):
        server = self.serve(ignoring(signal.SIGCHLD), "--concurrency", "processes:2", "--once")
        with connect(server.endpoint) as connection:
            connection.sendall(b"hello")
            self.assertEqual(connection.recv(100), b"HELLO")
        self.assertEqual(server.end(), 0)
        self.assertRegex("\n".join(filter(None, server.lines)), r"drained: 1 call;")

    def test_commands_run_and_end_though_everything_was_ignored_and_blocked(self):
        for prepare in ignoring(*ALL), blocking(*ALL):
            server = self.serve(prepare, service="command=tcp://127.0.0.1:0?wire=i32")
            ran = without((), "run", server.endpoint + "?wire=i32", "--",
                          "exec grep -E 'Sig(Blk|Ign)' /proc/self/status")
            self.assertEqual(ran.stdout.split(), [b"SigBlk:", b"0" * 16, b"SigIgn:", b"0" * 16])
            self.assertEqual(server.drain(), 0)

    def test_sigint_stays_ignored_if_it_was(self):
        for word in WORDS:
            with self.subTest(word=word):
                server = self.serve(ignoring(signal.SIGINT), "--concurrency", word)
                server.signal(signal.SIGINT)
                with connect(server.endpoint) as connection:
                    connection.sendall(b"hello")
                    self.assertEqual(connection.recv(100), b"HELLO")
                self.assertEqual(server.drain(), 0)
                self.assertRegex("\n".join(filter(None, server.lines)), r"drained: 1 call;")

    def test_sighup_reloads_also_if_it_was_ignored_and_calls_go_on(self):
        for prepare in None, ignoring(signal.SIGHUP), blocking(*ALL):
            for word in WORDS:
                with self.subTest(prepare=prepare, word=word):
                    server = self.serve(prepare, "--concurrency", word)
                    with connect(server.endpoint) as connection:
                        for count in range(1, 3):
                            connection.sendall(b"hello")
                            self.assertEqual(connection.recv(100), b"HELLO")
                            server.signal(signal.SIGHUP)
                            server.matches("info reloaded: keys", count)
                    self.assertEqual(server.drain(), 0)
                    self.assertRegex("\n".join(filter(None, server.lines)), r"drained: 1 call;")

    def test_the_end_of_its_terminal_drains_it_unless_started_with_nohup(self):
        for ignored in False, True:
            with self.subTest(ignored=ignored):
                ours, terminal = pty.openpty()

                def prepare():
                    os.setsid()
                    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
                    if ignored:
                        signal.signal(signal.SIGHUP, signal.SIG_IGN)

                server = self.serve(prepare)
                os.close(terminal)
                server.signal(signal.SIGHUP)
                server.line("info reloaded: keys")
                os.close(ours)
                if ignored:
                    server.matches("info reloaded: keys", 2)
                    self.assertEqual(server.drain(), 0)
                else:
                    self.assertEqual(server.end(), 0)

    def test_sigterm_drains_though_it_was_ignored(self):
        for word in WORDS:
            with self.subTest(word=word):
                self.assertEqual(
                    self.serve(ignoring(*ALL), "--concurrency", word).drain(), 0)

    def test_signals_that_drain_do_so_though_all_were_blocked(self):
        for number in signal.SIGTERM, signal.SIGINT:
            for word in WORDS:
                with self.subTest(signal=number, word=word):
                    server = self.serve(blocking(*ALL), "--concurrency", word)
                    server.signal(number)
                    self.assertEqual(server.end(), 0)

    def test_sigint_drains_and_leaves_no_path(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.serve(None, service=f"upper=unix://{folder}/s")
            server.signal(signal.SIGINT)
            self.assertEqual(server.end(), 0)
            self.assertFalse(os.path.exists(f"{folder}/s"))

    def test_what_is_blocked_at_the_start_still_ends_a_call(self):
        with Server("upper=tcp://127.0.0.1:0") as server:
            for number in signal.SIGINT, signal.SIGTERM, signal.SIGALRM:
                with self.subTest(signal=number), ended(subprocess.Popen(
                        [HOTLINE, "call", server.endpoint], stdin=subprocess.PIPE,
                        preexec_fn=blocking(*ALL))) as call:
                    wait_until_blocked(call)
                    call.send_signal(number)
                    self.assertEqual(call.wait(WAIT_S), -number)


if __name__ == "__main__":
    unittest.main()
