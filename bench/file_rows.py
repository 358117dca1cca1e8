"""What `files` measures: each function is one round of one scenario, and returns its rows. Rows
take turns, so that the same one is not always first. `cpu_s` is that of both ends."""

import contextlib
import json
import os
import re
import subprocess
import tempfile

import command_memory
from command_bench import listening
from file_bench import MIB, TRANSPORTS
from file_usage import (broken_off, measured, measured_together, memory_mb, settled_cpu_s)
from peers import openssh
from rounds import turned


def _in_turn(entrants, number):
    """The rows of all of them, in their order whatever the turn. An entrant returns its own."""
    found = {name: entrants[name]() for name in turned(entrants, number)}
    return {row: found[name][row] for name in entrants for row in found[name]}


def _floor(bench, source, target):
    """The bytes of a file with bare sockets."""
    with tempfile.TemporaryFile("w+") as said:
        def sender(receiver):
            found = listening(receiver, said, 1)[0]
            return [bench.floor, "send", re.search(r"\d+$", found)[0], source]

        return measured(sender, receiver=[bench.floor, "receive", target], receiver_stderr=said)


def _tar_nc(source, target):
    """What is in a directory by `tar`, over a bare connection."""
    target.mkdir(0o700)
    port = openssh.free_port()

    def sender(_):
        openssh.wait_until(lambda: openssh.listens(port), "nc")
        send = f'tar -c -C "$0" "$1" | nc -N 127.0.0.1 {port}'
        return ["sh", "-c", send, source.parent, source.name]

    receive = f'nc -l 127.0.0.1 {port} | tar -x -C "$0"'
    return measured(sender, receiver=["sh", "-c", receive, target])


def _check(path, source):
    """A file has its size, and a directory its number of files."""
    def size(each):
        if each.is_file():
            return each.stat().st_size
        return sum(len(files) for _, _, files in os.walk(each))

    if size(path) != size(source):
        raise RuntimeError(f"{path.name}: {size(path)} instead of {size(source)}")


def _transferred(peer, source, uploaded, place):
    """What it costs to put and to get a file or a tree."""
    is_tree = source.is_dir()
    put = measured(peer.put(source, uploaded, is_tree), peer.pid, peer.variables)
    _check(uploaded, source)
    got = measured(peer.get(uploaded, place / "down", is_tree), peer.pid, peer.variables)
    _check(place / "down", source)
    return {"put": put, "get": got}


def _entrants(bench, store, source, row, transports, is_kept=False):
    """Ours over each of the transports, and the peers. `row` makes a row of a Usage."""
    def ours(transport):
        with bench.place(store, is_kept) as place, bench.serving(place, transport) as server:
            peer = bench.ours(server)
            usages = _transferred(peer, source, server.home / source.name, place)
            server_mb = memory_mb(server.pid)
            return {f"{verb}-{transport}": row(usage) | {"client_MB": usage.client_MB,
                                                        "server_MB": server_mb}
                    for verb, usage in usages.items()}

    def theirs(peer):
        with bench.place(store, is_kept, peer.owner) as place:
            usages = _transferred(peer, source, place / "up", place)
            if peer.pid is None:
                return {peer.name: row(usages["put"])}
            return {f"{verb}-{peer.name}": row(usage) for verb, usage in usages.items()}

    def piped():
        with bench.place(store, is_kept) as place:
            usage = _tar_nc(source, place / "up")
            _check(place / "up" / source.name, source)
            return {"tar-nc": row(usage)}

    entrants = {each: lambda each=each: ours(each) for each in transports}
    if bench.has_nc:
        entrants["tar-nc"] = piped
    return entrants | {each.name: lambda each=each: theirs(each) for each in store.peers}


def large(bench, number):
    source = bench.large_file(bench.disk)

    def row(usage):
        return {"cpu_s_GiB": usage.cpu_s * 1024 / bench.arguments.size, "wall_s": usage.wall_s}

    def floor():
        with bench.place(bench.disk) as place:
            usage = _floor(bench, source, place / "file")
            _check(place / "file", source)
            return {"floor": row(usage)}

    return _in_turn({"floor": floor} | _entrants(bench, bench.disk, source, row, TRANSPORTS),
                    number)


def _small_row(usage):
    return {"cpu_s": usage.cpu_s, "wall_s": usage.wall_s}


def small(bench, number):
    source = bench.small_files(bench.memory)
    return _in_turn(_entrants(bench, bench.memory, source, _small_row, ["tls", "unix"]), number)


def durable(bench, number):
    """On a disk, where a row ends when the files would survive a power cut."""
    source = bench.small_files(bench.disk)

    def ours():
        with bench.place(bench.disk, True) as place, bench.serving(place, "tls") as server:
            command = bench.ours(server).put(source, None, True)
            usage = measured(command, server.pid)
            _check(server.home / source.name, source)
            return {"put-tls": _small_row(usage)}

    def piped():
        with bench.place(bench.disk, True) as place:
            usage = _tar_nc(source, place / "up")
            synced = measured(["sync", "-f", place / "up"])
            return {"tar-nc-sync": {"cpu_s": usage.cpu_s + synced.cpu_s,
                                    "wall_s": usage.wall_s + synced.wall_s}}

    # What others have left to be written would be on the account of the one that waits for it.
    def settled(entrant):
        measured(["sync", "-f", bench.disk.folder])
        return entrant()

    entrants = {"tls": ours} | ({"tar-nc": piped} if bench.has_nc else {})
    return _in_turn({name: lambda each=each: settled(each) for name, each in entrants.items()},
                    number)


