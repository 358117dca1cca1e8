"""bench/files measures every row with small numbers, names peers that are missing, and leaves
nothing. Only the programs of Debian's essential packages are in its path."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from cli_support import HOTLINE, ROOT

BUILD = os.path.dirname(os.path.abspath(HOTLINE))
LOAD = os.path.join(BUILD, "bench", "file_load")
PLAIN = ("cp", "ls", "sh", "sync", "tar")
RUN_S = 100


@unittest.skipUnless(os.access(LOAD, os.X_OK), f"{LOAD} was not built")
class BenchFilesTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        for each in ("path", "temporary"):
            os.mkdir(os.path.join(self.folder, each))
        for each in PLAIN:
            os.symlink(shutil.which(each), os.path.join(self.folder, "path", each))

    def bench(self, *words):
        path, temporary = (os.path.join(self.folder, each) for each in ("path", "temporary"))
        result = os.path.join(self.folder, "result")
        done = subprocess.run(
            [sys.executable, os.path.join(ROOT, "bench", "files"), "--build", BUILD, "--quick",
             "--memory", temporary, "--json", result, *words],
            capture_output=True, text=True, timeout=RUN_S, check=False,
            env=os.environ | {"PATH": path, "TMPDIR": temporary})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(temporary), [])
        with open(result, encoding="utf-8") as file:
            return {name: rounds[0] for name, rounds in json.load(file)["rounds"].items()}, done

    def test_every_row_of_ours_is_measured_with_small_numbers(self):
        rows, done = self.bench("--peer", "cp")
        self.assertEqual({name: list(found) for name, found in rows.items()}, {
            "large": ["floor"] + [f"{verb}-{each}" for each in ("unix", "tcp", "tls")
                                  for verb in ("put", "get")] + ["cp"],
            "small": ["put-tls", "get-tls", "put-unix", "get-unix", "cp"],
            "durable": ["put-tls"],
            "list": ["ls-lU", "list-tls", "list-unix", "ls-tls"],
            "resume": ["put-whole", "put-resumed", "get-whole", "get-resumed"],
            "clients": ["library-tls", "programs-tls"],
            "idle": ["idle-tls"],
            "latency": ["alone", "beside-uploads"]})
        self.assertIn("cpu_s_GiB: put-unix / floor", done.stdout)
        for verb in ("put", "get"):
            self.assertEqual(rows["resume"][f"{verb}-whole"]["begin_MB"], 0)
            self.assertGreater(rows["resume"][f"{verb}-resumed"]["begin_MB"], 0)
        self.assertEqual(rows["clients"]["programs-tls"]["failures"], 0)

    def test_missing_peers_are_named_and_do_not_fail(self):
        rows, done = self.bench("--scenario", "durable")
        self.assertEqual(list(rows["durable"]), ["put-tls"])
        for package in ("netcat-openbsd", "openssh-client", "rsync", "rclone"):
            self.assertIn(f"install {package}\n", done.stderr)

    def test_a_load_with_a_wrong_command_line_or_without_a_server_fails_with_a_reason(self):
        nowhere = f"unix://{self.folder}/none"
        for words in ((), ("idle", "", nowhere, "0"), ("dance", "", nowhere, "1")):
            done = subprocess.run([LOAD, *words], capture_output=True, timeout=RUN_S, check=False)
            self.assertEqual(done.returncode, 2)
        done = subprocess.run([LOAD, "list", "", nowhere, ""], capture_output=True, text=True,
                              timeout=RUN_S, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{self.folder}/none", done.stderr)


if __name__ == "__main__":
    unittest.main()
