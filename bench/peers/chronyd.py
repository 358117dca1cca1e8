#!/usr/bin/env python3
"""Becomes a chronyd that serves the time of this machine's clock, on a free port of the loopback,
and sets no clock. A child says `listening ntp ENDPOINT` once it answers."""
# chronyd removes its pidfile, whatever it is, so that has to be a file of its own.

import os
import shutil
import socket
import sys
import tempfile
import time

START_TIMEOUT_S = 10
REQUEST = bytes([0x23]) + bytes(47)
DIRECTIVES = ["local stratum 5", "allow", "bindaddress 127.0.0.1", "cmdport 0"]


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def announce_when_answering(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.05)
        client.connect(("127.0.0.1", port))
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                client.send(REQUEST)
                if len(client.recv(100)) == 48:
                    print(f"listening ntp udp://127.0.0.1:{port}", file=sys.stderr, flush=True)
                    return
            except OSError:
                time.sleep(0.02)


def main():
    program = shutil.which("chronyd", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        sys.exit("there is no chronyd: install chrony, or put the folder of chronyd into PATH")
    port = free_port()
    if os.fork() == 0:
        announce_when_answering(port)
        os._exit(0)
    # The file goes with chronyd; the directory stays, empty.
    pidfile = os.path.join(tempfile.mkdtemp(prefix="bench-chronyd-"), "pid")
    os.execv(program, [program, "-x", "-d", "-u", "root", *DIRECTIVES, f"port {port}",
                       f"pidfile {pidfile}"])


if __name__ == "__main__":
    main()
