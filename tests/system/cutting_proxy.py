"""A TCP proxy that cuts its connections, where a test says so."""
import contextlib
import socket
import struct
import threading

from cli_support import WAIT_S

UP, DOWN = "up", "down"
WITH_RESET = struct.pack("ii", 1, 0)


class Link:
    """One connection through the proxy: two sockets, each read by a thread."""

    def __init__(self, proxy, caller, server, cut):
        self.proxy = proxy
        self.sockets = {UP: (caller, server), DOWN: (server, caller)}
        self.way, self.left = cut or (None, None)
        self._closing = threading.Lock()
        self._closed = False
        self.threads = [threading.Thread(target=self._forward, args=(way,), daemon=True)
                        for way in (UP, DOWN)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def _forward(self, way):
        source, sink = self.sockets[way]
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if way in self.proxy.swallowed:
                    self.proxy.has_swallowed.set()
                    continue
                is_last = way == self.way and len(data) >= self.left
                if way == self.way:
                    data = data[:self.left]
                    self.left -= len(data)
                sink.sendall(data)
                if is_last:
                    break
        self.cut()

    def cut(self):
        """Ends both sides with a reset, which drops what is on its way."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            for each in self.sockets[UP]:
                with contextlib.suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, WITH_RESET)
                # It also ends the receive of the other thread.
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RD)
                each.close()


class CuttingProxy:
    """Forwards to the TCP endpoint `target`. The nth connection is cut as the nth of `cuts` says: a
    way and after how many bytes of it, or None. Further ones are not cut."""

    def __init__(self, target, *cuts):
        host, port = target.removeprefix("tcp://").rsplit(":", 1)
        self.target = (host, int(port))
        self.cuts = list(cuts)
        self.links = []
        self.accepted = 0
        self.swallowed = set()  # Ways on which everything is dropped.
        self.has_swallowed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "tcp://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                cut = self.cuts[self.accepted] if self.accepted < len(self.cuts) else None
                self.accepted += 1
                try:
                    server = socket.create_connection(self.target, WAIT_S)
                except OSError:
                    caller.close()
                    continue
                server.settimeout(None)
                link = Link(self, caller, server, cut)
                self.links.append(link)
                link.start()

    def cut(self):
        """Cuts every connection there is now."""
        for link in list(self.links):
            link.cut()

    def close(self):
        """Accepts no more, and cuts."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(WAIT_S)
        self.cut()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        for link in self.links:
            for thread in link.threads:
                thread.join(WAIT_S)
