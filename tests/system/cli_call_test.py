"""`hotline call`: what is sent, what is printed, and what is refused."""
import base64
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import unittest

from cli_support import Program, WithServer, run


class Messages(WithServer):
    def test_are_the_arguments_in_their_order(self):
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint, "one", "two words"), b"ONE\nTWO WORDS\n")

    def test_are_the_lines_of_standard_input_without_their_newlines(self):
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint, input=b"one\ntwo\nlast"), b"ONE\nTWO\nLAST\n")

    def test_of_standard_input_that_cannot_be_read_is_an_error(self):
        for endpoint in self.everywhere:
            folder = os.open("/", os.O_RDONLY)
            self.addCleanup(os.close, folder)
            failed = run("call", endpoint, input=None, stdin=folder)
            self.assertEqual((failed.returncode, failed.stdout), (1, b""))
            self.assertRegex(failed.stderr, b"^error: cannot read standard input: ")

    def test_of_lines_skip_the_blank_ones_and_quit_is_one_of_them_in_a_pipe(self):
        for endpoint in self.everywhere:
            said = b"\n  \t\none\n\r\n\ntwo\nquit\nthree\n"
            self.assertEqual(self.replies(endpoint, input=said), b"ONE\nTWO\nQUIT\nTHREE\n")

    def test_of_arguments_may_be_quit_or_blank(self):
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint, "quit", " "), b"QUIT\n \n")

    def test_of_arguments_may_be_words_that_mean_something_elsewhere(self):
        words = ("[a,b]", "{}", "++", "serve", "help", "a=b", "{", "%%", "\x01", "''", "\\n", "#")
        self.assertEqual(self.replies(self.tcp, *words).decode(),
                         "".join(word.upper() + "\n" for word in words))

    def test_may_begin_with_a_dash_after_two_dashes(self):
        self.assertEqual(self.replies(self.tcp, "--", "-x", "--", "--json"), b"-X\n--\n--JSON\n")

    def test_mix_with_options_in_any_order(self):
        self.assertEqual(self.replies("--linger", "2s", self.tcp, "one", "--timeout=5s", "two"),
                         b"ONE\nTWO\n")

    def test_keep_every_byte(self):
        every = bytes(byte for byte in range(256) if byte != ord("\n"))
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint, input=every), every.upper() + b"\n")

    def test_that_end_in_a_newline_get_no_second_one(self):
        self.assertEqual(self.replies(self.tcp, "one\n", "two\n\n", "three"),
                         b"ONE\nTWO\n\nTHREE\n")

    def test_may_be_empty_as_datagrams(self):
        for endpoint in self.datagrams:
            self.assertEqual(self.replies(endpoint, "", "one", ""), b"\nONE\n\n")

    def test_may_not_be_empty_on_a_stream(self):
        for endpoint in self.streams:
            refused = run("call", endpoint, "one", "")
            self.assertEqual((refused.returncode, refused.stdout), (2, b""))
            self.assertIn(b"a message is empty", refused.stderr)

    def test_none_at_all_is_a_call_that_ends_well(self):
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint), b"")

    def test_of_16_mebibytes_come_back_whole(self):
        message = random.Random(1).randbytes(16 * 1024 * 1024).replace(b"\n", b"\r")
        for endpoint in self.streams:
            self.assertTrue(self.replies(endpoint, input=message) == message.upper() + b"\n")

    def test_large_and_small_ones_take_turns(self):
        lines = [b"a" * size for size in (1, 16384, 16385, 3_000_000, 2, 100_000, 1024, 65536)]
        said = self.replies(self.tcp, input=b"\n".join(lines))
        self.assertEqual(said.replace(b"\n", b""), b"".join(lines).upper())

    def test_by_the_thousand_go_in_lockstep(self):
        lines = b"".join(b"line %d\n" % i for i in range(5000))
        for endpoint in self.everywhere:
            self.assertEqual(self.replies(endpoint, input=lines), lines.upper())

    def test_can_be_written_and_their_replies_read_one_after_the_other(self):
        for endpoint in self.everywhere:
            with Program("call", endpoint, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as call:
                for word in (b"one", b"two", b"three"):
                    call.process.stdin.write(word + b"\n")
                    call.process.stdin.flush()
                    self.assertEqual(call.process.stdout.readline(), word.upper() + b"\n")
                call.process.stdin.close()
                self.assertEqual(call.end(), 0)

    def test_of_datagrams_over_their_limit_are_an_error(self):
        failed = run("call", self.udp, "x" * 65508)
        self.assertEqual(failed.returncode, 1)
        self.assertRegex(failed.stderr, rb"too large\nhint: .*65,507")

    def test_replies_as_json_are_one_versioned_object_each(self):
        said = self.replies("--json", self.udp, input="grüß\n".encode() + b"\xff\xfe\n")
        text, other = (json.loads(line) for line in said.splitlines())
        self.assertEqual(text, {"v": 1, "reply": {"bytes": 6, "text": "GRüß"}})
        self.assertEqual(other["v"], 1)
        self.assertEqual(base64.b64decode(other["reply"]["base64"]), b"\xff\xfe")


class Output(WithServer):
    def test_whose_reader_has_gone_is_a_quiet_end(self):
        for handler in (signal.SIG_DFL, signal.SIG_IGN):
            with self.subTest(handler), Program(
                    "call", self.tcp, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    restore_signals=handler == signal.SIG_DFL) as call:
                call.process.stdout.close()
                call.process.stdin.write(b"one\ntwo\n")
                call.process.stdin.flush()
                status = call.end()
                self.assertIn(status, (-signal.SIGPIPE, 1))
                self.assertEqual(call.lines, [None])

    def test_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "wb") as full, Program("call", self.tcp, "one", stdout=full) as call:
            self.assertEqual(call.end(), 1)
            call.line("^error: cannot write to standard output: No space left on device$")


