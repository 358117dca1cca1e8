"""A local sshd of OpenSSH with throw-away keys and a configuration of its own, and its clients.

Nothing of the user's is read or written. The shell of a session finds an empty home, so that no rc
file delays it, and no limit on logins at once refuses a client."""

import collections
import contextlib
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import time

START_TIMEOUT_S = 15
STOP_TIMEOUT_S = 5
RUN_FOLDER = pathlib.Path("/run/sshd")

SSHD_CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
SetEnv HOME={folder}/home
PidFile none
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
PasswordAuthentication no
MaxStartups 10000
MaxSessions 10000
LogLevel ERROR
Subsystem sftp internal-sftp
"""

# Any name is the local machine, so that one sshd can be many hosts.
SSH_CONFIG = """
Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  HostKeyAlias bench
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
"""

# The process of sshd, the client's configuration, and a client without its command.
Sshd = collections.namedtuple("Sshd", "pid configuration client")


def find(name):
    """The path of a program, also of one that no user has in the path; None without it."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


@contextlib.contextmanager
def started(command, **streams):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **streams)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(is_done, what):
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_done():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} does not start")
        time.sleep(0.02)


def succeeds(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    """Whether a program listens at a port of the loopback; it does not notice."""
    lines = pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]
    words = [line.split() for line in lines]
    return any(each[1].endswith(f":{port:04X}") and each[3] == "0A" for each in words)


def port_of(server):
    """The port of an Sshd, as text."""
    lines = server.configuration.read_text().split("\n")
    return next(line.split()[1] for line in lines if line.strip().startswith("Port "))


@contextlib.contextmanager
def _run_folder():
    """sshd of root does not start without this folder, which a boot makes."""
    is_needed = os.geteuid() == 0 and not RUN_FOLDER.exists()
    if is_needed:
        RUN_FOLDER.mkdir(0o755)
    try:
        yield
    finally:
        if is_needed:
            RUN_FOLDER.rmdir()


def _write_configuration(folder):
    (folder / "home").mkdir()
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name],
                       check=True)
    (folder / "known").write_text("bench " + (folder / "host.pub").read_text())
    words = {"port": free_port(), "folder": folder, "user": getpass.getuser()}
    for name, text in (("sshd_config", SSHD_CONFIG), ("ssh_config", SSH_CONFIG)):
        (folder / name).write_text(text.format(**words))


@contextlib.contextmanager
def sshd(folder):
    """An sshd that answers on the loopback, with all its files in the new directory `folder`."""
    folder.mkdir(0o700)
    _write_configuration(folder)
    client = ["ssh", "-F", str(folder / "ssh_config")]
    server = [find("sshd"), "-D", "-e", "-f", str(folder / "sshd_config")]
    with _run_folder(), open(folder / "log", "wb") as log, started(server, stderr=log) as process:
        wait_until(lambda: succeeds([*client, "bench", "true"]), "sshd")
        yield Sshd(process.pid, folder / "ssh_config", client)


@contextlib.contextmanager
def master(server, folder):
    """A client whose sessions share one connection (ControlMaster), without its command."""
    path = ["-S", str(folder / "control")]
    with started([*server.client, *path, "-M", "-N", "bench"]):
        shared = [*server.client, *path]
        wait_until(lambda: succeeds([*shared, "-O", "check", "bench"]), "the master of ssh")
        yield shared
