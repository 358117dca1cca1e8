"""`hotline ntp`, against scripted servers and against chronyd."""
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Server, Terminal, ended, run

KEYS = ("1 SHA1 HEX:00112233445566778899\n"
        "2 AES128 HEX:2b7e151628aed2a6abf7158809cf4f3c\n"
        "3 MD5 ASCII:secret\n")


def reply_to(request, **fields):
    """The reply of a synchronised server, to the bytes of a request, with other `fields`."""
    now = time.time() + 2_208_988_800
    stamp = int(now) % 2**32 << 32 | int(now % 1 * 2**32)
    field = {"leap": 0, "version": request[0] >> 3 & 7, "mode": 4, "stratum": 1,
             "reference": b"TEST", "origin": request[40:48], "received": stamp, "sent": stamp,
             **fields}
    first = field["leap"] << 6 | field["version"] << 3 | field["mode"]
    return (struct.pack(">BBbbII4sQ", first, field["stratum"], 0, -20, 0, 0, field["reference"], 0)
            + field["origin"] + struct.pack(">QQ", field["received"], field["sent"]))


@contextlib.contextmanager
def server(answer):
    """A server that sends what `answer(request, number)` returns: a list of datagrams."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    requests = []

    def serve():
        while True:
            request, peer = bound.recvfrom(2048)
            if request == b"end":
                return
            requests.append(request)
            for each in answer(request, len(requests)):
                bound.sendto(each, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield "127.0.0.1:%d" % bound.getsockname()[1], requests
    finally:
        bound.sendto(b"end", bound.getsockname())
        thread.join()
        bound.close()


def ask(where, *options):
    return run("ntp", where, "--interval", "1ms", *options)


class Ntp(unittest.TestCase):
    def test_a_result_has_the_offset_and_status_0(self):
        with server(lambda request, _: [reply_to(request)]) as (where, requests):
            asked = ask(where, "--json")
        self.assertEqual((asked.returncode, asked.stderr), (0, b""))
        result = json.loads(asked.stdout)
        self.assertEqual(result["v"], 1)
        self.assertEqual(result["state"]["reference_id"], "TEST")
        self.assertLessEqual(abs(result["offset_ns"]), result["error_max_ns"])
        self.assertEqual(len(requests), 4)

    def test_a_server_that_is_an_hour_ahead_is(self):
        hour = 3600 << 32

        def answer(request, _):
            good = struct.unpack(">Q", reply_to(request)[32:40])[0] + hour
            return [reply_to(request, received=good, sent=good)]

        with server(answer) as (where, _):
            result = json.loads(ask(where, "--json").stdout)
            text = ask(where).stdout.decode()
        self.assertLessEqual(abs(result["offset_ns"] - 3600 * 10**9), result["error_max_ns"])
        self.assertIn("+3600.0 s: this machine's clock is slow", text)

    def test_a_request_says_only_its_version_and_a_random_number(self):
        with server(lambda request, _: [reply_to(request)]) as (where, requests):
            for version in range(1, 5):
                self.assertEqual(
                    ask(where, "--samples", "1", f"--ntp-version={version}").returncode, 0)
        self.assertEqual([each[:40] for each in requests],
                         [bytes([version << 3 | 3]) + bytes(39) for version in range(1, 5)])
        self.assertEqual(len({each[40:] for each in requests}), 4)

    def test_forged_and_replayed_replies_are_counted_and_dropped(self):
        old = []

        def answer(request, _):
            good = reply_to(request)
            forged = reply_to(request, origin=bytes(8), received=1, sent=2)
            replayed, old[:] = list(old), [good]
            return [forged, b"x", request, *replayed, good]

        with server(answer) as (where, _):
            asked = ask(where, "--json")
        result = json.loads(asked.stdout)
        self.assertLessEqual(abs(result["offset_ns"]), result["error_max_ns"])
        self.assertEqual(result["counts"]["foreign"], 4 + 3)
        self.assertEqual(result["counts"]["malformed"], 4 + 4)

    def refusal(self, status, text, *options, **fields):
        with server(lambda request, _: [reply_to(request, **fields)]) as (where, _):
            asked = ask(where, *options)
        self.assertEqual((asked.returncode, asked.stdout), (status, b""))
        self.assertIn(text, asked.stderr.decode())
        self.assertIn("hint: ", asked.stderr.decode())

    def test_a_server_that_is_not_synchronised_is_an_error(self):
        self.refusal(1, "the reply has stratum 0", leap=3, stratum=0, reference=b"INIT")
        self.refusal(1, "the reply has the leap indicator 3", leap=3)
        self.refusal(1, "the reply has a stratum above 15", stratum=16)

    def test_a_server_that_denies_its_service_is_an_error(self):
        self.refusal(5, "the reply has the code DENY", leap=3, stratum=0, reference=b"DENY")
        self.refusal(5, "the reply has the code RSTR", leap=3, stratum=0, reference=b"RSTR")
        self.refusal(5, "the reply has the code RATE", leap=3, stratum=0, reference=b"RATE")

    def test_times_that_contradict_each_other_are_an_error(self):
        self.refusal(1, "the reply lacks a time", sent=0)
        self.refusal(1, "before the request arrived", received=2 << 32, sent=1 << 32)

    def test_no_reply_is_status_6_and_a_closed_port_status_5(self):
        with server(lambda request, _: []) as (where, requests):
            asked = ask(where, "--timeout", "20ms")
        self.assertEqual((asked.returncode, len(requests)), (6, 3))
        self.assertIn(b"no reply in time", asked.stderr)
        asked = ask(where)
        self.assertEqual(asked.returncode, 5)
        self.assertIn(b"refused", asked.stderr)

    def test_an_error_is_an_object_with_json(self):
        with server(lambda request, _: []) as (where, _):
            asked = ask(where, "--timeout", "20ms", "--json")
        self.assertEqual(json.loads(asked.stderr)["error"]["kind"], "timed_out")

    def test_other_transports_and_key_files_that_others_may_read_are_refused(self):
        self.assertEqual(run("ntp", "tcp://127.0.0.1:1").returncode, 2)
        with tempfile.NamedTemporaryFile("w") as keys:
            os.chmod(keys.name, 0o644)
            asked = run("ntp", "127.0.0.1:1", "--key", "1", "--key-file", keys.name)
        self.assertEqual(asked.returncode, 2)
        self.assertIn(b"hint: ", asked.stderr)


class Watching(unittest.TestCase):
    def test_a_line_for_each_sample_and_a_summary_at_the_end(self):
        def answer(request, number):
            return [] if number == 2 else [reply_to(request)]

        with server(answer) as (where, _):
            watch = subprocess.Popen([HOTLINE, "ntp", where, "--interval=1ms", "--timeout=20ms",
                                      "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with ended(watch):
                lines = [watch.stdout.readline().decode() for _ in range(5)]
                self.assertIn(b"no reply in time", watch.stderr.readline())
                watch.send_signal(signal.SIGINT)
                rest = watch.communicate(timeout=WAIT_S)[0].decode()
        self.assertEqual(watch.returncode, 0)
        for line in lines:
            self.assertRegex(line, r"^\S+Z  offset [+-]\S+ \w+  delay \S+ \w+  error ")
        self.assertRegex(rest, r"\n  samples +\d+ used, \d+ requests, 1 lost\n")

    def test_without_a_sample_the_status_is_1(self):
        with server(lambda request, _: []) as (where, _):
            watch = subprocess.Popen([HOTLINE, "ntp", where, "--interval=1ms", "--timeout=20ms",
                                      "--watch", "--json"], stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            with ended(watch):
                self.assertIn("error", json.loads(watch.stderr.readline()))
                watch.send_signal(signal.SIGTERM)
                self.assertEqual(watch.communicate(timeout=WAIT_S)[0], b"")
        self.assertEqual(watch.returncode, 1)

    def draw(self, **environment):
        with server(lambda request, _: [reply_to(request)]) as (where, _):
            with Terminal("ntp", where, "--interval=1ms", "--watch", TERM="xterm",
                          **environment) as watch:
                watch.expect(f"A\rudp://{where}  stratum 1")
                watch.type("\x03")
                self.assertEqual(watch.end(), 0)
                return watch.output.decode()

    def test_at_a_terminal_a_picture_is_drawn_again(self):
        drawn = self.draw(NO_COLOR="1")
        self.assertIn("*", drawn)
        self.assertNotIn("\x1b[32m", drawn)
        self.assertIn("delay ", drawn)
        self.assertIn("error            at most", drawn)

    def test_a_terminal_without_NO_COLOR_gets_colours(self):
        self.assertIn("\x1b[32m", self.draw(NO_COLOR=""))


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
