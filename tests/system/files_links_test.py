"""Links and ways out of a home: the cases of rsync's and OpenSSH's suites that apply to files.

docs/reliability.md says which case is which test.
"""
import os
import resource
import socket
import unittest

from files_liar import CONTENT, DIRECTORY_ENTRY, FILE_ENTRY, LINK_ENTRY, Liar
from files_support import Relay, SharedFiles, content_of, tree

AT_ONCE = 32  # So many transfers of a command are under way.
WAYS = ("absolute", "relative", "inside", "dangling", "loop")


class LinksInAHome(SharedFiles):
    """A link cannot be made over the wire; an administrator may have put it there."""

    def setUp(self):
        super().setUp()
        self.plant("own/secret", b"mine")
        self.plant("own/sub/more", b"mine too")
        for name, target in (("absolute", self.outside), ("relative", "../../../outside"),
                             ("inside", "own"), ("dangling", "missing"), ("loop", "loop"),
                             ("file", self.outside + "/secret"), ("own_file", "own/secret")):
            os.symlink(target, os.path.join(self.home, name))
        self.write("f", b"new")
        self.before = tree(self.home)

    def refused(self, *command, status=10):
        self.do(*command, status=status)
        self.assertEqual(tree(self.home), self.before)
        self.assertEqual(tree(self.here), {"f": b"new"})

    def test_no_file_is_put_through_a_link(self):
        for way in WAYS:
            self.refused("put", "f", "--to", f"{way}/new")
            self.refused("put", "-f", "f", "--to", f"{way}/secret")

    def test_no_tree_is_put_through_a_link(self):
        os.mkdir(self.here + "/d")
        self.write("d/sub/more", b"new")
        here = tree(self.here)
        for way in WAYS:
            self.do("put", "-rf", "d", "--to", f"{way}/", status=10)
        self.assertEqual((tree(self.home), tree(self.here)), (self.before, here))

    def test_no_file_is_got_through_a_link(self):
        for way in WAYS:
            self.refused("get", f"{way}/secret", "--to", "got")
            self.refused("get", f"{way}/secret", "--to", "-")

    def test_no_directory_is_got_through_a_link(self):
        for way in WAYS:
            self.refused("get", "-r", f"{way}/sub", "--to", "got")

    def test_nothing_is_listed_through_a_link(self):
        for way in WAYS:
            self.assertEqual(self.do("ls", f"{way}/sub", status=10), b"")
            self.assertEqual(self.do("ls", f"{way}/*", status=10), b"")
            self.assertEqual(self.do("ls", "-r", way), f"{way}@\n".encode())

    def test_no_directory_is_made_through_a_link(self):
        for way in WAYS:
            self.refused("mkdir", f"{way}/new")
            self.refused("mkdir", "-p", f"{way}/new/deep")
            self.refused("mkdir", "-p", way)

    def test_nothing_is_removed_through_a_link(self):
        for way in WAYS:
            self.refused("rm", f"{way}/secret")
            self.refused("rm", "-r", f"{way}/sub")

    def test_nothing_is_moved_through_a_link(self):
        for way in WAYS:
            self.refused("mv", "own/secret", f"{way}/moved")
            self.refused("mv", "-f", "own/secret", f"{way}/secret")
            self.refused("mv", f"{way}/secret", "moved")

    def test_nothing_is_read_through_a_link_for_a_digest(self):
        for way in WAYS:
            self.assertEqual(self.do("sum", f"{way}/secret", status=10), b"")
        for link in ("file", "own_file"):
            self.assertEqual(self.do("sum", link, status=10), b"")

    def test_no_prompt_goes_into_a_link(self):
        for way in WAYS:
            shown = self.do("files", input=f"cd {way}\npwd\n".encode(), status=10)
            self.assertEqual(shown, b"")

    def test_a_link_is_not_got_as_what_it_leads_to(self):
        for link in ("file", "own_file", "absolute", "dangling"):
            self.refused("get", link, "--to", "got", status=1)
            self.refused("get", "-r", link, "--to", "got", status=1)

    def test_a_link_is_not_replaced_by_a_file(self):
        self.plant("g", b"1")
        self.before = tree(self.home)
        for link in ("file", "own_file", "absolute", "dangling"):
            self.refused("put", "f", "--to", link)
            self.refused("put", "-f", "f", "--to", link)
            self.refused("mv", "-f", "g", link)
        for link in ("absolute", "inside"):
            self.refused("put", "f", "--to", f"{link}/")

    def test_a_link_is_not_moved(self):
        for link in ("file", "inside", "dangling"):
            self.refused("mv", link, "moved")

    def test_a_link_is_removed_and_not_what_it_leads_to(self):
        for link in (*WAYS, "file", "own_file"):
            self.do("rm", link)
        self.assertEqual(tree(self.home), {"own": None, "own/secret": b"mine", "own/sub": None,
                                           "own/sub/more": b"mine too"})

    def test_a_tree_is_removed_without_what_its_links_lead_to(self):
        os.mkdir(self.home + "/d")
        for name, target in (("a", self.outside), ("b", "../own"), ("c", ".."), ("e", "gone")):
            os.symlink(target, f"{self.home}/d/{name}")
        self.do("rm", "-r", "d")
        self.assertEqual(tree(self.home), self.before)

    def test_a_tree_is_got_without_its_links(self):
        os.mkdir(self.here + "/back")
        said = self.reported("get", "-r", "/", "--to", "back", status=8)
        for link in (*WAYS, "file", "own_file"):
            self.assertIn(f"note: skipped {link}: it is not a file\n", said)
        self.assertEqual(tree(self.here + "/back"), {
            "own": None, "own/secret": b"mine", "own/sub": None, "own/sub/more": b"mine too"})

    def test_a_listing_shows_links_as_links_and_goes_into_none(self):
        self.assertEqual(self.do("ls", "-r").decode().split(), sorted(
            ["own/", "own/secret", "own/sub/", "own/sub/more"] +
            [f"{each}@" for each in (*WAYS, "file", "own_file")]))

    def test_patterns_match_links_and_nothing_behind_them(self):
        self.assertEqual(self.do("ls", "*/secret"), b"own/secret\n")
        self.assertEqual(self.do("ls", "**/more"), b"own/sub/more\n")
        self.assertEqual(self.do("ls", "*le"), b"file@\nown_file@\n")

    def test_a_file_with_another_name_outside_is_replaced_and_not_written_to(self):
        os.link(self.outside + "/secret", self.home + "/hard")
        self.do("put", "-f", "f", "--to", "hard")
        self.assertEqual(self.stored("hard"), b"new")

    def test_pipes_and_sockets_are_listed_and_removed_and_never_opened(self):
        os.mkfifo(self.home + "/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.home + "/socket")
        self.assertEqual(self.do("ls", "pipe"), b"pipe\n")
        for name in ("pipe", "socket"):
            self.do("get", name, status=1)
            self.do("get", "-r", name, status=1)
            self.do("sum", name, status=10)
            self.do("put", "-f", "f", "--to", name, status=10)
            self.do("rm", name)
        self.assertEqual(tree(self.home), self.before)


class Escapes(SharedFiles):
    WORDS = ("..", "../../../outside/secret", "d/..", "d/../d/a", "/../x",
             "d/../../../outside/secret", "d//a", "d/./a", "//d")

    def setUp(self):
        super().setUp()
        self.plant("d/a", b"1")
        self.write("f", b"new")
        self.before = tree(self.home), tree(self.here)

    def refused(self, *command, status):
        self.do(*command, status=status)
        self.assertEqual((tree(self.home), tree(self.here)), self.before)

    def test_a_name_to_be_made_leads_nowhere_by_dots(self):
        for word in self.WORDS:
            self.refused("put", "f", "--to", word, status=2)
            self.refused("put", "-", "--to", word, status=2)
            self.refused("mkdir", "-p", word, status=2)
            self.refused("mv", "d/a", word, status=2)

    def test_a_name_to_be_read_leads_nowhere_by_dots(self):
        for word in self.WORDS:
            for command in ("get", "ls", "sum"):
                self.refused(command, word, status=2)

    def test_a_name_to_be_removed_leads_nowhere_by_dots(self):
        for word in self.WORDS:
            self.refused("rm", "-r", word, status=2)
            self.refused("mv", word, "moved", status=2)

    def test_patterns_lead_nowhere_by_dots(self):
        for word, status in (("../*", 2), ("d/../*", 2), ("../outside/s*", 2), ("*/../../*", 10),
                             (".*/secret", 10)):
            for command in ("get", "ls", "rm"):
                self.refused(command, word, status=status)

    def test_an_absolute_path_begins_at_the_home(self):
        self.do("get", self.outside + "/secret", status=10)
        self.assertEqual(self.do("get", "/d/a", "--to", "-"), b"1")
        self.do("put", "f", "--to", self.outside + "/secret")
        self.assertEqual(self.stored(self.outside[1:] + "/secret"), b"new")

    def test_dots_at_the_prompt_end_at_the_home(self):
        shown = self.do("files", input=b"cd d/../../..\npwd\ncd d\ncat ../../../d/a\nls ..\n")
        self.assertEqual(shown, b"/\n1d/\n")
        self.do("files", input=b"get ../../../outside/secret\n", status=10)
        for word in (b"..", b"d/..", b"d/.", b"d/../.."):
            self.do("files", input=b"rm -r " + word + b"\n", status=2)
        self.assertEqual((tree(self.home), tree(self.here)), self.before)

    def test_the_home_itself_is_neither_removed_nor_moved(self):
        for word in ("/", ".", "./"):
            self.refused("rm", "-r", word, status=10)
        self.refused("mv", "/", "d/x", status=2)


class LinksHere(SharedFiles):
    """A directory into which files are got may be one into which others write."""

    def test_a_link_that_has_the_name_is_not_written_through(self):
        self.plant("a", b"new")
        for target in (self.outside + "/secret", self.outside + "/missing", "a"):
            os.symlink(target, self.here + "/a")
            self.do("get", "a", status=10)
            self.assertEqual(os.readlink(self.here + "/a"), target)
            self.do("get", "-f", "a", status=10)
            self.assertEqual(os.readlink(self.here + "/a"), target)
            os.unlink(self.here + "/a")

    def test_a_link_in_the_way_of_a_directory_is_not_followed(self):
        self.plant("d/sub/more", b"new")
        self.plant("d/sub/deep/secret", b"new")
        self.plant("d/z", b"new")
        os.mkdir(self.here + "/d")
        os.symlink(self.outside + "/sub", self.here + "/d/sub")
        self.do("get", "-rf", "d", status=8)
        self.assertEqual(tree(self.here), {"d": None, "d/sub": f"-> {self.outside}/sub",
                                           "d/z": b"new"})

    def test_a_link_instead_of_the_directory_is_not_followed(self):
        self.plant("d/more", b"new")
        os.symlink(self.outside, self.here + "/d")
        self.do("get", "-rf", "d", status=1)
        self.assertEqual(tree(self.here), {"d": f"-> {self.outside}"})

    def test_a_directory_that_the_user_names_may_be_a_link(self):
        self.plant("a", b"1")
        os.mkdir(self.here + "/real")
        os.symlink("real", self.here + "/link")
        self.do("get", "a", "--to", "link")
        self.assertEqual(self.read("real/a"), b"1")
        self.do("put", "link/a", "--to", "b")
        self.do("put", "-r", "link/", "--to", "all", status=1)
        self.assertEqual(self.stored("b"), b"1")

    def test_a_file_with_another_name_is_replaced_and_not_written_to(self):
        self.plant("a", b"new")
        os.link(self.outside + "/secret", self.here + "/a")
        self.do("get", "-f", "a")
        self.assertEqual(self.read("a"), b"new")

    def test_a_file_does_not_replace_a_directory_nor_the_other_way_round(self):
        self.plant("a", b"new")
        self.plant("d/b", b"new")
        self.write("a/kept", b"1")
        self.write("d", b"2")
        self.do("get", "-f", "a", status=10)
        self.do("get", "-rf", "d", status=1)
        self.assertEqual(tree(self.here), {"a": None, "a/kept": b"1", "d": b"2"})

    def test_links_of_a_tree_are_not_put(self):
        self.write("d/a", b"1")
        for name, target in (("absolute", self.outside), ("inside", "a"), ("dangling", "gone"),
                             ("whole", self.here + "/d/a"), ("loop", "loop"), ("up", "..")):
            os.symlink(target, f"{self.here}/d/{name}")
        said = self.reported("put", "-r", "d", status=8)
        self.assertEqual(said.count("note: skipped d/"), 6)
        self.assertEqual(tree(self.home), {"d": None, "d/a": b"1"})

    def test_links_that_are_followed_end_where_they_lead_nowhere(self):
        self.write("d/a", b"1")
        for name, target in (("out", self.outside), ("inside", "a"), ("dangling", "gone"),
                             ("loop", "loop"), ("up", ".")):
            os.symlink(target, f"{self.here}/d/{name}")
        said = self.reported("put", "-r", "d", "--links", "follow", status=8)
        self.assertEqual(said.count("note: skipped "), 3)
        self.assertEqual(tree(self.home), {
            "d": None, "d/a": b"1", "d/inside": b"1", "d/out": None, "d/out/secret": b"of others",
            "d/out/sub": None, "d/out/sub/more": b"of others too"})

    def test_more_links_are_followed_than_there_are_descriptors(self):
        for number in range(100):
            self.write(f"from/{number}/a", b"1")
            os.makedirs(f"{self.here}/d", exist_ok=True)
            os.symlink(f"../from/{number}", f"{self.here}/d/d{number}")
            os.symlink(f"../from/{number}/a", f"{self.here}/d/f{number}")
        self.do("put", "-r", "d", "--links", "follow", preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (128, 128)))
        self.assertEqual(len(tree(self.home)), 1 + 3 * 100)

    def test_hard_links_of_a_tree_are_files_of_their_own(self):
        self.write("d/a", b"1")
        os.link(self.here + "/d/a", self.here + "/d/b")
        self.do("put", "-r", "d")
        self.do("put", "-f", "-", "--to", "d/a", input=b"2")
        self.assertEqual((self.stored("d/a"), self.stored("d/b")), (b"2", b"1"))

    def test_pipes_and_sockets_of_a_tree_are_not_put(self):
        self.write("d/a", b"1")
        os.mkfifo(self.here + "/d/pipe")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.here + "/d/socket")
        self.do("put", "-r", "d", status=8)
        self.do("put", "d/pipe", "d/socket", status=1)
        self.assertEqual(tree(self.home), {"d": None, "d/a": b"1"})

    def test_a_directory_that_is_exchanged_for_a_link_after_it_was_listed_is_not_put(self):
        for i in range(AT_ONCE):
            self.write(f"first/{i}", content_of(256 << 10))
        self.write("d/sub/secret", b"1")

        def exchange():
            os.rename(self.here + "/d/sub", self.here + "/d/was")
            os.symlink(self.outside, self.here + "/d/sub")

        path = os.path.join(self.folder, "r")
        with Relay(path, os.path.join(self.folder, "s"), 200 << 10, True, at_limit=exchange):
            self.do("put", "-r", "first", "d", status=8, endpoint=f"unix://{path}")
        os.unlink(path)
        self.assertNotIn("d", os.listdir(self.home))


