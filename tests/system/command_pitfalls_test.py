"""Known failures of other programs that run commands, each as a test of ours in real processes,
under each word of concurrency."""
import contextlib
import os
import signal
import subprocess
import tempfile
import time
import unittest

from cli_support import ended
from command_support import (DONE, WIRES, CourseClient, break_off, connect, descendants,
                             for_each_word, receive_all, run, watched)
from interop_support import HOTLINE, WAIT_S, Program, Server

MEBIBYTE = 1024 * 1024



class Pitfalls:
    """In order: outputs, ends of commands, hang-ups, and what a command inherits."""

    def ask(self, line, wire="i32", size=None):
        with CourseClient(self.endpoints[wire], wire) as client:
            return client.run_last(line, size)

    def test_a_mebibyte_to_each_output_in_either_order_does_not_hang(self):
        fill = f"head -c {MEBIBYTE} /dev/zero | tr '\\0' "
        for wire in WIRES:
            for line in (f"{fill} e >&2; {fill} o", f"{fill} o; {fill} e >&2"):
                with self.subTest(wire=wire, line=line):
                    self.assertTrue(self.ask(line, wire, MEBIBYTE) == b"e" * MEBIBYTE)

    def test_a_background_child_that_holds_the_pipe_does_not_hold_up_the_reply(self):
        for how in ("", "setsid "):
            with self.subTest(how), self.messages() as messages:
                hold = f"{how}sh -c 'echo $$ > {messages.path}; exec sleep 1000'"
                self.assertEqual(self.ask(f"{hold} & echo done"), b"done\n")
                messages.wait_process_gone()

    def test_stderr_after_the_end_of_stdout_is_not_lost(self):
        started, go_on = self.messages(), self.messages()
        client = self.client()
        client.connection.sendall(
            f"exec >&-; echo > {started.path}; read x < {go_on.path}; echo late >&2".encode())
        started.line()
        go_on.write()
        self.assertEqual(client.read_reply(), b"late\n")

    def test_yes_head_is_as_long_as_asked_for_and_ends(self):
        self.assertEqual(self.ask("yes | head -n 2000"), b"y\n" * 2000)

    def test_a_broken_pipe_ends_a_writer_as_in_a_shell_of_ones_own(self):
        self.assertEqual(self.ask("(yes; kill -l $? ) | head -n 1 > /dev/null"), DONE)
        self.assertEqual(self.ask("sh -c 'kill -PIPE $$; echo ignored'; echo $?"), b"141\n")

    def test_an_output_larger_than_the_limit_is_an_error_never_a_truncation(self):
        for wire in WIRES:
            with self.subTest(wire), self.serve_one(f"wire={wire}&max=1000") as endpoint:
                said = run(f"{endpoint}?wire={wire}", "head -c 1001 /dev/zero", status=255)
                self.assertRegex(said, "reset the connection")

    def test_nothing_of_a_reply_waits_in_a_buffer_for_the_next(self):
        client = self.client()
        for number in range(50):
            self.assertEqual(client.run(f"printf {number}"), b"%d" % number)

    def test_the_exit_status_makes_no_difference(self):
        for status in (0, 1, 3, 126, 127, 255):
            self.assertEqual(self.ask(f"echo {status}; exit {status}"), b"%d\n" % status)

    def test_a_command_that_a_signal_ends_is_answered(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV):
            line = f"echo before; kill -{int(number)} $$; echo after"
            self.assertEqual(self.ask(line), b"before\n")

    def test_no_zombies_are_left(self):
        for number in range(5):
            self.ask(f"true & (true &) ; setsid true & echo {number}")
        until = time.monotonic() + WAIT_S
        while "Z" in descendants(self.server.process.pid).values():
            self.assertLess(time.monotonic(), until, "zombies stay")

    def test_a_command_over_its_time_is_an_error_and_its_tree_is_gone(self):
        with self.serve_one("wire=i32&timeout=300ms") as endpoint, self.messages() as messages:
            said = run(f"{endpoint}?wire=i32", self.tree(messages), status=255)
            self.assertRegex(said, "reset the connection")
            for _ in range(3):
                messages.wait_process_gone()

    def tree(self, messages):
        """A command that says three ids: its own, and those of what tries to get away from it."""
        say = f"echo $$ > {messages.path}; exec sleep 1000"
        return (f"(setsid sh -c '{say}' &); (sh -c '{say}' & exit) & "
                f"echo $$ > {messages.path}; trap '' HUP TERM INT; sleep 1000; sleep 1000")

    def started(self, messages):
        return [messages.process() for _ in range(3)]

    def test_a_caller_that_breaks_off_ends_the_whole_tree(self):
        for wire in WIRES:
            with self.subTest(wire), self.messages() as messages:
                connection = connect(self.endpoints[wire])
                connection.sendall(self.tree(messages).encode())
                processes = self.started(messages)
                break_off(connection)
                for each in processes:
                    each.wait_gone()

    def test_a_caller_that_closes_ends_the_whole_tree(self):
        with self.messages() as messages, connect(self.endpoints["plain"]) as connection:
            connection.sendall(self.tree(messages).encode())
            processes = self.started(messages)
            connection.close()
            for each in processes:
                each.wait_gone()

    def test_a_client_that_is_killed_or_interrupted_ends_the_whole_tree(self):
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), self.messages() as messages:
                with ended(subprocess.Popen([HOTLINE, "run", self.endpoints["i32"],
                                             self.tree(messages)])) as client:
                    processes = self.started(messages)
                    client.send_signal(number)
                    self.assertEqual(client.wait(WAIT_S), -number)
                for each in processes:
                    each.wait_gone()

    def test_nothing_is_left_when_the_server_is_killed(self):
        with self.serve() as server, self.messages() as messages:
            with connect(server.endpoints[0]) as connection:
                connection.sendall(self.tree(messages).encode())
                processes = self.started(messages)
                processes += watched(descendants(server.process.pid))
                server.process.kill()
                for each in processes:
                    each.wait_gone()

    def test_a_drain_lets_a_command_finish_and_leaves_nothing(self):
        with self.serve() as server, self.messages() as messages, self.messages() as answers:
            endpoint = self.endpoints_of(server)["ready"]
            with CourseClient(endpoint, "ready") as client:
                client.connection.sendall(
                    f"echo > {messages.path}; read x < {answers.path}; echo done".encode())
                messages.line()
                left = watched(descendants(server.process.pid))
                server.process.send_signal(signal.SIGTERM)
                answers.write()
                self.assertEqual(client.read_reply(), b"done\n")
                self.assertEqual(receive_all(client.connection), b"")
            self.assertEqual(server.process.wait(WAIT_S), 0)
            for each in left:
                each.wait_gone()

    def test_a_command_has_every_signal_as_by_default_and_none_blocked(self):
        status = self.ask("cat /proc/self/status").decode()
        for field in ("SigBlk", "SigIgn", "SigCgt"):
            self.assertRegex(status, rf"(?m)^{field}:\s+0+$")

    def test_a_command_has_three_descriptors_and_no_other(self):
        # The fourth is that of the listing itself.
        self.assertEqual(self.ask("ls /proc/self/fd").split(), [b"0", b"1", b"2", b"3"])

    def test_a_command_has_an_empty_input(self):
        self.assertEqual(self.ask("cat; echo end"), b"end\n")

    def test_a_command_has_a_clean_environment_and_no_start_up_files(self):
        with open(os.path.join(self.folder, "start-up"), "w", encoding="ascii") as file:
            file.write("echo start-up\n")
        given = {**os.environ, "ENV": file.name, "BASH_ENV": file.name, "SECRET": "x",
                 "LD_HOTLINE": "x", "HOME": self.folder}
        with contextlib.ExitStack() as stack:
            before = dict(os.environ)
            os.environ.update(given)
            try:
                server = stack.enter_context(self.serve())
            finally:
                os.environ.clear()
                os.environ.update(before)
            with CourseClient(self.endpoints_of(server)["i32"], "i32") as client:
                self.assertEqual(client.run("echo $SECRET$LD_HOTLINE$ENV$BASH_ENV"), b"\n")
                self.assertNotIn(b"start-up", client.run("sh -c true; bash -c true"))
                self.assertRegex(client.run("env").decode(), "(?m)^PATH=/")

    def test_a_line_that_begins_with_a_dash_is_not_an_option_of_the_shell(self):
        self.assertRegex(self.ask("-x").decode(), "-x: not found")

    def refused(self, wire, *pieces):
        """Whether the call is reset. A piece is sent once there is a reply to the one before."""
        with connect(self.endpoints[wire]) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    connection.recv(1)
                while connection.recv(65536):
                    pass
            except ConnectionError:
                return True
        return False

    def test_nothing_of_what_a_browser_sends_is_run(self):
        path = os.path.join(self.folder, "run-by-a-browser")
        for wire in WIRES:
            for method in ("GET", "POST", "OPTIONS", "PUT", "DELETE", "FOO", "PROPFIND", "x-y"):
                for target in (f"/;touch${{IFS}}{path};", f"/{'x' * 20000};touch${{IFS}}{path};"):
                    request = f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n\ntouch {path}\n"
                    with self.subTest(wire=wire, method=method, size=len(target)):
                        self.assertTrue(self.refused(wire, request.encode()))
                        self.assertFalse(os.path.exists(path))

    def test_what_follows_a_first_line_that_was_cut_is_not_run(self):
        path = os.path.join(self.folder, "run-by-pieces")
        request = f"PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n\ntouch {path}\n".encode()
        for wire in WIRES:
            for cut in (1, 8, 9, 11, 16, 19, 20):
                with self.subTest(wire=wire, cut=cut):
                    self.assertTrue(self.refused(wire, request[:cut], request[cut:]))
                    self.assertFalse(os.path.exists(path))

    def test_what_is_of_another_protocol_is_refused(self):
        hello = bytes.fromhex("160301020001 0001fc0303") + bytes(range(64))
        for name, begin in {
                "TLS": hello, "TLS, its first byte": hello[:1],
                "SSLv2": b"\x80\x2e\x01\x00\x02\x00",
                "SSH": b"SSH-2.0-OpenSSH_9.2p1\r\n", "a header": b"Host: x\r\n",
                "a WebSocket": b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n",
                "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}.items():
            for wire in WIRES:
                with self.subTest(name, wire=wire):
                    self.assertTrue(self.refused(wire, begin))

    def test_the_log_says_what_was_refused(self):
        with self.serve() as server:
            with connect(server.endpoints[0]) as connection, self.assertRaises(ConnectionError):
                connection.sendall(b"FOO / HTTP/1.1\r\n\r\n")
                receive_all(connection)
            server.matches("warning call ended .*refused .*: it is HTTP, not a command", 1)
            self.assertEqual(server.drain(), 0)
            self.assertFalse([line for line in server.lines if line and "handler failed" in line])

    def test_a_command_that_speaks_of_http_is_run(self):
        for line, reply in (("printf 'PUT / HTTP/1.1\\r\\n'", b"PUT / HTTP/1.1\r\n"),
                            ("printf 'GET / HTTP/1.1\r\nHost: x\r\n'",
                             b"GET / HTTP/1.1\r\nHost: x\r\n"),
                            ("echo GET / HTTP/1.1", b"GET / HTTP/1.1\n"),
                            ("echo Host: x", b"Host: x\n"),
                            ("cat <<.\nPUT / HTTP/1.1\nHost: x\n.\n",
                             b"PUT / HTTP/1.1\nHost: x\n")):
            for wire in WIRES:
                with self.subTest(line, wire=wire):
                    self.assertEqual(self.ask(line, wire, len(reply)), reply)

    def test_a_command_that_a_signal_ends_without_output_is_not_a_success(self):
        for wire in WIRES:
            for number in ("KILL", "TERM", "SEGV"):
                with self.subTest(wire=wire, number=number):
                    self.assertTrue(self.refused(wire, f"kill -{number} $$".encode()))
            self.assertEqual(self.ask("echo out; kill -9 $$", wire, 4), b"out\n")

    def test_a_command_starts_in_the_home_of_its_user(self):
        self.assertEqual(self.ask("pwd -P"), self.ask("cd && pwd -P"))

    def test_a_command_starts_in_the_directory_that_the_endpoint_names(self):
        with self.serve_one(f"wire=i32&cwd={self.folder}") as endpoint:
            self.assertEqual(run(f"{endpoint}?wire=i32", "pwd -P"),
                             os.path.realpath(self.folder).encode() + b"\n")

    def test_a_command_runs_though_its_servers_directory_has_gone(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, \
                Server("sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', folder, HOTLINE, "serve",
                       *self.options, "command=tcp://127.0.0.1:0?wire=i32") as server:
            self.assertEqual(run(f"{server.endpoint}?wire=i32", "echo hello"), b"hello\n")

    def test_a_command_starts_in_the_root_where_there_is_no_home(self):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home, \
                Server("env", f"HOME={home}", HOTLINE, "serve", *self.options,
                       "command=tcp://127.0.0.1:0?wire=i32") as server:
            endpoint = f"{server.endpoint}?wire=i32"
            self.assertEqual(run(endpoint, "pwd -P"), os.path.realpath(home).encode() + b"\n")
            os.rmdir(home)
            self.assertEqual(run(endpoint, "pwd"), b"/\n")

    @contextlib.contextmanager
    def serve_one(self, options):
        with Server(HOTLINE, "serve", *self.options,
                    f"command=tcp://127.0.0.1:0?{options}") as server:
            yield server.endpoint


for_each_word("Pitfalls", Pitfalls, globals())


class Directories(unittest.TestCase):
    def test_a_directory_that_cannot_be_entered_is_an_error_before_any_call(self):
        for wrong, why in (("/no/such", "/no/such: not found"), ("/dev/null", "/dev/null: "),
                           ("work", "does not begin with /"), ("", "does not begin with /")):
            with self.subTest(wrong), Program(
                    HOTLINE, "serve", f"command=tcp://127.0.0.1:0?cwd={wrong}") as program:
                self.assertEqual(program.finish(), 2)
                self.assertRegex(program.lines[0], f"^error: cannot use the endpoint .*{why}")
                self.assertRegex(program.lines[1], "^hint: ")


class OffTheLoopback(unittest.TestCase):
    def refused(self, *services):
        with Program(HOTLINE, "serve", *services) as program:
            program.matches("^error: .*other machines could call 'command'", 1)
            program.matches("^hint: .*tls://.*127.0.0.1.*--insecure", 1)
            self.assertEqual(program.finish(), 1)

    def test_the_service_is_refused_with_a_hint(self):
        for endpoint in ("tcp://0.0.0.0:0", "tcp://:0", "tcp://[::]:0"):
            with self.subTest(endpoint):
                self.refused(f"command={endpoint}")
        self.refused("upper=tcp://0.0.0.0:0", "command=tcp://0.0.0.0:0?wire=i32")

    def test_insecure_lets_it_and_says_once_what_that_means(self):
        with Server(HOTLINE, "serve", "--insecure",
                    *["command=tcp://0.0.0.0:0?wire=plain"] * 2, count=2) as server:
            port = server.endpoints[0].rsplit(":", 1)[1]
            self.assertEqual(run(f"tcp://127.0.0.1:{port}?wire=plain", "echo hello", linger="1ms"),
                             b"hello\n")
            self.assertEqual(server.drain(), 0)
            self.assertEqual(len([line for line in server.lines if "--insecure" in line]), 1)

    def test_on_the_loopback_nothing_is_said(self):
        with Server(HOTLINE, "serve", "--insecure", "command=tcp://127.0.0.1:0") as server:
            self.assertEqual(server.drain(), 0)
            self.assertNotIn("--insecure", "".join(server.lines))


class WithoutStandardStreams(unittest.TestCase):
    def test_a_server_without_input_and_output_runs_commands_that_have_them(self):
        with Server("sh", "-c", 'exec "$@" <&- >&-', "sh", HOTLINE, "serve",
                    "command=tcp://127.0.0.1:0?wire=i32") as server:
            self.assertEqual(run(f"{server.endpoint}?wire=i32", "readlink /proc/$$/fd/0"),
                             b"/dev/null\n")


class Once(unittest.TestCase):
    def test_one_command_and_then_the_server_exits(self):
        for wire in WIRES:
            with self.subTest(wire), Server(HOTLINE, "serve", "--once",
                                            f"command=tcp://127.0.0.1:0?wire={wire}") as server:
                self.assertEqual(run(f"{server.endpoint}?wire={wire}", "echo hello"), b"hello\n")
                self.assertEqual(server.finish(), 0)


if __name__ == "__main__":
    unittest.main()
