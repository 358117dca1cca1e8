"""`hotline run` on its own wire: interrupts, servers that die or speak something else, the audit,
terminals."""
import json
import os
import pty
import select
import signal
import socket
import subprocess
import unittest

from cli_support import HOTLINE, WAIT_S, Program, Server, ended, peer, receive_all, run, swallow
from remote_support import WithServer, said


class Signals(WithServer):
    def start(self, line, **options):
        return Program("run", "--shell", line, self.unix, stdout=subprocess.PIPE, **options)

    def test_the_first_interrupt_cancels_the_command_and_says_so(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number), self.start("echo $$; sleep 60") as program:
                pid = int(program.process.stdout.readline())
                descriptor = os.pidfd_open(pid)
                program.signal(number)
                program.line("^note: cancelling the remote command")
                self.assertEqual(program.end(), 255)
                program.line("^error: cannot finish the command at .*cancelled")
                self.assertTrue(select.select([descriptor], [], [], WAIT_S)[0])
                os.close(descriptor)

    def test_the_second_interrupt_leaves_though_the_output_is_not_read(self):
        with self.start("yes") as program:
            # It is blocked in its output.
            self.assertEqual(program.process.stdout.read(10), b"y\n" * 5)
            program.signal(signal.SIGINT)
            program.line("^note: cancelling")
            program.signal(signal.SIGINT)
            program.line("^note: left")
            self.assertEqual(program.process.wait(WAIT_S), 255)

    def test_the_second_interrupt_of_a_job_says_how_to_attach_to_it(self):
        with Program("run", "--keep", "1h", "--shell", "yes", self.unix,
                     stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.read(10), b"y\n" * 5)
            program.signal(signal.SIGINT)
            program.line("^note: cancelling")
            program.signal(signal.SIGINT)
            program.line(f"^note: left: .*for 1h: 'hotline attach {self.unix} [0-9a-f]{{32}}'$")
            self.assertEqual(program.process.wait(WAIT_S), 255)

    def test_a_server_that_is_killed_in_the_middle_of_the_output_is_an_error(self):
        with Server(f"command=unix://{self.folder}/k") as server, \
                Program("run", server.endpoint, "--", "yes", stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.read(4), b"y\ny\n")
            server.process.kill()
            self.assertEqual(set(program.process.stdout.read()), set(b"y\n"))
            self.assertEqual(program.end(), 255)
            program.line("^error: ")

    def test_a_server_that_drains_lets_the_command_end(self):
        with Server(f"command=unix://{self.folder}/d") as server, \
                Program("run", server.endpoint, "--", "cat", stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE) as program:
            program.process.stdin.write(b"one\n")
            program.process.stdin.flush()
            self.assertEqual(program.process.stdout.readline(), b"one\n")
            server.signal(signal.SIGTERM)
            program.process.stdin.write(b"two\n")
            program.process.stdin.close()
            self.assertEqual(program.process.stdout.read(), b"two\n")
            self.assertEqual(program.end(), 0)
            self.assertEqual(server.end(), 0)


class OtherWires(WithServer):
    def test_a_peer_that_speaks_something_else_is_an_error_with_a_hint(self):
        def saying(text):
            def answer(connection):
                connection.recv(1)
                connection.sendall(text)
                receive_all(connection)
            return answer

        for text in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2p1\r\n",
                     b"\5\0\0\0hello", b"x"):
            with self.subTest(text), peer(saying(text)) as endpoint:
                status, out, error = said(endpoint, "--timeout=2s", "ls")
                self.assertEqual((status, out), (255, b""))
                self.assertRegex(error, b"^error: .*\nhint: .*wire=plain")

    def test_a_peer_that_hangs_up_or_stays_silent_is_an_error_with_a_hint(self):
        for answer in (lambda connection: None, swallow):
            with peer(answer) as endpoint:
                status, out, error = said("--timeout=500ms", endpoint, "ls")
                self.assertEqual((status, out), (255, b""))
                self.assertRegex(error, b"^error: .*\nhint: .*wire=plain")

    def test_a_server_on_a_wire_of_the_course_runs_nothing_and_the_hint_names_the_wire(self):
        for wire in ("plain", "ready", "i32"):
            with self.subTest(wire), Server(f"command=tcp://127.0.0.1:0?wire={wire}") as server:
                status, out, error = said(server.endpoint, "touch", f"{self.folder}/touched")
                self.assertEqual((status, out), (255, b""))
                self.assertRegex(error, b"^error: .*\nhint: .*wire=plain")
        self.assertFalse(os.path.exists(f"{self.folder}/touched"))

    def test_a_client_of_the_course_is_not_answered_and_the_log_says_why(self):
        with Server("command=tcp://127.0.0.1:0") as server:
            host, port = server.endpoint.removeprefix("tcp://").split(":")
            file = f"{self.folder}/touched"
            with socket.create_connection((host, int(port)), WAIT_S) as caller:
                caller.sendall(f"touch {file}\n".encode())
                server.line("did not begin with HELLO")
            self.assertFalse(os.path.exists(file))
            self.assertEqual(said(server.endpoint, "echo", "next"), (0, b"next\n", b""))


