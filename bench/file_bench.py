"""What `files` needs besides its measurements: programs, files, servers and peers."""

import collections
import contextlib
import itertools
import os
import pathlib
import shutil
import sys
import tempfile

import command_bench
import trusts
from file_usage import settled_cpu_s
from peers import files as peers
from peers import openssh

MIB = 1 << 20
TRANSPORTS = ["unix", "tcp", "tls"]
SMALL_BYTES = 4096

Server = collections.namedtuple("Server", "pid endpoint home")

# A directory of one file system, and the peers that serve it.
Store = collections.namedtuple("Store", "folder peers")


class FileBench:
    """The programs, files and peers of one run. `stack` ends what it starts."""

    def __init__(self, arguments, folder, stack):
        self.arguments, self.folder = arguments, folder
        self.hotline = command_bench.program(arguments.build / "hotline")
        self.load = command_bench.program(arguments.build / "bench/file_load")
        self.floor = command_bench.program(arguments.build / "bench/floor_files")
        self.caller = trusts.caller_home(self.hotline, folder)
        self.secret = folder / "secret"
        self.secret.touch(0o600)
        self.secret.write_text(trusts.SECRET)
        self._numbers = itertools.count()
        self._files = {}
        names = [each for each in arguments.peer if _is_installed(each)]
        self.has_nc = "tar-nc" in names
        self.disk = self._store(arguments.disk, names, stack)
        self.memory = self._store(arguments.memory, names, stack)

    def _store(self, where, names, stack):
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir=where)))
        own = self.folder / f"peers-{next(self._numbers)}"
        own.mkdir()
        return Store(folder, peers.serving(names, own, folder, stack))

    @contextlib.contextmanager
    def place(self, store, is_kept=False, owner=None):
        """A new directory. If many files were removed just before, ext4 makes new ones at many
        times the cost: such a place is kept until all is measured."""
        folder = store.folder / f"place-{next(self._numbers)}"
        folder.mkdir(0o700)
        if owner:
            shutil.chown(folder, owner)
        yield folder
        if not is_kept:
            shutil.rmtree(folder)

    @contextlib.contextmanager
    def serving(self, folder, transport, options=""):
        """A server whose root is a new directory in `folder`."""
        root = folder / "root"
        self.make_root(root)
        endpoint = self._served(transport, root) + options
        command = [self.hotline, "--home", self.folder, "serve", f"files={endpoint}",
                   "--drain-timeout=1s"]
        with tempfile.TemporaryFile("w+") as said, openssh.started(command, stderr=said) as server:
            found = command_bench.listening(server, said, 1)[0].split("?")[0]
            settled_cpu_s(server.pid)
            yield Server(server.pid, self._called(transport, found), root / "homes/bench")

    def make_root(self, root):
        if not root.exists():
            (root / "users").mkdir(0o700, parents=True)
            root.chmod(0o700)
            (root / "users/bench.toml").write_text(f"uid = {os.getuid()}\n")

    def _served(self, transport, root):
        users = "connections-per-user=4000"
        return {"tcp": f"tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={self.secret}&user=bench"
                       f"&root={root}&{users}",
                "unix": f"unix://{self.folder}/files.sock?root={root}&{users}",
                "tls": f"tls://127.0.0.1:0?root={root}&{users}"}[transport]

    def _called(self, transport, endpoint):
        if transport == "tcp":
            return f"{endpoint}?auth=hmac-sha256&secret-file={self.secret}"
        return endpoint.replace("tls://", "tls://bench@")

    def run(self, command, *words):
        return [self.hotline, "--home", self.caller, command, *words]

    def loaded(self, conduct, server, operand):
        return [self.load, conduct, self.caller / "keys", server.endpoint, operand]

    def ours(self, server):
        """The program as a peer: what is put has its own name."""
        def put(source, _, is_tree):
            return self.run("put", *(["-r"] if is_tree else []), server.endpoint, source)

        def get(source, target, is_tree):
            return self.run("get", *(["-r"] if is_tree else []), server.endpoint, source.name,
                            "--to", target)

        return peers.Peer("hotline", server.pid, put, get)

    def large_file(self, store):
        """A file of random bytes, of which as many are in memory as fit."""
        return self._once(("large", store.folder), lambda: self._write_large(store))

    def _write_large(self, store):
        path = store.folder / "large"
        with open(path, "wb") as file:
            for _ in range(self.arguments.size):
                file.write(os.urandom(MIB))
        return path

    def small_files(self, store):
        """A directory of small files in directories of 100."""
        return self._once(("small", store.folder), lambda: self._write_small(store))

    def _write_small(self, store):
        folder = store.folder / "small"
        for number in range(self.arguments.files):
            path = folder / f"d{number // 100:04}" / f"f{number % 100:02}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(SMALL_BYTES))
        return folder

    def root_with_entries(self, store):
        """A directory with a root of which the home has a directory with many entries."""
        return self._once(("entries", store.folder), lambda: self._make_entries(store))

    def _make_entries(self, store):
        folder = store.folder / "listed"
        self.make_root(folder / "root")
        many = folder / "root/homes/bench/many"
        for each in (many.parent.parent, many.parent, many):
            each.mkdir(0o700)
        directory = os.open(many, os.O_RDONLY)
        for number in range(self.arguments.entries):
            os.close(os.open(f"entry-{number:08}", os.O_CREAT | os.O_WRONLY, 0o600,
                             dir_fd=directory))
        os.close(directory)
        return folder

    def _once(self, key, make):
        if key not in self._files:
            self._files[key] = make()
        return self._files[key]


def _is_installed(name):
    """Whether all programs of a peer are; names those that are missing."""
    needed = {"tar-nc": ["nc"], "lftp": ["lftp", "vsftpd"], "sftp": ["sftp", "sshd"],
              "scp": ["scp", "sshd"], "rclone": ["rclone", "sshd"], "rsync": ["rsync"]}
    missing = [each for each in needed.get(name, []) if not openssh.find(each)]
    if name == "lftp" and os.geteuid() != 0:
        print("left out lftp: vsftpd confines callers only if root starts it", file=sys.stderr)
        return False
    for each in missing:
        print(f"left out {name}: install {peers.PACKAGES[each]}", file=sys.stderr)
    return not missing
