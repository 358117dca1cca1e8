"""`hotline call` with `?framing=`, against peers that are written in Python alone."""
import functools
import json
import subprocess
import threading
import unittest

import framings
from cli_support import WAIT_S, Program, peer, receive_all, run, swallow

NETSTRING = framings.Netstring()
ANY_LENGTH = [each for each in framings.ALL if each.name != "fixed=5"]


def upper(framing, batch=1):
    """Answers, once `batch` messages have come, to all of them."""
    def answer(connection):
        messages = []
        while (message := framing.receive(connection)) is not None:
            messages.append(message)
            if len(messages) == batch:
                for each in messages:
                    framing.send(connection, each.upper())
                messages.clear()
    return answer


def call(endpoint, framing, *arguments, options="", **popen):
    return run("call", f"{endpoint}?framing={framing.name}{options}", *arguments, **popen)


def in_each(chosen):
    """Runs a test once for each framing, and all of them though one fails."""
    chosen = list(chosen)

    def decorate(test):
        @functools.wraps(test)
        def run_all(self):
            for framing in chosen:
                with self.subTest(framing.name):
                    test(self, framing)
        return run_all
    return decorate


class EveryFraming(unittest.TestCase):
    @in_each(framings.ALL)
    def test_carries_messages_and_replies(self, framing):
        with peer(upper(framing)) as endpoint:
            called = call(endpoint, framing, "hello", "world", "12345")
        self.assertEqual((called.returncode, called.stdout, called.stderr),
                         (0, b"HELLO\nWORLD\n12345\n", b""))

    @in_each(framings.ALL)
    def test_carries_the_lines_of_standard_input(self, framing):
        with peer(upper(framing)) as endpoint:
            called = call(endpoint, framing, input=b"hello\n\nworld\n")
        self.assertEqual((called.returncode, called.stdout), (0, b"HELLO\nWORLD\n"))

    @in_each(each for each in framings.ALL if each.can_pipeline)
    def test_pipelines_where_it_can(self, framing):
        with peer(upper(framing, batch=3)) as endpoint:
            called = call(endpoint, framing, "hello", "world", "12345")
        self.assertEqual((called.returncode, called.stdout), (0, b"HELLO\nWORLD\n12345\n"))

    @in_each(ANY_LENGTH)
    def test_carries_empty_messages(self, framing):
        with peer(upper(framing)) as endpoint:
            called = call(endpoint, framing, "", "one", "")
        self.assertEqual((called.returncode, called.stdout), (0, b"\nONE\n\n"))

    @in_each(ANY_LENGTH)
    def test_carries_large_messages(self, framing):
        large = b"x" * 60_000
        with peer(upper(framing)) as endpoint:
            called = call(endpoint, framing, input=b"\n".join([large] * 20))
        self.assertEqual(called.returncode, 0)
        self.assertTrue(called.stdout == (large.upper() + b"\n") * 20)

    @in_each(each for each in framings.ALL if each.name not in ("ready", "mp"))
    def test_takes_replies_that_come_byte_by_byte(self, framing):
        def answer(connection):
            framing.receive(connection)
            for byte in framing.encode(b"HELLO"):
                connection.sendall(bytes([byte]))
            swallow(connection)
        with peer(answer) as endpoint:
            called = call(endpoint, framing, "hello")
        self.assertEqual((called.returncode, called.stdout), (0, b"HELLO\n"))


