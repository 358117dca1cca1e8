"""Names, patterns and mistakes: the cases of rsync's and OpenSSH's suites that apply to files.

docs/reliability.md says which case is which test.
"""
import json
import os
import stat
import unittest

from files_support import MIB, Files, SharedFiles, content_of, tree, write_file

NAMES = (
    "two words", " first", "last ", 'a "quote"', "it's", "back\\slash", "at its end\\", 'both\\"',
    "star*", "[set]", "q?", "{a,b}", "~", "$HOME", "`touch x`", "$(touch x)", "; rm", "a&b", "a|b",
    "#", "!x", "a:b", "host:file", "%41", "%s%n", "...", "..a", ".hidden", "\u00fc", "u\u0308",
    "\U0001f4be", "\u202ename", "\u00a0", "case", "CASE", "n" * 255, "\u00e4" * 127)
DASHES = ("-r", "-", "--", "--to", "-f")
ODD = (b"line\nbreak", b"tab\t", b"\x1b[2J", b"\x7f", b"\xc2\x9b", b"\xff\xfe")


def owner_bits(path):
    return stat.S_IMODE(os.stat(path).st_mode) & 0o7700


class Names(SharedFiles):
    def test_names_of_every_kind_arrive_unchanged_with_their_tree(self):
        for name in NAMES + DASHES:
            self.write(f"d/{name}", name.encode())
            self.write(f"d/in/{name[:250]}/x", name.encode())
        self.do("put", "-r", "d")
        self.assertEqual(tree(self.home + "/d"), tree(self.here + "/d"))
        self.do("get", "-r", "d", "--to", "back")
        self.assertEqual(tree(self.here + "/back"), tree(self.home + "/d"))

    def test_names_of_every_kind_may_be_words(self):
        for name in NAMES:
            self.write(name, name.encode())
        self.do("put", *NAMES)
        self.assertEqual(tree(self.home), tree(self.here))
        self.assertEqual(self.do("sum", "--literal", *NAMES).count(b"\n"), len(NAMES))
        self.do("get", "--literal", *NAMES, "--to", "-")
        self.do("mkdir", *[f"d/{name}" for name in NAMES], "-p")
        self.assertEqual(sorted(os.listdir(self.home + "/d")), sorted(NAMES))
        self.do("rm", "--literal", *NAMES)
        self.assertEqual(os.listdir(self.home), ["d"])

    def test_names_that_begin_with_a_dash_follow_two_dashes_or_a_dot(self):
        for name in DASHES:
            self.write(name, name.encode())
        dotted = [f"./{name}" for name in DASHES]
        self.do("put", *dotted)
        self.assertEqual(tree(self.home), tree(self.here))
        self.do("put", "-f", "--", *[name for name in DASHES if name != "-"])
        self.do("get", "-f", "--", *DASHES)
        self.do("mv", "--", "-r", "-x")
        self.do("mkdir", "--", "-d")
        self.do("rm", "--", "-x", "-d", *DASHES[1:])
        self.assertEqual(os.listdir(self.home), [])

    def test_a_name_is_not_run_by_a_shell(self):
        self.write("`touch metachartest`", b"1")
        self.do("put", "`touch metachartest`")
        self.do("files", input=b"get -f '`touch metachartest`'\n!touch metachartest\n", status=2)
        self.assertEqual(os.listdir(self.here), ["`touch metachartest`"])

    def test_a_name_is_not_formed_anew(self):
        self.write("u\u0308", b"1")
        self.do("put", "u\u0308")
        self.do("get", "\u00fc", "--to", "x", status=10)
        self.assertEqual(os.listdir(self.home), ["u\u0308"])

    def test_nothing_new_has_a_name_that_harms_a_terminal(self):
        for name in ODD:
            self.write(f"d/{os.fsdecode(name)}", b"1")
        self.write("d/plain", b"2")
        for name in ODD:
            self.reported("put", b"d/" + name, status=10)
            self.reported("mkdir", name, status=10)
        said = self.reported("put", "-r", "d", status=8)
        self.assertTrue(all(each == "\n" or each.isprintable() for each in said), said)
        self.assertEqual(tree(self.home), {"d": None, "d/plain": b"2"})

    def test_such_names_that_are_there_are_shown_escaped_got_and_removed(self):
        for name in ODD:
            self.plant(os.fsdecode(b"d/" + name), name)
        for words in (("ls", "d"), ("ls", "-l", "d"), ("ls", "-r"), ("sum", "d/*"),
                      ("rm", "-n", "d/*"), ("get", "-rn", "d")):
            shown = self.do(*words)
            lines = shown.decode().splitlines()
            self.assertGreaterEqual(len(lines), len(ODD), words)
            self.assertTrue(all(line.isprintable() for line in lines), shown)
        for line in self.do("ls", "--json", "d").splitlines():
            json.loads(line)
        self.do("get", "-r", "d")
        self.assertEqual(tree(self.here), tree(self.home))
        for name in ODD:
            self.assertEqual(self.do("get", b"d/" + name, "--to", "-"), name)
        self.do("mv", b"d/" + ODD[0], "moved")
        self.do("rm", *[b"d/" + name for name in ODD[1:]])
        self.assertEqual(tree(self.home), {"d": None, "moved": ODD[0]})

    def test_long_names_in_long_paths_arrive_and_go(self):
        name = "This-is-a-directory-with-a-stupidly-long-name-" * 4
        path = "/".join([name[:175]] * 3)
        self.write(f"x/{path}/1", b"1")
        self.write("x/" + "d/" * 20 + "2", b"2")
        self.do("put", "-r", "x")
        self.assertEqual(tree(self.home), tree(self.here))
        self.do("get", "-r", "x", "--to", "back")
        self.assertEqual(tree(self.here + "/back"), tree(self.home + "/x"))
        self.do("rm", "-r", "x")
        self.assertEqual(tree(self.home), {})

    def test_what_is_too_long_or_too_deep_is_refused_and_the_rest_arrives(self):
        self.write("f", b"1")
        for word in ("n" * 256, "/".join("d" * 65), "/".join(["n" * 250] * 17)):
            self.do("put", "f", "--to", word, status=2)
            self.do("mkdir", "-p", word, status=2)
            self.do("get", word, status=2)
        self.write("x/d/d/d/d/a", b"2")
        self.write("x/b", b"3")
        self.do("put", "-r", "x", "--to", "d/" * 60, status=8)
        self.assertEqual(self.stored("d/" * 60 + "x/b"), b"3")
        self.assertEqual(os.listdir(self.home + "/d" * 60 + "/x"), ["b"])

    def test_a_tree_of_any_depth_is_refused_in_order(self):
        self.write("x/" + "d/" * 400 + "a", b"1")
        self.write("x/b", b"2")
        said = self.reported("put", "-r", "x", "--to", "d/" * 50, status=8)
        self.assertIn("over 64 components", said)
        self.assertEqual(self.stored("d/" * 50 + "x/b"), b"2")

    def test_a_slash_at_the_end_changes_nothing_but_what_a_target_is(self):
        self.write("d/a", b"1")
        self.do("put", "-r", "d/", "--to", "x")
        self.do("put", "-r", "d///", "--to", "y/")
        self.do("mkdir", "z/", "/w", "./v")
        self.assertEqual(tree(self.home), {
            "x": None, "x/a": b"1", "y": None, "y/d": None, "y/d/a": b"1", "z": None, "w": None,
            "v": None})
        self.assertEqual(self.do("ls", "x/"), self.do("ls", "/x"))
        self.do("get", "-r", "y/d/", "--to", "back")
        self.assertEqual(self.read("back/a"), b"1")
        self.do("mv", "x/", "z/")
        self.do("rm", "-r", "y/", "z/")
        self.do("rm", "w/", "v")
        self.assertEqual(tree(self.home), {})


