"""Remote commands on a terminal: `hotline run --tty`, and `hotline shell` at a terminal."""
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Server, run
from remote_support import WithServer, said


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class AtATerminal(WithServer):
    """Each test ends with the settings of the terminal as they were at its beginning."""

    def setUp(self):
        self.main, self.other = os.openpty()
        set_size(self.main, 30, 100)
        self.before = termios.tcgetattr(self.other)
        self.output = b""
        self.client = None

    def tearDown(self):
        if self.client and self.client.poll() is None:
            self.client.kill()
            self.client.wait()
        os.close(self.main)
        os.close(self.other)

    def start(self, *words, **options):
        """The program with this terminal as its own, in a session of its own."""
        environment = {**os.environ, "TERM": "vt100", **options.pop("env", {})}
        streams = {"stdin": self.other, "stdout": self.other, "stderr": self.other, **options}
        self.client = subprocess.Popen(
            [HOTLINE, *words], **streams, env=environment, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(self.other, termios.TIOCSCTTY, 0))

    def run_tty(self, line, *options):
        self.start("run", "--tty", *options, "--shell", line, self.unix)

    def expect(self, text):
        """Waits until `text` is shown, and takes what is shown up to its end."""
        wanted = text.encode()
        while wanted not in self.output:
            self.assertTrue(self.read(), f"no {wanted!r} in {self.output!r}")
        _, _, self.output = self.output.partition(wanted)

    def read(self):
        if not select.select([self.main], [], [], WAIT_S)[0]:
            return False
        piece = os.read(self.main, 65536)
        self.output += piece
        return bool(piece)

    def type(self, text):
        os.write(self.main, text.encode())

    def ends_with(self, status):
        """It ends so, and the terminal is as it was."""
        self.assertEqual(self.client.wait(WAIT_S), status)
        self.assertEqual(termios.tcgetattr(self.other), self.before)

    def rest(self):
        """What is shown after what was expected."""
        while select.select([self.main], [], [], 0)[0]:
            self.output += os.read(self.main, 65536)
        return self.output

    def is_raw(self):
        return not termios.tcgetattr(self.other)[3] & (
            termios.ICANON | termios.ECHO | termios.ISIG)

    def becomes_raw(self):
        deadline = time.monotonic() + WAIT_S
        while not self.is_raw():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)


class Run(AtATerminal):
    def test_the_command_has_a_terminal_of_the_same_size_and_type(self):
        self.run_tty("tty; stty size; echo $TERM; exit 3")
        self.expect("/dev/pts/")
        self.expect("30 100\r\nvt100\r\n")
        self.ends_with(3)

    def test_a_change_of_the_window_arrives(self):
        self.run_tty("trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 0.05; done")
        self.expect("ready\r\n")
        set_size(self.main, 41, 111)
        self.expect("41 111\r\n")
        self.ends_with(4)

    def test_an_interrupt_key_is_for_the_remote_command(self):
        self.run_tty("trap 'echo caught; exit 5' INT; echo ready; while :; do sleep 0.05; done")
        self.expect("ready\r\n")
        self.assertTrue(self.is_raw())
        self.type("\x03")
        self.expect("caught\r\n")
        self.ends_with(5)

    def test_keys_arrive_as_they_are_and_are_echoed_by_the_other_end_only(self):
        self.run_tty("stty raw -echo; echo ready; dd bs=1 count=7 2>/dev/null | od -An -tx1")
        self.expect("ready")
        self.type("\r\x04\x1a\x11\x7f\xe9")  # \xe9 is two bytes.
        self.expect("0d 04 1a 11 7f c3 a9")
        self.ends_with(0)

    def test_the_screen_gets_every_byte(self):
        self.run_tty(r"printf '\033]0;title\007\033[31mred\033[m\001\377|'")
        self.expect("\x1b]0;title\x07\x1b[31mred\x1b[m\x01")
        self.ends_with(0)
        self.assertEqual(self.rest(), b"\xff|")

    def test_a_signal_that_ends_the_command_gives_its_status(self):
        self.run_tty("kill -9 $$")
        self.ends_with(137)

    def test_a_program_and_its_words_run_without_a_shell(self):
        self.start("run", "-t", self.unix, "--", "echo", "two  words")
        self.expect("two  words\r\n")
        self.ends_with(0)

    def test_an_output_that_is_no_terminal_gets_what_the_remote_terminal_shows(self):
        self.start("run", "-t", "--shell", "echo one; test -t 1", self.unix,
                   stdout=subprocess.PIPE)
        self.assertEqual(self.client.stdout.read(), b"one\r\n")
        self.client.stdout.close()
        self.ends_with(0)

    def test_a_command_that_cannot_start_leaves_the_terminal_as_it_was(self):
        self.start("run", "-t", self.unix, "--", "hotline-has-no-such-program")
        self.ends_with(127)
        self.assertRegex(self.rest(), b"^error: .*\r\n")

    def test_a_timeout_kills_it(self):
        self.run_tty("echo ready; sleep 60", "--timeout", "700ms")
        self.ends_with(255)
        self.assertIn(b"timeout", self.rest())


