"""Datagrams from untrusted peers: the descriptors that they pass, their addresses, replies that
they do not read, and datagrams that are not answered."""
import array
import ctypes
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from cli_support import Program, Server, WAIT_S, connect, run

ENGINES = (("--engine", "uring"), ("--engine", "epoll"), ("--concurrency", "threads:1"))
PASSED_EACH = 6


def datagram_socket(address=None, family=socket.AF_UNIX):
    peer = socket.socket(family, socket.SOCK_DGRAM)
    peer.settimeout(WAIT_S)
    if address is not None:
        peer.bind(address)
    return peer


def bind_raw(peer, path):
    """Binds to all bytes of `path`, as Python itself does not for 108 of them."""
    name = path.encode()
    address = struct.pack("=H", socket.AF_UNIX) + name + (b"\0" if len(name) < 108 else b"")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.bind(peer.fileno(), address, len(address)):
        raise OSError(ctypes.get_errno(), path)


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = f"{self.folder}/server"
        self.names = 0

    def each_server(self, *more, options=()):
        """A server at self.path (and for `more`), for each engine that can run here."""
        for engine in ENGINES:
            try:
                server = Server(f"upper=unixgram://{self.path}", *more,
                                options=(*engine, *options))
            except AssertionError as failed:
                if "io_uring" in str(failed):
                    continue
                raise
            with server:
                yield server

    def caller(self, connects=False):
        self.names += 1
        peer = datagram_socket(f"\0{self.path}-{self.names}")
        self.addCleanup(peer.close)
        if connects:
            peer.connect(self.path)
        return peer

    def assert_answered(self, peer, message=b"hello", times=1):
        for _ in range(times):
            peer.sendto(message, self.path)
            self.assertEqual(peer.recv(len(message) + 1), message.upper())


class PassedDescriptors(WithFolder):
    def test_do_not_stay_open_in_the_server(self):
        for server in self.each_server("upper=tcp://127.0.0.1:0"):
            peer = self.caller()
            count = lambda: len(os.listdir(f"/proc/{server.process.pid}/fd"))
            self.assert_answered(peer)
            before = count()
            passed = array.array("i", [peer.fileno()] * PASSED_EACH)
            for _ in range(200):
                peer.sendmsg([b"hello"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, passed)], 0,
                             self.path)
                self.assertEqual(peer.recv(100), b"HELLO")
            self.assertEqual(count(), before)
            self.assertEqual(run("call", server.endpoints[1], "hello").stdout, b"HELLO\n")


class Addresses(WithFolder):
    def test_that_fill_a_unix_address_are_answered(self):
        for server in self.each_server(f"upper=unix://{self.folder}/stream", options=("-v",)):
            for size in (107, 108):
                path = f"{self.folder}/".ljust(size, "L")
                with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as call:
                    call.settimeout(WAIT_S)
                    bind_raw(call, path)
                    os.unlink(path)
                    call.connect(f"{self.folder}/stream")
                    call.sendall(b"hello")
                    self.assertEqual(call.recv(100), b"HELLO")
                with datagram_socket() as peer:
                    bind_raw(peer, path)
                    peer.sendto(b"hello", self.path)
                    self.assertEqual(peer.recv(100), b"HELLO")
                os.unlink(path)

    def test_that_are_relative_paths_are_not_answered(self):
        theirs = tempfile.TemporaryDirectory()
        self.addCleanup(theirs.cleanup)
        ask = ("import socket, sys; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); "
               "s.bind('control.sock'); s.sendto(b'relay', sys.argv[1])")
        with datagram_socket(f"{self.folder}/control.sock") as victim:
            victim.setblocking(False)
            for engine in ENGINES:
                with self.subTest(engine), Server(f"upper=unixgram://{self.path}", cwd=self.folder,
                                                  options=(*engine, "-v")) as server:
                    subprocess.run([sys.executable, "-c", ask, self.path], cwd=theirs.name,
                                   check=True, timeout=WAIT_S)
                    os.unlink(f"{theirs.name}/control.sock")
                    server.line("a datagram is not answered.*relative path")
                    self.assert_answered(self.caller())
                    self.assertRaises(BlockingIOError, victim.recv, 100)

    def test_of_the_server_itself_are_not_answered(self):
        for engine in ENGINES:
            for address in ("127.0.0.1", "0.0.0.0"):
                with self.subTest(engine, address=address):
                    own = datagram_socket((address, 0), socket.AF_INET)
                    self.addCleanup(own.close)
                    where = ("127.0.0.1", own.getsockname()[1])
                    own.sendto(b"round and round", where)
                    fd = own.fileno()
                    with Server(f"upper=fd:{fd}", pass_fds=[fd], options=(*engine, "-v")) as server:
                        server.line("a datagram is not answered.*own address")
                        with datagram_socket(family=socket.AF_INET) as peer:
                            peer.sendto(b"hello", where)
                            self.assertEqual(peer.recv(100), b"HELLO")
                        self.assertEqual(server.drain(), 0)
                        server.line("^drained: 0 calls, 1 message;")


