"""What is wrong here, before anything is connected, has one status in all commands."""
import os
import tempfile
import unittest

from cli_support import run

USAGE = 2
AN_ENDPOINT = "127.0.0.1:7"

# What an endpoint may name that is not here, and what the error names.
MISTAKES = {
    f"tls://{AN_ENDPOINT}?framing=lines": "credentials",
    f"tls://{AN_ENDPOINT}?framing=lines&ca=/none.pem": "/none.pem",
    f"tls://{AN_ENDPOINT}?framing=lines&ca=FOLDER": "FOLDER",
    f"tls://{AN_ENDPOINT}?framing=lines&cert=/none.pem&key=/none.key": "/none.",
    f"tcp://{AN_ENDPOINT}?framing=lines&auth=mp&secret-file=/none": "/none",
    f"tcp://{AN_ENDPOINT}?framing=lines&auth=mp&secret-file=FOLDER": "FOLDER",
    f"tcp://{AN_ENDPOINT}?framing=lines&source=203.0.113.1": "203.0.113.1",
}

# The words of a command around its endpoint. Commands of jobs and files have no framing.
JOB = "0" * 32
FRAMED = (("call", "", "x"), ("bench", "", "--messages=1"), ("time", "", "%Y"))
UNFRAMED = (("run", "", "true"), ("run", "--detach", "true"), ("shell", ""), ("jobs", ""),
            ("attach", "", JOB), ("ls", ""), ("files", ""), ("get", "", "a"), ("put", "", "a"),
            ("rm", "", "a", "b"), ("sum", "", "a"), ("mkdir", "", "a"), ("mv", "", "a", "b"),
            ("quota", ""))


class LocalMistakes(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        with open(f"{self.folder}/a", "wb"):
            pass

    def check(self, command, endpoint, named):
        first, option, *others = command
        endpoint, named = (each.replace("FOLDER", self.folder) for each in (endpoint, named))
        words = [first, *([option] if option else []), endpoint, *others]
        done = run("--home", os.path.join(self.folder, "home"), *words, cwd=self.folder)
        with self.subTest(words=words):
            said = done.stderr.decode()
            self.assertEqual(done.returncode, USAGE, said)
            self.assertEqual(said.count("error: "), 1, said)
            self.assertIn(named, said)
            self.assertIn("hint: ", said)

    def test_commands_of_messages(self):
        for command in FRAMED:
            for endpoint, named in MISTAKES.items():
                self.check(command, endpoint, named)

    def test_commands_of_jobs_and_files(self):
        for command in UNFRAMED:
            for endpoint, named in MISTAKES.items():
                framed = endpoint.replace("framing=lines&", "").replace("?framing=lines", "")
                self.check(command, framed, named)

    def test_a_server_that_is_missing_is_no_such_mistake(self):
        for endpoint in (f"unix://{self.folder}/none", "tcp://no.such.name.invalid:1"):
            done = run("ls", endpoint)
            self.assertEqual(done.returncode, 5, done.stderr)
