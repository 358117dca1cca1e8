"""TLS: our server and our callers, and OpenSSL's and Python's, by keys and by certificates."""
import os
import signal
import socket
import subprocess
import tempfile
import unittest

from cli_support import WAIT_S, Server, receive_all, run
from interop_support import example

WORDS = ("serial", "threads:4", "processes:4", "loops:2")


def at(endpoint, name="alice"):
    return endpoint.replace("tls://", f"tls://{name}@")


def address_of(endpoint):
    host, port = endpoint.removeprefix("tls://").rsplit(":", 1)
    return host, int(port)


class WithKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.server_home = os.path.join(cls.folder, "server")
        cls.client_home = os.path.join(cls.folder, "client")
        for home in (cls.server_home, cls.client_home):
            os.mkdir(home, 0o700)
        line = run("--home", cls.server_home, "key", "new", "alice").stdout
        added = run("--home", cls.client_home, "key", "add", input=line)
        assert added.returncode == 0, added.stderr

    def serve(self, *services, word="loops:2"):
        return self.enterContext(Server(*services, options=(
            "--home", self.server_home, "--concurrency", word)))

    def call(self, endpoint, *messages, command="call", home=None):
        return run("--home", home or self.client_home, command, endpoint, *messages)


class Keys(WithKeys):
    def test_a_caller_with_a_key_is_served_under_every_word(self):
        for word in WORDS:
            with self.subTest(word):
                server = self.serve("upper=tls://127.0.0.1:0",
                                    "upper=tls://127.0.0.1:0?framing=lines",
                                    "command=tls://127.0.0.1:0?wire=i32", word=word)
                raw, framed, command = server.endpoints
                self.assertEqual(self.call(at(raw), "hello").stdout, b"HELLO\n")
                self.assertEqual(self.call(at(framed) + "?framing=lines", "a", "b").stdout,
                                 b"A\nB\n")
                ran = self.call(at(command) + "?wire=i32", "--", "echo $((6 * 7))", command="run")
                self.assertEqual((ran.returncode, ran.stdout), (0, b"42\n"))

    def test_a_large_reply_comes_whole(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        text = b"abcdefghij" * 200_000
        called = run("--home", self.client_home, "call", at(server.endpoints[0]), input=text)
        self.assertEqual(called.returncode, 0, called.stderr)
        self.assertEqual(called.stdout.strip(), text.upper())

    def test_a_caller_without_a_key_is_told_how_to_get_one(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        called = self.call(at(server.endpoints[0]), "hello", home=self.folder)
        self.assertNotEqual(called.returncode, 0)
        self.assertIn(b"hint: 'hotline key add'", called.stderr)

    def test_a_key_that_was_removed_is_refused_by_a_new_server_and_nothing_is_answered(self):
        other = os.path.join(self.folder, "other")
        os.mkdir(other, 0o700)
        run("--home", other, "key", "new", "bob")
        server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=("--home", other)))
        called = self.call(at(server.endpoints[0]), "hello")
        self.assertEqual(called.returncode, 1)
        self.assertEqual(called.stdout, b"")
        self.assertIn(b"complete the TLS handshake", called.stderr)
        server.line("refused: not authenticated")

    def test_a_server_without_keys_says_how_to_make_one(self):
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty, 0o700)
        started = run("--home", empty, "serve", "upper=tls://127.0.0.1:0")
        self.assertEqual(started.returncode, 2)
        self.assertIn(b"hotline key new NAME", started.stderr)

    def test_only_the_callers_of_the_list_are_served_under_every_word(self):
        for word in WORDS:
            with self.subTest(word):
                server = self.serve("upper=tls://127.0.0.1:0?allow=alice,carol",
                                    "upper=tls://127.0.0.1:0?framing=lines&allow=alice",
                                    "upper=tls://127.0.0.1:0?allow=bob",
                                    "upper=tls://127.0.0.1:0?framing=lines&allow=bob", word=word)
                raw, framed, others, framed_others = server.endpoints
                self.assertEqual(self.call(at(raw), "hello").stdout, b"HELLO\n")
                self.assertEqual(self.call(at(framed) + "?framing=lines", "a").stdout, b"A\n")
                for endpoint in (at(others), at(framed_others) + "?framing=lines"):
                    refused = self.call(endpoint, "hello")
                    self.assertEqual((refused.returncode, refused.stdout), (1, b""))
                    self.assertIn(b"the server may not allow this caller", refused.stderr)
                    server.line("refused: the caller is not allowed .*identity=key:alice$")
                # Only alice has a key.
                server.line('warning allow= has names without a key .*"carol"$')
                server.matches('warning allow= has names without a key .*"bob"$', 2)

    def test_a_challenge_over_tls_leaves_the_name_that_the_key_has_proved(self):
        secret = os.path.join(self.folder, "secret")
        with open(secret, "w", encoding="ascii", opener=lambda path, flags: os.open(
                path, flags, 0o600)) as file:
            file.write("a secret")
        asking = f"?auth=hmac-sha256&secret-file={secret}"
        for allowed, answered in (("alice", b"HELLO\n"), ("hmac-sha256", b"")):
            with self.subTest(allowed):
                server = self.serve(f"upper=tls://127.0.0.1:0{asking}&allow={allowed}")
                address = server.endpoints[0].split("?")[0]
                called = self.call(at(address) + asking, "hello")
                self.assertEqual(called.stdout, answered, called.stderr)

    def test_a_caller_from_where_others_have_failed_is_told_that_this_may_be_why(self):
        other = os.path.join(self.folder, "foreign")
        os.mkdir(other, 0o700)
        line = run("--home", other, "key", "new", "alice").stdout
        run("--home", other, "key", "add", input=line)
        server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=(
            "--home", self.server_home, "--penalties", "all")))
        endpoint = at(server.endpoints[0])
        for count in range(1, 5):
            refused = self.call(endpoint, "hello", home=other)
            self.assertIn(b"do both ends have the same key", refused.stderr)
            server.matches("refused: not authenticated", count)
        called = self.call(endpoint, "hello")
        self.assertEqual(called.stdout, b"")
        self.assertIn(b"may also refuse others from here for a while", called.stderr)

    def test_one_call_is_the_first_of_a_caller_that_has_the_key(self):
        server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=(
            "--home", self.server_home, "--once")))
        self.refused_by_openssl(server)
        server.line("refused: not authenticated")
        self.assertEqual(self.call(at(server.endpoints[0]), "hello").stdout, b"HELLO\n")
        self.assertEqual(server.process.wait(WAIT_S), 0)

    def test_names_are_refused_where_nothing_proves_them(self):
        for endpoint, why in (("tcp://127.0.0.1:0?allow=alice", b"nothing proves the names"),
                              ("unix:@x?allow=alice", b"nothing proves the names"),
                              ("tls://127.0.0.1:0?allow=uid:1", b"for UNIX sockets"),
                              ("tls://127.0.0.1:0?allow=", b"an entry is empty")):
            with self.subTest(endpoint):
                started = run("--home", self.server_home, "serve", f"upper={endpoint}")
                self.assertEqual(started.returncode, 2)
                self.assertIn(why, started.stderr)
                self.assertIn(b"\nhint: ", started.stderr)

    def test_the_log_names_the_caller_of_each_call_in_text_and_in_json(self):
        for word in WORDS:
            for form, found in (("text", "identity=key:alice"), ("json", '"identity":"key:alice"')):
                with self.subTest(word=word, form=form):
                    server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=(
                        "--home", self.server_home, "--concurrency", word, "-v",
                        "--log-format", form)))
                    self.assertEqual(self.call(at(server.endpoints[0]), "hi").stdout, b"HI\n")
                    for event in ("authenticated", "call ended"):
                        server.line(f"{event}.*{found}")

    def test_sighup_takes_new_keys_in_and_removed_ones_out_and_calls_go_on(self):
        for word in WORDS:
            with self.subTest(word):
                home = self.enterContext(tempfile.TemporaryDirectory())
                caller = self.enterContext(tempfile.TemporaryDirectory())

                def new(name):
                    line = run("--home", home, "key", "new", name).stdout
                    self.assertEqual(run("--home", caller, "key", "add", input=line).returncode, 0)

                def answer(name):
                    return self.call(at(endpoint, name), "hi", home=caller).stdout

                new("first")
                server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=(
                    "--home", home, "--concurrency", word)))
                endpoint = server.endpoints[0]
                self.assertEqual(answer("first"), b"HI\n")
                new("second")
                self.assertEqual(answer("second"), b"")
                run("--home", home, "key", "remove", "first")
                self.assertEqual(answer("first"), b"HI\n")
                server.signal(signal.SIGHUP)
                server.line("info reloaded: keys")
                self.assertEqual((answer("first"), answer("second")), (b"", b"HI\n"))

    def test_bad_keys_at_sighup_change_nothing_and_are_named(self):
        home = self.enterContext(tempfile.TemporaryDirectory())
        line = run("--home", home, "key", "new", "alice").stdout
        caller = self.enterContext(tempfile.TemporaryDirectory())
        run("--home", caller, "key", "add", input=line)
        server = self.enterContext(Server("upper=tls://127.0.0.1:0", options=("--home", home)))
        callers = os.path.join(home, "keys", "callers")
        os.chmod(callers, 0o644)
        server.signal(signal.SIGHUP)
        server.line("error cannot reload: the old keys, certificates and secrets stay in use.*"
                    f"{callers}.*other users have access.*hint")
        called = self.call(at(server.endpoints[0]), "hi", home=caller)
        self.assertEqual(called.stdout, b"HI\n", called.stderr)

    def test_plain_bytes_are_refused(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        plain = socket.create_connection(address_of(server.endpoints[0]), timeout=WAIT_S)
        with plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                data = receive_all(plain)
            except ConnectionResetError:
                data = b""
        self.assertNotIn(b"HTTP", data)

    def test_command_may_be_served_to_other_machines(self):
        server = self.serve("command=tls://0.0.0.0:0?wire=i32")
        here = at(server.endpoints[0].replace("0.0.0.0", "127.0.0.1"))
        ran = self.call(here + "?wire=i32", "--", "echo here", command="run")
        self.assertEqual(ran.stdout, b"here\n", ran.stderr)

    def refused_by_openssl(self, server, *options):
        """What `openssl s_client` got from the server, and its status."""
        host, port = address_of(server.endpoints[0])
        called = subprocess.run(
            ["openssl", "s_client", "-quiet", "-connect", f"{host}:{port}", *options],
            input=b"hello\n", capture_output=True, timeout=WAIT_S)
        self.assertNotIn(b"HELLO", called.stdout)
        return called

    def test_a_handshake_without_a_key_is_refused(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        self.assertNotEqual(self.refused_by_openssl(server).returncode, 0)
        server.line("refused: not authenticated")

    def test_an_older_tls_is_refused(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        exported = run("--home", self.server_home, "key", "export", "--openssl", "alice").stdout
        key = [word for word in exported.decode().split() if word not in ("-tls1_3",)]
        called = self.refused_by_openssl(server, "-tls1_2", *self.without_suites(key))
        self.assertNotEqual(called.returncode, 0)
        self.assertIn(b"alert protocol version", called.stderr)

    @staticmethod
    def without_suites(words):
        """Without -ciphersuites NAME, which is for TLS 1.3 only."""
        at = words.index("-ciphersuites") if "-ciphersuites" in words else len(words)
        return words[:at] + words[at + 2:]

    def test_openssl_calls_with_an_exported_key(self):
        server = self.serve("upper=tls://127.0.0.1:0")
        exported = run("--home", self.server_home, "key", "export", "--openssl", "alice").stdout
        host, port = address_of(server.endpoints[0])
        with subprocess.Popen(
                ["openssl", "s_client", "-quiet", "-connect", f"{host}:{port}",
                 *exported.decode().split()],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            client.stdin.write(b"from openssl\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"FROM OPENSSL\n")
            client.kill()


class Layers(unittest.TestCase):
    def test_a_layer_of_ones_own_is_between_the_stream_and_its_socket(self):
        said = subprocess.run([example("layer")], capture_output=True, timeout=WAIT_S, check=True)
        self.assertEqual(said.stdout, b"HELLO\n")


if __name__ == "__main__":
    unittest.main()
