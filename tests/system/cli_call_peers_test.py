"""`hotline call` with peers that are late, silent, in pieces, or gone."""
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from cli_support import WAIT_S, Program, peer, receive_all, run, swallow


class Streams(unittest.TestCase):
    def test_end_in_a_half_close_and_what_comes_after_it_is_printed(self):
        def answer(connection):
            self.assertEqual(receive_all(connection), b"one")
            connection.sendall(b"late reply")
        with peer(answer) as endpoint:
            called = run("call", endpoint, "one")
        self.assertEqual((called.returncode, called.stdout), (0, b"late reply\n"))

    def test_print_unrequested_data_of_a_server(self):
        with peer(lambda connection: connection.sendall(b"welcome\n")) as endpoint:
            called = run("call", endpoint)
        self.assertEqual((called.returncode, called.stdout), (0, b"welcome\n"))

    def test_send_the_next_message_after_a_while_of_quiet(self):
        def answer(connection):
            said = b""
            while said != b"onetwo":
                said += connection.recv(64)
            connection.sendall(b"both")
            swallow(connection)
        with peer(answer) as endpoint:
            called = run("call", endpoint, "one", "two", "--linger", "100ms")
        self.assertEqual((called.returncode, called.stdout), (0, b"both\n"))

    def test_print_a_reply_in_pieces_without_newlines_between_them(self):
        pieces = [b"x" * 1500, b"y" * 1500, b"z"]

        def answer(connection):
            connection.recv(64)
            for piece in pieces:
                connection.sendall(piece)
            swallow(connection)
        with peer(answer) as endpoint:
            called = run("call", endpoint, "one", "--linger", "200ms")
        self.assertEqual(called.stdout, b"".join(pieces) + b"\n")

    def test_with_a_silent_server_fail_after_linger_with_a_hint(self):
        done = threading.Event()
        with peer(lambda connection: done.wait(WAIT_S)) as endpoint:
            failed = run("call", endpoint, "one", "--linger", "100ms")
            done.set()
        self.assertEqual((failed.returncode, failed.stdout), (1, b""))
        self.assertEqual(failed.stderr.decode(), (
            f"error: cannot receive from {endpoint}: no reply within 100ms\n"
            "hint: does the service answer at all? --linger 10s waits longer\n"))

    def test_fail_if_only_an_earlier_message_had_a_reply(self):
        def answer(connection):
            connection.sendall(connection.recv(64))
            swallow(connection)
        with peer(answer) as endpoint:
            failed = run("call", endpoint, "one", "two", "--linger", "100ms")
        self.assertEqual((failed.returncode, failed.stdout), (1, b"one\n"))

    def test_fail_if_the_server_hangs_up_without_a_reply(self):
        with peer(lambda connection: connection.recv(64)) as endpoint:
            failed = run("call", endpoint, "one")
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"it hung up without a reply", failed.stderr)

    def test_fail_if_the_server_hangs_up_before_the_last_message(self):
        with peer(lambda connection: connection.sendall(connection.recv(64))) as endpoint:
            failed = run("call", endpoint, "one", "two", "three")
        self.assertEqual((failed.returncode, failed.stdout), (1, b"one\n"))
        self.assertRegex(failed.stderr, rb"^error: cannot (send to|receive from) tcp://")

    def test_fail_if_the_server_breaks_off_in_a_large_message(self):
        def answer(connection):
            connection.recv(64)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with peer(answer) as endpoint:
            failed = run("call", endpoint, input=b"x" * 16_000_000)
        self.assertEqual((failed.returncode, failed.stdout), (1, b""))
        self.assertIn(b"reset", failed.stderr)

    def test_fail_if_the_server_breaks_off_in_a_reply(self):
        is_shown = threading.Event()
        def answer(connection):
            connection.sendall(connection.recv(64))
            is_shown.wait(WAIT_S)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        with peer(answer) as endpoint:
            with Program("call", endpoint, "part", "--linger", "30s",
                         stdout=subprocess.PIPE) as call:
                self.assertEqual(call.process.stdout.read(4), b"part")
                is_shown.set()
                self.assertEqual(call.end(), 1)
                self.assertRegex(call.lines[0], "^error: cannot receive from tcp://.*reset")

    def test_fail_if_the_server_does_not_read(self):
        done = threading.Event()
        with peer(lambda connection: done.wait(WAIT_S)) as endpoint:
            failed = run("call", endpoint, "--timeout", "200ms", input=b"x" * 16_000_000)
            done.set()
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"timed out", failed.stderr)

    def test_report_at_once_that_the_server_hung_up_while_lines_are_awaited(self):
        with peer(lambda connection: connection.sendall(connection.recv(64))) as endpoint:
            with Program("call", endpoint, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as call:
                call.process.stdin.write(b"one\n")
                call.process.stdin.flush()
                call.line(f"^note: {endpoint} hung up$")
                self.assertEqual(call.end(), 0)
                self.assertEqual(call.process.stdout.read(), b"one\n")

    def test_print_a_late_reply_while_lines_are_awaited(self):
        said = threading.Event()

        def answer(connection):
            connection.sendall(connection.recv(64))
            said.wait(WAIT_S)
            connection.sendall(b"late")
            swallow(connection)
        with peer(answer) as endpoint:
            with Program("call", endpoint, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as call:
                call.process.stdin.write(b"one\n")
                call.process.stdin.flush()
                self.assertEqual(call.process.stdout.readline(), b"one\n")
                said.set()
                self.assertEqual(call.process.stdout.read(4), b"late")
                call.process.stdin.close()
                self.assertEqual(call.end(), 0)


class Datagrams(unittest.TestCase):
    def test_without_a_reply_are_sent_again_and_then_an_error(self):
        received = []

        def swallow_datagrams(listener):
            for _ in range(3):
                received.append(listener.recv(64))
        with peer(swallow_datagrams, socket.SOCK_DGRAM) as endpoint:
            failed = run("call", endpoint, "one", "two", "--linger", "100ms")
        self.assertEqual((failed.returncode, failed.stdout), (1, b""))
        self.assertEqual(received, [b"one"] * 3)
        self.assertRegex(failed.stderr.decode(),
                         r"no reply, though asked 3 times, 100ms each\nhint: ")

    def test_that_are_answered_at_the_second_attempt_are_not_an_error(self):
        def answer(listener):
            listener.recv(64)
            for _ in range(2):
                message, sender = listener.recvfrom(64)
                listener.sendto(b"reply to " + message, sender)
        with peer(answer, socket.SOCK_DGRAM) as endpoint:
            called = run("call", endpoint, "one", "two", "--linger", "500ms")
        self.assertEqual((called.returncode, called.stdout),
                         (0, b"reply to one\nreply to two\n"))

    def test_that_are_answered_twice_do_not_answer_the_next(self):
        def answer(listener):
            listener.recv(64)
            message, sender = listener.recvfrom(64)
            listener.sendto(message, sender)
            listener.sendto(message, sender)
            message, sender = listener.recvfrom(64)
            listener.sendto(message, sender)

        with peer(answer, socket.SOCK_DGRAM) as endpoint:
            with Program("call", endpoint, "--linger", "200ms", stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE) as call:
                call.process.stdin.write(b"one\n")
                call.process.stdin.flush()
                self.assertEqual(call.process.stdout.readline(), b"one\n")
                self.assertEqual(call.process.stdout.readline(), b"one\n")  # Shown as it came.
                call.process.stdin.write(b"two\n")
                call.process.stdin.close()
                self.assertEqual(call.process.stdout.readline(), b"two\n")
                self.assertEqual(call.end(), 0)

    def test_are_all_shown_when_they_come_together(self):
        udp_segment = 103  # Of linux/udp.h: the kernel cuts a send at this many bytes.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.settimeout(WAIT_S)
            server.bind(("127.0.0.1", 0))
            endpoint = "udp://127.0.0.1:%d" % server.getsockname()[1]
            with Program("call", endpoint, "--linger", "1h", stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE) as call:
                for word, replies, cut in ((b"one", b"one", []),
                                           (b"two", b"2:a2:b", [(socket.IPPROTO_UDP, udp_segment,
                                                                 struct.pack("H", 3))]),
                                           (b"three", b"three", [])):
                    call.process.stdin.write(word + b"\n")
                    call.process.stdin.flush()
                    message, address = server.recvfrom(64)
                    self.assertEqual(message, word)
                    try:
                        server.sendmsg([replies], cut, 0, address)
                    except OSError as error:
                        self.skipTest(f"the kernel cuts nothing here: {error}")
                    for _ in range(2 if cut else 1):
                        size = 3 if cut else len(replies)
                        self.assertEqual(call.process.stdout.readline(), replies[:size] + b"\n")
                        replies = replies[size:]
                call.process.stdin.close()
                self.assertEqual(call.end(), 0)

    def test_to_a_port_without_a_listener_fail_at_once(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
            gone.bind(("127.0.0.1", 0))
            endpoint = "udp://127.0.0.1:%d" % gone.getsockname()[1]
        failed = run("call", endpoint, "one", "--linger", "1h")
        self.assertEqual(failed.returncode, 5)
        self.assertIn(b"connection refused\nhint: ", failed.stderr)

    def test_to_a_path_without_a_listener_fail_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            failed = run("call", f"unixgram://{folder}/none", "one")
        self.assertEqual(failed.returncode, 5)
        self.assertRegex(failed.stderr, rb"^error: cannot reach unixgram://.*: not found\nhint: ")


if __name__ == "__main__":
    unittest.main()
