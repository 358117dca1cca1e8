"""Challenges: the course's own programs and Python's multiprocessing.connection against ours."""
import hmac
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection

import mp_peer
from cli_support import WAIT_S, Server, connect, peer, receive_all, run
from course_support import course
from interop_support import Server as Started
from interop_support import example
from interop_support import run as run_to_end

SECRET = b"open sesame"
WORDS = ("serial", "threads:4", "processes:4", "loops:2")
SAME = b"hint: is the secret the same on both sides?"


def answer(message, secret=SECRET):
    return hmac.new(secret, message, digestmod="md5").digest()


def receive(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise AssertionError(f"it ended after {data!r}")
        data += piece
    return data


def port_of(endpoint):
    return int(endpoint.rsplit(":", 1)[1])


def mp_connection(endpoint):
    with connect(endpoint) as plain:
        plain.setblocking(True)
        return Connection(os.dup(plain.fileno()))


class WithSecret(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.key = cls.file("key", SECRET + b"\n")
        cls.other = cls.file("other", b"something else")

    @classmethod
    def file(cls, name, content, mode=0o600):
        path = os.path.join(cls.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def options(self, scheme="hmac-md5", key=None):
        return f"auth={scheme}&secret-file={key or self.key}"

    def serve(self, service="upper", query="", scheme="hmac-md5", options=()):
        where = f"{service}=tcp://127.0.0.1:0?{query}{self.options(scheme)}"
        return self.enterContext(Server(where, options=options))


class CoursePrograms(WithSecret):
    def course_client(self, endpoint, secret, *messages):
        return subprocess.run([*course("authenticated_client"), str(port_of(endpoint)), secret,
                               *messages], capture_output=True, timeout=WAIT_S, check=True).stdout

    def test_their_client_is_served_under_each_word(self):
        for word in WORDS:
            server = self.serve(options=("--concurrency", word))
            self.assertEqual(self.course_client(server.endpoint, SECRET.decode(), "one", "two"),
                             b"ONE\nTWO\n")

    def test_their_client_with_another_secret_sees_an_end(self):
        for word in WORDS:
            server = self.serve(options=("--concurrency", word))
            self.assertEqual(self.course_client(server.endpoint, "wrong", "one"), b"\n")
            server.line("refused: not authenticated")

    def test_our_client_is_served_by_their_server(self):
        with subprocess.Popen([*course("authenticated_server"), "0", SECRET.decode()],
                              stdout=subprocess.PIPE) as theirs:
            try:
                port = int(theirs.stdout.readline().split()[1])
                uri = f"tcp://127.0.0.1:{port}?"
                called = run("call", uri + self.options(), "one", "two")
                self.assertEqual((called.returncode, called.stdout), (0, b"ONE\nTWO\n"))
                wrong = run("call", uri + self.options(key=self.other), "one")
                self.assertEqual((wrong.returncode, wrong.stdout), (1, b""))
                self.assertIn(SAME, wrong.stderr)
            finally:
                theirs.kill()

    def test_the_first_message_may_come_in_the_segment_of_the_answer(self):
        for word in WORDS:
            server = self.serve(options=("--concurrency", word))
            with connect(server.endpoint) as call:
                call.sendall(answer(receive(call, 32)) + b"hello")
                self.assertEqual(receive(call, 5), b"HELLO")

    def test_the_first_frame_may_come_in_the_segment_of_the_answer(self):
        for word in WORDS:
            server = self.serve(query="framing=lines&", options=("--concurrency", word))
            with connect(server.endpoint) as call:
                call.sendall(answer(receive(call, 32)) + b"hello\nthere\n")
                self.assertEqual(receive(call, 12), b"HELLO\nTHERE\n")

    def test_an_answer_may_come_byte_by_byte(self):
        server = self.serve()
        with connect(server.endpoint) as call:
            call.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in answer(receive(call, 32)) + b"hello":
                call.sendall(bytes([byte]))
            self.assertEqual(receive(call, 5), b"HELLO")

    def test_a_wrong_answer_is_a_silent_end_in_order_whatever_follows_it(self):
        server = self.serve()
        for wrong in (bytes(16), answer(b"another"), b"x" * 5000):
            with connect(server.endpoint) as call:
                receive(call, 32)
                call.sendall(wrong)
                self.assertEqual(receive_all(call), b"")

    def test_an_answer_of_another_call_is_refused(self):
        server = self.serve()
        with connect(server.endpoint) as first, connect(server.endpoint) as second:
            recorded = answer(receive(first, 32))
            receive(second, 32)
            second.sendall(recorded)
            self.assertEqual(receive_all(second), b"")

    def test_two_hundred_bad_callers_do_not_delay_a_good_one(self):
        server = self.serve()
        bad = [self.enterContext(connect(server.endpoint)) for _ in range(200)]
        for number, call in enumerate(bad):
            receive(call, 32)
            if number % 2:
                call.sendall(b"wrong" * number)
        with connect(server.endpoint) as call:
            began = time.monotonic()
            call.sendall(answer(receive(call, 32)) + b"hello")
            self.assertEqual(receive(call, 5), b"HELLO")
            self.assertLess(time.monotonic() - began, 5)

    def test_a_silent_caller_is_reset_after_ten_seconds(self):
        server = self.serve()
        with connect(server.endpoint) as call:
            receive(call, 32)
            call.sendall(b"half")
            began = time.monotonic()
            with self.assertRaises(ConnectionResetError):
                receive_all(call)
            self.assertGreater(time.monotonic() - began, 5)
        server.line("refused: not authenticated.*timed out")


class Programs(WithSecret):
    def test_call_run_and_shell_take_the_options(self):
        for scheme in ("hmac-md5", "hmac-sha256", "mp"):
            upper = self.serve(scheme=scheme).endpoint + "?" + self.options(scheme)
            self.assertEqual(run("call", upper, "hello").stdout, b"HELLO\n")
            command = self.serve("command", "wire=i32&", scheme).endpoint
            command += "?wire=i32&" + self.options(scheme)
            self.assertEqual(run("run", command, "--", "echo it runs").stdout, b"it runs\n")
            self.assertEqual(run("shell", command, input=b"echo it runs\n").stdout, b"it runs\n")

    def test_sighup_reads_the_secret_again_and_keeps_the_old_one_if_it_is_bad(self):
        for word in WORDS:
            with self.subTest(word):
                mine = self.file("mine", SECRET)
                server = self.enterContext(Server(
                    f"upper=tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={mine}",
                    options=("--concurrency", word)))

                def answer(secret):
                    where = f"{server.endpoint}?auth=hmac-sha256&secret-file={secret}"
                    return run("call", where, "hello").stdout

                self.file("mine", b"")
                server.signal(signal.SIGHUP)
                server.line(f"error cannot reload: .*{mine}.*hint: ")
                self.assertEqual((answer(self.key), answer(self.other)), (b"HELLO\n", b""))
                os.remove(mine)
                server.signal(signal.SIGHUP)
                server.matches(f"error cannot reload: .*{mine}", 2)
                self.assertEqual(answer(self.key), b"HELLO\n")
                self.file("mine", b"something else")
                server.signal(signal.SIGHUP)
                server.line("info reloaded: keys")
                self.assertEqual((answer(self.key), answer(self.other)), (b"", b"HELLO\n"))

    def test_a_wrong_secret_is_status_one_with_a_hint(self):
        for scheme in ("hmac-md5", "hmac-sha256", "mp"):
            server = self.serve(scheme=scheme)
            for query in ("", "framing=lines&"):
                uri = f"{server.endpoint}?{query}{self.options(scheme, self.other)}"
                called = run("call", uri, "hello")
                self.assertEqual((called.returncode, called.stdout), (1, b""), called.stderr)
                self.assertIn(SAME, called.stderr)
            command = self.serve("command", "wire=i32&", scheme).endpoint
            ran = run("run", f"{command}?wire=i32&{self.options(scheme, self.other)}", "true")
            self.assertEqual(ran.returncode, 255)
            self.assertIn(SAME, ran.stderr)

    def test_a_server_without_a_challenge_is_not_sent_anything(self):
        seen = []
        with peer(lambda connection: seen.append(connection.recv(100))) as endpoint:
            called = run("call", f"{endpoint}?{self.options()}", "--timeout", "100ms", "x")
        self.assertEqual(called.returncode, 6)
        self.assertIn(b"its challenge did not come in time", called.stderr)
        self.assertEqual(seen, [b""])

    def test_what_is_wrong_with_the_options_is_said_with_a_hint(self):
        open_to_all = self.file("open", SECRET, 0o644)
        for query, said in (("auth=none", b"the authentications are hmac-md5, hmac-sha256 and mp"),
                            ("auth=mp", b"add secret-file=PATH"),
                            ("secret-file=x", b"say which, as in auth=hmac-sha256"),
                            (self.options(key=self.file("empty", b"\n")), b"is empty"),
                            (self.options(key=open_to_all), b"chmod 600"),
                            (self.options(key="/nowhere"), b"/nowhere")):
            for words in (("call", f"tcp://127.0.0.1:1?{query}", "x"),
                          ("serve", f"upper=tcp://127.0.0.1:0?{query}")):
                ended = run(*words)
                self.assertNotEqual(ended.returncode, 0)
                self.assertIn(said, ended.stderr)

    def test_a_challenge_listens_off_this_machine_only_with_insecure(self):
        service = f"upper=tcp://0.0.0.0:0?{self.options()}"
        refused = run("serve", service)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"tls://", refused.stderr)
        self.assertIn(b"--insecure", refused.stderr)
        with Server(service, options=("--insecure",)) as server:
            uri = f"tcp://127.0.0.1:{port_of(server.endpoint)}?{self.options()}"
            self.assertEqual(run("call", uri, "hello").stdout, b"HELLO\n")

    def test_a_unix_socket_takes_a_challenge_and_a_datagram_socket_does_not(self):
        path = os.path.join(self.folder, "s")
        with Server(f"upper=unix://{path}?{self.options()}"):
            self.assertEqual(run("call", f"unix://{path}?{self.options()}", "hi").stdout, b"HI\n")
        refused = run("serve", f"upper=udp://127.0.0.1:0?{self.options()}")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"datagrams cannot be authenticated", refused.stderr)

    def test_every_scheme_is_in_the_help(self):
        text = run("help", "auth").stdout.decode()
        for scheme in ("hmac-md5", "hmac-sha256", "mp"):
            self.assertRegex(text, rf"(?m)^  {scheme} ")
        self.assertIn("auth=NAME", run("help", "endpoints").stdout.decode())


class Examples(WithSecret):
    def test_the_examples_serve_only_callers_that_know_the_secret(self):
        for scheme in ("hmac-md5", "hmac-sha256", "mp"):
            server = self.enterContext(Started(example("authenticated_server"), self.key, scheme,
                                               "tcp://127.0.0.1:0"))
            where = (scheme, server.endpoint)
            client = example("authenticated_client")
            self.assertEqual(run_to_end(client, self.key, "hello", *where), b"HELLO\n")
            self.assertEqual(run_to_end(client, self.other, "hello", *where, status=1), b"")


class Multiprocessing(WithSecret):
    QUERY = "framing=mp&"

    def test_a_client_of_python_3_12_is_served_under_each_word(self):
        for word in WORDS:
            server = self.serve(query=self.QUERY, scheme="mp", options=("--concurrency", word))
            with mp_connection(server.endpoint) as call:
                mp_peer.as_client(call, SECRET)
                for message in (b"hello", b"", b"two words"):
                    call.send_bytes(message)
                    self.assertEqual(call.recv_bytes(), message.upper())

    @unittest.skipIf(sys.version_info < (3, 12), "the handshake of this Python is the legacy one")
    def test_the_client_of_this_python_is_served(self):
        server = self.serve(query=self.QUERY, scheme="mp")
        with Client(("127.0.0.1", port_of(server.endpoint)), authkey=SECRET) as call:
            call.send_bytes(b"hello")
            self.assertEqual(call.recv_bytes(), b"HELLO")

    @unittest.skipIf(sys.version_info >= (3, 12), "the handshake of this Python is not the legacy")
    def test_the_client_of_python_3_11_is_refused(self):
        server = self.serve(query=self.QUERY, scheme="mp")
        with self.assertRaises(AuthenticationError):
            Client(("127.0.0.1", port_of(server.endpoint)), authkey=SECRET)
        server.line("refused: not authenticated.*Python 3.11 or older")

    def test_a_client_with_another_secret_is_refused(self):
        server = self.serve(query=self.QUERY, scheme="mp")
        with mp_connection(server.endpoint) as call:
            with self.assertRaises(AuthenticationError):
                mp_peer.answer_challenge(call, b"other")
            with self.assertRaises(EOFError):
                call.recv_bytes()

    def test_our_client_talks_to_a_server_of_python_3_12(self):
        for digest in ("sha256", "sha384"):
            def serve(plain, digest=digest):
                plain.setblocking(True)
                with Connection(os.dup(plain.fileno())) as call:
                    mp_peer.deliver_challenge(call, SECRET, digest)
                    mp_peer.answer_challenge(call, SECRET)
                    call.send_bytes(call.recv_bytes().upper())
            with peer(serve) as endpoint:
                called = run("call", f"{endpoint}?{self.QUERY}{self.options('mp')}", "hello")
                self.assertEqual((called.returncode, called.stdout), (0, b"HELLO\n"))

    def test_our_client_does_not_answer_a_legacy_or_md5_challenge(self):
        for challenge in (b"x" * 20, b"{md5}" + b"x" * 40, b"{sha3_256}" + b"x" * 40):
            seen = []

            def serve(plain, challenge=challenge, seen=seen):
                plain.setblocking(True)
                with Connection(os.dup(plain.fileno())) as call:
                    call.send_bytes(mp_peer.CHALLENGE + challenge)
                    seen.append(plain.recv(100))
            with peer(serve) as endpoint:
                called = run("call", f"{endpoint}?{self.QUERY}{self.options('mp')}", "hello")
            self.assertEqual((called.returncode, seen), (1, [b""]))

    def test_our_client_does_not_trust_a_server_without_the_secret(self):
        def serve(plain):
            plain.setblocking(True)
            with Connection(os.dup(plain.fileno())) as call:
                call.send_bytes(mp_peer.CHALLENGE + b"{sha256}" + os.urandom(40))
                call.recv_bytes()
                call.send_bytes(mp_peer.WELCOME)
                with self.assertRaises(AuthenticationError):
                    mp_peer.answer_challenge(call, b"a guess")
        with peer(serve) as endpoint:
            called = run("call", f"{endpoint}?{self.QUERY}{self.options('mp')}", "hello")
        self.assertEqual((called.returncode, called.stdout), (1, b""))
        self.assertIn(SAME, called.stderr)


if __name__ == "__main__":
    unittest.main()
