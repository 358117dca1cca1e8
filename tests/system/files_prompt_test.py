"""`hotline files ENDPOINT`: the prompt for files, at a terminal and from a pipe."""
import os
import signal
import socket
import stat
import subprocess
import unittest

from cli_support import Program, Terminal, accept, run
from files_support import MIB, Files, Relay, content_of

INTERRUPT, COMPLETE, END = "\x03", "\t", "\x04"


class Prompt(Files):
    def lines(self, *lines, status=0, **how):
        return self.do("files", status=status, input="".join(
            line + "\n" for line in lines).encode(), **how).decode()

    def terminal(self, endpoint=None):
        return Terminal("--home", os.path.join(self.folder, "state"), "files",
                        endpoint or self.endpoint)


class FromAPipe(Prompt):
    def test_lines_are_commands_relative_to_where_the_user_is(self):
        self.serve()
        self.write("one", b"1")
        self.write("sub/two words", b"22")
        shown = self.lines(
            "# a script", "mkdir -p docs/deep", "cd docs", "put one", "lcd sub",
            "put 'two words' --to deep/", "pwd", "ls -r", "cd deep", "cat two\\ words", "cd ..",
            "mv one deep/uno", "ls deep", "cd /", "pwd", "lls")
        self.assertEqual(shown.split("\n"), [
            "/docs", "deep/", "deep/two words", "one", "22two words", "uno", "/", "two words", ""])
        self.assertEqual(sorted(os.listdir(self.home + "/docs/deep")), ["two words", "uno"])

    def test_files_come_to_the_directory_of_this_machine(self):
        self.serve()
        self.do("put", "-", "--to", "d/x.txt", input=b"12")
        self.do("put", "-", "--to", "d/y.pdf", input=b"34")
        os.mkdir(self.here + "/in")
        self.lines("cd d", "lcd in", "get *.txt", "get y.pdf --to ../z", "quit", "get nothing")
        self.assertEqual(self.read("in/x.txt"), b"12")
        self.assertEqual(self.read("z"), b"34")

    def test_patterns_of_both_ends_are_expanded_and_quoted_ones_are_names(self):
        self.serve()
        for name in ("a.txt", "b.txt", "c.pdf", "[x]/*"):
            self.write(name, b"1")
        self.lines("put *.txt", "put -r [[]x]", "cd '[x]'", "rm '*'", "cd ..", "rm *.txt")
        self.assertEqual(os.listdir(self.home), ["[x]"])
        self.assertEqual(os.listdir(self.home + "/[x]"), [])

    def test_the_first_failure_ends_it_with_its_status(self):
        self.serve()
        self.assertEqual(self.lines("pwd", "cd missing", "pwd", status=10), "/\n")
        self.assertEqual(self.lines("ls -x", "pwd", status=2), "")
        self.assertEqual(self.lines("lsd", status=2), "")
        self.write("a", b"1")
        self.write("b", b"2")
        self.lines("put a", "put b --to a", "rm a", status=10)
        self.assertEqual(self.stored("a"), b"1")
        self.assertEqual(self.lines("quit", "cd missing"), "")

    def test_an_empty_word_names_nothing(self):
        self.serve()
        self.write("a", b"1")
        self.lines("mkdir d", "put a --to d/a", status=0)
        for command in ('rm -r ""', "mv '' b", "get ''", "put ''"):
            self.lines("cd d", command, status=2)
        self.assertEqual(self.stored("d/a"), b"1")

    def test_no_server_is_told_before_the_first_line(self):
        self.lines("pwd", status=5)
        self.do("files", status=2, endpoint="users")

    def test_a_question_how_far_it_is_that_nothing_answers_does_not_end_it(self):
        self.serve()
        with Program("files", self.endpoint, stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE) as prompt:
            prompt.process.stdin.write(b"pwd\n")
            prompt.process.stdin.flush()
            self.assertEqual(prompt.process.stdout.readline(), b"/\n")
            prompt.signal(signal.SIGUSR1)
            prompt.process.stdin.close()
            self.assertEqual(prompt.end(), 0)

    def test_hints_are_commands_of_the_prompt(self):
        self.serve()
        self.write("a", b"1")
        for lines, hint in ((("get",), "hint: get PATH..."),
                            (("get --tow x",), "'get"),
                            (("put a", "put a --to b", "mv a b"), "hint: -f replaces "),
                            (("rm d",), "hint: -r removes "),
                            (("mkdir x/y",), "hint: -p makes "),
                            (("mkdir d",), "hint: -p accepts ")):
            self.do("mkdir", "-p", "d/e")
            failed = run("files", self.endpoint, input="".join(
                line + "\n" for line in lines).encode(), cwd=self.here)
            self.assertIn(hint, failed.stderr.decode())
            self.assertNotRegex(failed.stderr.decode(), "ENDPOINT|hotline [a-z]")
            for name in ("a", "b"):
                self.run_command("rm", name, stdout=subprocess.DEVNULL)

    def test_help_names_every_command(self):
        self.serve()
        shown = self.lines("help", "help get", "ls --help")
        for command in ("cd", "lcd", "cat", "uploads"):
            self.assertIn(f"\n  {command} ", shown)
        self.assertIn("\nget [-r]", shown)
        self.assertIn("--recursive", shown)

    def test_json_is_for_all_lines_or_for_one(self):
        self.serve()
        self.assertEqual(self.lines("mkdir a", "ls --json", "pwd").count('{"v":1'), 1)
        shown = self.do("files", "--json", input=b"pwd\nls\n")
        self.assertEqual(shown.count(b'{"v":1'), 2)

    def test_a_lost_connection_is_made_again(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        path = os.path.join(self.folder, "r")
        relay = self.enterContext(Relay(path, os.path.join(self.folder, "s"), 4 * MIB, True))
        self.lines("put a", "ls", endpoint=f"unix://{path}")
        self.assertTrue(relay.limit_reached.is_set())
        self.assertEqual(self.stored("a"), self.read("a"))


class AtATerminal(Prompt):
    def test_it_asks_and_goes_on_after_a_failure(self):
        self.serve()
        with self.terminal() as prompt:
            prompt.expect("/ >>: ")
            prompt.type("cd missing\n")
            prompt.expect("error: ")
            prompt.expect("/ >>: ")
            prompt.type("mkdir d\n")
            prompt.expect("/ >>: ")
            prompt.type("cd d\n")
            prompt.expect("/d >>: ")
            prompt.type("quit\n")
            self.assertEqual(prompt.end(), 0)

    def test_an_interrupt_ends_it_while_it_connects(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.folder + "/silent")
            listener.listen()
            with self.terminal(f"unix://{self.folder}/silent") as prompt:
                with accept(listener):
                    prompt.type(INTERRUPT)
                    prompt.expect("\r\nnote: interrupted before unix://")
                    self.assertEqual(prompt.end(), -signal.SIGINT)

    def test_the_end_of_input_ends_it(self):
        self.serve()
        with self.terminal() as prompt:
            prompt.expect("/ >>: ")
            prompt.type(END)
            self.assertEqual(prompt.end(), 0)

    def test_an_interrupt_clears_the_line(self):
        self.serve()
        with self.terminal() as prompt:
            prompt.expect("/ >>: ")
            prompt.type("mkdir wrong" + INTERRUPT)
            prompt.expect("^C\r\n/ >>: ")
            prompt.type("mkdir right\n")
            prompt.expect("/ >>: ")
            prompt.type("quit\n")
            self.assertEqual(prompt.end(), 0)
        self.assertEqual(os.listdir(self.home), ["right"])

    def test_an_interrupt_ends_a_transfer_which_then_goes_on(self):
        self.serve()
        self.write("a", content_of(8 * MIB))
        path = os.path.join(self.folder, "r")
        relay = self.enterContext(
            Relay(path, os.path.join(self.folder, "s"), 4 * MIB, True, stalls=True))
        with self.terminal(f"unix://{path}") as prompt:
            prompt.expect("/ >>: ")
            prompt.type(f"lcd '{self.here}'\n")
            prompt.expect("/ >>: ")
            prompt.type("put a\n")
            self.assertTrue(relay.limit_reached.wait(30))
            prompt.type(INTERRUPT)
            prompt.expect("note: interrupted")
            prompt.expect("/ >>: ")
            prompt.type("lpwd\n")
            prompt.expect(self.here + "\r\n")
            prompt.expect("/ >>: ")
            prompt.type(END)
            prompt.end()
        self.assertEqual(os.listdir(self.home), [])
        self.do("put", "a")
        self.assertEqual(self.stored("a"), content_of(8 * MIB))

    def test_commands_and_paths_of_both_ends_are_completed(self):
        self.serve()
        self.do("put", "-", "--to", "docs/a file.txt", input=b"12")
        self.write("local one", b"1")
        with self.terminal() as prompt:
            prompt.expect("/ >>: ")
            prompt.type("ca" + COMPLETE + "do" + COMPLETE + "a" + COMPLETE + "\n")
            prompt.expect("12")
            prompt.expect("/ >>: ")
            prompt.type(f"lcd '{self.here}'\n")
            prompt.expect("/ >>: ")
            prompt.type("put lo" + COMPLETE + "\n")
            prompt.expect("/ >>: ")
            prompt.type("ls lo" + COMPLETE + "\n")
            prompt.expect("local one\r\n")
            prompt.type("quit\n")
            self.assertEqual(prompt.end(), 0)

    def test_the_history_is_private(self):
        self.serve()
        with self.terminal() as prompt:
            prompt.expect("/ >>: ")
            prompt.type("mkdir d\n")
            prompt.expect("/ >>: ")
            prompt.type("quit\n")
            self.assertEqual(prompt.end(), 0)
        history = os.path.join(self.folder, "state", "files_history")
        self.assertEqual(stat.S_IMODE(os.stat(history).st_mode), 0o600)
        with open(history) as file:
            self.assertIn("mkdir", file.read())


if __name__ == "__main__":
    unittest.main()
