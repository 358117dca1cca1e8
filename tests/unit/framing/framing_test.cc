#include "hotline/framing/framing.h"

#include <string>

#include <doctest/doctest.h>

#include "hotline/net/socket_options.h"
#include "support/loops.h"

namespace hotline::framing_test {
namespace {

struct Taken {
  Result<Framing> framing;
  Result<void> finished;
};

Taken take(const std::string& query) {
  const auto endpoint = Endpoint::parse("unix:@x" + query);
  REQUIRE(endpoint);
  OptionTaker taker(*endpoint);
  auto framing = Framing::take_from(taker);
  return {std::move(framing), taker.finish()};
}

}  // namespace

TEST_CASE("every framing has a name that parses and formats") {
  for (const char* name : {"raw", "lines", "u16be", "u32be", "u32le", "i32le", "varint",
                           "netstring", "delimiter=--", "fixed=512", "ready", "mp"}) {
    CAPTURE(name);
    const auto framing = Framing::parse(name);
    REQUIRE(framing);
    CHECK(framing->to_string() == name);
    CHECK(framing->has_boundaries() == (std::string_view(name) != "raw"));
    CHECK(framing->can_pipeline() == (std::string_view(name) != "ready"));
    CHECK(framing->frame_max == 16 << 20);
  }
}

TEST_CASE("a delimiter may contain any byte, and its text parses to it") {
  struct Form {
    const char* text;
    std::string delimiter;
    const char* formatted;
  };
  for (const Form& form :
       {Form{"delimiter=%00", std::string(1, '\0'), "delimiter=%00"},
        Form{"delimiter=;", ";", "delimiter=%3B"}, Form{"delimiter==", "=", "delimiter=="},
        Form{"delimiter=%0d%0A", "\r\n", "delimiter=%0D%0A"},
        Form{"delimiter=%26%25%3f", "&%?", "delimiter=%26%25%3F"},
        Form{"delimiter=\xc3\xbc", "\xc3\xbc", "delimiter=%C3%BC"}}) {
    CAPTURE(form.text);
    const auto framing = Framing::parse(form.text);
    REQUIRE(framing);
    CHECK(framing->delimiter == form.delimiter);
    CHECK(framing->to_string() == form.formatted);
    CHECK(Framing::parse(framing->to_string())->delimiter == form.delimiter);
  }
}

TEST_CASE("a delimiter has 1 to 64 bytes, a fixed length 1 or more") {
  CHECK(Framing::parse("delimiter=" + std::string(64, 'd'))->delimiter.size() == 64);
  CHECK(Framing::parse("fixed=1")->fixed_bytes == 1);
  CHECK(Framing::parse("fixed=18446744073709551615")->fixed_bytes == SIZE_MAX);
}

TEST_CASE("an invalid framing is refused with a hint") {
  for (const std::string text : {"",
                                 "Lines",
                                 "line",
                                 "lines ",
                                 "lines=",
                                 "u32be=4",
                                 "u8",
                                 "=",
                                 "=lines",
                                 "delimiter",
                                 "delimiter=",
                                 "delimiter=%",
                                 "delimiter=%0",
                                 "delimiter=%gg",
                                 "fixed",
                                 "fixed=",
                                 "fixed=0",
                                 "fixed=-1",
                                 "fixed=+1",
                                 "fixed=1x",
                                 "fixed= 1",
                                 "fixed=0x10",
                                 "fixed=1KiB",
                                 "fixed=18446744073709551616",
                                 "raw=1"}) {
    CAPTURE(text);
    const auto framing = Framing::parse(text);
    CHECK(test::kind_of(framing) == "invalid_argument");
    if (framing) continue;
    CHECK_FALSE(framing.error().detail.empty());
    CHECK_FALSE(framing.error().hint().empty());
  }
  CHECK(test::kind_of(Framing::parse("delimiter=" + std::string(65, 'd'))) == "invalid_argument");
}

TEST_CASE("the error for an unknown framing lists the known ones, and cannot move a cursor") {
  const auto framing = Framing::parse("json\n");
  REQUIRE_FALSE(framing);
  CHECK(framing.error().message() ==
        "cannot understand the framing 'json\\n': there is no such framing");
  CHECK(framing.error().hint() ==
        "the framings are raw, lines, u16be, u32be, u32le, i32le, varint, netstring, "
        "delimiter=BYTES, fixed=N, ready and mp");
}

TEST_CASE("an endpoint without the option is raw") {
  const Taken taken = take("");
  REQUIRE(taken.framing);
  CHECK(taken.framing->kind == Framing::Kind::raw);
}

TEST_CASE("the options of an endpoint set the framing and its limit") {
  const Taken taken = take("?framing=delimiter=%0A&max=1KiB");
  REQUIRE(taken.framing);
  CHECK(taken.finished);
  CHECK(taken.framing->kind == Framing::Kind::delimiter);
  CHECK(taken.framing->delimiter == "\n");
  CHECK(taken.framing->frame_max == 1024);
  CHECK(take("?framing=u32be").framing->frame_max == 16 << 20);
  CHECK(take("?framing=u32be&max=4294967295").framing->frame_max == 4294967295);
  CHECK(take("?framing=fixed=5&max=5").framing->fixed_bytes == 5);
  CHECK(take("?framing=raw").framing->kind == Framing::Kind::raw);
}

TEST_CASE("options without a meaning are refused with the endpoint and a hint") {
  for (const std::string query :
       {"?framing=", "?framing=json", "?framing=lines&framing=lines", "?max=1",
        "?framing=raw&max=1", "?framing=lines&max=0", "?framing=lines&max=5GiB",
        "?framing=lines&max=x", "?framing=fixed=6&max=5", "?framing=fixed=16777217"}) {
    CAPTURE(query);
    const Taken taken = take(query);
    CHECK(test::kind_of(taken.framing) == "invalid_argument");
    if (taken.framing) continue;
    CHECK(taken.framing.error().endpoint == "unix:@x");
    CHECK_FALSE(taken.framing.error().hint().empty());
  }
}

TEST_CASE("both options count as known once the framing has been taken") {
  const auto endpoint = Endpoint::parse("unix:@x?other=1");
  OptionTaker taker(*endpoint);
  REQUIRE(Framing::take_from(taker));
  CHECK(taker.finish().error().hint() == "the options are framing and max");
}

}  // namespace hotline::framing_test
