"""What the tests of the commands for files share: a server, and a relay that breaks."""
import hashlib
import os
import select
import socket
import subprocess
import tempfile
import threading
import unittest

from cli_support import HOTLINE, WAIT_S, Server, accept, run

MIB = 1 << 20


def content_of(size):
    return hashlib.shake_128(b"content").digest(size)


class Relay:
    """Passes connections on to a server; the first one breaks, or stalls, after `limit` bytes to
    one side."""

    def __init__(self, path, target, limit, upwards, stalls=False):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.target, self.limit, self.upwards = target, limit, upwards
        self.stalls = stalls
        self.limit_reached = threading.Event()
        self.passed = []
        self.threads, self.ends = [], []
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for each in self.threads:
            each.join()
        for each in self.ends:
            each.close()

    def _start(self, function, *arguments):
        self.threads.append(threading.Thread(target=function, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        limit = self.limit
        while True:
            try:
                near = accept(self.listener)
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self.target)
            self.ends += [near, far]
            for up in (True, False):
                self._start(self._pass, (near, far), up, limit if up == self.upwards else None)
            limit = None

    def _wait_for_hangup(self, source):
        poll = select.poll()
        poll.register(source, 0)
        poll.poll(30_000)

    def _pass(self, ends, up, limit):
        source, sink = ends if up else reversed(ends)
        count = [up, 0]
        self.passed.append(count)
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
                count[1] += len(piece)
                if limit is not None and count[1] > limit:
                    self.limit_reached.set()
                    if self.stalls:
                        self._wait_for_hangup(source)
                    break
        except OSError:
            pass
        for each in (source, sink):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.root = os.path.join(self.folder, "root")
        self.home = os.path.join(self.root, "homes", "alice")
        self.here = os.path.join(self.folder, "here")
        for each in (self.root, os.path.join(self.root, "users"), self.here):
            os.mkdir(each, 0o700)
        self.endpoint = f"unix://{self.folder}/s"
        self.set_user()

    def set_user(self, lines=""):
        with open(os.path.join(self.root, "users", "alice.toml"), "w") as file:
            file.write(f"uid = {os.getuid()}\n{lines}")

    def serve(self):
        return self.enterContext(Server(f"files={self.endpoint}?root={self.root}"))

    def write(self, name, content):
        path = os.path.join(self.here, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def read(self, name):
        with open(os.path.join(self.here, name), "rb") as file:
            return file.read()

    def stored(self, name):
        with open(os.path.join(self.home, name), "rb") as file:
            return file.read()

    def run_command(self, command, *words, **popen):
        """The finished program; `stderr` as bytes."""
        return subprocess.run([HOTLINE, command, self.endpoint, *words], cwd=self.here,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=WAIT_S,
                              **popen)

    def do(self, command, *words, status=0, endpoint=None, **popen):
        done = run("--home", os.path.join(self.folder, "state"), command,
                   endpoint or self.endpoint, *words, cwd=self.here, **popen)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout
