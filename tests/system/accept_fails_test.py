"""A server whose accept keeps failing pauses, logs that, and ends at a signal."""
import contextlib
import datetime
import errno
import platform
import resource
import time
import unittest

from cli_support import Server, connect, failing

ACCEPT4 = {"x86_64": 288, "aarch64": 242}.get(platform.machine())
WORDS = {"loops:1": ("--engine", "epoll"), "serial": (), "threads:2": (), "processes:2": ()}
DRAIN_TIMEOUT_S = 20
FAILED = r"^(\S+)Z warning cannot accept for now "
PAUSES_MS = (5, 10, 20, 40)


def limit_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


class Accepting(unittest.TestCase):
    def check_ends_at_once(self, server):
        begun = time.monotonic()
        self.assertEqual(server.drain(), 0)
        self.assertLess(time.monotonic() - begun, DRAIN_TIMEOUT_S / 4)

    def check_pauses(self, server):
        """Each line is written before a pause, which is twice as long as the one before."""
        times = [datetime.datetime.fromisoformat(match.group(1))
                 for match in server.matches(FAILED, len(PAUSES_MS) + 1)]
        for earlier, later, pause_ms in zip(times, times[1:], PAUSES_MS):
            self.assertGreaterEqual(later - earlier, datetime.timedelta(milliseconds=pause_ms))

    @unittest.skipUnless(ACCEPT4, "the number of accept4(2) is not known here")
    def test_that_always_fails_is_logged_and_retried_less_often_and_delays_no_drain(self):
        for error in (errno.EPERM, errno.ECONNABORTED, errno.EOPNOTSUPP, errno.ENFILE,
                      errno.EMFILE, errno.ENOBUFS, errno.ENOMEM):
            for word, options in WORDS.items():
                with self.subTest(error=errno.errorcode[error], word=word), \
                        Server("upper=tcp://127.0.0.1:0",
                               options=("--concurrency", word, *options,
                                        "--drain-timeout", f"{DRAIN_TIMEOUT_S}s"),
                               command=failing(ACCEPT4, error)) as server, \
                        connect(server.endpoint):
                    self.check_pauses(server)
                    self.check_ends_at_once(server)

    def test_with_a_dozen_descriptors_takes_a_signal_at_once(self):
        for word in ("threads:4", "processes:4"):
            for count in (14, 16, 20):
                with self.subTest(word=word, count=count):
                    with Server("upper=tcp://127.0.0.1:0",
                                options=("--concurrency", word,
                                         "--drain-timeout", f"{DRAIN_TIMEOUT_S}s"),
                                preexec_fn=limit_descriptors(count)) as server:
                        with contextlib.ExitStack() as callers:
                            for _ in range(20):
                                # One that is refused may see that while it still connects.
                                with contextlib.suppress(ConnectionResetError):
                                    callers.enter_context(connect(server.endpoint))
                            self.check_ends_at_once(server)


if __name__ == "__main__":
    unittest.main()
