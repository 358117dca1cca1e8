"""Jobs: `hotline run --detach` and `--keep`, `hotline attach`, `hotline jobs`."""
import json
import re
import signal
import subprocess
import unittest

from cli_support import Program, Server, run
from remote_support import WithServer, said


class Jobs(WithServer):
    def started(self, line, *options):
        """The id of a job that has just been started."""
        status, out, error = said("--detach", *options, "--shell", line, self.unix)
        self.assertEqual((status, error), (0, b""))
        self.assertRegex(out, rb"^[0-9a-f]{32}\n$")
        return out.decode().strip()

    def path_of(self, name):
        return f"{self.folder}/{self.id()}.{name}"

    def attached(self, job, *options):
        done = run("attach", *options, self.unix, job)
        return done.returncode, done.stdout, done.stderr

    def listed(self):
        """The jobs of this caller, by their ids."""
        done = run("jobs", "--json", self.unix)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        jobs = [json.loads(line)["job"] for line in done.stdout.splitlines()]
        return {each["id"]: each for each in jobs}

    def test_a_job_is_attached_to_later_with_all_of_its_output_and_its_status(self):
        job = self.started("echo one; echo two >&2; head -c 200000 /dev/zero; exit 3")
        status, out, error = self.attached(job)
        self.assertEqual((status, len(out), error), (3, 200_004, b"two\n"))
        # Its output is still there.
        self.assertEqual(self.attached(job)[0], 3)

    def test_what_cannot_be_started_has_the_status_that_it_has_without_detach(self):
        for status, words in ((127, ("--", "nosuch")), (126, ("--cwd", "/nonexist", "--", "true")),
                              (126, ("--", "/"))):
            plain, detached = said(self.unix, *words), said("--detach", self.unix, *words)
            self.assertEqual((plain[0], detached), (status, plain))
            plain, detached = (run("run", "--json", *first, self.unix, *words)
                               for first in ((), ("--detach",)))
            self.assertEqual(detached.returncode, status)
            self.assertEqual(json.loads(detached.stdout)["command"]["exit"],
                             json.loads(plain.stdout)["command"]["exit"])

    def test_jobs_are_listed_with_their_state(self):
        running = self.started("sleep 600")
        ended = self.started("printf abc; exit 7")
        self.assertEqual(self.attached(ended), (7, b"abc", b""))
        jobs = self.listed()
        self.assertEqual((jobs[running]["running"], jobs[running]["line"]), (True, "sleep 600"))
        self.assertEqual((jobs[ended]["running"], jobs[ended]["stdout_bytes"]), (False, 3))
        self.assertEqual(jobs[ended]["exit"], {"kind": "code", "value": 7})
        table = run("jobs", self.unix).stdout.decode()
        self.assertRegex(table, f"{running} +runs +0 +sleep 600")
        self.assertRegex(table, f"{ended} +exit status 7 +3 +printf abc; exit 7")

    def test_a_job_gets_a_signal_and_is_forgotten(self):
        job = self.started("sleep 600")
        self.assertEqual(run("jobs", "--signal", "TERM", self.unix, job).returncode, 0)
        self.assertEqual(self.attached(job)[0], 128 + signal.SIGTERM)
        self.assertEqual(run("jobs", "--forget", self.unix, job).returncode, 0)
        self.assertNotIn(job, self.listed())
        for words, what in ((("attach",), "attach to a job"),
                            (("jobs", "--forget"), "forget a job"),
                            (("jobs", "--signal=TERM"), "signal a job")):
            done = run(*words, self.unix, job)
            self.assertEqual(done.returncode, 255)
            self.assertRegex(done.stderr.decode(), f"^error: cannot {what} at .*\nhint: ")

    def test_an_interrupt_leaves_an_attached_job_which_goes_on(self):
        job = self.started("echo begun; sleep 600")
        with Program("attach", self.unix, job, stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            program.signal(signal.SIGINT)
            self.assertEqual(program.end(), 255)
            program.line("^note: left: the command goes on as a job")
        self.assertTrue(self.listed()[job]["running"])
        run("jobs", "--forget", self.unix, job)

    def test_the_input_of_attach_follows_what_the_job_has_got(self):
        with Program("run", "--keep", "1h", "-i", "--shell", "exec cat", self.unix,
                     stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            program.process.stdin.write(b"one\n")
            program.process.stdin.flush()
            self.assertEqual(program.process.stdout.readline(), b"one\n")
            program.process.kill()
        [job] = [key for key, each in self.listed().items() if each.get("line") == "exec cat"]
        done = run("attach", "-i", self.unix, job, input=b"two\nthree\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, b"one\ntwo\nthree\n", b""))

    def test_a_reader_that_wants_no_more_leaves_an_attached_job_which_goes_on(self):
        job = self.started("yes")
        for options in ((), ("--json",)):
            with Program("attach", *options, self.unix, job, stdout=subprocess.PIPE) as program:
                program.process.stdout.close()
                self.assertNotEqual(program.end(), 0)
            self.assertTrue(self.listed()[job]["running"])
        run("jobs", "--forget", self.unix, job)

    def test_a_kept_command_goes_on_when_its_client_is_killed(self):
        with Program("run", "--keep", "1h", "--shell", "echo begun; sleep .3; echo end", self.unix,
                     stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"begun\n")
            program.process.kill()
        [job] = [key for key, each in self.listed().items() if "sleep .3" in each["line"]]
        self.assertEqual(self.attached(job), (0, b"begun\nend\n", b""))

    def test_wrong_command_lines_are_refused(self):
        for words in (("attach",), ("attach", self.unix), ("attach", self.unix, "x"), ("jobs",),
                      ("jobs", "--signal=TERM", self.unix), ("jobs", "unix:@x?wire=plain"),
                      ("run", "--detach", "-i", self.unix, "ls"),
                      ("run", "--keep=0s", self.unix, "ls")):
            with self.subTest(words):
                done = run(*words)
                self.assertEqual((done.returncode, done.stdout), (2, b""))
                self.assertTrue(re.search(b"^error: .*\nhint: ", done.stderr))

    def test_a_server_of_processes_keeps_no_jobs_and_says_so(self):
        with Server(f"command=unix://{self.folder}/p",
                    options=("--concurrency", "processes:2")) as server:
            status, _, error = said("--detach", server.endpoint, "true")
            self.assertEqual(status, 255)
            self.assertRegex(error, b"^error: .*: this server keeps no jobs\nhint: ask ")

    def test_a_drain_that_is_cut_ends_jobs_and_tells_their_clients(self):
        with Server(f"command=unix://{self.folder}/c",
                    options=("--drain-timeout", "50ms")) as server:
            self.assertEqual(said("--detach", server.endpoint, "sleep", "600")[0], 0)
            with Program("run", "--keep=1h", "--shell", "echo begun; sleep 600", server.endpoint,
                         stdout=subprocess.PIPE) as program:
                self.assertEqual(program.process.stdout.readline(), b"begun\n")
                server.signal(signal.SIGTERM)
                self.assertEqual(program.end(), 255)
                program.line("^error: cannot finish .*: killed because the server ended")
                program.line("^hint: try again when the server runs again")
            self.assertEqual(server.end(), 0)
            server.line("the drain is cut.*2 jobs")
            server.line("^drained: 2 calls; .*: 0 finished, 1 cut, and 2 jobs cut$")

    def test_a_job_without_input_refuses_the_input_of_attach(self):
        done = self.path_of("done")
        waiting = f"while ! test -e {done}; do sleep .02; done; echo end"
        for line, options in ((waiting, ()), ("echo end", ())):
            job = self.started(line, *options)
            attached = run("attach", "-i", self.unix, job, input=b"lost\n")
            self.assertEqual((attached.returncode, attached.stdout), (255, b""))
            self.assertRegex(attached.stderr, b"^error: cannot send input .*without input.*\n"
                                              b"hint: leave out --input\n$")
            open(done, "w", encoding="ascii").close()
            self.assertEqual(self.attached(job), (0, b"end\n", b""))

    def test_a_signal_has_any_common_form(self):
        for form in ("TERM", "SIGTERM", "term", "15"):
            job = self.started("sleep 600")
            self.assertEqual(run("jobs", "--signal", form, self.unix, job).returncode, 0)
            self.assertEqual(self.attached(job)[0], 128 + signal.SIGTERM)

    def test_a_refusal_says_a_thing_once(self):
        job = self.started("true")
        self.assertEqual(self.attached(job)[0], 0)
        done = run("jobs", "--signal", "TERM", self.unix, job)
        self.assertEqual((done.returncode, done.stderr.count(b"the job has ended")), (255, 1))
        done = run("attach", self.unix, "0" * 32)
        self.assertEqual((done.returncode, done.stderr.count(b"there is no")), (255, 1))

    def test_keep_none_is_as_long_as_the_server_allows(self):
        self.assertEqual(said("--keep=none", self.unix, "echo", "x"), (0, b"x\n", b""))
        done = run("run", "--keep=0s", self.unix, "true")
        self.assertRegex(done.stderr, b"^error: --keep: 0 is not enough\nhint: .*--keep 5m")

    def test_after_a_killed_server_nothing_is_guessed(self):
        with Server(f"command=unix://{self.folder}/k") as server:
            with Program("run", "--keep=1h", "--shell", "echo begun; sleep 600", server.endpoint,
                         stdout=subprocess.PIPE) as program:
                self.assertEqual(program.process.stdout.readline(), b"begun\n")
                server.process.kill()
                self.assertEqual(program.end(), 255)
                program.line("^hint: if the server still runs, so does the command for 1h: "
                             "'hotline attach unix://.* [0-9a-f]{32}'")


if __name__ == "__main__":
    unittest.main()
