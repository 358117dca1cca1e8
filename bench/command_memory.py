"""How much memory a server of commands has."""

import contextlib
import os
import pathlib
import re
import time

from peers import openssh

SETTLE_S = 20
# So often in a row it must not have grown, with such a pause.
QUIET_COUNT, PAUSE_S = 5, 0.2
GROWTH_MB = 0.1


def family(pid):
    """A process and all of its descendants."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for children in pathlib.Path(f"/proc/{each}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def wait_running(pid, count):
    """Until so many commands run: each has a keeper and its program."""
    openssh.wait_until(lambda: len(family(pid)) > 2 * count, f"one of {count} commands")


def pss_mb(pid):
    """What the process has for itself, and its share of what it shares."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) * 1024 / 1e6


def measure(pid):
    """The server alone, and with its launcher and the keeper of each command."""
    program = os.readlink(f"/proc/{pid}/exe")
    sizes = []
    for each in family(pid):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{each}/exe") == program:
                sizes.append(pss_mb(each))
    return {"server_MB": sizes[0], "with_keepers_MB": sum(sizes)}


def settled(pid):
    """The most that the server has had once it has not grown for a second."""
    most, quiet = measure(pid), 0
    deadline = time.monotonic() + SETTLE_S
    while quiet < QUIET_COUNT and time.monotonic() < deadline:
        time.sleep(PAUSE_S)
        now = measure(pid)
        quiet = 0 if now["server_MB"] > most["server_MB"] + GROWTH_MB else quiet + 1
        most = max(most, now, key=lambda each: each["server_MB"])
    return most
