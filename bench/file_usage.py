"""What programs cost, at both ends of a connection."""

import collections
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from command_memory import family

TIMEOUT_S = 600
PAUSE_S = 0.03
SETTLE_S = 5
TICK_S = 1 / os.sysconf("SC_CLK_TCK")

# `said`: standard output.
Usage = collections.namedtuple("Usage", "cpu_s wall_s client_MB said")


def _cpu_s(pid):
    total = 0
    for each in family(pid):
        with contextlib.suppress(OSError):
            words = pathlib.Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, words[11:15]))
    return total * TICK_S


def settled_cpu_s(pid):
    """The time that a server, its descendants, and those that have ended used, once it rests."""
    if pid is None:
        return 0
    last, deadline = _cpu_s(pid), time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        now = _cpu_s(pid)
        if now == last:
            break
        last = now
    return last


def memory_mb(pid, field="VmHWM"):
    """What a process has in memory, or (VmHWM) has had at most."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{field}:\s+(\d+)", text, re.MULTILINE)[1]) * 1024 / 1e6


class _Running:
    """A program whose time is taken when it ends. It is killed if it lasts."""

    def __init__(self, command, variables, stderr=None):
        self._said = tempfile.TemporaryFile()
        self._error = stderr or tempfile.TemporaryFile()
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [str(each) for each in command], stdin=subprocess.DEVNULL, stdout=self._said,
            stderr=self._error, env=os.environ | variables)
        self._watch = threading.Timer(TIMEOUT_S, self.process.kill)
        self._watch.start()

    def end(self, status, usage):
        """What it cost, for a status and usage of wait4(2)."""
        wall_s = time.perf_counter() - self.began
        self._watch.cancel()
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self._said.seek(0)
        said = self._said.read()
        if self.process.returncode != 0:
            raise RuntimeError(f"{self.process.args[0]} ended with {self.process.returncode}: "
                               f"{self._last_error()}")
        return Usage(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * 1024 / 1e6, said)

    def _last_error(self):
        self._error.seek(0)
        text = self._error.read()
        text = text if isinstance(text, str) else text.decode(errors="replace")
        return " / ".join(text.strip().splitlines()[-2:])

    def wait(self):
        _, status, usage = os.wait4(self.process.pid, 0)
        return self.end(status, usage)

    def stop(self):
        self._watch.cancel()
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()


def measured(command, server=None, variables={}, receiver=None, receiver_stderr=None):
    """What a command costs, with the server `server`. If there is a receiver, which ends by itself,
    `command` is called with its process when that has begun, and returns the command."""
    with contextlib.ExitStack() as stack:
        before = settled_cpu_s(server)
        if receiver:
            other = _Running(receiver, {}, receiver_stderr)
            stack.callback(other.stop)
            command = command(other.process)
        running = _Running(command, variables)
        stack.callback(running.stop)
        usage = running.wait()
        cpu_s = usage.cpu_s + settled_cpu_s(server) - before
        if not receiver:
            return usage._replace(cpu_s=cpu_s)
        received = other.wait()
        wall_s = time.perf_counter() - running.began
        return usage._replace(cpu_s=cpu_s + received.cpu_s, wall_s=wall_s)


def broken_off(command, server):
    """The same of a command that kills itself."""
    before = settled_cpu_s(server)
    running = _Running(command, {})
    _, status, usage = os.wait4(running.process.pid, 0)
    if os.waitstatus_to_exitcode(status) != -9:
        running.end(status, usage)
        raise RuntimeError(f"{command[0]} has not broken off")
    running.process.returncode = -9
    running.stop()
    return usage.ru_utime + usage.ru_stime + settled_cpu_s(server) - before


def measured_together(commands, server, variables={}):
    """All of them at once: the whole, and how long the fastest and the slowest took."""
    before = settled_cpu_s(server)
    began = time.perf_counter()
    usages, failures = [], 0
    with contextlib.ExitStack() as stack:
        running = {}
        for command in commands:
            one = _Running(command, variables)
            stack.callback(one.stop)
            running[one.process.pid] = one
        while running:
            pid, status, usage = os.wait4(-1, 0)
            if pid not in running:
                raise RuntimeError("a server has ended")
            try:
                usages.append(running.pop(pid).end(status, usage))
            except RuntimeError as error:
                failures += 1
                print(f"\nnot done: {error}", file=sys.stderr)
    wall_s = time.perf_counter() - began
    times = [each.wall_s for each in usages] or [0]
    return {"cpu_s": sum(each.cpu_s for each in usages) + settled_cpu_s(server) - before,
            "wall_s": wall_s, "slowest_fastest": max(times) / max(min(times), 1e-9),
            "failures": failures}
