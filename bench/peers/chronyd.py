#!/usr/bin/env python3
"""Becomes a chronyd that serves the time of this machine's clock, on a free port of the loopback,
and sets no clock. Another process says `listening ntp ENDPOINT` once it answers."""
# chronyd removes its pidfile, whatever it is, so that has to be a file of its own.

import socket
import tempfile

import ntp_peer

DIRECTIVES = ["local stratum 5", "allow", "bindaddress 127.0.0.1", "cmdport 0"]


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    program = ntp_peer.find("chronyd", "chrony")
    port = free_port()
    folder = tempfile.mkdtemp(prefix="bench-chronyd-")
    ntp_peer.become([program, "-x", "-d", "-u", "root", *DIRECTIVES, f"port {port}",
                     f"pidfile {folder}/pid"], port, folder)


if __name__ == "__main__":
    main()
