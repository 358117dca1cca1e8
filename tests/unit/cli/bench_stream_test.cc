#include "cli/bench_stream.h"

#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/net/listener.h"
#include "hotline/server/serve.h"
#include "hotline/services/upper.h"
#include "support/bench_world.h"

namespace hotline::cli::bench_stream_test {
namespace {

using namespace std::chrono_literals;
using test::load_in_world;

/// Two seconds in a world whose messages take a millisecond each way.
const sim::WorldOptions kWorld{.latency_min = 1ms, .latency_max = 1ms};

void serve_upper() { serve("tcp://:8000", upper); }

BenchOptions options(std::string_view query = "") {
  return {.endpoint = "tcp://a:8000" + std::string(query), .duration = 2s};
}

std::uint64_t count(const BenchResult& result, BenchFault fault) {
  return result.tally.count_of(fault);
}

/// Calls `serve` for one caller after another.
template <typename Serve>
void serve_each(Serve serve_one) {
  auto listener = listen("tcp://:8000");
  REQUIRE(listener);
  while (auto call = listener->accept()) serve_one(*call);
}

}  // namespace

TEST_CASE("a closed loop sends the next message when a reply has come") {
  const BenchResult result = load_in_world(options(), serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.elapsed == 2s);
  CHECK(result.tally.latencies.percentile(0.5) == doctest::Approx(2'000'000).epsilon(0.01));
  CHECK(result.tally.in_time == doctest::Approx(1000).epsilon(0.01));
  CHECK(result.tally.bytes_received == 64 * result.tally.in_time);
  CHECK(result.tally.connects.total() == 1);
}

TEST_CASE("several messages are under way at once, each within the latency of one") {
  BenchOptions deep = options("?framing=u32be");
  deep.depth = 8;
  const BenchResult result = load_in_world(
      deep, [] { serve("tcp://:8000?framing=u32be", upper_message); }, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.in_time == doctest::Approx(8000).epsilon(0.01));
}

TEST_CASE("every framing can be used, also by a message of no bytes") {
  for (const char* framing : {"lines", "u16be", "varint", "netstring", "fixed=20", "mp", "ready"}) {
    CAPTURE(framing);
    const std::string query = std::string("?framing=") + framing;
    BenchOptions framed = options(query);
    framed.messages = 20;
    const auto serve_framed = [&] { serve("tcp://:8000" + query, upper_message); };
    const BenchResult result = load_in_world(framed, serve_framed);
    CHECK(result.tally.faults_total() == 0);
    CHECK(result.tally.latencies.total() == 20);
  }
  BenchOptions empty = options("?framing=u32le");
  empty.message = "";
  empty.messages = 3;
  const auto serve_framed = [] { serve("tcp://:8000?framing=u32le", upper_message); };
  CHECK(load_in_world(empty, serve_framed).tally.latencies.total() == 3);
}

TEST_CASE("messages that no buffer holds are sent while their replies are read") {
  BenchOptions large = options();
  large.bytes = 300'000;
  large.depth = 3;
  large.messages = 10;
  large.duration = {};
  const BenchResult result = load_in_world(large, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 10);
}

TEST_CASE("an open loop counts from when a message was due, also while the server stalls") {
  BenchOptions open = options();
  open.rate = 100;
  open.depth = 4;
  const auto stall_for_a_second = [] {
    serve_each([](Stream& call) {
      for (int i = 0; auto bytes = call.receive(); ++i) {
        if (i == 20) discard(sleep_for(1s));
        if (!call.write_all(to_upper(*bytes))) return;
      }
    });
  };
  const BenchResult result = load_in_world(open, stall_for_a_second, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 200);
  CHECK(result.tally.missed == 0);
  // Half of the messages were due during the stall, and waited half of it on average.
  CHECK(result.tally.latencies.max() > 900'000'000);
  CHECK(result.tally.latencies.percentile(0.75) > 400'000'000);
  CHECK(result.tally.latencies.percentile(0.4) < 10'000'000);
  open.rate.reset();
  open.depth = 1;
  const BenchResult closed = load_in_world(open, stall_for_a_second, kWorld);
  CHECK(closed.tally.latencies.percentile(0.99) < 10'000'000);
}

TEST_CASE("an open loop that is too fast for the server misses messages") {
  BenchOptions fast = options();
  fast.rate = 1000;
  fast.depth = 1;
  const BenchResult result = load_in_world(fast, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.in_time == doctest::Approx(1000).epsilon(0.01));
  CHECK(result.tally.missed + result.tally.latencies.total() == 2000);
}

TEST_CASE("a server that stalls until the end is not seen as a fast one") {
  BenchOptions open = options();
  open.rate = 100;
  open.depth = 4;
  open.timeout = 3s;
  const BenchResult result = load_in_world(
      open,
      [] {
        serve_each([](Stream& call) {
          for (int i = 0; auto bytes = call.receive(); ++i) {
            if (i == 100) discard(sleep_for(1h));
            if (!call.write_all(to_upper(*bytes))) return;
          }
        });
      },
      kWorld);
  CHECK(result.tally.latencies.total() == 100);
  CHECK(result.tally.missed == 96);
  const BenchPlan plan = BenchPlan::make(open, {}).value();
  const auto text = bench_json_of(result, plan).text();
  CAPTURE(text);
  // Those that are answered take 2 ms, the others up to a second until the end, or longer.
  CHECK(text.find(R"("latency_ns":{"p50":20)") != std::string::npos);
  CHECK(text.find(R"("p90":8)") != std::string::npos);
  CHECK(text.find(R"("latency_bounds":100,)") != std::string::npos);
  CHECK(result.with_bounds().percentile(0.75) == doctest::Approx(500e6).epsilon(0.03));
  CHECK(result.with_bounds().max() > 2'900'000'000);
}

TEST_CASE("a connection of an open loop is made only when a message is due") {
  BenchOptions each = options();
  each.per_connection = 1;
  each.rate = 10;
  each.connections = 4;
  const BenchResult result = load_in_world(each, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 20);
  CHECK(result.tally.connects.total() == 20);
}

TEST_CASE("a connection that is lost long after its last reply is made again") {
  BenchOptions rare = options();
  rare.rate = 1;
  rare.duration = 60s;
  rare.timeout = 100ms;
  int calls = 0;
  const auto hang_up_once = [&] {
    serve_each([&](Stream& call) {
      for (bool is_first = ++calls == 1; auto bytes = call.receive();) {
        if (!call.write_all(to_upper(*bytes))) return;
        if (is_first && sleep_for(900ms)) return;
      }
    });
  };
  const BenchResult result = load_in_world(rare, hang_up_once, kWorld);
  CHECK(count(result, BenchFault::closed) == 1);
  CHECK(result.tally.latencies.total() == 60);
}

TEST_CASE("an open loop sends long messages when they are due, not when a reply comes") {
  BenchOptions large = options();
  large.rate = 10;
  large.bytes = 20'000;
  const BenchResult result =
      load_in_world(large, serve_upper, {.latency_min = 150ms, .latency_max = 150ms});
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 20);
  CHECK(result.tally.latencies.max() < 350'000'000);
}

TEST_CASE("a peer that answers early and stops reading is given up") {
  for (const bool is_at_end : {false, true}) {
    CAPTURE(is_at_end);
    BenchOptions large = options("?framing=u32be");
    large.bytes = std::size_t{4} << 20;
    large.expected = ExpectedReply::any;
    large.timeout = 500ms;
    if (is_at_end) large.messages = 1;
    const BenchResult result = load_in_world(
        large,
        [] {
          serve_each([](Stream& call) {
            discard(call.receive());
            discard(call.write_all(as_bytes(std::string_view("\0\0\0\1x", 5))));
            discard(sleep_for(1min));
          });
        },
        kWorld);
    CHECK(count(result, BenchFault::stalled) >= 1);
    CHECK(result.tally.latencies.total() == 1);
    CHECK(count(result, BenchFault::closed) + count(result, BenchFault::reset) == 0);
  }
}

TEST_CASE("a wrong reply ends a connection without a framing, and is named") {
  const BenchResult result = load_in_world(options(), [] {
    serve_each([](Stream& call) {
      while (auto bytes = call.receive()) {
        if (!call.write_all(*bytes)) return;
      }
    });
  });
  CHECK(count(result, BenchFault::wrong) == 1);
  CHECK(result.tally.faults_total() == 1);
  REQUIRE(result.tally.first_fault);
  CHECK(result.tally.first_fault->message().find("a wrong reply: byte ") != std::string::npos);
}

TEST_CASE("after a wrong reply in a framing the load goes on") {
  BenchOptions framed = options("?framing=u32be");
  framed.messages = 5;
  const BenchResult result = load_in_world(framed, [] {
    serve("tcp://:8000?framing=u32be",
          [](const Message& message) { return Reply::in_place(message); });
  });
  CHECK(count(result, BenchFault::wrong) == 5);
  CHECK(result.tally.latencies.total() == 0);
}

TEST_CASE("a byte too many is found, with the reply and after the last one") {
  const auto add_byte = [] {
    serve_each([](Stream& call) {
      if (auto bytes = call.receive()) discard(call.write_all(to_upper(*bytes)));
      discard(call.write_all(as_bytes("x")));
      while (call.receive()) {
      }
    });
  };
  BenchOptions one = options();
  one.messages = 1;
  const BenchResult result = load_in_world(one, add_byte, kWorld);
  CHECK(count(result, BenchFault::surplus) == 1);
  CHECK(result.tally.faults_total() == 1);
}

TEST_CASE("a server that hangs up within a reply, or without one, is counted once") {
  const auto answer = [](std::size_t bytes) {
    return [bytes] {
      serve_each([bytes](Stream& call) {
        const auto came = call.receive();
        if (came) discard(call.write_all(to_upper(*came).first(bytes)));
      });
    };
  };
  const BenchResult cut = load_in_world(options(), answer(10));
  CHECK(count(cut, BenchFault::truncated) == 1);
  CHECK(count(cut, BenchFault::unanswered) == 1);
  const BenchResult closed = load_in_world(options(), answer(0));
  CHECK(count(closed, BenchFault::closed) == 1);
  CHECK(count(closed, BenchFault::unanswered) == 1);
  CHECK(closed.tally.latencies.total() == 0);
}

TEST_CASE("a connection that had replies is made again") {
  BenchOptions many = options();
  many.messages = 12;
  const BenchResult result = load_in_world(many, [] {
    serve_each([](Stream& call) {
      for (int i = 0; i < 3; ++i) {
        auto bytes = call.receive();
        if (!bytes || !call.write_all(to_upper(*bytes))) return;
      }
    });
  });
  CHECK(result.tally.connects.total() > 2);
  CHECK(count(result, BenchFault::closed) + count(result, BenchFault::reset) >= 2);
  CHECK(result.tally.latencies.total() + count(result, BenchFault::unanswered) == 12);
}

TEST_CASE("a server that does not answer is given up after the timeout") {
  BenchOptions patient = options();
  patient.timeout = 500ms;
  const BenchResult result = load_in_world(patient, [] {
    serve_each([](Stream& call) {
      while (call.receive()) {
      }
    });
  });
  CHECK(count(result, BenchFault::stalled) == 1);
  CHECK(count(result, BenchFault::unanswered) == 1);
  CHECK(result.tally.first_fault->kind == ErrorKind::timed_out);
}

TEST_CASE("where nothing listens, the load ends at once") {
  BenchOptions refused = options();
  refused.connections = 3;
  const BenchResult result = load_in_world(refused, [] {});
  CHECK(count(result, BenchFault::refused) == 3);
  CHECK(result.tally.connects.total() == 0);
  CHECK(result.elapsed < 1s);
}

TEST_CASE("a connection can be made for each message, whose latency includes that") {
  BenchOptions each = options();
  each.per_connection = 1;
  each.messages = 10;
  const BenchResult result = load_in_world(each, serve_upper, kWorld);
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 10);
  CHECK(result.tally.connects.total() == 10);
  CHECK(result.tally.latencies.percentile(0) > result.tally.connects.percentile(0) + 1'900'000);
  each.per_connection = 4;
  CHECK(load_in_world(each, serve_upper, kWorld).tally.connects.total() == 3);
  each.rate = 10;
  const BenchResult open = load_in_world(each, serve_upper, kWorld);
  CHECK(open.tally.latencies.total() == 10);
  CHECK(open.tally.connects.total() == 3);
}

TEST_CASE("with any reply, whatever arrives is one") {
  BenchOptions any = options();
  any.expected = ExpectedReply::any;
  any.messages = 5;
  const BenchResult result = load_in_world(any, [] {
    serve_each([](Stream& call) {
      while (call.receive()) {
        if (!call.write_all(as_bytes("yes"))) return;
      }
    });
  });
  CHECK(result.tally.faults_total() == 0);
  CHECK(result.tally.latencies.total() == 5);
  CHECK(result.tally.bytes_received == 15);
}

TEST_CASE("bytes that are not in the framing end the connection") {
  BenchOptions framed = options("?framing=netstring");
  const BenchResult result = load_in_world(framed, [] {
    serve_each([](Stream& call) {
      while (call.receive()) {
        if (!call.write_all(as_bytes("not one"))) return;
      }
    });
  });
  CHECK(count(result, BenchFault::malformed) == 1);
}

}  // namespace hotline::cli::bench_stream_test
