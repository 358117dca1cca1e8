#include "cli/shell_line.h"

#include <doctest/doctest.h>

namespace hotline::cli::shell_line_test {

TEST_CASE("a single word is a shell's line, unchanged") {
  CHECK(shell_line({"ls -l | wc -l"}) == "ls -l | wc -l");
  CHECK(shell_line({"echo '$HOME'"}) == "echo '$HOME'");
}

TEST_CASE("several words are quoted, whatever they mean to a shell") {
  CHECK(shell_line({"ls", "-l"}) == "'ls' '-l'");
  CHECK(shell_line({"echo", "two words", ""}) == "'echo' 'two words' ''");
  CHECK(shell_line({"echo", "$HOME `x` \"y\" \\"}) == "'echo' '$HOME `x` \"y\" \\'");
  CHECK(shell_line({"a=b", "if"}) == "'a=b' 'if'");
  CHECK(shell_line({"echo", "two\nlines"}) == "'echo' 'two\nlines'");
}

TEST_CASE("a quote in a word ends the quotes around it, and starts them again") {
  CHECK(shell_line({"echo", "it's"}) == "'echo' 'it'\\''s'");
  CHECK(shell_line({"echo", "'"}) == "'echo' ''\\'''");
}

}  // namespace hotline::cli::shell_line_test
