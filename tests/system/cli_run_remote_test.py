"""`hotline run` on its own wire: the streams of the command, its status and its surroundings."""
import json
import os
import select
import signal
import subprocess
import unittest

from cli_support import HOTLINE, WAIT_S, Server, ended, run
from remote_support import WithServer, said


class Streams(WithServer):
    def test_words_stay_words(self):
        words = ("two  words", "it's", "$HOME", "`x`", "*", "", "a\nb", "-n")
        for endpoint in (self.unix, self.tcp):
            self.assertEqual(said(endpoint, "--", "printf", "%s|", *words),
                             (0, "|".join(words).encode() + b"|", b""))

    def test_each_output_comes_out_where_it_belongs(self):
        self.assertEqual(self.shell("echo out; echo err >&2"), (0, b"out\n", b"err\n"))

    def test_a_command_without_output_prints_nothing(self):
        self.assertEqual(said(self.unix, "--", "true"), (0, b"", b""))

    def test_bytes_are_unchanged(self):
        every = bytes(range(256)) * 1000
        self.assertEqual(said(self.unix, "--", "cat", input=every), (0, every, b""))

    def test_a_megabyte_of_errors_and_then_one_of_output(self):
        status, out, err = self.shell(
            "head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero")
        self.assertEqual((status, len(out), len(err)), (0, 1 << 20, 1 << 20))

    def test_errors_after_the_end_of_the_output(self):
        self.assertEqual(self.shell("exec >&-; sleep .1; echo late >&2; exit 4"),
                         (4, b"", b"late\n"))

    def test_the_end_of_the_input_ends_nothing_else(self):
        self.assertEqual(self.shell("cat; sleep .1; echo after; exit 7", input=b"in\n"),
                         (7, b"in\nafter\n", b""))

    def test_output_comes_out_as_it_arrives(self):
        with ended(subprocess.Popen([HOTLINE, "run", self.unix, "--", "cat"],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as program:
            for line in (b"one\n", b"two\n"):
                program.stdin.write(line)
                program.stdin.flush()
                self.assertTrue(select.select([program.stdout], [], [], WAIT_S)[0])
                self.assertEqual(os.read(program.stdout.fileno(), 100), line)
            program.stdin.close()
            self.assertEqual(program.wait(WAIT_S), 0)

    def test_a_command_that_reads_no_input_ends_all_the_same(self):
        read, write = os.pipe()
        try:
            # The pipe has no end, and takes more than is on the way to the command.
            done = subprocess.run([HOTLINE, "run", self.unix, "--", "true"], stdin=read,
                                  timeout=WAIT_S)
            self.assertEqual(done.returncode, 0)
        finally:
            os.close(read)
            os.close(write)

    def test_input_is_left_to_others_if_asked(self):
        script = 'while read -r line; do "$1" run -n "$2" -- printf %s. "$line"; done'
        done = subprocess.run(["sh", "-c", script, "sh", HOTLINE, self.unix], input=b"a\nb\nc\n",
                              capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"a.b.c.", b""))

    def test_input_that_cannot_be_read_is_an_error(self):
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        done = subprocess.run([HOTLINE, "run", self.unix, "--", "cat"], stdin=folder,
                              capture_output=True, timeout=WAIT_S)
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, b"^error: cannot read standard input: ")

    def test_a_reader_that_leaves_ends_the_command(self):
        slow = "while :; do echo y; sleep .001; done"
        for command, count in (("yes", 2000), (f"sh -c '{slow}'", 3)):
            line = (f'"$0" run "$1" -- {command} | head -n {count} | wc -l; '
                    'exit "${PIPESTATUS[0]}"')
            done = subprocess.run(["bash", "-c", line, HOTLINE, self.unix], capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=WAIT_S)
            self.assertEqual((done.returncode, done.stdout, done.stderr),
                             (255, b"%d\n" % count, b""))

    def test_a_full_disk_is_never_success(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([HOTLINE, "run", self.unix, "--", "echo", "x"], stdout=full,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=WAIT_S)
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, b"^error: cannot write to standard output: No space left")

    def test_an_object_onto_a_full_disk_is_never_success(self):
        for words in (("run", "--json", self.unix, "true"),
                      ("run", "--json", "--on", f"{self.unix},{self.tcp}", "true"),
                      ("run", "--detach", self.unix, "true"),
                      ("jobs", self.unix), ("jobs", "--json", self.unix)):
            with self.subTest(words), open("/dev/full", "wb") as full:
                done = subprocess.run([HOTLINE, *words], stdout=full, stderr=subprocess.PIPE,
                                      stdin=subprocess.DEVNULL, timeout=WAIT_S)
                self.assertEqual(done.returncode, 255)
                self.assertIn(b"cannot write to standard output: No space left", done.stderr)
                if words[1] == "--json" and words[0] == "run":
                    first = json.loads(done.stderr.splitlines()[0])
                    self.assertEqual(first["error"]["code"], 255)

    def test_a_stalled_reader_stalls_the_command_and_loses_nothing(self):
        with ended(subprocess.Popen(
                [HOTLINE, "run", "--shell", "head -c 20000000 /dev/zero; echo done >&2", self.unix],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)) as program:
            self.assertEqual(select.select([program.stderr], [], [], .5)[0], [])
            self.assertEqual(len(program.stdout.read()), 20_000_000)
            self.assertEqual(program.stderr.read(), b"done\n")
            self.assertEqual(program.wait(WAIT_S), 0)


