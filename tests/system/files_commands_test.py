"""`hotline put`, `get` and the others for files: what they promise, and their statuses."""
import hashlib
import json
import os
import resource
import signal
import stat
import subprocess
import unittest

from cli_support import Program, Server, run
from files_support import MIB, Files, Relay, content_of


class Transfers(Files):
    def test_files_and_directories_are_put_and_got(self):
        self.serve()
        self.write("d/empty", b"")
        self.write("d/e/small", b"12345")
        self.write("d/large", content_of(3 * MIB + 1))
        os.mkdir(os.path.join(self.here, "d/nothing"))
        self.do("put", "d", status=1)
        self.do("put", "-r", "d", "--to", "up/")
        self.assertEqual(self.stored("up/d/large"), self.read("d/large"))
        self.assertEqual(self.do("ls", "-r").split(), [
            b"up/", b"up/d/", b"up/d/e/", b"up/d/e/small", b"up/d/empty", b"up/d/large",
            b"up/d/nothing/"])
        self.do("get", "-r", "up/d", "--to", "back")
        self.assertEqual(self.read("back/large"), self.read("d/large"))
        self.assertEqual(sorted(os.listdir(self.here + "/back")),
                         ["e", "empty", "large", "nothing"])

    def test_a_name_in_use_is_replaced_only_with_force(self):
        self.serve()
        self.write("a", b"old")
        self.do("put", "a")
        self.write("a", b"new")
        self.do("put", "a", status=10)
        self.assertEqual(self.stored("a"), b"old")
        self.do("get", "a", status=10)
        self.assertEqual(self.read("a"), b"new")
        self.do("put", "-f", "a")
        self.assertEqual(self.stored("a"), b"new")
        self.write("a", b"other")
        self.do("get", "-f", "a")
        self.assertEqual(self.read("a"), b"new")

    def test_a_part_of_several_is_not_success(self):
        self.serve()
        self.write("a", b"1")
        self.do("put", "a", "missing", status=8)
        self.do("get", "a", "missing", "--to", self.folder, status=8)
        self.do("get", "missing", status=10)
        self.assertEqual(self.do("get", "a", "a", "--to", "-"), b"11")

    def test_standard_input_and_output_are_files(self):
        self.serve()
        content = content_of(2 * MIB + 7)
        self.do("put", "-", "--to", "x", input=content)
        self.assertEqual(self.do("get", "x", "--to", "-"), content)

    def test_a_standard_output_that_fails_is_named_and_not_retried(self):
        self.serve()
        self.do("put", "-", "--to", "x", input=content_of(2 * MIB))
        with open("/dev/full", "wb") as full:
            failed = self.run_command("get", "x", "--to", "-", stdout=full)
        self.assertEqual(failed.returncode, 1)
        self.assertIn(b"error: cannot write to standard output: ", failed.stderr)
        self.assertNotIn(b"trying again", failed.stderr)
        read, write = os.pipe()
        os.close(read)
        failed = self.run_command("get", "x", "x", "--to", "-", stdout=write)
        os.close(write)
        self.assertEqual((failed.returncode, failed.stderr), (1, b""))

    def test_a_directory_that_cannot_be_read_is_skipped(self):
        # It is another user who cannot read it, if this one may read all.
        user = os.getuid() or 65534
        self.write("d/a", b"1")
        self.write("d/secret/b", b"2")
        self.write("d/z", b"3")
        if user != os.getuid():
            os.chmod(self.folder, 0o711)
            for folder, _, _ in os.walk(self.here):
                os.chmod(folder, 0o755)
        os.chmod(self.here + "/d/secret", 0)
        with open(os.path.join(self.root, "users", "alice.toml"), "w") as file:
            file.write(f"uid = {user}\n")
        self.serve()
        os.chmod(self.folder + "/s", 0o777)
        put = self.run_command("put", "-r", "d", user=None if user == os.getuid() else user,
                               stdout=subprocess.DEVNULL)
        os.chmod(self.here + "/d/secret", 0o700)
        self.assertEqual(put.returncode, 8, put.stderr)
        self.assertIn(b"note: skipped d/secret: ", put.stderr)
        self.assertEqual(sorted(os.listdir(self.home + "/d")), ["a", "z"])

    def test_links_are_skipped_or_followed(self):
        self.serve()
        self.write("d/a", b"1")
        self.write("else/b", b"2")
        os.symlink("../else/b", self.here + "/d/file")
        os.symlink("../else", self.here + "/d/folder")
        os.symlink("..", self.here + "/d/above")
        os.symlink("d/a", self.here + "/top")
        self.do("put", "-r", "d", status=8)
        self.assertEqual(os.listdir(self.home + "/d"), ["a"])
        self.do("put", "top", status=1)
        self.do("put", "top", "--links", "follow")
        self.assertEqual(self.stored("top"), b"1")
        os.unlink(self.here + "/d/above")
        self.do("put", "-r", "d", "--links", "follow", "--to", "all/")
        self.assertEqual(self.stored("all/d/folder/b"), b"2")
        os.symlink(".", self.here + "/d/again")
        self.do("put", "-r", "d", "--links", "follow", "--to", "some/", status=8)
        self.assertEqual(sorted(os.listdir(self.home + "/some/d")), ["a", "file", "folder"])

    def test_a_link_to_a_directory_that_cannot_be_read_says_so(self):
        user = os.getuid() or 65534
        self.write("else/b", b"2")
        self.write("d/a", b"1")
        os.symlink("../else", self.here + "/d/folder")
        os.chmod(self.folder, 0o711)
        for folder, _, _ in os.walk(self.here):
            os.chmod(folder, 0o755)
        os.chmod(self.here + "/else", 0)
        with open(os.path.join(self.root, "users", "alice.toml"), "w") as file:
            file.write(f"uid = {user}\n")
        self.serve()
        os.chmod(self.folder + "/s", 0o777)
        put = self.run_command("put", "-r", "d", "--links", "follow", stdout=subprocess.DEVNULL,
                               user=None if user == os.getuid() else user)
        os.chmod(self.here + "/else", 0o700)
        self.assertEqual(put.returncode, 8, put.stderr)
        self.assertRegex(put.stderr, b"note: skipped d/folder: .*[Pp]ermission denied")

    def test_a_literal_name_is_no_pattern(self):
        self.serve()
        for name in ("a*", "ab"):
            self.write(name, b"1")
        self.do("put", "a*", "ab")
        self.assertEqual(self.do("ls", "--literal", "a*"), b"a*\n")
        self.do("rm", "--literal", "a*")
        self.assertEqual(self.do("ls"), b"ab\n")

    def test_a_signal_asks_how_far_a_transfer_is(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        path = os.path.join(self.folder, "r")
        relay = self.enterContext(
            Relay(path, os.path.join(self.folder, "s"), 4 * MIB, True, stalls=True))
        with Program("put", f"unix://{path}", "a", cwd=self.here) as put:
            self.assertTrue(relay.limit_reached.wait(30))
            put.signal(signal.SIGUSR1)
            put.line(r"^note: put 0/1 file  \d.* of 8")

    def test_the_quota_and_the_rights_hold(self):
        self.set_user('quota = 10000\nrights = "rw"\n')
        self.serve()
        self.write("a", content_of(6000))
        self.write("b", content_of(6000))
        self.do("put", "a")
        self.do("put", "b", status=10)
        self.do("rm", "a", status=10)
        self.assertEqual(os.listdir(self.home), ["a"])
        self.assertIn(b"rights: read, write\n", self.do("quota"))

    def test_all_rights_are_named_as_the_pages_name_them(self):
        self.serve()
        self.assertIn(b"rights: read, write, overwrite, delete\n", self.do("quota"))

    def test_more_files_are_put_than_descriptors_are_left(self):
        self.serve()
        names = [f"f{i}" for i in range(200)]
        for name in names:
            self.write(name, b"1")
        self.do("put", *names, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                                    (96, 96)))
        self.assertEqual(len(os.listdir(self.home)), len(names))

    def test_what_is_got_has_the_mode_that_the_umask_leaves(self):
        self.serve()
        self.do("put", "-", "--to", "d/e/f", input=b"1")
        for umask, folder, file in ((0, 0o777, 0o666), (0o22, 0o755, 0o644), (0o777, 0o700, 0)):
            to = f"{umask:o}"
            self.do("get", "-r", "d", "--to", to, umask=umask)
            modes = [stat.S_IMODE(os.stat(os.path.join(self.here, to, each)).st_mode)
                     for each in ("", "e", "e/f")]
            self.assertEqual(modes, [folder, folder, file])

    def test_names_are_changed_removed_and_summed(self):
        self.serve()
        self.do("mkdir", "a/b", status=10)
        self.do("mkdir", "-p", "a/b")
        self.write("f", b"12345")
        self.do("put", "f")
        self.do("mv", "f", "a/b/")
        self.assertEqual(self.do("sum", "a/**").decode(),
                         hashlib.sha256(b"12345").hexdigest() + "  a/b/f\n")
        self.assertEqual(json.loads(self.do("ls", "--json", "a/b"))["file"]["size"], 5)
        self.do("mkdir", "b")
        taken = self.run_command("mv", "b", "a", stdout=subprocess.DEVNULL)
        self.assertEqual(taken.returncode, 10)
        self.assertIn(b"'b' to 'a': the name is in use", taken.stderr)
        self.do("rm", "b")
        for refused in (("rm", "a"), ("rm", "-r", "."), ("sum", "a"), ("ls", "z*")):
            self.do(*refused, status=10)
        self.assertEqual(self.do("rm", "-n", "-r", "a"), b"a/b/f\na/b\na\n")
        self.assertEqual(self.do("rm", "-n", "a"), b"a\n")
        self.assertEqual([json.loads(line)["path"] for line in self.do(
            "rm", "-n", "-r", "--json", "a").splitlines()], ["a/b/f", "a/b", "a"])
        self.do("rm", "-r", "a")
        self.assertEqual(self.do("ls"), b"")

    def test_json_has_numbers_letters_and_times_with_a_zone(self):
        self.set_user('quota = "10GiB"\nrights = "rw"\n')
        self.serve()
        self.write("a", b"1")
        os.utime(self.here + "/a", (1_000_000_000, 1_000_000_000))
        self.do("put", "a")
        quota = json.loads(self.do("quota", "--json"))["quota"]
        self.assertEqual((quota["bytes_max"], quota["rights"]), (10 << 30, "rw"))
        file = json.loads(self.do("ls", "--json"))["file"]
        self.assertEqual(file["modified"], "2001-09-09T01:46:40Z")

    def test_the_users_are_objects_with_numbers_and_mistakes_have_a_status_of_their_own(self):
        def user(*words, status=0):
            done = run("files", "user", *words, "--root", self.root)
            self.assertEqual(done.returncode, status, done.stderr)
            return done
        added = json.loads(user("add", "bob", "--quota", "1KiB", "--json").stdout)
        self.assertEqual((added["bytes_max"], added["rights"], added.get("entries_max")),
                         (1024, "rwod", None))
        user("set", "bob", "--quota", "lots", status=2)
        user("set", "bob", "--rights", "rx", status=2)
        user("add", "No", status=2)
        user("add", "bob", status=1)
        unknown = user("recount", "nosuch", status=1)
        self.assertIn(b"nosuch: there is no such user\n", unknown.stderr)

    def test_a_home_for_all_callers_needs_its_user(self):
        refused = run("serve", f"files={self.endpoint}?root={self.root}&user=nosuch")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(b"there is no such user in ", refused.stderr)
        self.assertIn(b"hint: 'hotline files user add ", refused.stderr)

    def test_a_directory_for_what_is_got_must_be_there(self):
        self.serve()
        self.do("put", "-", "--to", "a", input=b"1")
        refused = self.run_command("get", "a", "--to", "new/", stdout=subprocess.DEVNULL)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"hint: --to does not make a directory: make 'new/' first", refused.stderr)


