"""Servers that end the first connections of a command before their first message."""
import os
import shutil
import socket
import threading

from cli_support import Server, accept
from files_support import SharedFiles


class EarlyEnds(SharedFiles):
    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder, "early")
        self.other_root = os.path.join(self.folder, "other")
        os.makedirs(self.other_root, mode=0o700)
        self.addCleanup(shutil.rmtree, self.other_root)
        shutil.copytree(f"{self.root}/users", f"{self.other_root}/users")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.addCleanup(self.leave)
        self.accepted = 0

    def leave(self):
        self.listener.close()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def end_one(self, is_reset):
        """Bytes that were not read make it a reset."""
        connection = accept(self.listener)
        self.accepted += 1
        if is_reset:
            connection.recv(1)
        connection.close()

    def beside(self, work):
        thread = threading.Thread(target=work)
        thread.start()
        self.addCleanup(thread.join)

    def ended(self, *words, status):
        return self.reported("ls", *words, endpoint=f"unix://{self.path}", status=status)

    def check_restart(self, is_reset):
        def restart():
            self.end_one(is_reset)
            self.leave()
            self.enterContext(Server(f"files=unix://{self.path}?root={self.other_root}"))
        self.beside(restart)
        said = self.ended("--retry-for", "30s", status=0)
        self.assertIn("note: there is no connection, trying again: ", said)
        self.assertIn("note: connected again", said)

    def test_a_server_that_is_started_again_after_a_reset_is_found(self):
        self.check_restart(is_reset=True)

    def test_a_server_that_is_started_again_after_an_end_is_found(self):
        self.check_restart(is_reset=False)

    def test_a_server_that_does_not_come_back_is_unreachable(self):
        def stop():
            self.end_one(True)
            self.leave()
        self.beside(stop)
        self.ended("--retry-for", "300ms", status=5)

    def test_one_end_is_no_refusal_even_without_another_attempt(self):
        self.beside(lambda: self.end_one(True))
        said = self.ended("--retry-for", "0s", status=5)
        self.assertNotIn("trying again", said)

    def test_a_server_that_ends_each_connection_refuses_the_caller(self):
        def refuse():
            for is_reset in (True, False, True):
                self.end_one(is_reset)
        self.beside(refuse)
        said = self.ended(status=4)
        self.assertEqual(self.accepted, 3)
        self.assertIn("hint: the server may not allow this caller", said)
