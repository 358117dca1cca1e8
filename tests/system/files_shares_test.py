"""Shares of `hotline serve files=`: two users, each by a key of their own, and the operator."""
import json
import os
import signal
import tempfile
import time
import unittest

from cli_support import WAIT_S, Server, run
from files_support import read_file, tree, write_file

FAILED = 1
PARTIAL = 8
REFUSED = 10


class Shares(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.root = os.path.join(self.folder, "root")
        self.here = os.path.join(self.folder, "here")
        for each in (self.root, self.here):
            os.mkdir(each, 0o700)
        self.keys = os.path.join(self.folder, "server")
        self.operate("share", "add", "team", "--quota", "1KiB")
        for user, rights in (("alice", "rwod"), ("bob", "rw")):
            self.operate("user", "add", user, "--share", f"team={rights}")
            line = run("--home", self.keys, "key", "new", user).stdout
            added = run("--home", self.state(user), "key", "add", input=line)
            self.assertEqual(added.returncode, 0, added.stderr)
        self.audit = os.path.join(self.folder, "audit")
        self.serve()

    def state(self, user):
        return os.path.join(self.folder, "state-" + user)

    def serve(self):
        self.server = self.enterContext(
            Server(f"files=tls://127.0.0.1:0?root={self.root}&audit={self.audit}",
                   options=("--home", self.keys)))
        self.endpoint = self.server.endpoint

    def operate(self, *words, status=0):
        done = run("files", *words, "--root", self.root)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def reload(self, has_effect):
        """Lets the server read the users again, and waits until that has an effect."""
        self.server.signal(signal.SIGHUP)
        deadline = time.monotonic() + WAIT_S
        while not has_effect():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def done(self, user, command, *words, status=0):
        done = run("--home", self.state(user), command, self.endpoint, *words, cwd=self.here)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def shared(self):
        return tree(os.path.join(self.root, "shared", "team"))

    def lists(self, user):
        return self.done(user, "ls").stdout.decode().split()

    def test_two_users_work_in_one_share(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        write_file(os.path.join(self.here, "d", "b"), b"1")
        self.done("alice", "put", "a", "--to", "team/a")
        self.done("alice", "put", "-r", "d", "--to", "team/")
        self.assertEqual(self.lists("bob"), ["team/"])
        self.done("bob", "get", "-r", "team", "--to", "got")
        self.assertEqual(tree(os.path.join(self.here, "got")),
                         {"a": b"12345", "d": None, "d/b": b"1"})
        self.done("bob", "put", "a", "--to", "team/d/c")
        self.assertEqual(self.done("alice", "get", "team/d/c", "--to", "-").stdout, b"12345")
        self.assertEqual(sorted(self.shared()), ["a", "d", "d/b", "d/c"])
        self.assertEqual(tree(os.path.join(self.root, "homes")), {"alice": None, "bob": None})

    def test_what_is_refused_says_why_and_changes_nothing(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        write_file(os.path.join(self.here, "large"), bytes(2000))
        self.done("alice", "put", "a", "--to", "team/a")
        self.done("alice", "put", "a")
        before = self.shared()
        for user, command, reason in (
                ("bob", ["rm", "team/a"], "does not permit"),
                ("bob", ["put", "-f", "large", "--to", "team/a"], "does not permit"),
                ("bob", ["put", "large", "--to", "team/large"], "quota"),
                ("alice", ["put", "large", "--to", "team/large"], "quota"),
                ("alice", ["rm", "-r", "team"], "it is a share"),
                ("alice", ["mv", "team", "t"], "it is a share"),
                ("alice", ["mv", "-f", "a", "team"], "in use"),
                ("alice", ["mv", "a", "team/b"], "a share is stored apart: nothing is moved"),
                ("alice", ["mv", "a", "team/b"], "'hotline get', 'hotline put' and 'hotline rm'"),
                ("alice", ["mkdir", "team"], "in use")):
            with self.subTest(user=user, command=command):
                done = run("--home", self.state(user), command[0], self.endpoint, *command[1:],
                           cwd=self.here)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(reason, done.stderr.decode())
        self.assertEqual(self.shared(), before)

    def test_the_quota_of_a_share_is_shown_by_its_path(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        self.done("alice", "put", "a", "--to", "team/a")
        shown = json.loads(self.done("bob", "quota", "team", "--json").stdout)["quota"]
        self.assertEqual((shown["bytes_used"], shown["bytes_max"], shown["rights"]),
                         (5, 1024, "rw"))
        own = json.loads(self.done("bob", "quota", "--json").stdout)["quota"]
        self.assertEqual((own["bytes_used"], own["rights"]), (0, "rwod"))
        self.assertNotIn("bytes_max", own)

    def test_a_share_that_is_taken_away_is_gone_at_once(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        self.done("bob", "put", "a", "--to", "team/a")
        self.operate("user", "set", "bob", "--share", "team=none")
        self.reload(lambda: self.lists("bob") == [])
        self.assertEqual(self.lists("alice"), ["team/"])
        self.operate("user", "set", "bob", "--share", "team=none", status=1)
        self.operate("user", "set", "alice", "--share", "team=none")
        self.reload(lambda: self.lists("alice") == [])
        self.assertEqual(self.shared(), {"a": b"12345"})

    def test_nothing_for_a_share_that_is_not_there_goes_to_the_home(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        self.done("alice", "put", "a", "--to", "own")
        self.operate("share", "remove", "team")
        self.reload(lambda: run("--home", self.state("alice"), "get", self.endpoint, "team",
                                "-r", "--to", "none", "-n", cwd=self.here).returncode == REFUSED)
        for restarted in (False, True):
            with self.subTest(restarted=restarted):
                if restarted:
                    self.assertEqual(self.server.drain(), 0)
                    self.serve()
                self.assertEqual(self.lists("alice"), ["own", "team/"])
                for words in (["put", "a", "--to", "team/a"], ["mkdir", "team/d"]):
                    refused = run("--home", self.state("alice"), words[0], self.endpoint,
                                  *words[1:], cwd=self.here)
                    self.assertNotEqual(refused.returncode, 0)
        homes = tree(os.path.join(self.root, "homes"))
        self.assertEqual(homes["alice/own"], b"12345")
        self.assertNotIn("alice/team", homes)

    def test_a_share_is_counted_after_a_kill(self):
        write_file(os.path.join(self.here, "a"), bytes(600))
        self.done("alice", "put", "a", "--to", "team/a")
        self.server.process.kill()
        self.server.end()
        counted = self.operate("share", "recount", "team").stdout.decode()
        self.assertEqual(counted, "team: 600 bytes, 1 entries\n")
        self.serve()
        self.done("bob", "put", "a", "--to", "team/b", status=REFUSED)

    def test_a_change_in_a_share_is_recorded_with_who_has_made_it(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        self.done("bob", "put", "a", "--to", "team/a")
        self.done("alice", "rm", "team/a")
        self.assertEqual(self.server.drain(), 0)
        notes = [json.loads(line) for line in read_file(self.audit).splitlines()]
        self.assertEqual([(each["user"], each["path"], each["result"]) for each in notes],
                         [("bob", "team/a", "done"), ("alice", "team/a", "done")])

    def test_a_share_that_cannot_be_read_does_not_look_empty(self):
        write_file(os.path.join(self.here, "a"), b"12345")
        self.done("alice", "put", "a", "--to", "own/a")
        self.operate("share", "add", "aside")
        self.operate("user", "set", "alice", "--share", "aside=r")
        write_file(os.path.join(self.root, "shared", "aside"), b"not a directory")
        self.reload(lambda: "aside/" in self.lists("alice"))
        self.done("alice", "put", "a", "--to", "team/a")
        got = self.done("alice", "get", "-r", ".", "--to", "got", status=PARTIAL)
        listed = self.done("alice", "ls", "-r", status=FAILED)
        for done in (got, listed):
            self.assertIn("the share 'aside' cannot be read", done.stderr.decode())
            self.assertIn("see the log of the server", done.stderr.decode())
        self.assertEqual(listed.stdout.decode().split(),
                         ["aside/", "own/", "own/a", "team/", "team/a"])
        found = tree(os.path.join(self.here, "got"))
        self.assertEqual((found["own/a"], found["team/a"]), (b"12345", b"12345"))
        self.done("alice", "get", "-r", "aside", status=FAILED)
        self.done("alice", "ls", "aside", status=FAILED)

    def test_the_operator_keeps_shares(self):
        self.operate("share", "set", "team", "--quota", "none", "--entries", "5")
        listed = self.operate("share", "list", "--json").stdout
        self.assertEqual(json.loads(listed), {"v": 1, "name": "team", "entries_max": 5})
        users = self.operate("user", "list", "--json").stdout.splitlines()
        self.assertEqual([json.loads(each)["shares"] for each in users],
                         [{"team": "rwod"}, {"team": "rw"}])
        self.operate("share", "add", "team", status=1)
        self.operate("share", "add", "../team", status=2)
        self.operate("share", "set", "other", status=1)
        self.operate("share", "add", "docs", "--quota", "much", status=2)
        self.operate("user", "set", "bob", "--share", "docs=r", status=1)
        self.operate("user", "set", "bob", "--share", "team=x", status=2)
        self.operate("user", "set", "bob", "--share", "team", status=2)
        self.operate("share", "add", "docs")
        write_file(os.path.join(self.root, "homes", "bob", "docs"), b"own")
        refused = self.operate("user", "set", "bob", "--share", "docs=r", status=1)
        self.assertIn("has something named 'docs'", refused.stderr.decode())
