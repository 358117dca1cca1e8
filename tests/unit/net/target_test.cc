#include "hotline/net/target.h"

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::target_test {

TEST_CASE("a target is its endpoint and the options of its socket") {
  const auto target = Target::parse("tcp://127.0.0.1:80?receive=3&nodelay=off");
  REQUIRE(target);
  CHECK(target->endpoint.to_string() == "tcp://127.0.0.1:80");
  CHECK(target->socket == SocketOptions{.receive_max = 3, .nodelay = false});
}

TEST_CASE("options that are not in the URI keep their defaults, one by one") {
  const SocketOptions defaults{.backlog = 7, .receive_max = 5, .source = "127.0.0.2"};
  const auto target = Target::parse("tcp://127.0.0.1:80?receive=3", defaults);
  REQUIRE(target);
  CHECK(target->socket == SocketOptions{.backlog = 7, .receive_max = 3, .source = "127.0.0.2"});
}

TEST_CASE("other rooms take their own options") {
  std::string word;
  const Target::TakeOthers take = [&](OptionTaker& taker) -> Result<void> {
    const auto value = taker.take("word");
    if (!value) return fail(value.error());
    word = value->value_or("");
    return {};
  };
  CHECK(Target::parse("unix:@x?word=hello&backlog=3", {}, take)->socket.backlog == 3);
  CHECK(word == "hello");
  CHECK(test::kind_of(Target::parse("unix:@x?word=a&word=b", {}, take)) == "invalid_argument");
}

TEST_CASE("a URI that is not an endpoint, and an option that nobody takes, are refused") {
  CHECK(test::kind_of(Target::parse("nonsense")) == "invalid_argument");
  CHECK(test::kind_of(Target::parse("tcp://127.0.0.1:80?receive=0")) == "invalid_argument");
  CHECK(test::kind_of(Target::parse("tls://127.0.0.1:80?ca=")) == "invalid_argument");
  const auto unknown = Target::parse("tcp://127.0.0.1:80?word=hello");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().detail == "there is no option 'word'");
}

TEST_CASE("the hint of an option for messages names what takes it") {
  const auto hint = [](std::string_view uri) { return Target::parse(uri).error().hint(); };
  CHECK(hint("tcp://127.0.0.1:80?framing=lines") ==
        "for messages, use connect_frames(), or a FrameStream over the stream");
  CHECK(hint("unix:@x?framing=u32be").starts_with("for messages, use connect_frames()"));
  CHECK(hint("udp://127.0.0.1:80?framing=lines").contains("the options are "));
}

}  // namespace hotline::target_test
