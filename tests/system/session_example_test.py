"""The examples of a protocol of one's own on a session."""
import socket
import unittest

from interop_support import WAIT_S, Server, example, run


class SessionExample(unittest.TestCase):
    def test_many_streams_share_one_connection(self):
        texts = [f"text {i}" for i in range(40)]
        texts[2] = "long" * 20_000
        with Server(example("session_server"), "tcp://127.0.0.1:0") as server:
            answered = run(example("session_client"), server.endpoint, *texts).decode()
            self.assertEqual(answered.splitlines(), [text.upper() for text in texts])
            self.assertEqual(server.drain(), 0)

    def test_a_caller_that_speaks_no_session_gets_the_reason(self):
        with Server(example("session_server"), "tcp://127.0.0.1:0") as server:
            host, port = server.endpoint.removeprefix("tcp://").rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=WAIT_S) as stranger:
                stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
                answer = b"".join(iter(lambda: stranger.recv(10_000), b""))
            self.assertIn(b"did not begin with HELLO of a session", answer)
            self.assertEqual(server.drain(), 0)


if __name__ == "__main__":
    unittest.main()
