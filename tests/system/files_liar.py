"""A server of `files` that says what a test wants: docs/wire/files.md on docs/wire/session.md."""
import socket
import struct
import threading

from cli_support import WAIT_S, accept
from files_client import (ACCEPT, CREDIT, END, ERROR, GET, GOODBYE, HELLO, KIND_OF_QUOTA, LIST,
                          META, MESSAGES, OPEN, PAGE, PING, PONG, QUOTA, RESET, SIZE_UNKNOWN,
                          SMALL, STAT, root_of, text)

FILE_ENTRY, DIRECTORY_ENTRY, LINK_ENTRY = range(3)
CONTENT = b"content"


def meta(kind):
    size = len(CONTENT) if kind == FILE_ENTRY else 0
    return bytes([kind, 0]) + struct.pack(">Qq", size, 10**9) + b"version of a lie"


class Liar:
    """Lists `entries`, which are names and kinds, for each directory, and has CONTENT in each file.
    With `refusal` it answers each request but QUOTA with an error of this text."""

    def __init__(self, path, entries=(), refusal=None):
        self.entries, self.refusal = entries, refusal
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join(WAIT_S)
        self.listener.close()

    def _serve(self):
        with accept(self.listener) as self.call:
            name = b"files/1"
            self._send(HELLO, 0, b"hotline\n" + struct.pack(
                ">HHIIIIBB", 1, 1, 1 << 20, 100, CREDIT, CREDIT, 2, len(name)) + name)
            while (frame := self._receive()) is not None:
                kind, stream, payload = frame
                if kind == OPEN:
                    self._answer(stream, payload)
                elif kind == PING:
                    self._send(PONG, 0, payload)
                elif kind == RESET:
                    self._send(RESET, stream, b"\0\0")
                elif kind == GOODBYE:
                    return

    def _receive(self):
        header = self._exactly(12)
        if header is None:
            return None
        size, kind, _, _, stream = struct.unpack(">IBBHI", header)
        return kind, stream, self._exactly(size)

    def _exactly(self, size):
        taken = b""
        while len(taken) < size:
            try:
                piece = self.call.recv(size - len(taken))
            except OSError:
                return None
            if not piece:
                return None
            taken += piece
        return taken

    def _send(self, kind, stream, payload):
        try:
            self.call.sendall(struct.pack(">IBBHI", len(payload), kind, 0, 0, stream) + payload)
        except OSError:  # The client does not believe it, and has gone.
            pass

    def _answer(self, stream, request):
        self._send(ACCEPT, stream, b"")
        self._send(*self._message(stream, request[2:]))
        if request[2] == GET:
            self._send(END, stream, struct.pack(">BQ", 0, 0))
        self._send(END, stream, struct.pack(">BQ", MESSAGES, 1))

    def _message(self, stream, request):
        kind = request[0]
        if kind == QUOTA:
            return KIND_OF_QUOTA, stream, b"\x0f" + bytes(16) + struct.pack(
                ">5Q", SIZE_UNKNOWN, 0, 0, SIZE_UNKNOWN, 0)
        if self.refusal is not None:
            return ERROR, stream, struct.pack(">HBQQ", 1, 0, 0, 0) + self.refusal
        if kind == STAT:
            return META, stream, meta(DIRECTORY_ENTRY) + bytes(1 + 16 + 1)
        if kind == GET:
            return SMALL, stream, meta(FILE_ENTRY) + root_of(CONTENT) + b"\0" + CONTENT
        assert kind == LIST, kind
        size, = struct.unpack_from(">H", request, 1)
        is_recursive = request[3 + size] & 1
        page = b"".join(meta(each) + text(name) for name, each in self.entries)
        return PAGE, stream, struct.pack(
            ">BQH", 1 | 4 * is_recursive, 0, len(self.entries)) + page
