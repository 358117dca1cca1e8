#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/time.h"
#include "simulation/time_scenario.h"

namespace simulation {
namespace {

using hotline::Duration;
using hotline::Fault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::size_t kCallers = 3;
constexpr std::size_t kRequests = 40;
constexpr std::uint16_t kPort = 8000;

/// A clock that is stepped at chosen moments, and knows what it has said.
class SteppedClock {
 public:
  explicit SteppedClock(std::uint64_t seed) {
    Duration at{};
    Duration ahead = std::chrono::hours(24 * 365 * 50);
    for (std::uint64_t i = 0; i < 8; ++i) {
      pieces_.push_back({at, ahead});
      at += milliseconds(200 + seed * (i + 3) % 1'700);
      const Duration step = seconds(1 + seed * (i + 7) % 100'000);
      ahead += (seed + i) % 2 == 0 ? step : -step;
    }
  }

  system_clock::time_point read(Duration elapsed) const {
    Duration ahead = pieces_.front().ahead;
    for (const Piece& each : pieces_) {
      if (each.from <= elapsed) ahead = each.ahead;
    }
    return time_of(elapsed, ahead);
  }

  /// Returns true if the clock said that second at some moment from `first` to `last`.
  bool has_said(std::int64_t second, Duration first, Duration last) const {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
      const Duration end = i + 1 < pieces_.size() ? pieces_[i + 1].from : Duration::max();
      const Duration from = std::max(first, pieces_[i].from);
      const Duration to = std::min(last, end);
      if (from > to) continue;
      if (second >= second_of(time_of(from, pieces_[i].ahead)) &&
          second <= second_of(time_of(to, pieces_[i].ahead))) {
        return true;
      }
    }
    return false;
  }

 private:
  struct Piece {
    Duration from;
    Duration ahead;
  };

  static system_clock::time_point time_of(Duration elapsed, Duration ahead) {
    return system_clock::time_point(
        std::chrono::duration_cast<system_clock::duration>(elapsed + ahead));
  }
  static std::int64_t second_of(system_clock::time_point time) {
    return std::chrono::floor<seconds>(time.time_since_epoch()).count();
  }

  std::vector<Piece> pieces_;
};

/// The world, its clock, and when its requests were sent.
struct Watch {
  Duration elapsed() const { return world->elapsed(); }

  hotline::sim::World* world = nullptr;
  SteppedClock clock;
  hotline::FaultPlan plan;
  Verdict verdict{};
  std::size_t answered = 0;
};

/// The reply to `%s from CALLER number NUMBER` is a second and the rest of the request.
struct Answer {
  std::int64_t second = 0;
  std::string rest{};
};

Answer parse_reply(std::string_view text) {
  Answer answer;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), answer.second);
  if (error == std::errc()) answer.rest = std::string(end, text.data() + text.size());
  return answer;
}

/// One caller and what it has asked.
class Caller {
 public:
  Caller(Watch& watch, std::size_t number) : watch_(watch), number_(number) {}

  void run(const std::string& uri) {
    auto socket = hotline::connect_datagrams(uri);
    if (!socket) return;
    for (std::size_t i = 0; i < kRequests; ++i) {
      const std::string rest = " from " + std::to_string(number_) + " number " + std::to_string(i);
      sent_.emplace(rest, watch_.elapsed());
      if (!socket->send({hotline::as_bytes("%s" + rest)})) continue;
      receive(*socket, milliseconds(30 + 10 * number_));
    }
    while (receive(*socket, seconds(10))) {
    }
  }

 private:
  bool receive(hotline::DatagramSocket& socket, Duration patience) {
    const auto reply = socket.receive(hotline::deadline_after(patience));
    if (reply) judge(hotline::as_text(reply->bytes));
    return reply.has_value();
  }

  void judge(std::string_view text) {
    const Answer answer = parse_reply(text);
    const auto asked = sent_.find(answer.rest);
    const bool is_right = asked != sent_.end() &&
                          watch_.clock.has_said(answer.second, asked->second, watch_.elapsed());
    if (is_right) ++watch_.answered;
    if (is_right || watch_.plan.per_million(Fault::datagram_corruption) > 0) return;
    watch_.verdict.blame("a wrong time: " + hotline::escape(hotline::as_bytes(text)));
  }

  Watch& watch_;
  std::size_t number_;
  std::map<std::string, Duration> sent_;
};

void serve_time(Watch& watch) {
  hotline::TimeOptions options{.zone = hotline::TimeZone()};
  options.clock = [&watch] { return watch.clock.read(watch.elapsed()); };
  hotline::ServerOptions server_options;
  server_options.concurrency = {hotline::Concurrency::Kind::loops, 1};
  server_options.signals = hotline::SignalUse::drain;
  for (int i = 0; i < 50; ++i) {
    hotline::Server server(server_options);
    const auto messages = hotline::TimeMessages::make(options);
    if (!messages || !server.add("udp://:8000", *messages) ||
        !server.add("unixgram:///run/time", *messages) || !server.bind()) {
      continue;
    }
    if (server.run()) return;
  }
}

/// Sends a datagram to the server at `address` from the port that the next server here will have.
void forge(const std::string& address, std::string_view text) {
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(kPort);
  ::inet_pton(AF_INET, address.c_str(), &server.sin_addr);
  hotline::DatagramRoute route;
  route.peer = hotline::SocketAddress(&server, sizeof server);
  auto socket = hotline::bind_datagrams("udp://0.0.0.0:8000");
  if (socket) hotline::discard(socket->send({hotline::as_bytes(text), &route}));
}

/// Returns true if equal datagrams of a loop stay equal, and follow each other within a second.
bool can_loop(const hotline::FaultPlan& plan) {
  for (const Fault fault : {Fault::datagram_corruption, Fault::delay, Fault::stall,
                            Fault::process_stop, Fault::partition, Fault::process_death}) {
    if (plan.per_million(fault) > 0) return false;
  }
  return true;
}

}  // namespace

Findings tell_time(std::uint64_t seed) {
  auto options = options_of(seed);
  options.time_max = std::chrono::hours(1);
  hotline::sim::World world(seed, options);
  Watch watch{&world, SteppedClock(seed), options.faults};
  hotline::sim::Host server = world.host("server");
  server.run([&] { serve_time(watch); });
  for (std::size_t i = 0; i < kCallers; ++i) {
    hotline::sim::Host host = i == 0 ? server : world.host("caller" + std::to_string(i));
    host.run([&watch, i] {
      if (!hotline::sleep_for(milliseconds(10))) return;
      Caller(watch, i).run(i == 0 ? "unixgram:///run/time" : "udp://server:8000");
    });
  }
  if (can_loop(options.faults)) {
    world.host("other").run([&watch, seed, address = server.address()] {
      constexpr std::string_view kTexts[] = {"", "text", "%Y", "%Q", "%%Y"};
      if (!hotline::sleep_for(milliseconds(10))) return;
      forge(address, kTexts[seed % std::size(kTexts)]);
      serve_time(watch);
    });
  }
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && watch.answered < kCallers * kRequests / 2) {
    watch.verdict.blame("only " + std::to_string(watch.answered) + " requests were answered");
  }
  return findings_of(outcome, std::move(watch.verdict.wrong));
}

}  // namespace simulation