class Calls(unittest.TestCase):
    def test_of_thousands_of_lines_keep_their_order(self):
        lines = b"".join(b"line %d\n" % i for i in range(5000))
        with peer(upper(NETSTRING)) as endpoint:
            called = call(endpoint, NETSTRING, input=lines)
        self.assertEqual((called.returncode, called.stdout), (0, lines.upper()))

    def test_print_each_reply_before_the_next_line_is_written(self):
        for framing in (NETSTRING, framings.Ready()):
            with peer(upper(framing)) as endpoint, Program(
                    "call", f"{endpoint}?framing={framing.name}", stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE) as program:
                for word in (b"one", b"two", b"three"):
                    program.process.stdin.write(word + b"\n")
                    program.process.stdin.flush()
                    self.assertEqual(program.process.stdout.readline(), word.upper() + b"\n")
                program.process.stdin.close()
                self.assertEqual(program.end(), 0)

    def test_send_a_line_though_half_of_the_next_one_is_there(self):
        with peer(upper(NETSTRING)) as endpoint, Program(
                "call", f"{endpoint}?framing=netstring", stdin=subprocess.PIPE,
                stdout=subprocess.PIPE) as program:
            program.process.stdin.write(b"one\n\ntw")
            program.process.stdin.flush()
            self.assertEqual(program.process.stdout.readline(), b"ONE\n")
            program.process.stdin.write(b"o\n")
            program.process.stdin.close()
            self.assertEqual(program.process.stdout.readline(), b"TWO\n")
            self.assertEqual(program.end(), 0)

    def test_end_as_soon_as_all_replies_have_come(self):
        done = threading.Event()

        def answer(connection):
            upper_once = NETSTRING.receive(connection).upper()
            NETSTRING.send(connection, upper_once)
            done.wait(WAIT_S)
        with peer(answer) as endpoint:
            called = call(endpoint, NETSTRING, "one", "--linger", "1h")
            done.set()
        self.assertEqual((called.returncode, called.stdout), (0, b"ONE\n"))

    def test_show_unrequested_data_while_they_wait_for_a_line(self):
        def answer(connection):
            NETSTRING.send(connection, b"welcome")
            NETSTRING.send(connection, b"to you")
            upper(NETSTRING)(connection)
        with peer(answer) as endpoint, Program(
                "call", f"{endpoint}?framing=netstring", stdin=subprocess.PIPE,
                stdout=subprocess.PIPE) as program:
            self.assertEqual(program.process.stdout.readline(), b"welcome\n")
            self.assertEqual(program.process.stdout.readline(), b"to you\n")
            program.process.stdin.write(b"thanks\n")
            program.process.stdin.close()
            self.assertEqual(program.process.stdout.readline(), b"THANKS\n")
            self.assertEqual(program.end(), 0)

    def test_give_replies_as_json_objects(self):
        with peer(upper(NETSTRING)) as endpoint:
            called = call(endpoint, NETSTRING, "one", "", "--json")
        self.assertEqual([json.loads(line)["reply"] for line in called.stdout.splitlines()],
                         [{"bytes": 3, "text": "ONE"}, {"bytes": 0, "text": ""}])

    def test_without_messages_end_well(self):
        with peer(swallow) as endpoint:
            called = call(endpoint, NETSTRING)
        self.assertEqual((called.returncode, called.stdout), (0, b""))


