"""`hotline call` at a terminal: the prompt, the line under way, the history."""
import os
import resource
import signal
import stat
import tempfile
import threading
import unittest

from cli_support import WAIT_S, Terminal, WithServer, peer, run, swallow


class AtATerminal(WithServer):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def call(self, *arguments, limit=None, **environment):
        return Terminal("call", *arguments, limit=limit, HOME=self.home, XDG_STATE_HOME="",
                        **environment)

    def history(self, *place):
        return os.path.join(self.home, *(place or (".local", "state", "hotline")), "history")

    def test_a_prompt_asks_for_each_line_and_quit_hangs_up(self):
        for endpoint in self.everywhere:
            with self.call(endpoint) as call:
                call.expect(">>: ")
                call.type("hello\n")
                call.expect("HELLO\r\n>>: ")
                call.type("quit\n")
                self.assertEqual(call.end(), 0)

    def test_a_blank_line_is_asked_for_again(self):
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("\n")
            call.expect("\r\n>>: ")
            call.type("  \n")
            call.expect("\r\n>>: ")
            call.type("hello\n")
            call.expect("HELLO\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)

    def test_the_end_of_input_hangs_up_on_a_line_of_its_own(self):
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("HELLO\r\n>>: ")
            call.type("\x04")
            self.assertEqual(call.end(), 0)
            self.assertTrue(call.output.endswith(b"\r\n"))

    def test_what_is_typed_ahead_is_not_lost(self):
        for end in ("quit\n", "\x04"):
            with self.call(self.tcp) as call:
                call.type("one\ntwo\n" + end)
                call.expect("ONE\r\n>>: ")
                call.expect("TWO\r\n>>: ")
                self.assertEqual(call.end(), 0)

    def test_letters_beyond_ascii_can_be_typed_in_every_locale(self):
        for locale in ("C", "C.UTF-8", ""):
            with self.call(self.tcp, LC_ALL=locale, LANG="") as call:
                call.expect(">>: ")
                call.type("größe 操作\n")
                call.expect("GRößE 操作\r\n>>: ")
                call.type("quit\n")
                self.assertEqual(call.end(), 0)

    def test_the_history_comes_back_in_the_next_call_and_is_the_owners_alone(self):
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("hello again\n")
            call.expect("HELLO AGAIN\r\n>>: ")
            call.type(" unseen\n")
            call.expect(" UNSEEN\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.history()).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.dirname(self.history())).st_mode), 0o700)
        with open(self.history()) as history:
            kept = history.read()
        self.assertIn("hello", kept)
        self.assertNotIn("unseen", kept)
        self.assertNotIn("quit", kept)
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("\x1b[A\n")
            call.expect("HELLO AGAIN\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)

    def test_the_history_is_kept_where_home_says(self):
        place = os.path.join(self.home, "a", "b")
        with self.call(self.tcp, "--home", place) as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("HELLO\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)
        self.assertTrue(os.path.exists(self.history("a", "b")))
        self.assertFalse(os.path.exists(self.history()))

    def test_a_history_on_a_full_disk_loses_nothing_and_is_reported_once(self):
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("kept\n")
            call.expect("KEPT\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)
        with open(self.history()) as history:
            before = history.read()
        # Files cannot grow any more: what is written then is cut, as on a full disk.
        with self.call(self.tcp, limit=(resource.RLIMIT_FSIZE, 0)) as call:
            call.expect(">>: ")
            for line in "lost", "lost too":
                call.type(line + "\n")
                call.expect(line.upper() + "\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)
            self.assertEqual(call.output.count(b"note: the history is not saved any more: "), 1)
        with open(self.history()) as history:
            self.assertEqual(history.read(), before)
        self.assertEqual(os.listdir(os.path.dirname(self.history())), ["history"])

    def test_control_characters_of_a_reply_are_shown_and_not_obeyed(self):
        for arguments, shown in (((), "A\\x1b]52;C;B\\x07\\xc2\\x9b\\x0dÜ\t\r\n"),
                                 (("--raw",), "A\x1b]52;C;B\x07\x9b\rÜ\t\r\n")):
            with self.call(self.tcp, "a\x1b]52;c;b\x07\x9b\rÜ\t", *arguments) as call:
                call.expect(shown)
                self.assertEqual(call.end(), 0)

    def test_a_history_that_cannot_be_kept_does_not_prevent_a_call(self):
        with self.call(self.tcp, "--home", "/proc/none") as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("HELLO\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)

    def test_a_ctrl_c_at_the_prompt_ends_the_call(self):
        with self.call(self.tcp) as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("HELLO\r\n>>: ")
            call.type("half a li")
            call.expect("half a li")
            call.type("\x03")
            self.assertEqual(call.end(), -signal.SIGINT)

    def test_a_server_that_hangs_up_at_the_prompt_is_reported_at_once(self):
        done = threading.Event()

        def answer(connection):
            connection.sendall(connection.recv(64))
            done.wait(WAIT_S)
        with peer(answer) as endpoint, self.call(endpoint) as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("hello\r\nhello\r\n>>: ")
            call.type("half a li")
            call.expect("half a li")
            done.set()
            call.expect(f"note: {endpoint} hung up")
            self.assertEqual(call.end(), 0)

    def test_a_server_that_hangs_up_with_its_reply_is_reported_at_once(self):
        with peer(lambda connection: connection.sendall(connection.recv(64))) as endpoint:
            with self.call(endpoint) as call:
                call.expect(">>: ")
                call.type("hello\n")
                call.expect("hello\r\nhello\r\n")
                call.expect(f"note: {endpoint} hung up\r\n")
                self.assertEqual(call.end(), 0)

    def test_a_late_reply_is_shown_above_the_line_that_is_typed(self):
        said = threading.Event()

        def answer(connection):
            connection.sendall(connection.recv(64))
            said.wait(WAIT_S)
            connection.sendall(b"late")
            connection.sendall(connection.recv(64))
            swallow(connection)
        with peer(answer) as endpoint, self.call(endpoint) as call:
            call.expect(">>: ")
            call.type("hello\n")
            call.expect("hello\r\nhello\r\n>>: ")
            call.type("half")
            call.expect("half")
            said.set()
            call.expect("\r\nlate\r\n")
            call.expect(">>: half")
            call.type(" a line\n")
            call.expect("half a line\r\n>>: ")
            call.type("quit\n")
            self.assertEqual(call.end(), 0)

    def test_without_one_there_is_no_prompt(self):
        called = run("call", self.tcp, input=b"hello\n")
        self.assertEqual((called.stdout, called.stderr), (b"HELLO\n", b""))


if __name__ == "__main__":
    unittest.main()
