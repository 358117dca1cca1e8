"""Our servers called with Python's sockets, and Python's socketserver called by our clients."""
import os
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest

from interop_support import (BIG, HOTLINE, TEXT, WAIT_S, Program, Server, call, example,
                             for_each_word, receive, run, together, upper)


def open_socket(endpoint):
    """A socket connected to an endpoint, with a time limit on all that it does."""
    scheme, where = endpoint.split(":", 1)
    kind = socket.SOCK_DGRAM if scheme in ("udp", "unixgram") else socket.SOCK_STREAM
    family = socket.AF_UNIX if scheme in ("unix", "unixgram") else socket.AF_INET
    opened = socket.socket(family, kind)
    opened.settimeout(WAIT_S)
    if scheme == "unixgram":
        opened.bind("")  # A name of the kernel's choice, to be answered at.
    if family == socket.AF_UNIX:
        opened.connect("\0" + where[1:] if where.startswith("@") else where.removeprefix("//"))
    else:
        host, port = where.removeprefix("//").rsplit(":", 1)
        opened.connect((host, int(port)))
    return opened


def receive_all(connection):
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def say_and_hang_up(endpoint, request):
    """All that comes back for a request after which we half-close."""
    with open_socket(endpoint) as connection:
        def send():
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
        writer = threading.Thread(target=send)
        writer.start()
        try:
            return receive_all(connection)
        finally:
            writer.join()


def answer_to(client, request):
    """The reply to a datagram."""
    client.settimeout(WAIT_S)
    client.send(request)
    return client.recv(65536)


class PythonClients:
    def streams(self):
        return self.tcp, self.unix, self.abstract

    def datagrams(self):
        return self.udp, self.unixgram, self.abstract_datagrams

    def test_each_request_of_a_call_is_answered_over_tcp_and_unix(self):
        for endpoint in self.streams():
            with self.subTest(endpoint), open_socket(endpoint) as connection:
                for request in (b"hello", b"a", b"once more\n"):
                    connection.sendall(request)
                    self.assertEqual(receive(connection, len(request)), upper(request))

    def test_utf_8_comes_back_unchanged_but_for_its_ascii_letters(self):
        for endpoint in self.streams():
            with self.subTest(endpoint):
                self.assertEqual(say_and_hang_up(endpoint, TEXT).decode(),
                                 "GRüßE, 世界! ﬁN — Ελλάδα\n")

    def test_all_256_bytes_come_back_as_they_should(self):
        for endpoint in self.streams():
            with self.subTest(endpoint):
                self.assertEqual(say_and_hang_up(endpoint, bytes(range(256))),
                                 upper(bytes(range(256))))

    def test_a_mebibyte_comes_back_whole(self):
        for endpoint in self.streams():
            with self.subTest(endpoint):
                self.assertEqual(say_and_hang_up(endpoint, BIG), upper(BIG))

    def test_pieces_of_one_byte_come_back_in_order(self):
        for endpoint in self.streams():
            with self.subTest(endpoint), open_socket(endpoint) as connection:
                for byte in TEXT:
                    connection.sendall(bytes([byte]))
                self.assertEqual(receive(connection, len(TEXT)), upper(TEXT))

    def test_after_a_half_close_the_replies_still_come_and_then_an_end(self):
        for endpoint in self.streams():
            with self.subTest(endpoint), open_socket(endpoint) as connection:
                connection.sendall(b"last words")
                connection.shutdown(socket.SHUT_WR)
                self.assertEqual(receive_all(connection), b"LAST WORDS")

    def test_twenty_callers_at_once_each_get_their_own_reply(self):
        for endpoint in self.streams():
            requests = [f"caller {number} ".encode() * 100 for number in range(20)]
            with self.subTest(endpoint):
                replies = together(20, lambda number: say_and_hang_up(endpoint, requests[number]))
                self.assertEqual(replies, [upper(request) for request in requests])

    def test_a_caller_that_breaks_off_ends_its_own_call_only(self):
        for endpoint in self.streams():
            with self.subTest(endpoint):
                with open_socket(endpoint) as connection:
                    connection.sendall(b"goodbye")
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                          struct.pack("ii", 1, 0))
                self.assertEqual(say_and_hang_up(endpoint, b"still there?"), b"STILL THERE?")

    def test_a_caller_that_says_nothing_and_hangs_up_is_answered_by_an_end(self):
        for endpoint in self.streams():
            with self.subTest(endpoint):
                self.assertEqual(say_and_hang_up(endpoint, b""), b"")

    def test_datagrams_are_answered_one_by_one_and_an_empty_one_by_an_empty_one(self):
        for endpoint in self.datagrams():
            with self.subTest(endpoint), open_socket(endpoint) as client:
                for request in (b"hello", b"", TEXT, b"x" * 9000):
                    self.assertEqual(answer_to(client, request), upper(request))

    def test_the_longest_udp_datagram_comes_back_whole(self):
        with open_socket(self.udp) as client:
            client.send(BIG[:65507])
            self.assertEqual(client.recv(65536), upper(BIG[:65507]))

    def test_twenty_datagram_clients_at_once_each_get_their_own_replies(self):
        def converse(endpoint, number):
            with open_socket(endpoint) as client:
                requests = [f"client {number}, {each}".encode() for each in range(5)]
                for request in requests:
                    client.send(request)
                    if client.recv(65536) != upper(request):
                        return False
                return True
        for endpoint in self.datagrams():
            with self.subTest(endpoint):
                self.assertEqual(together(20, lambda number: converse(endpoint, number)),
                                 [True] * 20)

    def test_a_sigterm_during_a_call_ends_the_server_with_status_0(self):
        with Server(HOTLINE, "serve", *self.options, "upper=tcp://127.0.0.1:0") as server:
            with open_socket(server.endpoint) as connection:
                connection.sendall(b"hello")
                self.assertEqual(receive(connection, 5), b"HELLO")
                self.assertEqual(server.drain(), 0)
                self.assertEqual(receive_all(connection), b"")


