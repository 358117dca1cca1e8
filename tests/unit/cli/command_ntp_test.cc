#include "cli/command_ntp.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_ntp_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

NtpQuery ntp(Words words) {
  words.insert(words.begin(), "ntp");
  return test::understood<read_ntp>(words);
}

Error refusal(Words words) {
  words.insert(words.begin(), "ntp");
  return test::refusal<read_ntp>(words);
}

}  // namespace

TEST_CASE("without options four samples are taken, 2 s apart, in the basic mode of version 4") {
  const NtpQuery options = ntp({"a"});
  CHECK(options.client.samples == 4);
  CHECK(options.client.interval == 2s);
  CHECK(options.client.reply_timeout == 2s);
  CHECK(options.client.version == 4);
  CHECK(options.client.mode == NtpExchangeMode::basic);
  CHECK_FALSE(options.client.key);
  CHECK_FALSE(options.is_watch);
}

TEST_CASE("options say how to ask") {
  const NtpQuery options =
      ntp({"a", "--samples", "8", "--interval", "50ms", "--timeout", "3s", "--ntp-version", "3",
           "--interleaved", "--watch", "--key", "4294967295", "--key-file", "f"});
  CHECK(options.client.samples == 8);
  CHECK(options.client.interval == 50ms);
  CHECK(options.client.reply_timeout == 3s);
  CHECK(options.client.version == 3);
  CHECK(options.client.mode == NtpExchangeMode::interleaved);
  CHECK(options.is_watch);
  CHECK(options.client.key->id == 4'294'967'295);
  CHECK(options.client.key->file == "f");
}

TEST_CASE("a number of samples limits a watch only if it is given") {
  CHECK_FALSE(ntp({"a", "--watch"}).watch_requests_max);
  CHECK(ntp({"a", "--watch", "--samples", "7"}).watch_requests_max == 7);
  CHECK_FALSE(ntp({"a", "--samples", "7"}).watch_requests_max);
}

TEST_CASE("what is missing or out of range is refused") {
  CHECK(refusal({""}).message() == "HOST is empty");
  CHECK(refusal({}).message() == "missing HOST");
  CHECK(refusal({"a", "--samples", "10001"}).message() == "--samples: 10001 is too large");
  CHECK(refusal({"a", "--samples", "0"}).message() == "--samples: '0' is not a number from 1 up");
  CHECK(refusal({"a", "--ntp-version", "5"}).message() == "--ntp-version: 5 is too large");
  CHECK(refusal({"a", "--interval", "0ms"}).message() ==
        "--interval: it is not from 1ms to a year");
  CHECK(refusal({"a", "--interval", "none"}).message() ==
        "--interval: it is not from 1ms to a year");
  CHECK(refusal({"a", "--timeout", "0s"}).message() == "--timeout: 0 would end every call at once");
  CHECK(refusal({"a", "--key", "1"}).message() == "--key and --key-file belong together");
  CHECK(refusal({"a", "--key-file", "f"}).message() == "--key and --key-file belong together");
  CHECK(refusal({"a", "--key", "x", "--key-file", "f"}).message() ==
        "--key: 'x' is not a number from 1 up");
}

}  // namespace hotline::cli::command_ntp_test
