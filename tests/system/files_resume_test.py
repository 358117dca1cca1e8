"""Transfers that broke off and go on: the cases of rsync's and OpenSSH's suites that apply.

docs/reliability.md says which case is which test. What goes on is one version of a file, or
begins anew.
"""
import os
import signal
import unittest

from cli_support import Program
from files_support import MIB, Relay, SharedFiles, content_of, tree

SIZE, BREAK = 4 * MIB, 3 * MIB


def other_content():
    return bytes(reversed(content_of(SIZE)))


class Resumes(SharedFiles):
    def setUp(self):
        super().setUp()
        self.way = os.path.join(self.folder, "r")

    def break_off(self, command, *words, how=signal.SIGINT):
        """Ends a command in the middle of its content."""
        with Relay(self.way, os.path.join(self.folder, "s"), BREAK, command == "put",
                   stalls=True) as relay:
            with Program("--home", os.path.join(self.folder, "state"), command,
                         f"unix://{self.way}", *words, cwd=self.here) as program:
                self.assertTrue(relay.limit_reached.wait(30))
                program.signal(how)
                self.assertEqual(program.end(), -how)
        os.unlink(self.way)

    def go_on(self, command, *words, status=0):
        """Standard error of the same command."""
        with Relay(self.way, os.path.join(self.folder, "s"), None, True):
            said = self.reported(command, *words, status=status, endpoint=f"unix://{self.way}")
        os.unlink(self.way)
        return said