class Statuses(WithServer):
    def test_the_status_is_that_of_the_command(self):
        for status in (0, 1, 4, 5, 44, 126, 127, 255):
            with self.subTest(status):
                self.assertEqual(self.shell(f"exit {status}"), (status, b"", b""))

    def test_a_signal_is_128_and_its_number(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(number):
                self.assertEqual(self.shell(f"echo x; kill -{int(number)} $$"),
                                 (128 + number, b"x\n", b""))

    def test_a_program_that_is_not_there_is_127_and_one_that_cannot_run_126(self):
        status, out, error = said(self.unix, "--", "no-such-program")
        self.assertEqual((status, out), (127, b""))
        self.assertRegex(error, b"^error: cannot start the command at .*no-such-program.*\nhint: ")
        status, out, error = said(self.unix, "--", "/etc/passwd")
        self.assertEqual((status, out), (126, b""))
        self.assertRegex(error, b"^error: cannot start the command at .*/etc/passwd.*\nhint: ")

    def test_one_word_is_a_program_and_the_hint_names_shell(self):
        status, _, error = said(self.unix, "ls -l")
        self.assertEqual(status, 127)
        self.assertIn(b"--shell", error)

    def test_a_timeout_kills_the_command_and_is_255(self):
        status, out, error = self.shell("echo begun; sleep 60", "--timeout", "300ms")
        self.assertEqual((status, out), (255, b"begun\n"))
        self.assertRegex(error, b"^error: cannot finish the command at .*timeout.*\nhint: ")

    def test_too_much_output_kills_the_command_or_is_dropped(self):
        status, out, error = self.shell("yes", "--max-output", "64KiB")
        self.assertEqual((status, len(out) <= 65536), (255, True))
        self.assertRegex(error, b"limit.*\nhint: .*--max-output")
        status, out, error = self.shell("head -c 100000 /dev/zero; exit 3", "--max-output=1000",
                                        "--truncate")
        self.assertEqual((status, len(out)), (3, 1000))
        self.assertRegex(error, b"^note: 99000 bytes of output were dropped")

    def test_a_wrong_command_line_is_2_and_nothing_runs(self):
        for words in ((), (self.unix,), (self.unix, "--", ""), ("udp://127.0.0.1:1", "ls"),
                      ("--cwd", "work", self.unix, "pwd"), ("--env", "A", self.unix, "env"),
                      ("--env", "LD_PRELOAD=x", self.unix, "env"), ("-ni", self.unix, "ls"),
                      ("--shell", "ls", self.unix, "ls"), ("--max-output=0", self.unix, "ls"),
                      (self.unix + "?wire=i64", "ls")):
            with self.subTest(words):
                status, out, error = said(*words)
                self.assertEqual((status, out), (2, b""))
                self.assertRegex(error, b"^error: .*\nhint: ")

    def test_what_the_wires_of_the_course_cannot_do_is_refused_there(self):
        for option in ("--cwd=/", "--env=A=b", "--max-output=5", "--input", "--color"):
            status, _, error = said(option, "unix:@none?wire=plain", "ls")
            self.assertEqual(status, 2)
            self.assertRegex(error, b"needs the wire 'hotline'\nhint: ")

    def test_what_has_no_effect_on_the_own_wire_is_refused_there(self):
        for words in (("run", "--linger=2s", self.unix, "true"),
                      ("shell", "--linger", "2s", self.unix)):
            done = run(*words)
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr, b"^error: --linger has no effect.*\nhint: leave it out")

    def test_a_wire_of_the_course_at_a_server_of_the_own_wire_prints_nothing_and_says_so(self):
        for wire in ("plain", "ready", "i32"):
            for line in ("echo one", ""):
                words = ("run", f"{self.unix}?wire={wire}", line) if line else (
                    "shell", f"{self.unix}?wire={wire}")
                done = run(*words, input=b"echo one\necho two\n")
                with self.subTest(words):
                    self.assertEqual((done.returncode != 0, done.stdout), (True, b""))
                    self.assertRegex(done.stderr, b"^error: .*\nhint: .*wire=" + wire.encode())

    def test_a_server_that_is_not_there_is_255(self):
        status, _, error = said("unix:@hotline-none-there", "ls")
        self.assertEqual(status, 255)
        self.assertRegex(error, b"^error: cannot connect to ")

    def test_a_process_that_is_left_behind_does_not_hold_the_caller(self):
        status, out, error = self.shell("setsid sleep 60 & echo out")
        self.assertEqual((status, out), (0, b"out\n"))
        self.assertRegex(error, b"^note: a process that the command had left running was killed")