class Ends(AtATerminal):
    """All ends restore the terminal: ends_with() checks that."""

    def go(self):
        self.run_tty("echo ready; sleep 60")
        self.expect("ready\r\n")
        self.assertTrue(self.is_raw())

    def test_the_escape_leaves_without_waiting(self):
        self.go()
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            self.type("\r~.")
            self.ends_with(255)
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)
        self.assertIn(b"note: left: ", self.rest())

    def test_the_escape_counts_at_the_beginning_of_a_line_only(self):
        self.run_tty("stty -echo; echo ready; read line; echo \"<$line>\"")
        self.expect("ready\r\n")
        self.type("a~.\r")
        self.expect("<a~.>\r\n")
        self.ends_with(0)

    def test_a_question_mark_lists_the_escapes(self):
        self.go()
        self.type("~?")
        self.expect("~.   leave")
        self.type("~.")
        self.ends_with(255)

    def test_a_first_sigterm_cancels_the_command(self):
        self.go()
        self.client.send_signal(signal.SIGTERM)
        self.ends_with(255)
        shown = self.rest()
        self.assertIn(b"note: cancelling", shown)
        self.assertIn(b"error: ", shown)

    def test_signals_that_end_a_program_end_it(self):
        for number in (signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number):
                self.go()
                self.client.send_signal(number)
                self.ends_with(-number)
                self.rest()
                self.output = b""

    def test_a_second_signal_leaves(self):
        self.go()
        os.kill(self.server.process.pid, signal.SIGSTOP)
        try:
            self.client.send_signal(signal.SIGINT)
            self.expect("note: cancelling")
            self.client.send_signal(signal.SIGINT)
            self.ends_with(255)
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)

    def test_a_killed_server_is_an_error(self):
        with (tempfile.TemporaryDirectory() as folder,
              Server(f"command=unix://{folder}/s") as server):
            self.start("run", "-t", "--shell", "printf ready; sleep 60", server.endpoint)
            self.expect("ready")
            server.process.kill()
            self.ends_with(255)
            self.assertRegex(self.rest(), b"^\r\nerror: .*\r\n")

    def test_a_program_that_goes_on_after_a_stop_uses_the_terminal_again(self):
        self.run_tty("stty -echo; echo ready; read line; echo \"<$line>\"")
        self.expect("ready\r\n")
        self.client.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.client.pid, os.WSTOPPED)
        termios.tcsetattr(self.other, termios.TCSANOW, self.before)  # As a shell does.
        self.client.send_signal(signal.SIGCONT)
        self.becomes_raw()
        self.type("abc\r")
        self.expect("<abc>\r\n")
        self.ends_with(0)


