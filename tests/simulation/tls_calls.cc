#include <algorithm>
#include <string>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/net/listener.h"
#include "hotline/server/server.h"
#include "simulation/tls_scenario.h"
#include "support/tls_options.h"

namespace simulation {
namespace {

using hotline::Concurrency;
using hotline::ErrorKind;
using hotline::Stream;
using hotline::test::accepting;
using hotline::test::presenting;

constexpr std::size_t kGoodCalls = 4;
constexpr std::size_t kBadCalls = 6;
constexpr hotline::Duration kTimeout = std::chrono::seconds(20);
constexpr hotline::StreamTimeouts kTimeouts{kTimeout, kTimeout, kTimeout};

/// More than one record, and more than some windows.
std::string question_of(std::uint64_t seed) {
  const std::size_t size = 1 + seed * 7919 % 40'000;
  std::string text = "question ";
  while (text.size() < size) text += static_cast<char>('a' + text.size() * 31 % 26);
  return text;
}

struct Tally : Verdict {
  std::size_t complete = 0;
};

/// Reads to the end. Blames bytes that are not those of `whole`, and an end that comes too early.
/// Returns true if all of it came, and then the end.
bool read_whole(Stream& stream, std::string_view whole, Tally& tally) {
  std::string text;
  while (const auto bytes = stream.receive()) text += hotline::as_text(*bytes);
  if (!whole.starts_with(text)) tally.blame("bytes arrived that were not sent");
  if (!stream.ended_with(ErrorKind::closed)) return false;
  if (text.size() < whole.size()) tally.blame("a part of the bytes counted as all of them");
  return text == whole;
}

hotline::Handler answering(const std::string& question, Tally& tally) {
  return hotline::Handler([&question, &tally](Stream& call) {
    if (!call.identity()) tally.blame("a caller without a name was served");
    // Without a reply the call must not look complete.
    if (!read_whole(call, question, tally)) return call.abort();
    if (!call.write_all(hotline::as_bytes(upper_cased(question)))) return;
    hotline::discard(call.shut_down_writes());
  });
}

/// Asks the question, and counts a complete answer.
void ask(const std::string& uri, const hotline::TlsOptions& tls, const std::string& question,
         Tally& tally) {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = kTimeouts;
  options.tls = tls;
  auto call = hotline::connect(uri, options);
  if (!call || !call->write_all(hotline::as_bytes(question))) return;
  if (!call->shut_down_writes()) return;
  if (read_whole(*call, upper_cased(question), tally)) ++tally.complete;
}

void run_server(Concurrency concurrency, const hotline::Handler& handler) {
  hotline::ServerOptions options;
  options.concurrency = concurrency;
  options.signals = hotline::SignalUse::drain;
  options.limits.connections_per_peer_max = kGoodCalls + kBadCalls;
  options.tls = accepting("alice");
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    if (!server.add("tls://:8000", handler) || !server.bind()) continue;
    if (server.run()) return;
  }
}

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::threads, 4},
                                    {Concurrency::Kind::serial, {}}};
  return kWords[seed % std::size(kWords)];
}

/// Sends what is not a handshake, or the beginning of one, and waits for the refusal.
void call_with_garbage(std::uint64_t seed, std::size_t number) {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = kTimeouts;
  auto call = hotline::connect("tcp://server:8000", options);
  if (!call) return;
  std::string bytes("\x16\x03\x01\x01\x20\x01\x00\x01\x1c\x03\x03", 11);
  bytes.resize((seed + number * 5) % 400, static_cast<char>(seed));
  if (!call->write_all(hotline::as_bytes(bytes))) return;
  if (number % 2 == 0) hotline::discard(call->shut_down_writes());
  while (call->receive()) {
  }
}

void call_as_bad(std::uint64_t seed, std::size_t number, const std::string& question) {
  Tally others;
  switch (number % 3) {
    case 0: ask("tls://server:8000", presenting("alice", 'x'), question, others); break;
    case 1: ask("tls://server:8000", presenting("mallory"), question, others); break;
    default: call_with_garbage(seed, number);
  }
}

