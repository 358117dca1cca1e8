#include <algorithm>
#include <array>
#include <string>

#include "hotline/auth/connect_authenticated.h"
#include "hotline/engine/clock.h"
#include "hotline/server/server.h"
#include "simulation/challenge_scenario.h"

namespace simulation {
namespace {

using hotline::Challenge;
using hotline::Concurrency;

constexpr std::size_t kGoodCalls = 4;
constexpr std::size_t kBadCalls = 12;
constexpr std::string_view kGood = "good";
constexpr std::string_view kBad = "evil";
constexpr hotline::Duration kTimeout = std::chrono::seconds(20);

struct Tally : Verdict {
  std::size_t served = 0;
};

Challenge challenge_of(std::uint64_t seed, std::string_view secret) {
  constexpr Challenge::Scheme kSchemes[] = {Challenge::Scheme::hmac_md5,
                                            Challenge::Scheme::hmac_sha256, Challenge::Scheme::mp};
  return {kSchemes[seed % std::size(kSchemes)], hotline::Secret(hotline::as_bytes(secret))};
}

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::threads, 4},
                                    {Concurrency::Kind::serial, {}}};
  return kWords[seed / 3 % std::size(kWords)];
}

void run_server(std::uint64_t seed, Tally& tally) {
  hotline::Handler handler([&tally](hotline::Stream& call) {
    std::array<std::byte, kGood.size()> text;
    if (!call.read_exact(text)) return;
    if (hotline::as_text(text) != kGood) tally.blame("a caller without the secret was served");
    hotline::discard(call.write_all(text));
  });
  handler.authenticate([challenge = challenge_of(seed, "secret")](
                           hotline::Stream& call) -> hotline::Result<hotline::Identity> {
    if (auto checked = challenge.check_caller(call); !checked)
      return hotline::fail(checked.error());
    return hotline::Identity{"caller"};
  });
  hotline::ServerOptions options;
  options.concurrency = concurrency_of(seed);
  options.signals = hotline::SignalUse::drain;
  options.limits.connections_per_peer_max = kGoodCalls + kBadCalls;
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    if (!server.add("tcp://:8000", handler) || !server.bind()) continue;
    if (server.run()) return;
  }
}

hotline::ConnectOptions connecting() {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = {kTimeout, kTimeout, kTimeout};
  return options;
}

void call_as_good(std::uint64_t seed, Tally& tally) {
  hotline::ConnectOptions options = connecting();
  hotline::answer_on_connect(options, challenge_of(seed, "secret"));
  auto call = hotline::connect("tcp://server:8000", options);
  if (!call || !call->write_all(hotline::as_bytes(kGood))) return;
  std::array<std::byte, kGood.size()> reply;
  if (call->read_exact(reply)) ++tally.served;
}

/// Answers with another secret.
void call_with_another_secret(std::uint64_t seed, Tally& tally) {
  hotline::ConnectOptions options = connecting();
  hotline::answer_on_connect(options, challenge_of(seed, "other"));
  auto call = hotline::connect("tcp://server:8000", options);
  if (!call || !call->write_all(hotline::as_bytes(kBad))) return;
  std::array<std::byte, kBad.size()> reply;
  if (call->read_exact(reply)) tally.blame("a caller with another secret got a reply");
}

/// Sends a part of what it was sent, with a bit changed in every second call, then the message.
void call_with_garbage(std::uint64_t seed, std::size_t number, Tally& tally) {
  auto call = hotline::connect("tcp://server:8000", connecting());
  if (!call) return;
  const auto challenge = call->receive();
  if (!challenge) return;
  std::string answer(hotline::as_text(*challenge));
  answer.resize((seed * 31 + number * 7) % (answer.size() + 1));
  if (number % 2 == 0 && !answer.empty()) answer.back() = static_cast<char>(answer.back() ^ 1);
  if (!call->write_all(hotline::as_bytes(answer + std::string(kBad)))) return;
  if (!call->shut_down_writes()) return;
  // With mp the refusal itself is a reply.
  while (const auto bytes = call->receive()) {
    if (hotline::as_text(*bytes).find(kBad) != std::string_view::npos) {
      tally.blame("a caller that sent garbage got a reply");
    }
  }
}

void call_as_bad(std::uint64_t seed, std::size_t number, Tally& tally) {
  if (number % 3 == 0) return call_with_another_secret(seed, tally);
  call_with_garbage(seed, number, tally);
}

}  // namespace

Findings call_challenged(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  world.host("server").run([&] { run_server(seed, tally); });
  world.host("good").run([&] {
    for (std::size_t i = 0; i < kGoodCalls; ++i) {
      if (!hotline::sleep_for(std::chrono::milliseconds(20))) return;
      call_as_good(seed, tally);
    }
  });
  world.host("bad").run([&] {
    for (std::size_t i = 0; i < kBadCalls; ++i) {
      if (!hotline::sleep_for(std::chrono::milliseconds(10))) return;
      call_as_bad(seed, i, tally);
    }
  });
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && tally.served != kGoodCalls) {
    tally.blame("only " + std::to_string(tally.served) + " calls were served in a fair world");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
