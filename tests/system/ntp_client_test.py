"""`hotline ntp`, against scripted servers."""
import json
import os
import signal
import struct
import subprocess
import tempfile
import threading
import unittest

from cli_support import HOTLINE, WAIT_S, Terminal, ended, run
from ntp_support import ask, reply_to, server


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
        self.refusal(1, "the server's clock is not synchronised (stratum 0)", leap=3, stratum=0,
                     reference=b"INIT")
        self.refusal(1, "is not synchronised (leap indicator 3)", leap=3)
        self.refusal(1, "is not synchronised (stratum above 15)", stratum=16)

    def test_a_server_that_denies_its_service_is_an_error(self):
        for code, text in (("DENY", "the reply refuses to serve this machine (DENY)"),
                           ("RSTR", "the reply refuses to serve this machine (RSTR)"),
                           ("RATE", "the reply asks for fewer requests (RATE)")):
            self.refusal(5, text, leap=3, stratum=0, reference=code.encode())

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

    def interrupted(self, number, *options):
        """The status, standard output and error after a signal during a long measurement."""
        third = threading.Event()

        def answer(request, count):
            if count == 3:
                third.set()
            return [reply_to(request)]

        with server(answer) as (where, _):
            asking = subprocess.Popen([HOTLINE, "ntp", where, "--interval=1ms", *options],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with ended(asking):
                self.assertTrue(third.wait(WAIT_S))
                asking.send_signal(number)
                output, errors = asking.communicate(timeout=WAIT_S)
        return asking.returncode, output.decode(), errors.decode()

    def test_an_interrupted_measurement_shows_what_it_has_and_ends_by_the_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            status, output, errors = self.interrupted(number, "--samples=10000")
            self.assertEqual((status, errors), (-number, ""))
            self.assertRegex(output, r"\n  offset +[+-]")
            self.assertRegex(output, r"\n  ended early +interrupted\n$")
        status, output, errors = self.interrupted(signal.SIGINT, "--samples=10000", "--json")
        self.assertEqual((status, errors), (-signal.SIGINT, ""))
        self.assertEqual(json.loads(output)["ended_early"],
                         {"kind": "cancelled", "message": "interrupted"})

    def test_a_measurement_that_is_interrupted_before_its_first_sample_prints_nothing(self):
        asked = threading.Event()
        with server(lambda request, _: asked.set() or []) as (where, _):
            asking = subprocess.Popen([HOTLINE, "ntp", where, "--timeout=1h"],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            with ended(asking):
                self.assertTrue(asked.wait(WAIT_S))
                asking.send_signal(signal.SIGINT)
                self.assertEqual(asking.communicate(timeout=WAIT_S), (b"", b""))
        self.assertEqual(asking.returncode, -signal.SIGINT)

    def test_a_measurement_that_ends_early_says_so(self):
        def deny(request):
            return [reply_to(request, leap=3, stratum=0, reference=b"DENY")]

        for later, kind in ((lambda _: [], "timed_out"), (deny, "permission_denied")):
            with server(lambda request, number: [reply_to(request)] if number <= 2
                        else later(request)) as (where, _):
                asked = ask(where, "--timeout=500ms", "--json")
            self.assertEqual((asked.returncode, asked.stderr), (0, b""))
            result = json.loads(asked.stdout)
            self.assertEqual((len(result["samples"]), result["ended_early"]["kind"]), (2, kind))
        with server(lambda request, number: [reply_to(request)] if number == 1
                    else deny(request)) as (where, _):
            asked = ask(where)
        self.assertEqual(asked.returncode, 0)
        self.assertRegex(" ".join(asked.stdout.decode().split()),
                         r" ended early cannot .*\(DENY\); hint: ")

    def test_a_server_without_a_host_or_with_port_0_is_refused(self):
        for where, reason in (("", "HOST is empty"), (":123", "it has no host"),
                              ("udp://:123", "it has no host"), ("[]:1", "HOST:PORT"),
                              ("127.0.0.1:0", "port 0"), ("udp://[::1]:0", "port 0")):
            asked = ask(where)
            self.assertEqual((asked.returncode, asked.stdout), (2, b""), where)
            self.assertIn(reason, asked.stderr.decode())
            self.assertIn("\nhint: ", asked.stderr.decode())

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
            watch = subprocess.Popen([HOTLINE, "ntp", where, "--interval=1ms", "--timeout=500ms",
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

    def watched(self, answer, *options):
        with server(answer) as (where, requests):
            watch = run("ntp", where, "--interval=1ms", "--timeout=500ms", "--watch", "--json",
                        *options)
        return watch, [json.loads(line) for line in watch.stdout.splitlines()], len(requests)

    def test_a_number_of_samples_ends_a_watch_also_if_replies_are_lost(self):
        watch, lines, requests = self.watched(
            lambda request, number: [] if number == 2 else [reply_to(request)], "--samples=4")
        self.assertEqual((watch.returncode, requests), (0, 4))
        self.assertEqual(["sample" in line for line in lines], [True, True, True, False])
        self.assertEqual(lines[-1]["counts"]["sent"], 4)
        self.assertNotIn("ended_early", lines[-1])
        watch, lines, requests = self.watched(lambda request, _: [], "--samples=2")
        self.assertEqual((watch.returncode, lines, requests), (1, [], 2))

    def test_a_refusal_that_ends_a_watch_is_in_its_summary(self):
        watch, lines, _ = self.watched(
            lambda request, number: [reply_to(request)] if number <= 2 else
            [reply_to(request, leap=3, stratum=0, reference=b"DENY")])
        self.assertEqual(watch.returncode, 0)
        self.assertEqual(lines[-1]["ended_early"]["kind"], "permission_denied")

    def test_a_watch_with_a_number_of_samples_ends_by_the_signal_that_interrupts_it(self):
        with server(lambda request, _: [reply_to(request)]) as (where, _):
            watch = subprocess.Popen([HOTLINE, "ntp", where, "--interval=1ms", "--watch",
                                      "--samples=10000"], stdout=subprocess.PIPE)
            with ended(watch):
                watch.stdout.readline()
                watch.send_signal(signal.SIGINT)
                rest = watch.communicate(timeout=WAIT_S)[0].decode()
        self.assertEqual(watch.returncode, -signal.SIGINT)
        self.assertRegex(rest, r"\n  samples +\d+ used")

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


if __name__ == "__main__":
    unittest.main()
