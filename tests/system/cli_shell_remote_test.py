"""`hotline shell` on its own wire."""
import json
import tempfile
import unittest

from cli_support import Server, run


class Lines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(Server(f"command=unix://{cls.folder}/s"))

    def said(self, lines, *options):
        done = run("shell", *options, self.server.endpoint, input=lines)
        return done.returncode, done.stdout, done.stderr

    def test_lines_run_one_after_another_and_the_last_gives_the_status(self):
        self.assertEqual(self.said(b"echo one\n\ntrue\necho no >&2\n(exit 3)\nquit\necho never\n"),
                         (3, b"one\n", b"no\n"))
        self.assertEqual(self.said(b"(exit 3)\necho last"), (0, b"last\n", b""))
        self.assertEqual(self.said(b"kill -9 $$\n"), (137, b"", b""))
        self.assertEqual(self.said(b""), (0, b"", b""))

    def test_a_line_has_no_input_and_leaves_the_other_lines(self):
        self.assertEqual(self.said(b"cat\necho next\n"), (0, b"next\n", b""))

    def test_a_line_that_cannot_run_is_an_error_and_the_next_runs(self):
        status, out, error = self.said(b"a\0b\necho next\n")
        self.assertEqual((status, out), (0, b"next\n"))
        self.assertRegex(error, b"^error: ")

    def test_a_timeout_ends_a_line_only(self):
        status, out, error = self.said(b"sleep 60\necho next\n", "--timeout", "300ms")
        self.assertEqual((status, out), (0, b"next\n"))
        self.assertRegex(error, b"timeout")

    def test_each_line_is_an_object_if_asked(self):
        status, out, _ = self.said(b"echo one\n(exit 2)\n", "--json")
        ends = [json.loads(line)["command"] for line in out.splitlines()]
        self.assertEqual([(each["line"], each["status"]) for each in ends],
                         [("echo one", 0), ("(exit 2)", 2)])
        self.assertEqual(status, 2)

    def test_a_server_that_is_not_there_is_5(self):
        done = run("shell", "unix:@hotline-none-there")
        self.assertEqual(done.returncode, 5)

    def test_all_lines_use_one_connection(self):
        with Server(f"command=unix://{self.folder}/one", options=("--once",)) as server:
            done = run("shell", server.endpoint, input=b"echo one\necho two\n")
            self.assertEqual((done.returncode, done.stdout), (0, b"one\ntwo\n"))
            self.assertEqual(server.end(), 0)


if __name__ == "__main__":
    unittest.main()
