"""The example programs, run as README.md says, and what they answer and print."""
import os
import select
import socket
import struct
import tempfile
import time
import unittest

from interop_support import EXAMPLES, ROOT, WAIT_S, Program, Server, example, run, together, upper

ANY_TCP = "tcp://127.0.0.1:0"


def connect(endpoint, receive_bytes=None):
    """`receive_bytes`: how much the kernel takes for a caller that does not read, about."""
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    caller = socket.socket()
    if receive_bytes is not None:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    caller.settimeout(WAIT_S)
    caller.connect((host, int(port)))
    return caller


def exchange(connection, request):
    connection.sendall(request)
    return connection.recv(len(request), socket.MSG_WAITALL)


def read_exactly(connection, size):
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            break
        received += piece
    return received


def read_to_end(connection):
    received = b""
    while piece := connection.recv(1 << 20):
        received += piece
    return received


def listens(path):
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(path) == 0


class Examples(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def serve(self, name, *arguments, count=1):
        return self.enterContext(Server(example(name), *arguments, count=count))

    def converse(self, client, endpoint, *lines):
        """Types lines into a client and checks that each comes back upper-cased."""
        with Program(example(client), endpoint) as program:
            for line in lines:
                self.assertEqual(program.ask(line), upper(line))
            self.assertEqual(program.finish(), 0)

    def test_every_example_is_short_and_is_in_the_readme(self):
        folder = os.path.join(ROOT, "examples")
        with open(os.path.join(folder, "README.md"), encoding="utf-8") as file:
            readme = file.read()
        names = [name for name in os.listdir(folder) if name.endswith(".cc")]
        self.assertTrue(names)
        for name in names:
            with self.subTest(name), open(os.path.join(folder, name), encoding="utf-8") as file:
                self.assertLess(len(file.readlines()), {"http_file_server.cc": 151}.get(name, 46))
                self.assertIn(f"({name})", readme)
                self.assertTrue(os.access(example(name[:-3]), os.X_OK), f"not in {EXAMPLES}")

    def test_the_ten_line_server_answers_at_its_port(self):
        try:
            server = self.serve("ten_line_server")
        except AssertionError as error:
            if "address already in use" not in str(error):
                raise
            self.skipTest("another process listens at its port")
        self.assertEqual(server.endpoint, "tcp://127.0.0.1:8000")
        self.converse("loop_client", server.endpoint, b"hello\n")
        self.assertEqual(server.drain(), 0)

    def test_the_one_call_server_answers_once_and_exits(self):
        server = self.serve("one_call_server", ANY_TCP)
        client = example("one_call_client")
        self.assertEqual(run(client, server.endpoint, "what a call"), b"WHAT A CALL\n")
        self.assertEqual(server.process.wait(WAIT_S), 0)
        self.assertRegex(server.process.stdout.read(),
                         rb"^tcp://127\.0\.0\.1:\d+ says what a call\n$")
        run(client, server.endpoint, status=1)

    def test_a_client_reports_a_refused_connection(self):
        with socket.socket() as reserved:  # Bound and not listening: connecting is refused.
            reserved.bind(("127.0.0.1", 0))
            endpoint = "tcp://127.0.0.1:%d" % reserved.getsockname()[1]
            for client in ("one_call_client", "loop_client", "unix_client"):
                with self.subTest(client), Program(example(client), endpoint) as program:
                    program.matches(f"^error: cannot connect to {endpoint}: connection refused$", 1)
                    program.matches("^hint: .", 1)
                    self.assertEqual(program.finish(), 1)

    def test_the_loop_goes_on_until_the_caller_hangs_up_and_then_for_the_next(self):
        server = self.serve("loop_server", ANY_TCP)
        for _ in range(2):
            self.converse("loop_client", server.endpoint, b"hello\n", b"and\n", b"again\n")
            self.assertEqual(server.read_line(), b"a call ended: closed\n")

    def test_a_reset_ends_one_call_of_the_loop_and_not_the_server(self):
        server = self.serve("loop_server", ANY_TCP)
        with connect(server.endpoint) as caller:
            self.assertEqual(exchange(caller, b"hello"), b"HELLO")
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertEqual(server.read_line(), b"a call ended: reset\n")
        self.converse("loop_client", server.endpoint, b"still there?\n")

    def test_the_loop_client_skips_blank_lines_and_leaves_at_quit(self):
        server = self.serve("loop_server", ANY_TCP)
        self.assertEqual(run(example("loop_client"), server.endpoint,
                             input=b"one\n\ntwo\nquit\nthree\n"), b"ONE\nTWO\n")

    def test_one_caller_after_another_the_second_waits_until_the_first_has_gone(self):
        server = self.serve("one_caller_after_another", ANY_TCP)
        with connect(server.endpoint) as first, connect(server.endpoint) as second:
            self.assertEqual(exchange(first, b"first"), b"FIRST")
            second.sendall(b"second")
            for _ in range(20):
                self.assertEqual(exchange(first, b"still"), b"STILL")
            self.assertEqual(select.select([second], [], [], 0)[0], [])
            first.close()
            self.assertEqual(second.recv(6, socket.MSG_WAITALL), b"SECOND")
        said = [server.read_line() for _ in range(4)]
        self.assertEqual(said, [b"a call begins\n", b"a call ends\n"] * 2)

    def test_a_unix_path_is_called_is_private_and_is_removed_at_the_end(self):
        path = os.path.join(self.folder, "socket")
        server = self.serve("unix_server", f"unix://{path}?mode=600")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(run(example("unix_client"), f"unix://{path}", "one", "two"), b"ONE\nTWO\n")
        self.assertEqual(server.drain(), 0)
        self.assertFalse(os.path.exists(path))

    def test_a_unix_path_left_by_a_killed_server_is_taken_over(self):
        path = os.path.join(self.folder, "socket")
        with Server(example("unix_server"), f"unix://{path}"):
            pass  # Leaving the block kills.
        self.assertTrue(os.path.exists(path))
        # The kernel takes a killed process's ring down a little after the process itself.
        deadline = time.monotonic() + WAIT_S
        while listens(path) and time.monotonic() < deadline:
            pass
        self.serve("unix_server", f"unix://{path}")
        self.assertEqual(run(example("unix_client"), f"unix://{path}", "hello"), b"HELLO\n")

    def test_an_abstract_name_is_called_and_needs_no_file(self):
        endpoint = "unix:@" + os.path.basename(self.folder)
        server = self.serve("unix_server", endpoint)
        self.assertEqual(server.endpoint, endpoint)
        self.assertEqual(run(example("unix_client"), endpoint, "hello"), b"HELLO\n")

    def test_the_kernel_identifies_the_caller(self):
        name = os.path.basename(self.folder)
        self.serve("peer_credentials", f"unix:@{name}")
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(WAIT_S)
            caller.connect("\0" + name)
            self.assertEqual(caller.makefile().read(),
                             f"you are process {os.getpid()} of user {os.getuid()} "
                             f"and group {os.getgid()}\n")

    def test_over_tcp_the_kernel_does_not_identify_the_caller(self):
        server = self.serve("peer_credentials", ANY_TCP)
        with connect(server.endpoint) as caller:
            self.assertRegex(caller.makefile().read(), r"^cannot .+\n$")

    def test_datagrams_are_answered_an_empty_one_too(self):
        server = self.serve("datagram_server", "udp://127.0.0.1:0")
        self.converse("datagram_client", server.endpoint, b"hello\n", b"\n", b"again\n")

    def test_the_datagram_client_reports_a_missing_answer(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            endpoint = "udp://127.0.0.1:%d" % silent.getsockname()[1]
            with Program(example("datagram_client"), endpoint) as client:
                client.write(b"anybody?\n")
                client.matches("error: cannot receive .*timed out", 1)
                self.assertEqual(client.finish(), 1)
            silent.setblocking(False)
            self.assertEqual([silent.recv(100) for _ in range(3)], [b"anybody?"] * 3)

    def test_threads_serve_sixteen_at_once_and_the_next_when_one_has_gone(self):
        server = self.serve("threads_server", ANY_TCP)
        callers = [self.enterContext(connect(server.endpoint)) for _ in range(17)]
        for number, caller in enumerate(callers[:16]):
            self.assertEqual(exchange(caller, b"caller %d" % number), b"CALLER %d" % number)
        callers[16].sendall(b"and me?")
        self.assertEqual(exchange(callers[0], b"hello"), b"HELLO")
        self.assertEqual(select.select([callers[16]], [], [], 0)[0], [])
        callers[0].close()
        self.assertEqual(callers[16].recv(7, socket.MSG_WAITALL), b"AND ME?")

    def test_the_same_server_runs_under_every_word(self):
        for word in ("serial", "threads:2", "processes:2", "loops:2"):
            with self.subTest(word), Server(example("threads_server"), ANY_TCP, word) as server:
                replies = together(20, lambda number: run(
                    example("loop_client"), server.endpoint, input=b"caller %d\n" % number))
                self.assertEqual(replies, [b"CALLER %d\n" % number for number in range(20)])
                self.assertEqual(server.drain(), 0)

    def test_exceptions_of_a_handler_are_reported_on_standard_error_and_counted(self):
        server = self.serve("failing_handler", ANY_TCP)
        with connect(server.endpoint) as caller:
            caller.sendall(b"boom")
            with self.assertRaises(ConnectionResetError):
                caller.recv(1)
        server.matches('^error: the handler failed; its call ends service=picky '
                       'peer=tcp://127[.]0[.]0[.]1:[0-9]+ "as asked"$', 1)
        with connect(server.endpoint) as caller:
            self.assertEqual(exchange(caller, b"fine"), b"FINE")
        self.assertEqual(server.drain(), 0)
        self.assertEqual(server.process.stdout.read(), b"2 calls, 1 failures\n")

    def test_an_unknown_word_is_refused(self):
        with Program(example("threads_server"), ANY_TCP, "fibers") as program:
            program.matches("^error: .*fibers", 1)
            self.assertEqual(program.finish(), 2)

    def test_a_stream_has_no_messages_two_arrive_as_one_and_one_as_two(self):
        server = self.serve("no_messages_server", ANY_TCP)
        self.assertEqual(run(example("no_messages_client"), server.endpoint),
                         b"replied: ONETWO\nreplied: THR\nreplied: EE\n")
        self.assertEqual([server.read_line() for _ in range(3)],
                         [b"received: onetwo\n", b"received: thr\n", b"received: ee\n"])
        self.assertEqual(server.drain(), 0)

    def test_frames_are_whole_however_they_are_cut(self):
        for options in ("", "?receive=4", "?receive=1"):
            program = example("frames_server")
            with self.subTest(options), Server(program, ANY_TCP + options) as server:
                self.assertEqual(run(example("frames_client"), server.endpoint),
                                 b"replied: ONE\nreplied: TWO\nreplied: THREE\n")
                self.assertEqual([server.read_line() for _ in range(3)],
                                 [b"received: one\n", b"received: two\n", b"received: three\n"])
                self.assertEqual(server.drain(), 0)

    def test_the_frames_server_gives_no_message_of_a_frame_that_is_cut(self):
        server = self.serve("frames_server", ANY_TCP)
        with connect(server.endpoint) as caller:
            caller.sendall(b"\0\0\0\5thr")
            caller.shutdown(socket.SHUT_WR)
            self.assertEqual(caller.recv(100), b"")
        self.assertEqual(server.drain(), 0)
        self.assertEqual(server.process.stdout.read(), b"")

    def test_the_message_server_answers_lines(self):
        server = self.serve("message_server", ANY_TCP + "?framing=lines")
        with connect(server.endpoint) as caller:
            for request in (b"hello\n", b"and\nagain\n", b"\n"):
                self.assertEqual(exchange(caller, request), request.upper())
        self.assertEqual(server.drain(), 0)

    def test_the_message_server_answers_in_any_framing_and_datagrams(self):
        with Server(example("message_server"), ANY_TCP + "?framing=netstring") as server:
            with connect(server.endpoint) as caller:
                self.assertEqual(exchange(caller, b"3:one,3:two,"), b"3:ONE,3:TWO,")
        server = self.serve("message_server", "udp://127.0.0.1:0")
        self.converse("datagram_client", server.endpoint, b"hello\n")

    def test_what_one_caller_says_all_others_get_under_every_word_with_shared_memory(self):
        for word in ("loops:1", "loops:2", "threads:8"):
            with self.subTest(word), Server(example("chat_server"), ANY_TCP, word) as server:
                with connect(server.endpoint) as one, connect(server.endpoint) as two, \
                        connect(server.endpoint) as three:
                    callers = [one, two, three]
                    self.all_are_in(callers)
                    two.sendall(b"hello\nworld\n")
                    for caller in (one, three):
                        self.assertEqual(read_exactly(caller, 12), b"hello\nworld\n")
                    three.close()
                    one.sendall(b"bye\n")
                    self.assertEqual(read_exactly(two, 4), b"bye\n")
                self.assertEqual(server.drain(), 0)

    def test_a_caller_that_does_not_read_never_holds_up_the_others(self):
        for word in ("loops:1", "loops:2", "threads:8"):
            with self.subTest(word), Server(example("chat_server"), ANY_TCP, word) as server:
                with connect(server.endpoint) as talker, connect(server.endpoint) as listener, \
                        connect(server.endpoint, receive_bytes=65536) as slow:
                    self.all_are_in([talker, listener, slow])
                    line = b"x" * 65535 + b"\n"
                    count = 300  # More than the slow one's sockets and queue hold together.
                    for _ in range(count):
                        talker.sendall(line)
                        self.assertEqual(read_exactly(listener, len(line)), line)
                    # It gets what it had room for, in whole lines, and then an end.
                    received = read_to_end(slow)
                    self.assertLess(len(received), count * len(line))
                    self.assertEqual(received, line * (len(received) // len(line)))
                    talker.sendall(b"still here\n")
                    self.assertEqual(read_exactly(listener, 11), b"still here\n")
                self.assertEqual(server.drain(), 0)

    def test_callers_that_read_are_kept_although_a_fast_one_says_much(self):
        for word in ("loops:1", "loops:2", "threads:8"):
            with self.subTest(word), Server(example("chat_server"), ANY_TCP, word) as server:
                talker, *others = callers = [connect(server.endpoint) for _ in range(4)]
                self.all_are_in(callers)
                talker.sendall(text := b"hello\n" * 5000)  # Many queues full, all at once.
                self.assertEqual([read_exactly(each, len(text)) for each in others], [text] * 3)
                for caller in callers:
                    caller.close()
                self.assertEqual(server.drain(), 0)

    def all_are_in(self, callers):
        """Waits until each caller hears every other one, so that all calls have begun."""
        for speaker in callers:
            silent = [caller for caller in callers if caller is not speaker]
            while silent:
                speaker.sendall(b"?\n")
                for caller in select.select(silent, [], [], 0.05)[0]:
                    silent.remove(caller)
            self.take_questions(callers, speaker)

    def take_questions(self, callers, speaker):
        """Reads what all_are_in has sent, up to a line that comes last."""
        speaker.sendall(b"!\n")
        for caller in callers:
            if caller is not speaker:
                text = b""
                while not text.endswith(b"!\n"):
                    text += caller.recv(1) or self.fail("hung up on")

    def test_ends_are_distinguished(self):
        self.assertEqual(run(example("ends")).decode().splitlines(), [
            "closes: closed",
            "stops writing, still listens: closed",
            "closes, our words unread: reset",
            "breaks off: reset",
            "says nothing: timed_out",
            "closes after 1 of 2 bytes: truncated"])

    def test_a_restarted_server_binds_at_once_although_a_connection_waits(self):
        lines = run(example("reuse_address"), ANY_TCP).decode().splitlines()
        port = int(lines[0].rsplit(":", 1)[1])
        self.assertRegex(lines[1], "^beside it: cannot listen on .*: address already in use$")
        self.assertEqual(lines[-1], "restarted: bound at once")
        time_wait = "06"
        with open("/proc/net/tcp", encoding="ascii") as table:
            states = [row.split()[3] for row in table if row.split()[1].endswith(f":{port:04X}")]
        self.assertEqual(states, [time_wait])

    def test_an_address_in_use_is_said_with_a_hint_by_servers_of_every_shape(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            uri = "tcp://127.0.0.1:%d" % taken.getsockname()[1]
            for name, end in (("sessions_server", "?framing=lines"), ("two_shapes", "")):
                with Program(example(name), uri + end) as program:
                    program.matches("^error: cannot .*: address already in use$", 1)
                    program.matches("^hint: .", 1)
                    self.assertEqual(program.finish(), 1)

    def test_two_shapes_answer_at_two_endpoints(self):
        server = self.serve("two_shapes", ANY_TCP, "udp://127.0.0.1:0", count=2)
        self.converse("loop_client", server.endpoints[0], b"hello\n")
        self.converse("datagram_client", server.endpoints[1], b"hello\n")
        self.assertEqual(server.drain(), 0)
        self.assertIn("1 calls, 1 messages", server.lines)

    def test_sessions_know_their_caller_and_count_its_messages(self):
        server = self.serve("sessions_server", ANY_TCP + "?framing=lines")
        with connect(server.endpoint) as caller:
            caller.sendall(b"maryone\ntwo\nbye\nthree\n")
            heard = caller.makefile("rb").read()
            self.assertEqual(heard, b"mary, message 1\nmary, message 2\nbye, mary\n")
        with connect(server.endpoint) as stranger:
            stranger.sendall(b"eve!one\n")
            with self.assertRaises(ConnectionResetError):
                stranger.recv(1)
        self.assertEqual(server.drain(), 0)
        self.assertIn("1 refused", server.lines)

    def test_commands_are_run_over_a_unix_socket_of_our_own(self):
        path = os.path.join(self.folder, "commands")
        server = self.serve("command_server", f"unix://{path}?mode=600")
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        said = run(example("command_client"), server.endpoint, "echo", "two  words")
        self.assertEqual(said, b"two  words\n")
        self.assertEqual(server.drain(), 0)

    def test_the_simulated_test_holds_in_a_hundred_worlds(self):
        self.assertIn(b"a hundred worlds", run(example("simulated_test")))


if __name__ == "__main__":
    unittest.main()