class Losses(Files):
    def relayed(self, limit, **how):
        path = os.path.join(self.folder, "r")
        return self.enterContext(Relay(path, os.path.join(self.folder, "s"), limit, **how))

    def notes(self, command, *words):
        """Standard error of a command that is done through the relay."""
        done = run("--home", os.path.join(self.folder, "state"), command,
                   f"unix://{self.folder}/r", *words, cwd=self.here)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr.decode()

    def test_transfers_go_on_after_a_loss_of_the_connection(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        relay = self.relayed(4 * MIB, upwards=True)
        said = self.notes("put", "a")
        self.assertRegex(said, r"note: a goes on at [1-4]\.0 MiB\n")
        self.assertTrue(relay.limit_reached.is_set())
        self.assertEqual(self.stored("a"), self.read("a"))
        os.unlink(self.folder + "/r")
        relay = self.relayed(4 * MIB, upwards=False)
        said = self.notes("get", "a", "--to", "b")
        self.assertRegex(said, r"note: a goes on at [1-4]\.0 MiB\n")
        self.assertTrue(relay.limit_reached.is_set())
        self.assertEqual(self.read("b"), self.read("a"))

    def test_a_loss_that_lasts_is_a_failure_and_leaves_no_file(self):
        self.serve()
        self.do("put", "-", "--to", "a", input=content_of(8 * MIB))
        relay = self.relayed(4 * MIB, upwards=False)
        through = f"unix://{self.folder}/r"
        self.do("get", "a", "--retry-for", "0s", status=5, endpoint=through)
        names = os.listdir(self.here)
        self.assertTrue(all(each.endswith(".part") for each in names), names)
        self.do("get", "a", endpoint=through)
        self.assertEqual(self.read("a"), content_of(8 * MIB))
        self.assertLess([count for up, count in relay.passed if not up][1], 8 * MIB)
        self.assertEqual(os.listdir(self.here), ["a"])

    def test_a_server_that_is_not_there_is_shown_once(self):
        for command in ("sum", "rm", "mkdir"):
            failed = self.run_command(command, "a", "b", "c", stdout=subprocess.DEVNULL)
            self.assertEqual(failed.returncode, 5)
            self.assertEqual(failed.stderr.count(b"error: "), 1, failed.stderr)

    def test_a_signal_ends_a_transfer_and_says_how_it_continues(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        relay = self.relayed(4 * MIB, upwards=True, stalls=True)
        through = f"unix://{self.folder}/r"
        with Program("put", through, "a", cwd=self.here) as put:
            self.assertTrue(relay.limit_reached.wait(30))
            put.signal(signal.SIGINT)
            put.line("the same command goes on")
            self.assertEqual(put.end(), -signal.SIGINT)
        self.assertEqual(self.do("ls"), b"")
        self.do("put", "a", endpoint=through)
        self.assertEqual(self.stored("a"), content_of(8 * MIB))
        self.assertLess([count for up, count in relay.passed if up][1], 8 * MIB)

    def break_off_put(self, name):
        """Leaves an unfinished upload."""
        relay = self.relayed(4 * MIB, upwards=True, stalls=True)
        with Program("put", f"unix://{self.folder}/r", name, cwd=self.here) as put:
            self.assertTrue(relay.limit_reached.wait(30))
            put.signal(signal.SIGINT)
            self.assertEqual(put.end(), -signal.SIGINT)

    def uploads(self, *words, **how):
        return self.do("files", self.endpoint, *words, endpoint="uploads", **how)

    def test_unfinished_uploads_are_listed_and_dropped(self):
        self.serve()
        for name in ("a", "b", "c"):
            self.write(name, content_of(8 * MIB))
            self.break_off_put(name)
            os.unlink(self.folder + "/r")
        upload = json.loads(self.uploads("--json").split(b"\n")[0])["upload"]
        self.assertEqual(upload["size"], 8 * MIB)
        self.assertLess(upload["kept"], 8 * MIB)
        self.assertRegex(self.uploads(), rb"(?m)^KEPT .*\n.* 8.0 MiB .* [0-9a-f]{32} +[abc]$")
        self.uploads("--drop", "missing", status=10)
        self.uploads("--drop", "/a", "--drop", "missing", status=8)
        self.uploads("--drop", "b")
        last = json.loads(self.uploads("--json"))["upload"]
        self.assertEqual(last["path"], "c")
        self.do("mkdir", "d")
        drop = f"cd d\nuploads --drop {last['key']} --drop {last['key']} --drop /c\n"
        self.do("files", input=drop.encode())
        self.assertEqual(self.uploads(), b"")
        self.assertEqual(json.loads(self.do("quota", "--json"))["quota"]["bytes_reserved"], 0)

    def test_an_upload_whose_name_is_taken_stays_for_a_put_that_replaces(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        self.break_off_put("a")
        self.do("put", "-", "--to", "a", input=b"12")
        self.do("put", "a", status=10, endpoint=f"unix://{self.folder}/r")
        self.assertEqual(self.stored("a"), b"12")
        self.assertIn(b" a\n", self.uploads())
        self.do("put", "-f", "a", endpoint=f"unix://{self.folder}/r")
        self.assertEqual(self.stored("a"), content_of(8 * MIB))
        self.assertEqual(self.uploads(), b"")

    def test_no_server_and_another_server_are_told_apart(self):
        self.do("ls", status=5)
        other = self.enterContext(Server(f"upper=unix://{self.folder}/e"))
        self.do("ls", status=7, endpoint=other.endpoint)
        os.unlink(os.path.join(self.root, "users", "alice.toml"))
        self.serve()
        self.do("ls", status=10)

    def test_a_server_that_is_busy_is_noted(self):
        self.enterContext(
            Server(f"files={self.endpoint}?root={self.root}&connections-per-user=1"))
        with Program("files", self.endpoint, stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE) as first:
            first.process.stdin.write(b"pwd\n")
            first.process.stdin.flush()
            self.assertEqual(first.process.stdout.readline(), b"/\n")
            second = self.run_command("ls", "--retry-for", "1s")
            self.assertEqual(second.returncode, 1)
            self.assertIn(b"note: the server refuses it for now, trying again: ", second.stderr)


if __name__ == "__main__":
    unittest.main()
