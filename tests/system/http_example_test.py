"""The example http_file_server under every word, and what it refuses."""
import os
import resource
import tempfile
import unittest

from examples_test import ANY_TCP, connect, read_exactly, read_to_end
from interop_support import Server, example


def http_reply(connection, size=0):
    """The status line, and as many bytes of content as are announced, which is `size`."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise EOFError(head)
        head += piece
    lines = head.decode().split("\r\n")
    if f"Content-Length: {size}" not in lines:
        raise ValueError(head)
    return lines[0], read_exactly(connection, size)


class HttpExampleTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def serve_http(self, word="loops"):
        """A server of a directory beside a secret; and what is in it."""
        root = os.path.join(self.folder, "root")
        content = os.urandom(700_001)
        os.makedirs(os.path.join(root, "a b"))
        for name, text in (("root/a b/large", content), ("root/empty", b""), ("secret", b"s")):
            with open(os.path.join(self.folder, name), "wb") as file:
                file.write(text)
        os.symlink("../secret", os.path.join(root, "link"))
        server = Server(example("http_file_server"), root, ANY_TCP, word)
        return self.enterContext(server), root, content

    def test_files_go_over_http_one_after_another_under_every_word(self):
        for word in ("serial", "threads:2", "processes:2", "loops:2"):
            self.folder = self.enterContext(tempfile.TemporaryDirectory())
            server, _, content = self.serve_http(word)
            with self.subTest(word), connect(server.endpoint) as caller:
                # In one piece, and the last one in two.
                caller.sendall(b"GET /a%20b/large HTTP/1.1\r\nHost: h\r\n\r\n"
                               b"GET /empty?x=/ HTTP/1.1\r\n\r\nGET /a%20b/la")
                self.assertEqual(http_reply(caller, 700_001), ("HTTP/1.1 200 OK", content))
                self.assertEqual(http_reply(caller), ("HTTP/1.1 200 OK", b""))
                caller.sendall(b"rge HTTP/1.1\r\nConnection: close\r\n\r\n")
                self.assertEqual(http_reply(caller, 700_001), ("HTTP/1.1 200 OK", content))
                self.assertEqual(caller.recv(1), b"")
            self.assertEqual(server.drain(), 0)

    def test_http_gives_nothing_but_regular_files_below_its_directory(self):
        server, root, _ = self.serve_http()
        outside = os.path.join(self.folder, "secret")
        with connect(server.endpoint) as caller:
            for target in ("/nothing", "/", "/a%20b", "/a%20b/", "/../secret", "/%2e%2e/secret",
                           "/a%20b/../../secret", "/link", f"/{outside}", f"//{outside}",
                           "/empty%00.txt", "/empty/", "/" + "x" * 5000):
                with self.subTest(target):
                    caller.sendall(f"GET {target} HTTP/1.1\r\n\r\n".encode())
                    self.assertEqual(http_reply(caller)[0], "HTTP/1.1 404 Not Found")

    def assert_ends(self, server, request, status):
        """The call ends after the reply: nothing is taken for a second request."""
        with self.subTest(request), connect(server.endpoint) as caller:
            caller.sendall(request)
            self.assertEqual(http_reply(caller)[0], f"HTTP/1.1 {status}")
            self.assertEqual(caller.recv(1), b"")

    def test_a_request_that_is_not_plain_is_the_last_of_its_call(self):
        server, _, _ = self.serve_http()
        for request in (b"\r\n\r\n", b"GET\r\n\r\n", b"GET /empty\r\n\r\n", b"x" * 16_384,
                        b"GET empty HTTP/1.1\r\n\r\n", b"GET /%4 HTTP/1.1\r\n\r\n",
                        b"GET /%xy HTTP/1.1\r\n\r\n", b"GET /empty HTTP/2\r\n\r\n",
                        b"GET /em\0pty HTTP/1.1\r\n\r\n", b"GET /empty\n HTTP/1.1\r\n\r\n"):
            self.assert_ends(server, request, "400 Bad Request")
        for field in (b"Content-Length: 5", b"cOnTENT-length:5", b"Content-Length : 5",
                      b"Content-Length\t: 5", b"Content-Length:\t0", b"Transfer-Encoding: chunked",
                      b"transfer-encoding :chunked", b"Transfer-Encoding\x0b: chunked",
                      b"X: y\nContent-Length: 5", b"X: y\rContent-Length: 5", b"X: \0", b"X: \x7f",
                      b" Content-Length: 5", b"X: y\r\n\tfolded: z", b"X", b": y", b"\nX: y"):
            self.assert_ends(server, b"GET /empty HTTP/1.1\r\n" + field + b"\r\n\r\n",
                             "400 Bad Request")
        for method in (b"HEAD", b"POST", b"get"):
            self.assert_ends(server, method + b" /empty HTTP/1.1\r\n\r\n",
                             "405 Method Not Allowed")
        with connect(server.endpoint) as caller:
            caller.sendall(b"GET /empty HTTP/1.1\r\nX:\ty z\r\nY:\r\n\r\n" * 2)
            for _ in range(2):
                self.assertEqual(http_reply(caller)[0], "HTTP/1.1 200 OK")

    def test_a_file_that_cannot_be_opened_now_is_not_one_that_does_not_exist(self):
        server, root, _ = self.serve_http()
        with connect(server.endpoint) as caller:
            if os.geteuid() != 0:
                os.chmod(os.path.join(root, "empty"), 0)
                caller.sendall(b"GET /empty HTTP/1.1\r\n\r\n")
                self.assertEqual(http_reply(caller)[0], "HTTP/1.1 403 Forbidden")
            caller.sendall(b"GET /nothing HTTP/1.1\r\n\r\n")
            self.assertEqual(http_reply(caller)[0], "HTTP/1.1 404 Not Found")
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (3, 3))
            caller.sendall(b"GET /empty HTTP/1.1\r\n\r\n")
            self.assertEqual(http_reply(caller)[0], "HTTP/1.1 503 Service Unavailable")
            self.assertEqual(caller.recv(1), b"")

    def test_a_file_that_becomes_shorter_never_looks_complete_over_http(self):
        server, root, _ = self.serve_http()
        path = os.path.join(root, "large")
        with open(path, "wb") as file:
            file.truncate(1 << 26)
        with connect(server.endpoint, receive_bytes=4096) as caller:
            caller.sendall(b"GET /large HTTP/1.1\r\n\r\n")
            caller.recv(1)
            os.truncate(path, 10)
            with self.assertRaises(ConnectionResetError):
                read_to_end(caller)


if __name__ == "__main__":
    unittest.main()
