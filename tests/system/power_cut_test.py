"""Cuts the power of a server of files: an ext4 image is copied, and the copy mounted.

The server is stopped at any of its steps for the time of a copy, in which the kernel writes
nothing: what the server has not waited for is not in the copy. It needs root and loop devices. CUTS
sets how many cuts there are, SEED repeats when they come.
"""
import contextlib
import hashlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import files_client
from cli_support import WAIT_S, Server, connect
from files_client import BLOCK, Broken, Client, Refused, text

BUSY = 19

CUTS = int(os.environ.get("CUTS", "4"))
SEED = int(os.environ.get("SEED", str(random.randrange(1 << 32))))
IMAGE_SIZE = 48 << 20
NAMES = [f"f{number}" for number in range(6)] + ["d/f", "d/e/f"]


def content_of(number):
    """A content that begins with its number, and is like no other."""
    head = b"%d\n" % number
    return head + hashlib.shake_128(head).digest(random.Random(number).choice((9, 5000, 70000)))


class Disk:
    """An image with ext4, and where it is mounted. Nothing is written before it must be."""

    def __init__(self, folder, name):
        self.image = os.path.join(folder, name + ".img")
        self.path = os.path.join(folder, name)
        os.makedirs(self.path, exist_ok=True)

    def make(self):
        with open(self.image, "wb") as image:
            image.truncate(IMAGE_SIZE)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0", self.image],
                       check=True, capture_output=True)

    def mount(self):
        """Returns why it cannot be mounted; empty if it is."""
        mounted = subprocess.run(["mount", "-o", "loop,noatime,commit=3600", self.image, self.path],
                                 capture_output=True, text=True)
        return mounted.stderr if mounted.returncode else ""

    def unmount(self):
        subprocess.run(["umount", self.path], check=True, capture_output=True)

    def read(self):
        with open(self.image, "rb") as image:
            return image.read()

    def copy_to(self, other):
        """Copies what is on the disk at one moment."""
        before = self.read()
        for _ in range(100):
            now = self.read()
            if now == before:
                with open(other.image, "wb") as image:
                    image.write(now)
                return
            before = now
        raise AssertionError("the kernel goes on writing")


def reason_to_skip():
    if os.geteuid() != 0:
        return "only root can mount an image"
    if not os.path.exists("/dev/loop-control"):
        return "there are no loop devices"
    if not shutil.which("mkfs.ext4"):
        return "mkfs.ext4 is not installed"
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(folder, "probe")
        disk.make()
        if why := disk.mount():
            return "an image cannot be mounted: " + why.strip()
        disk.unmount()
    return ""


class Model:
    """What each name may have: contents by their numbers; None stands for none."""

    def __init__(self):
        self.lock = threading.Lock()
        self.names = {name: {None} for name in NAMES}
        self.done = 0

    @contextlib.contextmanager
    def change(self, effects):
        """Old and new are possible while it is asked for, and then only the new."""
        with self.lock:
            for name, number in effects.items():
                self.names[name] = self.names[name] | {number}
        yield
        with self.lock:
            for name, number in effects.items():
                self.names[name] = {number}
            self.done += 1

    def snapshot(self):
        with self.lock:
            return {name: set(numbers) for name, numbers in self.names.items()}, self.done


class Caller(threading.Thread):
    """Puts, moves and removes, until the server is gone."""

    def __init__(self, endpoint, model, chance):
        super().__init__(daemon=True)
        self.endpoint, self.model, self.chance = endpoint, model, chance
        self.failure = None

    def run(self):
        try:
            with connect(self.endpoint) as call:
                client = Client(call.sendall, call.recv)
                for number in range(1, 1 << 30):
                    self.step(client, number)
        except (Broken, OSError):
            pass
        except BaseException as failure:  # For the thread that waits.
            self.failure = failure

    def known(self, name):
        numbers, = self.model.names[name]
        return numbers

    def step(self, client, number):
        name, other = self.chance.sample(NAMES, 2)
        kind = self.chance.randrange(8)
        if kind == 0 and self.known(name) is not None:
            with self.model.change({name: None}):
                client.ask(files_client.REMOVE, text(name) + b"\0" + files_client.NOTHING)
        elif kind == 1 and self.known(name) is not None:
            with self.model.change({name: None, other: self.known(name)}):
                client.ask(files_client.MOVE,
                           text(name) + text(other) + b"\1\1" + files_client.NOTHING)
        else:
            self.put(client, name, number)

    def put(self, client, name, number):
        content = content_of(number)
        if "/" in name:
            client.ask(files_client.MKDIR, text(os.path.dirname(name)) + b"\1")
        with self.model.change({name: number}):
            if len(content) <= 60 << 10:
                client.store(name, content, 1)
            else:
                client.put(name, content)


