#!/usr/bin/env python3
"""Becomes the ntpd of NTPsec, which serves the time of this machine's clock at port 123 of the
loopback, because it knows no other port, and sets no clock. It needs root, and that the port is
free. Another process says `listening ntp ENDPOINT` once it answers."""

import os
import sys
import tempfile

import ntp_peer

PORT = 123
# Without a limit it answers some 30 requests of one source.
CONFIGURATION = """interface ignore wildcard
interface listen 127.0.0.1
restrict default
tos orphan 5 orphanwait 1
limit burst 1000000 average 1000000
"""
# The clock is not its own to set.
SETPRIV = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]


def main():
    program = ntp_peer.find("ntpd", "ntpsec")
    if os.geteuid() != 0:
        sys.exit("ntpd of NTPsec knows only port 123: run this as root")
    folder = tempfile.mkdtemp(prefix="bench-ntpsec-")
    configuration = os.path.join(folder, "ntp.conf")
    with open(configuration, "w") as file:
        file.write(CONFIGURATION)
    ntp_peer.become([*SETPRIV, program, "-n", "-g", "-c", configuration, "-p",
                     os.path.join(folder, "pid")], PORT, folder)


if __name__ == "__main__":
    main()
