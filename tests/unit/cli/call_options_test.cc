#include "cli/call_options.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::call_options_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

CallOptions call(Words words) {
  words.insert(words.begin(), {"call", "tcp://a:1"});
  return test::understood<read_call_options>(words);
}

Error refusal(const Words& words) { return test::refusal<read_call_options>(words); }

}  // namespace

TEST_CASE("a linger of 0 and a timeout of none are allowed") {
  const CallOptions options = call({"--linger", "0s", "--timeout=none"});
  CHECK(options.linger == 0s);
  CHECK(options.timeout == kNoTimeout);
}

TEST_CASE("a time without a unit, and a timeout of 0, are refused with the option's name") {
  for (const std::string option : {"--linger", "--timeout"}) {
    const Error error = refusal({"call", "e", option, "5"});
    CHECK(error.message() == option + ": '5' is not a duration: it has no unit");
    CHECK(error.hint() == "write 500ms, 60s, 2m or 1h; none is without limit");
  }
  CHECK(refusal({"call", "e", "--timeout", "0ms"}).message() ==
        "--timeout: 0 would end every call at once");
  CHECK(call({"--timeout", "1ms"}).timeout == 1ms);
}

}  // namespace hotline::cli::call_options_test
