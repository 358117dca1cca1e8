#include "cli/command_call.h"

#include <doctest/doctest.h>

#include "support/command_line.h"

namespace hotline::cli::command_call_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

CallOptions call(Words words) {
  words.insert(words.begin(), {"call", "tcp://a:1"});
  return test::understood<read_call>(words);
}

Error refusal(const Words& words) { return test::refusal<read_call>(words); }

}  // namespace

TEST_CASE("a call has an endpoint and messages") {
  const CallOptions options = call({"hello", "two words", "--", "--linger"});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.messages == Words{"hello", "two words", "--linger"});
  CHECK(options.linger == 1s);
  CHECK(options.timeout == 30s);
  CHECK(options.controls == Controls::escaped);
  CHECK(call({}).messages.empty());
  CHECK(call({"--raw"}).controls == Controls::raw);
  CHECK(refusal({"call"}).message() == "missing ENDPOINT");
}

}  // namespace hotline::cli::command_call_test