@unittest.skipIf(why_not := reason_to_skip(), why_not)
def counted(request):
    """The result of a request that is refused as busy while the home is counted after a cut."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return request()
        except Refused as refused:
            if refused.code != BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


class PowerCut(unittest.TestCase):
    key = b"the key of it..."
    upload = hashlib.shake_128(b"upload").digest(2 * BLOCK + 12345)

    def setUp(self):
        shared = "/dev/shm"  # There a sync takes no time.
        self.folder = self.enterContext(
            tempfile.TemporaryDirectory(dir=shared if os.path.isdir(shared) else None))
        self.chance = random.Random(SEED)
        self.disk = Disk(self.folder, "disk")
        self.copy = Disk(self.folder, "copy")
        self.disk.make()
        self.mount(self.disk)
        for each in ("root", "root/users"):
            os.mkdir(os.path.join(self.disk.path, each), 0o700)
        with open(os.path.join(self.disk.path, "root/users/alice.toml"), "w") as file:
            file.write(f"uid = {os.getuid()}\nquota = \"30MiB\"\n")
        os.sync()

    def mount(self, disk):
        self.assertEqual(disk.mount(), "")
        self.addCleanup(subprocess.run, ["umount", disk.path], capture_output=True)

    def serve(self, disk):
        return Server(f"files=unix://{disk.path}.sock?root={disk.path}/root")

    @contextlib.contextmanager
    def client(self, server):
        with connect(server.endpoint) as call:
            yield Client(call.sendall, call.recv)

    def stop(self, server):
        """Stops it, and waits until no thread of it is at work in the kernel either."""
        server.signal(signal.SIGSTOP)
        deadline = time.monotonic() + WAIT_S
        tasks = f"/proc/{server.process.pid}/task"

        def states():
            for task in os.listdir(tasks):
                with open(f"{tasks}/{task}/stat") as file:
                    yield file.read().rpartition(")")[2].split()[0]
        while set(states()) != {"T"}:
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not stop: {list(states())}")

    def test_what_was_done_is_there_and_the_rest_is_old_or_new(self):
        model = Model()
        with self.serve(self.disk) as server:
            caller = Caller(server.endpoint, model, self.chance)
            caller.start()
            for cut in range(CUTS):
                with self.subTest(seed=SEED, cut=cut):
                    time.sleep(self.chance.uniform(0, 0.15))
                    self.stop(server)
                    expected, _ = model.snapshot()
                    self.disk.copy_to(self.copy)
                    server.signal(signal.SIGCONT)
                    self.check_copy(expected)
            self.assertIsNone(caller.failure)
            self.assertGreater(model.done, CUTS)
        caller.join(WAIT_S)

    def check_copy(self, expected):
        self.assertEqual(self.copy.mount(), "")
        try:
            self.check_names(expected)
            with self.serve(self.copy) as server:
                with self.client(server) as client:
                    self.check_service(client, expected)
                self.assertEqual(server.drain(), 0)
            self.check_staging()
        finally:
            self.copy.unmount()

    def found(self):
        home = os.path.join(self.copy.path, "root/homes/alice")
        for folder, _, files in os.walk(home):
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    yield os.path.relpath(path, home), file.read()

    def check_names(self, expected):
        found = dict(self.found())
        self.assertLessEqual(set(found), set(expected) | {"upload"})
        for name, numbers in expected.items():
            if name not in found:
                self.assertIn(None, numbers, f"{name} is lost")
                continue
            contents = [content_of(number) for number in numbers if number is not None]
            self.assertIn(found[name], contents, f"{name}: {found[name][:20]}")

    def check_service(self, client, expected):
        """A server of what is left serves it, and takes more."""
        listed = client.list(tree=True)
        for name, numbers in expected.items():
            if None not in numbers:
                self.assertIn(name, listed)
        counted(lambda: client.store("after", b"the cut", 1))
        self.assertEqual(client.get("after"), b"the cut")
        _, version = counted(lambda: client.put("upload", self.upload, self.key))
        self.assertNotEqual(version, files_client.NOTHING)
        self.assertEqual(client.get("upload"), self.upload)

    def check_staging(self):
        staging = os.path.join(self.copy.path, "root/staging/alice")
        self.assertEqual([name for name in os.listdir(staging) if not name.endswith(".state")], [])

    def test_an_upload_goes_on_after_a_cut_or_begins_anew_and_is_whole(self):
        with self.serve(self.disk) as server:
            with self.client(server) as client:
                client.store("before", b"stored")
                stream, kept = client.begin_put("upload", len(self.upload), self.key)
                self.assertEqual(kept, 0)
                client.send_flow(stream, client.records(self.upload[:BLOCK], end=False), 0)
                time.sleep(self.chance.uniform(0, 0.1))
                self.stop(server)
                self.disk.copy_to(self.copy)
            server.signal(signal.SIGCONT)
        self.assertEqual(self.copy.mount(), "")
        try:
            self.assertEqual(dict(self.found()), {"before": b"stored"})
            with self.serve(self.copy) as server, self.client(server) as client:
                self.assertEqual(client.get("before"), b"stored")
                with self.assertRaises(Refused):
                    client.get("upload")
                kept, _ = client.put("upload", self.upload, self.key)
                self.assertIn(kept, (0, BLOCK))
                self.assertEqual(client.get("upload"), self.upload)
        finally:
            self.copy.unmount()


if __name__ == "__main__":
    unittest.main()
