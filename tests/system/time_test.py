"""The service `time` and `hotline time`: the time as text."""
import datetime
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from unittest import mock

from cli_support import Terminal
from interop_support import (HOTLINE, WAIT_S, WORDS, Program, Server, example, run,
                             uring_is_usable)

DEFAULT = "%Y-%m-%d-%X"
FORMATS = ("", "%Y", "%A %d %B", "%H:%M:%S", "%c", "%s", "%Z %z", "现在 %H", "100%%", "no conversion",
           "%j %U %V %u", "%-d.%-m.%y", "%I %p")
ZONE = "Asia/Kathmandu"


def ask(endpoint, *formats, input=b"", status=0):
    return run(HOTLINE, "time", "--linger", f"{WAIT_S}s", endpoint, *formats, input=input,
               status=status).decode()


def serve(*services, options=()):
    return Server(HOTLINE, "serve", *options, *services, count=len(services))


def local(moment, form):
    """What Python makes of a format, in the zone of the environment."""
    return time.strftime(form or DEFAULT, time.localtime(moment))


class WithTime(unittest.TestCase):
    def assert_is_time(self, answer, form):
        """`answer()` is the time in the format, at some second while it was asked for."""
        before = int(time.time())
        text = answer()
        wanted = [local(moment, form) for moment in range(before, int(time.time()) + 1)]
        self.assertIn(text, wanted)


    def assert_are_times(self, answer, forms):
        """The same for an answer that has a line for each format, and may take some seconds."""
        before = int(time.time())
        lines = answer().split("\n")
        moments = range(before, int(time.time()) + 1)
        self.assertEqual(len(lines), len(forms))
        for line, form in zip(lines, forms):
            self.assertIn(line, [local(moment, form) for moment in moments])


class EachWord:
    options = ()

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(mock.patch.dict(os.environ, TZ=ZONE))
        time.tzset()
        cls.addClassCleanup(time.tzset)
        cls.server = cls.enterClassContext(
            serve("time=udp://127.0.0.1:0", f"time=unixgram://{folder}/time",
                  "time=tcp://127.0.0.1:0?framing=lines",
                  f"time=unix://{folder}/stream?framing=u32be", options=cls.options))
        udp, unixgram, tcp, unix = cls.server.endpoints
        cls.everywhere = (udp, unixgram, tcp + "?framing=lines", unix + "?framing=u32be")

    def test_every_format_is_answered_with_the_local_time_at_each_endpoint(self):
        for endpoint in self.everywhere:
            for form in FORMATS:
                with self.subTest(endpoint=endpoint, format=form):
                    self.assert_is_time(lambda: ask(endpoint, form).removesuffix("\n"), form)

    def test_lines_are_formats_and_blank_ones_ask_for_the_usual_one(self):
        for endpoint in self.everywhere:
            with self.subTest(endpoint=endpoint):
                text = b"%Y\n\n  \n%s"
                forms = ["%Y", DEFAULT, DEFAULT, "%s"]
                self.assert_are_times(lambda: ask(endpoint, input=text).removesuffix("\n"), forms)


for word, options in WORDS.items():
    made = type("Time" + word, (EachWord, WithTime), {"options": options, "__module__": __name__})
    if word == "UringLoops" and not uring_is_usable():
        made = unittest.skip("io_uring cannot be used here; see `hotline doctor`")(made)
    globals()[made.__name__] = made
del made


