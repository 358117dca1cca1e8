"""Programs of a socket course as they are, with their mistakes, as peers: our clients and their
servers, their clients and our server, each a process of its own. course/README.md names them."""
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from command_support import DONE, WIRES, Messages, connect, receive, run
from interop_support import HOTLINE, WAIT_S, Program, Server, WORDS, together
from interop_support import run as run_program
from interop_support import uring_is_usable

COURSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "course")
QUIET = "200ms"
STREAMS = ("loop_server", "threaded_server")
DATAGRAMS = ("datagram_server", "threaded_datagram_server")
COMMANDS = tuple(f"command_server_{wire}" for wire in WIRES)

# Longer than the 1,024 bytes that their programs receive at once, and what a pipe holds.
LARGE = {size: f"head -c {size} /dev/zero | tr '\\0' x" for size in (1023, 1024, 1025, 5000, 60000)}


def course(name):
    return (sys.executable, os.path.join(COURSE, name + ".py"))


class CourseServer(Program):
    """A server of theirs; what it prints beside its port is not looked at."""

    def __init__(self, name):
        super().__init__(*course(name), "0")
        words = self.read_line().split()
        if words[:1] != [b"listening"]:
            self.__exit__()
            raise AssertionError(f"{name} does not listen: {self.lines}")
        self.port = int(words[1])

    def uri(self, scheme="tcp", query=""):
        return f"{scheme}://127.0.0.1:{self.port}{query}"


class CourseClient(Program):
    """A client of theirs, which is asked at its prompt."""

    def __init__(self, name, endpoint):
        super().__init__(*course(name), endpoint.split("?")[0].rsplit(":", 1)[1])

    def ask(self, line, size):
        """The reply, of `size` bytes, which they print with a newline."""
        self.send(line)
        reply = self.read(size + 1)
        if reply[-1:] != b"\n":
            raise AssertionError(f"{reply!r}: {self.lines}")
        return reply[:-1]

    def send(self, line):
        prompt = self.read(4)
        if prompt != b">>: ":
            raise AssertionError(f"no prompt, but {prompt!r}: {self.lines}")
        self.write(line.encode() + b"\n")


def call(endpoint, *messages, linger="2s"):
    """Their servers of streams never close: at the end it lingers."""
    return run_program(HOTLINE, "call", "--linger", linger, endpoint, *messages)


def linger_of(wire):
    """Of our client: on i32 a reply is whole without any."""
    return f"{WAIT_S}s" if wire == "i32" else QUIET


class OurClients(unittest.TestCase):
    """Ours against their servers."""

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
                                   call(uri, f"call {number}", linger="5s"))
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
                client = subprocess.Popen(
                    [HOTLINE, "run", uri, f"echo > {started.path}; read x < {go_on.path}"])
                started.line()
                client.kill()
                client.wait(WAIT_S)
                go_on.write()
                self.assertEqual(run(uri, "echo hi", linger=linger_of(wire)), b"hi\n")

    def test_a_server_of_theirs_that_is_killed_in_the_midst_is_an_error(self):
        for wire in WIRES:
            with self.subTest(wire), CourseServer(f"command_server_{wire}") as server:
                uri = server.uri(query=f"?wire={wire}")
                # $PPID is the server: the shell that it runs is its child.
                said = run(uri, "kill -9 $PPID", status=255)
                self.assertRegex(said, "^error: ")


class TheirClients:
    """Theirs against our server, under each word of concurrency."""
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        wanted = ["upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                  *(f"command=tcp://127.0.0.1:0?wire={wire}" for wire in WIRES)]
        server = cls.enterClassContext(
            Server(HOTLINE, "serve", *cls.options, *wanted, count=len(wanted)))
        cls.tcp, cls.udp, *commands = server.endpoints
        cls.commands = dict(zip(WIRES, commands))

    def client(self, name, endpoint):
        return self.enterContext(CourseClient(name, endpoint))

    def test_one_call_is_answered(self):
        port = self.tcp.rsplit(":", 1)[1]
        self.assertEqual(run_program(*course("one_call_client"), port, "hello"), b"HELLO\n")

    def test_a_loop_of_messages_is_answered(self):
        client = self.client("loop_client", self.tcp)
        for line in ("one", "two", "grüße"):
            reply = line.upper() if line.isascii() else "GRüßE"
            self.assertEqual(client.ask(line, len(reply.encode())), reply.encode())

    def test_datagrams_are_each_answered(self):
        client = self.client("datagram_client", self.udp)
        for line in ("one", "", "two"):
            self.assertEqual(client.ask(line, len(line)), line.upper().encode())

    def test_commands_in_one_call_are_each_answered(self):
        for wire in WIRES:
            with self.subTest(wire):
                client = self.client(f"command_client_{wire}", self.commands[wire])
                for line, reply in (("echo hi", b"hi\n"), ("true", DONE), ("echo no >&2", b"no\n"),
                                    ("echo end", b"end\n")):
                    self.assertEqual(client.ask(line, len(reply)), reply)

    def test_a_large_reply_comes_whole_where_its_length_is_told(self):
        for wire in ("ready", "i32"):
            client = self.client(f"command_client_{wire}", self.commands[wire])
            for size, line in LARGE.items():
                with self.subTest(wire=wire, size=size):
                    self.assertTrue(client.ask(line, size) == b"x" * size)

    def test_on_plain_what_they_do_not_take_of_a_reply_is_there_for_their_next_receive(self):
        client = self.client("command_client_plain", self.commands["plain"])
        self.assertEqual(client.ask(LARGE[1025], 1024), b"x" * 1024)
        client.send("echo hi")
        self.assertEqual(client.read(1), b"x")

    def test_a_client_that_goes_away_without_closing_harms_nobody(self):
        for wire in WIRES:
            with self.subTest(wire), Messages(self.folder) as started:
                client = self.client(f"command_client_{wire}", self.commands[wire])
                client.send(f"sh -c 'echo $$ > {started.path}; exec sleep 1000'")
                command = started.process()
                client.process.send_signal(signal.SIGKILL)
                client.process.wait(WAIT_S)
                command.wait_gone()
                other = self.client(f"command_client_{wire}", self.commands[wire])
                self.assertEqual(other.ask("echo hi", 3), b"hi\n")

    def test_a_client_that_goes_away_with_its_reply_unread_harms_nobody(self):
        for wire in WIRES:
            with self.subTest(wire):
                with connect(self.commands[wire]) as connection:
                    connection.sendall(LARGE[60000].encode())
                    receive(connection, 1)
                other = self.client(f"command_client_{wire}", self.commands[wire])
                self.assertEqual(other.ask("echo hi", 3), b"hi\n")


for word, options in WORDS.items():
    made = type("TheirClients" + word, (TheirClients, unittest.TestCase),
                {"options": options, "__module__": __name__})
    if word == "UringLoops" and not uring_is_usable():
        made = unittest.skip("io_uring cannot be used here; see `hotline doctor`")(made)
    globals()[made.__name__] = made
del made


class Once(unittest.TestCase):
    def test_their_one_call_client_ends_our_server_of_one_call(self):
        with Server(HOTLINE, "serve", "--once", "upper=tcp://127.0.0.1:0") as server:
            port = server.endpoint.rsplit(":", 1)[1]
            self.assertEqual(run_program(*course("one_call_client"), port, "hello"), b"HELLO\n")
            self.assertEqual(server.finish(), 0)

    def test_their_command_client_gets_one_reply_of_our_server_of_one_call(self):
        for wire in WIRES:
            with self.subTest(wire), Server(HOTLINE, "serve", "--once",
                                            f"command=tcp://127.0.0.1:0?wire={wire}") as server:
                with CourseClient(f"command_client_{wire}", server.endpoint) as client:
                    self.assertEqual(client.ask("echo hi", 3), b"hi\n")
                    self.assertEqual(server.process.wait(WAIT_S), 0)


if __name__ == "__main__":
    unittest.main()
