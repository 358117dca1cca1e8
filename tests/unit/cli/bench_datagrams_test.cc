#include "cli/bench_datagrams.h"

#include <functional>
#include <string>

#include <doctest/doctest.h>

#include "hotline/server/serve.h"
#include "hotline/services/upper.h"
#include "support/bench_world.h"

namespace hotline::cli::bench_datagrams_test {
namespace {

using namespace std::chrono_literals;
using test::load_in_world;

const sim::WorldOptions kWorld{.latency_min = 1ms, .latency_max = 1ms};

BenchOptions options() { return {.endpoint = "udp://a:8000", .duration = 2s, .timeout = 500ms}; }

std::uint64_t count(const BenchResult& result, BenchFault fault) {
  return result.tally.count_of(fault);
}

void serve_upper() { serve("udp://:8000", upper_message); }

/// Calls `answer` for each datagram.
template <typename Answer>
void answer_each(Answer answer) {
  auto socket = bind_datagrams("udp://:8000");
  REQUIRE(socket);
  for (int number = 0;; ++number) {
    const auto request = socket->receive();
    if (!request) return;
    answer(*socket, *request, number);
  }
}

}  // namespace

TEST_CASE("a closed loop keeps its depth of datagrams under way") {
  BenchOptions deep = options();
  deep.depth = 5;
  const BenchResult result = load_in_world(deep, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.in_time == doctest::Approx(5000).epsilon(0.01));
  CHECK(result.tally.latencies.percentile(0.5) == doctest::Approx(2'000'000).epsilon(0.01));
}

TEST_CASE("an open loop sends datagrams at their times") {
  BenchOptions open = options();
  open.rate = 50;
  const BenchResult result = load_in_world(open, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 100);
  CHECK(result.tally.missed == 0);
}

TEST_CASE("lost datagrams are counted, and others take their place") {
  BenchOptions lossy = options();
  lossy.depth = 4;
  lossy.messages = 40;
  lossy.duration = {};
  const BenchResult result = load_in_world(lossy, [] {
    answer_each([](DatagramSocket& socket, const Datagram& request, int number) {
      if (number % 10 == 3) return;
      discard(socket.send({to_upper(request.bytes), request.route}));
    });
  });
  CHECK(count(result, BenchFault::unanswered) == 4);
  CHECK(result.tally.faults_total() == 4);
  CHECK(result.tally.latencies.total() == 36);
  CHECK(result.tally.first_fault->message().find("no reply within 500ms") != std::string::npos);
}

TEST_CASE("a lost datagram of an open loop counts with the time for which it was waited") {
  BenchOptions open = options();
  open.rate = 50;
  const BenchResult result = load_in_world(
      open,
      [] {
        answer_each([](DatagramSocket& socket, const Datagram& request, int number) {
          if (number % 4 == 3) return;
          discard(socket.send({to_upper(request.bytes), request.route}));
        });
      },
      kWorld);
  CHECK(result.tally.latencies.total() == 75);
  CHECK(result.tally.bounds.total() == 25);
  CHECK(result.tally.bounds.percentile(0) >= 500'000'000);
  CHECK(result.with_bounds().percentile(0.75) < 10'000'000);
  CHECK(result.with_bounds().percentile(0.76) >= 500'000'000);
}

TEST_CASE("replies may come in any order") {
  BenchOptions deep = options();
  deep.depth = 2;
  deep.messages = 10;
  const BenchResult result = load_in_world(deep, [] {
    std::string kept;
    answer_each([&](DatagramSocket& socket, const Datagram& request, int number) {
      if (number % 2 == 0) {
        kept = as_text(to_upper(request.bytes));
        return;
      }
      discard(socket.send({to_upper(request.bytes), request.route}));
      discard(socket.send({as_bytes(kept), request.route}));
    });
  });
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 10);
}

TEST_CASE("a reply that comes twice is surplus, and a wrong one is named") {
  BenchOptions few = options();
  few.messages = 3;
  const BenchResult twice = load_in_world(few, [] {
    answer_each([](DatagramSocket& socket, const Datagram& request, int) {
      const Bytes reply = to_upper(request.bytes);
      discard(socket.send({reply, request.route}));
      discard(socket.send({reply, request.route}));
    });
  });
  CHECK(twice.tally.latencies.total() == 3);
  CHECK(count(twice, BenchFault::surplus) >= 2);
  const auto reply_with = [&](std::function<std::string(Bytes)> reply) {
    return load_in_world(few, [&] {
      answer_each([&](DatagramSocket& socket, const Datagram& request, int) {
        const std::string text = reply(to_upper(request.bytes));
        discard(socket.send({as_bytes(text), request.route}));
      });
    });
  };
  const auto longer = [](Bytes bytes) { return std::string(as_text(bytes)) + "x"; };
  CHECK(count(reply_with(longer), BenchFault::wrong) == 3);
  const auto shorter = [](Bytes bytes) { return std::string(as_text(bytes.first(20))); };
  CHECK(count(reply_with(shorter), BenchFault::wrong) == 3);
  const auto other = [](Bytes) { return std::string(64, 'x'); };
  CHECK(count(reply_with(other), BenchFault::wrong) == 3);
}

TEST_CASE("datagrams without a number are answered one by one, and may be empty") {
  BenchOptions empty = options();
  empty.message = "";
  empty.messages = 3;
  CHECK(load_in_world(empty, serve_upper).tally.latencies.total() == 3);
  BenchOptions any = options();
  any.message = "now";
  any.expected = ExpectedReply::any;
  any.messages = 3;
  const BenchResult result = load_in_world(any, [] {
    answer_each([](DatagramSocket& socket, const Datagram& request, int) {
      discard(socket.send({as_bytes("12:00"), request.route}));
    });
  });
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.bytes_received == 15);
}

TEST_CASE("where no socket is bound, the load ends at once") {
  const BenchResult result = load_in_world(options(), [] {});
  CHECK(count(result, BenchFault::refused) == 1);
  CHECK(count(result, BenchFault::unanswered) == 1);
  CHECK(result.elapsed < 1s);
}

}  // namespace hotline::cli::bench_datagrams_test
