"""bench/commands measures every row with small numbers, names peers that are missing, and leaves
nothing. It has no ssh here: only programs of this tree and `cat` are in its path."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from cli_support import HOTLINE, ROOT

BUILD = os.path.dirname(os.path.abspath(HOTLINE))
LOAD = os.path.join(BUILD, "bench", "command_load")
SMALL = ("--rounds", "--commands", "--programs", "--megabytes")
RUN_S = 100

sys.path.insert(0, os.path.join(ROOT, "bench"))
import comparisons
from comparisons import Comparison


@unittest.skipUnless(os.access(LOAD, os.X_OK), f"{LOAD} was not built")
class BenchCommandsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for each in ("path", "temporary"):
            os.mkdir(os.path.join(self.folder, each))
        os.symlink(shutil.which("cat"), os.path.join(self.folder, "path", "cat"))

    def bench(self, *words):
        small = [word for name in SMALL for word in (name, "1")]
        path, temporary = (os.path.join(self.folder, each) for each in ("path", "temporary"))
        done = subprocess.run(
            [sys.executable, os.path.join(ROOT, "bench", "commands"), "--build", BUILD, *small,
             "--burst", "5", "--stalled", "3", "--endpoints", "3", *words],
            capture_output=True, text=True, timeout=RUN_S, check=False,
            env=os.environ | {"PATH": path, "TMPDIR": temporary})
        self.assertEqual(os.listdir(temporary), [])
        return done

    def rows(self, scenario):
        path = os.path.join(self.folder, "result")
        done = self.bench("--scenario", scenario, "--json", path)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(path, encoding="utf-8") as file:
            return json.load(file)["rounds"][scenario][0], done

    def test_commands_on_live_connections_are_measured(self):
        rows, _ = self.rows("latency")
        self.assertEqual(list(rows), ["posix_spawn", "tcp", "unix", "tls"])
        self.assertTrue(all(0 < each["p50_us"] <= each["p99_us"] for each in rows.values()))

    def test_whole_programs_are_measured(self):
        rows, _ = self.rows("program")
        self.assertEqual(list(rows), ["run-tcp", "run-unix", "run-tls"])

    def test_long_outputs_are_measured_beside_a_bare_socket(self):
        rows, done = self.rows("output")
        self.assertEqual(list(rows), ["socket", "run-tcp", "run-unix", "run-tls"])
        self.assertIn("MB_s: run-tcp / socket", done.stdout)

    def test_commands_at_once_are_measured_and_their_failures_counted(self):
        rows, _ = self.rows("burst")
        self.assertEqual([each["failures"] for each in rows.values()], [0] * 4)

    def test_memory_is_measured_while_outputs_are_stalled(self):
        rows, _ = self.rows("stalled")
        for each in rows.values():
            self.assertGreater(each["with_keepers_MB"], each["server_MB"])

    def test_missing_peers_are_named_and_do_not_fail(self):
        rows, done = self.rows("hosts")
        self.assertEqual(list(rows), ["on-tls", "on-tcp"])
        for package in ("openssh-client", "clustershell", "pdsh"):
            self.assertIn(f"install {package}\n", done.stderr)

    def test_a_load_without_a_server_fails_with_a_reason(self):
        done = subprocess.run([LOAD, "latency", "1", "", f"unix://{self.folder}/none"],
                              capture_output=True, text=True, timeout=RUN_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.folder}/none", done.stderr)

    def test_a_load_of_an_unknown_conduct_is_a_wrong_command_line(self):
        for words in ((), ("latency", "0", "", "unix:///none"), ("dance", "1", "", "unix:///none")):
            done = subprocess.run([LOAD, *words], capture_output=True, timeout=RUN_S, check=False)
            self.assertEqual(done.returncode, 2)


class ComparisonsTest(unittest.TestCase):
    def test_a_ratio_is_of_one_round_and_the_median_of_them_decides(self):
        rounds = [{"a": {"s": mine}, "b": {"s": base}} for mine, base in ((2, 1), (30, 10), (1, 1))]
        self.assertEqual(comparisons.compare(Comparison("s", "a", "b", at_most=2), rounds),
                         ["s: a / b", "2.00 (1.00-3.00)", "aim at most 2: met"])
        self.assertEqual(comparisons.compare(Comparison("s", "a", "b", at_least=2.1), rounds)[2],
                         "aim at least 2.1: missed")

    def test_a_figure_may_have_an_aim_of_its_own(self):
        self.assertEqual(comparisons.compare(Comparison("MB", "a", at_most=64),
                                             [{"a": {"MB": 65}}])[2], "aim at most 64: missed")

    def test_a_row_that_is_missing_is_not_compared(self):
        self.assertIsNone(comparisons.compare(Comparison("s", "a", "b"), [{"a": {"s": 1}}]))
        self.assertEqual(comparisons.medians([{"a": {"s": 1}}, {"a": {"s": 3}, "b": {"s": 5}}]),
                         {"a": {"s": 2}, "b": {"s": 5}})


if __name__ == "__main__":
    unittest.main()
