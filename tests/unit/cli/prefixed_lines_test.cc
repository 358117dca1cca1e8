#include "cli/prefixed_lines.h"

#include <doctest/doctest.h>

namespace hotline::cli::prefixed_lines_test {
namespace {

TEST_CASE("lines get the name when they are complete, however they are cut") {
  PrefixedLines lines("a");
  CHECK(lines.take(as_bytes("one")) == "");
  CHECK(lines.take(as_bytes("\ntwo\n\nthr")) == "a: one\na: two\na: \n");
  CHECK(lines.take(as_bytes("ee")) == "");
  CHECK(lines.finish() == "a: three\n");
  CHECK(lines.finish() == "");
}

TEST_CASE("an end after a newline adds nothing") {
  PrefixedLines lines("a");
  CHECK(lines.take(as_bytes("one\n")) == "a: one\n");
  CHECK(lines.finish() == "");
}

TEST_CASE("a line that is too long is printed in several, which are marked and lose nothing") {
  PrefixedLines lines("a");
  const std::string full(PrefixedLines::kLineBytesMax, 'x');
  CHECK(lines.take(as_bytes(full + full + "y")) == "a: " + full + "\na:+ " + full + "\n");
  CHECK(lines.take(as_bytes("\nz\n")) == "a:+ y\na: z\n");
}

TEST_CASE("a line of just the greatest length is one, wherever it is cut") {
  PrefixedLines lines("a");
  const std::string full(PrefixedLines::kLineBytesMax, 'x');
  CHECK(lines.take(as_bytes(full + "\nz\n")) == "a: " + full + "\na: z\n");
  CHECK(lines.take(as_bytes(full)) == "");
  CHECK(lines.take(as_bytes("\nz")) == "a: " + full + "\n");
  CHECK(lines.finish() == "a: z\n");
}

TEST_CASE("an end within a line that is too long is marked too") {
  PrefixedLines lines("a");
  const std::string full(PrefixedLines::kLineBytesMax, 'x');
  CHECK(lines.take(as_bytes(full + "y")) == "a: " + full + "\n");
  CHECK(lines.finish() == "a:+ y\n");
}

}  // namespace
}  // namespace hotline::cli::prefixed_lines_test
