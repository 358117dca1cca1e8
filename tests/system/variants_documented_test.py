"""What the program knows of framings, wires and endpoints is what its pages and its help list."""
import os
import re
import unittest

from cli_support import ROOT, run


def hint_of(*arguments):
    """The hint of a refusal, as one line."""
    said = run(*arguments).stderr.decode()
    return re.search(r"^hint: (.*)$", said, re.MULTILINE)[1]


def listed(hint):
    """The names in `the framings are raw, lines and mp`."""
    return re.split(r", | and ", hint.partition(" are ")[2])


def rows_of(page):
    """The first cells of the tables of a page, where they are code."""
    with open(os.path.join(ROOT, "docs", page), encoding="utf-8") as file:
        return re.findall(r"^\| `([^`]+)` \|", file.read(), re.MULTILINE)


class Documented(unittest.TestCase):
    def test_every_framing_has_a_row_in_the_order_of_the_program(self):
        known = listed(hint_of("call", "tcp://127.0.0.1:1?framing=none", "x"))
        self.assertEqual(rows_of("wire/framing.md"), known)
        self.assertIn("mp", known)

    def test_every_framing_has_a_section_of_its_own(self):
        known = listed(hint_of("call", "tcp://127.0.0.1:1?framing=none", "x"))
        with open(os.path.join(ROOT, "docs/wire/framing.md"), encoding="utf-8") as file:
            headings = [each for line in re.findall(r"^## (.*)$", file.read(), re.MULTILINE)
                        for each in line.split(", ")]
        self.assertEqual([each for each in headings if each in known], known)

    def test_every_wire_has_a_row_in_the_order_of_the_program(self):
        known = listed(hint_of("run", "tcp://127.0.0.1:1?wire=none", "--", "x"))
        # The first one has a page of its own.
        with open(os.path.join(ROOT, "docs/wire/remote.md"), encoding="utf-8") as page:
            self.assertIn(f"`wire={known[0]}`", page.readline())
        self.assertEqual(rows_of("wire/command.md"), known[1:])
        self.assertIn("i32", known)

    def test_every_challenge_has_a_row_in_the_order_of_the_program(self):
        known = listed(hint_of("call", "tcp://127.0.0.1:1?auth=none", "x"))
        self.assertEqual(rows_of("wire/challenge.md"), known)
        self.assertIn("mp", known)

    def test_every_option_of_a_socket_is_in_the_help(self):
        known = (listed(hint_of("serve", "upper=udp://127.0.0.1:1?none=1")) +
                 listed(hint_of("call", "tls://127.0.0.1:1?none=1", "x")))
        text = run("help", "endpoints").stdout.decode()
        self.assertIn("v6only", known)
        self.assertIn("server", known)
        for name in known:
            self.assertRegex(text, rf"(?m)^  {re.escape(name)}=")

    def test_every_scheme_and_framing_is_in_the_help(self):
        schemes = listed(hint_of("call", "none://127.0.0.1:1", "x"))
        framings = listed(hint_of("call", "tcp://127.0.0.1:1?framing=none", "x"))
        text = run("help", "endpoints").stdout.decode()
        for scheme in schemes:
            self.assertRegex(text, rf"(?m)^  {scheme}:")
        for framing in framings:
            self.assertRegex(text, rf"\b{re.escape(framing)}\b")


if __name__ == "__main__":
    unittest.main()
