#!/usr/bin/env python3
"""Upper-case over TCP (a thread a call) and UDP with the standard library's socketserver."""

import argparse
import socket
import socketserver
import sys
import threading


class Call(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while data := self.request.recv(65536):
                self.request.sendall(data.upper())
        except ConnectionError:
            pass


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        data, server = self.request
        server.sendto(data.upper(), self.client_address)


class StreamServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    # Without it a list of all threads grows for ever.
    block_on_close = False
    request_queue_size = 4096


class DatagramServer(socketserver.UDPServer):
    max_packet_size = 65536


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    address = ("127.0.0.1", parser.parse_args().port)
    streams, datagrams = StreamServer(address, Call), DatagramServer(address, Datagram)
    streams.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    datagrams.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    for scheme, server in (("tcp", streams), ("udp", datagrams)):
        print(f"listening upper {scheme}://127.0.0.1:{server.server_address[1]}",
              file=sys.stderr, flush=True)
    threading.Thread(target=datagrams.serve_forever, daemon=True).start()
    try:
        streams.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
