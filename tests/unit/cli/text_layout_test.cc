#include "cli/text_layout.h"

#include <doctest/doctest.h>

namespace hotline::cli::text_layout_test {

TEST_CASE("paragraphs are filled, and what begins with a blank stays as it is") {
  CHECK(fill("a b\nc d e\n\n  kept   so\nf\n", 5) == "a b c\nd e\n\n  kept   so\nf\n");
  CHECK(fill("", 5).empty());
  CHECK(fill("a", 5) == "a\n");
}

TEST_CASE("a word longer than a line has a line of its own") {
  CHECK(fill("a longest b", 3) == "a\nlongest\nb\n");
}

TEST_CASE("definitions stand in two columns, their texts filled") {
  CHECK(two_columns({{"a", "b c d"}, {"xyz", "e"}}, 10) == "  a    b c\n       d\n  xyz  e\n");
}

TEST_CASE("a text after a very long term begins on the next line") {
  const std::string term(30, 'x');
  CHECK(two_columns({{"a", "b"}, {term, "c"}}, 40) == "  a  b\n  " + term + "\n     c\n");
}

TEST_CASE("the columns of a table are as wide as their widest cells") {
  CHECK(table({{"A", "LONG", "C"}, {"abc", "d", "e"}}) == "A    LONG  C\nabc  d     e\n");
  CHECK(table({{"A"}}) == "A\n");
}

TEST_CASE("paragraphs are separated by empty lines") {
  CHECK(paragraphs_of("a\nb\n\n\n  c\n") == std::vector<std::string>{"a\nb\n", "  c\n"});
  CHECK(paragraphs_of("\n").empty());
}

}  // namespace hotline::cli::text_layout_test