class Mistakes(unittest.TestCase):
    def refuse(self, status, *arguments):
        refused = run("call", *arguments)
        self.assertEqual((refused.returncode, refused.stdout), (status, b""), refused.stderr)
        said = refused.stderr.decode()
        self.assertRegex(said, r"^error: .*\n(hint: .*\n)?$")
        return said

    def test_a_missing_endpoint(self):
        self.assertIn("missing ENDPOINT", self.refuse(2))

    def test_a_refused_connection_names_the_endpoint(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            endpoint = "tcp://127.0.0.1:%d" % gone.getsockname()[1]
        self.assertIn(f"cannot connect to {endpoint}: connection refused\nhint: is the server",
                      self.refuse(5, endpoint, "one"))

    def test_an_unknown_name(self):
        self.assertIn("nonexistent.invalid", self.refuse(5, "tcp://nonexistent.invalid:1", "one"))

    def test_an_unknown_scheme_names_the_known_ones(self):
        self.assertIn("tcp, udp, unix, unixgram", self.refuse(2, "http://127.0.0.1:80", "one"))

    def test_invalid_endpoints(self):
        for word in ("", "127.0.0.1:8000", "tcp:127.0.0.1:8000", "tcp://127.0.0.1",
                     "tcp://127.0.0.1:65536", "unix://relative", "udp://127.0.0.1:1?nope=1",
                     "tcp://127.0.0.1:1?nope=1"):
            self.refuse(2, word, "one")

    def test_an_endpoint_that_is_empty_or_has_port_0_for_every_command_that_calls(self):
        empty, port_0 = "''", "port 0"
        for words in (("call", empty, "one"), ("time", empty, "%Y"), ("run", empty, "--", "true"),
                      ("shell", empty), ("call", port_0, "one"), ("run", port_0, "--", "true"),
                      ("shell", port_0)):
            endpoint = "" if words[1] == empty else "tcp://127.0.0.1:0"
            self.refuse_all(words[1], words[0], endpoint, *words[2:])
        for command, endpoint in (("call", "udp://127.0.0.1:0"), ("time", "udp://127.0.0.1:0"),
                                  ("time", "tcp://[::1]:0?framing=lines"), ("shell", "tcp://:0")):
            self.refuse_all(port_0, command, endpoint)

    def refuse_all(self, reason, *words):
        refused = run(*words)
        self.assertEqual((refused.returncode, refused.stdout), (2, b""), words)
        self.assertIn(reason, refused.stderr.decode())
        self.assertIn("\nhint: ", refused.stderr.decode())

    def test_an_inherited_descriptor_cannot_be_called(self):
        self.assertIn("a call goes over tcp, unix or tls", self.refuse(2, "fd:0", "one"))

    def test_an_unknown_option_names_the_known_ones_and_the_way_to_send_it(self):
        said = self.refuse(2, "tcp://127.0.0.1:1", "--lingr", "1s")
        self.assertIn("did you mean '--linger'?", said)
        self.assertIn("--timeout", said)
        self.assertIn("after --", said)

    def test_invalid_durations(self):
        for option in ("--linger", "--timeout"):
            self.assertIn("is not a duration", self.refuse(2, "tcp://127.0.0.1:1", option, "5"))
        self.assertIn("at once", self.refuse(2, "tcp://127.0.0.1:1", "--timeout", "0s"))

    def test_a_connection_that_takes_too_long_has_a_status_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder, \
                socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as waiting:
            listener.bind(f"{folder}/s")
            listener.listen(0)
            waiting.connect(f"{folder}/s")
            said = self.refuse(6, f"unix://{folder}/s", "one", "--timeout", "200ms")
            self.assertIn("timed out", said)

    def test_as_json_are_one_object_with_the_status(self):
        with socket.create_server(("127.0.0.1", 0)) as gone:
            endpoint = "tcp://127.0.0.1:%d" % gone.getsockname()[1]
        failed = run("call", endpoint, "one", "--json")
        said = json.loads(failed.stderr)
        self.assertEqual(said["v"], 1)
        self.assertEqual(said["error"]["code"], failed.returncode)
        self.assertEqual(said["error"]["kind"], "refused")
        self.assertEqual(said["error"]["endpoint"], endpoint)
        self.assertIn("hint", said["error"])


if __name__ == "__main__":
    unittest.main()