class CutDatagrams(WithFolder):
    def test_are_not_answered_as_if_they_were_whole(self):
        for server in self.each_server():
            peer = self.caller()
            peer.sendto(b"x" * 65535, self.path)
            self.assertEqual(peer.recv(100_000), b"X" * 65535)
            peer.sendto(b"x" * 65536, self.path)
            server.line("warning.*the end of a datagram is lost.*65535 bytes")
            self.assert_answered(peer)

    def test_are_not_printed_as_replies(self):
        with datagram_socket(self.path) as server:
            program = Program("call", f"unixgram://{self.path}", "hello")
            with program:
                _, caller = server.recvfrom(100)
                server.sendto(b"y" * 65536, caller)
                self.assertEqual(program.end(), 1)
                program.line("a reply was longer than 65535 bytes, and its end is lost")


class PeersThatDoNotRead(WithFolder):
    def test_do_not_silence_others(self):
        for server in self.each_server():
            for size in (1_000, 30_000, 60_000):
                for connects in (False, True):
                    with self.subTest(size=size, connects=connects):
                        self.silence(size, connects)

    def silence(self, size, connects):
        deaf = self.caller(connects)
        deaf.settimeout(0.05)
        for _ in range(400):
            try:
                deaf.sendto(b"x" * size, self.path)
            except TimeoutError:
                break
        self.assert_answered(self.caller(), times=50)
        self.assert_answered(self.caller(connects=True), times=50)
        called = run("call", f"unixgram://{self.path}", "hello")
        self.assertEqual(called.stdout, b"HELLO\n")
        deaf.close()


class Names(unittest.TestCase):
    def test_with_several_addresses_are_called_until_one_answers(self):
        found = {each[4][0] for each in socket.getaddrinfo("localhost", 1, type=socket.SOCK_DGRAM)}
        if found != {"::1", "127.0.0.1"}:
            self.skipTest("localhost has one address here")
        for host in ("127.0.0.1", "[::1]"):
            with self.subTest(host), Server(f"upper=udp://{host}:0") as server:
                port = server.endpoint.rsplit(":", 1)[1]
                called = run("call", f"udp://localhost:{port}", "one", "two")
                self.assertEqual((called.stdout, called.stderr), (b"ONE\nTWO\n", b""))


class MappedAddresses(unittest.TestCase):
    def test_are_served_and_called(self):
        for scheme in ("tcp", "udp"):
            for options in ((), ("--concurrency", "loops:2"), ("--concurrency", "serial")):
                with self.subTest(scheme, options=options):
                    wanted = f"upper={scheme}://[::ffff:127.0.0.1]:0"
                    with Server(wanted, options=options) as server:
                        port = server.endpoint.rsplit(":", 1)[1]
                        for host in ("[::ffff:127.0.0.1]", "127.0.0.1"):
                            called = run("call", f"{scheme}://{host}:{port}", "hello")
                            self.assertEqual((called.stdout, called.stderr), (b"HELLO\n", b""))


class InheritedSockets(unittest.TestCase):
    def test_that_could_not_be_called_are_refused(self):
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
            with self.subTest(family), socket.socket(family, socket.SOCK_DGRAM) as unbound:
                fd = unbound.fileno()
                refused = run("serve", f"upper=fd:{fd}", pass_fds=[fd])
                self.assertEqual(refused.returncode, 2)
                self.assertRegex(refused.stderr.decode(),
                                 f"^error: cannot use the inherited socket fd:{fd}: it is not bound"
                                 "(?s:.*)\nhint: .*that is bound")
        with socket.socket() as idle:
            fd = idle.fileno()
            refused = run("serve", f"upper=fd:{fd}", pass_fds=[fd])
            self.assertEqual(refused.returncode, 2)
            self.assertIn(b"hint: ", refused.stderr)


class Drained(unittest.TestCase):
    def test_senders_during_a_call_in_progress_are_refused(self):
        for word in ("serial", "threads:2", "processes:2", "loops:2"):
            with self.subTest(word), Server(
                    "upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                    options=("--concurrency", word, "--drain-timeout", "60s")) as server:
                with connect(server.endpoints[0]) as call, connect(server.endpoints[1]) as sender:
                    call.sendall(b"x" * 100)
                    self.assertEqual(len(call.recv(100)), 100)
                    # More than fits: the call stays under way.
                    call.setblocking(False)
                    with self.assertRaises(BlockingIOError):
                        while True:
                            call.send(b"x" * 65536)
                    sender.send(b"hello")
                    self.assertEqual(sender.recv(100), b"HELLO")
                    server.signal(signal.SIGTERM)
                    wait_until_refused(sender)
                    self.assertIsNone(server.process.poll())


def wait_until_refused(sender):
    deadline = time.monotonic() + WAIT_S
    sender.settimeout(0.05)
    while time.monotonic() < deadline:
        try:
            sender.send(b"hello")
            sender.recv(100)
        except ConnectionRefusedError:
            return
        except TimeoutError:
            pass  # It was not answered, nor refused.
    raise AssertionError("its socket is still open")


if __name__ == "__main__":
    unittest.main()
