"""Beside callers that misbehave, of any one kind and of all at once, good callers are answered, and
a SIGTERM ends the server within its drain timeout while the others go on.

How fast they are answered is measured by bench/fairness: nothing here depends on it.
"""
import contextlib
import json
import os
import signal
import subprocess
import time
import unittest

from cli_support import ROOT, Server, WAIT_S

BENCH = os.environ.get("HOTLINE_BENCH", os.path.join(ROOT, "build", "dev", "bench"))
CALLERS = os.path.join(BENCH, "bench_callers")
CONDUCTS = ("flood", "deaf", "dribble", "partial", "garbage", "churn", "reset", "idle")
# The number of callers of a conduct, and how long they go on unless they are ended.
MISBEHAVING = 8
MISBEHAVE_S = 100
# The time of a good caller for its answers: far more than any of them takes.
ANSWERS = 10
ANSWER_S = 40
DRAIN_S = 1
# What a machine that is busy with the callers may need besides.
SLACK_S = 15


class Callers:
    """Callers of one conduct, which have all called. They end with the `with` block."""

    def __init__(self, endpoint, *options):
        self.process = subprocess.Popen([CALLERS, endpoint, *options], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def go_on(self):
        return self.process.poll() is None

    def result(self):
        output, error = self.process.communicate(timeout=ANSWER_S + WAIT_S)
        if self.process.returncode != 0:
            raise AssertionError(f"callers ended with {self.process.returncode}: {error}")
        return json.loads(output)


def misbehaving(endpoint, conduct, callers=MISBEHAVING):
    size = "1000000" if conduct == "partial" else "0"
    return Callers(endpoint, "--conduct", conduct, "--callers", str(callers), "--bytes", size,
                   "--seconds", str(MISBEHAVE_S))


def good(endpoint):
    return Callers(endpoint, "--callers", "3", "--bytes", "5", "--answers", str(ANSWERS),
                   "--seconds", str(ANSWER_S))


@unittest.skipUnless(os.access(CALLERS, os.X_OK), f"{CALLERS} was not built")
class FairnessTest(unittest.TestCase):
    def serve(self, *options):
        server = Server("upper=tcp://127.0.0.1:0", "upper=tcp://127.0.0.1:0?framing=lines",
                        options=(f"--drain-timeout={DRAIN_S}s", *options))
        self.addCleanup(server.__exit__)
        raw, framed = (endpoint.split("?")[0] for endpoint in server.endpoints)
        return server, (raw, framed + "?framing=lines")

    def check_answers(self, *options):
        _, endpoints = self.serve(*options)
        for endpoint in endpoints:
            for conduct in CONDUCTS:
                with self.subTest(conduct=conduct, endpoint=endpoint):
                    self.check_answered_beside(misbehaving(endpoint, conduct), endpoints)

    def check_answered_beside(self, others, endpoints):
        with others, contextlib.ExitStack() as stack:
            asked = [stack.enter_context(good(endpoint)) for endpoint in endpoints]
            for callers in asked:
                self.assertGreaterEqual(callers.result()["least_answers"], ANSWERS)
            self.assertTrue(others.go_on(), "the misbehaving callers had ended")

    def check_drain(self, *options):
        server, endpoints = self.serve(*options)
        with contextlib.ExitStack() as stack:
            others = [stack.enter_context(misbehaving(endpoint, conduct, 2))
                      for endpoint in endpoints for conduct in CONDUCTS]
            began = time.monotonic()
            server.signal(signal.SIGTERM)
            self.assertEqual(server.end(), 0)
            self.assertLess(time.monotonic() - began, DRAIN_S + SLACK_S)
            self.assertTrue(all(callers.go_on() for callers in others))

    def test_epoll_answers_good_callers(self):
        self.check_answers("--engine=epoll", "--concurrency=loops:1")

    def test_the_default_engine_answers_good_callers(self):
        self.check_answers("--concurrency=loops:1")

    def test_threads_answer_good_callers_while_some_are_free(self):
        self.check_answers("--concurrency=threads:32")

    def test_processes_answer_good_callers_while_some_are_free(self):
        self.check_answers("--concurrency=processes:32")

    def test_epoll_ends_in_time(self):
        self.check_drain("--engine=epoll", "--concurrency=loops:1")

    def test_the_default_engine_ends_in_time(self):
        self.check_drain("--concurrency=loops:1")

    def test_threads_end_in_time(self):
        self.check_drain("--concurrency=threads:64")

    def test_processes_end_in_time(self):
        self.check_drain("--concurrency=processes:64")


if __name__ == "__main__":
    unittest.main()
