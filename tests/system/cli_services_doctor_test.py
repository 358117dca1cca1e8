"""`hotline services`, `hotline doctor`, help and version, as a user sees them."""
import json
import os
import re
import resource
import shlex
import tempfile
import unittest

import cli_support
from cli_support import run


class Services(unittest.TestCase):
    def test_help_as_json_is_one_object_with_the_text(self):
        printed = json.loads(run("help", "serve", "--json").stdout)
        self.assertEqual(printed["help"], run("help", "serve").stdout.decode())

    def test_lists_every_service_with_its_transports_and_an_example(self):
        listed = run("services")
        self.assertEqual(listed.returncode, 0)
        self.assertRegex(listed.stdout.decode(),
                         r"(?m)^upper .*tcp tls udp unix unixgram fd .*hotline serve upper=tcp://")

    def test_as_json_is_one_versioned_object_a_line(self):
        lines = run("services", "--json").stdout.splitlines()
        services = [json.loads(line) for line in lines]
        self.assertEqual({service["v"] for service in services}, {1})
        self.assertEqual([service["service"] for service in services],
                         ["upper", "command", "files", "time", "ntp"])
        self.assertIn("unixgram", services[0]["transports"])

    def test_an_example_is_a_command_line_that_works(self):
        for line in run("services", "--json").stdout.splitlines():
            example = shlex.split(json.loads(line)["example"])
            self.assertEqual(example[:2], ["hotline", "serve"])
            service = re.sub(r":\d+(?=\?|$)", ":0", example[2])
            with tempfile.TemporaryDirectory() as folder:
                os.chmod(folder, 0o700)
                service = service.replace("/srv/hotline", folder).replace("/run/", folder + "/")
                with cli_support.Server(service) as server:
                    self.assertEqual(server.drain(), 0)

    def test_takes_no_words(self):
        refused = run("services", "all")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"one word too many: 'all'", refused.stderr)


class Doctor(unittest.TestCase):
    def test_finds_everything_that_servers_need_here(self):
        found = run("doctor")
        self.assertEqual(found.returncode, 0, found.stdout)
        for what in ("engine", "io_uring", "kernel", "seccomp", "cores", "descriptors",
                     "locked memory", "mappings", "memory", "call", "compiler", "boost",
                     "liburing", "libedit", "processes"):
            self.assertRegex(found.stdout.decode(), rf"(?m)^.{{5}}{what} ")

    def test_as_json_is_one_versioned_object(self):
        found = run("doctor", "--json")
        report = json.loads(found.stdout)
        self.assertEqual(report["v"], 1)
        self.assertIn(report["verdict"], ("ok", "note"))
        findings = {each["name"]: each for each in report["findings"]}
        self.assertIn("uring", findings["engine"]["value"] + findings["io_uring"]["value"])
        self.assertEqual(findings["call"]["verdict"], "ok")
        self.assertIn("compiler", report["built"])
        for name in ("libseccomp", "xxhash"):
            self.assertRegex(report["built"][name], r"^\d+\.")
        self.assertRegex(report["built"]["openssl"], r"^OpenSSL \d+\.")
        self.assertIn("toml++", report["built"])

    def test_reports_why_io_uring_is_not_used_and_that_epoll_is(self):
        found = cli_support.subprocess.run(
            [*cli_support.WITHOUT_IO_URING, cli_support.HOTLINE, "doctor", "--json"],
            capture_output=True, timeout=cli_support.WAIT_S)
        self.assertEqual(found.returncode, 0, found.stdout)
        findings = {each["name"]: each for each in json.loads(found.stdout)["findings"]}
        self.assertEqual(findings["engine"]["verdict"], "note")
        self.assertRegex(findings["engine"]["value"], r"^epoll: io_uring is forbidden here")
        self.assertIn("a filter is active", findings["seccomp"]["value"])

    def test_fails_with_a_hint_when_there_are_too_few_descriptors(self):
        found = cli_support.subprocess.run(
            ["sh", "-c", 'ulimit -n 100 && exec "$0" doctor', cli_support.HOTLINE],
            capture_output=True, timeout=cli_support.WAIT_S)
        self.assertEqual(found.returncode, 1)
        self.assertRegex(found.stdout.decode(), r"(?m)^FAIL descriptors   100\n +hint: .*ulimit -n")

    def test_reads_the_limit_that_holds_for_this_process(self):
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        findings = json.loads(run("doctor", "--json").stdout)["findings"]
        self.assertIn(str(soft), [each["value"] for each in findings])


class Help(unittest.TestCase):
    COMMANDS = ("serve", "call", "run", "shell", "attach", "jobs", "time", "ntp", "bench",
                "files", "key", "services", "doctor", "help", "version")

    def test_of_every_topic_has_an_example_and_fits_a_terminal(self):
        for topic in ("", *self.COMMANDS, "endpoints", "framing", "concurrency", "status", "upper",
                      "command"):
            text = run("help", *topic.split()).stdout.decode()
            self.assertRegex(text, r"(?m)^  hotline [a-z]", topic)
            self.assertLessEqual(max(map(len, text.splitlines())), 100, topic)

    def test_is_the_same_by_each_of_its_names(self):
        for command in self.COMMANDS:
            by_topic = run("help", command).stdout
            self.assertEqual(run(command, "--help").stdout, by_topic)
            self.assertEqual(run(command, "-h").stdout, by_topic)
        self.assertEqual(run("--help").stdout, run("help").stdout)

    def test_names_every_option_that_there_is(self):
        for command in self.COMMANDS:
            hint = run(command, "--no-such-option").stderr.decode()
            options = re.findall(r"--[a-z][a-z-]+", hint.split("there are")[-1])
            self.assertIn("--json", options)
            text = run(command, "--help").stdout.decode()
            for option in options:
                self.assertIn(option, text, f"{command} {option}")

    def test_on_an_unknown_topic_names_the_known_ones(self):
        refused = run("help", "servce")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"did you mean 'serve'?", refused.stderr)
        self.assertIn(b"concurrency", refused.stderr)

    def test_without_a_command_goes_to_standard_error_and_the_status_is_2(self):
        refused = run()
        self.assertEqual((refused.returncode, refused.stdout), (2, b""))
        self.assertEqual(refused.stderr, run("help").stdout)
        refused = run("--json")
        self.assertEqual(json.loads(refused.stderr)["error"]["code"], 2)

    def test_an_unknown_command_names_the_nearest(self):
        refused = run("cal", "tcp://127.0.0.1:1")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"did you mean 'call'?", refused.stderr)

    def test_version_is_one_line(self):
        self.assertRegex(run("--version").stdout, rb"^hotline \d+\.\d+\.\d+\n$")
        self.assertEqual(run("-V").stdout, run("--version").stdout)
        self.assertEqual(run("version").stdout, run("--version").stdout)
        self.assertEqual(json.loads(run("--version", "--json").stdout)["v"], 1)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full:
            failed = cli_support.subprocess.run(
                [cli_support.HOTLINE, "help"], stdout=full, stderr=cli_support.subprocess.PIPE,
                timeout=cli_support.WAIT_S)
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"cannot write to standard output", failed.stderr)


if __name__ == "__main__":
    unittest.main()
