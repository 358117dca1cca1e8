"""The examples of a server and a client of files."""
import contextlib
import os
import tempfile
import unittest

from interop_support import Program, Server, example, run

CONTENT = b"milk\n" * 1_000_000


class FilesExample(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.enterContext(contextlib.chdir(self.folder))
        os.mkdir("root", 0o700)

    def serve(self):
        endpoint = f"unix://{self.folder}/socket?mode=600"
        return self.enterContext(Server(example("file_server"), "root", endpoint))

    def test_a_file_is_put_listed_got_back_and_compared(self):
        server = self.serve()
        for name, content in (("list", CONTENT), ("empty", b"")):
            with open(name, "wb") as file:
                file.write(content)
            said = run(example("file_client"), name, server.endpoint).decode().splitlines()
            self.assertIn(f"{name} {len(content)}", said)
            self.assertEqual(said[-1], "it came back as it was")
            with open(os.path.join("root", "homes", "alice", name), "rb") as file:
                self.assertEqual(file.read(), content)
        self.assertEqual(server.drain(), 0)

    def test_what_fails_is_reported(self):
        server = self.serve()
        with open("list", "wb") as file:
            file.write(b"milk")
        self.fails(f"unix://{self.folder}/none", "list", "cannot connect to .*none")
        self.fails(server.endpoint, "missing", "cannot open .*missing")
        run(example("file_client"), "list", server.endpoint)
        self.fails(server.endpoint, "list", "File exists")
        os.unlink("list.copy")
        with open("list", "wb") as file:
            file.write(b"bread")
        self.fails(server.endpoint, "list", "the name is in use")
        self.assertFalse(os.path.exists("list.copy"))

    def fails(self, endpoint, name, pattern):
        with Program(example("file_client"), name, endpoint) as client:
            client.matches(f"^error: .*{pattern}", 1)
            self.assertEqual(client.finish(), 1)

    def test_a_root_that_others_can_read_is_refused(self):
        os.chmod("root", 0o755)
        with Program(example("file_server"), "root", f"unix://{self.folder}/socket") as server:
            server.matches("^error: .*; hint: chmod 700 ", 1)
            self.assertEqual(server.finish(), 1)


if __name__ == "__main__":
    unittest.main()
