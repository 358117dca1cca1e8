#include "cli/bench_run.h"

#include <cstdio>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "support/standard_streams.h"

namespace hotline::cli::bench_run_test {
namespace {

struct Ended {
  ExitStatus status = ExitStatus::ok;
  std::string error;
};

Ended run(const BenchOptions& options) {
  Ended ended;
  ended.error = test::written_to(stderr, [&] { ended.status = run_bench(options, {}); });
  return ended;
}

}  // namespace

TEST_CASE("a load that cannot be is refused before anything is called") {
  const Ended ended = run({.endpoint = "tcp://127.0.0.1:1?none=1"});
  CHECK(ended.status == ExitStatus::usage);
  CHECK(ended.error.starts_with("error: "));
}

TEST_CASE("a picture that cannot be drawn is refused before anything is called") {
  const Ended ended = run({.endpoint = "tcp://127.0.0.1:1", .svg = "/none/such/picture.svg"});
  CHECK(ended.status == ExitStatus::usage);
  CHECK(ended.error.find("/none/such/picture.svg") != std::string::npos);
}

}  // namespace hotline::cli::bench_run_test
