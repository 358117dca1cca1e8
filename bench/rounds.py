"""Interleaved rounds: every scenario once in each, with what else the machine did between them."""

import collections
import json
import os
import pathlib
import signal
import statistics
import sys
import time

import comparisons

PAUSE_S = 0.5

Scenario = collections.namedtuple("Scenario", "name title measure comparisons")


def turned(items, number):
    """The items, beginning with another one in each round."""
    items = list(items)
    turn = number % len(items)
    return items[turn:] + items[:turn]


def end_by_signals():
    """A TERM cleans up as ^C does; and ^C works even if a shell had it ignored for a program in the
    background."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _busy_share(pause_s):
    """The share of all processors that other programs use, while this one waits so long."""
    def read():
        words = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
        ticks = list(map(int, words))
        return sum(ticks), ticks[3] + ticks[4]

    begin = read()
    time.sleep(pause_s)
    end = read()
    return 1 - (end[1] - begin[1]) / max(1, end[0] - begin[0])


def _progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class Rounds:
    """What the scenarios measured, the shares of the processors that others used, and failures."""

    def __init__(self, scenarios):
        self.scenarios = scenarios
        self.rounds = collections.defaultdict(list)
        self.shares, self.failures = [], 0
        self._began = time.monotonic()

    def run(self, bench, count, pause_s=PAUSE_S):
        for number in range(count):
            for scenario in self.scenarios:
                self.shares.append(_busy_share(pause_s))
                _progress(f"round {number + 1}/{count} {scenario.name}")
                self._run_one(scenario, bench, number)
        _progress("")

    def _run_one(self, scenario, bench, number):
        try:
            self.rounds[scenario.name].append(scenario.measure(bench, number))
        except (RuntimeError, OSError, ValueError) as error:
            self.failures += 1
            _progress("")
            print(f"FAILED {scenario.name}: {error}", file=sys.stderr)

    def print(self, count):
        for each in self.scenarios:
            comparisons.print_summary(f"{each.name}: {each.title}", self.rounds[each.name],
                                      each.comparisons)
        print(f"\n{count} rounds in {time.monotonic() - self._began:.0f} s; other programs used "
              f"{statistics.median(self.shares):.0%} of the processors "
              f"({min(self.shares):.0%}-{max(self.shares):.0%}) between the measurements; "
              f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end")

    def write(self, path):
        whole = {"version": 1, "rounds": self.rounds, "others": self.shares}
        path.write_text(json.dumps(whole, indent=1) + "\n")
