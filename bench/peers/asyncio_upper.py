#!/usr/bin/env python3
"""Upper-case over TCP and UDP with the protocols of the standard library's asyncio."""

import argparse
import asyncio
import contextlib
import socket
import sys


BUFFER_SIZE = 64 * 1024


class Call(asyncio.BufferedProtocol):
    """All calls receive into one buffer: what is not sent at once is copied."""
    buffer = bytearray(BUFFER_SIZE)

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, _):
        return self.buffer

    def buffer_updated(self, size):
        self.transport.write(self.buffer[:size].upper())


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
        # With its own 256 KiB each receive would map memory and give it back.
        transport.max_size = BUFFER_SIZE

    def datagram_received(self, data, peer):
        self.transport.sendto(data.upper(), peer)


async def serve(port):
    loop = asyncio.get_running_loop()
    streams = await loop.create_server(Call, "127.0.0.1", port, backlog=4096)
    transport, _ = await loop.create_datagram_endpoint(Datagrams, ("127.0.0.1", port))
    datagrams = transport.get_extra_info("socket")
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    for scheme, each in (("tcp", streams.sockets[0]), ("udp", datagrams)):
        print(f"listening upper {scheme}://127.0.0.1:{each.getsockname()[1]}", file=sys.stderr,
              flush=True)
    await streams.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
