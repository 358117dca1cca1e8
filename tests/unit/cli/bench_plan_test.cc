#include "cli/bench_plan.h"

#include <doctest/doctest.h>

namespace hotline::cli::bench_plan_test {
namespace {

BenchPlan plan(const BenchOptions& options) { return BenchPlan::make(options, {}).value(); }

std::string refusal(const BenchOptions& options) {
  const auto made = BenchPlan::make(options, {});
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == ErrorKind::invalid_argument);
  CHECK_FALSE(made.error().hint().empty());
  return made.error().message();
}

}  // namespace

TEST_CASE("without a framing a reply has the size of the message") {
  const BenchPlan made = plan({.endpoint = "tcp://a:1", .bytes = 100});
  CHECK(made.replies.kind == Framing::Kind::fixed);
  CHECK(made.replies.fixed_bytes == 100);
  CHECK(made.trusts_sizes());
  CHECK(made.knows_ends());
}

TEST_CASE("with a framing, replies are in it") {
  const BenchPlan made = plan({.endpoint = "tcp://a:1?framing=lines&max=1MiB"});
  CHECK(made.replies.kind == Framing::Kind::lines);
  CHECK(made.replies.frame_max == std::size_t{1} << 20);
  CHECK_FALSE(made.trusts_sizes());
  CHECK(made.knows_ends());
}

TEST_CASE("a reply of unknown size is whatever arrives, one at a time") {
  const BenchOptions options{.endpoint = "tcp://a:1", .expected = ExpectedReply::any};
  CHECK_FALSE(plan(options).knows_ends());
  CHECK(plan(options).depth == 1);
  BenchOptions deep = options;
  deep.depth = 2;
  CHECK(refusal(deep).find("--depth: ") == 0);
  BenchOptions framed = deep;
  framed.endpoint += "?framing=u32be";
  CHECK(plan(framed).depth == 2);
}

TEST_CASE("an open loop is deeper than a closed one, where the framing allows it") {
  CHECK(plan({.endpoint = "tcp://a:1"}).depth == 1);
  CHECK(plan({.endpoint = "tcp://a:1", .rate = 5}).depth == 64);
  CHECK(plan({.endpoint = "tcp://a:1", .depth = 3, .rate = 5}).depth == 3);
  CHECK(plan({.endpoint = "tcp://a:1?framing=ready", .rate = 5}).depth == 1);
  CHECK(refusal({.endpoint = "tcp://a:1?framing=ready", .depth = 2}).find("--depth: ") == 0);
}

TEST_CASE("datagrams have a number if there is room for it and the reply is known") {
  CHECK(plan({.endpoint = "udp://a:1", .depth = 32}).has_numbers());
  CHECK(plan({.endpoint = "udp://a:1", .bytes = 8}).has_numbers());
  CHECK_FALSE(plan({.endpoint = "udp://a:1", .bytes = 7}).has_numbers());
  CHECK_FALSE(plan({.endpoint = "udp://a:1", .message = "hello, world"}).has_numbers());
  CHECK_FALSE(plan({.endpoint = "tcp://a:1"}).has_numbers());
  CHECK(refusal({.endpoint = "udp://a:1", .depth = 2, .bytes = 7}).find("--depth: ") == 0);
  CHECK(plan({.endpoint = "udp://a:1", .rate = 9, .bytes = 7}).depth == 1);
}

TEST_CASE("what an endpoint cannot have is refused") {
  CHECK(refusal({.endpoint = "udp://a:1", .per_connection = 1}).find("--per-connection: ") == 0);
  CHECK(refusal({.endpoint = "udp://a:1", .bytes = 65'508}) ==
        "65508 bytes are too many for a datagram");
  CHECK(plan({.endpoint = "udp://a:1", .bytes = 65'507}).messages.bytes() == 65'507);
  CHECK_FALSE(refusal({.endpoint = "udp://a:1?framing=lines"}).empty());
  CHECK_FALSE(refusal({.endpoint = "tcp://a:1?backlog=5"}).empty());
  CHECK_FALSE(refusal({.endpoint = "a:1"}).empty());
  CHECK_FALSE(refusal({.endpoint = "tcp://a:1", .message = ""}).empty());
}

}  // namespace hotline::cli::bench_plan_test
