#include "cli/command_time.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_time_test {
namespace {

using test::Words;

CallOptions time_of(Words words) {
  words.insert(words.begin(), "time");
  return test::understood<read_time>(words);
}

Error refusal(Words words) {
  words.insert(words.begin(), "time");
  return test::refusal<read_time>(words);
}

}  // namespace

TEST_CASE("time has an endpoint and perhaps one format, which may be empty") {
  const CallOptions options = time_of({"udp://a:1", "%H:%M"});
  CHECK(options.endpoint == "udp://a:1");
  CHECK(options.messages == Words{"%H:%M"});
  CHECK(options.error_prefix == "error: ");
  CHECK(time_of({"udp://a:1", ""}).messages == Words{""});
  CHECK(time_of({"udp://a:1"}).messages.empty());
  CHECK(refusal({}).message() == "missing ENDPOINT");
}

TEST_CASE("a blank line of the input is an empty format, and quit ends it everywhere") {
  const LineRules rules = time_of({"udp://a:1"}).lines;
  CHECK(rules.quit == QuitLine::ends);
  CHECK(rules.blank == BlankLine::is_empty_message);
}

TEST_CASE("a format that begins as an error does makes no error") {
  CHECK(time_of({"udp://a:1", "error: %Y"}).error_prefix.empty());
}

TEST_CASE("a stream needs a framing, and datagrams do not") {
  CHECK(time_of({"tcp://a:1?framing=lines"}).endpoint == "tcp://a:1?framing=lines");
  CHECK(time_of({"unixgram:@a"}).endpoint == "unixgram:@a");
  for (const char* uri : {"tcp://a:1", "tls://a:1", "unix:@a"}) {
    CHECK(refusal({uri}).message() == "a stream without a framing has no messages");
  }
}

}  // namespace hotline::cli::command_time_test
