"""`hotline serve files=` confines its process, and does its work all the same."""
import json
import os
import re
import signal
import subprocess
import time
import unittest

from cli_support import HOTLINE, WAIT_S, Server, connect, failing, run
from files_client import Client
from files_support import Files

LANDLOCK_CREATE_RULESET, SECCOMP, ENOSYS = 444, 317, 38
CONFINED = r"debug the program is confined \"Landlock (\d+), seccomp\""
PARTLY = r"warning the program is not confined as it could be"


class WithServer(Files):
    def client(self, server):
        call = connect(server.endpoint)
        self.addCleanup(call.close)
        return Client(call.sendall, call.recv)

    def start(self, *options, uri_options="", command=(), more=()):
        """`-v` says whether it is confined."""
        return self.enterContext(
            Server(f"files={self.endpoint}?root={self.root}{uri_options}", *more,
                   options=("-v", *options), command=command))

    def start_confined(self, *options, **more):
        server = self.start(*options, **more)
        if any(line and re.search(PARTLY, line) for line in server.lines):
            self.skipTest("this system cannot confine a process wholly")
        server.line(CONFINED)
        return server

    def states(self, server):
        return self.states_of(server.process.pid)

    def states_of(self, pid):
        """NoNewPrivs and Seccomp of each thread."""
        found = set()
        folder = f"/proc/{pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/status") as file:
                found.add(tuple(re.findall(r"^(?:NoNewPrivs|Seccomp):\t(\d)", file.read(),
                                           re.MULTILINE)))
        return found

    def write_secret(self, name):
        path = os.path.join(self.folder, name)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write(name)
        return path

    def wait_for(self, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def reload(self, server, count=1):
        server.signal(signal.SIGHUP)
        server.matches(r"info reloaded", count)


class Confined(WithServer):
    def test_every_thread_is_confined_and_serves(self):
        for options in ((), ("--engine", "epoll"), ("--concurrency", "threads")):
            with self.subTest(options):
                server = self.start_confined(*options)
                client = self.client(server)
                client.store("a", b"1")
                self.assertEqual(client.get("a"), b"1")
                self.assertEqual(self.states(server), {("1", "2")})
                self.assertEqual(server.drain(), 0)
                self.assertFalse(os.path.exists(os.path.join(self.folder, "s")))
                os.unlink(os.path.join(self.home, "a"))

    def test_the_audit_is_rotated_at_sighup(self):
        logs = os.path.join(self.folder, "logs")
        os.mkdir(logs)
        audit = os.path.join(logs, "audit")
        server = self.start_confined(uri_options=f"&audit={audit}")
        client = self.client(server)
        client.store("a", b"1")
        # A thread of its own writes it.
        self.wait_for(lambda: os.path.getsize(audit) > 0)
        os.rename(audit, audit + ".1")
        self.reload(server)
        client.store("b", b"1")
        self.assertEqual(server.drain(), 0)
        for path, name in ((audit + ".1", "a"), (audit, "b")):
            with open(path) as file:
                self.assertEqual([json.loads(line)["path"] for line in file], [name])

    def test_the_audit_cannot_go_where_no_directory_was_named(self):
        logs = os.path.join(self.folder, "logs")
        os.mkdir(logs)
        server = self.start_confined(uri_options=f"&audit={logs}/audit")
        os.rename(logs, logs + ".1")
        os.mkdir(logs)
        server.signal(signal.SIGHUP)
        server.line(r"error cannot reload.*permission denied")
        self.client(server).store("a", b"1")
        self.assertEqual(os.listdir(logs), [])

    def test_users_and_a_replaced_secret_are_read_again(self):
        secret = self.write_secret("secret")
        self.write_secret("new")
        self.endpoint = "tcp://127.0.0.1:0"
        server = self.start_confined(
            uri_options=f"&user=alice&auth=hmac-sha256&secret-file={secret}")
        os.rename(os.path.join(self.folder, "new"), secret)
        self.reload(server)
        uri = f"{server.endpoint}?auth=hmac-sha256&secret-file={secret}"
        self.do("quota", endpoint=uri)
        self.set_user("disabled = true\n")
        self.reload(server, 2)
        self.do("quota", endpoint=uri, status=10)

    def test_a_key_that_is_made_later_is_accepted_after_sighup(self):
        home = os.path.join(self.folder, "keys of the server")
        run("--home", home, "key", "new", "alice")
        self.endpoint = "tls://127.0.0.1:0"
        server = self.start_confined("--home", home)
        made = run("--home", home, "key", "new", "bob").stdout
        with open(os.path.join(self.root, "users", "bob.toml"), "w"):
            pass
        run("--home", os.path.join(self.folder, "state"), "key", "add", input=made)
        self.reload(server)
        port = server.endpoint.rsplit(":", 1)[1]
        self.do("quota", endpoint=f"tls://bob@127.0.0.1:{port}")

    def test_a_name_in_the_endpoint_leaves_no_thread_outside(self):
        secret = self.write_secret("secret")
        self.endpoint = "tcp://localhost:0"
        server = self.start_confined(
            uri_options=f"&user=alice&auth=hmac-sha256&secret-file={secret}")
        self.assertEqual(self.states(server), {("1", "2")})

    def test_a_directory_that_leads_elsewhere_since_is_told_with_what_to_do(self):
        secret = self.write_secret("secret")
        new = os.path.join(self.folder, "new")
        old = os.path.join(self.folder, "old")
        current = os.path.join(self.folder, "current")
        for folder in (new, old):
            os.mkdir(folder)
            os.link(secret, os.path.join(folder, "secret"))
        os.symlink(old, current)
        self.endpoint = "tcp://127.0.0.1:0"
        server = self.start_confined(
            uri_options=f"&user=alice&auth=hmac-sha256&secret-file={current}/secret")
        os.unlink(current)
        os.symlink(new, current)
        server.signal(signal.SIGHUP)
        server.line(r"error cannot reload.*hint: .*--confine off")

    def test_openssl_has_read_its_configuration_before(self):
        # With this one there are no digests.
        settings = os.path.join(self.folder, "openssl.cnf")
        with open(settings, "w") as file:
            file.write("openssl_conf = all\n[all]\nalg_section = some\n"
                       "[some]\ndefault_properties = provider=none\n")
        server = self.start_confined(command=("env", f"OPENSSL_CONF={settings}"))
        self.client(server).store("a", b"1")
        self.assertIn("does not have this digest", self.reported("sum", "a", status=10))

    def test_a_home_is_counted_while_it_is_confined(self):
        server = self.start_confined()
        self.client(server).store("a", b"12345")
        server.signal(signal.SIGKILL)
        server.end()
        os.unlink(os.path.join(self.folder, "s"))
        server = self.start_confined()
        self.client(server).store("b", b"1")
        self.wait_for(lambda: json.loads(self.do("quota", "--json"))["quota"]["bytes_used"] == 6)


class NotConfined(WithServer):
    def refused(self, *words, status, command=()):
        done = subprocess.run([*command, HOTLINE, "serve", *words], capture_output=True,
                              timeout=WAIT_S)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertIn(b"hint:", done.stderr)
        return done.stderr.decode()

    def test_a_missing_wall_is_reported_once_and_refused_if_it_is_required(self):
        for call in (LANDLOCK_CREATE_RULESET, SECCOMP):
            with self.subTest(call):
                without = failing(call, ENOSYS)
                server = self.start(command=without)
                server.line(PARTLY)
                self.client(server).store("a", b"1", 1)
                self.assertEqual(server.drain(), 0)
                lines = [each for each in server.lines if re.search(PARTLY, each or "")]
                self.assertEqual(len(lines), 1)
                self.assertIn("confine the program", self.refused(
                    f"files={self.endpoint}?root={self.root}", "--confine", "required", status=1,
                    command=without))
                self.assertFalse(os.path.exists(os.path.join(self.folder, "s")))

    def test_beside_another_service_it_is_not_confined(self):
        before = self.states_of("self")
        server = self.start(more=("upper=tcp://127.0.0.1:0",))
        self.assertIn("upper", server.line(PARTLY + ".*").group())
        self.assertEqual(self.states(server), before)
        self.assertEqual(server.drain(), 0)
        self.assertIn("'upper'", self.refused(
            f"files={self.folder}/t?root={self.root}".replace("files=", "files=unix://"),
            "upper=tcp://127.0.0.1:0", "--confine", "required", status=2))

    def test_it_can_be_switched_off(self):
        before = self.states_of("self")
        server = self.start("--confine", "off")
        self.assertEqual(self.states(server), before)
        self.client(server).store("a", b"1")
        self.assertEqual(server.drain(), 0)
        self.assertFalse(any(re.search("confined", each or "") for each in server.lines))


if __name__ == "__main__":
    unittest.main()