class Patterns(SharedFiles):
    NAMES = ("g-wild*", "g-wildx", 'g-quote"', "g-sl\\ash", "g-slash\\", 'g-qs\\"', "g-q space")

    def setUp(self):
        super().setUp()
        for name in self.NAMES:
            self.plant(f"dir/{name}", name.encode())

    def shown(self, *lines):
        return self.do("files", input="".join(f"{each}\n" for each in lines).encode()).decode()

    def test_quotes_and_backslashes_at_the_prompt_name_one_file(self):
        for word, name in (
                ('g-wild"*"', "g-wild*"), ("g-wild\\*", "g-wild*"), ('g-quote\\"', 'g-quote"'),
                ('"g-quote\\""', 'g-quote"'), ("'g-quote\"'", 'g-quote"'),
                ("g-q\\ space", "g-q space"), ("'g-q space'", "g-q space"),
                ("g-sl\\\\ash", "g-sl\\ash"), ("'g-sl\\ash'", "g-sl\\ash"),
                ("g-slash\\\\", "g-slash\\"), ("'g-slash\\'", "g-slash\\"),
                ('g-qs\\\\\\"', 'g-qs\\"'), ("'g-qs\\\"'", 'g-qs\\"')):
            with self.subTest(word):
                self.assertEqual(self.shown("cd dir", f"cat {word}"), name)

    def test_patterns_at_the_prompt_match_files_and_directories(self):
        self.plant("dir/file", b"1")
        self.assertEqual(self.shown("ls dir/fil*", "ls d*"), "dir/file\ndir/\n")
        self.assertEqual(self.shown("cd dir", "cat g-sl*"), "g-sl\\ashg-slash\\")
        self.assertEqual(self.shown("cat dir/g-sl*h", "cat dir/*\\\\"), "g-sl\\ashg-slash\\")

    def test_patterns_of_the_shell_match_as_quoted_ones_do_not(self):
        self.assertEqual(self.do("get", "dir/g-wild\\*", "--to", "-"), b"g-wild*")
        self.assertEqual(self.do("get", "dir/g-wild*", "--to", "-"), b"g-wild*g-wildx")
        self.assertEqual(self.do("get", "--literal", "dir/g-wild*", "--to", "-"), b"g-wild*")
        self.assertEqual(self.do("get", "dir/g-sl\\ash", "--to", "-"), b"g-sl\\ash")

    def test_files_that_match_go_into_a_directory_that_is_there(self):
        self.do("get", "dir/g-wild*", "--to", "missing", status=1)
        os.mkdir(self.here + "/in")
        self.do("get", "dir/g-*", "--to", "in")
        self.assertEqual(sorted(os.listdir(self.here + "/in")), sorted(self.NAMES))
        self.shown(f"lcd '{self.here}/in'", "put g-* --to copy/", "mkdir all", "cd all",
                   "put g-wild*")
        self.assertEqual(sorted(os.listdir(self.home + "/copy")), sorted(self.NAMES))
        self.assertEqual(sorted(os.listdir(self.home + "/all")), ["g-wild*", "g-wildx"])

    def test_what_matches_nothing_is_a_failure(self):
        for command in ("get", "rm", "sum", "ls"):
            self.do(command, "dir/none*", status=10)
        self.do("files", input=b"put none*\n", status=1)
        self.do("get", "dir/none*", "dir/g-wildx", status=8)
        self.assertEqual(os.listdir(self.here), ["g-wildx"])


