"""Kills the program after each of its calls that change files: what it leaves is whole.

The calls are counted by tests/torture/death.c, which is preloaded.
"""
import os
import shutil
import signal
import struct
import tempfile
import unittest

from cli_support import ROOT, run

LIBRARY = os.environ.get("HOTLINE_DEATH_LIBRARY",
                         os.path.join(ROOT, "build", "dev", "tests", "torture", "libdeath.so"))
NEVER = 1_000_000


class KilledFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def run_until(self, calls, *arguments):
        """Runs the program, which is killed after so many calls. Returns its end, and the calls."""
        report = os.path.join(self.folder, "report")
        preloaded = [*os.environ.get("LD_PRELOAD", "").split(), LIBRARY]
        environment = {**os.environ, "LD_PRELOAD": " ".join(preloaded),
                       "HOTLINE_DEATH": str(calls), "HOTLINE_DEATH_REPORT": report}
        done = run(*arguments, env=environment)
        with open(report, "rb") as file:
            return done, struct.unpack("q", file.read(8))[0]

    def test_a_key_is_there_whole_or_not_at_all(self):
        home = os.path.join(self.folder, "home")
        new = ("key", "new", "alice", "--home", home)
        done, calls = self.run_until(NEVER, *new)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertGreater(calls, 5)
        shutil.rmtree(home)
        for last in range(1, calls + 1):
            with self.subTest(calls=last):
                done, counted = self.run_until(last, *new)
                self.assertEqual(done.returncode, -signal.SIGKILL)
                self.assertEqual(counted, last)
                listed = run("key", "list", "--home", home)
                self.assertEqual(listed.returncode, 0, listed.stderr)
                # What was left is in the way of nothing.
                again = run(*new)
                self.assertEqual(again.returncode, 1 if b"alice" in listed.stdout else 0,
                                 again.stderr)
                shutil.rmtree(home)


if __name__ == "__main__":
    unittest.main()
