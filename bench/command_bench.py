"""What `commands` needs besides its measurements: programs, keys, servers and peers."""

import collections
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import trusts
from peers import openssh

PIECE_MB = 128
TIMEOUT_S = 300
MEMORY_FOLDER = "/dev/shm"
PACKAGES = {"sshd": "openssh-server", "ssh": "openssh-client", "clush": "clustershell",
            "pdsh": "pdsh"}
LISTENING = re.compile(r"^listening \w+ (\S+)", re.MULTILINE)

Server = collections.namedtuple("Server", "pid endpoints")


class Bench:
    """The programs, keys and peers of one run. `stack` ends what it starts."""

    def __init__(self, arguments, folder, stack):
        self.arguments, self.folder, self._stack = arguments, folder, stack
        self.hotline = program(arguments.build / "hotline")
        self.load = program(arguments.build / "bench/command_load")
        self.floor = program(arguments.build / "bench/floor_output")
        self.caller = trusts.caller_home(self.hotline, folder)
        self.secret = folder / "secret"
        self.secret.touch(0o600)
        self.secret.write_text(trusts.SECRET)
        self._piece = None
        # All of them are looked for, so that each one that is missing is named.
        self.peers = [each for each in PACKAGES if _has(each)]
        self.ssh = self.master = None
        if {"sshd", "ssh"} <= set(self.peers):
            self.ssh = stack.enter_context(openssh.sshd(folder / "ssh"))
            self.master = stack.enter_context(openssh.master(self.ssh, folder))

    @contextlib.contextmanager
    def serving(self, transports):
        """A server with an endpoint of each of the transports, of which one may repeat."""
        words = [f"command={self._served(each)}" for each in transports]
        command = [self.hotline, "--home", self.folder, "serve", *words, "--drain-timeout=1s"]
        with tempfile.TemporaryFile("w+") as said, openssh.started(command, stderr=said) as server:
            found = listening(server, said, len(words))
            yield Server(server.pid, [self._called(*each) for each in zip(transports, found)])

    def _served(self, transport):
        return {"tcp": f"tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={self.secret}",
                "unix": f"unix://{self.folder}/commands.sock",
                "tls": "tls://127.0.0.1:0"}[transport]

    def _called(self, transport, endpoint):
        """What a client of `endpoint`, where a server listens, is given."""
        if transport == "tcp":
            return f"{endpoint.split('?')[0]}?auth=hmac-sha256&secret-file={self.secret}"
        return endpoint.replace("tls://", "tls://bench@")

    def run(self, *words):
        return [str(self.hotline), "--home", str(self.caller), "run", *map(str, words)]

    def loaded(self, conduct, count, *endpoints):
        """The command that loads servers."""
        return [str(self.load), conduct, str(count), str(self.caller / "keys"), *endpoints]

    def load_result(self, conduct, count, *endpoints):
        return json.loads(checked(self.loaded(conduct, count, *endpoints)).stdout)

    def long_output(self):
        """The words of a `cat` that writes all megabytes, from a file in memory."""
        size = min(PIECE_MB, self.arguments.megabytes)
        if not self._piece:
            where = MEMORY_FOLDER if os.path.isdir(MEMORY_FOLDER) else None
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(dir=where))
            self._piece = pathlib.Path(folder) / "piece"
            self._piece.write_bytes(os.urandom(1 << 20) * size)
        return ["cat"] + [str(self._piece)] * (self.arguments.megabytes // size)

    def long_output_size(self):
        return sum(os.path.getsize(each) for each in self.long_output()[1:])


def program(path):
    if not os.access(path, os.X_OK):
        sys.exit(f"no program {path}: build it first")
    return path.resolve()


def _has(program):
    found = openssh.find(program)
    if not found:
        print(f"left out {program}: install {PACKAGES[program]}", file=sys.stderr)
    return found


def listening(process, said, count):
    """The `count` endpoints that a server has written to the file `said`."""
    found = []

    def has_all():
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        said.seek(0)
        found[:] = LISTENING.findall(said.read())
        return len(found) >= count

    openssh.wait_until(has_all, "the server")
    return found


def checked(command, **options):
    """What a command has said, which must succeed."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(command, timeout=TIMEOUT_S, check=False, **(streams | options))
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {' '.join(lines[-1:])}")
    return done
