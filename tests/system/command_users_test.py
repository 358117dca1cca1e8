"""Which users' processes may call a service at a UNIX socket. Tests with another user need root and
are skipped otherwise."""
import os
import stat
import subprocess
import sys
import tempfile
import unittest

from command_support import plain, run
from interop_support import HOTLINE, WAIT_S, WORDS, Program, Server, uring_is_usable

NOBODY = 65534
CALL = """
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
call = socket.socket(socket.AF_UNIX)
call.settimeout(20)
try:
    call.connect(sys.argv[1].replace("@", "\\0"))
    call.sendall(sys.argv[2].encode())
    call.shutdown(socket.SHUT_WR)
    print(call.makefile().read(), end="")
except OSError as error:
    print(type(error).__name__)
"""

# Hands a listening socket over as descriptor 9.
INHERITED = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1].replace("@", "\\0"))
listener.listen()
os.dup2(listener.fileno(), 9)
os.execv(sys.argv[2], sys.argv[2:])
"""

as_root = unittest.skipIf(os.geteuid() != 0, "only root can be another user")


def nobody_calls(where, line="id -u"):
    """What another user gets, or the error."""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", CALL, where, line],
                          capture_output=True, timeout=WAIT_S, check=True)
    return done.stdout.decode()


class Users:
    options = ()

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "socket")
        self.name = "@" + os.path.basename(self.folder) + type(self).__name__

    def serve(self, *services, command=()):
        services = [plain(each) if each.startswith("command=") else each for each in services]
        return self.enterContext(Server(*command, HOTLINE, "serve", *self.options, *services,
                                        count=len(services)))

    def mode(self):
        return stat.S_IMODE(os.stat(self.path).st_mode)

    def test_the_own_user_is_answered(self):
        self.serve(f"command=unix:{self.name}", f"command=unix://{self.path}")
        for uri in (f"unix:{self.name}", f"unix://{self.path}"):
            self.assertEqual(run(plain(uri), "echo hello", linger="1ms"), b"hello\n")

    def test_a_path_is_for_the_own_user_whatever_the_umask(self):
        self.serve(f"command=unix://{self.path}", command=("sh", "-c", 'umask 0; exec "$@"', "sh"))
        self.assertEqual(self.mode(), 0o600)

    def test_the_mode_that_is_given_is_kept(self):
        self.serve(f"command=unix://{self.path}?mode=666")
        self.assertEqual(self.mode(), 0o666)

    @as_root
    def test_another_user_is_reset_at_a_name_and_nothing_is_run(self):
        file = os.path.join(self.folder, "file")
        server = self.serve(f"command=unix:{self.name}")
        said = nobody_calls(self.name, f"touch {file}")
        self.assertIn(said, ("", "ConnectionResetError\n", "BrokenPipeError\n"))
        server.matches("warning refused: the caller is not allowed.*"
                       "identity=uid:65534,gid:65534,pid:", 1)
        self.assertFalse(os.path.exists(file))
        self.assertEqual(run(plain(f"unix:{self.name}"), "echo hello", linger="1ms"), b"hello\n")

    @as_root
    def test_another_user_cannot_connect_to_a_path(self):
        self.serve(f"command=unix://{self.path}", command=("sh", "-c", 'umask 0; exec "$@"', "sh"))
        self.assertEqual(nobody_calls(self.path), "PermissionError\n")

    @as_root
    def test_another_user_is_answered_where_the_endpoint_says_so(self):
        self.serve(f"command=unix:{self.name}?allow=any", f"command=unix://{self.path}?mode=666")
        for where in (self.name, self.path):
            self.assertEqual(nobody_calls(where), "0\n")

    @as_root
    def test_any_service_can_be_for_the_own_user_only(self):
        server = self.serve(f"upper=unix:{self.name}?allow=owner", f"upper=unix:{self.name}-all")
        self.assertNotIn("HELLO", nobody_calls(self.name, "hello"))
        server.matches("refused: the caller is not allowed", 1)
        self.assertEqual(nobody_calls(self.name + "-all", "hello"), "HELLO")

    @as_root
    def test_a_user_or_a_group_can_be_listed_and_its_path_lets_it_in(self):
        for allowed in ("uid:65534", "uid:1,gid:65534", "owner,uid:65534"):
            with self.subTest(allowed):
                server = self.serve(f"command=unix:{self.name}{allowed}?allow={allowed}",
                                    f"command=unix://{self.path}{allowed}?allow={allowed}")
                for where in (self.name + allowed, self.path + allowed):
                    self.assertEqual(nobody_calls(where), "0\n")
                self.assertEqual(server.drain(), 0)

    def test_a_caller_that_is_not_listed_is_told_that_this_may_be_why(self):
        self.serve(f"upper=unix:{self.name}?allow=uid:65533")
        refused = subprocess.run([HOTLINE, "call", f"unix:{self.name}", "hello"],
                                 capture_output=True, timeout=WAIT_S)
        self.assertEqual((refused.returncode, refused.stdout), (1, b""))
        self.assertIn(b"allow this caller: its log says why", refused.stderr)

    @as_root
    def test_a_user_that_is_not_listed_is_reset_though_the_path_lets_it_in(self):
        server = self.serve(f"command=unix://{self.path}?allow=uid:65533,gid:0")
        self.assertEqual(self.mode(), 0o666)
        self.assertIn(nobody_calls(self.path), ("", "ConnectionResetError\n", "BrokenPipeError\n"))
        server.matches("refused: the caller is not allowed", 1)
        self.assertEqual(run(plain(f"unix://{self.path}"), "echo hello", linger="1ms"), b"hello\n"
                         if os.getegid() == 0 else b"")

    @as_root
    def test_root_is_answered_by_the_server_of_every_user(self):
        self.serve(f"command=unix:{self.name}",
                   command=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
        self.assertEqual(run(plain(f"unix:{self.name}"), "id -u", linger="1ms"), b"65534\n")

    @as_root
    def test_an_inherited_socket_is_for_the_own_user_too(self):
        with Server(sys.executable, "-c", INHERITED, self.name, HOTLINE, "serve", *self.options,
                    "command=fd:9?wire=plain") as server:
            self.assertNotIn("0", nobody_calls(self.name))
            server.matches("refused: the caller is not allowed", 1)
            said = run(plain(f"unix:{self.name}"), "echo hello", linger="1ms")
            self.assertEqual(said, b"hello\n")


for word, options in WORDS.items():
    made = type("Users" + word, (Users, unittest.TestCase),
                {"options": options, "__module__": __name__})
    if word == "UringLoops" and not uring_is_usable():
        made = unittest.skip("io_uring cannot be used here; see `hotline doctor`")(made)
    globals()[made.__name__] = made
del made


class Options(unittest.TestCase):
    def refused(self, service, why, status):
        with self.subTest(service), Program(HOTLINE, "serve", service) as program:
            self.assertEqual(program.finish(), status)
            self.assertRegex(program.lines[0], f"^error: .*{why}")
            self.assertRegex(program.lines[1], "^hint: ")

    def test_one_that_means_nothing_is_refused_with_a_hint(self):
        self.refused("upper=unix:@x?allow=root", "nothing proves the names", 2)
        self.refused("upper=tcp://127.0.0.1:0?source=127.0.0.1", "'source' is for calling", 2)
        self.refused("upper=tcp://127.0.0.1:0?allow=owner", "for UNIX sockets", 2)
        self.refused(f"upper=unixgram:@{os.getpid()}?allow=owner", "do not identify", 1)

    def test_a_caller_is_refused_an_option_that_only_a_server_has(self):
        for command in ("call", "run", "shell"):
            for option in ("allow=owner", "backlog=3", "mode=600"):
                with self.subTest(command=command, option=option):
                    words = ["hello"] if command != "shell" else []
                    done = subprocess.run([HOTLINE, command, f"unix:@absent?{option}", *words],
                                          stdin=subprocess.DEVNULL, capture_output=True,
                                          timeout=WAIT_S)
                    key = option.partition("=")[0]
                    self.assertIn(f"the option '{key}' is for listening\nhint: leave it out",
                                  done.stderr.decode())
                    self.assertEqual(done.returncode, 2)
        for command in ("run", "shell"):
            for option in ("timeout=1s", "cwd=/"):
                with self.subTest(command=command, option=option):
                    words = ["hello"] if command != "shell" else []
                    done = subprocess.run([HOTLINE, command, f"unix:@absent?{option}", *words],
                                          stdin=subprocess.DEVNULL, capture_output=True,
                                          timeout=WAIT_S)
                    self.assertIn("is for listening", done.stderr.decode())
                    self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
