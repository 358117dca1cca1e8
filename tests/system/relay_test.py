"""The example `relay`: what it passes on, and that a drain does not end a call within a request."""
import socket
import struct
import time
import unittest

from interop_support import WAIT_S, Server, example, receive


def read_to_end(connection):
    with connection.makefile("rb") as file:
        return file.read()


def is_listening(port):
    listening = "0A"
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [row.split() for row in table]
    return any(row[1].endswith(f":{port:04X}") and row[3] == listening for row in rows)


class Relay(unittest.TestCase):
    def relayed(self):
        """A relay, and the two ends of a call through it."""
        backend = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        backend.settimeout(WAIT_S)
        relay = self.enterContext(Server(
            example("relay"), f"tcp://127.0.0.1:{backend.getsockname()[1]}", "tcp://127.0.0.1:0"))
        self.port = int(relay.endpoint.rsplit(":", 1)[1])
        caller = self.enterContext(socket.create_connection(("127.0.0.1", self.port), WAIT_S))
        called = self.enterContext(backend.accept()[0])
        called.settimeout(WAIT_S)
        return relay, caller, called

    def test_a_relay_passes_on_bytes_and_half_closes_both_ways(self):
        relay, caller, called = self.relayed()
        caller.sendall(b"question")
        self.assertEqual(receive(called, 8), b"question")
        caller.shutdown(socket.SHUT_WR)
        self.assertEqual(called.recv(1), b"")
        called.sendall(b"answer")
        called.close()
        self.assertEqual(read_to_end(caller), b"answer")
        self.assertEqual(relay.drain(), 0)

    def test_a_relay_passes_on_a_reset(self):
        relay, caller, called = self.relayed()
        called.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        called.close()
        with self.assertRaises(ConnectionResetError):
            caller.recv(1)
        self.assertEqual(relay.drain(), 0)

    def test_a_drain_does_not_end_a_relayed_call_within_a_request(self):
        relay, caller, called = self.relayed()
        caller.sendall(b"the first ")
        self.assertEqual(receive(called, 10), b"the first ")
        relay.process.terminate()
        while is_listening(self.port):
            time.sleep(0.005)
        caller.sendall(b"and the rest")
        self.assertEqual(receive(called, 12), b"and the rest")
        called.sendall(b"answer")
        called.close()
        self.assertEqual(receive(caller, 6), b"answer")
        caller.close()
        self.assertEqual(relay.process.wait(WAIT_S), 0)


if __name__ == "__main__":
    unittest.main()