/// The calls `from` a stream `to` another, which pass `bytes_max` bytes and are cut then.
struct Cut {
  enum class Manner : std::uint8_t { reset, end, silence };
  Manner manner;
  std::size_t bytes_max;
};

void relay(Stream& from, Stream& to, const std::optional<Cut>& cut) {
  std::size_t count = 0;
  while (const auto bytes = from.receive()) {
    const std::size_t most = cut ? cut->bytes_max - count : bytes->size();
    const hotline::Bytes passed = hotline::Bytes(*bytes).first(std::min(most, bytes->size()));
    if (!to.write_all(passed)) return;
    count += passed.size();
    if (!cut || count < cut->bytes_max) continue;
    if (cut->manner == Cut::Manner::end) hotline::discard(to.shut_down_writes());
    if (cut->manner != Cut::Manner::reset) break;
    from.abort();
    return to.abort();
  }
  // What comes later is read, so that no writer waits for room.
  while (from.receive()) {
  }
  if (!cut) hotline::discard(to.shut_down_writes());
}

void run_relay(bool is_reply, const Cut& cut) {
  auto listener = hotline::listen("tcp://:9000", {.stream = {.timeouts = kTimeouts}});
  if (!listener) return;
  auto caller = listener->accept();
  if (!caller) return;
  hotline::ConnectOptions options;
  options.stream.timeouts = kTimeouts;
  auto server = hotline::connect("tcp://server:8000", options);
  if (!server) return;
  hotline::TaskGroup both;
  const auto spawned = both.spawn(
      "reply", [&] { relay(*server, *caller, is_reply ? std::optional(cut) : std::nullopt); });
  if (!spawned) return;
  relay(*caller, *server, is_reply ? std::nullopt : std::optional(cut));
  hotline::discard(both.join());
}

}  // namespace

Findings call_over_tls(std::uint64_t seed) { return call_over_tls(seed, options_of(seed)); }

Findings call_over_tls(std::uint64_t seed, const hotline::sim::WorldOptions& options) {
  const std::string question = question_of(seed);
  Tally tally;
  hotline::sim::World world(seed, options);
  const hotline::Handler handler = answering(question, tally);
  world.host("server").run([&] { run_server(concurrency_of(seed), handler); });
  world.host("good").run([&] {
    for (std::size_t i = 0; i < kGoodCalls; ++i) {
      if (!hotline::sleep_for(std::chrono::milliseconds(20))) return;
      ask("tls://server:8000", presenting("alice"), question, tally);
    }
  });
  world.host("bad").run([&] {
    for (std::size_t i = 0; i < kBadCalls; ++i) {
      if (!hotline::sleep_for(std::chrono::milliseconds(10))) return;
      call_as_bad(seed, i, question);
    }
  });
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && tally.complete != kGoodCalls) {
    tally.blame("only " + std::to_string(tally.complete) + " calls succeeded in a fair world");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

Findings cut_tls(std::uint64_t seed) {
  const std::uint64_t number = seed - 1;
  const bool is_reply = number % 2 == 1;
  const Cut cut{static_cast<Cut::Manner>(number / 2 % 3), 1 + number / 6};
  const std::string question = "a question";
  Tally tally;
  auto options = options_of(seed);
  options.faults = hotline::FaultPlan().set(hotline::Fault::short_read, 300'000);
  hotline::sim::World world(seed, options);
  const hotline::Handler handler = answering(question, tally);
  world.host("server").run([&] { run_server(concurrency_of(seed / 7), handler); });
  world.host("relay").run([&] { run_relay(is_reply, cut); });
  world.host("caller").run([&] {
    if (!hotline::sleep_for(std::chrono::milliseconds(20))) return;
    ask("tls://relay:9000", presenting("alice"), question, tally);
  });
  const hotline::sim::Outcome outcome = world.run();
  // After the last byte nothing is left to cut.
  if (cut.bytes_max > kTlsCuts / 6 - 50 && tally.complete != 1) {
    tally.blame("a call that was not cut did not succeed");
  }
  if (cut.bytes_max < 100 && tally.complete != 0) tally.blame("a handshake that was cut succeeded");
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
