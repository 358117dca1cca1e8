// slow_handshakes: callers of an upper-case server on this machine, over TLS with a key or with a
// challenge. Slow ones begin the handshake and do not end it; good ones measure what that does to
// them. bench/slow_handshakes runs both.

#include <sys/resource.h>

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../generator/clock.h"
#include "../generator/histogram.h"
#include "../trust/calling.h"
#include "hotline/hotline.h"

namespace bench {
namespace {

constexpr hotline::Duration kPause = std::chrono::milliseconds(5);
constexpr int kGoodCallers = 5;

// The heads of a TLS record and of the ClientHello in it. For a challenge it is a part of an
// answer.
constexpr std::string_view kBegin("\x16\x03\x01\x01\x00\x01\x00\x00\xfc", 9);

struct Tally {
  Histogram latencies;
  std::uint64_t refused = 0;
};

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Slow callers call again when the server has ended their calls, until the process is killed.
int run_slow(const std::string& endpoint, int count) {
  const auto parsed = hotline::Endpoint::parse(endpoint).value();
  const auto server =
      hotline::Endpoint::parse("tcp://" + parsed.host() + ":" + std::to_string(parsed.port()))
          .value();
  int begun = 0;
  const auto call_again_and_again = [&] {
    for (;;) {
      auto call = hotline::connect(server);
      if (call && call->write_all(hotline::as_bytes(kBegin))) {
        if (++begun == count) std::fputs("ready\n", stderr);
        while (call->receive()) {
        }
      }
      if (!hotline::sleep_for(kPause)) return;
    }
  };
  hotline::TaskGroup callers;
  for (int i = 0; i < count; ++i) callers.spawn("slow", call_again_and_again).value();
  callers.join().value();
  return 0;
}

bool is_answered(hotline::Stream& call) {
  std::string text(64, 'a');
  return call.write_all(hotline::as_bytes(text)) &&
         call.read_exact(hotline::as_writable_bytes(text)) && text == std::string(64, 'A');
}

// Sends a message, waits for the reply, pauses, and sends the next: on one call, or on a new one
// for each message, whose handshake then counts.
void measure_kept(const std::string& endpoint, const std::string& keys, Nanoseconds end,
                  Tally& tally) {
  auto call = call_server(endpoint, keys);
  if (!call) ++tally.refused;
  while (call && now() < end) {
    const Nanoseconds began = now();
    if (!is_answered(*call)) {
      ++tally.refused;
      return;
    }
    tally.latencies.record(now() - began, 1);
    hotline::discard(hotline::sleep_for(kPause));
  }
}

void measure_fresh(const std::string& endpoint, const std::string& keys, Nanoseconds end,
                   Tally& tally) {
  while (now() < end) {
    const Nanoseconds began = now();
    auto call = call_server(endpoint, keys);
    if (call && is_answered(*call)) {
      tally.latencies.record(now() - began, 1);
    } else {
      ++tally.refused;
    }
    hotline::discard(hotline::sleep_for(kPause));
  }
}

void print(const char* name, const Tally& tally, const char* end) {
  const auto ms = [](Nanoseconds time) { return static_cast<double>(time) / kMillisecond; };
  std::printf("\"%s\": {\"answers\": %" PRIu64 ", \"refused\": %" PRIu64
              ", \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}%s",
              name, tally.latencies.total(), tally.refused, ms(tally.latencies.percentile(0.5)),
              ms(tally.latencies.percentile(0.99)), ms(tally.latencies.max()), end);
}

int run_good(const std::string& endpoint, double seconds, const std::string& keys) {
  Tally kept;
  Tally fresh;
  const Nanoseconds end = now() + static_cast<Nanoseconds>(seconds * 1e9);
  hotline::TaskGroup callers;
  for (int i = 0; i < kGoodCallers; ++i) {
    callers.spawn("kept", [&] { measure_kept(endpoint, keys, end, kept); }).value();
  }
  callers.spawn("fresh", [&] { measure_fresh(endpoint, keys, end, fresh); }).value();
  callers.join().value();
  std::printf("{");
  print("kept", kept, ", ");
  print("fresh", fresh, "}\n");
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const std::string conduct = argc > 3 ? argv[1] : "";
  bench::raise_descriptor_limit();
  if (conduct == "slow") return bench::run_slow(argv[2], std::atoi(argv[3]));
  if (conduct == "good")
    return bench::run_good(argv[2], std::atof(argv[3]), argc > 4 ? argv[4] : "");
  std::fputs(
      "usage: slow_handshakes slow ENDPOINT CALLERS\n"
      "       slow_handshakes good ENDPOINT SECONDS [KEY-DIRECTORY]\n",
      stderr);
  return 2;
}
