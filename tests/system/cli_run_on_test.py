"""`hotline run --on`: one command at many endpoints."""
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import unittest

from cli_support import HOTLINE, WAIT_S, Server, Terminal, ended
from command_environment_test import UNSHARE, can_unshare
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
        self.assertEqual(objects["unreachable"]["error"]["kind"], "not_found")
        self.assertIn(self.gone(), objects["unreachable"]["error"]["message"])
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

    def test_a_long_line_is_printed_in_pieces_that_are_marked(self):
        line = "head -c 20000 /dev/zero | tr '\\0' x; echo; echo next"
        status, out, _ = self.on("--shell", line, hosts=self.tcp)
        name = self.tcp.encode()
        first, *others, last = out.splitlines()
        self.assertEqual((status, last), (0, name + b": next"))
        self.assertTrue(all(each.startswith(name + b":+ ") for each in others), out)
        pieces = [first.removeprefix(name + b": "),
                  *(each.removeprefix(name + b":+ ") for each in others)]
        self.assertEqual(b"".join(pieces), b"x" * 20000)

    def test_a_program_that_does_not_exist_is_an_error_with_a_hint(self):
        status, _, err = self.on("--", "no-such-program", hosts=self.tcp + ",")
        self.assertEqual(status, 127)
        self.assertRegex(err, rb"error: cannot start the command at tcp://.*\nhint: .*PATH")
        status, out, err = self.on("--fold", "--", "no-such-program")
        self.assertEqual(status, 127)
        self.assertRegex(out, rb"^---- .* \(2\): could not be started: .*\n$")
        self.assertEqual(err.count(b"hint: "), 1)

    def test_dropped_bytes_are_counted(self):
        limit = ("--max-output", "4", "--truncate")
        status, out, _ = self.on("--json", *limit, "--", "echo", "1234567", hosts=self.tcp + ",")
        command = json.loads(out)["command"]
        self.assertEqual((status, command["truncated"], command["dropped_bytes"]), (0, True, 4))
        _, _, err = self.on(*limit, "--", "echo", "1234567", hosts=self.tcp + ",")
        self.assertIn(b"note: " + self.tcp.encode() + b": 4 bytes of output were dropped", err)
        _, out, _ = self.on("--fold", *limit, "--", "echo", "1234567", hosts=self.tcp + ",")
        self.assertIn(b": exit status 0, 4 bytes dropped\n1234\n", out)

    def test_large_outputs_are_folded_whole(self):
        line = "head -c 20000000 /dev/zero | tr '\\0' x"
        status, out, err = self.on("--fold", "--shell", line)
        heading, text = out.split(b"\n", 1)
        self.assertEqual((status, len(text)), (0, 20000001), err)
        self.assertEqual(heading, f"---- {self.unix}, {self.tcp} (2)".encode())
        self.assertEqual(text.strip(b"x"), b"\n")

    def test_an_output_that_is_too_long_for_an_object_has_failed_and_says_why(self):
        status, out, _ = self.on("--json", "--", "head", "-c", "20000000", "/dev/zero",
                                 hosts=self.tcp + ",")
        result = json.loads(out)
        self.assertEqual((status, result["outcome"]), (255, "failed"))
        self.assertEqual(result["error"]["kind"], "too_large")
        self.assertIn("--outdir", result["error"]["hint"])