class TimeServer(WithTime):
    def caller(self, port, source=0, host="127.0.0.1"):
        caller = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        caller.settimeout(WAIT_S)
        caller.bind((host, source))
        caller.connect(("127.0.0.1", port))
        return caller

    def test_zone_and_locale_are_those_of_the_endpoint(self):
        with serve("time=udp://127.0.0.1:0?tz=ABC-3:30&locale=C.UTF-8",
                   "time=udp://127.0.0.1:0?tz=Asia/Tokyo") as server:
            self.assertEqual(ask(server.endpoints[0], "%Z %z"), "ABC +0330\n")
            self.assertEqual(ask(server.endpoints[1], "%Z %z"), "JST +0900\n")

    def test_a_locale_has_its_own_names_and_perhaps_no_word_for_morning(self):
        source = "/usr/share/i18n/locales/de_DE"
        if not shutil.which("localedef") or not os.path.exists(source):
            self.skipTest("no locale can be made here: localedef or the package locales is missing")
        folder = self.enterContext(tempfile.TemporaryDirectory())
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", f"{folder}/de_DE.UTF-8"],
                       check=True, capture_output=True)
        self.enterContext(mock.patch.dict(os.environ, LOCPATH=folder))
        with serve("time=udp://127.0.0.1:0?locale=de_DE.UTF-8") as server:
            self.assertIn(ask(server.endpoint, "%A"), [
                day + "\n" for day in ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag",
                                       "Samstag", "Sonntag")])
            caller = self.caller(int(server.endpoint.rsplit(":", 1)[1]))
            caller.send(b"%p")
            self.assertEqual(caller.recv(1024), b"")

    def test_malformed_and_ignored_requests_are_counted(self):
        with serve("time=udp://127.0.0.1:0?limit=1/h:4") as server:
            port = int(server.endpoint.rsplit(":", 1)[1])
            caller = self.caller(port)
            for request in (b"%Q", b"\xff", b"a\0", b"%999999999Y"):
                caller.send(request)
                self.assertRegex(caller.recv(1024), b"^error: [^%\n]+$")
            for _ in range(3):
                caller.send(b"%Y")
            self.wait_until_received(server, port)
            self.assertEqual(server.drain(), 0)
            server.matches("^drained: 0 calls, 7 messages, 3 unanswered, "
                           "4 answered with an error; ", 1)

    def wait_until_received(self, server, port):
        """Waits until nothing is left in the socket's queue."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            with open("/proc/net/udp") as table:
                queues = [line.split()[4] for line in table
                          if line.split()[1].endswith(f":{port:04X}")]
            if queues and all(queue.endswith(":00000000") for queue in queues):
                return
        raise AssertionError("the server does not receive")

    def test_a_datagram_from_a_port_below_1024_is_not_answered(self):
        with serve("time=udp://127.0.0.1:0") as server:
            port = int(server.endpoint.rsplit(":", 1)[1])
            try:
                reserved = self.caller(port, source=1023)
            except PermissionError:
                self.skipTest("no port below 1024 can be bound here")
            except OSError:
                self.skipTest("port 1023 is in use")
            reserved.send(b"%Y")
            other = self.caller(port)
            other.send(b"%Y")
            self.assertEqual(len(other.recv(1024)), 4)
            reserved.setblocking(False)
            with self.assertRaises(BlockingIOError):
                reserved.recv(1024)

    def test_what_an_endpoint_cannot_have_is_refused_with_a_hint(self):
        for option, hint in (("tz=Nowhere/Town", "Europe/Berlin"), ("tz=../../etc/passwd", "rule"),
                             ("locale=xx_XX.UTF-8", "locale -a"), ("limit=fast", "600/m:50"),
                             ("zone=UTC", "tz")):
            with self.subTest(option):
                refused = subprocess.run(
                    [HOTLINE, "serve", f"time=udp://127.0.0.1:0?{option}"], capture_output=True,
                    timeout=WAIT_S)
                self.assertEqual(refused.returncode, 2)
                self.assertRegex(refused.stderr.decode(), f"(?s)^error: .*\nhint: .*{hint}")

    def test_a_bad_zone_in_the_environment_is_refused_and_named(self):
        with mock.patch.dict(os.environ, TZ="Nowhere/Town"):
            refused = subprocess.run([HOTLINE, "serve", "time=udp://127.0.0.1:0"],
                                     capture_output=True, timeout=WAIT_S)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(b"the environment variable TZ has it", refused.stderr)


class TimeCommand(WithTime):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(serve("time=udp://127.0.0.1:0?tz=UTC"))
        cls.endpoint = cls.server.endpoint

    def test_an_error_of_the_server_is_printed_and_is_the_status(self):
        self.assertEqual(ask(self.endpoint, "%Q", status=1), "error: unknown conversion 'Q'\n")
        self.assertEqual(ask(self.endpoint, input=b"%Z\n%Q\n", status=1),
                         "UTC\nerror: unknown conversion 'Q'\n")
        self.assertEqual(ask(self.endpoint, "error: %Z"), "error: UTC\n")

    def test_quit_ends_the_lines_of_a_pipe_too(self):
        self.assertEqual(ask(self.endpoint, input=b"%Z\nquit\n%z\n"), "UTC\n")

    def test_as_json_each_reply_is_an_object(self):
        printed = json.loads(ask(self.endpoint, "--json", "%Z"))
        self.assertEqual(printed, {"v": 1, "reply": {"bytes": 3, "text": "UTC"}})

    def test_at_a_terminal_a_prompt_asks_and_a_blank_line_asks_for_the_usual_format(self):
        home = self.enterContext(tempfile.TemporaryDirectory())
        with Terminal("time", self.endpoint, HOME=home, XDG_STATE_HOME="") as shell:
            shell.expect(">>: ")
            shell.type("%Z\n")
            shell.expect("UTC\r\n>>: ")
            shell.type("\n")
            shell.expect(f"{datetime.datetime.now(datetime.timezone.utc).year}-")
            shell.expect(">>: ")
            shell.type("quit\n")
            self.assertEqual(shell.end(), 0)

    def test_an_endpoint_where_no_server_is_ends_in_an_error(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
            closed.bind(("127.0.0.1", 0))
            endpoint = f"udp://127.0.0.1:{closed.getsockname()[1]}"
        self.assertEqual(ask(endpoint, "%Y", status=5), "")

    def test_a_server_that_is_silent_is_asked_three_times(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            silent.settimeout(WAIT_S)
            asked = subprocess.run(
                [HOTLINE, "time", "--linger", "20ms", f"udp://127.0.0.1:{silent.getsockname()[1]}",
                 "%Y"], capture_output=True, timeout=WAIT_S)
            self.assertEqual(asked.returncode, 1)
            self.assertIn(b"asked 3 times", asked.stderr)
            self.assertEqual([silent.recv(16) for _ in range(3)], [b"%Y"] * 3)
            silent.setblocking(False)
            with self.assertRaises(BlockingIOError):
                silent.recv(16)

    def test_one_format_is_taken_and_a_stream_needs_a_framing(self):
        for words, text in (((), "missing ENDPOINT"),
                            ((self.endpoint, "%Y", "%m"), "word too many"),
                            (("tcp://127.0.0.1:1",), "framing=lines")):
            refused = subprocess.run([HOTLINE, "time", *words], capture_output=True,
                                     timeout=WAIT_S)
            self.assertEqual(refused.returncode, 2)
            self.assertIn(text, refused.stderr.decode())

    def test_its_help_explains_the_command_and_the_service(self):
        text = run(HOTLINE, "help", "time").decode()
        for part in ("usage: hotline time", "The service 'time'", "tz=ZONE", "limit=COUNT/TIME"):
            self.assertIn(part, text)


class TimeExamples(unittest.TestCase):
    def test_the_example_answers_in_the_zone_that_it_is_given(self):
        with Server(example("time_server"), "udp://127.0.0.1:0", "Asia/Tokyo") as server:
            with Program(example("time_client"), server.endpoint) as client:
                client.write(b"%Z %z\n\n%Q\nquit\n%Z\n")
                client.matches("error: cannot ask for the time .*: unknown conversion 'Q'", 1)
                self.assertEqual(client.read_line(), b"JST +0900\n")
                self.assertRegex(client.read_line(), rb"^\d{4}-\d\d-\d\d-\d\d:\d\d:\d\d\n$")
                self.assertEqual(client.finish(), 0)

    def test_the_example_does_not_start_without_its_zone(self):
        with Program(example("time_server"), "udp://127.0.0.1:0", "Nowhere/Town") as server:
            server.matches("Nowhere/Town", 1)
            self.assertNotEqual(server.finish(), 0)


if __name__ == "__main__":
    unittest.main()
