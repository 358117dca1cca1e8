"""A scripted NTP server, and a client that asks it."""
import contextlib
import socket
import struct
import threading
import time

from cli_support import run

KEYS = ("1 SHA1 HEX:00112233445566778899\n"
        "2 AES128 HEX:2b7e151628aed2a6abf7158809cf4f3c\n"
        "3 MD5 ASCII:secret\n")


def reply_to(request, **fields):
    """The reply of a synchronised server, to the bytes of a request, with other `fields`."""
    now = time.time() + 2_208_988_800
    stamp = int(now) % 2**32 << 32 | int(now % 1 * 2**32)
    field = {"leap": 0, "version": request[0] >> 3 & 7, "mode": 4, "stratum": 1,
             "reference": b"TEST", "origin": request[40:48], "received": stamp, "sent": stamp,
             **fields}
    first = field["leap"] << 6 | field["version"] << 3 | field["mode"]
    return (struct.pack(">BBbbII4sQ", first, field["stratum"], 0, -20, 0, 0, field["reference"], 0)
            + field["origin"] + struct.pack(">QQ", field["received"], field["sent"]))


@contextlib.contextmanager
def server(answer):
    """A server that sends what `answer(request, number)` returns: a list of datagrams."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    requests = []

    def serve():
        while True:
            request, peer = bound.recvfrom(2048)
            if request == b"end":
                return
            requests.append(request)
            for each in answer(request, len(requests)):
                bound.sendto(each, peer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield "127.0.0.1:%d" % bound.getsockname()[1], requests
    finally:
        bound.sendto(b"end", bound.getsockname())
        thread.join()
        bound.close()


def ask(where, *options):
    return run("ntp", where, "--interval", "1ms", *options)
