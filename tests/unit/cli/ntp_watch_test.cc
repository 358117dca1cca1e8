#include "cli/ntp_watch.h"

#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>

namespace hotline::cli::ntp_watch_test {
namespace {

using namespace std::chrono_literals;

NtpSample sample(Duration offset) {
  NtpSample made;
  made.offset = offset;
  made.delay = 200us;
  made.server.stratum = 2;
  return made;
}

NtpPicture picture(NtpPicture::Colours colours = NtpPicture::Colours::off) {
  NtpPicture made("udp://a:123", colours);
  made.add(sample(1ms));
  made.add({}, "no reply in time");
  made.add(sample(3ms));
  return made;
}

}  // namespace

TEST_CASE("a picture has the server, the last values and a plot of each") {
  const auto lines = picture().lines({80, 24});
  CHECK(lines.front() == "udp://a:123  stratum 2  basic");
  CHECK(lines[1].starts_with("offset +3.000 ms, error at most "));
  CHECK(std::ranges::count(lines, "delay 200.0 us") == 1);
  CHECK(std::ranges::any_of(lines, [](const std::string& each) { return each.contains("x"); }));
}

TEST_CASE("the message of a failure is shown until the next sample") {
  NtpPicture failing("udp://a:123", NtpPicture::Colours::off);
  failing.add({}, "no reply in time");
  CHECK(failing.lines({80, 24}).back() == "no reply in time");
  failing.add(sample(1ms));
  CHECK(failing.lines({80, 24}).back().empty());
}

TEST_CASE("a picture fits into a terminal of any size") {
  for (const std::size_t columns : {1U, 5U, 20U, 40U, 80U, 300U}) {
    for (const std::size_t rows : {13U, 20U, 24U, 60U}) {
      const auto lines = picture().lines({columns, rows});
      CHECK(lines.size() < rows);
      for (const std::string& each : lines) CHECK(each.size() < columns);
    }
  }
}

TEST_CASE("there are colours only if they are wanted") {
  const auto has_colour = [](const std::vector<std::string>& lines) {
    return std::ranges::any_of(lines,
                               [](const std::string& each) { return each.contains('\x1b'); });
  };
  CHECK_FALSE(has_colour(picture().lines({80, 24})));
  CHECK(has_colour(picture(NtpPicture::Colours::on).lines({80, 24})));
}

TEST_CASE("before the first sample a picture has no values") {
  const auto lines = NtpPicture("udp://a:123", NtpPicture::Colours::off).lines({80, 24});
  CHECK(lines.front() == "udp://a:123");
  CHECK(lines[1] == "offset");
}

}  // namespace hotline::cli::ntp_watch_test