class Audit(WithServer):
    def records(self, path):
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_every_command_is_recorded_with_its_end(self):
        path = os.path.join(self.folder, "own")
        with Server(f"command=unix://{self.folder}/a?audit={path}") as server:
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            said("--env=SECRET=hidden", server.endpoint, "printf", "a\nb")
            said("--shell", "exit 3", server.endpoint)
            said(server.endpoint, "no-such-program")
            os.rename(path, path + ".1")
            server.signal(signal.SIGHUP)
            server.line("reloaded")
            said(server.endpoint, "true")
            self.assertEqual(server.drain(), 0)
        printed, shell, absent = self.records(path + ".1")
        self.assertEqual((printed["argv"], printed["exit"]), (["printf", "a\nb"],
                                                              {"kind": "code", "value": 0}))
        self.assertEqual(printed["stdout"]["bytes"], 3)
        self.assertRegex(printed["stdout"]["xxh3"], "^[0-9a-f]{16}$")
        self.assertRegex(printed["caller"], "^uid:")
        self.assertEqual(printed["variables"], ["SECRET"])
        self.assertLessEqual(printed["started"], printed["ended"])
        self.assertEqual((shell["line"], shell["exit"]["value"]), ("exit 3", 3))
        self.assertEqual(absent["exit"]["kind"], "could_not_start")
        self.assertEqual([each["argv"] for each in self.records(path)], [["true"]])
        with open(path + ".1", encoding="utf-8") as file:
            self.assertNotIn("hidden", file.read())

    def test_calls_in_processes_are_recorded_too(self):
        path = os.path.join(self.folder, "processes")
        with Server(f"command=unix://{self.folder}/p?audit={path}",
                    options=("--concurrency", "processes:2")) as server:
            self.assertEqual(said(server.endpoint, "echo", "x"), (0, b"x\n", b""))
            self.assertEqual(server.drain(), 0)
        self.assertEqual([each["argv"] for each in self.records(path)], [["echo", "x"]])

    def test_a_file_that_others_may_read_is_refused(self):
        path = os.path.join(self.folder, "open")
        with open(path, "w", encoding="utf-8"):
            os.chmod(path, 0o644)
        done = run("serve", f"command=unix://{self.folder}/o?audit={path}")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, b"other users may read or change it\nhint: run 'chmod 600")


class AtATerminal(WithServer):
    def at_terminal(self, *words):
        """What a terminal gets of `hotline run`, and the status."""
        main, other = pty.openpty()
        with ended(subprocess.Popen([HOTLINE, "run", *words], stdin=other, stdout=other,
                                    stderr=other)) as program:
            os.close(other)
            shown = b""
            try:
                while piece := os.read(main, 4096):
                    shown += piece
            except OSError:
                pass
            os.close(main)
            return shown.replace(b"\r\n", b"\n"), program.wait(WAIT_S)

    def test_control_sequences_are_removed_from_both_outputs(self):
        line = r"printf 'a\033]0;title\007b\033[2J\n'; printf '\033[31mred\033[0m\n' >&2"
        shown, status = self.at_terminal("--shell", line, self.unix)
        self.assertEqual((sorted(shown.split()), status), ([b"ab", b"red"], 0))

    def test_a_sequence_in_pieces_is_removed_whole(self):
        line = r"printf 'a\033]0;ti'; sleep .1; printf 'tle\033'; sleep .1; printf '\\b\n'"
        self.assertEqual(self.at_terminal("--shell", line, self.unix), (b"ab\n", 0))

    def test_colours_come_through_if_asked_for_and_everything_raw(self):
        line = r"printf '\033[31mred\033[0m\033[2J\n'"
        self.assertEqual(self.at_terminal("--color", "--shell", line, self.unix),
                         (b"\033[31mred\033[0m\n", 0))
        self.assertEqual(self.at_terminal("--raw", "--shell", line, self.unix),
                         (b"\033[31mred\033[0m\033[2J\n", 0))

    def test_a_terminal_is_not_read(self):
        self.assertEqual(self.at_terminal(self.unix, "cat"), (b"", 0))


if __name__ == "__main__":
    unittest.main()
