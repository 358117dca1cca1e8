"""Which server gets an address: servers that start at once, restarts after a kill, and none."""
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import time
import unittest

from cli_support import WAIT_S, Program, Server, connect, fill, run

WORDS = ("serial", "loops:2", "threads:2", "processes:2")


def serving(endpoint, word):
    return ("serve", "--concurrency", word, f"upper={endpoint}")


def free_endpoint(scheme, folder):
    """An address that is free now."""
    if scheme in ("unix", "unixgram"):
        return f"{scheme}://{folder}/{scheme}"
    kind = socket.SOCK_STREAM if scheme == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return "%s://127.0.0.1:%d" % (scheme, probe.getsockname()[1])


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name


class Starting(WithFolder):
    def check_one_listens(self, endpoint, word):
        with Program(*serving(endpoint, word)) as one, Program(*serving(endpoint, word)) as other:
            first = [program.line(r"^(listening|error)").group(1) for program in (one, other)]
            self.assertEqual(sorted(first), ["error", "listening"], endpoint)
            loser, winner = (one, other) if first[0] == "error" else (other, one)
            self.assertEqual(loser.end(), 1)
            self.assertEqual(run("call", endpoint, "hello").stdout, b"HELLO\n")
            winner.signal(signal.SIGTERM)
            self.assertEqual(winner.end(), 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_at_once_on_one_address_one_of_two_servers_listens(self):
        for scheme in ("tcp", "udp", "unix", "unixgram"):
            for _ in range(4):
                for word in ("loops:2", "serial"):
                    with self.subTest(scheme=scheme, word=word):
                        self.check_one_listens(free_endpoint(scheme, self.folder), word)

    def test_at_ports_of_the_kernels_choice_no_two_share_one(self):
        for scheme in ("tcp", "udp"):
            servers = [Server(f"upper={scheme}://127.0.0.1:0",
                              options=("--concurrency", "loops:2")) for _ in range(6)]
            for server in servers:
                self.addCleanup(server.__exit__)
            self.assertEqual(len({server.endpoint for server in servers}), 6)

    def test_a_second_server_does_not_call_the_first(self):
        for scheme in ("unix", "unixgram"):
            endpoint = free_endpoint(scheme, self.folder)
            with Server(f"upper={endpoint}", options=("-v",)) as server:
                refused = run(*serving(endpoint, "serial"))
                self.assertEqual(refused.returncode, 1)
                self.assertIn(b"another program listens there already", refused.stderr)
                self.assertEqual(server.drain(), 0)
                self.assertIn("drained: 0 calls; under way at the end: 0 finished, 0 cut",
                              server.lines)


class Restarting(WithFolder):
    def test_at_once_after_a_kill_works_on_every_transport(self):
        for word in WORDS:
            for scheme in ("tcp", "udp", "unix", "unixgram"):
                endpoint = free_endpoint(scheme, self.folder)
                for _ in range(3):
                    with self.subTest(word=word, scheme=scheme), \
                            Program(*serving(endpoint, word)) as server:
                        server.line("^listening")
                        with connect(endpoint) as caller:
                            if scheme != "unixgram":
                                caller.sendall(b"hello\n")
                                self.assertEqual(caller.recv(100), b"HELLO\n")
                            server.process.kill()
                            server.end()
                if scheme in ("unix", "unixgram"):
                    os.unlink(f"{self.folder}/{scheme}")


class Permissions(WithFolder):
    def test_of_a_unix_path_are_those_asked_for_under_any_umask(self):
        for scheme in ("unix", "unixgram"):
            for mask in (0, 0o022, 0o077):
                endpoint = free_endpoint(scheme, self.folder)
                with self.subTest(scheme=scheme, umask=oct(mask)), \
                        Server(f"upper={endpoint}?mode=660",
                               preexec_fn=lambda mask=mask: os.umask(mask)):
                    found = os.stat(endpoint.split("://")[1]).st_mode
                    self.assertEqual(stat.S_IMODE(found), 0o660)


    def test_are_refused_where_there_is_no_path_that_could_have_them(self):
        name = "@" + os.path.basename(self.folder)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            number = listener.fileno()
            for service in ("upper=tcp://127.0.0.1:0", "upper=udp://127.0.0.1:0",
                            f"upper=unixgram:{name}", f"command=unix:{name}",
                            f"command=fd:{number}"):
                with self.subTest(service):
                    refused = run("serve", f"{service}?mode=600", pass_fds=(number,))
                    self.assertEqual(refused.returncode, 2)
                    self.assertIn(b"the option 'mode' is for a UNIX path", refused.stderr)

    def test_of_datagrams_for_the_owner_only_keep_others_out_or_nothing_is_served(self):
        path = f"{self.folder}/s"
        for mode in ("666", "660", "602"):
            with self.subTest(mode):
                refused = run("serve", f"upper=unixgram://{path}?allow=owner&mode={mode}")
                self.assertEqual(refused.returncode, 1)
                self.assertIn(b"mode=600", refused.stderr)
                self.assertFalse(os.path.exists(path))
        with Server(f"upper=unixgram://{path}?allow=owner"):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)


