#include "hotline/net/option_taker.h"

#include <doctest/doctest.h>

#include "support/loops.h"

namespace hotline::option_taker_test {
namespace {

Endpoint with(const std::string& query) {
  auto endpoint = Endpoint::parse("unix:@x?" + query);
  REQUIRE(endpoint);
  return *endpoint;
}

std::string taken(OptionTaker& taker, std::string_view key) {
  const auto value = taker.take(key);
  REQUIRE(value);
  return value->value_or("<absent>");
}

}  // namespace

TEST_CASE("an option that was given is taken, one that was not is absent") {
  const Endpoint endpoint = with("a=1&b=&c=x=y");
  OptionTaker taker(endpoint);
  CHECK(taken(taker, "a") == "1");
  CHECK(taken(taker, "b") == "");
  CHECK(taken(taker, "c") == "x=y");
  CHECK(taken(taker, "d") == "<absent>");
  CHECK(taker.finish());
}

TEST_CASE("a limit of time has a unit and is longer than nothing") {
  const Endpoint endpoint = with("a=30s&b=none&c=30&d=0s");
  OptionTaker taker(endpoint);
  CHECK(taker.take_duration("a").value() == std::optional<Duration>(std::chrono::seconds(30)));
  CHECK(taker.take_duration("b").value() == std::optional<Duration>(kNoTimeout));
  CHECK_FALSE(taker.take_duration("e").value().has_value());
  const auto bare = taker.take_duration("c");
  REQUIRE_FALSE(bare);
  CHECK(bare.error().message() ==
        "cannot use the endpoint unix:@x: the option 'c': '30' is not a duration: it has no unit");
  CHECK(bare.error().hint() == "write 500ms, 60s, 2m or 1h; none is without limit");
  const auto nothing = taker.take_duration("d");
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().hint() == "none is without limit");
}

TEST_CASE("an option that is given twice is refused when it is taken") {
  const Endpoint endpoint = with("a=1&b=2&a=3");
  OptionTaker taker(endpoint);
  const auto value = taker.take("a");
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == ErrorKind::invalid_argument);
  CHECK(value.error().message() ==
        "cannot use the endpoint unix:@x: the option 'a' is given twice");
}

TEST_CASE("a text replaces another one only if it was given, and must not be empty") {
  const Endpoint endpoint = with("a=1&b=");
  OptionTaker taker(endpoint);
  std::string text = "before";
  CHECK(taker.take_text("c", text));
  CHECK(text == "before");
  CHECK(taker.take_text("a", text));
  CHECK(text == "1");
  const auto refused = taker.take_text("b", text);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail == "the option 'b' is empty");
  CHECK(refused.error().hint() == "leave it out");
  CHECK(text == "1");
}

TEST_CASE("an option that nobody took is refused with the names of those that are known") {
  const Endpoint endpoint = with("a=1&z\xff=2");
  OptionTaker taker(endpoint);
  CHECK(taker.take("a"));
  CHECK(taker.take("framing"));
  const auto finished = taker.finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().message().find("there is no option 'z\\xff'") != std::string::npos);
  CHECK(finished.error().hint() == "the options are a and framing");
}

TEST_CASE("an unknown option that is nearly a known one gets that proposed") {
  const Endpoint endpoint = with("nodelya=on");
  OptionTaker taker(endpoint);
  CHECK(taker.take_flag("nodelay"));
  CHECK(taker.take("framing"));
  CHECK(taker.finish().error().hint() ==
        "did you mean 'nodelay'? the options are nodelay and framing");
}

TEST_CASE("an option of the other side is refused if it was given, and unknown otherwise") {
  const Endpoint endpoint = with("cwd=/&n=1");
  OptionTaker client(endpoint, Side::client);
  const auto refused = client.take("cwd", Side::server);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "cannot use the endpoint unix:@x: the option 'cwd' is for listening");
  CHECK(refused.error().hint() == "leave it out: only the endpoint of a server may have it");
  CHECK(client.take_number("n", 1, 2, Side::client).value() == 1U);
  CHECK_FALSE(client.take_flag("v6only", Side::server).value());
  CHECK_FALSE(client.take_duration("timeout", Side::server).value());
  CHECK(client.finish().error().hint() == "the options are n");
  OptionTaker server(endpoint, Side::server);
  CHECK(server.take("cwd", Side::server).value() == "/");
  CHECK(server.take_number("n", 1, 2, Side::client).error().detail ==
        "the option 'n' is for calling");
  OptionTaker both(endpoint);
  CHECK(both.take("cwd", Side::server).value() == "/");
  CHECK(both.take("n", Side::client).value() == "1");
}

