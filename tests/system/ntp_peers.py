"""NTP programs of other people, which tools/ntp_peers fetches, and a network of their own.

HOTLINE_NTP_PEERS names the folder with the unpacked packages. None of these programs may set the
clock: those that would are started without the capability for it.
"""
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from interop_support import HOTLINE, ROOT, WAIT_S, Server

PEERS = os.environ.get("HOTLINE_NTP_PEERS", os.path.join(ROOT, "build", "ntp-peers"))

WITHOUT_CLOCK = ("--bounding-set", "-sys_time", "--inh-caps")
USER = "64001"


def find(package, path):
    """The program of a package, fetched or installed; skips the test without it."""
    fetched = os.path.join(PEERS, package, path)
    installed = os.path.join("/", path)
    for program in (fetched, installed):
        if os.path.exists(program):
            return program
    raise unittest.SkipTest(f"there is no {os.path.basename(path)}: tools/ntp_peers fetches it")


def environment():
    """What scripts need to find the modules that were fetched."""
    def folder(package, path):
        return os.path.join(PEERS, package, path)
    python = ":".join(folder(package, "usr/lib/python3/dist-packages")
                      for package in ("python3-ntplib", "python3-ntp"))
    libraries = folder("python3-ntp", "usr/lib/x86_64-linux-gnu/ntp")
    return {**os.environ, "PYTHONPATH": python, "LD_LIBRARY_PATH": libraries,
            "PERL5LIB": folder("libnet-ntp-perl", "usr/share/perl5")}


def output_of(*command, timeout=WAIT_S):
    """The status of a program that ends by itself, and all that it writes."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout, env=environment())
    return done.returncode, done.stdout


def output_until(pattern, *command, patience=WAIT_S):
    """What a program that never ends writes: up to a line with `pattern`, or for that long."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=environment(), start_new_session=True) as process:
        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        watch = threading.Timer(patience, end)
        watch.start()
        for line in process.stdout:
            lines.append(line)
            if pattern in line:
                break
        watch.cancel()
        end()
    return "".join(lines)


def needs_root():
    """Skips the test unless it can have a network and mounts of its own."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "-m", "true"], check=False,
                                           stderr=subprocess.DEVNULL).returncode:
        raise unittest.SkipTest("port 123 needs a network of its own, which needs root here")
    if not shutil.which("setpriv"):
        raise unittest.SkipTest("setpriv is missing")


class Port123(contextlib.ExitStack):
    """Our server at port 123 of a network of its own, and programs in that network."""

    def __init__(self, options):
        super().__init__()
        needs_root()
        self.folder = self.enter_context(tempfile.TemporaryDirectory())
        os.chmod(self.folder, 0o755)
        self.server = self.enter_context(
            Server("unshare", "-n", "-m", "sh", "-ec",
                   f"{self._mounts()}; ip link set lo up; "
                   f"exec {HOTLINE} serve 'ntp=udp://127.0.0.1:123{options}'"))
        self._enter = ("nsenter", "-t", str(self.server.process.pid), "-n", "-m")

    def _mounts(self):
        """What the programs look for: their user, their folders, and what they are to ask."""
        shutil.copy("/etc/passwd", self.file("passwd", ""))
        self.file("timesyncd.conf", "[Time]\nNTP=127.0.0.1\nFallbackNTP=\n")
        with open(f"{self.folder}/passwd", "a") as users:
            users.write(f"ntpd:x:{USER}:65534::/run/openntpd:/usr/sbin/nologin\n")
        return (f"mount --bind {self.folder}/passwd /etc/passwd; "
                "mount -t tmpfs -o mode=755 none /run; mount -t tmpfs -o mode=755 none /var/lib; "
                "mkdir -p /run/openntpd /var/lib/openntpd/db /var/lib/openntpd/run; "
                f"mkdir -p /run/systemd/timesync; chown {USER} /run/systemd/timesync; "
                "if [ -d /etc/systemd ]; then mount -t tmpfs -o mode=755 none /etc/systemd; "
                f"cp {self.folder}/timesyncd.conf /etc/systemd; fi")

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def command(self, *words):
        """A command there that cannot set the clock."""
        return (*self._enter, "setpriv", *WITHOUT_CLOCK, "-sys_time", *words)

    def command_of_user(self, *words):
        """The same, without any privilege."""
        return (*self._enter, "setpriv", "--reuid", USER, "--regid", "65534", "--clear-groups",
                *WITHOUT_CLOCK, "-all", *words)
