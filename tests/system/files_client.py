"""A client of the service `files`, in Python: docs/wire/files.md on docs/wire/session.md."""
import ctypes
import ctypes.util
import struct

BLOCK = 1 << 20
DATA_MAX = 256 << 10
CREDIT = 1 << 30

LIST, STAT, GET, PUT, FILE, MKDIR, REMOVE, MOVE, COPY, SETMETA, HASHES, QUOTA, UPLOADS, DROP = \
    range(1, 15)
META, SMALL, PAGE, KEPT, ASK, BLOCKS, DONE, ERROR = range(0x40, 0x48)
KIND_OF_QUOTA, KIND_OF_UPLOADS = 0x48, 0x49
HELLO, GOODBYE, PING, PONG, OPEN, ACCEPT, FLOW_DATA, END, FLOW_CREDIT, RESET = range(1, 11)
MESSAGES = 0xff
SIZE_UNKNOWN = (1 << 64) - 1
NOTHING = bytes(16)
META_SIZE = 1 + 1 + 8 + 8 + 16


class _Hash(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


_library = ctypes.CDLL(ctypes.util.find_library("xxhash"))
_library.XXH3_128bits.restype = _Hash
_library.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def hash_of(content):
    value = _library.XXH3_128bits(content, len(content))
    return struct.pack(">QQ", value.high, value.low)


def blocks_of(content):
    return [hash_of(content[at:at + BLOCK]) for at in range(0, len(content), BLOCK)]


def root_of(content):
    return hash_of(b"".join(blocks_of(content)) + struct.pack(">Q", len(content)))


def text(value):
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


class Broken(Exception):
    """The connection has ended."""


class Refused(Exception):
    """ERROR, or RESET of the server."""

    def __init__(self, code, kept=0, detail=0):
        super().__init__(code)
        self.code, self.kept, self.detail = code, kept, detail


class Client:
    """One connection. `send` and `receive` are functions of a socket or of pipes."""

    def __init__(self, send, receive):
        self.send_bytes, self.receive_bytes = send, receive
        self.unread = b""
        self.next_id = 1
        self.arrived = {}  # Of each stream: its frames that were not taken.
        self.credit = {}  # Of each stream: of its flow 0.
        name = b"files/1"
        self._frame(HELLO, 0, b"hotline\n" + struct.pack(
            ">HHIIIIBB", 1, 1, 1 << 20, 0, CREDIT, CREDIT, 1, len(name)) + name)
        kind, _, payload = self._read()
        assert kind == HELLO, kind
        self.flow_credit, = struct.unpack_from(">I", payload, 20)

    def _frame(self, kind, stream, payload, flags=0):
        self.send_bytes(struct.pack(">IBBHI", len(payload), kind, flags, 0, stream) + payload)

    def _exactly(self, size):
        while len(self.unread) < size:
            piece = self.receive_bytes(1 << 16)
            if not piece:
                raise Broken()
            self.unread += piece
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def _read(self):
        size, kind, _, _, stream = struct.unpack(">IBBHI", self._exactly(12))
        return kind, stream, self._exactly(size)

    def _take(self):
        """Takes the next frame of the connection."""
        kind, stream, payload = self._read()
        if kind == PING:
            self._frame(PONG, 0, payload)
        elif kind == FLOW_CREDIT:
            flow, more = struct.unpack(">BI", payload)
            if flow == 0:
                self.credit[stream] += more
        elif kind == GOODBYE:
            if payload[:2] != b"\0\0":
                raise Broken(payload[6:])
        elif stream in self.arrived:
            self.arrived[stream].append((kind, payload))

    def begin(self, request, kind):
        """Opens a stream for a request, and returns its id."""
        stream, self.next_id = self.next_id, self.next_id + 2
        self.arrived[stream] = []
        self.credit[stream] = self.flow_credit
        self._frame(OPEN, stream, bytes([kind == PUT, kind == GET, kind]) + request)
        if kind != PUT:
            self._end(stream, MESSAGES, 0)
        return stream

    def _end(self, stream, flow, total):
        self._frame(END, stream, struct.pack(">BQ", flow, total))

    def next(self, stream):
        """The next frame of a stream, but for ACCEPT. Raises Refused for ERROR and RESET."""
        while True:
            while not self.arrived[stream]:
                self._take()
            kind, payload = self.arrived[stream].pop(0)
            if kind == ERROR:
                code, _, detail, kept = struct.unpack_from(">HBQQ", payload)
                raise Refused(code, kept, detail)
            if kind == RESET:
                self._frame(RESET, stream, b"\0\0")
                raise Refused("reset %d" % struct.unpack_from(">H", payload))
            if kind != ACCEPT:
                return kind, payload

    def ask(self, kind, request=b""):
        """The messages with which a request is answered."""
        stream = self.begin(request, kind)
        messages = []
        while True:
            what, payload = self.next(stream)
            if what == END:
                return messages
            messages.append((what, payload))

    # The requests.

    def store(self, path, content, replace=0):
        """FILE. Returns the version."""
        answer = self.ask(FILE, text(path) + b"\0" + struct.pack(">q", 10**9) + bytes([replace]) +
                          NOTHING + NOTHING + root_of(content) + content)
        (kind, version), = answer
        assert kind == DONE, kind
        return version

    def get(self, path, offset=0):
        """The content from `offset` on, which is proven by the rules of the page."""
        stream = self.begin(text(path) + struct.pack(">QQ", offset, 0) + NOTHING + b"\0", GET)
        kind, payload = self.next(stream)
        if kind == SMALL:
            content = payload[META_SIZE + 17:]
            assert payload[META_SIZE:META_SIZE + 16] == root_of(content)
            return content
        assert kind == META, kind
        size, = struct.unpack_from(">Q", payload, 2)
        flow = self._read_flow(stream)
        return self._checked(flow, offset, size)

    def _read_flow(self, stream):
        flow = b""
        while True:
            kind, payload = self.next(stream)
            if kind == FLOW_DATA:
                assert struct.unpack_from(">BQ", payload) == (0, len(flow))
                flow += payload[9:]
            if kind == END and payload[0] == 0:
                assert struct.unpack(">Q", payload[1:]) == (len(flow),)
                return flow

    @staticmethod
    def _checked(flow, offset, size):
        content, hashes, end = b"", [], None
        while flow:
            kind, flags, length = struct.unpack_from(">BBI", flow)
            assert flags == 0 and end is None
            record, flow = flow[6:6 + length], flow[6 + length:]
            if kind == 1:
                assert struct.unpack_from(">QI", record) == (offset + len(content), length - 12)
                content += record[12:]
            elif kind == 2:
                at, zeros = struct.unpack(">QQ", record)
                assert at == offset + len(content)
                content += bytes(zeros)
            elif kind == 3:
                first, count = struct.unpack_from(">QH", record)
                assert first == offset // BLOCK + len(hashes)
                hashes += [record[10 + 16 * i:26 + 16 * i] for i in range(count)]
            else:
                end = record
        assert hashes == blocks_of(content)
        assert struct.unpack_from(">Q", end) == (size,) and offset + len(content) == size
        assert offset or end[9:25] == root_of(content)
        return content

    def begin_put(self, path, size=SIZE_UNKNOWN, key=NOTHING):
        """PUT. Returns its stream, and the offset of KEPT, or None if it is done already."""
        stream = self.begin(text(path) + b"\0" + struct.pack(">Qq", size, 10**9) + b"\1" +
                            NOTHING + key + b"\0", PUT)
        kind, payload = self.next(stream)
        if kind == DONE:
            return stream, None
        assert kind == KEPT, kind
        return stream, struct.unpack_from(">Q", payload)[0]

    def send_flow(self, stream, flow, at):
        """Sends bytes of flow 0, as the credit allows it."""
        while flow:
            while not self.credit[stream]:
                self._take()
                if any(kind in (ERROR, RESET) for kind, _ in self.arrived[stream]):
                    return
            piece = flow[:min(self.credit[stream], 1 << 16)]
            self._frame(FLOW_DATA, stream, struct.pack(">BQ", 0, at) + piece)
            self.credit[stream] -= len(piece)
            flow, at = flow[len(piece):], at + len(piece)

    @staticmethod
    def records(content, offset=0, end=True):
        """The records of `content` from `offset` on."""
        flow = b""
        for block in range(offset, len(content), BLOCK):
            stop = min(block + BLOCK, len(content))
            for at in range(block, stop, DATA_MAX):
                piece = content[at:min(at + DATA_MAX, stop)]
                flow += struct.pack(">BBIQI", 1, 0, 12 + len(piece), at, len(piece)) + piece
            flow += struct.pack(">BBIQH", 3, 0, 26, block // BLOCK, 1)
            flow += hash_of(content[block:stop])
        if end:
            flow += struct.pack(">BBIQB", 4, 0, 26, len(content), 1) + root_of(content) + b"\0"
        return flow

    def put(self, path, content, key=NOTHING):
        """Uploads `content`. Returns from where, and the version."""
        stream, kept = self.begin_put(path, len(content), key)
        if kept is not None:
            flow = self.records(content, kept)
            self.send_flow(stream, flow, 0)
            self._end(stream, 0, len(flow))
            kind, version = self.next(stream)
            assert kind == DONE, kind
        self._end(stream, MESSAGES, 0)
        return kept, version if kept is not None else None

    def list(self, path="", tree=False):
        """The names and kinds in a directory."""
        entries = {}
        for kind, payload in self.ask(LIST, text(path) + bytes([tree]) + bytes(8) + b"\0\0"):
            assert kind == PAGE, kind
            count, = struct.unpack_from(">H", payload, 9)
            at = 11
            for _ in range(count):
                size, = struct.unpack_from(">H", payload, at + META_SIZE)
                begin = at + META_SIZE + 2
                entries[payload[begin:begin + size].decode()] = payload[at]
                at = begin + size
        return entries
