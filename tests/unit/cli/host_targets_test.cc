#include "cli/host_targets.h"

#include <doctest/doctest.h>

#include "support/temporary_directory.h"

namespace hotline::cli::host_targets_test {
namespace {

RunOptions run_at(std::vector<std::string> hosts) {
  RunOptions run;
  run.hosts = std::move(hosts);
  run.command = {"true"};
  return run;
}

Error refusal(const RunOptions& run, const std::string& home = {}) {
  const auto targets = host_targets(run, home);
  REQUIRE_FALSE(targets);
  return targets.error();
}

}  // namespace

TEST_CASE("the targets are in the order of the endpoints") {
  const auto targets = host_targets(run_at({"tcp://127.0.0.1:2", "unix:///s"}), {});
  REQUIRE(targets);
  REQUIRE(targets->size() == 2);
  CHECK(targets->front().target.endpoint.to_string() == "tcp://127.0.0.1:2");
}

TEST_CASE("one mistake is reported as it is") {
  CHECK(refusal(run_at({"unix:///s", "tcp://a:x"})).message().find("endpoints") ==
        std::string::npos);
  CHECK(refusal(run_at({"tcp://a:1?wire=i32"})).message() ==
        "--on needs the wire 'hotline', and tcp://a:1?wire=i32 has another");
}

TEST_CASE("several mistakes are one error that names each") {
  const test::TemporaryDirectory home;
  const Error error =
      refusal(run_at({"unix:///s", "tls://alice@a:1", "tcp://a:x", "tls://b:1"}), home.path());
  const std::string text = error.message();
  CAPTURE(text);
  CHECK(text.starts_with("3 of 4 endpoints cannot be called: cannot call tls://alice@a:1: "));
  CHECK(text.find("tcp://a:x") != std::string::npos);
  CHECK(text.find("; cannot call tls://b:1: ") != std::string::npos);
  CHECK_FALSE(error.hint().empty());
}

TEST_CASE("only the first of very many mistakes are named") {
  std::vector<std::string> hosts;
  for (int i = 0; i < 25; ++i) hosts.push_back("tcp://a:x" + std::to_string(i));
  const std::string text = refusal(run_at(hosts)).message();
  CHECK(text.starts_with("25 of 25 endpoints"));
  CHECK(text.ends_with("; and 5 more"));
  CHECK(text.find("x19") != std::string::npos);
  CHECK(text.find("x20") == std::string::npos);
}

TEST_CASE("a file of roots that cannot be read is found without a connection") {
  const test::TemporaryDirectory home;
  const std::string host = "tls://a:1?ca=" + home.file("absent");
  const Error error = refusal(run_at({host}), home.path());
  CHECK(error.message().starts_with("cannot call " + host + ": "));
}

TEST_CASE("a command that cannot be sent is refused") {
  RunOptions run = run_at({"tcp://127.0.0.1:2"});
  run.directory = "relative";
  CHECK(refusal(run).kind == ErrorKind::invalid_argument);
}

}  // namespace hotline::cli::host_targets_test
