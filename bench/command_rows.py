"""What `commands` measures: each function is one round of one scenario, and returns its rows. Rows
take turns, so that the same one is not always first."""

import collections
import contextlib
import os
import statistics
import subprocess
import tempfile
import time

import command_memory
from command_bench import checked, listening
from peers import openssh
from rounds import turned

TRANSPORTS = ["tcp", "unix", "tls"]
FANOUT = "64"
# A fresh connection of ssh is slow: one for so many of the other commands.
FRESH_SHARE = 5


def latency(bench, number):
    with bench.serving(TRANSPORTS) as server:
        order = turned(range(len(TRANSPORTS)), number)
        bare, *remote = bench.load_result("latency", bench.arguments.commands,
                                          *(server.endpoints[each] for each in order))
    named = {TRANSPORTS[each]: row for each, row in zip(order, remote)}
    return {"posix_spawn": bare} | {each: named[each] for each in TRANSPORTS}


def _time_ms(command):
    """As little as possible of this process is in it."""
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)])
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return (time.perf_counter() - began) * 1e3


def program(bench, number):
    with bench.serving(TRANSPORTS) as server:
        commands = {f"run-{name}": bench.run(endpoint, "--", "/bin/true")
                    for name, endpoint in zip(TRANSPORTS, server.endpoints)}
        if bench.ssh:
            commands["ssh-master"] = [*bench.master, "bench", "/bin/true"]
            commands["ssh-fresh"] = [*bench.ssh.client, "bench", "/bin/true"]
        times = collections.defaultdict(list)
        for turn in range(bench.arguments.programs):
            for name in turned(commands, number + turn):
                if name != "ssh-fresh" or turn % FRESH_SHARE == 0:
                    times[name].append(_time_ms(commands[name]))
    return {name: {"p50_ms": statistics.median(times[name]), "max_ms": max(times[name])}
            for name in commands}


@contextlib.contextmanager
def _bare_socket(bench):
    """The command that reads a long output from a bare socket."""
    with tempfile.TemporaryFile("w+") as said, openssh.started(
            [bench.floor, "serve", *bench.long_output()], stderr=said) as process:
        port = listening(process, said, 1)[0].rsplit(":", 1)[1]
        yield [str(bench.floor), "read", port]


def output(bench, number):
    words = bench.long_output()
    size = bench.long_output_size()
    rates = {}
    with bench.serving(TRANSPORTS) as server, _bare_socket(bench) as floor:
        commands = {"socket": floor} | {f"run-{name}": bench.run(endpoint, "--", *words) for
                                        name, endpoint in zip(TRANSPORTS, server.endpoints)}
        if bench.ssh:
            commands["ssh"] = [*bench.master, "bench", " ".join(words)]
        for name in turned(commands, number):
            began = time.perf_counter()
            done = checked(commands[name], stdout=subprocess.DEVNULL)
            rates[name] = size / (time.perf_counter() - began) / 1e6
            if name == "socket" and int(done.stderr) != size:
                raise RuntimeError(f"the bare socket gave {int(done.stderr)} bytes of {size}")
    return {name: {"MB_s": rates[name]} for name in commands}


def burst(bench, number):
    bare, rows = [], {}
    with bench.serving(TRANSPORTS) as server:
        for name, endpoint in turned(zip(TRANSPORTS, server.endpoints), number):
            row = bench.load_result("burst", bench.arguments.burst, endpoint)
            bare.append(row["bare_s"])
            rows[name] = {"seconds": row["remote_s"], "failures": row["failures"]}
    first = {"posix_spawn": {"seconds": statistics.median(bare), "failures": 0}}
    return first | {name: rows[name] for name in TRANSPORTS}


def stalled(bench, number):
    """`unread`: a client reads from its connection, but no output. `stopped`: it does nothing."""
    rows = {}
    for conduct in turned(("unread", "stopped"), number):
        with bench.serving(["tcp"]) as server, _killed(subprocess.Popen(
                bench.loaded(conduct, bench.arguments.stalled, *server.endpoints),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)) as client:
            if client.stdout.readline() != b"stalled\n":
                raise RuntimeError("no outputs are stalled")
            command_memory.wait_running(server.pid, bench.arguments.stalled)
            rows[conduct] = command_memory.settled(server.pid)
    return {each: rows[each] for each in ("unread", "stopped")}


@contextlib.contextmanager
def _killed(process):
    with process:
        try:
            yield process
        finally:
            process.kill()


def _fleet(bench):
    """The command of each peer, and its variables."""
    if not bench.ssh:
        return {}
    names = f"h[1-{bench.arguments.endpoints}]"
    option = f"-F {bench.ssh.configuration}"
    whole = {"clush": (["clush", "-S", "-f", FANOUT, "-o", option, "-w", names, "echo", "ok"], {}),
             "pdsh": (["pdsh", "-S", "-R", "ssh", "-f", FANOUT, "-w", names, "echo", "ok"],
                      {"PDSH_SSH_ARGS_APPEND": option})}
    return {name: command for name, command in whole.items() if name in bench.peers}


@contextlib.contextmanager
def _many(bench, transport):
    """The command that runs at many endpoints of one server, and its variables."""
    path = bench.folder / f"hosts-{transport}"
    with bench.serving([transport] * bench.arguments.endpoints) as server:
        path.write_text("\n".join(server.endpoints))
        yield bench.run("--fanout", FANOUT, "--on", path, "--", "echo", "ok"), {}


def hosts(bench, number):
    rows = {}
    with _many(bench, "tls") as tls, _many(bench, "tcp") as tcp:
        commands = {"on-tls": tls, "on-tcp": tcp} | _fleet(bench)
        for name in turned(commands, number):
            command, variables = commands[name]
            began = time.perf_counter()
            done = checked(command, env=os.environ | variables)
            rows[name] = {"seconds": time.perf_counter() - began}
            if (said := done.stdout.count(b": ok\n")) != bench.arguments.endpoints:
                raise RuntimeError(f"{name}: {said} of all hosts have answered")
    return {name: rows[name] for name in commands}
