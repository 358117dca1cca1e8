"""bench/http_files measures the example, names nginx where it is missing, and leaves nothing."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from interop_support import EXAMPLES, ROOT

BENCH = os.path.join(ROOT, "bench")
RUN_S = 100


class BenchHttpFilesTest(unittest.TestCase):
    def run_quick(self, *words):
        temporary = self.enterContext(tempfile.TemporaryDirectory())
        done = subprocess.run(
            [sys.executable, os.path.join(BENCH, "http_files"), "--quick", *words],
            capture_output=True, text=True, timeout=RUN_S, check=False,
            env=os.environ | {"TMPDIR": temporary})
        self.assertEqual(os.listdir(temporary), [])
        return done

    def test_it_measures_files_of_both_sizes(self):
        with tempfile.TemporaryDirectory() as folder:
            result = os.path.join(folder, "result")
            done = self.run_quick("--build", os.path.dirname(EXAMPLES), "--json", result)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(result, encoding="utf-8") as file:
                measured = json.load(file)["rounds"]
        for each in ("large", "small"):
            self.assertGreater(measured[each][0]["hotline"]["GB_s"], 0)
            self.assertGreater(measured[each][0]["hotline"]["cpu_ns_KiB"], 0)
            self.assertIn("nginx" in measured[each][0], (True, "left out nginx" not in done.stderr))

    def test_a_server_that_ends_at_once_is_named_with_what_it_said(self):
        build = self.enterContext(tempfile.TemporaryDirectory())
        program = os.path.join(build, "examples", "http_file_server")
        os.mkdir(os.path.dirname(program))
        with open(program, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho 'error: no luck' >&2\nexit 3\n")
        os.chmod(program, 0o755)
        done = self.run_quick("--build", build, "--scenario", "small")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("http_file_server does not serve (status 3): error: no luck", done.stderr)

    def test_a_base_that_was_too_small_to_be_measured_is_left_out(self):
        code = """from comparisons import Comparison, values
rounds = [{"a": {"x": 3}, "b": {"x": each}} for each in (0, 2, 0.0)]
print(values(Comparison("x", "a", "b"), rounds))"""
        done = subprocess.run([sys.executable, "-Bc", code], cwd=BENCH, capture_output=True,
                              text=True, timeout=RUN_S, check=True)
        self.assertEqual(done.stdout, "[1.5]\n")


if __name__ == "__main__":
    unittest.main()