TEST_CASE("an option that was given twice is refused, whatever is in it") {
  const Endpoint endpoint = with("n=1&n=2");
  OptionTaker taker(endpoint);
  constexpr std::string_view kTwice = "the option 'n' is given twice";
  CHECK(taker.take("n").error().detail == kTwice);
  CHECK(taker.take_number("n", 0, 9).error().detail == kTwice);
  CHECK(taker.take_duration("n").error().detail == kTwice);
  CHECK(taker.take_flag("n").error().detail == kTwice);
}

TEST_CASE("a number may have a unit") {
  struct Form {
    const char* text;
    std::size_t number;
  };
  for (const Form& form :
       {Form{"0", 0}, Form{"1024", 1024}, Form{"007", 7}, Form{"1KiB", 1024},
        Form{"16MiB", 16 << 20}, Form{"3GiB", 3UL << 30}, Form{"18446744073709551615", SIZE_MAX}}) {
    const Endpoint endpoint = with("n=" + std::string(form.text));
    OptionTaker taker(endpoint);
    const auto number = taker.take_number("n", 0, SIZE_MAX);
    REQUIRE(number);
    CHECK(number->value_or(1) == form.number);
  }
}

TEST_CASE("what is no number within its bounds is refused with them") {
  for (const std::string text : {"", "x", "-1", "+1", "1.5", "0x10", "1K", "1kib", "1KiBs", "KiB",
                                 "9", "21", "18446744073709551616", "18014398509481984KiB"}) {
    CAPTURE(text);
    const Endpoint endpoint = with("n=" + text);
    OptionTaker taker(endpoint);
    const auto number = taker.take_number("n", 10, 20);
    REQUIRE_FALSE(number);
    CHECK(number.error().message().find("is not a number from 10 to 20") != std::string::npos);
    CHECK_FALSE(number.error().hint().empty());
  }
}

TEST_CASE("the bounds of a number belong to it") {
  for (const char* text : {"10", "20"}) {
    const Endpoint endpoint = with("n=" + std::string(text));
    OptionTaker taker(endpoint);
    CHECK(taker.take_number("n", 10, 20));
  }
}

TEST_CASE("a number that was not given is absent") {
  const Endpoint endpoint = with("a=1");
  OptionTaker taker(endpoint);
  const auto number = taker.take_number("n", 10, 20);
  REQUIRE(number);
  CHECK_FALSE(number->has_value());
}

TEST_CASE("a flag is on or off, and nothing else") {
  const Endpoint endpoint = with("a=on&b=off&c=1&d=");
  OptionTaker taker(endpoint);
  CHECK(taker.take_flag("a").value() == std::optional(true));
  CHECK(taker.take_flag("b").value() == std::optional(false));
  CHECK_FALSE(taker.take_flag("e").value().has_value());
  for (const char* key : {"c", "d"}) {
    const auto refused = taker.take_flag(key);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().detail == "the option '" + std::string(key) + "' is neither on nor off");
    CHECK(refused.error().hint() ==
          "write " + std::string(key) + "=on or " + std::string(key) + "=off");
  }
}

TEST_CASE("framing= where bytes are read is refused with what it is for, and no other option is") {
  const Endpoint framed = with("backlog=1&framing=lines");
  OptionTaker taker(framed);
  CHECK(taken(taker, "backlog") == "1");
  const auto refused = taker.finish();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message() ==
        "cannot use the endpoint unix:@x: there is no option 'framing'");
  CHECK(refused.error().hint() ==
        "what is used here reads bytes, not messages; framing= is for a message handler and for "
        "connect_frames(), and a stream handler uses a FrameStream; the options are backlog");
  const Endpoint other = with("framing2=lines");
  OptionTaker strict(other);
  CHECK(taken(strict, "backlog") == "<absent>");
  CHECK(strict.finish().error().hint() == "the options are backlog");
}

}  // namespace hotline::option_taker_test
