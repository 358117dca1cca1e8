"""What callers and operators see when a process that keeps their commands dies, under each word of
concurrency."""
import os
import select
import signal
import struct
import time
import unittest

from command_support import (WIRES, CourseClient, connect, descendants, for_each_word, launcher_of,
                             watched)
from interop_support import HOTLINE, WAIT_S, Program, Server

# Each prints its keeper's id when it runs, and would go on. A writer that is left writes without a
# pause, because the reply is sent once nothing has come for 250 ms.
LINES = {
    "runs": "echo begun; echo $PPID > {path}; exec sleep 1000",
    "has left a writer": "setsid sh -c 'while kill -0 $0 2>/dev/null; do echo on; done;"
                         " echo $1 > {path}; while :; do echo on; done' $$ $PPID & echo begun",
}
REPLY_BYTES = 8 * 1024 * 1024
TRIES = 5


class TooLate(Exception):
    """The command was answered before its keeper was killed: this machine is slow just now."""



class Deaths:
    def begin(self, server, wire, line):
        """A client whose command is under way, and the command's keeper."""
        messages = self.messages()
        client = self.enterContext(CourseClient(self.endpoints_of(server)[wire], wire))
        client.connection.sendall(line.format(path=messages.path).encode())
        return client, int(messages.line())

    def kill_for(self, client, pid):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError as error:
            raise TooLate from error
        poll = select.poll()
        poll.register(client.connection, select.POLLIN)
        if any(not events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0)):
            raise TooLate

    def check_each_command(self, check):
        for wire in WIRES:
            for name, line in LINES.items():
                with self.subTest(wire=wire, line=name):
                    for left in reversed(range(TRIES)):
                        try:
                            check(wire, line)
                            break
                        except TooLate:
                            self.assertGreater(left, 0, "it was answered each time")

    def assert_no_reply(self, client):
        with self.assertRaises(ConnectionError):
            self.fail(f"a reply: {client.connection.recv(1024)}")

    def assert_gone(self, processes):
        for each in processes:
            each.wait_gone()

    def test_a_reply_that_is_cut_by_the_death_of_its_server_is_not_taken_for_a_whole_one(self):
        # On `plain`, because the other wires carry the length of a reply.
        with self.serve() as server:
            with Program(HOTLINE, "run", self.endpoints_of(server)["plain"],
                         f"head -c {6 * REPLY_BYTES} /dev/zero") as client:
                # It waits for its reader, and so the server waits for it within the reply.
                self.assertEqual(client.read(1), b"\0")
                server.process.kill()
                server.process.wait(WAIT_S)
                self.assertLess(len(client.read(6 * REPLY_BYTES)), 6 * REPLY_BYTES - 1)
                self.assertEqual(client.finish(), 255)
                self.assertRegex(client.lines[0], "^error: ")

    def test_a_command_whose_launcher_is_killed_has_no_reply_and_its_server_ends(self):
        def check(wire, line):
            with self.serve() as server:
                launcher = launcher_of(server.process.pid)
                client, _ = self.begin(server, wire, line)
                tree = watched(descendants(server.process.pid))
                self.kill_for(client, launcher)
                self.assert_no_reply(client)
                server.matches("^drained: 1 call;", 1)
                server.matches("^error: .*the launcher has died", 1)
                server.matches("^hint: start the server again", 1)
                self.assertEqual(server.finish(), 1)
                self.assert_gone(tree)
        self.check_each_command(check)

    def test_a_command_whose_keeper_is_killed_has_no_reply_and_the_next_one_has(self):
        def check(wire, line):
            client, keeper = self.begin(self.server, wire, line)
            tree = watched(descendants(keeper))
            self.kill_for(client, keeper)
            self.assert_no_reply(client)
            self.assert_gone(tree)
            with CourseClient(self.endpoints[wire], wire) as other:
                self.assertEqual(other.run("echo next"), b"next\n")
        self.check_each_command(check)

    def test_a_drain_after_the_launcher_died_lets_others_finish(self):
        with Server(HOTLINE, "serve", *self.options, "command=tcp://127.0.0.1:0?wire=plain",
                    "upper=tcp://127.0.0.1:0?framing=u32be", count=2) as server:
            with connect(server.endpoints[1]) as caller:
                caller.sendall(struct.pack(">I", REPLY_BYTES) + b"a" * REPLY_BYTES)
                reply = caller.recv(1)
                os.kill(launcher_of(server.process.pid), signal.SIGKILL)
                server.matches("the service is lost", 1)
                server.process.send_signal(signal.SIGTERM)
                wait_taken(server.process.pid, signal.SIGTERM)
                while piece := caller.recv(65536):
                    reply += piece
            self.assertTrue(reply == struct.pack(">I", REPLY_BYTES) + b"A" * REPLY_BYTES)
            self.assertEqual(server.finish(), 1)


def wait_taken(pid, number):
    """Until a process has no such signal pending. A zombie is an error: it takes none."""
    deadline = time.monotonic() + WAIT_S
    while is_pending(pid, number):
        if time.monotonic() > deadline:
            raise AssertionError(f"signal {number} is not taken")
        time.sleep(0.001)


def is_pending(pid, number):
    with open(f"/proc/{pid}/status", encoding="latin-1") as status:
        fields = dict(line.split(":", 1) for line in status)
    if fields["State"].split()[0] in "ZX":
        raise AssertionError(f"the process has ended, and signal {number} was not taken")
    return bool(int(fields["ShdPnd"], 16) >> number - 1 & 1)


for_each_word("Deaths", Deaths, globals())

if __name__ == "__main__":
    unittest.main()
