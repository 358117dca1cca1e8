#include "engine/launcher/launch_request.h"

#include <cstring>

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::engine::launch_request_test {
namespace {

std::vector<std::string> words_of(const std::vector<char*>& words) {
  REQUIRE_FALSE(words.empty());
  REQUIRE(words.back() == nullptr);
  return {words.begin(), words.end() - 1};
}

MutableBytes bytes_of(std::string& message) { return std::as_writable_bytes(std::span(message)); }

std::string problem_of(const LaunchOptions& options) {
  const auto message = encode_request(options);
  REQUIRE_FALSE(message);
  return std::string(name_of(message.error().kind)) + ": " + message.error().detail;
}

const LaunchOptions kFull{.arguments = {"program", "", "a b", "\xff\n"},
                          .directory = "/tmp",
                          .environment = {"A=1", "EMPTY=", "EQUALS=a=b"}};

}  // namespace

TEST_CASE("a request decodes to what was encoded: directory, arguments and variables, also empty") {
  auto message = encode_request(kFull);
  REQUIRE(message);
  const auto request = decode_request(bytes_of(*message));
  REQUIRE(request);
  CHECK(std::string(request->directory) == kFull.directory);
  CHECK(words_of(request->arguments) == kFull.arguments);
  CHECK(words_of(request->environment) == kFull.environment);
}

TEST_CASE("a request without directory and variables has none") {
  auto message = encode_request({.arguments = {"program"}});
  REQUIRE(message);
  const auto request = decode_request(bytes_of(*message));
  REQUIRE(request);
  CHECK(request->directory == nullptr);
  CHECK(words_of(request->environment).empty());
}

TEST_CASE("a program on a terminal has its type as TERM, unless the environment names another") {
  LaunchOptions options = kFull;
  options.terminal = TerminalOptions{.type = "screen"};
  auto message = encode_request(options);
  REQUIRE(message);
  auto request = decode_request(bytes_of(*message));
  REQUIRE(request);
  auto expected = kFull.environment;
  expected.push_back("TERM=screen");
  CHECK(words_of(request->environment) == expected);

  options.environment = {"TERM=dumb"};
  message = encode_request(options);
  REQUIRE(message);
  request = decode_request(bytes_of(*message));
  REQUIRE(request);
  CHECK(words_of(request->environment) == std::vector<std::string>{"TERM=dumb"});
}

TEST_CASE("words that a program cannot have are refused before anything is sent") {
  CHECK(problem_of({}) == "invalid_argument: no program is named");
  CHECK(problem_of({.arguments = {""}}) == "invalid_argument: no program is named");
  CHECK(problem_of({.arguments = {"p", std::string("a\0b", 3)}}) ==
        "invalid_argument: the argument a\\x00b has a zero byte");
  CHECK(problem_of({.arguments = {"p"}, .directory = std::string("\0", 1)}) ==
        "invalid_argument: the directory has a zero byte");
  CHECK(problem_of({.arguments = {"p"}, .terminal = TerminalOptions{.type = {"\0", 1}}}) ==
        "invalid_argument: the type of the terminal has a zero byte");
  for (const char* entry : {"", "NAME", "=value"}) {
    CHECK(problem_of({.arguments = {"p"}, .environment = {entry}}) ==
          std::string("invalid_argument: the variable ") + entry + " is not NAME=value");
  }
}

TEST_CASE("a request may have the maximum length, and one byte more is refused with its size") {
  const std::string bare = *encode_request({.arguments = {"p", ""}});
  std::string longest(kRequestBytesMax - bare.size(), 'x');
  CHECK(encode_request({.arguments = {"p", longest}}));
  longest += 'x';
  CHECK(problem_of({.arguments = {"p", longest}}) ==
        "too_large: its words take 262145 bytes, at most 262144");
}

TEST_CASE("a request that is cut anywhere, or has more bytes, does not decode") {
  const std::string whole = *encode_request(kFull);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::string cut = whole.substr(0, size);
    CHECK_FALSE(decode_request(bytes_of(cut)));
  }
  std::string longer = whole + '\0';
  CHECK_FALSE(decode_request(bytes_of(longer)));
}

TEST_CASE("a request with wrong counts does not decode") {
  for (const std::uint32_t count : {0U, 3U, 5U, ~0U}) {
    std::string message = *encode_request(kFull);
    std::memcpy(message.data(), &count, sizeof count);
    CHECK_FALSE(decode_request(bytes_of(message)));
  }
}

}  // namespace hotline::engine::launch_request_test
