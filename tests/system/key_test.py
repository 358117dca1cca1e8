"""`hotline key`: the lines it prints and takes, and its files, also when it is killed."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import pty
import re
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from cli_support import HOTLINE, WAIT_S, ended, run

LINE = re.compile(rb"hotline-key-1:([0-9a-f]{32}):([\w.-]{1,64}):([\w-]{43}):([\w-]{8})\n")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
KILLS = 40


def secret_of(line):
    return base64.urlsafe_b64decode(LINE.fullmatch(line).group(3) + b"=")


def derive(line):
    """The identity and key of TLS, as docs/wire/tls.md says: HKDF-SHA256 without a salt."""
    server, name = (each.decode() for each in LINE.fullmatch(line).group(1, 2))
    extracted = hmac.new(bytes(32), secret_of(line), hashlib.sha256).digest()
    info = f"hotline-tls v1|{server}|{name}|client".encode()
    key = hmac.new(extracted, info + b"\1", hashlib.sha256)
    return f"hotline1:{server}:{name}", key.hexdigest()


class WithHomes(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.server = os.path.join(self.folder, "server")
        self.caller = os.path.join(self.folder, "caller")

    def key(self, home, *arguments, status=0, **options):
        done = run("key", *arguments, "--home", home, **options)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def new(self, name, home=None):
        return self.key(home or self.server, "new", name).stdout

    def listed(self, home):
        lines = self.key(home, "list", "--json").stdout.splitlines()
        return [(each["name"], each["list"]) for each in map(json.loads, lines)]

    def refused(self, home, *arguments, **options):
        """The error and the hint of a command that fails."""
        done = self.key(home, *arguments, status=1, **options)
        self.assertEqual(done.stdout, b"")
        error, hint = done.stderr.decode().splitlines()
        return error.removeprefix("error: "), hint.removeprefix("hint: ")


class Lines(WithHomes):
    def test_new_prints_one_line_and_nothing_else(self):
        made = self.key(self.server, "new", "alice")
        self.assertRegex(made.stdout, LINE)
        self.assertEqual(made.stdout.count(b"\n"), 1)
        self.assertEqual(made.stderr, b"")

    def test_the_checksum_is_as_documented(self):
        text, checksum = self.new("alice").strip().rsplit(b":", 1)
        expected = base64.urlsafe_b64encode(hashlib.sha256(text).digest()[:6])
        self.assertEqual(checksum, expected)

    def test_add_takes_the_line_from_a_pipe(self):
        made = subprocess.Popen([HOTLINE, "key", "new", "alice", "--home", self.server],
                                stdout=subprocess.PIPE)
        with ended(made):
            added = subprocess.run([HOTLINE, "key", "add", "--home", self.caller],
                                   stdin=made.stdout, capture_output=True, timeout=WAIT_S)
        self.assertEqual((added.returncode, added.stderr), (0, b""))
        self.assertEqual(self.listed(self.server), [("alice", "callers")])
        self.assertEqual(self.listed(self.caller), [("alice", "credentials")])

    def test_add_prompts_at_a_terminal_and_takes_one_line(self):
        line = self.new("alice")
        control, terminal = pty.openpty()
        with ended(subprocess.Popen([HOTLINE, "key", "add", "--home", self.caller],
                                    stdin=terminal, stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE)) as adding:
            os.close(terminal)
            os.write(control, line)
            output, error = adding.communicate(timeout=WAIT_S)
        os.close(control)
        self.assertEqual((adding.returncode, error), (0, b"paste the line of the key: "))
        self.assertIn(b"added the key 'alice'", output)

    def test_adding_again_is_no_failure(self):
        line = self.new("alice")
        self.key(self.caller, "add", input=line)
        self.assertIn(b"already", self.key(self.caller, "add", input=line).stdout)
        self.assertEqual(len(self.listed(self.caller)), 1)

    def test_a_line_that_is_cut_or_mistyped_is_refused_with_what_is_wrong(self):
        line = self.new("alice").strip()
        other = b"A" if line[60:61] != b"A" else b"B"
        for given, wrong in ((b"", "there is none"), (b"hello", "not the line of a key"),
                             (line[:70], "cut off"), (line[:-1], "cut off"),
                             (line[:60] + other + line[61:], "checksum"),
                             (line.replace(b"key-1", b"key-7"), "version is 7"),
                             (line + b"\n" + line, "more than one line")):
            with self.subTest(given=given[:60]):
                error, hint = self.refused(self.caller, "add", input=given)
                self.assertIn(wrong, error)
                self.assertTrue(hint)
        self.assertFalse(os.path.exists(self.caller))

    def test_a_key_whose_line_could_not_be_printed_is_not_kept(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([HOTLINE, "key", "new", "alice", "--home", self.server],
                                  stdout=full, stderr=subprocess.PIPE, timeout=WAIT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"cannot write to standard output", done.stderr)
        self.assertEqual(self.listed(self.server), [])

    def test_json(self):
        made = json.loads(self.key(self.server, "new", "alice", "--json").stdout)
        self.assertRegex(made["key"].encode() + b"\n", LINE)
        added = self.key(self.caller, "add", "--json", input=made["key"].encode()).stdout
        added = json.loads(added)
        self.assertEqual((added["v"], added["added"]), (1, "alice"))
        listed = json.loads(self.key(self.caller, "list", "--json").stdout)
        self.assertEqual((listed["name"], listed["list"]), ("alice", "credentials"))
        self.assertEqual(listed["server"], added["server"])
        self.assertRegex(listed["created"], TIME)
        removed = json.loads(self.key(self.caller, "remove", "alice", "--json").stdout)
        self.assertEqual(removed, listed)


class Listing(WithHomes):
    def test_shows_names_lists_servers_and_times_but_no_secrets(self):
        line = self.new("alice")
        text = self.key(self.server, "list").stdout.decode()
        heading, row = text.splitlines()
        self.assertEqual(heading.split(), ["NAME", "LIST", "SERVER", "CREATED"])
        name, held_in, server, created = row.split()
        self.assertEqual((name, held_in), ("alice", "callers"))
        self.assertEqual(server, line.split(b":")[1].decode()[:8])
        self.assertRegex(created, TIME)
        for form in ([], ["--json"]):
            shown = self.key(self.server, "list", *form).stdout
            self.assertNotIn(line.split(b":")[3][:10], shown)

    def test_says_that_there_are_none(self):
        done = self.key(self.server, "list")
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"there are no keys in ", done.stderr)
        self.assertEqual(self.key(self.server, "list", "--json").stdout, b"")


class Removing(WithHomes):
    def test_says_from_which_list(self):
        self.key(self.caller, "add", input=self.new("alice"))
        self.assertIn(b"from callers", self.key(self.server, "remove", "alice").stdout)
        self.assertIn(b"from credentials", self.key(self.caller, "remove", "alice").stdout)
        self.assertEqual(self.listed(self.server) + self.listed(self.caller), [])

    def test_needs_to_know_which_of_several(self):
        ids = []
        for home in (self.server, os.path.join(self.folder, "other")):
            line = self.new("alice", home)
            ids.append(line.split(b":")[1].decode())
            self.key(self.caller, "add", input=line)
        error, hint = self.refused(self.caller, "remove", "alice")
        self.assertIn("there are 2", error)
        self.assertIn("--server", hint)
        self.key(self.caller, "remove", "alice", "--server", ids[0][:12])
        left = json.loads(self.key(self.caller, "list", "--json").stdout)
        self.assertEqual(left["server"], ids[1])

    def test_a_key_of_both_lists_is_removed_from_the_one_that_is_named(self):
        self.key(self.server, "add", input=self.new("me"))
        self.refused(self.server, "remove", "me")
        self.key(self.server, "remove", "me", "--from", "callers")
        self.assertEqual(self.listed(self.server), [("me", "credentials")])

    def test_an_unknown_key_is_an_error(self):
        error, hint = self.refused(self.server, "remove", "alice")
        self.assertEqual(error, "cannot find the key 'alice': there is none")
        self.assertIn("hotline key list", hint)


class Exporting(WithHomes):
    def test_both_sides_export_what_python_derives(self):
        line = self.new("alice")
        self.key(self.caller, "add", input=line)
        identity, key = derive(line)
        for home in (self.server, self.caller):
            done = self.key(home, "export", "--openssl", "alice")
            self.assertEqual(done.stdout.decode(), f"-psk_identity {identity} -psk {key}\n")
            self.assertIn(b"note: every user of this machine can see", done.stderr)
        exported = json.loads(self.key(self.caller, "export", "--openssl", "alice",
                                       "--json").stdout)
        self.assertEqual((exported["identity"], exported["key"]), (identity, key))


class Files(WithHomes):
    def path(self, name="callers"):
        return os.path.join(self.server, "keys", name)

    def test_are_for_their_owner_only(self):
        previous = os.umask(0)
        self.addCleanup(os.umask, previous)
        self.new("alice")
        for path, mode in ((self.server, 0o700), (self.path("."), 0o700), (self.path(), 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode, path)

    def test_that_others_can_read_are_refused_with_the_command_that_mends_it(self):
        self.new("alice")
        for path, wrong, right in ((self.path(), 0o644, "600"),
                                   (self.server + "/keys", 0o750, "700")):
            os.chmod(path, wrong)
            for arguments in (["list"], ["new", "bob"], ["remove", "alice"],
                              ["export", "--openssl", "alice"]):
                error, hint = self.refused(self.server, *arguments)
                self.assertIn(path, error)
                self.assertEqual(hint, f"chmod {right} {path}")
            subprocess.run(hint.split(), check=True)
            self.assertEqual(len(self.listed(self.server)), 1)

    def test_that_are_bad_are_refused_with_path_and_line(self):
        self.new("alice")
        self.new("bob")
        with open(self.path(), "rb") as file:
            content = file.read()
        for bad, line in ((b"", 1), (content[:20], 1), (content[:120], 2),
                          (content[:-8], 3), (content[:-1], 4),
                          (content.replace(b":alice:", b":alicf:"), 2),
                          (content.replace(b":bob:", b":alice:"), 3),
                          (content.replace(b"end 2", b"end 3"), 4)):
            with self.subTest(line=line, bad=bad[:40]):
                with open(self.path(), "wb") as file:
                    file.write(bad)
                error, hint = self.refused(self.server, "new", "carol")
                self.assertIn(f"{self.path()}:{line}: ", error)
                self.assertTrue(hint)
                with open(self.path(), "rb") as file:
                    self.assertEqual(file.read(), bad)

    def test_that_are_not_plain_are_refused(self):
        self.new("alice")
        os.rename(self.path(), self.path("moved"))
        for make in (lambda path: os.symlink("moved", path), os.mkdir, os.mkfifo):
            make(self.path())
            error, _ = self.refused(self.server, "list")
            self.assertIn(self.path(), error)
            (os.rmdir if os.path.isdir(self.path()) else os.unlink)(self.path())

    @unittest.skipUnless(os.geteuid() == 0, "only root can give a file away")
    def test_of_another_user_are_refused(self):
        self.new("alice")
        os.chown(self.path(), 65534, 65534)
        self.assertIn("it belongs to user 65534", self.refused(self.server, "list")[0])

    def test_are_found_without_a_named_home(self):
        environment = {"HOME": self.folder, "PATH": os.environ["PATH"]}
        made = run("key", "new", "alice", env=environment)
        self.assertEqual((made.returncode, made.stderr), (0, b""))
        self.assertTrue(os.path.exists(self.folder + "/.local/share/hotline/keys/callers"))
        nowhere = run("key", "new", "alice", env={"PATH": os.environ["PATH"]})
        self.assertEqual(nowhere.returncode, 1)
        self.assertIn(b"--home DIR", nowhere.stderr)


class Duress(WithHomes):
    def test_two_programs_that_make_keys_at_the_same_time_lose_none(self):
        names = [f"{prefix}{number}" for number in range(10) for prefix in "ab"]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            lines = list(pool.map(self.new, names))
        self.assertEqual(sorted(self.listed(self.server)),
                         sorted((name, "callers") for name in names))
        self.assertEqual(len({line.split(b":")[1] for line in lines}), 1)
        self.assertEqual(len(set(map(secret_of, lines))), len(names))

    def test_one_name_is_given_to_one_of_two_programs(self):
        def make(_):
            return run("key", "new", "alice", "--home", self.server).returncode
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            self.assertEqual(sorted(pool.map(make, range(2))), [0, 1])

    def test_a_kill_at_any_moment_leaves_all_keys_that_there_were(self):
        known = []
        for number in range(KILLS):
            name = f"k{number}"
            with ended(subprocess.Popen([HOTLINE, "key", "new", name, "--home", self.server],
                                        stdout=subprocess.PIPE)) as making:
                # Sooner and later moments of its few milliseconds: any of them must do.
                time.sleep(number * 0.0003)
                making.send_signal(signal.SIGKILL)
                printed = making.communicate(timeout=WAIT_S)[0]
            names = [each for each, _ in self.listed(self.server)]
            self.assertEqual([each for each in names if each in known], known)
            if printed:
                self.assertIn(name, names)
            known = names
        self.new("last")
        self.assertEqual(set(os.listdir(self.server + "/keys")), {"callers"})

    def test_the_lock_of_another_program_is_waited_for(self):
        self.new("alice")
        with ended(subprocess.Popen(
                ["flock", self.server + "/keys", "sh", "-c", "echo; read line"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as holder:
            holder.stdout.readline()
            with ended(subprocess.Popen([HOTLINE, "key", "new", "bob", "--home", self.server],
                                        stdout=subprocess.PIPE)) as waiting:
                self.assertEqual(self.listed(self.server), [("alice", "callers")])
                holder.communicate(b"\n", timeout=WAIT_S)
                self.assertRegex(waiting.communicate(timeout=WAIT_S)[0], LINE)
        self.assertEqual(len(self.listed(self.server)), 2)


if __name__ == "__main__":
    unittest.main()