for_each_word("PythonClientsOf", PythonClients, globals())

# Run as a program of its own: socketserver forks, and must not fork the tests.
SOCKETSERVER = """
import os, socketserver, sys

class Stream(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())

class OneReply(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(1024).upper())

class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line.upper())

class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, socket = self.request
        socket.sendto(data.upper(), self.client_address)

kind, handler, path = sys.argv[1:]
server_class = getattr(socketserver, kind)
server_class.max_packet_size = 65536
server_class.request_queue_size = 64
address = "\\0" + path[1:] if path.startswith("@") else path or ("127.0.0.1", 0)
with server_class(address, globals()[handler]) as server:
    transport = "udp" if "UDP" in kind else "unixgram" if "Datagram" in kind else \
        "unix" if "Unix" in kind else "tcp"
    where = f":{path}" if path.startswith("@") else f"://{path}" if path else \
        "://127.0.0.1:%d" % server.server_address[1]
    print("listening " + transport + where, file=sys.stderr, flush=True)
    server.serve_forever()
"""


def socketserver(kind, handler="Stream", path=""):
    """One of Python's servers, in a process of its own."""
    return Server(sys.executable, "-c", SOCKETSERVER, kind, handler, path)


class CallsToPython(unittest.TestCase):
    """`hotline call` and the example clients against socketserver."""
    STREAMS = ("TCPServer", "ThreadingTCPServer", "ForkingTCPServer", "UnixStreamServer",
               "ThreadingUnixStreamServer")
    DATAGRAMS = ("UDPServer", "ThreadingUDPServer", "ForkingUDPServer", "UnixDatagramServer",
                 "ThreadingUnixDatagramServer")

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def with_each(self, kinds, check, handler="Stream"):
        """`check(endpoint)` with a server of each kind."""
        for kind in kinds:
            path = os.path.join(self.folder, kind) if "Unix" in kind else ""
            handler = "Datagram" if kinds is self.DATAGRAMS else handler
            with self.subTest(kind), socketserver(kind, handler, path) as server:
                check(server.endpoint)

    def test_call_prints_a_reply_for_each_message(self):
        def check(endpoint):
            self.assertEqual(call(endpoint, "hello", "grüße"), b"HELLO\nGR\xc3\xbc\xc3\x9fE\n")
        self.with_each(self.STREAMS, check)

    def test_call_sends_the_lines_of_its_input_and_skips_blank_ones(self):
        def check(endpoint):
            self.assertEqual(call(endpoint, input=b"one\n\ntwo\nquit\n"), b"ONE\nTWO\nQUIT\n")
        self.with_each(self.STREAMS, check)

    def test_call_prints_a_mebibyte_whole(self):
        line = BIG.replace(b"\n", b"|")
        def check(endpoint):
            self.assertEqual(call(endpoint, input=line + b"\n"), upper(line) + b"\n")
        self.with_each(self.STREAMS, check)

    def test_call_reaches_an_abstract_name(self):
        name = "@" + os.path.basename(self.folder)
        with socketserver("ThreadingUnixStreamServer", path=name) as server:
            self.assertEqual(call(server.endpoint, "hello"), b"HELLO\n")
            self.assertEqual(run(example("unix_client"), server.endpoint, "hello"), b"HELLO\n")

    def test_twenty_calls_at_once_are_each_answered(self):
        def check(endpoint):
            replies = together(20, lambda number: call(endpoint, f"call {number}", "and more"))
            self.assertEqual(replies,
                             [f"CALL {number}\nAND MORE\n".encode() for number in range(20)])
        self.with_each(self.STREAMS, check)

    def test_call_prints_the_one_reply_of_a_server_that_then_closes(self):
        def check(endpoint):
            self.assertEqual(call(endpoint, "hello"), b"HELLO\n")
        self.with_each(self.STREAMS, check, "OneReply")

    def test_call_keeps_datagrams_whole(self):
        def check(endpoint):
            self.assertEqual(call(endpoint, "hello", "", "x" * 9000),
                             b"HELLO\n\n" + b"X" * 9000 + b"\n")
        self.with_each(self.DATAGRAMS, check)

    def test_datagram_calls_at_once_are_each_answered(self):
        def check(endpoint):
            # A UNIX queue holds ten (net.unix.max_dgram_qlen), see the next test.
            count = 20 if endpoint.startswith("udp:") else 8
            replies = together(count, lambda number: call(endpoint, f"call {number}"))
            self.assertEqual(replies, [f"CALL {number}\n".encode() for number in range(count)])
        self.with_each(self.DATAGRAMS, check)

    def test_a_unix_datagram_waits_for_room_in_its_servers_queue_until_the_timeout(self):
        path = os.path.join(self.folder, "full")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            server.bind(path)
            filler.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    filler.sendto(b"", path)
            began = time.monotonic()
            call(f"unixgram://{path}", "--timeout", "3s", "hello", status=1)
            self.assertGreaterEqual(time.monotonic() - began, 3)

    def test_a_server_of_lines_is_answered_to_by_its_half_close(self):
        # It says nothing before a whole line or the end; what `call` sends has no newline.
        with socketserver("ThreadingTCPServer", "Lines") as server:
            asked = run(HOTLINE, "call", "--linger", "200ms", server.endpoint, "no newline")
            self.assertEqual(asked, b"NO NEWLINE\n")

    def test_the_loop_client_gets_a_reply_for_each_line(self):
        def check(endpoint):
            with Program(example("loop_client"), endpoint) as client:
                for line in (b"hello\n", TEXT, b"x" * 5000 + b"\n"):
                    self.assertEqual(client.ask(line), upper(line))
                self.assertEqual(client.finish(), 0)
        self.with_each(self.STREAMS, check)

    def test_the_one_call_client_prints_the_reply_once_the_server_has_closed(self):
        def check(endpoint):
            self.assertEqual(run(example("one_call_client"), endpoint, "hello"), b"HELLO\n")
        self.with_each(self.STREAMS, check, "OneReply")

    def test_the_datagram_client_gets_a_reply_for_each_line(self):
        def check(endpoint):
            with Program(example("datagram_client"), endpoint) as client:
                for line in (b"hello\n", b"\n", TEXT):
                    self.assertEqual(client.ask(line), upper(line))
                self.assertEqual(client.finish(), 0)
        self.with_each(self.DATAGRAMS, check)


if __name__ == "__main__":
    unittest.main()
