"""Remote commands on the three wires of the course, our server and our client each with a peer that
is written in Python as the course writes it."""
import subprocess
import unittest

from command_support import (BIG, DONE, SMALL, WIRES, CourseClient, break_off, connect,
                             course_server, for_each_word, receive, receive_all, run, wait_taken)
from interop_support import HOTLINE, WAIT_S, together
from interop_support import run as run_program

# Small replies come in one piece; so a short quiet will do.
QUIET = "200ms"


class CourseClients:
    """The course's client, and our server under each word of concurrency."""

    def test_small_replies_are_byte_for_byte_what_the_command_said(self):
        for wire in WIRES:
            with CourseClient(self.endpoints[wire], wire) as client:
                for name, (line, reply) in SMALL.items():
                    with self.subTest(wire=wire, command=name):
                        self.assertEqual(client.run(line), reply)

    def test_two_megabytes_on_either_output_come_whole(self):
        for wire in WIRES:
            for name, (line, reply) in BIG.items():
                with self.subTest(wire=wire, command=name):
                    with CourseClient(self.endpoints[wire], wire) as client:
                        self.assertTrue(client.run_last(line, len(reply)) == reply)

    def test_a_request_cut_in_two_is_two_commands(self):
        for wire in WIRES:
            with self.subTest(wire), CourseClient(self.endpoints[wire], wire) as client:
                self.assertRegex(client.run("ec").decode(), "ec: not found")
                self.assertRegex(client.run("ho hello").decode(), "ho: not found")

    def test_two_requests_in_one_receive_are_one_command(self):
        for wire in WIRES:
            with self.subTest(wire), CourseClient(self.endpoints[wire], wire) as client:
                self.assertEqual(client.run("echo one\necho two\n"), b"one\ntwo\n")
                self.assertEqual(client.run("echo one" + "echo two"), b"oneecho two\n")

    def test_two_requests_at_once_are_answered_in_their_order(self):
        for wire in WIRES:
            with self.subTest(wire), CourseClient(self.endpoints[wire], wire) as client:
                started, go_on = self.messages(), self.messages()
                first = f"echo > {started.path}; read line < {go_on.path}; echo one"
                client.connection.sendall(first.encode())
                started.line()
                client.connection.sendall(b"echo two")
                go_on.write()
                if wire == "plain":  # Nothing keeps the one from the other.
                    self.assertEqual(receive(client.connection, 8), b"one\ntwo\n")
                else:
                    self.assertEqual([client.read_reply() for _ in range(2)], [b"one\n", b"two\n"])

    def test_anything_but_ready_after_a_length_ends_the_call(self):
        with connect(self.endpoints["ready"]) as connection:
            connection.sendall(b"echo hello")
            self.assertEqual(receive(connection, 1), b"6")
            connection.sendall(b"wrong")
            with self.assertRaises(ConnectionResetError):
                connection.recv(1)

    def test_a_half_closed_caller_is_answered(self):
        for wire in ("plain", "i32"):
            with self.subTest(wire), connect(self.endpoints[wire]) as connection:
                connection.sendall(b"echo hello\n")
                connection.shutdown(1)
                self.assertTrue(receive_all(connection).endswith(b"hello\n"))

    def test_callers_at_once_each_get_their_own_reply(self):
        def ask(number):
            with CourseClient(self.endpoints["i32"], "i32") as client:
                return [client.run(f"echo {number} {turn}") for turn in range(5)]
        self.assertEqual(together(8, ask),
                         [[b"%d %d\n" % (number, turn) for turn in range(5)]
                          for number in range(8)])

    def test_our_client_and_our_server_agree(self):
        for wire in WIRES:
            for name, (line, reply) in SMALL.items():
                with self.subTest(wire=wire, command=name):
                    linger = QUIET if wire == "plain" else f"{WAIT_S}s"
                    self.assertEqual(run(self.endpoints[wire], line, linger=linger), reply)


for_each_word("CourseClients", CourseClients, globals())


