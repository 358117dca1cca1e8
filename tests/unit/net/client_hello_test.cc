#include "net/client_hello.h"

#include <string>

#include <doctest/doctest.h>

namespace hotline::net::client_hello_test {
namespace {

using Verdict = ClientHello::Verdict;

std::string number(std::size_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

std::string record(const std::string& payload, char type = 22) {
  return type + std::string("\x03\x01") + number(payload.size(), 2) + payload;
}

std::string message(std::size_t body, char type = 1) {
  return type + number(body, 3) + std::string(body, 'b');
}

/// `text` in records of `size` bytes each.
std::string in_records(const std::string& text, std::size_t size) {
  std::string records;
  for (std::size_t at = 0; at < text.size(); at += size) records += record(text.substr(at, size));
  return records;
}

Verdict verdict_of(const std::string& text) {
  ClientHello hello;
  Bytes wire = as_bytes(text);
  return hello.take(wire);
}

/// Gives it byte after byte until there is a verdict. Returns after how many that was.
std::size_t bytes_until_verdict(const std::string& text, Verdict expected) {
  ClientHello hello;
  for (std::size_t i = 0; i < text.size(); ++i) {
    Bytes wire = as_bytes(std::string_view(text).substr(i, 1));
    const Verdict verdict = hello.take(wire);
    CHECK(wire.empty());
    if (verdict == Verdict::incomplete) continue;
    CHECK(verdict == expected);
    CHECK(as_text(hello.bytes()) == text.substr(0, i + 1));
    return i + 1;
  }
  return 0;
}

}  // namespace

TEST_CASE("a message is complete with its last byte, however it is cut into records") {
  const std::string text = message(300);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 5U, 100U, 303U, 304U}) {
    CAPTURE(size);
    const std::string records = in_records(text, size);
    if (records.size() > ClientHello::kBytesMax) continue;
    CHECK(verdict_of(records) == Verdict::complete);
    CHECK(verdict_of(records.substr(0, records.size() - 1)) == Verdict::incomplete);
    CHECK(bytes_until_verdict(records, Verdict::complete) == records.size());
  }
  CHECK(verdict_of("") == Verdict::incomplete);
}

TEST_CASE("a message without a body is complete with its head") {
  CHECK(verdict_of(record(message(0))) == Verdict::complete);
  CHECK(verdict_of(record(message(0)).substr(0, 8)) == Verdict::incomplete);
}

TEST_CASE("the longest message is taken, and a longer one is refused by its announced length") {
  const std::size_t most = ClientHello::kMessageMax - 4;
  CHECK(verdict_of(record(message(most))) == Verdict::complete);
  CHECK(verdict_of(record(message(most)).substr(0, 9)) == Verdict::incomplete);
  for (const std::size_t body : {most + 1, std::size_t(131'396), std::size_t(0xffffff)}) {
    const std::string begin = std::string("\x16\x03\x01\x3f\xff\x01", 6) + number(body, 3);
    CHECK(bytes_until_verdict(begin, Verdict::too_long) == 9);
  }
}

TEST_CASE("a message in many small records is refused when they hold more than the limit") {
  // Six bytes for each one of the message.
  const std::string records = in_records(message(2'000), 1);
  REQUIRE(records.size() > ClientHello::kBytesMax);
  CHECK(bytes_until_verdict(records, Verdict::too_long) == ClientHello::kBytesMax);
  CHECK(verdict_of(records) == Verdict::too_long);
}

TEST_CASE("anything else is passed on at once") {
  CHECK(verdict_of("GET / HTTP/1.1\r\n\r\n") == Verdict::complete);
  CHECK(verdict_of(std::string(1, '\0')) == Verdict::complete);
  CHECK(verdict_of(record("x", 23)) == Verdict::complete);
  CHECK(verdict_of(std::string("\x16\x03\x01\x40\x01", 5)) == Verdict::complete);
  // A message of another type.
  CHECK(verdict_of(record(message(1'000'00, 2)).substr(0, 6)) == Verdict::complete);
}

TEST_CASE("an empty record is refused, before the message and within it") {
  CHECK(verdict_of(record("")) == Verdict::empty_record);
  CHECK(verdict_of(record("", 20)) == Verdict::empty_record);
  CHECK(verdict_of(record(message(100).substr(0, 50)) + record("")) == Verdict::empty_record);
}

TEST_CASE("a change of the cipher before the message is passed over, whole or in parts") {
  const std::string change = record("\x01", 20);
  CHECK(verdict_of(change) == Verdict::incomplete);
  CHECK(verdict_of(change + record(message(10))) == Verdict::complete);
  CHECK(bytes_until_verdict(change + record(message(10)), Verdict::complete) == 25);
  CHECK(verdict_of(change + std::string("\x16\x03\x03\x01\x00\x01\x02\x00\x00", 9)) ==
        Verdict::too_long);
}

TEST_CASE("the bytes beyond the limit stay where they are") {
  ClientHello hello;
  const std::string text = record(message(10)) + std::string(20'000, 'x');
  Bytes wire = as_bytes(text);
  CHECK(hello.take(wire) == Verdict::complete);
  CHECK(hello.bytes().size() == ClientHello::kBytesMax);
  CHECK(wire.size() == text.size() - ClientHello::kBytesMax);
}

}  // namespace hotline::net::client_hello_test
