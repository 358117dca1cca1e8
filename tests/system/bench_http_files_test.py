"""bench/http_files measures the example, names nginx where it is missing, and leaves nothing."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from interop_support import EXAMPLES, ROOT

RUN_S = 100


class BenchHttpFilesTest(unittest.TestCase):
    def test_it_measures_files_of_both_sizes(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as temporary:
            result = os.path.join(folder, "result")
            done = subprocess.run(
                [sys.executable, os.path.join(ROOT, "bench", "http_files"), "--quick", "--build",
                 os.path.dirname(EXAMPLES), "--json", result],
                capture_output=True, text=True, timeout=RUN_S, check=False,
                env=os.environ | {"TMPDIR": temporary})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.listdir(temporary), [])
            with open(result, encoding="utf-8") as file:
                measured = json.load(file)["rounds"]
        for each in ("large", "small"):
            self.assertGreater(measured[each][0]["hotline"]["GB_s"], 0)
            self.assertIn("nginx" in measured[each][0], (True, "left out nginx" not in done.stderr))


if __name__ == "__main__":
    unittest.main()