class CourseServers(unittest.TestCase):
    """Our client, and the course's server."""

    def test_run_prints_what_the_command_said_byte_for_byte(self):
        for wire in WIRES:
            linger = QUIET if wire == "plain" else f"{WAIT_S}s"
            with course_server(wire) as endpoint:
                for name, (line, reply) in SMALL.items():
                    with self.subTest(wire=wire, command=name):
                        self.assertEqual(run(endpoint, line, linger=linger), reply)

    def test_run_prints_two_megabytes_whole(self):
        for wire in WIRES:
            # On `plain` only the close marks the end.
            with course_server(wire, calls=1 if wire == "plain" else None) as endpoint:
                for name, (line, reply) in BIG.items():
                    with self.subTest(wire=wire, command=name):
                        self.assertTrue(run(endpoint, line, linger=f"{WAIT_S}s") == reply)

    def test_shell_runs_one_line_after_another(self):
        lines = b"echo one\n\ntrue\necho no >&2\nquit\necho never\n"
        for wire in WIRES:
            with self.subTest(wire), course_server(wire) as endpoint:
                said = run_program(HOTLINE, "shell", endpoint, input=lines)
                self.assertEqual(said, b"one\n" + DONE + b"\nno\n")

    def test_run_leaves_standard_input_to_the_loop_around_it(self):
        script = 'while read -r line; do "$1" run "$2" -- printf %s. "$line"; done'
        with course_server("i32") as endpoint:
            said = subprocess.run(["sh", "-c", script, "sh", HOTLINE, endpoint], input=b"a\nb\nc\n",
                                  capture_output=True, timeout=WAIT_S)
        self.assertEqual((said.returncode, said.stdout, said.stderr), (0, b"a.b.c.", b""))

    def test_several_words_are_run_as_they_are(self):
        words = ("printf", "%s|", "two  words", "it's", "$HOME", "`x`", "*", "")
        with course_server("i32") as endpoint:
            self.assertEqual(run(endpoint, *words), "|".join(words[2:]).encode() + b"|")

    def test_a_server_that_hangs_up_within_a_reply_is_an_error_and_nothing_is_printed(self):
        answers = {"i32": [b"", b"\5\0\0", b"\5\0\0\0four"], "ready": [b"", b"5"]}
        for wire, beginnings in answers.items():
            for beginning in beginnings:
                def answer(connection, _, beginning=beginning):
                    connection.recv(1024)
                    connection.sendall(beginning)
                with self.subTest(wire=wire, said=beginning):
                    with course_server(wire, answer) as endpoint:
                        self.assertRegex(run(endpoint, "ls", status=255), "^error: ")

    def test_a_server_that_resets_within_a_reply_is_an_error_on_every_wire(self):
        answers = {"plain": [b"", b"four"],
                   "i32": [b"", b"\5\0\0", b"\5\0\0\0", b"\5\0\0\0four"],
                   "ready": [b"", b"5", b"5|", b"5|four", b"5|whole"]}
        for wire, beginnings in answers.items():
            for beginning in beginnings:
                def answer(connection, _, beginning=beginning):
                    connection.recv(1024)
                    length, *rest = beginning.split(b"|")
                    connection.sendall(length)
                    for piece in rest:
                        connection.recv(5)
                        connection.sendall(piece)
                    wait_taken(connection)
                    break_off(connection)
                with self.subTest(wire=wire, said=beginning):
                    with course_server(wire, answer) as endpoint:
                        self.assertRegex(run(endpoint, "ls", status=255, linger=f"{WAIT_S}s"),
                                         "^error: ")

    def test_a_length_whose_digits_come_late_is_an_error_never_a_shorter_reply(self):
        def answer(connection, _):
            connection.recv(1024)
            connection.sendall(b"1")
            connection.recv(5)  # The client has taken that for all of it.
            connection.sendall(b"2hello, world")
            receive_all(connection)
        with course_server("ready", answer) as endpoint:
            self.assertRegex(run(endpoint, "ls", status=255, linger=f"{WAIT_S}s"),
                             "more came than the length")

    def test_a_reply_over_the_limit_is_an_error_never_a_truncation(self):
        for wire in ("i32", "ready"):
            with self.subTest(wire), course_server(wire) as endpoint:
                said = run(endpoint + "&max=1000", "head -c 1001 /dev/zero", status=255)
                self.assertRegex(said, "longer than 1000 bytes")
                self.assertEqual(len(run(endpoint + "&max=1000", "head -c 1000 /dev/zero")), 1000)

    def test_the_wrong_wire_is_an_error(self):
        with course_server("plain") as endpoint:
            for wire in ("i32", "ready"):
                wrong = endpoint.replace("plain", wire)
                self.assertRegex(run(wrong, "echo some words", status=255), f"wire={wire}")


class Limits(unittest.TestCase):
    def test_a_usage_error_has_status_two(self):
        for words in ((), ("tcp://127.0.0.1:1",), ("tcp://127.0.0.1:1", "--", ""),
                      ("tcp://127.0.0.1:1?wire=i64", "ls"), ("udp://127.0.0.1:1", "ls"),
                      ("tcp://127.0.0.1:1?timeout=5", "ls")):
            with self.subTest(words):
                run_program(HOTLINE, "run", *words, status=2)

    def test_a_refused_connection_is_our_own_failure(self):
        run_program(HOTLINE, "run", "unix:@hotline-nobody-is-there", "ls", status=255)
        run_program(HOTLINE, "shell", "unix:@hotline-nobody-is-there", status=5)

    def test_as_json_a_reply_is_an_object(self):
        with course_server("i32") as endpoint:
            said = run_program(HOTLINE, "run", "--json", endpoint, "echo hello")
            self.assertEqual(said, b'{"v":1,"reply":{"bytes":6,"text":"hello\\n"}}\n')


if __name__ == "__main__":
    unittest.main()