class Mistakes(SharedFiles):
    def setUp(self):
        super().setUp()
        self.write("a", b"a")
        self.write("b", b"b")

    def test_what_is_not_there_is_a_failure_and_leaves_nothing(self):
        self.do("get", "missing", "--to", "copy", status=10)
        self.do("put", "missing", "--to", "copy", status=1)
        self.do("mv", "missing", "copy", status=10)
        self.do("mv", "missing", "no/copy", status=10)
        self.do("rm", "missing", status=10)
        self.do("ls", "missing", status=10)
        self.assertEqual((tree(self.home), sorted(os.listdir(self.here))), ({}, ["a", "b"]))

    def test_several_files_do_not_go_into_one_file(self):
        self.plant("c", b"c")
        self.do("put", "-f", "a", "b", "--to", "c", status=10)
        self.do("put", "-f", "a", "b", "--to", "c/", status=10)
        self.assertEqual(tree(self.home), {"c": b"c"})
        self.plant("d", b"d")
        self.do("get", "-f", "c", "d", "--to", "a", status=1)
        self.do("get", "-f", "[cd]", "--to", "a", status=1)
        self.assertEqual(tree(self.here), {"a": b"a", "b": b"b"})

    def test_a_file_does_not_take_the_place_of_a_directory(self):
        self.plant("d/x", b"1")
        self.plant("f", b"2")
        for words in (("mv", "f", "d"), ("mv", "-f", "f", "d"), ("mv", "-f", "d", "f"),
                      ("put", "-f", "a", "--to", "f/"), ("mkdir", "f"), ("mkdir", "-p", "f"),
                      ("mkdir", "d"), ("mv", "d", "d/e"), ("mv", "f", "f/g"), ("rm", "d")):
            self.do(*words, status=10)
        self.write("g/d", b"3")
        self.do("put", "-rf", "g", "--to", "/", status=0)
        self.do("put", "-f", "g/d", status=10)
        self.assertEqual(tree(self.home), {"d": None, "d/x": b"1", "f": b"2", "g": None,
                                           "g/d": b"3"})

    def test_a_file_that_is_moved_onto_itself_stays(self):
        self.plant("f", b"1")
        self.do("mv", "-f", "f", "f", status=10)
        self.assertEqual(tree(self.home), {"f": b"1"})

    def test_a_directory_is_renamed_with_what_it_contains(self):
        self.plant("d/x/y", b"1")
        self.do("mv", "d", "e")
        self.do("mkdir", "d")
        self.do("rm", "d")
        self.assertEqual(tree(self.home), {"e": None, "e/x": None, "e/x/y": b"1"})

    def test_a_directory_goes_only_with_all_that_it_contains(self):
        self.write("d/x", b"1")
        self.do("put", "d", status=1)
        self.do("put", "-r", "d")
        self.do("get", "d", "--to", "back", status=1)
        self.do("rm", "d", status=10)
        self.assertEqual(tree(self.home), {"d": None, "d/x": b"1"})

    def test_the_same_source_many_times_arrives_once(self):
        self.write("d/x", b"1")
        self.do("put", "-r", *["d"] * 10, status=8)
        self.assertEqual(tree(self.home), {"d": None, "d/x": b"1"})
        os.mkdir(self.here + "/got")
        self.do("get", "-r", *["d"] * 10, "--to", "got", status=8)
        self.assertEqual(tree(self.here + "/got"), {"d": None, "d/x": b"1"})

    def test_of_files_of_the_same_name_the_first_arrives(self):
        self.write("x/f", b"1")
        self.write("y/f", b"2")
        self.do("put", "x/f", "y/f", status=8)
        self.assertEqual(tree(self.home), {"f": b"1"})

    def test_a_wrong_word_is_found_before_anything_is_done(self):
        self.plant("f", b"1")
        for words in (("mkdir", "d", "../x"), ("rm", "f", "../x"), ("get", "f", "../x"),
                      ("sum", "f", "../x"), ("put", "a", "--to", "../x"), ("mv", "f", "../x")):
            self.assertEqual(self.do(*words, status=2), b"")
        self.assertEqual((tree(self.home), sorted(os.listdir(self.here))),
                         ({"f": b"1"}, ["a", "b"]))

    def test_the_home_has_no_other_name(self):
        for words, status in ((("mkdir", "/"), 2), (("mkdir", "-p", "."), 2), (("mv", "/", "x"), 2),
                              (("sum", "/"), 10), (("rm", "-r", "/"), 10)):
            self.do(*words, status=status)
        self.do("put", "a", "--to", "/")
        self.plant("d/f", b"1")
        self.do("mv", "d/f", "/")
        self.assertEqual(tree(self.home), {"a": b"a", "d": None, "f": b"1"})

    def test_a_dry_run_changes_nothing(self):
        self.plant("d/f", b"1")
        for words in (("put", "-n", "a"), ("put", "-n", "-r", "."), ("get", "-n", "-r", "d"),
                      ("rm", "-n", "-r", "d")):
            self.assertNotEqual(self.do(*words), b"")
        self.assertEqual((tree(self.home), sorted(os.listdir(self.here))),
                         ({"d": None, "d/f": b"1"}, ["a", "b"]))

    def test_blanks_and_comments_are_no_commands_and_a_mistake_ends_a_script(self):
        shown = self.do("files", input=b"  # a comment\n\n\t\n  pwd\n")
        self.assertEqual(shown, b"/\n")
        self.do("files", input=f"lcd '{self.here}'\nput a\njajaja\nput b\n".encode(), status=2)
        self.assertEqual(tree(self.home), {"a": b"a"})


