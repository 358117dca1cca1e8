"""`hotline run --on`: one command at many endpoints."""
import json
import os
import signal
import subprocess
import unittest

from cli_support import HOTLINE, WAIT_S, ended
from remote_support import WithServer, said


class Many(WithServer):
    def on(self, *words, hosts=None):
        return said("--on", hosts or f"{self.unix},{self.tcp}", *words)

    def gone(self):
        return f"unix://{self.folder}/gone"

    def test_each_line_begins_with_its_endpoint(self):
        status, out, err = self.on("--", "printf", "a\\nb")
        expected = [f"{each}: {line}".encode() for each in (self.unix, self.tcp) for line in "ab"]
        self.assertEqual((status, sorted(out.splitlines())), (0, sorted(expected)))
        self.assertEqual(err, b"note: 2 endpoints: 2 ok\n")

    def test_errors_come_out_where_errors_belong(self):
        status, out, err = self.on("--shell", "echo e >&2", hosts=self.unix + ",")
        self.assertEqual((status, out), (0, b""))
        self.assertIn(f"{self.unix}: e\n".encode(), err)

    def test_equal_outputs_are_folded(self):
        status, out, _ = self.on("--fold", "--", "echo", "same")
        self.assertEqual((status, out), (0, f"---- {self.unix}, {self.tcp} (2)\nsame\n".encode()))

    def test_the_status_is_that_of_the_commands_or_ours(self):
        status, _, err = self.on("--shell", "exit 3")
        self.assertEqual(status, 3)
        self.assertIn(b"2 endpoints: 2 failed\n", err)
        status, out, err = self.on("--", "echo", "x", hosts=f"{self.unix},{self.gone()}")
        self.assertEqual((status, out), (255, f"{self.unix}: x\n".encode()))
        self.assertIn(b"2 endpoints: 1 ok, 1 unreachable\n", err)

    def test_there_is_an_object_for_each_endpoint(self):
        status, out, _ = self.on("--json", "--", "echo", "x", hosts=f"{self.unix},{self.gone()}")
        self.assertEqual(status, 255)
        objects = {each["outcome"]: each for each in map(json.loads, out.splitlines())}
        self.assertEqual(set(objects), {"ok", "unreachable"})
        self.assertEqual(objects["unreachable"]["endpoint"], self.gone())
        self.assertEqual(objects["ok"]["command"]["stdout"]["text"], "x\n")

    def test_a_file_names_the_endpoints(self):
        path = os.path.join(self.folder, "hosts")
        with open(path, "w", encoding="utf-8") as hosts:
            hosts.write(f"# all\n{self.unix}  # one\n\n{self.tcp}\n")
        status, out, _ = self.on("--fanout", "1", "--", "echo", "x", hosts=path)
        self.assertEqual(out, f"{self.unix}: x\n{self.tcp}: x\n".encode())
        self.assertEqual(status, 0)

    def test_mistakes_run_nothing(self):
        mark = os.path.join(self.folder, "mark")
        for hosts in (f"{self.unix},{self.unix}", f"{self.unix},tcp://127.0.0.1:x",
                      f"{self.unix},{self.tcp}?wire=i32", os.path.join(self.folder, "absent")):
            status, out, err = self.on("--", "touch", mark, hosts=hosts)
            self.assertEqual((status, out), (2, b""), hosts)
            self.assertRegex(err, b"^error: .*\nhint: ")
        for option in ("--detach", "--input"):
            self.assertEqual(self.on(option, "--", "touch", mark)[0], 2)
        self.assertEqual(said("--fold", self.unix, "--", "touch", mark)[0], 2)
        self.assertFalse(os.path.exists(mark))

    def test_an_interrupt_cancels_all(self):
        words = [HOTLINE, "run", "--on", f"{self.unix},{self.tcp}", "--shell", "echo in; sleep 60"]
        with ended(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)) as program:
            for _ in range(2):
                self.assertRegex(program.stdout.readline(), b": in\n$")
            program.send_signal(signal.SIGINT)
            _, err = program.communicate(timeout=WAIT_S)
        self.assertEqual(program.returncode, 255)
        self.assertIn(b"2 endpoints: 2 cancelled\n", err)

    def test_a_reader_that_does_not_read_can_be_left(self):
        words = [HOTLINE, "run", "--on", f"{self.unix},{self.tcp}", "--", "yes"]
        with ended(subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)) as program:
            self.assertRegex(program.stdout.readline(), b": y\n$")
            program.send_signal(signal.SIGINT)
            self.assertEqual(program.wait(WAIT_S), 255)

    def test_a_reader_that_leaves_ends_all(self):
        line = '"$0" run --on "$1" -- yes | head -n 20 | wc -l; exit "${PIPESTATUS[0]}"'
        done = subprocess.run(["bash", "-c", line, HOTLINE, f"{self.unix},{self.tcp}"],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stdout.strip()), (255, b"20"))


if __name__ == "__main__":
    unittest.main()
