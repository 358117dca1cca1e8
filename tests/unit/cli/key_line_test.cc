#include "cli/key_line.h"

#include <string>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::cli::key_line_test {
namespace {

const Key kKey = Key::random(Key::random_server_id(), "alice");

std::string line() { return std::string(as_text(kKey.to_line().bytes())); }

/// Reads `text` as standard input. Returns the name of the key, or the error.
std::string read(const std::string& text) {
  test::FedInput input;
  input.feed(text);
  input.end();
  const auto key = read_key_line();
  return key ? key->name : key.error().detail;
}

}  // namespace

TEST_CASE("one line is read, whatever blanks and ends of lines are around it") {
  for (const std::string& text : {line(), line() + "\n", "\n\n " + line() + "\r\n\n"}) {
    CHECK(read(text) == "alice");
  }
}

TEST_CASE("no line, or more than one, is refused") {
  CHECK(read("") == "there is none");
  CHECK(read("\n \n") == "there is none");
  CHECK(read(line() + "\n" + line() + "\n") == "standard input has more than one line");
  CHECK(read(line() + "\nx") == "standard input has more than one line");
}

TEST_CASE("input that is too long for a key is refused") {
  CHECK(read(std::string(5000, 'x')) == "the text is not the line of a key");
  CHECK(read(std::string(4096, ' ') + line()) == "there is none");
}

}  // namespace hotline::cli::key_line_test
