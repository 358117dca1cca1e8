"""A server that is stopped (^Z, a debugger, a frozen container, a suspended machine) and continues:
requests that came in time while it was stopped are answered; silent callers are not."""
import contextlib
import os
import signal
import time
import unittest

from cli_support import Server, WAIT_S, connect

IDLE_S = 2
# More than an engine reports at once.
CALLS = 300


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as children:
        return [int(child) for child in children.read().split()]


def state_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def stop(pids):
    """Returns when none of them runs any more."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + WAIT_S
    while any(state_of(pid) != "T" for pid in pids):
        if time.monotonic() > deadline:
            raise AssertionError(f"not stopped: {pids}")


class StoppedTest(unittest.TestCase):
    def serve(self, *options):
        server = Server("upper=tcp://127.0.0.1:0", "upper=tcp://127.0.0.1:0?framing=lines",
                        options=(f"--idle-timeout={IDLE_S}s", *options))
        self.addCleanup(server.__exit__)
        return server

    def check(self, count, *options):
        """`count` calls of each endpoint speak while the server is stopped, and one does not."""
        server = self.serve(*options)
        for _ in range(5):
            with contextlib.ExitStack() as stack:
                calls = [stack.enter_context(connect(endpoint))
                         for endpoint in server.endpoints for _ in range(count + 1)]
                if self.speak_while_stopped(server, calls, (0, count + 1)):
                    return
        self.skipTest("this machine is too slow to say anything in time")

    def speak_while_stopped(self, server, calls, silent):
        """False if something came too late for the server to count it as in time."""
        began = time.monotonic()
        for call in calls:
            call.sendall(b"one\n")
        for call in calls:
            self.assertEqual(call.recv(4), b"ONE\n")
        last_reply = time.monotonic()
        stopped = [server.process.pid, *children_of(server.process.pid)]
        stop(stopped)
        for index, call in enumerate(calls):
            if index not in silent:
                call.sendall(b"two\n")
        is_in_time = time.monotonic() - began < IDLE_S
        while time.monotonic() - last_reply < IDLE_S + 0.2:
            time.sleep(0.05)
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        if not is_in_time:
            return False
        replies = [call.recv(4) for call in calls]
        expected = [b"" if index in silent else b"TWO\n" for index in range(len(calls))]
        self.assertEqual(replies, expected)
        return True

    def test_epoll_answers_what_came_while_it_was_stopped(self):
        self.check(CALLS, "--engine=epoll", "--concurrency=loops:1")

    def test_the_default_engine_answers_what_came_while_it_was_stopped(self):
        self.check(CALLS, "--concurrency=loops:1")

    def test_threads_answer_what_came_while_they_were_stopped(self):
        self.check(3, "--concurrency=threads:16")

    def test_processes_answer_what_came_while_they_were_stopped(self):
        self.check(3, "--concurrency=processes:16")


if __name__ == "__main__":
    unittest.main()
