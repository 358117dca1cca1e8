"""`hotline serve files=`: a client in another language, the ends of connections, and refusals."""
import hashlib
import hmac
import json
import os
import signal
import subprocess
import tempfile
import unittest

import files_client
from cli_support import Server, connect, ended, run
from files_client import BLOCK, Broken, Client, Refused, text

NOT_FOUND, EXISTS, NOT_PERMITTED, INTEGRITY, QUOTA_BYTES = 1, 2, 6, 14, 9


def content_of(size):
    return hashlib.shake_128(b"content").digest(size)


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.root = os.path.join(self.folder, "root")
        for each in ("", "users"):
            os.mkdir(os.path.join(self.root, each), 0o700)
        self.set_user("alice", f"uid = {os.getuid()}\n")

    def set_user(self, name, lines):
        with open(os.path.join(self.root, "users", name + ".toml"), "w") as file:
            file.write(lines)

    def serve(self, endpoint, *options):
        mark = "&" if "?" in endpoint else "?"
        return self.enterContext(
            Server(f"files={endpoint}{mark}root={self.root}", options=options))

    def serve_here(self, options=""):
        return self.serve(f"unix://{self.folder}/s?stall=30s{options}")

    def client(self, server):
        call = connect(server.endpoint)
        self.addCleanup(call.close)
        return Client(call.sendall, call.recv)

    def stored(self, name, user="alice"):
        with open(os.path.join(self.root, "homes", user, name), "rb") as file:
            return file.read()


class Requests(Files):
    def test_files_are_stored_listed_and_returned(self):
        client = self.client(self.serve_here())
        for name, size in (("empty", 0), ("small", 5000), ("limit", 60 << 10)):
            client.store(name, content_of(size))
            self.assertEqual(self.stored(name), content_of(size))
            self.assertEqual(client.get(name), content_of(size))
        client.ask(files_client.MKDIR, text("d") + b"\0")
        self.assertEqual(client.list(), {"empty": 0, "small": 0, "limit": 0, "d": 1})
        client.ask(files_client.MOVE,
                   text("small") + text("d/s") + b"\0\0" + files_client.NOTHING)
        self.assertEqual(client.list(tree=True), {"empty": 0, "limit": 0, "d": 1, "d/s": 0})
        client.ask(files_client.REMOVE, text("d") + b"\1" + files_client.NOTHING)
        with self.assertRaises(Refused) as refused:
            client.get("d/s")
        self.assertEqual(refused.exception.code, NOT_FOUND)
        with self.assertRaises(Refused) as refused:
            client.store("limit", b"again")
        self.assertEqual(refused.exception.code, EXISTS)

    def test_a_large_file_passes_both_ways(self):
        client = self.client(self.serve_here())
        content = content_of(3 * BLOCK + 12345)
        kept, version = client.put("large", content)
        self.assertEqual(kept, 0)
        self.assertNotEqual(version, files_client.NOTHING)
        self.assertEqual(self.stored("large"), content)
        self.assertEqual(client.get("large"), content)
        self.assertEqual(client.get("large", 2 * BLOCK), content[2 * BLOCK:])

    def test_a_wrong_root_publishes_nothing(self):
        client = self.client(self.serve_here())
        stream, _ = client.begin_put("a")
        flow = bytearray(client.records(b"content"))
        flow[-2] ^= 1
        client.send_flow(stream, bytes(flow), 0)
        with self.assertRaises(Refused) as refused:
            client.next(stream)
        self.assertEqual(refused.exception.code, INTEGRITY)
        self.assertEqual(os.listdir(os.path.join(self.root, "homes", "alice")), [])

    def test_the_quota_holds(self):
        self.set_user("alice", f"uid = {os.getuid()}\nquota = 10000\n")
        client = self.client(self.serve_here())
        client.store("a", content_of(6000))
        with self.assertRaises(Refused) as refused:
            client.store("b", content_of(6000))
        self.assertEqual((refused.exception.code, refused.exception.detail), (QUOTA_BYTES, 2000))

    def test_changes_are_recorded(self):
        path = os.path.join(self.folder, "audit")
        server = self.serve_here(f"&audit={path}")
        client = self.client(server)
        client.store("a", b"12345")
        with self.assertRaises(Refused):
            client.store("a", b"12345")
        self.assertEqual(server.drain(), 0)
        with open(path) as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual([(each["user"], each["request"], each["path"], each["bytes"],
                           each["result"]) for each in lines],
                         [("alice", "FILE", "a", 5, "done"), ("alice", "FILE", "a", 5, "exists")])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)


