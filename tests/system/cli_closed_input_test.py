"""Commands that read standard input, when it is closed from the start."""
import os
import tempfile
import unittest

from cli_process_test import CLOSED_INPUT, without
from cli_support import Server


class ClosedInput(unittest.TestCase):
    def test_commands_report_that_it_is_closed(self):
        with tempfile.TemporaryDirectory() as root:
            os.mkdir(f"{root}/users")
            with open(f"{root}/users/alice.toml", "w") as file:
                file.write(f"uid = {os.getuid()}\n")
            with Server(f"files=unix://{root}/s?root={root}") as server:
                for words, status in ((("put", server.endpoint, "-", "--to", "a"), 1),
                                      (("key", "add"), 1), (("run", "--on", "-", "true"), 2)):
                    with self.subTest(words=words):
                        ended = without(("<&-",), "--home", root, *words)
                        self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                                         (status, b"", CLOSED_INPUT))
                self.assertEqual(without((), "ls", server.endpoint).stdout, b"")

    def test_a_command_gets_an_empty_input(self):
        with tempfile.TemporaryDirectory() as folder, \
                Server(f"command=unix://{folder}/s") as server:
            ended = without(("<&-",), "run", server.endpoint, "--", "cat")
            self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, b"", b""))