class Contents(SharedFiles):
    def test_an_empty_file_arrives_and_replaces(self):
        self.write("a", b"")
        self.plant("a", b"full")
        self.do("put", "-f", "a")
        self.assertEqual(self.stored("a"), b"")
        self.write("a", b"full")
        self.do("get", "-f", "a")
        self.assertEqual(self.read("a"), b"")
        self.assertEqual(self.do("get", "a", "--to", "-"), b"")

    def test_files_of_all_sizes_around_a_limit_arrive(self):
        for size in (1, 60 << 10, (60 << 10) + 1, MIB - 1, MIB, MIB + 1, 2 * MIB):
            self.write(f"d/{size}", content_of(size))
        self.do("put", "-r", "d")
        self.do("get", "-r", "d", "--to", "back")
        self.assertEqual(tree(self.here + "/back"), tree(self.here + "/d"))

    def test_a_file_with_holes_arrives_with_its_content(self):
        self.write("a", b"begin")
        with open(self.here + "/a", "r+b") as file:
            file.truncate(8 * MIB)
            file.seek(4 * MIB)
            file.write(b"middle")
        self.do("put", "a")
        self.do("get", "a", "--to", "b")
        self.assertEqual(self.read("b"), self.read("a"))

    def test_time_and_executable_bit_stay_and_no_other_bit_does(self):
        for mode in (0o600, 0o700, 0o644, 0o755, 0o4755, 0o2755, 0o444, 0o6711):
            name = f"{mode:o}"
            self.write(name, b"1")
            os.chmod(f"{self.here}/{name}", mode)
            os.utime(f"{self.here}/{name}", ns=(1, 1_234_567_890_123_456_789))
            self.do("put", name)
            self.do("get", name, "--to", "back")
            executable = mode & 0o100
            self.assertEqual(owner_bits(f"{self.home}/{name}"), 0o600 | executable)
            self.assertEqual(owner_bits(self.here + "/back") & 0o7100, executable)
            self.assertEqual(os.stat(self.here + "/back").st_mtime_ns, 1_234_567_890_123_456_789)
            os.unlink(self.here + "/back")

    def test_a_file_that_cannot_be_written_here_stays_and_the_others_arrive(self):
        for name in ("a", "b"):
            self.plant(f"d/{name}", b"new")
        self.write("d/a/full", b"1")
        self.do("get", "-rf", "d", status=8)
        self.assertEqual(tree(self.here), {"d": None, "d/a": None, "d/a/full": b"1",
                                           "d/b": b"new"})


