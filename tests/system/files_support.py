"""What the tests of the commands for files share: a server, and a relay that breaks."""
import hashlib
import os
import select
import shutil
import socket
import stat
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
    one side. `at_limit` is called before."""

    def __init__(self, path, target, limit, upwards, stalls=False, at_limit=lambda: None):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.target, self.limit, self.upwards = target, limit, upwards
        self.stalls, self.at_limit = stalls, at_limit
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
                    self.at_limit()
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


def write_file(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def tree(path):
    """What is below a directory: of files the content, of links where they lead, of others None."""
    found = {}
    for folder, folders, names in os.walk(path):
        for name in folders + names:
            each = os.path.join(folder, name)
            status = os.lstat(each)
            found[os.path.relpath(each, path)] = (
                "-> " + os.readlink(each) if stat.S_ISLNK(status.st_mode) else
                read_file(each) if stat.S_ISREG(status.st_mode) else None)
    return found


class Files(unittest.TestCase):
    def setUp(self):
        self.make_places(self.enterContext(tempfile.TemporaryDirectory()))

    def make_places(self, folder):
        self.folder = folder
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
        write_file(os.path.join(self.here, name), content)

    def read(self, name):
        return read_file(os.path.join(self.here, name))

    def stored(self, name):
        return read_file(os.path.join(self.home, name))

    def run_command(self, command, *words, **popen):
        """The finished program; `stderr` as bytes."""
        return subprocess.run([HOTLINE, command, self.endpoint, *words], cwd=self.here,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=WAIT_S,
                              **popen)

    def done(self, command, *words, status=0, endpoint=None, **popen):
        done = run("--home", os.path.join(self.folder, "state"), command,
                   endpoint or self.endpoint, *words, cwd=self.here, **popen)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def do(self, *words, **how):
        """What a command prints."""
        return self.done(*words, **how).stdout

    def reported(self, *words, **how):
        """What a command says on standard error."""
        return self.done(*words, **how).stderr.decode()



class SharedFiles(Files):
    """One server for all tests of a class. Each begins with an empty home and directory here, and
    with a directory `outside` of both that nothing may change."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        places = cls()
        places.make_places(folder.name)
        server = Server(f"files={places.endpoint}?root={places.root}")
        cls.addClassCleanup(server.__exit__)
        places.do("ls")
        cls.places = {name: getattr(places, name)
                      for name in ("folder", "root", "home", "here", "endpoint")}

    def setUp(self):
        vars(self).update(self.places)
        self.outside = os.path.join(self.folder, "outside")
        for each in (self.home, self.here, self.outside):
            self._empty(each)
        write_file(os.path.join(self.outside, "secret"), b"of others")
        write_file(os.path.join(self.outside, "sub", "more"), b"of others too")
        before = tree(self.outside)
        self.addCleanup(lambda: self.assertEqual(tree(self.outside), before))

    @staticmethod
    def _empty(path):
        os.makedirs(path, mode=0o700, exist_ok=True)
        for each in os.scandir(path):
            if each.is_dir(follow_symlinks=False):
                shutil.rmtree(each.path)
            else:
                os.unlink(each.path)

    def plant(self, name, content):
        """Puts a file into the home beside the server."""
        write_file(os.path.join(self.home, name), content)
