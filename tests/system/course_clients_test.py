"""Clients of a socket course, with their mistakes, against our server under each word of
concurrency."""
import tempfile
import time
import unittest

from command_support import DONE, WIRES, Messages, connect, receive
from course_support import LARGE, CourseClient, course
from interop_support import HOTLINE, WAIT_S, WORDS, Server
from interop_support import run as run_program
from interop_support import uring_is_usable


class TheirClients:
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        wanted = ["upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0", "time=udp://127.0.0.1:0",
                  *(f"command=tcp://127.0.0.1:0?wire={wire}" for wire in WIRES)]
        server = cls.enterClassContext(
            Server(HOTLINE, "serve", *cls.options, *wanted, count=len(wanted)))
        cls.tcp, cls.udp, cls.time, *commands = server.endpoints
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

    def test_the_time_is_told_in_their_format_and_on_an_empty_line_in_the_usual_one(self):
        client = self.client("time_client", self.time)
        year = time.strftime("%Y").encode()
        self.assertIn(client.ask("%Y", 4), (year, time.strftime("%Y").encode()))
        self.assertEqual(client.ask("现在", 6), "现在".encode())
        self.assertRegex(client.ask("", 19), rb"^\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d$")
        self.assertEqual(client.ask("%Q", 29), b"error: unknown conversion 'Q'")
        client.send("quit")
        self.assertEqual(client.finish(), 0)

    def test_commands_in_one_call_are_each_answered(self):
        for wire in WIRES:
            with self.subTest(wire):
                client = self.client(f"command_client_{wire}", self.commands[wire])
                for line, reply in (("echo hi", b"hi\n"), ("true", DONE), ("echo no >&2", b"no\n"),
                                    ("echo end", b"end\n")):
                    self.assertEqual(client.ask(line, len(reply)), reply)

    def test_a_large_reply_is_complete_where_its_length_is_sent(self):
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

    def test_clients_that_go_away_without_closing_do_no_harm(self):
        commands = []
        for wire in WIRES:
            with Messages(self.folder) as started:
                client = self.client(f"command_client_{wire}", self.commands[wire])
                client.send(f"sh -c 'echo $$ > {started.path}; exec sleep 1000'")
                commands.append(started.process())
                client.process.kill()
                client.process.wait(WAIT_S)
        for command in commands:
            command.wait_gone()
        for wire in WIRES:
            with self.subTest(wire):
                other = self.client(f"command_client_{wire}", self.commands[wire])
                self.assertEqual(other.ask("echo hi", 3), b"hi\n")

    def test_a_client_that_goes_away_with_its_reply_unread_does_no_harm(self):
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
