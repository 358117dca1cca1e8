"""Servers of a socket course, with their mistakes, called by our clients."""
import contextlib
import subprocess
import tempfile
import unittest

from cli_support import ended
from command_support import DONE, WIRES, Messages, run
from course_support import LARGE, CourseServer
from interop_support import HOTLINE, WAIT_S, Program, Server, together
from interop_support import run as run_program

QUIET = "200ms"
STREAMS = ("loop_server", "threaded_server")
DATAGRAMS = ("datagram_server", "threaded_datagram_server")


def call(endpoint, *messages, linger="1s"):
    """Their stream servers never close, so our client lingers at the end."""
    return run_program(HOTLINE, "call", "--linger", linger, endpoint, *messages)


def linger_of(wire):
    """The linger of our client: on i32 a reply is complete without it."""
    return f"{WAIT_S}s" if wire == "i32" else QUIET


class OurClients(unittest.TestCase):

    def test_one_call_is_answered_and_their_server_ends(self):
        with CourseServer("one_call_server") as server:
            self.assertEqual(call(server.uri(), "hello", linger=f"{WAIT_S}s"), b"HELLO\n")
            self.assertEqual(server.finish(), 0)

    def test_many_messages_in_one_call_are_each_answered(self):
        for name in STREAMS:
            with self.subTest(name), CourseServer(name) as server:
                # The first call is still open there when the second comes.
                for messages in (("one", "two", "grüße"), ("three",)):
                    said = "".join(each + "\n" for each in messages).encode()
                    self.assertEqual(call(server.uri(), *messages), said.upper())

    def test_a_message_longer_than_their_receive_comes_back_whole(self):
        for name in STREAMS:
            with self.subTest(name), CourseServer(name) as server:
                for size in (1024, 1025, 5000):
                    self.assertEqual(call(server.uri(), "x" * size), b"X" * size + b"\n")

    def test_callers_at_once_are_all_answered_be_it_one_after_another(self):
        for name in STREAMS:
            with self.subTest(name), CourseServer(name) as server:
                replies = together(4, lambda number, uri=server.uri():
                                   call(uri, f"call {number}", linger="3s"))
                self.assertEqual(replies, [f"CALL {number}\n".encode() for number in range(4)])

    def test_their_server_outlives_a_caller_that_was_killed(self):
        for name in STREAMS:
            with self.subTest(name), CourseServer(name) as server:
                with Program(HOTLINE, "call", server.uri()) as client:
                    self.assertEqual(client.ask(b"hello\n"), b"HELLO\n")
                    client.process.kill()
                    client.process.wait(WAIT_S)
                self.assertEqual(call(server.uri(), "hello"), b"HELLO\n")

    def test_datagrams_are_each_answered(self):
        for name in DATAGRAMS:
            with self.subTest(name), CourseServer(name) as server:
                self.assertEqual(call(server.uri("udp"), "one", "", "grüße",
                                      linger=f"{WAIT_S}s"),
                                 "ONE\n\nGRüßE\n".encode())

    def test_a_datagram_longer_than_their_receive_loses_its_end_there(self):
        with CourseServer("datagram_server") as server:
            self.assertEqual(call(server.uri("udp"), "x" * 2000, linger=f"{WAIT_S}s"),
                             b"X" * 1024 + b"\n")

    def test_their_time_server_and_ours_tell_the_same_time(self):
        formats = ("", "%Y-%m-%d", "%X", "%A %B %d", "%Z %z", "%s", "现在是 %H:%M", "100%%", "%-d.%-m")
        with CourseServer("time_server") as theirs, \
                Server(HOTLINE, "serve", "time=udp://127.0.0.1:0") as ours:
            for form in formats:
                with self.subTest(form):
                    self.assertEqual(*self.in_one_second(ours.endpoint, theirs.uri("udp"), form))
            lines = "".join(form + "\n" for form in formats if "%s" not in form).encode()
            self.assertEqual(*self.in_one_second(ours.endpoint, theirs.uri("udp"), input=lines))

    def in_one_second(self, ours, theirs, *formats, input=b""):
        """What both servers answer within the same second."""
        def ask(endpoint, *formats, input=b""):
            return run_program(HOTLINE, "time", "--linger", f"{WAIT_S}s", endpoint, *formats,
                               input=input)
        while True:
            before = ask(ours, "%s")
            replies = ask(ours, *formats, input=input), ask(theirs, *formats, input=input)
            if ask(ours, "%s") == before:
                return replies

    def test_their_time_server_gets_an_empty_datagram_for_a_blank_line(self):
        with CourseServer("time_server") as server:
            said = run_program(HOTLINE, "time", "--linger", f"{WAIT_S}s", server.uri("udp"),
                               input=b"\n%Y\nquit\n")
            self.assertRegex(said, rb"^\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d\n\d{4}\n$")
            self.assertEqual([server.read_line() for _ in range(2)],
                             [b"===> b''\n", b"===> b'%Y'\n"])

    def test_run_prints_small_replies_and_an_empty_one_as_a_word_of_success(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                uri = server.uri(query=f"?wire={wire}")
                for line, reply in (("echo hi", b"hi\n"), ("true", DONE), ("echo no >&2", b"no\n"),
                                    ("printf x", b"x"), ("echo 操作", "操作\n".encode())):
                    self.assertEqual(run(uri, line, linger=linger_of(wire)), reply)

    def test_run_needs_no_more_than_its_default_linger(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                self.assertEqual(run(server.uri(query=f"?wire={wire}"), "echo hi"), b"hi\n")

    def test_run_prints_large_replies_whole(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                for size, line in LARGE.items():
                    said = run(server.uri(query=f"?wire={wire}"), line, linger=linger_of(wire))
                    self.assertTrue(said == b"x" * size, f"{len(said)} of {size}")

    def test_shell_runs_several_commands_in_one_call(self):
        lines = b"echo one\ntrue\necho no >&2\nhead -c 5000 /dev/zero | tr '\\0' x\necho end\n"
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                said = run_program(HOTLINE, "shell", server.uri(query=f"?wire={wire}"),
                                   input=lines)
                self.assertEqual(said, b"one\n" + DONE + b"\nno\n" + b"x" * 5000 + b"\nend\n")

    def test_their_command_server_outlives_a_run_that_was_killed(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server, \
                    contextlib.ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                started = stack.enter_context(Messages(folder))
                go_on = stack.enter_context(Messages(folder))
                uri = server.uri(query=f"?wire={wire}")
                with ended(subprocess.Popen(
                        [HOTLINE, "run", uri, f"echo > {started.path}; read x < {go_on.path}"])):
                    started.line()
                go_on.write()
                self.assertEqual(run(uri, "echo hi", linger=linger_of(wire)), b"hi\n")

    def test_a_server_of_theirs_that_is_killed_within_a_reply_is_an_error(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                uri = server.uri(query=f"?wire={wire}")
                # $PPID is the server: the shell that it runs is its child.
                said = run(uri, "kill -9 $PPID", status=255)
                self.assertRegex(said, "^error: ")


if __name__ == "__main__":
    unittest.main()
