#include "cli/command_bench.h"

#include <fstream>

#include <doctest/doctest.h>

#include "support/command_line.h"
#include "support/temporary_directory.h"

namespace hotline::cli::command_bench_test {
namespace {

using namespace std::chrono_literals;
using test::Words;

BenchOptions bench(Words words) {
  words.insert(words.begin(), {"bench", "tcp://a:1"});
  return test::understood<read_bench>(words);
}

std::string refusal(Words words) {
  words.insert(words.begin(), {"bench", "tcp://a:1"});
  return test::refusal<read_bench>(words).message();
}

}  // namespace

TEST_CASE("without options it is a closed loop of one connection for ten seconds") {
  const BenchOptions options = bench({});
  CHECK(options.endpoint == "tcp://a:1");
  CHECK(options.connections == 1);
  CHECK(options.threads == 1);
  CHECK(options.duration == 10s);
  CHECK(options.warm_up == 0s);
  CHECK(options.timeout == 10s);
  CHECK(options.expected == ExpectedReply::upper);
  CHECK_FALSE(options.rate);
  CHECK_FALSE(options.depth);
  CHECK_FALSE(options.messages);
  CHECK_FALSE(options.message);
}

TEST_CASE("options say what the load is") {
  const BenchOptions options = bench({"--connections",
                                      "64",
                                      "--depth",
                                      "32",
                                      "--rate",
                                      "10000",
                                      "--duration",
                                      "2m",
                                      "--messages",
                                      "5000000",
                                      "--per-connection",
                                      "1",
                                      "--warm-up",
                                      "2s",
                                      "--timeout",
                                      "3s",
                                      "--threads",
                                      "4",
                                      "--size",
                                      "16KiB",
                                      "--expect",
                                      "echo",
                                      "--svg",
                                      "a.svg"});
  CHECK(options.connections == 64);
  CHECK(options.depth == 32);
  CHECK(options.rate == 10'000);
  CHECK(options.duration == 2min);
  CHECK(options.messages == 5'000'000);
  CHECK(options.per_connection == 1);
  CHECK(options.warm_up == 2s);
  CHECK(options.timeout == 3s);
  CHECK(options.threads == 4);
  CHECK(options.bytes == 16'384);
  CHECK(options.expected == ExpectedReply::echo);
  CHECK(options.svg == "a.svg");
}

TEST_CASE("a number of messages has no time, unless one is given") {
  CHECK_FALSE(bench({"--messages", "5"}).duration);
  CHECK(bench({"--messages", "5", "--duration", "1s"}).duration == 1s);
  CHECK_FALSE(bench({"--duration", "none"}).duration);
  CHECK(bench({"--warm-up", "none"}).warm_up == 0s);
  CHECK(bench({"--timeout", "none"}).timeout == kNoTimeout);
}

TEST_CASE("a datagram is lost after a second") {
  CHECK(test::understood<read_bench>({"bench", "udp://a:1"}).timeout == 1s);
  CHECK(test::understood<read_bench>({"bench", "udp://a:1", "--timeout", "5s"}).timeout == 5s);
}

TEST_CASE("the message is a text or the content of a file") {
  CHECK(bench({"--message", ""}).message == "");
  CHECK(bench({"--message", "two words"}).message == "two words");
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/message";
  std::ofstream(path) << "of a file\n";
  CHECK(bench({"--file", path}).message == "of a file\n");
  const auto missing = read_bench(test::split({"bench", "tcp://a:1", "--file", "/none/such"}));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::not_found);
}

TEST_CASE("what is missing, out of range or contradictory is refused") {
  CHECK(test::refusal<read_bench>({"bench"}).message() == "missing ENDPOINT");
  CHECK(refusal({"--connections", "0"}) == "--connections: '0' is not a number from 1 up");
  CHECK(refusal({"--connections", "100001"}) == "--connections: 100001 is too large");
  CHECK(refusal({"--depth", "65537"}) == "--depth: 65537 is too large");
  CHECK(refusal({"--rate", "100000001"}) == "--rate: 100000001 is too large");
  CHECK(refusal({"--threads", "257"}) == "--threads: 257 is too large");
  CHECK(refusal({"--threads", "2"}) == "--threads: there are fewer connections than threads");
  CHECK(refusal({"--duration", "0s"}) == "--duration: 0 is not enough");
  CHECK(refusal({"--duration", "721h"}) == "--duration: it is more than 30 days");
  CHECK(refusal({"--warm-up", "721h"}) == "--warm-up: it is more than 30 days");
  CHECK(refusal({"--timeout", "721h"}) == "--timeout: it is more than 30 days");
  CHECK(refusal({"--timeout", "0s"}).find("--timeout: 0 ") == 0);
  CHECK(refusal({"--size", "0"}) == "--size: '0' is not a number of bytes");
  CHECK(refusal({"--size", "17MiB"}) == "--size: it is more than 16 MiB");
  CHECK(refusal({"--size", "1", "--message", "a"}) ==
        "--size, --message and --file exclude each other");
  CHECK(refusal({"--expect", "upper-case"}) == "--expect: there is no reply 'upper-case'");
  CHECK(refusal({"--svg", ""}) == "--svg: FILE is empty");
}

}  // namespace hotline::cli::command_bench_test
