"""Our servers called with nc and socat, and servers made of nc and socat called by our clients."""
import os
import tempfile
import unittest

from interop_support import (BIG, HOTLINE, TEXT, WAIT_S, Program, Server, call, example,
                             for_each_word, require, run, together, upper)

UPPER_COMMAND = "stdbuf -o0 tr a-z A-Z"


class NcClients:
    def streams(self):
        """The arguments of nc for each stream endpoint."""
        return ("127.0.0.1", self.port(self.tcp)), ("-U", self.unix.removeprefix("unix://")), \
            ("-U", self.abstract.removeprefix("unix:"))

    def test_a_half_close_is_answered_by_all_replies_and_an_end(self):
        for arguments in self.streams():
            with self.subTest(arguments):
                self.assertEqual(run("nc", "-N", *arguments, input=TEXT), upper(TEXT))

    def test_a_mebibyte_comes_back_whole(self):
        for arguments in self.streams():
            with self.subTest(arguments):
                self.assertEqual(run("nc", "-N", *arguments, input=BIG), upper(BIG))

    def test_each_line_typed_is_answered(self):
        for arguments in self.streams():
            with self.subTest(arguments), Program("nc", "-N", *arguments) as nc:
                for line in (b"hello\n", b"x\n", TEXT):
                    self.assertEqual(nc.ask(line), upper(line))
                self.assertEqual(nc.finish(), 0)

    def test_pieces_of_one_byte_come_back_in_order(self):
        for arguments in self.streams():
            with self.subTest(arguments), Program("nc", "-N", *arguments) as nc:
                for byte in TEXT:
                    nc.write(bytes([byte]))
                self.assertEqual(nc.read(len(TEXT)), upper(TEXT))
                self.assertEqual(nc.finish(), 0)

    def test_twenty_at_once_each_get_their_own_reply(self):
        for arguments in self.streams():
            with self.subTest(arguments):
                replies = together(20, lambda number: run("nc", "-N", *arguments,
                                                          input=b"nc %d" % number))
                self.assertEqual(replies, [b"NC %d" % number for number in range(20)])

    def test_datagrams_are_answered(self):
        path = self.unixgram.removeprefix("unixgram://")
        own = os.path.join(self.folder, "nc")
        for arguments in (("127.0.0.1", self.port(self.udp)), ("-U", "-s", own, path)):
            with self.subTest(arguments), Program("nc", "-u", *arguments) as nc:
                for line in (b"hello\n", TEXT, b"x" * 8000 + b"\n"):
                    self.assertEqual(nc.ask(line), upper(line))


class SocatClients:
    def streams(self):
        """The address of socat for each stream endpoint."""
        return f"TCP:127.0.0.1:{self.port(self.tcp)}", \
            "UNIX-CONNECT:" + self.unix.removeprefix("unix://"), \
            "ABSTRACT-CONNECT:" + self.abstract.removeprefix("unix:@")

    def test_a_half_close_is_answered_by_all_replies_and_an_end(self):
        for address in self.streams():
            with self.subTest(address):
                self.assertEqual(run("socat", "-t", str(WAIT_S), "-", address, input=TEXT),
                                 upper(TEXT))

    def test_a_mebibyte_comes_back_whole(self):
        for address in self.streams():
            with self.subTest(address):
                self.assertEqual(run("socat", "-t", str(WAIT_S), "-", address, input=BIG),
                                 upper(BIG))

    def test_each_line_typed_is_answered(self):
        for address in self.streams():
            with self.subTest(address), Program("socat", "-", address) as socat:
                for line in (b"hello\n", b"x\n", TEXT):
                    self.assertEqual(socat.ask(line), upper(line))
                self.assertEqual(socat.finish(), 0)

    def test_blocks_of_one_byte_come_back_in_order(self):
        for address in self.streams():
            with self.subTest(address):
                self.assertEqual(run("socat", "-b", "1", "-t", str(WAIT_S), "-", address,
                                     input=TEXT), upper(TEXT))

    def test_twenty_at_once_each_get_their_own_reply(self):
        for address in self.streams():
            with self.subTest(address):
                replies = together(20, lambda number: run("socat", "-t", str(WAIT_S), "-", address,
                                                          input=b"socat %d" % number))
                self.assertEqual(replies, [b"SOCAT %d" % number for number in range(20)])

    def test_datagrams_are_answered(self):
        own = os.path.join(self.folder, "socat")
        name = self.abstract_datagrams.removeprefix("unixgram:@")
        for address in (f"UDP:127.0.0.1:{self.port(self.udp)}",
                        f"UNIX-SENDTO:{self.unixgram.removeprefix('unixgram://')},bind={own}",
                        f"ABSTRACT-SENDTO:{name},bind={name}-socat"):
            with self.subTest(address), Program("socat", "-", address) as socat:
                for line in (b"hello\n", TEXT, b"x" * 8000 + b"\n"):
                    self.assertEqual(socat.ask(line), upper(line))


for_each_word("NcClientsOf", require("nc")(NcClients), globals())
for_each_word("SocatClientsOf", require("socat")(SocatClients), globals())