class Uploads(Resumes):
    def setUp(self):
        super().setUp()
        self.write("a", content_of(SIZE))
        self.break_off("put", "a")
        self.assertEqual(tree(self.home), {})

    def arrives(self, content, *words):
        said = self.go_on("put", *words, "a")
        self.assertEqual(tree(self.home), {"a": content})
        return said

    def test_the_same_file_goes_on(self):
        self.assertRegex(self.arrives(content_of(SIZE)), r"a goes on at [1-3]\.0 MiB")

    def test_other_content_of_the_same_size_and_time_is_another_file(self):
        before = os.stat(self.here + "/a")
        self.write("a", other_content())
        os.utime(self.here + "/a", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.assertNotIn("goes on", self.arrives(other_content()))

    def test_a_file_that_has_grown_is_put_as_it_is_now(self):
        self.write("a", content_of(SIZE) + b"more")
        self.arrives(content_of(SIZE) + b"more")

    def test_a_file_that_has_shrunk_is_put_as_it_is_now(self):
        self.write("a", content_of(SIZE)[:2 * MIB])
        self.arrives(content_of(SIZE)[:2 * MIB])

    def test_another_file_with_the_name_is_put_as_it_is(self):
        os.rename(self.here + "/a", self.here + "/b")
        self.write("a", other_content())
        self.arrives(other_content())
        os.rename(self.here + "/b", self.here + "/a")
        self.arrives(content_of(SIZE), "-f")

    def test_a_name_that_has_become_a_directory_takes_the_file_into_it(self):
        os.mkdir(self.home + "/a")
        self.go_on("put", "-f", "a", "--to", "a")
        self.assertEqual(tree(self.home), {"a": None, "a/a": content_of(SIZE)})

    def test_a_link_that_has_the_name_is_left(self):
        os.symlink(self.outside + "/secret", self.home + "/a")
        self.go_on("put", "-f", "a", status=10)
        self.assertEqual(tree(self.home), {"a": f"-> {self.outside}/secret"})

    def test_a_directory_on_the_way_that_has_become_a_link_is_not_followed(self):
        self.break_off("put", "a", "--to", "d/a")
        os.symlink(self.outside, self.home + "/d")
        self.go_on("put", "-f", "a", "--to", "d/a", status=10)
        self.assertEqual(tree(self.home), {"d": f"-> {self.outside}"})

    def test_a_program_that_was_killed_goes_on(self):
        self.break_off("put", "a", "--to", "b", how=signal.SIGKILL)
        self.assertRegex(self.go_on("put", "a", "--to", "b"), "b goes on at")
        self.assertEqual(self.stored("b"), content_of(SIZE))


class Downloads(Resumes):
    def setUp(self):
        super().setUp()
        self.plant("a", content_of(SIZE))
        self.break_off("get", "a")
        (self.part,) = os.listdir(self.here)
        self.assertRegex(self.part, r"^\.a\.[0-9a-f]{8}\.part$")
        self.part = os.path.join(self.here, self.part)

    def arrives(self, content, *words):
        said = self.go_on("get", *words, "a")
        self.assertEqual(self.read("a"), content)
        return said

    def test_what_is_whole_goes_on(self):
        self.assertRegex(self.arrives(content_of(SIZE)), r"a goes on at [1-3]\.0 MiB")
        self.assertEqual(os.listdir(self.here), ["a"])

    def test_a_part_that_was_changed_is_put_right(self):
        with open(self.part, "r+b") as file:
            file.write(b"changed")
        said = self.arrives(content_of(SIZE))
        # The change may be found before anything has come.
        if "goes on" in said:
            self.assertIn("a goes back to 0 B\n", said)
        self.assertEqual(os.listdir(self.here), ["a"])

    def test_a_part_that_was_cut_or_lengthened_is_put_right(self):
        os.truncate(self.part, MIB + 7)
        self.arrives(content_of(SIZE))
        os.unlink(self.here + "/a")
        self.break_off("get", "a")
        (part,) = os.listdir(self.here)
        with open(f"{self.here}/{part}", "ab") as file:
            file.write(content_of(2 * SIZE))
        self.arrives(content_of(SIZE))
        self.assertEqual(os.listdir(self.here), ["a"])

    def test_a_part_that_is_gone_begins_anew(self):
        os.unlink(self.part)
        self.assertNotIn("goes on", self.arrives(content_of(SIZE)))

    def test_a_link_that_has_the_name_of_the_part_is_not_written_through(self):
        os.unlink(self.part)
        os.symlink(self.outside + "/secret", self.part)
        self.arrives(content_of(SIZE))

    def test_a_hard_link_that_has_the_name_of_the_part_is_not_written_to(self):
        os.unlink(self.part)
        os.link(self.outside + "/secret", self.part)
        self.arrives(content_of(SIZE))

    def test_a_pipe_that_has_the_name_of_the_part_is_not_opened(self):
        os.unlink(self.part)
        os.mkfifo(self.part)
        self.arrives(content_of(SIZE))

    def test_a_file_that_has_changed_at_the_server_comes_as_it_is_now(self):
        self.do("put", "-f", "-", "--to", "a", input=other_content())
        self.arrives(other_content())
        self.assertEqual(os.listdir(self.here), ["a"])

    def test_a_file_that_was_written_again_at_the_server_comes_as_it_is_now(self):
        before = os.stat(self.home + "/a")
        self.plant("a", other_content())
        os.utime(self.home + "/a", ns=(before.st_atime_ns, before.st_mtime_ns))
        self.arrives(other_content())

    def test_a_file_that_has_shrunk_at_the_server_comes_as_it_is_now(self):
        self.plant("a", b"short")
        self.arrives(b"short")

    def test_a_file_that_is_gone_at_the_server_is_a_failure(self):
        self.do("rm", "a")
        self.go_on("get", "a", status=10)
        self.assertFalse(os.path.exists(self.here + "/a"))

    def test_a_name_that_has_come_into_use_is_left(self):
        self.write("a", b"mine")
        self.go_on("get", "a", status=10)
        self.assertEqual(self.read("a"), b"mine")
        self.arrives(content_of(SIZE), "-f")

    def test_another_target_is_another_download(self):
        self.go_on("get", "a", "--to", "b")
        self.assertEqual(self.read("b"), content_of(SIZE))
        self.assertTrue(os.path.exists(self.part))


if __name__ == "__main__":
    unittest.main()
