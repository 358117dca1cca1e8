#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/framing/connect_frames.h"
#include "hotline/server/server.h"
#include "hotline/services/upper.h"
#include "simulation/framed_scenario.h"

namespace simulation {
namespace {

using hotline::Concurrency;
using hotline::ErrorKind;
using hotline::FrameStream;
using hotline::Message;
using hotline::Reply;

constexpr std::size_t kCallers = 6;
constexpr std::size_t kMessages = 20;
constexpr hotline::Duration kTimeout = std::chrono::seconds(60);

// Without the framings in which the network may cut a length so that no receiver can detect it.
constexpr std::array<std::string_view, 10> kFramings = {
    "lines",    "u16be", "u32be", "u32le", "i32le", "varint", "netstring", "delimiter=%0D%0A",
    "fixed=40", "mp"};

std::string_view framing_of(std::uint64_t seed) { return kFramings[seed % kFramings.size()]; }

std::string framing_option(std::uint64_t seed) {
  return "?framing=" + std::string(framing_of(seed));
}

/// The findings of all callers of one world.
struct Tally : Verdict {
  std::size_t answered = 0;
};

Concurrency concurrency_of(std::uint64_t seed) {
  constexpr Concurrency kWords[] = {{Concurrency::Kind::loops, 2},
                                    {Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::loops, 1},
                                    {Concurrency::Kind::threads, 8},
                                    {Concurrency::Kind::serial, {}}};
  return kWords[seed / kFramings.size() % std::size(kWords)];
}

bool is_serial(std::uint64_t seed) {
  return concurrency_of(seed).kind == Concurrency::Kind::serial;
}

/// All different, with lengths around those of buffers, without the bytes that end a line.
std::string message_of(std::size_t caller, std::size_t number, std::uint64_t seed) {
  const bool is_fixed = framing_of(seed).starts_with("fixed");
  const std::size_t size =
      is_fixed ? 40 : 16 + (seed * 7919 + caller * 104729 + number * 1299709) % 3000;
  std::string text = "from " + std::to_string(caller) + " message " + std::to_string(number) + " ";
  while (text.size() < size) text += static_cast<char>('a' + (text.size() * 31 + number) % 26);
  text.resize(size);
  return text;
}

/// Answers in place, with bytes of its own, or after a pause.
Reply answer(const Message& message) {
  const std::size_t kind = message.bytes().size() % 4;
  if (kind == 0 && !hotline::sleep_for(std::chrono::milliseconds(30))) return {};
  if (kind == 1) return upper_cased(std::string(hotline::as_text(message.bytes())));
  hotline::to_upper(message.bytes());
  return Reply::in_place(message);
}

void run_server(std::uint64_t seed) {
  hotline::ServerOptions options;
  options.concurrency = concurrency_of(seed);
  options.signals = hotline::SignalUse::drain;
  options.timeouts.idle = std::chrono::minutes(2);
  options.limits.connections_per_peer_max = kCallers;
  const std::string framing = framing_option(seed);
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    const bool is_added = server.add("tcp://:8000" + framing, answer) &&
                          server.add("unix:///run/framed" + framing, answer);
    if (is_added && server.bind() && server.run()) return;
  }
}

/// Reads the replies to messages until one does not arrive. Returns how many did.
std::size_t read_replies(FrameStream& frames, std::size_t caller, std::uint64_t seed,
                         Tally& tally) {
  for (std::size_t i = 0; i < kMessages; ++i) {
    const auto reply = frames.read_frame();
    if (!reply) {
      if (reply.error().kind == ErrorKind::protocol_violation)
        tally.blame("what came is not a frame");
      return i;
    }
    if (hotline::as_text(*reply) != upper_cased(message_of(caller, i, seed))) {
      tally.blame("reply " + std::to_string(i) + " of caller " + std::to_string(caller) +
                  " is wrong, of " + std::to_string(reply->size()) + " bytes");
      return i;
    }
  }
  return kMessages;
}

/// Some callers send all messages at once, others one after the other.
void write_messages(FrameStream& frames, std::size_t caller, std::uint64_t seed) {
  std::vector<std::string> messages;
  for (std::size_t i = 0; i < kMessages; ++i) messages.push_back(message_of(caller, i, seed));
  if (caller % 2 == 0) {
    const std::vector<hotline::Bytes> payloads = [&] {
      std::vector<hotline::Bytes> views;
      for (const std::string& each : messages) views.push_back(hotline::as_bytes(each));
      return views;
    }();
    static_cast<void>(frames.write_frames(payloads));
    return;
  }
  for (const std::string& each : messages) {
    if (!frames.write_frame(hotline::as_bytes(each))) return;
  }
}

void run_caller(const std::string& uri, std::size_t caller, std::uint64_t seed, Tally& tally) {
  hotline::ConnectOptions options;
  options.timeout = kTimeout;
  options.stream.timeouts = {kTimeout, kTimeout, kTimeout};
  auto connected = hotline::connect_frames(uri + framing_option(seed), options);
  if (!connected) return;
  FrameStream frames = std::move(*connected);
  hotline::TaskGroup both;
  if (!both.spawn("write", [&] { write_messages(frames, caller, seed); })) return;
  tally.answered += read_replies(frames, caller, seed, tally);
  static_cast<void>(both.join());
}

}  // namespace

Findings call_framed(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  world.host("server").run([&] { run_server(seed); });
  for (std::size_t i = 0; i < kCallers; ++i) {
    const bool is_local = i == 0;
    const std::string uri = is_local ? "unix:///run/framed" : "tcp://server:8000";
    hotline::sim::Host host = world.host(is_local ? "server" : "caller" + std::to_string(i % 3));
    host.run([&tally, uri, i, seed] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
      run_caller(uri, i, seed, tally);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  const bool is_fair =
      is_quiet(options.faults) || (is_bearable(options.faults) && !is_serial(seed));
  if (is_fair && tally.answered != kCallers * kMessages) {
    tally.blame("only " + std::to_string(tally.answered) + " messages were answered");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