class Inherited(unittest.TestCase):
    def wait_refused(self, endpoint):
        deadline = time.monotonic() + WAIT_S
        with contextlib.suppress(ConnectionRefusedError):
            while True:
                # The listener may close on a caller who is not accepted yet, and resets it.
                with contextlib.suppress(ConnectionResetError):
                    connect(endpoint).close()
                self.assertLess(time.monotonic(), deadline, "callers are still taken")

    def test_callers_that_come_during_a_drain_are_refused(self):
        listener = socket.create_server(("127.0.0.1", 0))
        number = listener.fileno()
        port = listener.getsockname()[1]
        with Server(f"upper=fd:{number}", options=("--drain-timeout", "20s"),
                    pass_fds=(number,)) as server:
            listener.close()
            with connect(f"tcp://127.0.0.1:{port}") as caller:
                caller.sendall(b"x" * 100)
                self.assertEqual(len(caller.recv(100)), 100)
                # More than fits: the call stays under way.
                fill(caller)
                server.signal(signal.SIGTERM)
                self.wait_refused(f"tcp://127.0.0.1:{port}")
                self.assertIsNone(server.process.poll())
                server.signal(signal.SIGTERM)
                self.assertEqual(server.end(), 0)

    def test_socket_is_as_its_parent_had_it_after_the_end(self):
        for word in WORDS:
            for is_blocking in (True, False):
                with self.subTest(word=word, is_blocking=is_blocking), \
                        socket.create_server(("127.0.0.1", 0)) as listener:
                    listener.setblocking(is_blocking)
                    number = listener.fileno()
                    with Server(f"upper=fd:{number}", options=("--concurrency", word),
                                pass_fds=(number,)) as server:
                        port = listener.getsockname()[1]
                        self.assertEqual(
                            run("call", f"tcp://127.0.0.1:{port}", "hello").stdout, b"HELLO\n")
                        self.assertEqual(server.drain(), 0)
                    flags = fcntl.fcntl(number, fcntl.F_GETFL)
                    self.assertEqual(not flags & os.O_NONBLOCK, is_blocking)


ONE_PORT = 40000


def enter_network_of_one_port():
    """A network of its own where the kernel chooses ONE_PORT for every call."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_user, new_network, interface_up = 0x10000000, 0x40000000, 0x1
    if libc.unshare(new_network) and libc.unshare(new_user | new_network):
        raise OSError(ctypes.get_errno(), "unshare")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", interface_up))
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
        ports.write(f"{ONE_PORT} {ONE_PORT}")


def call_alone(*arguments):
    return run(*arguments, preexec_fn=enter_network_of_one_port)


class Calling(unittest.TestCase):
    def test_a_port_without_a_listener_never_reaches_the_caller_itself(self):
        try:
            call_alone("--version")
        except subprocess.SubprocessError:
            self.skipTest("no network of its own can be had here")
        for arguments in (("call", f"tcp://127.0.0.1:{ONE_PORT}", "hello"),
                          ("call", f"tcp://127.0.0.1:{ONE_PORT}?framing=u32be", "hello"),
                          ("call", f"udp://127.0.0.1:{ONE_PORT}", "hello"),
                          ("run", f"tcp://127.0.0.1:{ONE_PORT}", "--", "echo", "hi")):
            with self.subTest(arguments=arguments):
                called = call_alone(*arguments)
                self.assertNotEqual(called.returncode, 0)
                self.assertEqual(called.stdout, b"")
                self.assertIn(b"connection refused", called.stderr)


if __name__ == "__main__":
    unittest.main()
