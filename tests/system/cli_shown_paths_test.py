"""Errors show paths as the user would write them."""
import os

from files_support import Files, SharedFiles


class ShownPaths(SharedFiles):
    def said(self, *words, status):
        return self.reported(*words, status=status)

    def test_a_file_here_is_shown_without_the_directory_here(self):
        self.assertIn(" nofile: not found\n", self.said("put", "nofile", status=1))
        os.mkdir(self.here + "/d")
        self.assertIn(" d/nofile: not found\n", self.said("put", "d/nofile", status=1))
        self.assertIn(" /nofile: not found\n", self.said("put", "/nofile", status=1))

    def test_a_file_that_is_got_is_shown_with_one_slash(self):
        self.plant("x", b"1")
        os.makedirs(self.here + "/got/x")
        for words in (("x",), ("-f", "x")):
            said = self.said("get", *words, "--to", "got/", status=10)
            self.assertIn(" 'got/x': it is a directory\n", said)

    def test_an_empty_name_is_a_mistake(self):
        self.assertIn("error: FILE is empty\nhint: ", self.said("put", "", status=2))

    def test_the_home_has_a_name(self):
        self.assertIn("note: skipped /: it is a directory", self.said("get", "", status=1))
        self.assertIn("'/' is not a file\n", self.said("sum", "/", status=10))


class Strangers(Files):
    def test_the_home_that_a_caller_does_not_have_has_a_name_too(self):
        os.unlink(f"{self.root}/users/alice.toml")
        self.serve()
        self.assertIn(": '/': ", self.reported("ls", status=10))
