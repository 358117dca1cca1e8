"""`hotline run --reconnect` and `hotline attach --reconnect`: a connection that is lost is made
again, and nothing is lost or doubled."""
import hashlib
import json
import os
import random
import signal
import subprocess
import tempfile
import unittest

from cli_support import HOTLINE, WAIT_S, Program, Server, run
from cutting_proxy import DOWN, UP, CuttingProxy
from remote_support import said

HELD = "while ! test -e {0}; do sleep .02; done"


class Reconnecting(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server = cls.enterClassContext(Server("command=tcp://127.0.0.1:0"))
        cls.direct = cls.server.endpoint

    def proxy(self, *cuts):
        return self.enterContext(CuttingProxy(self.direct, *cuts))

    def path(self, name):
        return os.path.join(self.folder, f"{self.id()}.{name}")

    def jobs(self, endpoint=None):
        done = run("jobs", "--json", endpoint or self.direct)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return [json.loads(line)["job"] for line in done.stdout.splitlines()]

    def job_of(self, text):
        """The id of the job whose line has this text."""
        [job] = [each["id"] for each in self.jobs() if text in each["line"]]
        return job


class Bytes(Reconnecting):
    def test_output_is_exact_over_several_cuts(self):
        proxy = self.proxy((DOWN, 100_000), (DOWN, 7_777), (DOWN, 1_000_000), (DOWN, 333))
        status, out, error = said("--reconnect", "60s", "--shell",
                                  "seq 400000; echo end >&2; exit 7", proxy.endpoint)
        self.assertEqual(status, 7)
        self.assertEqual(hashlib.sha256(out).digest(), hashlib.sha256(
            "".join(f"{n}\n" for n in range(1, 400_001)).encode()).digest())
        lines = error.decode().splitlines()
        self.assertEqual(lines.count("end"), 1)
        self.assertEqual(sum("note: the connection was lost" in line for line in lines), 4)
        self.assertEqual(sum("note: the connection is back" in line for line in lines), 4)
        self.assertEqual(proxy.accepted, 5)

    def test_input_is_exact_over_several_cuts(self):
        content = random.Random(7).randbytes(3_000_000)
        proxy = self.proxy((UP, 100_000), (UP, 55_555), (DOWN, 700_000), (UP, 1_000_000))
        status, out, error = said("--reconnect", "60s", proxy.endpoint, "--", "cat", input=content)
        self.assertEqual(status, 0, error)
        self.assertEqual(hashlib.sha256(out).digest(), hashlib.sha256(content).digest())
        self.assertEqual(proxy.accepted, 5)

    def test_input_that_did_not_arrive_is_sent_again_though_no_more_follows(self):
        proxy = self.proxy()
        with Program("run", "--reconnect", "60s", proxy.endpoint, "--", "cat",
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            program.process.stdin.write(b"one\n")
            program.process.stdin.flush()
            self.assertEqual(program.process.stdout.readline(), b"one\n")
            proxy.swallowed.add(UP)
            program.process.stdin.write(b"two\n")
            program.process.stdin.flush()
            self.assertTrue(proxy.has_swallowed.wait(WAIT_S))
            proxy.swallowed.clear()
            proxy.cut()
            self.assertEqual(program.process.stdout.readline(), b"two\n")
            program.process.stdin.close()
            self.assertEqual(program.end(), 0)

    def test_a_cut_anywhere_in_the_start_runs_the_command_once(self):
        for way in (UP, DOWN):
            for at in range(120, 420, 25):
                with self.subTest(way=way, at=at):
                    ran = self.path(f"{way}{at}")
                    proxy = self.proxy((way, at), (way, at))
                    status, out, error = said("-n", "--reconnect", "60s", "--shell",
                                              f"echo x >> {ran}; echo out; exit 3", proxy.endpoint)
                    if status == 255:
                        # Cut before there was a connection.
                        self.assertRegex(error, b"^error: ")
                        self.assertFalse(os.path.exists(ran))
                        continue
                    self.assertEqual((status, out), (3, b"out\n"), error)
                    with open(ran, encoding="ascii") as file:
                        self.assertEqual(file.read(), "x\n")

    def test_an_attached_job_goes_on_over_cuts(self):
        started = said("--detach", "--shell", "seq 300000; exit 5", self.direct)
        job = started[1].decode().strip()
        proxy = self.proxy((DOWN, 50_000), (DOWN, 900_000), (UP, 400))
        done = run("attach", "--reconnect", "60s", proxy.endpoint, job)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertEqual(done.stdout, "".join(f"{n}\n" for n in range(1, 300_001)).encode())
        self.assertGreaterEqual(proxy.accepted, 3)


class Ends(Reconnecting):
    def test_json_counts_the_reconnects_and_no_job_is_left(self):
        proxy = self.proxy((DOWN, 20_000), (DOWN, 20_000))
        status, out, _ = said("--json", "--reconnect", "60s", proxy.endpoint, "--", "seq", "20000")
        found = json.loads(out)["command"]
        self.assertEqual((status, found["reconnects"], found["stdout"]["bytes"]), (0, 2, 108_894))
        self.assertEqual([each for each in self.jobs() if each.get("argv") == ["seq", "20000"]], [])
        plain = json.loads(said("--json", self.direct, "true")[1])["command"]
        self.assertEqual(plain["reconnects"], 0)

    def test_without_the_option_a_lost_connection_is_255(self):
        proxy = self.proxy((DOWN, 20_000))
        status, _, error = said(proxy.endpoint, "--", "seq", "20000")
        self.assertEqual(status, 255)
        self.assertRegex(error, b"^error: ")
        self.assertEqual(proxy.accepted, 1)

    def test_the_time_is_over_and_the_hint_says_how_to_attach(self):
        proxy = self.proxy()
        done = self.path("done")
        with Program("run", "-n", "--reconnect", "700ms", "--shell",
                     f"echo begun; {HELD.format(done)}; echo end", proxy.endpoint,
                     stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            proxy.close()
            self.assertEqual(program.end(), 255)
            program.line("^error: cannot go on with the command at .*within the time; the last")
            program.line("^hint: .*'hotline attach tcp://.* [0-9a-f]{32}'")
        open(done, "w", encoding="ascii").close()
        attached = run("attach", self.direct, self.job_of(done))
        self.assertEqual((attached.returncode, attached.stdout), (0, b"begun\nend\n"))

    def test_an_interrupt_while_it_is_lost_leaves_at_once(self):
        proxy = self.proxy()
        done = self.path("done")
        with Program("run", "--reconnect", "1h", "--shell",
                     f"echo begun; {HELD.format(done)}; echo end", proxy.endpoint,
                     stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            proxy.close()
            program.line("^note: the connection was lost")
            program.signal(signal.SIGINT)
            self.assertEqual(program.end(), 255)
            program.line("^error: .*left before the connection was back")
            program.line("^hint: .*'hotline attach tcp://.* [0-9a-f]{32}'")
        open(done, "w", encoding="ascii").close()
        attached = run("attach", self.direct, self.job_of(done))
        self.assertEqual((attached.returncode, attached.stdout), (0, b"begun\nend\n"))

    def test_a_cancel_that_was_lost_is_asked_for_again(self):
        proxy = self.proxy()
        with Program("run", "-n", "--reconnect", "60s", "--shell", "echo begun; sleep 600",
                     proxy.endpoint, stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            proxy.swallowed.add(UP)
            program.signal(signal.SIGINT)
            program.line("^note: cancelling the remote command")
            self.assertTrue(proxy.has_swallowed.wait(WAIT_S))
            proxy.swallowed.clear()
            proxy.cut()
            self.assertEqual(program.end(), 255)
            program.line("^error: cannot finish the command at .*cancelled")

    def test_a_server_that_was_started_again_does_not_know_the_command(self):
        path = f"unix://{self.folder}/again"
        with Server(f"command={path}") as server:
            program = self.enterContext(Program(
                "run", "-n", "--reconnect", "60s", "--shell", "echo begun; sleep 600", path,
                stdout=subprocess.PIPE))
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            server.process.kill()
            server.process.wait(WAIT_S)
            program.line("^note: the connection was lost")
        with Server(f"command={path}"):
            self.assertEqual(program.end(), 255)
            program.line("^error: cannot go on with the command at .*does not know the job")
            program.line("^hint: .*check before running it again")

    def test_a_command_that_another_client_has_attached_to_is_left_to_it(self):
        proxy = self.proxy()
        with Program("run", "-n", "--reconnect", "60s", "--shell", "echo taken; sleep 600",
                     proxy.endpoint, stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"taken\n")
            job = self.job_of("echo taken")
            with Program("attach", self.direct, job, stdout=subprocess.PIPE) as other:
                self.assertEqual(other.process.stdout.readline(), b"taken\n")
                self.assertEqual(program.end(), 255)
                program.line("^error: .*another client")
                self.assertEqual(proxy.accepted, 1)
            run("jobs", "--forget", self.direct, job)

    def test_a_detached_start_whose_answer_was_lost_runs_once(self):
        ran = self.path("ran")
        proxy = self.proxy((DOWN, 160), (DOWN, 170))
        done = run("run", "--detach", "--reconnect", "60s", "--shell", f"echo x >> {ran}",
                   proxy.endpoint)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, b"^[0-9a-f]{32}\n$")
        self.assertEqual(run("attach", self.direct, done.stdout.decode().strip()).returncode, 0)
        with open(ran, encoding="ascii") as file:
            self.assertEqual(file.read(), "x\n")

    def test_wrong_command_lines_are_refused(self):
        for words in (("--reconnect=0s", self.direct, "ls"),
                      ("--reconnect", "5", self.direct, "ls"),
                      ("--reconnect=5s", "--on=unix:@a,unix:@b", "ls"),
                      ("--reconnect=5s", "unix:@x?wire=plain", "ls")):
            with self.subTest(words):
                status, out, error = said(*words)
                self.assertEqual((status, out), (2, b""))
                self.assertRegex(error, b"^error: .*\nhint: ")


if __name__ == "__main__":
    unittest.main()