class Rights(Files):
    def serve_with(self, rights):
        write_file(self.home + "/f", b"old")
        write_file(self.home + "/d/x", b"1")
        self.write("a", b"new")
        self.set_user(f'rights = "{rights}"\n')
        self.serve()

    def refused(self, *commands):
        before = tree(self.home)
        for words in commands:
            self.do(*words, status=10)
        self.assertEqual(tree(self.home), before)

    def test_a_home_that_may_only_be_read_is_not_changed(self):
        self.serve_with("r")
        self.refused(("put", "a"), ("put", "-f", "a", "--to", "f"), ("put", "-", "--to", "g"),
                     ("mkdir", "g"), ("rm", "f"), ("rm", "-r", "d"), ("mv", "f", "g"),
                     ("mv", "-f", "f", "d/x"), ("mv", "d", "g"))
        self.do("get", "-r", "f", "d")
        self.assertEqual(self.read("f"), b"old")
        self.do("sum", "f")
        self.assertEqual(self.do("ls"), b"d/\nf\n")

    def test_a_box_for_deliveries_is_neither_read_nor_emptied(self):
        self.serve_with("w")
        self.refused(("get", "f"), ("get", "-r", "d"), ("ls",), ("ls", "d"), ("sum", "f"),
                     ("put", "-f", "a", "--to", "f"), ("rm", "f"), ("rm", "-r", "d"),
                     ("mv", "f", "g"))
        self.do("put", "a", "--to", "d/a")
        self.do("mkdir", "g")
        self.assertEqual(tree(self.home), {"f": b"old", "d": None, "d/x": b"1", "d/a": b"new",
                                           "g": None})


if __name__ == "__main__":
    unittest.main()