class Shell(AtATerminal):
    def shell(self, *options, **more):
        self.start("shell", *options, self.unix, **more)
        self.type("PS1='next''> '; stty -echo; echo be''gun\r")
        self.expect("begun\r\n")
        self.expect("next> ")  # Keys that are typed earlier may be read in another mode.

    def test_it_keeps_the_directory_and_variables(self):
        self.shell()
        self.type("cd /usr; kept=value\r")
        self.expect("next> ")
        self.type("echo \"<$PWD $kept>\"\r")
        self.expect("</usr value>\r\n")
        self.expect("next> ")
        self.type("exit 7\r")
        self.ends_with(7)

    def test_an_interrupt_ends_a_command_and_not_the_shell(self):
        self.shell()
        # The shell has given the terminal to a program that writes.
        self.type("sh -c 'echo waiting; exec sleep 60'\r")
        self.expect("waiting\r\n")
        self.type("\x03")
        self.expect("next> ")
        self.type("echo \"<$?>\"\r")
        self.expect("<130>\r\n")
        self.expect("next> ")
        self.type("exit 0\r")
        self.ends_with(0)

    def test_the_end_of_input_ends_it(self):
        self.shell()
        self.type("\x04")
        self.ends_with(0)

    def test_lines_from_a_pipe_run_one_at_a_time(self):
        done = run("shell", self.unix, input=b"cd /usr\npwd\ntty\n")
        self.assertEqual(done.stdout.splitlines()[1:], [b"not a tty"])
        self.assertNotEqual(done.stdout.splitlines()[0], b"/usr")


class Attach(AtATerminal):
    def running_job(self):
        """The id of the only job that runs."""
        jobs = run("jobs", "--json", self.unix).stdout.splitlines()
        ids = [each["id"] for each in (json.loads(line)["job"] for line in jobs)
               if each["running"]]
        self.assertEqual(len(ids), 1, jobs)
        return ids[0]

    def test_a_job_goes_on_at_another_terminal(self):
        self.run_tty("stty -echo; echo ready; read a; echo \"<$a>\"; read b; echo \"<$b>\";"
                     "while [ \"$(stty size)\" != '50 120' ]; do sleep 0.05; done; exit 6",
                     "--keep", "1m")
        self.expect("ready\r\n")
        self.type("one\r")
        self.expect("<one>\r\n")
        self.type("~.")
        self.ends_with(255)
        job = self.running_job()
        self.assertIn(f"note: left: the command goes on as a job for 1m: 'hotline attach --tty "
                      f"{self.unix} {job}'".encode(), self.rest())
        self.output = b""
        set_size(self.main, 50, 120)
        self.start("attach", "--tty", self.unix, job)
        self.expect("ready\r\n<one>\r\n")
        self.type("two\r")
        self.expect("<two>\r\n")
        self.ends_with(6)

    def test_a_job_without_a_terminal_is_refused(self):
        status, out, _ = said("--detach", "--shell", "sleep 60", self.unix)
        self.assertEqual(status, 0)
        job = out.decode().strip()
        self.addCleanup(run, "jobs", "--forget", self.unix, job)
        self.start("attach", "--tty", self.unix, job)
        self.ends_with(255)
        self.assertIn(b"the job does not run on a terminal", self.rest())

    def test_it_needs_a_terminal_here(self):
        done = run("attach", "--tty", self.unix, 32 * "0")
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--tty needs a terminal", done.stderr)


class WithoutATerminal(WithServer):
    def test_the_command_has_a_terminal_all_the_same(self):
        status, out, _ = said("--tty", "--shell", "stty size; echo $TERM; tr a-z A-Z; exit 3",
                              self.unix, input=b"line\n~.\n",
                              env={**os.environ, "TERM": "no/name"})
        self.assertEqual(status, 3)
        self.assertIn(b"24 80\r\n", out)
        self.assertIn(b"dumb\r\n", out)
        self.assertIn(b"LINE\r\n~.\r\n", out)

    def test_what_excludes_a_terminal_is_refused(self):
        for option in ("--no-input", "--detach", "--json"):
            status, out, error = said("--tty", option, self.unix, "--", "true")
            self.assertEqual((status, out), (2, b""))
            self.assertIn(option.encode(), error)
        status, _, error = said("--tty", "--on", self.unix, "--", "true")
        self.assertEqual(status, 2)
        self.assertIn(b"--tty and --on exclude each other", error)

    def test_the_wires_of_the_course_have_none(self):
        status, _, error = said("--tty", self.tcp + "?wire=i32", "--", "true")
        self.assertEqual(status, 2)
        self.assertIn(b"--tty needs the wire 'hotline'", error)


if __name__ == "__main__":
    unittest.main()