class Refused(unittest.TestCase):
    """What a server, or this machine, does not let run."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def test_a_caller_that_is_not_allowed_is_refused(self):
        other = os.getuid() + 1
        server = self.enterContext(Server(f"command=unix://{self.folder}/s?allow=uid:{other}"))
        status, out, err = said("--on", server.endpoint + ",", "--", "true")
        self.assertEqual((status, out), (255, b""))
        self.assertIn(b"hint: the server may not allow this caller: its log says why", err)
        self.assertIn(b"1 endpoint: 1 refused\n", err)

    def test_a_caller_with_a_wrong_secret_or_key_is_refused(self):
        paths = [os.path.join(self.folder, name) for name in ("right", "wrong")]
        for path in paths:
            with open(path, "w", encoding="ascii", opener=private) as file:
                file.write(path)
        server = self.enterContext(Server(
            f"command=tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={paths[0]}"))
        address = server.endpoint.split("?")[0]
        endpoint = f"{address}?auth=hmac-sha256&secret-file={paths[1]}"
        status, _, err = said("--on", endpoint + ",", "--", "true")
        self.assertEqual(status, 255)
        self.assertIn(b"hint: is the secret the same on both sides?", err)
        self.assertIn(b"1 endpoint: 1 refused\n", err)

    def test_all_keys_that_are_missing_are_named_before_anything_runs(self):
        server = self.enterContext(Server(f"command=unix://{self.folder}/s"))
        hosts = f"{server.endpoint},tls://alice@127.0.0.1:1,tls://bob@127.0.0.1:1"
        done = subprocess.run(
            [HOTLINE, "--home", self.folder, "run", "--on", hosts, "--", "touch",
             f"{self.folder}/mark"], capture_output=True, timeout=WAIT_S, check=False)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertRegex(done.stderr, rb"^error: 2 of 3 endpoints cannot be called: .*alice@.*"
                                      rb"; .*bob@.*\nhint: .*key add")
        self.assertFalse(os.path.exists(f"{self.folder}/mark"))

    def test_what_is_not_a_service_of_commands_is_unreachable(self):
        server = self.enterContext(Server(f"upper=unix://{self.folder}/s"))
        status, _, err = said("--on", server.endpoint + ",", "--", "true")
        self.assertEqual(status, 255)
        self.assertIn(b"1 endpoint: 1 unreachable\n", err)
        self.assertIn(b"hint: is a service 'command' there", err)


def private(path, flags):
    return os.open(path, flags, 0o600)


class Files(WithServer):
    """The outputs in files."""

    def setUp(self):
        self.home = self.enterContext(tempfile.TemporaryDirectory())
        self.out = os.path.join(self.home, "new", "out")
        self.err = os.path.join(self.home, "err")

    def on(self, *words, hosts=None, **options):
        return said("--on", hosts or f"{self.unix},{self.tcp}", "--outdir", self.out,
                    "--errdir", self.err, *words, **options)

    def names(self):
        tcp = self.tcp.removeprefix("tcp://")
        return [self.unix.removeprefix("unix:///").replace("/", "_"), tcp]

    @staticmethod
    def content(*path):
        with open(os.path.join(*path), "rb") as file:
            return file.read()

    def test_each_output_is_in_a_file_of_its_own_and_nothing_is_printed(self):
        line = r"printf 'a\0\377b'; printf e >&2"
        status, out, err = self.on("--shell", line)
        self.assertEqual((status, out, err), (0, b"", b"note: 2 endpoints: 2 ok\n"))
        for directory, content in ((self.out, b"a\0\xffb"), (self.err, b"e")):
            self.assertEqual(sorted(os.listdir(directory)), sorted(self.names()))
            self.assertEqual(os.stat(directory).st_mode & 0o777, 0o700)
            for name in self.names():
                self.assertEqual(self.content(directory, name), content)
                self.assertEqual(os.stat(os.path.join(directory, name)).st_mode & 0o777, 0o600)

    def test_a_large_output_is_whole(self):
        line = "seq 1000000"
        status, _, err = self.on("--shell", line)
        self.assertEqual(status, 0, err)
        expected = b"".join(b"%d\n" % number for number in range(1, 1000001))
        for name in self.names():
            self.assertEqual(self.content(self.out, name), expected)

    def test_files_of_an_earlier_run_are_not_taken_for_this_one(self):
        gone = f"unix://{self.folder}/gone"
        name = gone.removeprefix("unix:///").replace("/", "_")
        os.makedirs(self.out)
        for each in (name, name + ".partial", "other"):
            with open(os.path.join(self.out, each), "w", encoding="ascii") as file:
                file.write("old")
        status, _, _ = self.on("--", "echo", "new", hosts=f"{self.tcp},{gone}")
        self.assertEqual(status, 255)
        self.assertEqual(sorted(os.listdir(self.out)), sorted([self.names()[1], "other"]))

    def test_what_a_lost_command_wrote_is_a_partial_file(self):
        server = Server(f"command=unix://{self.home}/k")
        with server, ended(subprocess.Popen(
                [HOTLINE, "run", "--on", server.endpoint + ",", "--outdir", self.out, "--shell",
                 "echo begun; echo seen >&2; sleep 60"], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)) as program:
            # It comes after the line in the file, or before; so wait for both.
            self.assertRegex(program.stderr.readline(), b": seen\n$")
            [name] = self.wait_for_content(b"begun\n")
            server.signal(signal.SIGKILL)
            _, err = program.communicate(timeout=WAIT_S)
        self.assertEqual(program.returncode, 255)
        self.assertTrue(name.endswith(".partial"), name)
        self.assertEqual(os.listdir(self.out), [name])
        self.assertIn(f"what has arrived is in {self.out}/{name}\n".encode(), err)
        self.assertRegex(err, b"1 endpoint: 1 lost; 1 partial file\n$")

    def wait_for_content(self, content):
        """Waits until the only file has it; the names in the directory."""
        process = subprocess.run(
            ["sh", "-c", 'until grep -q "$1" "$0"/*; do sleep .01; done', self.out,
             content.decode().strip()], timeout=WAIT_S, check=False, stderr=subprocess.DEVNULL)
        self.assertEqual(process.returncode, 0)
        return os.listdir(self.out)

    def test_a_program_that_could_not_be_started_has_no_file(self):
        status, _, _ = self.on("--", "no-such-program")
        self.assertEqual(status, 127)
        self.assertEqual((os.listdir(self.out), os.listdir(self.err)), ([], []))

    def test_an_object_names_the_file(self):
        status, out, _ = self.on("--json", "--shell", "echo x", hosts=self.tcp + ",")
        command = json.loads(out)["command"]
        path = os.path.join(self.out, self.names()[1])
        self.assertEqual((status, command["stdout"]),
                         (0, {"bytes": 2, "file": path, "complete": True}))
        self.assertEqual(command["stderr"]["bytes"], 0)

    def test_a_write_that_fails_is_an_error(self):
        def limited():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        status, _, err = self.on("--", "head", "-c", "1000000", "/dev/zero",
                                 hosts=self.tcp + ",", preexec_fn=limited)
        self.assertEqual(status, 255)
        self.assertRegex(err, b"error: cannot write the file .*partial: File too large\n")
        self.assertRegex(err, b"1 endpoint: 1 failed; 1 partial file\n$")

    def test_a_full_standard_output_is_an_error_with_folded_outputs_too(self):
        with open("/dev/full", "wb", buffering=0) as full:
            done = subprocess.run([HOTLINE, "run", "--on", self.tcp + ",", "--fold", "--", "echo",
                                   "x"],
                                  stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
                                  timeout=WAIT_S, check=False)
        self.assertEqual(done.returncode, 255)
        self.assertIn(b"No space left on device", done.stderr)

    @unittest.skipUnless(can_unshare(), "no name spaces can be made here")
    def test_a_full_disk_is_an_error(self):
        os.makedirs(self.out)
        script = 'mount -t tmpfs -o size=64k none "$1" && exec "$0" run --on "$2" --outdir "$1" ' \
                 "-- head -c 1000000 /dev/zero"
        done = subprocess.run([*UNSHARE, "sh", "-c", script, HOTLINE, self.out, self.tcp + ","],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S,
                              check=False)
        self.assertEqual(done.returncode, 255)
        self.assertRegex(done.stderr, b"error: cannot write the file .*: no space is left on the "
                                      b"disk.*\nhint: make room on the disk")
        self.assertRegex(done.stderr, b"1 endpoint: 1 failed; 1 partial file\n$")

    def test_a_directory_that_cannot_be_made_runs_nothing(self):
        with open(os.path.join(self.home, "new"), "w", encoding="ascii"):
            pass
        mark = os.path.join(self.home, "mark")
        status, _, err = self.on("--", "touch", mark)
        self.assertEqual(status, 255)
        self.assertIn(b"error: cannot make the directory ", err)
        self.assertFalse(os.path.exists(mark))


class Progress(WithServer):
    def test_a_terminal_shows_how_far_it_is(self):
        with Terminal("run", "--on", f"{self.unix},{self.tcp}", "--fanout", "1", "--",
                      "echo", "x") as terminal:
            terminal.expect("0 of 2 done, 1 running\r\x1b[K")
            terminal.expect("1 of 2 done, 1 running: 1 ok")
            terminal.expect("2 of 2 done, 0 running: 2 ok\r\x1b[Knote: 2 endpoints: 2 ok\r\n")
            self.assertEqual(terminal.end(), 0)
        lines = terminal.output.replace(b"\r\n", b"\n").split(b"\n")
        shown = [re.sub(rb".*\r\x1b\[K", b"", line) for line in lines]
        self.assertIn(self.unix.encode() + b": x", shown)

    def test_a_terminal_that_cannot_draw_gets_none(self):
        with Terminal("run", "--on", self.tcp + ",", "--", "true", TERM="dumb") as terminal:
            self.assertEqual(terminal.end(), 0)
        self.assertEqual(terminal.output, b"note: 1 endpoint: 1 ok\r\n")


class TwoHundred(unittest.TestCase):
    def test_two_hundred_endpoints_need_few_descriptors(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        server = self.enterContext(Server(
            *(f"command=unix://{folder}/{number}" for number in range(200))))
        hosts = os.path.join(folder, "hosts")
        with open(hosts, "w", encoding="ascii") as file:
            file.writelines(endpoint + "\n" for endpoint in server.endpoints)

        def limited():
            # 64 connections and as many files, and a few for the program.
            resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))

        status, out, err = said("--on", hosts, "--fanout", "64", "--fold", "--", "echo", "x")
        self.assertEqual((status, err), (0, b"note: 200 endpoints: 200 ok\n"))
        self.assertRegex(out, rb"^---- .* \(200\)\nx\n$")
        status, _, err = said("--on", hosts, "--fanout", "64", "--outdir", f"{folder}/out", "--",
                              "echo", "x", preexec_fn=limited)
        self.assertEqual((status, err), (0, b"note: 200 endpoints: 200 ok\n"))
        self.assertEqual(len(os.listdir(f"{folder}/out")), 200)


if __name__ == "__main__":
    unittest.main()
