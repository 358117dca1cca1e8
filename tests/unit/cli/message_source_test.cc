#include "cli/message_source.h"

#include <doctest/doctest.h>

namespace hotline::cli::message_source_test {
namespace {

class NoPeer final : public PeerWatch {
 public:
  int descriptor() const override { return -1; }
  bool show_arrived() override { return false; }
  void settle() override {}
};

}  // namespace

TEST_CASE("given messages are returned in order, then their end, repeatedly") {
  const std::vector<std::string> known = {"hello", "", "quit", " "};
  ArgumentMessages messages(known);
  NoPeer peer;
  std::string message = "before";
  for (const std::string& expected : known) {
    REQUIRE(messages.next(message, peer) == MessageSource::Next::message);
    CHECK(message == expected);
  }
  CHECK(messages.next(message, peer) == MessageSource::Next::end);
  CHECK(messages.next(message, peer) == MessageSource::Next::end);
  CHECK(message == " ");
}

TEST_CASE("given messages are available at once") {
  const std::vector<std::string> known = {"hello"};
  ArgumentMessages messages(known);
  std::string message;
  CHECK(messages.next_now(message) == MessageSource::Next::message);
  CHECK(message == "hello");
  CHECK(messages.next_now(message) == MessageSource::Next::end);
}

}  // namespace hotline::cli::message_source_test
