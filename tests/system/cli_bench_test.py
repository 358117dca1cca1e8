"""`hotline bench`: against our server, and against servers that do what they must not do."""
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile
import threading
import unittest
import xml.etree.ElementTree

from cli_support import HOTLINE, WAIT_S, Terminal, WithServer, accept, ended, run


def bench(endpoint, *options):
    return run("bench", endpoint, *options)


def result_of(endpoint, *options):
    """The object of a load without errors."""
    done = bench(endpoint, "--json", *options)
    assert (done.returncode, done.stderr) == (0, b""), (endpoint, options, done)
    return json.loads(done.stdout)


def failed(endpoint, *options):
    """The status of a load with errors, its object, and that of the error."""
    done = bench(endpoint, "--json", *options)
    return done.returncode, json.loads(done.stdout), json.loads(done.stderr)["error"]


@contextlib.contextmanager
def callee(answer):
    """An endpoint where `answer(connection)` runs for each caller."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(WAIT_S)
    is_over = False

    def serve():
        while True:
            connection = accept(listener)
            with connection, contextlib.suppress(ConnectionError):
                if is_over:
                    return
                answer(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield "tcp://127.0.0.1:%d" % listener.getsockname()[1]
    finally:
        is_over = True
        with contextlib.suppress(OSError):
            socket.create_connection(listener.getsockname()).close()
        thread.join(WAIT_S)
        listener.close()


def answering(change):
    """Answers each receive with what `change` makes of it."""
    def answer(connection):
        while piece := connection.recv(65536):
            connection.sendall(change(piece))
    return answer


def free_endpoint(scheme, kind):
    with socket.socket(socket.AF_INET, kind) as unused:
        unused.bind(("127.0.0.1", 0))
        return "%s://127.0.0.1:%d" % (scheme, unused.getsockname()[1])


class Load(WithServer):
    def test_a_closed_loop_gets_every_reply(self):
        for endpoint in self.everywhere:
            result = result_of(endpoint, "--connections=4", "--messages=1000")
            self.assertEqual((result["replies"], result["errors"]["total"]), (1000, 0), endpoint)
            self.assertEqual((result["loop"], result["connections"]), ("closed", 4))
            latency = result["latency_ns"]
            self.assertLessEqual(latency["p50"], latency["p99.9"])
            self.assertLessEqual(latency["p99.9"], latency["max"])

    def test_many_messages_are_under_way_on_several_threads(self):
        for endpoint in (self.tcp, self.udp):
            result = result_of(endpoint, "--connections=4", "--threads=2", "--depth=16",
                               "--messages=5000", "--timeout=30s")
            self.assertEqual((result["replies"], result["depth"]), (5000, 16))

    def test_messages_that_no_buffer_holds_are_sent(self):
        result = result_of(self.tcp, "--connections=2", "--depth=3", "--messages=12", "--size=1MiB")
        self.assertEqual((result["replies"], result["bytes"]), (12, 1 << 20))

    def test_an_open_loop_sends_at_its_rate(self):
        result = result_of(self.tcp, "--connections=2", "--rate=200", "--duration=1s",
                           "--warm-up=100ms")
        self.assertEqual((result["replies"] + result["not_sent"], result["rate_wanted"]),
                         (200, 200))
        self.assertEqual((result["loop"], result["elapsed_ns"]), ("open", 10**9))

    def test_a_connection_is_made_for_each_message(self):
        result = result_of(self.unix, "--per-connection=1", "--connections=2", "--messages=50")
        self.assertEqual((result["replies"], result["connections_made"]), (50, 50))

    def test_a_low_limit_on_descriptors_is_raised(self):
        done = subprocess.run([HOTLINE, "bench", self.tcp, "--json", "--connections=100",
                               "--messages=100"],
                              preexec_fn=lambda: resource.setrlimit(
                                  resource.RLIMIT_NOFILE,
                                  (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])),
                              capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(json.loads(done.stdout)["connections_made"], 100)

    def test_people_get_a_summary_and_a_picture(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "latency.svg")
            done = bench(self.tcp, "--messages=500", "--svg", path)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            root = xml.etree.ElementTree.parse(path).getroot()
            self.assertEqual(root.tag, "{http://www.w3.org/2000/svg}svg")
            self.assertIn(self.tcp, pathlib.Path(path).read_text())
            self.assertEqual(os.listdir(folder), ["latency.svg"])
        text = done.stdout.decode()
        for word in (self.tcp, "1 connection, closed loop", "500 in ", "p99.9", "none"):
            self.assertIn(word, text)

    def test_a_terminal_shows_each_second(self):
        with Terminal("bench", self.tcp, "--rate=100", "--duration=none") as terminal:
            terminal.expect("\r1s  ")
            terminal.expect("/s  p50 ")
            terminal.type("\x03")
            terminal.expect("interrupted")
            self.assertEqual(terminal.end(), -signal.SIGINT)

    def test_an_interrupt_ends_it_with_what_there_is(self):
        answered = threading.Event()

        def answer(connection):
            for _ in range(10):
                connection.sendall(connection.recv(65536).upper())
            # The next message shows that the replies have arrived.
            connection.recv(65536)
            answered.set()
            connection.recv(65536)

        with callee(answer) as endpoint:
            program = subprocess.Popen([HOTLINE, "bench", "--json", "--duration=none", endpoint],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with ended(program):
                self.assertTrue(answered.wait(WAIT_S))
                program.send_signal(signal.SIGINT)
                output, errors = program.communicate(timeout=WAIT_S)
        self.assertEqual((program.returncode, errors), (-signal.SIGINT, b""))
        result = json.loads(output)
        self.assertEqual((result["interrupted"], result["replies"]), (True, 10))


    def test_an_interrupt_before_the_first_message_has_taken_no_time(self):
        called = threading.Event()

        def never_challenge(connection):
            called.set()
            while connection.recv(100):
                pass

        with callee(never_challenge) as endpoint, tempfile.NamedTemporaryFile() as secret:
            secret.write(b"a secret of this test, which is long")
            secret.flush()
            endpoint += "?auth=hmac-sha256&secret-file=" + secret.name
            program = subprocess.Popen([HOTLINE, "bench", "--json", "--timeout=none", endpoint],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with ended(program):
                self.assertTrue(called.wait(WAIT_S))
                program.send_signal(signal.SIGINT)
                output, errors = program.communicate(timeout=WAIT_S)
        self.assertEqual((program.returncode, errors), (-signal.SIGINT, b""))
        result = json.loads(output)
        self.assertEqual((result["interrupted"], result["elapsed_ns"]), (True, 0))


class Failures(unittest.TestCase):
    def test_a_loop_that_cannot_start_ends_the_others(self):
        listener = socket.create_server(("127.0.0.1", 0))
        with listener:
            done = subprocess.run([HOTLINE, "bench", "--threads=60", "--connections=60",
                                   "--duration=none", "--timeout=none",
                                   "tcp://127.0.0.1:%d" % listener.getsockname()[1]],
                                  preexec_fn=lambda: resource.setrlimit(
                                      resource.RLIMIT_NOFILE, (40, 40)),
                                  capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(done.stderr.decode(), r"\Aerror: .*\nhint: ")

    def test_a_wrong_reply_is_named(self):
        with callee(answering(lambda piece: piece)) as endpoint:
            status, result, error = failed(endpoint, "--message=abc")
        self.assertEqual((status, result["errors"]["wrong"], error["code"]), (1, 1, 1))
        self.assertIn("byte 1 of 3 is 0x61, not 0x41", error["message"])
        self.assertIn("--expect echo", error["hint"])
        with callee(answering(lambda piece: piece)) as endpoint:
            result_of(endpoint, "--expect=echo", "--messages=20")

    def test_a_byte_too_many_and_one_too_few_are_errors(self):
        with callee(answering(lambda piece: piece.upper() + b"!")) as endpoint:
            status, result, _ = failed(endpoint, "--message=abc", "--messages=1")
        self.assertEqual((status, result["errors"]["surplus"]), (1, 1))

        def cut(connection):
            connection.sendall(connection.recv(100).upper()[:-1])

        with callee(cut) as endpoint:
            status, result, _ = failed(endpoint, "--message=abc")
        self.assertEqual((status, result["errors"]["truncated"]), (1, 1))
        self.assertEqual(result["errors"]["unanswered"], 1)

    def test_a_server_that_stalls_is_given_up(self):
        with callee(answering(lambda _: b"")) as endpoint:
            status, result, error = failed(endpoint, "--timeout=500ms")
        self.assertEqual((status, result["errors"]["stalled"]), (6, 1))
        self.assertIn("no reply within 500ms", error["message"])

    def test_a_server_that_closes_is_named(self):
        with callee(lambda connection: connection.recv(100)) as endpoint:
            status, result, error = failed(endpoint, "--connections=2")
        self.assertEqual((status, result["errors"]["closed"], error["kind"]), (1, 2, "closed"))

    def test_where_nothing_listens_the_status_is_5(self):
        status, result, error = failed(free_endpoint("tcp", socket.SOCK_STREAM), "--connections=3")
        self.assertEqual((status, result["errors"]["refused"], error["kind"]), (5, 3, "refused"))
        status, result, _ = failed(free_endpoint("udp", socket.SOCK_DGRAM))
        self.assertEqual((status, result["errors"]["refused"]), (5, 1))

    def test_lost_datagrams_are_counted(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as served:
            served.bind(("127.0.0.1", 0))
            served.settimeout(WAIT_S)

            def answer():
                for number in range(20):
                    request, caller = served.recvfrom(65536)
                    if number % 5 != 2:
                        served.sendto(request.upper(), caller)

            thread = threading.Thread(target=answer)
            thread.start()
            status, result, _ = failed("udp://127.0.0.1:%d" % served.getsockname()[1], "--depth=4",
                                       "--messages=20", "--timeout=2s")
            thread.join(WAIT_S)
        self.assertEqual((status, result["replies"], result["errors"]["unanswered"]), (1, 16, 4))

    def test_a_command_line_that_means_nothing_is_refused(self):
        for words in ((), ("tcp://127.0.0.1:1?none=1",), ("udp://127.0.0.1:1", "--size=70000"),
                      ("tcp://127.0.0.1:1", "--svg=/none/such.svg"),
                      ("tcp://127.0.0.1:1?framing=ready", "--depth=2"),
                      ("tcp://127.0.0.1:1", "--rate=0")):
            done = bench(*words) if words else run("bench")
            self.assertEqual((done.returncode, done.stdout), (2, b""), words)
            self.assertRegex(done.stderr.decode(), r"\Aerror: .*\nhint: ", words)


if __name__ == "__main__":
    unittest.main()
