"""`hotline serve`: what it binds, says, serves and how it ends."""
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import unittest

from cli_support import (HOTLINE, WAIT_S, WITHOUT_IO_URING, Program, Server, connect, ended, fill,
                         receive_all, run)

WORDS = ("serial", "threads:4", "processes:4", "loops:2")


class Listening(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_is_reported_for_each_endpoint_with_its_real_port(self):
        with Server("upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                    f"upper=unix://{self.folder}/s") as server:
            tcp, udp, unix = server.endpoints
            self.assertRegex(tcp, r"^tcp://127\.0\.0\.1:[1-9]\d*$")
            self.assertRegex(udp, r"^udp://127\.0\.0\.1:[1-9]\d*$")
            self.assertEqual(unix, f"unix://{self.folder}/s")

    def test_is_reported_in_the_same_form_when_the_log_is_json(self):
        for option in (("--log-format", "json"), ("--json",)):
            with Server("upper=tcp://127.0.0.1:0", options=option) as server:
                self.assertTrue(server.endpoint.startswith("tcp://"))

    def test_one_program_serves_over_every_transport(self):
        with Server("upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                    f"upper=unix://{self.folder}/s", f"upper=unix:@hotline-{os.getpid()}",
                    f"upper=unixgram://{self.folder}/g") as server:
            for endpoint in server.endpoints:
                called = run("call", endpoint, "hello")
                self.assertEqual((called.returncode, called.stdout), (0, b"HELLO\n"), endpoint)

    def test_a_port_in_use_is_an_error_that_names_it(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            endpoint = "tcp://127.0.0.1:%d" % other.getsockname()[1]
            refused = run("serve", f"upper={endpoint}")
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr.decode(),
                         rf"^error: cannot listen on {endpoint}: address already in use\nhint: ")

    def test_when_one_endpoint_cannot_be_bound_none_is(self):
        path = f"{self.folder}/s"
        with socket.create_server(("127.0.0.1", 0)) as other:
            refused = run("serve", f"upper=unix://{path}",
                          "upper=tcp://127.0.0.1:%d" % other.getsockname()[1])
        self.assertEqual(refused.returncode, 1)
        self.assertNotIn(b"listening", refused.stderr)
        self.assertFalse(os.path.exists(path))

    def test_a_unix_path_is_removed_at_the_end(self):
        with Server(f"upper=unix://{self.folder}/s") as server:
            self.assertTrue(os.path.exists(f"{self.folder}/s"))
            self.assertEqual(server.drain(), 0)
        self.assertFalse(os.path.exists(f"{self.folder}/s"))

    def test_an_inherited_socket_is_served(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            fd = listener.fileno()
            with Server(f"upper=fd:{fd}", pass_fds=[fd]) as server:
                called = run("call", "tcp://127.0.0.1:%d" % listener.getsockname()[1], "hello")
                self.assertEqual(called.stdout, b"HELLO\n")
                self.assertEqual(server.drain(), 0)


class Concurrency(unittest.TestCase):
    def test_of_every_word_answers_streams_and_datagrams_and_drains(self):
        for word in WORDS:
            with self.subTest(word), Server("upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                                            options=("--concurrency", word)) as server:
                for endpoint in server.endpoints:
                    self.assertEqual(run("call", endpoint, "hello").stdout, b"HELLO\n")
                self.assertEqual(server.drain(), 0)
                # One may not have ended yet when the signal comes.
                server.line(r"^drained: 1 call, 1 message; "
                            r"under way at the end: [01] finished, 0 cut$")

    def test_of_each_engine_answers(self):
        for engine in ("uring", "epoll", "auto"):
            with self.subTest(engine):
                program = Program("serve", "upper=tcp://127.0.0.1:0", "--engine", engine)
                with program as server:
                    said = server.line(r"^(listening|error:.*io_uring)")
                    if said.group(1) != "listening":
                        self.skipTest(said.string)
                    endpoint = server.line(r"^listening upper (\S+)").group(1)
                    self.assertEqual(run("call", endpoint, "hello").stdout, b"HELLO\n")

    def test_without_io_uring_is_on_epoll_and_one_line_says_why(self):
        with Server("upper=tcp://127.0.0.1:0", command=WITHOUT_IO_URING) as server:
            server.line(r"^note: serving on epoll: io_uring is forbidden here")
            self.assertEqual(run("call", server.endpoint, "hello").stdout, b"HELLO\n")

    def test_on_an_engine_that_cannot_run_is_refused(self):
        command = ("serve", "upper=tcp://127.0.0.1:0", "--engine", "uring")
        with Program(*command, command=WITHOUT_IO_URING) as refused:
            self.assertEqual(refused.end(), 1)
            refused.line(r"^error: cannot use the engine uring: io_uring is forbidden here")
            refused.line(r"^hint: use --engine epoll")

    def test_of_at_most_one_call_lets_the_next_wait_for_its_end(self):
        with Server("upper=tcp://127.0.0.1:0", options=("--max-connections", "1")) as server:
            with connect(server.endpoint) as first:
                first.sendall(b"first")
                self.assertEqual(first.recv(16), b"FIRST")
                with connect(server.endpoint) as second:
                    second.sendall(b"second")
                    self.assertEqual(select.select([second], [], [], 0.2)[0], [])
                    first.close()
                    self.assertEqual(second.recv(16), b"SECOND")


class Ending(unittest.TestCase):
    def test_by_the_first_signal_ends_idle_calls_and_the_status_is_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Server("upper=tcp://127.0.0.1:0") as server:
                with connect(server.endpoint) as idle:
                    idle.sendall(b"hello")
                    self.assertEqual(idle.recv(16), b"HELLO")
                    server.signal(number)
                    self.assertEqual(idle.recv(16), b"")
                self.assertEqual(server.end(), 0)
                server.line(r"^drained: 1 call; under way at the end: 1 finished, 0 cut$")

    def test_lets_replies_under_way_finish(self):
        for word in WORDS:
            # Over a UNIX socket: what was sent has arrived, and nothing is on its way.
            endpoint = f"unix:@hotline-{os.getpid()}"
            with self.subTest(word), Server(f"upper={endpoint}",
                                            options=("--concurrency", word)) as server:
                with connect(server.endpoint) as busy:
                    sent = fill(busy)
                    server.signal(signal.SIGTERM)
                    self.assertEqual(receive_all(busy), b"X" * sent)
                self.assertEqual(server.end(), 0)
                server.line(r"^drained: 1 call; under way at the end: 1 finished, 0 cut$")

    def test_by_the_second_signal_cuts_what_is_under_way(self):
        options = ("--drain-timeout", "none")
        for word in WORDS:
            with self.subTest(word), Server("upper=tcp://127.0.0.1:0",
                                            options=(*options, "--concurrency", word)) as server:
                with connect(server.endpoint) as busy:
                    fill(busy)
                    # Of two numbers: two of one number could become one on their way.
                    server.signal(signal.SIGTERM)
                    server.signal(signal.SIGINT)
                    self.assertEqual(server.end(), 0)
                server.line(r"^drained: 1 call; under way at the end: 0 finished, 1 cut$")

    def test_after_the_drain_timeout_cuts_what_is_under_way(self):
        options = ("--drain-timeout", "100ms")
        with Server("upper=tcp://127.0.0.1:0", options=options) as server:
            with connect(server.endpoint) as busy:
                fill(busy)
                self.assertEqual(server.drain(), 0)
            server.line(r"^drained: 1 call; under way at the end: 0 finished, 1 cut$")

    def test_right_after_listening_is_a_drain_too(self):
        for _ in range(20):
            with Server("upper=tcp://127.0.0.1:0") as server:
                self.assertEqual(server.drain(), 0)

    def test_is_reported_as_an_object_when_the_log_is_json(self):
        with Server("upper=tcp://127.0.0.1:0", options=("--json",)) as server:
            run("call", server.endpoint, "hello")
            self.assertEqual(server.drain(), 0)
            printed = json.loads(server.line(r"drained").string)
            # It may not have ended yet when the signal comes.
            self.assertIn(printed["drained"].pop("finished"), (0, 1))
            self.assertEqual(printed, {"v": 1, "drained": {
                "calls": 1, "messages": 0, "replies": 0, "error_replies": 0, "cut": 0,
                "handler_failures": 0}})

    def test_once_answers_one_message_of_one_call_and_exits_0(self):
        for word in WORDS:
            with self.subTest(word), Server("upper=tcp://127.0.0.1:0",
                                            options=("--once", "--concurrency", word)) as server:
                with connect(server.endpoint) as only:
                    only.sendall(b"hello")
                    self.assertEqual(receive_all(only), b"HELLO")
                self.assertEqual(server.end(), 0)
                server.line(r"^drained: 1 call;")

    def test_of_a_silent_call_comes_with_the_idle_timeout(self):
        options = ("--idle-timeout", "200ms")
        with Server("upper=tcp://127.0.0.1:0", options=options) as server:
            with connect(server.endpoint) as silent, connect(server.endpoint) as mute:
                silent.sendall(b"hello")
                self.assertEqual(receive_all(silent), b"HELLO")
                self.assertEqual(receive_all(mute), b"")
            self.assertEqual(server.drain(), 0)


class Log(unittest.TestCase):
    def test_is_quiet_about_calls_that_end_in_order(self):
        with Server("upper=tcp://127.0.0.1:0") as server:
            run("call", server.endpoint, "hello")
            self.assertEqual(server.drain(), 0)
            self.assertEqual([line.split()[0] for line in server.lines if line],
                             ["listening", "drained:"])

    def test_shows_callers_and_escaped_bytes_with_v(self):
        for word in WORDS:
            with self.subTest(word), Server("upper=tcp://127.0.0.1:0",
                                            options=("-v", "--concurrency", word)) as server:
                with connect(server.endpoint) as call:
                    peer = "tcp://127.0.0.1:%d" % call.getsockname()[1]
                    call.sendall(b'a\n\x1b[2J"\xff')
                    call.recv(64)
                time = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z "
                server.line(time + rf"debug call began service=upper peer={peer}$")
                server.line(time + rf'debug <- peer={peer} "a\\n\\x1b\[2J\\"\\xff"$')
                server.line(time + rf'debug -> peer={peer} "A\\n\\x1b\[2J\\"\\xff"$')
                server.line(time + rf'debug call ended service=upper peer={peer} "closed"$')
                self.assertEqual(server.drain(), 0)

    def test_shows_empty_datagrams(self):
        with Server("upper=udp://127.0.0.1:0", options=("-v",)) as server:
            with connect(server.endpoint) as peer:
                peer.send(b"")
                self.assertEqual(peer.recv(16), b"")
            server.line(r"debug <- \(empty\) peer=udp:")
            server.line(r"debug -> \(empty\) peer=udp:")

    def test_as_json_is_one_versioned_object_a_line(self):
        for word in ("processes:1", "loops:1"):
            options = ("-v", "--log-format", "json", "--concurrency", word)
            with self.subTest(word), Server("upper=tcp://127.0.0.1:0", options=options) as server:
                with connect(server.endpoint) as call:
                    call.sendall(b"\x00\xc3\x28\"\n")
                    call.recv(64)
                server.line("call ended")
                self.assertEqual(server.drain(), 0)
                records = [json.loads(line) for line in server.lines if line and line[0] == "{"]
                self.assertEqual({record["v"] for record in records}, {1})
                received = next(each for each in records if each.get("message") == "<-")
                self.assertEqual(received["level"], "debug")
                self.assertEqual(received["detail"], r"\x00\xc3(\"\n")
                self.assertRegex(received["time"], r"^\d{4}-\d\d-\d\dT.*Z$")

    @contextlib.contextmanager
    def verbose_server_whose_log_is_not_read(self):
        """A server that has more to say than its pipe holds, and the pipe."""
        messages = 10000
        read_end, write_end = os.pipe()
        with tempfile.TemporaryDirectory() as folder:
            endpoint = f"unix://{folder}/s"
            server = subprocess.Popen(
                [HOTLINE, "serve", f"upper={endpoint}", "-v"], stderr=write_end,
                stdin=subprocess.DEVNULL)
            os.close(write_end)
            with ended(server), open(read_end, "rb") as log:
                self.assertTrue(log.readline().startswith(b"listening"))
                with connect(endpoint) as call:
                    for _ in range(messages):
                        call.sendall(b"x" * 64)
                        self.assertTrue(call.recv(64))
                server.send_signal(signal.SIGTERM)
                yield server, log

    def test_that_is_not_read_delays_no_call_and_counts_what_it_drops(self):
        with self.verbose_server_whose_log_is_not_read() as (server, log):
            said = log.read()
            self.assertEqual(server.wait(WAIT_S), 0)
        dropped = [line for line in said.splitlines() if b"were dropped" in line]
        self.assertRegex(dropped[0], rb' warning log records were dropped.* "\d+"$')

    def test_that_is_never_read_does_not_keep_the_program_running(self):
        with self.verbose_server_whose_log_is_not_read() as (server, _):
            self.assertEqual(server.wait(WAIT_S), 0)


class Mistakes(unittest.TestCase):
    def refuse(self, *arguments):
        """What is said about a command line that is wrong."""
        refused = run("serve", *arguments)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertEqual(refused.stdout, b"")
        said = refused.stderr.decode()
        self.assertRegex(said, r"^error: .*\nhint: .*\n$")
        return said

    def test_nothing_to_serve(self):
        self.assertIn("hotline serve upper=tcp://", self.refuse())

    def test_an_unknown_service_names_the_known_ones_and_the_nearest(self):
        said = self.refuse("uper=tcp://127.0.0.1:0")
        self.assertIn("there is no service 'uper'", said)
        self.assertIn("did you mean 'upper'?", said)
        self.assertIn("hotline services", said)

    def test_an_unknown_scheme_names_the_known_ones(self):
        self.assertIn("tcp, udp, unix, unixgram", self.refuse("upper=http://127.0.0.1:80"))

    def test_an_unknown_option_of_an_endpoint_names_the_known_ones(self):
        said = self.refuse("upper=tcp://127.0.0.1:0?backlock=5")
        self.assertIn("'backlock'", said)
        self.assertIn("backlog", said)

    def test_an_endpoint_without_a_service(self):
        for word in ("upper", "tcp://127.0.0.1:0", "=tcp://127.0.0.1:0",
                     "tcp://127.0.0.1:0?backlog=5", ""):
            self.assertIn("is not SERVICE=ENDPOINT", self.refuse(word))

    def test_an_unknown_option_names_the_known_ones_and_the_nearest(self):
        said = self.refuse("upper=tcp://127.0.0.1:0", "--concurency", "serial")
        self.assertIn("did you mean '--concurrency'?", said)
        for option in ("--engine", "--once", "--verbose", "--max-connections", "--idle-timeout",
                       "--drain-timeout", "--log-format", "--json"):
            self.assertIn(option, said)

    def test_an_engine_for_what_has_no_loops(self):
        for word in ("serial", "threads:2", "processes"):
            for engine in ("uring", "epoll", "auto"):
                said = self.refuse("upper=tcp://127.0.0.1:0", "--engine", engine,
                                   "--concurrency", word)
                self.assertIn("--engine: it applies to --concurrency loops only", said)

    def test_looking_for_events_is_for_loops_and_short(self):
        said = self.refuse("upper=tcp://127.0.0.1:0", "--spin", "20us", "--concurrency", "threads")
        self.assertIn("--spin: it applies to --concurrency loops only", said)
        for time in ("1001us", "1s", "none"):
            said = self.refuse("upper=tcp://127.0.0.1:0", "--spin", time)
            self.assertIn("--spin: it is longer than 1ms", said)
        self.assertIn("it has no unit", self.refuse("upper=tcp://127.0.0.1:0", "--spin", "20"))

    def test_that_looks_for_events_before_it_sleeps_answers(self):
        for engine in ("epoll", "auto"):
            with self.subTest(engine):
                with Program("serve", "upper=tcp://127.0.0.1:0", "--engine", engine, "--spin",
                             "20us") as server:
                    endpoint = server.line(r"^listening upper (\S+)").group(1)
                    self.assertEqual(run("call", endpoint, "hello").stdout, b"HELLO\n")

    def test_invalid_words(self):
        for option, word, known in (("--engine", "io_uring", "uring and epoll"),
                                    ("--concurrency", "forks", "serial, threads:N"),
                                    ("--concurrency", "serial:2", "serial, threads:N"),
                                    ("--concurrency", "threads:0", "serial, threads:N"),
                                    ("--log-format", "xml", "text and json"),
                                    ("--max-connections", "0", "from 1 up"),
                                    ("--max-connections", "many", "from 1 up"),
                                    ("--max-connections", "-1", "from 1 up")):
            said = self.refuse("upper=tcp://127.0.0.1:0", f"{option}={word}")
            self.assertIn(option, said)
            self.assertIn(known, said)

    def test_invalid_durations(self):
        for option in ("--idle-timeout", "--drain-timeout"):
            for word in ("60", "s", "60x", "-1s", "1.5s", "9" * 20 + "s", "999999999h", ""):
                said = self.refuse("upper=tcp://127.0.0.1:0", option, word)
                self.assertIn(option, said)
                self.assertIn("is not a duration", said)

    def test_an_idle_timeout_of_0(self):
        self.assertIn("at once", self.refuse("upper=tcp://127.0.0.1:0", "--idle-timeout", "0s"))

    def test_an_option_without_its_value_and_a_flag_with_one(self):
        self.assertIn("--engine needs a value", self.refuse("upper=tcp://127.0.0.1:0", "--engine"))
        self.assertIn("--once takes no value", self.refuse("upper=tcp://127.0.0.1:0", "--once=2"))

    def test_as_json_are_one_object_with_the_status(self):
        refused = run("serve", "uper=tcp://127.0.0.1:0", "--json")
        self.assertEqual(refused.returncode, 2)
        said = json.loads(refused.stderr)
        self.assertEqual((said["v"], said["error"]["code"]), (1, 2))
        self.assertEqual(said["error"]["kind"], "invalid_argument")
        self.assertIn("hint", said["error"])


if __name__ == "__main__":
    unittest.main()