class Surroundings(WithServer):
    def test_directory_and_variables(self):
        status, out, _ = self.shell("pwd; echo $A $TZ", "--cwd=/", "--env=A=one", "--env", "TZ=UTC")
        self.assertEqual((status, out), (0, b"/\none UTC\n"))

    def test_a_directory_that_is_not_there_is_named(self):
        status, _, error = said("--cwd=/no/such", self.unix, "--", "pwd")
        self.assertEqual(status, 126)
        self.assertIn(b"/no/such", error)

    def test_variables_that_the_server_does_not_accept_are_refused(self):
        with Server(f"command=unix://{self.folder}/e?env=LC_*,TZ") as server:
            self.assertEqual(said("--env=TZ=UTC", server.endpoint, "printenv", "TZ"),
                             (0, b"UTC\n", b""))
            status, _, error = said("--env=FOO=1", server.endpoint, "env")
            self.assertEqual(status, 255)
            self.assertRegex(error, b"^error: .*FOO.*\nhint: ")

    def test_variables_that_no_server_accepts_are_refused_when_it_starts(self):
        for names in ("LD_*", "LD_PRELOAD", "LC_*,PATH", "PYTHONPATH", "LD_PRE*"):
            done = run("serve", f"command=unix://{self.folder}/v?env={names}")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertRegex(done.stderr, b"^error: .*no server accepts the variable.*\nhint: ")

    def test_the_limits_of_an_endpoint_bind_every_caller(self):
        with Server(f"command=unix://{self.folder}/l?timeout=200ms&max=1000&cwd=/") as server:
            self.assertEqual(said(server.endpoint, "pwd"), (0, b"/\n", b""))
            self.assertEqual(said("--timeout=1h", server.endpoint, "sleep", "60")[0], 255)
            self.assertEqual(said(server.endpoint, "--", "head", "-c", "1001", "/dev/zero")[0], 255)


class Json(WithServer):
    def result(self, *words, status=0, **options):
        code, out, error = said("--json", *words, **options)
        self.assertEqual((code, out.count(b"\n"), error), (status, 1, b""))
        found = json.loads(out)
        self.assertEqual(found["v"], 1)
        return found["command"]

    def test_a_result_is_one_object(self):
        found = self.result("--shell", r"echo hello; printf '\377' >&2; exit 3", self.unix,
                            status=3)
        self.assertEqual(found["line"], r"echo hello; printf '\377' >&2; exit 3")
        self.assertEqual((found["status"], found["exit"]), (3, {"kind": "code", "value": 3}))
        self.assertEqual(found["stdout"], {"bytes": 6, "text": "hello\n"})
        self.assertEqual(found["stderr"], {"bytes": 1, "base64": "/w=="})
        self.assertGreater(found["usage"]["memory_bytes"], 0)
        self.assertGreater(found["duration_us"], 0)
        self.assertLessEqual(found["started"], found["ended"])
        self.assertEqual((found["truncated"], found["pipe_held"]), (False, False))

    def test_every_end_is_in_the_object(self):
        self.assertEqual(self.result(self.unix, "--", "sh", "-c", "kill $$", status=143)["exit"],
                         {"kind": "signal", "value": 15, "signal": "TERM", "core": False})
        self.assertEqual(self.result("--timeout=200ms", self.unix, "sleep", "60",
                                     status=255)["exit"]["kind"], "timed_out")
        found = self.result(self.unix, "no-such", status=127)
        self.assertEqual((found["argv"], found["exit"]["kind"]), (["no-such"], "could_not_start"))
        found = self.result("--max-output=5", "--truncate", self.unix, "echo", "longer")
        self.assertEqual((found["stdout"]["text"], found["truncated"], found["dropped_bytes"]),
                         ("longe", True, 2))
        self.assertTrue(self.result("--shell", "setsid sleep 60 &", self.unix)["pipe_held"])

    def test_a_failure_is_an_object_on_standard_error(self):
        status, out, error = said("--json", "unix:@hotline-none-there", "ls")
        self.assertEqual((status, out), (255, b""))
        self.assertEqual(json.loads(error)["error"]["code"], 255)


if __name__ == "__main__":
    unittest.main()
