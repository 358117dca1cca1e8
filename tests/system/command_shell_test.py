"""`hotline shell` and `hotline run` at a terminal, and how they see the server go."""
import signal
import subprocess
import tempfile
import threading
import unittest

from cli_support import Terminal, ended
from command_support import (WIRES, Messages, answer_course_call, course_server, receive_all, run)
from interop_support import HOTLINE, WAIT_S, Server
from interop_support import run as run_program


class AtATerminal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        server = cls.enterClassContext(Server(
            HOTLINE, "serve", *(f"command=tcp://127.0.0.1:0?wire={wire}" for wire in WIRES),
            count=len(WIRES)))
        cls.endpoints = {wire: f"{endpoint}?wire={wire}"
                         for wire, endpoint in zip(WIRES, server.endpoints)}

    def setUp(self):
        self.home = self.enterContext(tempfile.TemporaryDirectory())

    def shell(self, endpoint, *options):
        return Terminal("shell", endpoint, *options, HOME=self.home, XDG_STATE_HOME="")

    def test_a_prompt_asks_for_each_line_and_quit_leaves(self):
        for wire, endpoint in self.endpoints.items():
            with self.subTest(wire), self.shell(endpoint) as shell:
                shell.expect(">>: ")
                shell.type("echo hello | tr a-z A-Z\n")
                shell.expect("HELLO\r\n>>: ")
                shell.type("printf '%s' no newline\n")
                shell.expect("nonewline\r\n>>: ")
                shell.type("true\n")
                shell.expect("操作成功\r\n>>: ")
                shell.type("\n")
                shell.expect("\r\n>>: ")
                shell.type("quit\n")
                self.assertEqual(shell.end(), 0)

    def test_the_course_server_is_talked_to_as_well(self):
        for wire in WIRES:
            with self.subTest(wire), course_server(wire) as endpoint:
                with self.shell(endpoint) as shell:
                    shell.expect(">>: ")
                    shell.type("expr 6 '*' 7\n")
                    shell.expect("42\r\n>>: ")
                    shell.type("echo bad >&2\n")
                    shell.expect("bad\r\n>>: ")
                    shell.type("\x04")
                    self.assertEqual(shell.end(), 0)

    def test_the_history_comes_back(self):
        with self.shell(self.endpoints["i32"]) as shell:
            shell.expect(">>: ")
            shell.type("expr 6 '*' 7\n")
            shell.expect("42\r\n>>: ")
            shell.type("quit\n")
            self.assertEqual(shell.end(), 0)
        with self.shell(self.endpoints["i32"]) as shell:
            shell.expect(">>: ")
            shell.type("\x1b[A\n")
            shell.expect("42\r\n>>: ")
            shell.type("quit\n")
            self.assertEqual(shell.end(), 0)

    def test_a_server_that_hangs_up_at_the_prompt_is_reported_at_once(self):
        for wire in WIRES:
            done = threading.Event()

            def answer(connection, wire, done=done):
                answer_course_call(connection, wire, calls=1)
                done.wait(WAIT_S)
            with self.subTest(wire), course_server(wire, answer) as endpoint:
                with self.shell(endpoint) as shell:
                    shell.expect(">>: ")
                    shell.type("echo hello\n")
                    shell.expect("hello\r\n>>: ")
                    shell.type("half a li")
                    shell.expect("half a li")
                    done.set()
                    shell.expect("error: ")
                    shell.expect("the peer closed the connection")
                    self.assertEqual(shell.end(), 1)

    def test_what_was_not_asked_for_is_shown_on_plain_and_an_error_elsewhere(self):
        for wire in WIRES:
            done = threading.Event()

            def answer(connection, wire, done=done):
                answer_course_call(connection, wire, calls=1)
                done.wait(WAIT_S)
                connection.sendall(b"unasked\n")
                receive_all(connection)
            with self.subTest(wire), course_server(wire, answer) as endpoint:
                with self.shell(endpoint) as shell:
                    shell.expect(">>: ")
                    shell.type("echo hello\n")
                    shell.expect("hello\r\n>>: ")
                    done.set()
                    if wire == "plain":
                        shell.expect("unasked\r\n")
                        shell.expect(">>: ")
                        shell.type("quit\n")
                        self.assertEqual(shell.end(), 0)
                    else:
                        shell.expect("error: ")
                        shell.expect("belong to no reply")
                        self.assertEqual(shell.end(), 1)

    def test_a_ctrl_c_takes_the_command_along(self):
        for command in ("shell", "run"):
            with self.subTest(command), Messages(self.home) as messages:
                line = f"sh -c 'echo $$ > {messages.path}; exec sleep 1000' & sleep 1000"
                words = ["shell", self.endpoints["i32"]]
                if command == "run":
                    words = ["run", self.endpoints["i32"], line]
                with Terminal(*words, HOME=self.home, XDG_STATE_HOME="") as terminal:
                    if command == "shell":
                        terminal.expect(">>: ")
                        terminal.type(line + "\n")
                    process = messages.process()
                    terminal.type("\x03")
                    process.wait_gone()
                    self.assertEqual(terminal.end(), -signal.SIGINT)


class Ends(unittest.TestCase):
    def test_run_ends_with_its_timeout(self):
        def answer(connection, _):
            receive_all(connection)
        for wire in WIRES:
            with self.subTest(wire), course_server(wire, answer) as endpoint:
                self.assertRegex(run(endpoint, "ls", status=255, timeout="50ms"), "timed out")

    def test_run_and_shell_end_without_a_message_when_their_reader_has_gone(self):
        with course_server("plain") as endpoint:
            for words in (("run", endpoint, "yes | head -n 100000"), ("shell", endpoint)):
                with self.subTest(words), ended(subprocess.Popen(
                        [HOTLINE, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE)) as program:
                    program.stdout.close()
                    program.stdin.write(b"yes | head -n 100000\n")
                    program.stdin.close()
                    self.assertNotEqual(program.wait(WAIT_S), 0)
                    self.assertEqual(program.stderr.read(), b"")

    def test_a_reply_that_cannot_be_written_is_an_error(self):
        with course_server("i32") as endpoint, open("/dev/full", "wb") as full:
            done = subprocess.run([HOTLINE, "run", endpoint, "echo hello"], stdout=full,
                                  stderr=subprocess.PIPE, timeout=WAIT_S)
            self.assertEqual(done.returncode, 255)
            self.assertRegex(done.stderr, b"^error: ")

    def test_a_shell_whose_server_breaks_off_has_failed(self):
        def answer(connection, wire):
            answer_course_call(connection, wire, calls=1)
        for wire in ("ready", "i32"):
            with self.subTest(wire), course_server(wire, answer) as endpoint:
                run_program(HOTLINE, "shell", endpoint, input=b"echo one\necho two\n", status=1)


if __name__ == "__main__":
    unittest.main()