def listing(bench, number):
    folder = bench.root_with_entries(bench.disk)
    many = folder / "root/homes/bench/many"

    def loaded(transport):
        with bench.serving(folder, transport) as server:
            measured(bench.loaded("list", server, ""), server.pid)
            before = memory_mb(server.pid, "VmRSS")
            usage = measured(bench.loaded("list", server, "many"), server.pid)
            said = json.loads(usage.said)
            if said["entries"] != bench.arguments.entries:
                raise RuntimeError(f"{said['entries']} entries were listed")
            return {f"list-{transport}": _small_row(usage) | {
                "first_ms": said["first_ms"], "client_MB": said["peak_MB"],
                "server_growth_MB": memory_mb(server.pid) - before}}

    def program():
        with bench.serving(folder, "tls") as server:
            usage = measured(bench.run("ls", "-l", server.endpoint, "many"), server.pid)
            return {"ls-tls": _small_row(usage) | {"client_MB": usage.client_MB}}

    def plain():
        usage = measured(["ls", "-lU", many])
        return {"ls-lU": _small_row(usage) | {"client_MB": usage.client_MB}}

    def theirs(peer):
        usage = measured(peer.list(many), peer.pid, peer.variables)
        return {peer.name: _small_row(usage) | {"client_MB": usage.client_MB}}

    entrants = {"ls": plain, "tls": lambda: loaded("tls"), "unix": lambda: loaded("unix"),
                "program": program}
    peers = {each.name: lambda each=each: theirs(each) for each in bench.disk.peers if each.list}
    return _in_turn(entrants | peers, number)


def resume(bench, number):
    """A transfer that is killed in the middle and then done again, beside one in one piece."""
    source = bench.large_file(bench.disk)

    def transferred(verb, is_cut):
        with bench.place(bench.disk) as place, bench.serving(place, "tls") as server:
            here, there = source, server.home / source.name
            if verb == "get":
                measured(bench.ours(server).put(source, None, False), server.pid)
                here, there = there, place / source.name
            operand = source if verb == "put" else there
            cut_s = broken_off(bench.loaded(f"cut-{verb}", server, operand),
                               server.pid) if is_cut else 0
            usage = measured(bench.loaded(verb, server, operand), server.pid)
            _check(there, here)
            said = json.loads(usage.said)
            return {"cpu_s": cut_s + usage.cpu_s, "wall_s": usage.wall_s,
                    "first_ms": said["first_ms"], "begin_MB": said["begin"] / 1e6}

    ways = {f"{verb}-{way}": (verb, way == "resumed")
            for verb in ("put", "get") for way in ("whole", "resumed")}
    return _in_turn({name: lambda name=name, way=way: {name: transferred(*way)}
                     for name, way in ways.items()}, number)


def clients(bench, number):
    """Many at once, each with a connection, a handshake and a file of 1 MiB."""
    count = bench.arguments.clients
    source = bench.folder / "one"
    source.write_bytes(os.urandom(MIB))

    def library():
        with bench.place(bench.memory) as place, bench.serving(place, "tls") as server:
            usage = measured(bench.loaded("clients", server, count), server.pid)
            said = json.loads(usage.said)
            return {"library-tls": _small_row(usage) | {
                "slowest_fastest": said["slowest_s"] / said["fastest_s"], "failures": 0}}

    def programs():
        with bench.place(bench.memory) as place, bench.serving(place, "tls") as server:
            commands = [bench.run("put", server.endpoint, source, "--to", f"one-{each}")
                        for each in range(count)]
            return {"programs-tls": measured_together(commands, server.pid)}

    def theirs(peer):
        with bench.place(bench.memory, owner=peer.owner) as place:
            commands = [peer.put(source, place / f"one-{each}", False) for each in range(count)]
            return {peer.name: measured_together(commands, peer.pid, peer.variables)}

    return _in_turn({"library": library, "programs": programs} | {
        each.name: lambda each=each: theirs(each) for each in bench.memory.peers if each.pid},
        number)


@contextlib.contextmanager
def _holding(command, word):
    """A client that goes on until the block ends, once it has said that word."""
    with subprocess.Popen([str(each) for each in command], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True) as client:
        try:
            if client.stdout.readline() != word + "\n":
                raise RuntimeError(f"the client is not {word}")
            yield client
        finally:
            client.kill()


def idle(bench, _):
    count = bench.arguments.idle
    with bench.place(bench.memory) as place, bench.serving(place, "tls") as server:
        before = command_memory.pss_mb(server.pid)
        with _holding(bench.loaded("idle", server, count), "idle"):
            settled_cpu_s(server.pid)
            after = command_memory.pss_mb(server.pid)
    return {"idle-tls": {"server_MB": after, "KB_each": (after - before) * 1e3 / count}}


def latency(bench, _):
    """Listing the home while others upload."""
    with bench.place(bench.disk) as place, bench.serving(place, "tls") as server:
        def lists():
            return json.loads(measured(bench.loaded("latency", server,
                                                    bench.arguments.lists)).said)

        rows = {"alone": lists()}
        with _holding(bench.loaded("busy", server, bench.arguments.uploads), "busy"):
            rows["beside-uploads"] = lists()
    return rows
