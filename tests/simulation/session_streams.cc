#include <csignal>
#include <string>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "hotline/server/server.h"
#include "hotline/session/serve_streams.h"
#include "hotline/session/session.h"
#include "simulation/session_scenario.h"

namespace simulation {
namespace {

using hotline::as_bytes;
using hotline::as_text;
using hotline::ErrorKind;
using hotline::Session;
using hotline::SessionStream;
using std::chrono::seconds;

constexpr std::size_t kCallers = 3;
constexpr std::size_t kStreams = 6;
constexpr std::size_t kMessages = 12;

// Above what heartbeats and write timeouts take together.
constexpr hotline::Duration kEnough = std::chrono::minutes(30);

/// The findings of all callers of one world.
struct Tally : Verdict {
  std::size_t complete = 0;  ///< Streams.
  std::size_t finished = 0;  ///< Sessions.
};

hotline::SessionOptions options_of_session(std::uint64_t seed) {
  hotline::SessionOptions options;
  options.protocol = "echo/1";
  options.message_types = 1;
  options.frame_max = 1'024;
  options.message_credit = 2'048;
  options.streams_max = 4;
  options.flow_credit = static_cast<std::uint32_t>(64 + seed % 4'000);
  options.flow_credit_max = 8'192;
  options.growth_max = 16'384;
  options.data_max = static_cast<std::uint32_t>(1 + seed * 7 % 1'000);
  options.unsent_max = 1 + seed * 31 % 4'096;
  return options;
}

// The server.

/// Sends the bytes of flow 0 back on flow 1, up to their end.
bool echo_bytes(SessionStream& stream) {
  for (;;) {
    const auto bytes = stream.read(0);
    if (!bytes) return false;
    if (bytes->empty()) return stream.end(1, as_bytes("end")).has_value();
    if (!stream.write(1, *bytes)) return false;
  }
}

void echo_messages(SessionStream& stream) {
  for (;;) {
    const auto message = stream.receive();
    if (!message) return;
    if (!stream.send({.payload = as_bytes(message->payload)})) return;
  }
}

void echo(SessionStream& stream) {
  if (!stream.accept(stream.request())) return;
  if (!echo_bytes(stream)) return;
  echo_messages(stream);
  static_cast<void>(stream.end_messages());
}

void run_server(std::uint64_t seed) {
  hotline::ServerOptions options;
  options.signals = hotline::SignalUse::drain;
  options.concurrency = seed % 2 == 0
                            ? hotline::Concurrency{hotline::Concurrency::Kind::loops, 2}
                            : hotline::Concurrency{hotline::Concurrency::Kind::threads, 8};
  const hotline::Handler serve = [seed](hotline::Stream& call) {
    static_cast<void>(hotline::serve_streams(call, options_of_session(seed), echo));
  };
  // Memory may be short at any time, so starting may take more than one attempt.
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(options);
    if (server.add("tcp://:8000", serve) && server.bind() && server.run()) return;
  }
}

// The callers.

std::string bytes_of(std::size_t number, std::uint64_t seed) {
  std::string text((seed * 7919 + number * 104'729) % 12'000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>(i * 31 + i / 253 + number);
  return text;
}

bool write_all(SessionStream& stream, const std::string& sent) {
  if (!stream.write(0, as_bytes(sent))) return false;
  return stream.end(0).has_value();
}

/// Reads what comes back of `sent`. Returns true at its end.
bool read_back(SessionStream& stream, const std::string& sent, Tally& tally) {
  std::string read;
  for (;;) {
    const auto bytes = stream.read(1);
    if (!bytes) return false;
    if (bytes->empty()) break;
    read += as_text(*bytes);
    if (!sent.starts_with(read)) {
      tally.blame("wrong bytes before byte " + std::to_string(read.size()));
      return false;
    }
  }
  const auto end = stream.flow_end(1);
  if (!end || end->total != sent.size() || end->trailer != "end" || read != sent) {
    tally.blame("a flow ended after " + std::to_string(read.size()) + " bytes of " +
                std::to_string(sent.size()));
  }
  return true;
}

/// Sends messages and receives each again. Returns true at the end of the peer's messages.
bool exchange_messages(SessionStream& stream, Tally& tally) {
  for (std::size_t i = 0; i < kMessages; ++i) {
    const std::string text = std::string(i * 80, 'm') + std::to_string(i);
    if (!stream.send({.payload = as_bytes(text)})) return false;
    const auto reply = stream.receive();
    if (!reply) return false;
    if (reply->payload != text) tally.blame("message " + std::to_string(i) + " is wrong");
  }
  if (!stream.end_messages()) return false;
  const auto last = stream.receive();
  if (last) tally.blame("a message that was not sent");
  const bool is_ended = !last && last.error().kind == ErrorKind::closed;
  if (is_ended && stream.flow_end(hotline::kMessageFlow)->total != kMessages) {
    tally.blame("the messages ended early");
  }
  return is_ended;
}

void use_stream(SessionStream& stream, std::size_t number, std::uint64_t seed, Tally& tally) {
  const std::string sent = bytes_of(number, seed);
  hotline::TaskGroup writing;
  bool is_written = false;
  if (!writing.spawn("write", [&] { is_written = write_all(stream, sent); })) return;
  const bool is_read = read_back(stream, sent, tally);
  static_cast<void>(writing.join());
  if (!is_read || !is_written) return;
  const auto answer = stream.answer();
  if (!answer || as_text(*answer) != std::to_string(number)) tally.blame("a wrong answer");
  if (exchange_messages(stream, tally)) ++tally.complete;
}

/// Writes more than the peer may send back while nothing is read, and then drops the stream.
void leave_unread(SessionStream& stream, Tally& tally) {
  const std::string much(100'000, 'x');
  const auto written = stream.write(0, as_bytes(much), hotline::deadline_after(seconds(3)));
  if (written) tally.blame("the peer took more than its credit covers");
}

void open_stream(Session& session, std::size_t number, std::uint64_t seed, Tally& tally) {
  auto stream = session.open({1, 1}, as_bytes(std::to_string(number)));
  if (!stream) return;
  if (number % 3 == 2) return leave_unread(*stream, tally);
  use_stream(*stream, number, seed, tally);
}

void run_caller(std::uint64_t seed, std::size_t caller, Tally& tally) {
  hotline::ConnectOptions options;
  options.timeout = seconds(20);
  auto call = hotline::connect("tcp://server:8000", options);
  if (!call) return;
  auto session =
      Session::start(std::move(*call), hotline::SessionRole::client, options_of_session(seed));
  if (!session) return;
  hotline::TaskGroup streams;
  for (std::size_t i = 0; i < kStreams; ++i) {
    if (!streams.spawn("stream", [&, i] { open_stream(*session, i, seed, tally); })) return;
  }
  // Streams that are open go on then, and no others are opened.
  if (caller == 1 && hotline::sleep_for(std::chrono::milliseconds(1 + seed % 300))) {
    session->drain();
  }
  const hotline::Instant begun = hotline::now();
  static_cast<void>(streams.join());
  const auto finished = session->finish(hotline::deadline_after(kEnough));
  if (finished) ++tally.finished;
  if (!finished && finished.error().kind == ErrorKind::timed_out && !session->failure()) {
    tally.blame("a session did not end");
  }
  if (hotline::now() - begun > kEnough) tally.blame("a stream did not end");
}

}  // namespace

Findings use_sessions(std::uint64_t seed) {
  const auto options = options_of(seed);
  hotline::sim::World world(seed, options);
  Tally tally;
  world.host("server").run([&] { run_server(seed); });
  for (std::size_t i = 0; i < kCallers; ++i) {
    world.host("caller" + std::to_string(i)).run([&tally, seed, i] {
      if (!hotline::sleep_for(std::chrono::milliseconds(10 * (i + 1)))) return;
      run_caller(seed, i, tally);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_bearable(options.faults)) {
    // Those of the caller that drains may not have been opened.
    const std::size_t least = (kCallers - 1) * kStreams * 2 / 3;
    if (tally.complete < least) {
      tally.blame("only " + std::to_string(tally.complete) + " streams are complete");
    }
    if (tally.finished != kCallers) tally.blame("a session did not end in order");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
