"""`hotline mv` says why it fails, and what helps."""
from files_support import SharedFiles


class MvHints(SharedFiles):
    def setUp(self):
        super().setUp()
        for name in ("f", "g", "a/x", "b/y"):
            self.plant(name, b"1")

    def said(self, *words):
        return self.reported("mv", *words, status=10)

    def test_a_place_in_itself_is_named_as_one_for_files_too(self):
        for words in (("f", "f"), ("f", "f/x"), ("a", "a"), ("a", "a/x/y")):
            said = self.said(*words)
            self.assertIn(": its new place is itself, or in it\n", said)
            self.assertIn("hint: choose another target\n", said)

    def test_f_is_the_hint_for_two_files_only(self):
        self.assertIn("hint: -f replaces a file that has the name\n", self.said("f", "g"))
        for words in (("a", "b"), ("-f", "a", "b"), ("f", "a"), ("a", "f"), ("-f", "a", "f")):
            self.assertIn("hint: only a file replaces a file: remove what has the name first, or "
                          "end TO with '/'", self.said(*words))
        self.do("mv", "a", "b/")
