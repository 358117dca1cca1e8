"""The generated man pages and completions, as a user meets them."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import unittest

import cli_support
from cli_support import HOTLINE, WAIT_S, run

SHARE = os.path.join(os.path.dirname(os.path.abspath(HOTLINE)), "share")
MAN = os.path.join(SHARE, "man", "man1")
BASH = os.path.join(SHARE, "completions", "hotline.bash")
ZSH = os.path.join(SHARE, "completions", "_hotline")
FISH = os.path.join(SHARE, "completions", "hotline.fish")

# What readline cuts words at, besides blanks.
WORD_BREAKS = ":="


def cut(line):
    """The words of a line as readline gives them to a completion."""
    words = [""]
    for character in line:
        if character == " ":
            words.append("")
        elif character in WORD_BREAKS:
            words += [character, ""]
        else:
            words[-1] += character
    return [word for word in words[:-1] if word] + [words[-1]]


def proposals(line):
    """What bash proposes at the end of `line`."""
    words = cut(line)
    script = f"""
source '{BASH}'
COMP_LINE=$1 COMP_POINT=${{#1}} COMP_CWORD=$2
shift 2
COMP_WORDS=("$@")
_hotline
[[ ${{#COMPREPLY[@]}} -eq 0 ]] || printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", line, str(len(words) - 1), *words],
        capture_output=True, timeout=WAIT_S, text=True)
    assert (done.returncode, done.stderr) == (0, ""), (line, done.stderr)
    return done.stdout.split("\n")[:-1]


def commands():
    text = run("help").stdout.decode()
    listed = text.split("\ncommands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.split("\n") if line.startswith("  ")
            and not line.startswith("   ")]


class BashCompletion(unittest.TestCase):
    def test_the_first_word_is_a_command(self):
        self.assertEqual(proposals("hotline "), commands())
        self.assertEqual(proposals("hotline ser"), ["serve", "services"])
        self.assertEqual(proposals("hotline x"), [])

    def test_options_are_those_of_the_command(self):
        self.assertIn("--version", proposals("hotline --"))
        self.assertEqual(proposals("hotline serve --i"), ["--insecure", "--idle-timeout"])
        self.assertEqual(proposals("hotline --json serve --log"), ["--log-format"])
        self.assertEqual(proposals("hotline call tcp://h:1 --l"), ["--linger"])
        self.assertEqual(proposals("hotline doctor --l"), [])

    def test_values_are_those_of_the_option(self):
        self.assertEqual(proposals("hotline serve --engine "), ["auto", "uring", "epoll"])
        self.assertEqual(proposals("hotline serve --engine=e"), ["epoll"])
        self.assertEqual(proposals("hotline serve --concurrency p"), ["processes"])
        self.assertEqual(proposals("hotline serve --log-format "), ["text", "json"])
        self.assertEqual(proposals("hotline call --linger "), [])

    def test_the_value_of_an_option_is_not_taken_for_the_command(self):
        self.assertEqual(proposals("hotline --home serve do"), ["doctor"])
        self.assertEqual(proposals("hotline call --linger 5s ud"), ["udp://"])

    def test_a_directory_is_completed_after_home(self):
        with cli_support.tempfile.TemporaryDirectory() as folder:
            os.mkdir(folder + "/two words")
            open(folder + "/two.file", "w").close()
            self.assertEqual(proposals(f"hotline --home {folder}/tw"), [folder + "/two words"])

    def test_an_endpoint_is_proposed_with_its_schemes_after_what_readline_has_cut(self):
        self.assertEqual(proposals("hotline call t"), ["tcp://", "tls://"])
        self.assertEqual(proposals("hotline call unix:"), ["///", "@"])
        self.assertEqual(proposals("hotline serve upper=u"),
                         ["udp://", "unix:///", "unix:@", "unixgram:///", "unixgram:@"])
        self.assertEqual(proposals("hotline serve upper=tcp://h:1 com"),
                         [f"command={scheme}" for scheme in
                          ("tcp://", "tls://", "unix:///", "unix:@")])
        self.assertEqual(proposals("hotline call tcp://h:1 t"), [])

    def test_after_two_dashes_nothing_is_proposed(self):
        self.assertEqual(proposals("hotline run tcp://h:1 -- ser"), [])
        self.assertEqual(proposals("hotline run tcp://h:1 -- --"), [])

    def test_topics_are_proposed_to_help(self):
        self.assertIn("framing", proposals("hotline help "))
        self.assertEqual(proposals("hotline help stat"), ["status"])

    def test_a_tab_completes_at_an_interactive_shell(self):
        process, terminal = pty.fork()
        if process == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                       {**os.environ, "PS1": "> ", "TERM": "dumb", "INPUTRC": "/dev/null"})
        try:
            os.write(terminal, f"source '{BASH}'; echo rea''dy\n".encode())
            self.read_until(terminal, b"\nready")
            os.write(terminal, b"hotline servi\t--js\t")
            self.read_until(terminal, b"hotline services --json ")
        finally:
            os.close(terminal)
            os.kill(process, 9)
            os.waitpid(process, 0)

    def read_until(self, terminal, wanted):
        read = b""
        deadline = time.monotonic() + WAIT_S
        while wanted not in read.replace(b"\r", b""):
            if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
                self.fail(f"no {wanted!r} in {read!r}")
            read += os.read(terminal, 65536)


class OtherCompletions(unittest.TestCase):
    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_reads_its_script(self):
        done = subprocess.run(["zsh", "-f", "-n", ZSH], capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes(self):
        def fish(line):
            script = f"source '{FISH}'; complete -C '{line}'"
            done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True,
                                  timeout=WAIT_S, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            return [each.split("\t")[0] for each in done.stdout.splitlines()]
        self.assertEqual(fish("hotline ser"), ["serve", "services"])
        self.assertEqual(fish("hotline serve --engine e"), ["epoll"])
        self.assertEqual(fish("hotline serve --verb"), ["--verbose"])

    def test_every_command_is_in_each_script(self):
        for path in (BASH, ZSH, FISH):
            with open(path) as file:
                text = file.read()
            for command in commands():
                self.assertIn(command, text)


class ManPages(unittest.TestCase):
    def test_there_is_one_for_the_program_and_one_for_each_command(self):
        self.assertEqual(sorted(os.listdir(MAN)),
                         sorted(["hotline.1"] + [f"hotline-{each}.1" for each in commands()]))

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_groff_shows_each_without_a_warning_and_with_every_option(self):
        for name in sorted(os.listdir(MAN)):
            with self.subTest(name):
                shown = self.show("groff", "-k", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=100n",
                                  os.path.join(MAN, name))
                self.check_options(name, shown)

    @unittest.skipUnless(shutil.which("mandoc"), "mandoc is not installed")
    def test_mandoc_shows_each_with_every_option(self):
        for name in sorted(os.listdir(MAN)):
            with self.subTest(name):
                shown = self.show("mandoc", "-Tutf8", "-W", "error", os.path.join(MAN, name))
                self.check_options(name, shown)

    def show(self, *command):
        done = subprocess.run(command, capture_output=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return re.sub(".\x08", "", done.stdout.decode())  # Bold is a letter typed twice.

    def check_options(self, name, shown):
        topic = name[len("hotline-"):-len(".1")] if "-" in name else ""
        listed = run("help", *topic.split()).stdout.decode()
        for line in listed.split("\n"):
            if line.startswith("  --") or line.startswith("  -"):
                option = line.split()[0 if line.startswith("  --") else 1]
                self.assertIn(option, shown)


if __name__ == "__main__":
    unittest.main()
