"""A pattern that matches a directory and what is below it means each path once."""
from files_support import SharedFiles, tree


class CoveredMatches(SharedFiles):
    def setUp(self):
        super().setUp()
        for name in ("t/f", "t/u/f", "t/u/v/g", "kept"):
            self.plant(name, name.encode())

    def test_a_tree_is_removed_once(self):
        self.assertEqual(self.reported("rm", "-r", "t/**"), "")
        self.assertEqual(tree(self.home), {"t": None, "kept": b"kept"})

    def test_each_path_that_would_be_removed_is_printed_once(self):
        self.assertEqual(sorted(self.do("rm", "-rn", "t/**").split()),
                         [b"t/f", b"t/u", b"t/u/f", b"t/u/v", b"t/u/v/g"])

    def test_each_file_is_got_once(self):
        self.write("cw/other", b"1")
        self.do("get", "-r", "t/**", "--to", "cw/")
        self.assertEqual(tree(self.here + "/cw"), {
            "other": b"1", "f": b"t/f", "u": None, "u/f": b"t/u/f", "u/v": None,
            "u/v/g": b"t/u/v/g"})

    def test_each_digest_is_printed_once(self):
        self.assertEqual([line.split()[1] for line in self.do("sum", "t/**").splitlines()],
                         [b"t/f", b"t/u/f", b"t/u/v/g"])

    def test_without_r_what_matches_stays_as_it_is(self):
        self.do("rm", "t/**/g")
        self.assertEqual(tree(self.home + "/t"),
                         {"f": b"t/f", "u": None, "u/f": b"t/u/f", "u/v": None})