class Lies(SharedFiles):
    """A server may say what it wants: a client does not leave the directory that its user named."""

    def ask(self, entries, *words, status=0, refusal=None):
        path = os.path.join(self.folder, "liar")
        try:
            with Liar(path, entries, refusal):
                return self.reported(*words, status=status, endpoint=f"unix://{path}")
        finally:
            os.unlink(path)

    def test_names_below_the_directory_are_got(self):
        self.ask([("d", DIRECTORY_ENTRY), ("d/a", FILE_ENTRY), ("e/b", FILE_ENTRY)],
                 "get", "-r", "t")
        self.assertEqual(tree(self.here), {"t": None, "t/d": None, "t/d/a": CONTENT, "t/e": None,
                                           "t/e/b": CONTENT})

    def test_names_that_lead_out_of_the_directory_are_not_believed(self):
        for name in ("..", "../x", "d/../../x", "/x", self.outside + "/x", ".", "./x", "d//x", "",
                     "d/", "a\0b", "n" * 256, "/".join("d" * 65)):
            for kind in (FILE_ENTRY, DIRECTORY_ENTRY):
                self.ask([("a", FILE_ENTRY), (name, kind)], "get", "-rf", "t", status=7)
                self.assertEqual(tree(self.here), {})

    def test_names_that_were_not_asked_for_are_not_got(self):
        self.ask([("xa", FILE_ENTRY), (".bashrc", FILE_ENTRY), ("y", DIRECTORY_ENTRY)],
                 "get", "x*")
        self.assertEqual(tree(self.here), {"xa": CONTENT})
        self.ask([("xb/.bashrc", FILE_ENTRY)], "get", "x*", status=7)
        self.assertEqual(tree(self.here), {"xa": CONTENT})

    def test_a_name_that_is_listed_twice_is_got_once(self):
        self.ask([("a", FILE_ENTRY), ("a", FILE_ENTRY)], "get", "-r", "t", status=8)
        self.assertEqual(tree(self.here), {"t": None, "t/a": CONTENT})

    def test_a_link_that_is_listed_before_what_is_below_it_is_not_made(self):
        self.ask([("s", LINK_ENTRY), ("s/x", FILE_ENTRY)], "get", "-r", "t", status=8)
        self.assertEqual(tree(self.here), {"t": None, "t/s": None, "t/s/x": CONTENT})

    def test_a_file_that_is_listed_as_a_directory_too_is_one_of_them(self):
        self.ask([("a", FILE_ENTRY), ("a/b", FILE_ENTRY)], "get", "-r", "t", status=8)
        self.assertIn(tree(self.here), ({"t": None, "t/a": CONTENT},
                                        {"t": None, "t/a": None, "t/a/b": CONTENT}))

    def test_an_error_text_is_shown_escaped(self):
        for words in (("get", "x"), ("ls",), ("rm", "x"), ("mv", "x", "y"), ("mkdir", "x"),
                      ("sum", "x")):
            said = self.ask([], *words, status=10, refusal=b"\x1b[2Jgone\rnote: \xff\xc2\x9b")
            self.assertTrue(all(each == "\n" or each.isprintable() for each in said), said)


if __name__ == "__main__":
    unittest.main()