class Failures(unittest.TestCase):
    def assert_failed(self, called, stdout, error, hint):
        self.assertEqual((called.returncode, called.stdout), (1, stdout))
        said, advice = called.stderr.decode().splitlines()
        self.assertRegex(said, "^error: .*" + error)
        self.assertRegex(advice, "^hint: .*" + hint)

    def test_too_few_replies_within_linger(self):
        done = threading.Event()

        def answer(connection):
            NETSTRING.send(connection, NETSTRING.receive(connection).upper())
            done.wait(WAIT_S)
        with peer(answer) as endpoint:
            failed = call(endpoint, NETSTRING, "one", "two", "--linger", "100ms")
            done.set()
        self.assert_failed(failed, b"ONE\n", "2 messages, replies: 1 within 100ms", "--linger")

    def test_no_reply_at_all(self):
        done = threading.Event()
        with peer(lambda connection: done.wait(WAIT_S)) as endpoint:
            failed = call(endpoint, NETSTRING, "one", "--linger", "100ms")
            done.set()
        self.assert_failed(failed, b"", "no reply within 100ms", "netstring too")

    def test_a_server_that_hangs_up_before_the_last_reply(self):
        def answer(connection):
            NETSTRING.send(connection, NETSTRING.receive(connection).upper())
            NETSTRING.receive(connection)
        with peer(answer) as endpoint:
            failed = call(endpoint, NETSTRING, "one", "two")
        self.assert_failed(failed, b"ONE\n", "hung up: 2 messages, replies: 1", "netstring too")

    def test_a_reply_that_is_cut(self):
        def answer(connection):
            NETSTRING.receive(connection)
            connection.sendall(b"5:hel")
        with peer(answer) as endpoint:
            failed = call(endpoint, NETSTRING, "one")
        self.assertEqual((failed.returncode, failed.stdout), (1, b""))
        self.assertRegex(failed.stderr, b"^error: cannot receive from ")

    def test_a_reply_in_another_framing(self):
        def answer(connection):
            NETSTRING.receive(connection)
            connection.sendall(b"ONE\n")
        with peer(answer) as endpoint:
            failed = call(endpoint, NETSTRING, "one")
        self.assert_failed(failed, b"", "not framed as netstring", "same framing")

    def test_a_reply_over_the_limit(self):
        def answer(connection):
            NETSTRING.receive(connection)
            connection.sendall(b"1025:")
        with peer(answer) as endpoint:
            failed = call(endpoint, NETSTRING, "one", options="&max=1KiB")
        self.assert_failed(failed, b"", "longer than the limit of 1024 bytes", "raise max")

    def test_a_peer_that_is_not_ready_in_time(self):
        def answer(connection):
            # What was announced does not come.
            with self.assertRaises(ConnectionResetError):
                receive_all(connection)
        with peer(answer) as endpoint:
            failed = call(endpoint, framings.Ready(), "one", "--timeout", "100ms")
        self.assertEqual((failed.returncode, failed.stdout), (1, b""))

    def test_a_line_that_the_framing_cannot_carry_comes_after_those_before_it(self):
        with peer(upper(framings.Fixed())) as endpoint:
            failed = call(endpoint, framings.Fixed(), input=b"hello\nworld\nhi\nnever\n")
        self.assert_failed(failed, b"HELLO\nWORLD\n", "it has 2 bytes, and the framing says 5",
                           "fill it up")


class CommandLines(unittest.TestCase):
    def refused(self, *arguments):
        called = run("call", *arguments)
        self.assertEqual((called.returncode, called.stdout), (2, b""))
        self.assertIn(b"\nhint: ", called.stderr)
        return called.stderr.decode()

    def test_with_an_unknown_framing_name_the_known_ones(self):
        self.assertIn("netstring, delimiter=BYTES",
                      self.refused("tcp://127.0.0.1:1?framing=json", "one"))

    def test_with_options_that_make_no_sense_are_refused(self):
        for options in ("max=1KiB", "framing=lines&max=0", "framing=fixed=0", "framing=delimiter=",
                        "framing=lines&framing=lines", "framing=lines&nothing=1"):
            with self.subTest(options):
                self.refused("tcp://127.0.0.1:1?" + options, "one")

    def test_with_a_message_that_the_framing_cannot_carry_are_refused_before_the_call(self):
        for framing, message in (("lines", "a\nb"), ("delimiter=;", "a;b"), ("fixed=3", "a"),
                                 ("u32be&max=1", "ab"), ("u16be", "a" * 65536)):
            with self.subTest(framing):
                said = self.refused("tcp://127.0.0.1:1?framing=" + framing, "ok!", message)
                self.assertIn("cannot send a message to tcp://127.0.0.1:1: ", said)

    def test_with_a_framing_for_datagrams_are_refused(self):
        self.assertIn("no option 'framing'", self.refused("udp://127.0.0.1:1?framing=lines", "one"))


if __name__ == "__main__":
    unittest.main()