@require("socat", "stdbuf")
class CallsToSocat(unittest.TestCase):
    """socat makes a server of any command; `tr` is ours."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def serve(self, address, endpoint=""):
        """socat at `address`; it says where it listens."""
        server = self.enterContext(
            Server("socat", "-d", "-d", address, "EXEC:" + UPPER_COMMAND,
                   pattern=r"(?:listening|receiving) on AF=\d+ (\S+)"))
        return endpoint or "tcp://" + server.endpoint

    def streams(self):
        path = os.path.join(self.folder, "stream")
        name = os.path.basename(self.folder)
        yield self.serve("TCP-LISTEN:0,bind=127.0.0.1,fork,backlog=64")
        yield self.serve(f"UNIX-LISTEN:{path},fork,backlog=64", f"unix://{path}")
        yield self.serve(f"ABSTRACT-LISTEN:{name},fork,backlog=64", f"unix:@{name}")

    def test_call_prints_a_reply_for_each_message(self):
        for endpoint in self.streams():
            self.assertEqual(call(endpoint, "hello", "grüße"), b"HELLO\nGR\xc3\xbc\xc3\x9fE\n")

    def test_call_prints_a_mebibyte_whole(self):
        line = BIG.replace(b"\n", b"|")
        for endpoint in self.streams():
            self.assertEqual(call(endpoint, input=line + b"\n"), upper(line) + b"\n")

    def test_twenty_calls_at_once_are_each_answered(self):
        for endpoint in self.streams():
            replies = together(20, lambda number: call(endpoint, f"call {number}"))
            self.assertEqual(replies, [f"CALL {number}\n".encode() for number in range(20)])

    def test_the_example_clients_get_a_reply_for_each_line(self):
        for endpoint in self.streams():
            self.assertEqual(run(example("unix_client"), endpoint, "one", "two"), b"ONE\nTWO\n")
            with Program(example("loop_client"), endpoint) as client:
                for line in (b"hello\n", TEXT):
                    self.assertEqual(client.ask(line), upper(line))
                self.assertEqual(client.finish(), 0)

    def test_call_keeps_datagrams_whole(self):
        path = os.path.join(self.folder, "datagrams")
        endpoint = self.serve(f"UNIX-RECVFROM:{path},fork", f"unixgram://{path}")
        self.assertEqual(call(endpoint, "hello", "x" * 8000), b"HELLO\n" + b"X" * 8000 + b"\n")


@require("nc")
class CallsToNc(unittest.TestCase):
    """The test acts as the person at the other end: nc shows what arrives and sends what is
    typed."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def listeners(self, *options):
        """nc as a server on TCP, a path and an abstract name, and its endpoint."""
        path = os.path.join(self.folder, "stream")
        name = "@" + os.path.basename(self.folder)
        for arguments, scheme in ((("127.0.0.1", "0"), "tcp://"), (("-U", path), "unix://"),
                                  (("-U", name), "unix:")):
            yield ("nc", "-l", "-v", "-n", *options, *arguments), scheme

    def answer(self, client, check):
        """Acts as the server for one caller."""
        for command, scheme in self.listeners("-N"):
            with self.subTest(scheme), \
                    Server(*command, pattern=r"^Listening on (.*)$") as nc:
                endpoint = scheme + nc.endpoint.replace(" ", ":")
                with Program(*client, endpoint) as caller:
                    check(nc, caller)
                    self.assertEqual(caller.finish(), 0)
                    self.assertEqual(nc.process.wait(WAIT_S), 0)

    def test_call_prints_what_is_typed_into_nc(self):
        def check(nc, caller):
            caller.write(TEXT)
            self.assertEqual(nc.read(len(TEXT) - 1), TEXT[:-1])
            nc.write(b"understood\n")
            self.assertEqual(caller.read_line(), b"understood\n")
            nc.process.stdin.close()
        self.answer((HOTLINE, "call", "--linger", f"{WAIT_S}s"), check)

    def test_the_loop_client_prints_replies_typed_in_pieces_as_one(self):
        def check(nc, caller):
            caller.write(b"hello\n")
            self.assertEqual(nc.read(5), b"hello")
            for byte in b"HELLO":
                nc.write(bytes([byte]))
            self.assertEqual(caller.read_line(), b"HELLO\n")
            caller.write(b"quit\n")
            nc.process.stdin.close()
        self.answer((example("loop_client"),), check)

    def test_call_gets_datagrams_from_nc(self):
        with Server("nc", "-l", "-u", "-v", "-n", "127.0.0.1", "0",
                    pattern=r"^Bound on (.*)$") as nc:
            endpoint = "udp://" + nc.endpoint.replace(" ", ":")
            with Program(HOTLINE, "call", "--linger", f"{WAIT_S}s", endpoint, "hello") as caller:
                self.assertEqual(nc.read(5), b"hello")
                nc.write(b"understood\n")
                self.assertEqual(caller.read_line(), b"understood\n")
                self.assertEqual(caller.finish(), 0)


if __name__ == "__main__":
    unittest.main()