class Breaks(Files):
    key = b"the key of it..."

    def begin(self, client, content, blocks):
        """Sends some blocks, and waits until the server keeps all of them."""
        stream, kept = client.begin_put("a", len(content), self.key)
        self.assertEqual(kept, 0)
        flow = client.records(content[:blocks * BLOCK], end=False)
        client.send_flow(stream, flow, 0)
        return stream

    def kept(self, client):
        for kind, payload in client.ask(files_client.UPLOADS):
            self.assertEqual(kind, files_client.KIND_OF_UPLOADS)
            if payload[1:3] == b"\0\1":
                return int.from_bytes(payload[16 + 3 + 2 + 1 + 8:][:8], "big")
        return 0

    def test_an_upload_goes_on_over_another_connection(self):
        server = self.serve_here()
        content = content_of(3 * BLOCK + 1)
        first = self.client(server)
        self.begin(first, content, 2)
        second = self.client(server)
        kept, _ = second.put("a", content, self.key)
        self.assertIn(kept, (0, BLOCK, 2 * BLOCK))
        self.assertEqual(self.stored("a"), content)
        self.assertEqual(second.put("a", content, self.key), (None, None))

    def test_a_server_that_was_killed_has_published_nothing_and_starts_again(self):
        server = self.serve_here()
        content = content_of(3 * BLOCK + 1)
        client = self.client(server)
        client.store("before", b"stored")
        stream = self.begin(client, content, 2)
        server.signal(signal.SIGKILL)
        server.end()
        with self.assertRaises((Broken, OSError)):
            client.next(stream)
        self.assertEqual(os.listdir(os.path.join(self.root, "homes", "alice")), ["before"])
        os.unlink(os.path.join(self.folder, "s"))
        client = self.client(self.serve_here())
        self.assertEqual(client.get("before"), b"stored")
        client.put("a", content, self.key)
        self.assertEqual(self.stored("a"), content)

    def test_a_drain_lets_an_upload_finish(self):
        server = self.serve_here()
        client = self.client(server)
        content = content_of(BLOCK + 7)
        stream, _ = client.begin_put("a", len(content))
        server.signal(signal.SIGTERM)
        flow = client.records(content)
        client.send_flow(stream, flow, 0)
        client._end(stream, 0, len(flow))
        self.assertEqual(client.next(stream)[0], files_client.DONE)
        client._end(stream, files_client.MESSAGES, 0)
        client._frame(files_client.GOODBYE, 0, bytes(6))
        self.assertEqual(server.end(), 0)
        self.assertEqual(self.stored("a"), content)

    def test_a_user_who_is_disabled_is_cut_off(self):
        server = self.serve_here()
        client = self.client(server)
        client.store("a", b"1")
        self.set_user("alice", f"uid = {os.getuid()}\ndisabled = true\n")
        server.signal(signal.SIGHUP)
        with self.assertRaises((Broken, OSError)):
            while True:
                client._take()
        with self.assertRaises(Refused) as refused:
            self.client(server).store("b", b"2")
        self.assertEqual(refused.exception.code, NOT_PERMITTED)


class Callers(Files):
    def test_a_challenge_opens_the_home_that_the_endpoint_names(self):
        secret = os.path.join(self.folder, "secret")
        with open(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("secret\n")
        server = self.serve(
            f"tcp://127.0.0.1:0?auth=hmac-sha256&secret-file={secret}&user=alice")
        call = connect(server.endpoint)
        self.addCleanup(call.close)
        label = b"hotline hmac-sha256 caller\0"
        call.sendall(hmac.digest(b"secret", label + call.recv(32), "sha256"))
        client = Client(call.sendall, call.recv)
        client.store("a", b"1")
        self.assertEqual(self.stored("a"), b"1")

    def test_the_name_of_a_key_is_the_user_at_tls(self):
        home = os.path.join(self.folder, "home")
        self.set_user("bob", "")
        run("--home", home, "key", "new", "bob")
        server = self.serve("tls://127.0.0.1:0", "--home", home)
        exported = run("--home", home, "key", "export", "--openssl", "bob").stdout.decode()
        command = ["openssl", "s_client", "-quiet", "-connect", server.endpoint.split("//")[1],
                   *exported.split()]
        with ended(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL)) as peer:
            def send(data):
                peer.stdin.write(data)
                peer.stdin.flush()
            client = Client(send, lambda size: os.read(peer.stdout.fileno(), size))
            client.store("of bob", b"1")
            self.assertEqual(client.list(), {"of bob": 0})
        self.assertEqual(self.stored("of bob", "bob"), b"1")

    def test_a_caller_without_a_home_is_refused(self):
        self.set_user("alice", "")
        client = self.client(self.serve_here())
        with self.assertRaises(Refused) as refused:
            client.list()
        self.assertEqual(refused.exception.code, NOT_PERMITTED)


class Refusals(Files):
    def refused(self, endpoint, *options, status=2):
        done = run("serve", f"files={endpoint}", *options)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(b"hint:", done.stderr)
        return done.stderr.decode()

    def test_a_root_that_cannot_be_used_is_refused(self):
        self.assertIn("'root' is missing", self.refused(f"unix://{self.folder}/s"))
        self.assertIn("/no/such", self.refused(f"unix://{self.folder}/s?root=/no/such"))
        os.chmod(self.root, 0o755)
        self.assertIn("other users", self.refused(f"unix://{self.folder}/s?root={self.root}"))

    def test_a_root_has_one_server(self):
        self.serve_here()
        self.assertIn("another server", self.refused(f"unix://{self.folder}/t?root={self.root}"))

    def test_other_machines_call_over_tls_only(self):
        self.assertIn("tls://", self.refused(f"tcp://0.0.0.0:0?user=alice&root={self.root}",
                                             status=1))

    def test_at_tcp_a_user_is_named(self):
        self.assertIn("'user' is missing", self.refused(f"tcp://127.0.0.1:0?root={self.root}"))

    def test_processes_cannot_share_a_root(self):
        self.refused(f"unix://{self.folder}/s?root={self.root}", "--concurrency", "processes")


if __name__ == "__main__":
    unittest.main()
