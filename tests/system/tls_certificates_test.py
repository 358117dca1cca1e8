"""TLS by certificates: our server and our callers, and OpenSSL's, Python's and curl's."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from cli_support import WAIT_S, Server, run
from tls_test import WORDS, WithKeys, address_of, at


class Certificates(WithKeys):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make("ca", "hotline test root", "-addext", "basicConstraints=critical,CA:true")
        for name in ("localhost", "carol"):
            cls.make(name, name, "-CA", cls.path("ca.pem"), "-CAkey", cls.path("ca.key"),
                     "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def make(cls, name, subject, *extra):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={subject}", "-keyout", cls.path(name + ".key"),
             "-out", cls.path(name + ".pem"), *extra], check=True, capture_output=True)

    def own(self, name="localhost"):
        return f"cert={self.path(name + '.pem')}&key={self.path(name + '.key')}"

    def roots(self):
        return f"ca={self.path('ca.pem')}"

    def test_a_server_is_trusted_by_its_certificate_for_a_name_and_for_an_address(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}")
        _, port = address_of(server.endpoints[0])
        for host in ("127.0.0.1", "localhost"):
            called = self.call(f"tls://{host}:{port}?{self.roots()}", "hello")
            self.assertEqual(called.stdout, b"HELLO\n", called.stderr)

    def test_certificates_are_reloaded_all_or_nothing_with_keys_and_calls_go_on(self):
        for word in WORDS[1:]:
            with self.subTest(word):
                self.reload_certificates(word)

    def reload_certificates(self, word):
        home = self.enterContext(tempfile.TemporaryDirectory())
        run("--home", home, "key", "new", "first")
        mine = os.path.join(home, "cert.pem")

        def use(name, text=None):
            with open(mine, "w") as file:
                for end in (".key", ".pem"):
                    with open(self.path(name + end)) as part:
                        file.write(text or part.read())

        use("localhost")
        server = self.enterContext(Server(
            f"upper=tls://127.0.0.1:0?cert={mine}", "upper=tls://127.0.0.1:0",
            options=("--home", home, "--concurrency", word)))
        _, port = address_of(server.endpoints[0])

        def answer(host):
            context = ssl.create_default_context(cafile=self.path("ca.pem"))
            with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as plain:
                with context.wrap_socket(plain, server_hostname=host) as call:
                    call.sendall(b"hi")
                    return call.recv(10)

        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as old:
                use("carol", "not a certificate")
                line = run("--home", home, "key", "new", "second").stdout
                caller = self.enterContext(tempfile.TemporaryDirectory())
                run("--home", caller, "key", "add", input=line)
                keyed = at(server.endpoints[1], "second")
                server.signal(signal.SIGHUP)
                server.line(f"error cannot reload: .*{mine}.*the certificate cannot be used")
                self.assertEqual(answer("localhost"), b"HI")
                self.assertEqual(self.call(keyed, "hi", home=caller).stdout, b"")
                use("carol")
                server.signal(signal.SIGHUP)
                server.line("info reloaded: keys")
                self.assertEqual(answer("carol"), b"HI")
                with self.assertRaises(ssl.SSLCertVerificationError):
                    answer("localhost")
                self.assertEqual(self.call(keyed, "hi", home=caller).stdout, b"HI\n")
                old.sendall(b"still here")
                self.assertEqual(old.recv(100), b"STILL HERE")

    def test_a_certificate_of_another_root_or_name_is_refused(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own('carol')}")
        _, port = address_of(server.endpoints[0])
        called = self.call(f"tls://localhost:{port}?{self.roots()}", "hello")
        self.assertEqual((called.returncode, called.stdout), (1, b""))
        self.assertRegex(called.stderr, rb"its certificate is not accepted: hostname mismatch")
        called = self.call(f"tls://127.0.0.1:{port}?ca={self.path('localhost.pem')}", "hello")
        self.assertEqual((called.returncode, called.stdout), (1, b""))

    def test_a_caller_needs_a_certificate_where_the_server_has_roots(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}&{self.roots()}")
        endpoint = f"{server.endpoints[0]}?{self.roots()}"
        called = self.call(f"{endpoint}&{self.own('carol')}", "hello")
        self.assertEqual(called.stdout, b"HELLO\n", called.stderr)
        refused = self.call(endpoint, "hello")
        self.assertEqual((refused.returncode, refused.stdout), (1, b""))
        self.assertIn(b"it requires a certificate of this end (alert certificate_required)",
                      refused.stderr)

    def test_only_the_certificates_of_the_list_are_served(self):
        both = f"{self.own()}&{self.roots()}"
        server = self.serve(f"upper=tls://127.0.0.1:0?{both}&allow=carol",
                            f"upper=tls://127.0.0.1:0?{both}&allow=alice")
        endpoint, others = (f"{each}?{self.roots()}&{self.own('carol')}"
                            for each in server.endpoints)
        called = self.call(endpoint, "hello")
        self.assertEqual(called.stdout, b"HELLO\n", called.stderr)
        refused = self.call(others, "hello")
        self.assertEqual((refused.returncode, refused.stdout), (1, b""))
        server.line("refused: the caller is not allowed .*identity=certificate:CN=carol$")
        anonymous = run("--home", self.server_home, "serve",
                        f"upper=tls://127.0.0.1:0?{self.own()}&allow=carol")
        self.assertEqual(anonymous.returncode, 2)
        self.assertIn(b"callers need no certificate", anonymous.stderr)

    def test_openssl_calls_with_its_certificate_and_is_refused_without(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}&{self.roots()}")
        host, port = address_of(server.endpoints[0])
        command = ["openssl", "s_client", "-quiet", "-verify_return_error", "-connect",
                   f"{host}:{port}", "-servername", "localhost", "-CAfile", self.path("ca.pem")]
        own = ["-cert", self.path("carol.pem"), "-key", self.path("carol.key")]
        with subprocess.Popen([*command, *own], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as client:
            client.stdin.write(b"from openssl\n")
            client.stdin.flush()
            self.assertEqual(client.stdout.readline(), b"FROM OPENSSL\n")
            client.kill()
        refused = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=WAIT_S)
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(refused.stdout, b"")

    def openssl_server(self, *options):
        """The port of an `openssl s_server`."""
        server = self.enterContext(subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1", "-rev",
             "-cert", self.path("localhost.pem"), "-key", self.path("localhost.key"), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
        self.addCleanup(server.kill)
        lines = iter(server.stdout.readline, b"")
        ports = (re.search(rb"ACCEPT .*:(\d+)", line) for line in lines)
        return next(match[1].decode() for match in ports if match)

    def test_our_caller_has_a_certificate_for_openssl(self):
        for own, answer in ((f"&{self.own('carol')}", b"olleh"), ("", b"")):
            with self.subTest(own):
                port = self.openssl_server("-tls1_3", "-Verify", "1", "-verify_return_error",
                                           "-CAfile", self.path("ca.pem"))
                called = self.call(f"tls://127.0.0.1:{port}?{self.roots()}{own}", "hello\n")
                self.assertEqual(called.stdout.strip(), answer, called.stderr)

    def test_our_caller_does_not_take_an_older_tls(self):
        port = self.openssl_server("-tls1_2")
        called = self.call(f"tls://127.0.0.1:{port}?{self.roots()}", "hello\n")
        self.assertEqual((called.returncode, called.stdout), (1, b""))
        self.assertIn(b"complete the TLS handshake", called.stderr)

    def test_our_caller_with_a_key_does_not_trust_a_certificate(self):
        port = self.openssl_server("-tls1_3")
        called = self.call(f"tls://alice@127.0.0.1:{port}", "hello\n")
        self.assertEqual((called.returncode, called.stdout), (1, b""))

    def test_python_calls_with_its_certificate(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}&{self.roots()}")
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        context.load_cert_chain(self.path("carol.pem"), self.path("carol.key"))
        with socket.create_connection(address_of(server.endpoints[0]), timeout=WAIT_S) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as call:
                call.sendall(b"from python")
                self.assertEqual(call.recv(100), b"FROM PYTHON")
                # Python ends the writes of TLS only, and waits for the end of the other side.
                call.unwrap()

    def test_a_strict_client_of_the_web_is_served(self):
        if shutil.which("curl") is None:
            self.skipTest("curl is not installed")
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}")
        _, port = address_of(server.endpoints[0])
        # The reply of upper passes only for one of HTTP/0.9.
        called = subprocess.run(
            ["curl", "--silent", "--show-error", "--http0.9", "--tlsv1.3", "--max-time", "2",
             "--cacert", self.path("ca.pem"), f"https://localhost:{port}/a-path"],
            capture_output=True, timeout=WAIT_S)
        self.assertIn(b"GET /A-PATH", called.stdout, called.stderr)

    def test_python_calls_and_an_end_is_an_end(self):
        server = self.serve(f"upper=tls://127.0.0.1:0?{self.own()}")
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        with socket.create_connection(address_of(server.endpoints[0]), timeout=WAIT_S) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as call:
                self.assertEqual(call.version(), "TLSv1.3")
                call.sendall(b"from python")
                self.assertEqual(call.recv(100), b"FROM PYTHON")

    def test_our_caller_talks_to_openssl(self):
        port = self.openssl_server("-tls1_3")
        called = self.call(f"tls://127.0.0.1:{port}?{self.roots()}", "hello\n")
        self.assertIn(b"olleh", called.stdout, called.stderr)


if __name__ == "__main__":
    unittest.main()
