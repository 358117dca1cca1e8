"""The framings of docs/wire/framing.md, written independently with socket, struct and
multiprocessing. `receive` returns None at the end."""
import multiprocessing.connection
import os
import struct


def exactly(connection, size):
    """`size` bytes; None at an end before the first."""
    said = b""
    while len(said) < size:
        piece = connection.recv(size - len(said))
        if not piece:
            assert not said, f"cut after {said!r}"
            return None
        said += piece
    return said


def until(connection, end):
    said = b""
    while not said.endswith(end):
        byte = connection.recv(1)
        if not byte:
            assert not said, f"cut after {said!r}"
            return None
        said += byte
    return said.removesuffix(end)


class Framing:
    """Each carries `example`."""
    name = ""
    example = b"hello"
    can_pipeline = True

    def encode(self, message):
        raise NotImplementedError

    def send(self, connection, message):
        connection.sendall(self.encode(message))

    def receive(self, connection):
        raise NotImplementedError


class Struct(Framing):
    def __init__(self, name, form):
        self.name, self.form = name, form

    def encode(self, message):
        return struct.pack(self.form, len(message)) + message

    def receive(self, connection):
        header = exactly(connection, struct.calcsize(self.form))
        return header and (exactly(connection, *struct.unpack(self.form, header)) or b"")


class Ended(Framing):
    def __init__(self, name, end):
        self.name, self.end = name, end

    def encode(self, message):
        return message + self.end

    def receive(self, connection):
        return until(connection, self.end)


class Fixed(Framing):
    name = "fixed=5"

    def encode(self, message):
        assert len(message) == 5
        return message

    def receive(self, connection):
        return exactly(connection, 5)


class Varint(Framing):
    name = "varint"

    def encode(self, message):
        size, header = len(message), b""
        while size > 127:
            header += bytes([size & 127 | 128])
            size >>= 7
        return header + bytes([size]) + message

    def receive(self, connection):
        size = shift = 0
        while byte := connection.recv(1):
            size |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                return exactly(connection, size) or b""
        return None


class Netstring(Framing):
    name = "netstring"

    def encode(self, message):
        return b"%d:%s," % (len(message), message)

    def receive(self, connection):
        size = until(connection, b":")
        if size is None:
            return None
        message = exactly(connection, int(size)) or b""
        assert connection.recv(1) == b","
        return message


class Ready(Framing):
    name = "ready"
    can_pipeline = False

    def send(self, connection, message):
        connection.sendall(str(len(message)).encode())
        # No more than that: after an empty message the next length may come in the same receive.
        assert exactly(connection, 5) == b"ready"
        connection.sendall(message)

    def receive(self, connection):
        size = connection.recv(1024)
        if not size:
            return None
        connection.sendall(b"ready")
        return exactly(connection, int(size)) or b""


class Multiprocessing(Framing):
    """The implementation of CPython."""
    name = "mp"

    @staticmethod
    def _over(connection):
        # It reads and writes the descriptor itself, which must wait.
        connection.setblocking(True)
        return multiprocessing.connection.Connection(os.dup(connection.fileno()))

    def send(self, connection, message):
        with self._over(connection) as own:
            own.send_bytes(message)

    def receive(self, connection):
        with self._over(connection) as own:
            try:
                return own.recv_bytes()
            except EOFError:
                return None


ALL = [Ended("lines", b"\n"), Ended("delimiter=%00%0A", b"\0\n"), Struct("u16be", ">H"),
       Struct("u32be", ">I"), Struct("u32le", "<I"), Struct("i32le", "<i"), Varint(), Netstring(),
       Fixed(), Ready(), Multiprocessing()]
