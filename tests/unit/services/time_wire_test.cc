#include "services/time_wire.h"

#include <time.h>

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "hotline/core/bytes.h"
#include "hotline/core/utf8.h"
#include "support/environment_variable.h"

namespace hotline::services::time_wire_test {
namespace {

using namespace std::chrono;
using namespace std::string_view_literals;

constexpr sys_seconds kNow = sys_days(2026y / July / 5) + 14h + 3min + 9s;

std::string answer(std::string_view request, const TimeZone& zone = {},
                   system_clock::time_point now = kNow) {
  const TimeReply reply = answer_time(request, zone, {}, now);
  CHECK(reply.is_error == reply.text.starts_with(kTimeErrorPrefix));
  CHECK(reply.text.size() <= kTimeReplyMax);
  return reply.text;
}

/// What the C library makes of the format, in UTC.
std::string by_library(const std::string& format, std::time_t time) {
  std::tm tm{};
  ::gmtime_r(&time, &tm);
  tm.tm_zone = "UTC";
  std::array<char, 1024> buffer{};
  return {buffer.data(), ::strftime(buffer.data(), buffer.size(), format.c_str(), &tm)};
}

constexpr std::string_view kKnown = "%aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ";

}  // namespace

TEST_CASE("an empty request asks for date and time") { CHECK(answer("") == "2026-07-05-14:03:09"); }

TEST_CASE("text beside the conversions is returned as it is") {
  CHECK(answer("%d.%m.%Y") == "05.07.2026");
  CHECK(answer("at %H o'clock") == "at 14 o'clock");
  CHECK(answer("现在是 %H:%M") == "现在是 14:03");
  CHECK(answer("no conversion") == "no conversion");
  CHECK(answer("100%%") == "100%");
  CHECK(answer(" ") == " ");
}

TEST_CASE("every conversion has the text that the C library gives it") {
  const system_clock::time_point times[] = {kNow,
                                            sys_seconds(0s),
                                            sys_seconds(-1s),
                                            sys_days(2024y / February / 29),
                                            sys_days(2027y / January / 1),
                                            sys_days(1999y / December / 31) + 23h + 59min + 59s,
                                            sys_days(2261y / July / 1)};
  for (const auto time : times) {
    const std::time_t seconds = system_clock::to_time_t(time);
    for (const char letter : kKnown) {
      for (const char* before : {"", "-", "_", "0", "^", "#", "_5", "012", "-^#3"}) {
        if (letter == 's' && before[0] != '\0') continue;
        const std::string format = std::string("%") + before + letter;
        CAPTURE(format);
        const std::string wanted =
            letter == 's' ? std::to_string(seconds) : by_library(format, seconds);
        CHECK(answer(format, {}, time) == wanted);
      }
    }
  }
}

TEST_CASE("a conversion that is known after a modifier is, and others are errors") {
  const std::string_view after_e = "cCxXyY";
  const std::string_view after_o = "bBdehHImMSuUVwWy";
  for (int letter = 1; letter < 128; ++letter) {
    const auto c = static_cast<char>(letter);
    const auto check = [&](const std::string& format, bool is_known) {
      CAPTURE(format);
      CHECK(answer(format).starts_with(kTimeErrorPrefix) == !is_known);
      // What the library does not know, it returns as it is.
      if (is_known && format != "%%") CHECK(answer(format) != format);
      if (is_known && c != 's') CHECK_FALSE(by_library(format, 0).contains(format));
    };
    const bool is_grammar = "_-0^#123456789EO"sv.contains(c);
    check(std::string("%") + c, !is_grammar && kKnown.contains(c));
    check(std::string("%E") + c, after_e.contains(c));
    check(std::string("%O") + c, after_o.contains(c));
  }
}

TEST_CASE("the seconds since 1970 do not depend on the zone, and can be padded") {
  const TimeZone far = TimeZone::find("ABC-14").value();
  CHECK(answer("%s", far) == answer("%s"));
  CHECK(answer("%s", far, sys_seconds(1'783'260'189s)) == "1783260189");
  CHECK(answer("%12s", far, sys_seconds(42s)) == "000000000042");
  CHECK(answer("%_4s%-4s|%04s", far, sys_seconds(42s)) == "  4242|0042");
  CHECK(answer("%5s", far, sys_seconds(-42s)) == "-0042");
  CHECK(answer("%s", far, sys_seconds(-1s) + 1ns) == "-1");
}

TEST_CASE("the zone decides the local time, its name and its difference to UTC") {
  const TimeZone zone = TimeZone::find("CET-1CEST,M3.5.0,M10.5.0/3").value();
  CHECK(answer("%H:%M %Z %z", zone) == "16:03 CEST +0200");
  CHECK(answer("%F %T %Z", zone, sys_days(2026y / December / 31) + 23h) ==
        "2027-01-01 00:00:00 CET");
  CHECK(answer("%F %T %Z %z", TimeZone::find("<-0330>3:30").value(),
               sys_days(2026y / January / 1)) == "2025-12-31 20:30:00 -0330 -0330");
}

TEST_CASE("the zone of the process changes nothing") {
  {
    const test::EnvironmentVariable variable("TZ", "ABC-5");
    ::tzset();
    CHECK(answer("%F %T %Z %z %c") == "2026-07-05 14:03:09 UTC +0000 Sun Jul  5 14:03:09 2026");
    CHECK(answer("%s", {}, sys_seconds(42s)) == "42");
  }
  ::tzset();
}

TEST_CASE("a text of the most bytes is a reply, and one byte more is an error") {
  const std::string fill(kTimeReplyMax - 4, 'x');
  CHECK(answer(fill + "%Y") == fill + "2026");
  CHECK(answer(fill + "x%Y") == "error: the text would be longer than 256 bytes");
  CHECK(answer("%256Y") == std::string(kTimeReplyMax - 4, '0') + "2026");
  CHECK(answer("%257Y").starts_with("error: the text would be longer"));
  CHECK(answer(std::string(kTimeReplyMax, 'x')) == std::string(kTimeReplyMax, 'x'));
  CHECK(answer(std::string(kTimeReplyMax + 1, 'x')).starts_with("error: the text would be longer"));
}

TEST_CASE("a width of any size is bounded") {
  for (const char* width : {"1000", "999999999", "2147483648", "99999999999999999999999999"}) {
    for (const char letter : {'Y', 's', 'A', 'Z', 'c', 'n'}) {
      CHECK(
          answer(std::string("%") + width + letter).starts_with("error: the text would be longer"));
    }
  }
  CHECK(answer("%00000000000000000000000000005Y") == "02026");
}

TEST_CASE("many conversions are bounded") {
  std::string request;
  while (request.size() + 2 <= kTimeRequestMax) request += "%c";
  CHECK(answer(request).starts_with("error: the text would be longer"));
  request.clear();
  while (request.size() + 5 <= kTimeRequestMax) request += "%256s";
  CHECK(answer(request).starts_with("error: the text would be longer"));
}

TEST_CASE("a request of the most bytes is read, and one byte more is an error") {
  std::string longest(kTimeRequestMax - 2, '0');
  longest = "%" + longest + "Y";
  CHECK(answer(longest) == "2026");
  longest.insert(1, "0");
  CHECK(answer(longest) == "error: the format is longer than 1024 bytes");
}

TEST_CASE("a malformed request gets one line that says what is wrong") {
  CHECK(answer("%Q") == "error: unknown conversion 'Q'");
  CHECK(answer("%Y %-5EQ") == "error: unknown conversion '-5EQ'");
  CHECK(answer("%\n") == "error: unknown conversion '\\n'");
  CHECK(answer("%é") == "error: unknown conversion '\\xc3'");
  CHECK(answer("%E%") == "error: unknown conversion 'E'");
  CHECK(answer("%________________________Q") ==
        "error: unknown conversion '________________...(25 bytes)'");
  for (const char* request : {"%", "%Y%", "%-", "%12", "%E", "%O", "%_^#005E"}) {
    CHECK(answer(request) == "error: the format ends within a conversion");
  }
  CHECK(answer("%Y\0"sv) == "error: the format has a zero byte");
  CHECK(answer("\0"sv) == "error: the format has a zero byte");
  CHECK(answer("\xff") == "error: the format is not UTF-8");
  CHECK(answer("%Y\xc3") == "error: the format is not UTF-8");
}

TEST_CASE("no text that starts with an error is an answerable format, so errors cannot loop") {
  for (const std::string_view request : {"%Q"sv, "%E%"sv, "%"sv, "\0"sv, "\xff"sv, "%999Y"sv}) {
    CHECK(may_be_time_reply(answer(request)));
  }
  CHECK_FALSE(may_be_time_reply(""));
  CHECK_FALSE(may_be_time_reply("%Y"));
  CHECK(may_be_time_reply("2026"));
}

TEST_CASE("whatever the bytes, the reply is short UTF-8 text") {
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1'664'525 + 1'013'904'223, state >> 16; };
  for (int round = 0; round < 20'000; ++round) {
    std::string request(next() % 24, '\0');
    constexpr std::string_view kLikely = "%%%%%%YcsEO_-0^#19nZ\xc3\xa4";
    for (char& each : request) {
      each = next() % 8 == 0 ? static_cast<char>(next()) : kLikely[next() % kLikely.size()];
    }
    CHECK(is_utf8(as_bytes(answer(request))));
  }
}

}  // namespace hotline::services::time_wire_test
