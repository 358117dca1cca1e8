"""A server whose accept goes on failing: it rests, says so, and ends when it is told to."""
import errno
import platform
import resource
import time
import unittest

from cli_support import Server, connect, failing

ACCEPT4 = {"x86_64": 288, "aarch64": 242}.get(platform.machine())
WORDS = {"loops:1": ("--engine", "epoll"), "serial": (), "threads:2": (), "processes:2": ()}
DRAIN_TIMEOUT_S = 20


def processor_seconds(server):
    with open(f"/proc/{server.process.pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def limit_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


class Accepting(unittest.TestCase):
    def check_ends_at_once(self, server):
        begun = time.monotonic()
        self.assertEqual(server.drain(), 0)
        self.assertLess(time.monotonic() - begun, DRAIN_TIMEOUT_S / 4)

    @unittest.skipUnless(ACCEPT4, "the number of accept4(2) is not known here")
    def test_that_always_fails_is_logged_costs_little_and_holds_up_no_drain(self):
        for error in (errno.EPERM, errno.ECONNABORTED, errno.EOPNOTSUPP, errno.ENFILE,
                      errno.EMFILE, errno.ENOBUFS, errno.ENOMEM):
            for word, options in WORDS.items():
                with self.subTest(error=errno.errorcode[error], word=word), \
                        Server("upper=tcp://127.0.0.1:0",
                               options=("--concurrency", word, *options,
                                        "--drain-timeout", f"{DRAIN_TIMEOUT_S}s"),
                               command=failing(ACCEPT4, error)) as server, \
                        connect(server.endpoint):
                    server.matches("cannot accept for now", 5)
                    self.assertLess(processor_seconds(server), 1)
                    self.check_ends_at_once(server)

    def test_with_a_dozen_descriptors_takes_a_signal_at_once(self):
        for word in ("threads:4", "processes:4"):
            for count in (14, 16, 20):
                with self.subTest(word=word, count=count):
                    with Server("upper=tcp://127.0.0.1:0",
                                options=("--concurrency", word,
                                         "--drain-timeout", f"{DRAIN_TIMEOUT_S}s"),
                                preexec_fn=limit_descriptors(count)) as server:
                        callers = [connect(server.endpoint) for _ in range(20)]
                        self.check_ends_at_once(server)
                        for caller in callers:
                            caller.close()


if __name__ == "__main__":
    unittest.main()
