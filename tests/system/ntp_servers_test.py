"""`hotline ntp`, against chronyd, ntpd of NTPsec and our own server."""
import contextlib
import glob
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Server, ended
from ntp_peers import WITHOUT_CLOCK, find, needs_root
from ntp_support import KEYS, ask


def find_chronyd():
    """A chronyd: of this machine, or unpacked from its package into the user's cache, or None."""
    for path in (shutil.which("chronyd"), "/usr/sbin/chronyd"):
        if path and os.path.exists(path):
            return path
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                         "hotline-tests")
    unpacked = os.path.join(cache, "chrony", "usr", "sbin", "chronyd")
    if os.path.exists(unpacked):
        return unpacked
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        os.makedirs(cache, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            quiet = {"cwd": folder, "check": True, "capture_output": True, "timeout": 30}
            subprocess.run(["apt-get", "download", "chrony"], **quiet)
            package = glob.glob(os.path.join(folder, "*.deb"))[0]
            subprocess.run(["dpkg", "-x", package, "chrony"], **quiet)
            with contextlib.suppress(OSError):
                os.rename(os.path.join(folder, "chrony"), os.path.join(cache, "chrony"))
        return unpacked if os.path.exists(unpacked) else None
    return None


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Chronyd(unittest.TestCase):
    """chronyd without the right to set the clock."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("chronyd runs as root only")
        cls.chronyd = find_chronyd()
        if cls.chronyd is None:
            raise unittest.SkipTest("there is no chronyd here, and its package cannot be had")

    @contextlib.contextmanager
    def serving(self, *lines):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(KEYS)
            configuration = os.path.join(folder, "chrony.conf")
            with open(configuration, "w") as file:
                file.write("\n".join([*lines, "allow", f"port {port}", "bindaddress 127.0.0.1",
                                      "bindcmdaddress /", "cmdport 0", f"keyfile {keys}",
                                      f"pidfile {folder}/pid"]) + "\n")
            daemon = subprocess.Popen([self.chronyd, "-x", "-d", "-u", "root", "-f", configuration],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with ended(daemon):
                self.await_answer(port, daemon)
                yield f"127.0.0.1:{port}", keys

    def await_answer(self, port, daemon):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if daemon.poll() is not None:
                self.skipTest("chronyd does not run here")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.connect(("127.0.0.1", port))
                probe.settimeout(0.2)
                with contextlib.suppress(OSError):
                    probe.send(b"\x23" + bytes(47))
                    probe.recv(100)
                    return
            time.sleep(0.01)
        self.fail("chronyd does not answer")

    def result(self, where, *options):
        asked = ask(where, "--json", *options)
        self.assertEqual((asked.returncode, asked.stderr), (0, b""))
        result = json.loads(asked.stdout)
        self.assertLessEqual(abs(result["offset_ns"]), result["error_max_ns"])
        self.assertEqual(result["state"]["stratum"], 5)
        return result

    def test_it_serves_this_client_in_every_way(self):
        with self.serving("local stratum 5") as (where, keys):
            self.assertEqual(self.result(where)["mode"], "basic")
            for version in range(1, 5):
                result = self.result(where, f"--ntp-version={version}")
                self.assertEqual(result["state"]["version"], version)
            self.assertEqual(self.result(where, "--interleaved")["mode"], "interleaved")
            for key in (1, 2, 3):
                result = self.result(where, f"--key={key}", "--key-file", keys, "--interleaved")
                self.assertEqual((result["mode"], result["authentication"]), ("interleaved", "key"))

    def test_a_key_that_it_does_not_have_is_not_answered(self):
        with self.serving("local stratum 5") as (where, keys), \
                tempfile.NamedTemporaryFile("w") as others:
            others.write("1 SHA1 HEX:99\n9 MD5 x\n")
            others.flush()
            for key in (1, 9):
                asked = ask(where, f"--key={key}", "--key-file", others.name, "--timeout=50ms")
                self.assertEqual((asked.returncode, asked.stdout), (6, b""))
                self.assertIn(b"does not know the key", asked.stderr)

    def test_it_is_refused_as_long_as_it_is_not_synchronised(self):
        with self.serving() as (where, _):
            asked = ask(where)
        self.assertEqual((asked.returncode, asked.stdout), (1, b""))
        self.assertIn(b"not synchronised", asked.stderr)


class Ntpsec(unittest.TestCase):
    """ntpd knows only port 123, so it is in a network of its own. It may not set the clock."""

    # The last two types are those that its ntpkeygen and its manual name.
    KEYS = ("1 SHA1 0011223344556677889900112233445566778899\n"
            "2 MD5 secret\n"
            "3 AES 2b7e151628aed2a6abf7158809cf4f3c\n"
            "4 AES-128 2b7e151628aed2a6abf7158809cf4f3d\n")

    @contextlib.contextmanager
    def serving(self, *lines):
        ntpd = find("ntpsec", "usr/sbin/ntpd")
        needs_root()
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(self.KEYS)
            configuration = os.path.join(folder, "ntp.conf")
            with open(configuration, "w") as file:
                file.write("\n".join([*lines, "restrict default", "limit burst 9999 average 9999",
                                      f"keys {keys}", "trustedkey 1 2 3 4"]) + "\n")
            daemon = subprocess.Popen(
                ["unshare", "-n", "sh", "-ec", 'ip link set lo up; exec "$@"', "sh", "setpriv",
                 *WITHOUT_CLOCK, "-sys_time", ntpd, "-n", "-g", "-c", configuration, "-p",
                 f"{folder}/pid"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with ended(daemon):
                yield daemon, keys

    def ask(self, daemon, *options):
        return subprocess.run(
            ["nsenter", "-t", str(daemon.pid), "-n", HOTLINE, "ntp", "127.0.0.1", "--interval=1ms",
             "--timeout=1s", "--json", *options], capture_output=True, timeout=WAIT_S)

    def ask_until(self, is_wanted, daemon):
        """What the program says as soon as `is_wanted`."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if daemon.poll() is not None:
                self.skipTest("ntpd of NTPsec does not run here")
            asked = self.ask(daemon, "--samples=1")
            if is_wanted(asked):
                return asked
            time.sleep(0.02)
        self.fail("ntpd does not answer as it should")

    def test_it_serves_this_client_in_every_way(self):
        with self.serving("tos orphan 5 orphanwait 1") as (daemon, keys):
            self.ask_until(lambda asked: asked.returncode == 0, daemon)
            # It does not know the interleaved mode.
            for options in (*([f"--ntp-version={version}"] for version in range(1, 5)),
                            *([f"--key={key}", "--key-file", keys] for key in range(1, 5)),
                            ["--samples=2", "--interleaved"]):
                asked = self.ask(daemon, *options)
                self.assertEqual((asked.returncode, asked.stderr), (0, b""), options)
                result = json.loads(asked.stdout)
                self.assertLessEqual(abs(result["offset_ns"]), result["error_max_ns"])
                self.assertEqual((result["state"]["stratum"], result["mode"]), (5, "basic"))
                self.assertEqual(result["authentication"],
                                 "key" if "--key-file" in options else "none")

    def test_it_is_refused_as_long_as_it_is_not_synchronised(self):
        with self.serving() as (daemon, _):
            # Until it listens, no server can be reached.
            asked = self.ask_until(lambda asked: asked.returncode not in (5, 6), daemon)
        self.assertEqual((asked.returncode, asked.stdout), (1, b""))
        self.assertIn(b"not synchronised", asked.stderr)


class OurServer(unittest.TestCase):
    def test_it_serves_this_client_in_every_way(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")
            with open(keys, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(KEYS)
            service = f"ntp=udp://127.0.0.1:0?local-stratum=7&keys={keys}"
            with Server(service) as serving:
                where = serving.endpoints[0]
                for options in ([], ["--interleaved"], ["--key=2", "--key-file", keys],
                                ["--key=1", "--key-file", keys, "--interleaved"]):
                    self.check(where, options)

    def check(self, where, options):
        asked = ask(where, "--json", *options)
        self.assertEqual((asked.returncode, asked.stderr), (0, b""))
        result = json.loads(asked.stdout)
        self.assertLessEqual(abs(result["offset_ns"]), result["error_max_ns"])
        self.assertEqual(result["state"]["stratum"], 7)
        self.assertEqual(result["mode"],
                         "interleaved" if "--interleaved" in options else "basic")


if __name__ == "__main__":
    unittest.main()
