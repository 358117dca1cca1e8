#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hotline/engine/clock.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/services/ntp_client.h"
#include "services/ntp_keys.h"
#include "services/ntp_packet.h"
#include "simulation/ntp_scenario.h"

namespace simulation {
namespace {

using hotline::Bytes;
using hotline::Duration;
using hotline::Fault;
using hotline::NtpClient;
using hotline::services::NtpKeys;
using hotline::services::NtpPacket;
using hotline::services::NtpTimestamp;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kClients = 3;
constexpr std::size_t kMeasurements = 5;
constexpr std::string_view kKeyLine = "1 AES128 HEX:2b7e151628aed2a6abf7158809cf4f3c\n";
constexpr Duration kReplyTimeout = seconds(2);

/// A file with one key, for all worlds of this process.
class KeyFile {
 public:
  KeyFile() {
    const int file = ::mkstemp(path_.data());
    is_written_ = file >= 0 && ::write(file, kKeyLine.data(), kKeyLine.size()) > 0;
    ::close(file);
  }
  KeyFile(const KeyFile&) = delete;
  KeyFile& operator=(const KeyFile&) = delete;
  ~KeyFile() { ::unlink(path_.c_str()); }

  static const std::string& path() {
    static const KeyFile file;
    return file.path_;
  }

 private:
  std::string path_ = "/tmp/hotline-ntp-keys-XXXXXX";
  bool is_written_ = false;
};

/// By how much the clock of a host is ahead of true time, at each moment.
class Clock {
 public:
  void drift(std::int64_t per_million) { drift_per_million_ = per_million; }
  void step(Duration at, Duration step) { steps_.emplace_back(at, step); }

  /// Returns how far it is ahead at `now`, after the steps until `stepped`.
  Duration ahead(Duration now, Duration stepped) const {
    Duration ahead = now / 1'000'000 * drift_per_million_;
    for (const auto& [at, step] : steps_) ahead += at <= stepped ? step : Duration{};
    return ahead;
  }

  const std::vector<std::pair<Duration, Duration>>& steps() const { return steps_; }

 private:
  std::int64_t drift_per_million_ = 0;
  std::vector<std::pair<Duration, Duration>> steps_;
};

struct NtpTally : Verdict {
  hotline::sim::World* world = nullptr;
  Clock server;
  std::array<Clock, kClients> clients;
  std::size_t reports = 0;
};

/// Returns true if `offset` is right at `now`. A step of the server's clock since the last request
/// cannot be known to the client.
bool is_right(const NtpTally& tally, const hotline::NtpReport& report, std::size_t client,
              Duration asked, Duration now) {
  const Duration own = tally.clients[client].ahead(now, now);
  // One microsecond for the rounding of the simulated drift.
  const Duration error = report.best.error_max() + microseconds(1);
  std::vector<Duration> moments = {asked, now};
  for (const auto& step : tally.server.steps()) {
    if (step.first > asked && step.first <= now) moments.push_back(step.first);
  }
  for (const Duration moment : moments) {
    const Duration truth = tally.server.ahead(now, moment) - own;
    if (std::chrono::abs(report.best.offset - truth) <= error) return true;
  }
  return false;
}

/// A server that answers basic and interleaved requests, and forges and replays replies.
class Server {
 public:
  Server(std::uint64_t seed, bool has_key) : seed_(seed) {
    if (has_key) keys_ = NtpKeys::parse(hotline::as_bytes(kKeyLine), "keys").value();
  }

  void run() {
    for (int i = 0; i < 50; ++i) {
      auto socket = hotline::bind_datagrams("udp://:123");
      if (!socket) continue;
      for (;;) {
        const auto datagram = socket->receive();
        if (datagram) {
          answer(*socket, *datagram);
        } else if (datagram.error().kind == hotline::ErrorKind::draining ||
                   datagram.error().kind == hotline::ErrorKind::cancelled) {
          return;
        }
      }
    }
  }

 private:
  void answer(hotline::DatagramSocket& socket, const hotline::Datagram& datagram) {
    const NtpTimestamp received = NtpTimestamp::of(hotline::wall_clock_now());
    const auto request = hotline::services::decode_ntp(datagram.bytes);
    if (!request || request->packet.mode != hotline::services::NtpMode::client) return;
    if (keys_ && keys_->verify(*request) == nullptr) return;
    const hotline::DatagramRoute route = *datagram.route;
    const NtpPacket reply = reply_to(request->packet, received);
    ++count_;
    if ((count_ + seed_) % 3 == 0) send(socket, route, forged(reply));
    if ((count_ + seed_) % 4 == 0)
      hotline::discard(socket.send({hotline::as_bytes(last_), &route}));
    sent_[received.value] = NtpTimestamp::of(hotline::wall_clock_now());
    send(socket, route, reply);
  }

  NtpPacket reply_to(const NtpPacket& request, NtpTimestamp received) {
    NtpPacket reply;
    reply.version = request.version;
    reply.mode = hotline::services::NtpMode::server;
    reply.stratum = 1;
    reply.precision = -20;
    reply.originate_time = request.transmit_time;
    reply.receive_time = received;
    reply.transmit_time = NtpTimestamp::of(hotline::wall_clock_now());
    const auto earlier = sent_.find(request.originate_time.value);
    if (request.originate_time.is_set() && earlier != sent_.end()) {
      reply.originate_time = request.receive_time;
      reply.transmit_time = earlier->second;
    }
    return reply;
  }

  /// A reply of a sender that does not know the random number of the request.
  static NtpPacket forged(NtpPacket reply) {
    reply.originate_time.value ^= 1U << 7;
    reply.receive_time.value += 1ULL << 40;
    reply.transmit_time.value += 1ULL << 40;
    return reply;
  }

  void send(hotline::DatagramSocket& socket, const hotline::DatagramRoute& route,
            const NtpPacket& reply) {
    std::array<std::byte, NtpPacket::kBytes> header;
    encode_ntp(reply, header);
    std::string text(hotline::as_text(header));
    std::array<std::byte, hotline::services::NtpKey::kMacBytesMax> out;
    if (keys_) text += hotline::as_text(keys_->find(1)->seal(header, out).value());
    hotline::discard(socket.send({hotline::as_bytes(text), &route}));
    last_ = text;
  }

  std::uint64_t seed_;
  std::optional<NtpKeys> keys_;
  std::uint64_t count_ = 0;
  std::map<std::uint64_t, NtpTimestamp> sent_;
  std::string last_;
};

void run_client(NtpTally& tally, std::size_t client, const hotline::NtpClientOptions& options) {
  for (std::size_t i = 0; i < kMeasurements; ++i) {
    auto asking = NtpClient::open("udp://server:123", options);
    if (!asking) continue;
    const auto report = asking->measure();
    if (!report) continue;
    ++tally.reports;
    const Duration now = tally.world->elapsed();
    // Nothing that the last sample can show is older than this.
    const Duration age = hotline::now() - report->samples.back().taken_at.monotonic;
    const Duration asked = now - age - kReplyTimeout - seconds(1);
    if (is_right(tally, *report, client, asked, now)) continue;
    tally.blame(
        "client " + std::to_string(client) + " reports an offset of " +
        std::to_string(report->best.offset.count()) + " ns, with an error of at most " +
        std::to_string(report->best.error_max().count()) + " ns; it is " +
        std::to_string(
            (tally.server.ahead(now, now) - tally.clients[client].ahead(now, now)).count()) +
        " ns");
  }
}

void set_clock(NtpTally& tally, std::string host, Clock& clock, Duration at, Duration step) {
  clock.step(at, step);
  tally.world->at(at, [&tally, host, step] { tally.world->host(host).step_clock(step); });
}

/// Sets clocks and stops programs at moments that depend on the seed.
void disturb(NtpTally& tally, std::uint64_t seed) {
  constexpr Duration kSteps[] = {microseconds(100), microseconds(900), milliseconds(3), seconds(7),
                                 std::chrono::hours(3)};
  for (std::uint64_t i = 0; i < 6; ++i) {
    const Duration at = milliseconds(700 + (seed * (i + 3) * 7919 + i * 4513) % 40'000);
    const std::size_t client = (seed + i) % kClients;
    const Duration step = kSteps[(seed / 3 + i) % std::size(kSteps)];
    const std::string name = "client" + std::to_string(client);
    switch ((seed + i) % 4) {
      case 0:
        // Less than the errors of the samples would not be noticed.
        set_clock(tally, "server", tally.server, at, i % 2 == 0 ? seconds(60) : -seconds(60));
        break;
      case 1:
        tally.world->at(at, [&tally, name] { tally.world->host(name).stop(seconds(1)); });
        break;
      case 2:
        tally.world->at(at, [&tally] { tally.world->host("server").stop(seconds(1)); });
        break;
      default: set_clock(tally, name, tally.clients[client], at, i % 2 == 0 ? step : -step);
    }
  }
}

}  // namespace

Findings ask_for_offset(std::uint64_t seed) {
  auto options = options_of(seed);
  // The oracle knows only the steps that the scenario makes itself.
  options.faults.set(Fault::clock_step, 0);
  const bool has_key = options.faults.per_million(Fault::datagram_corruption) > 0 || seed % 3 == 0;
  const bool is_disturbed = seed % 4 != 0;
  hotline::sim::World world(seed, options);
  NtpTally tally;
  tally.world = &world;
  Server server(seed, has_key);
  const auto drift = [&](std::size_t number) {
    return static_cast<std::int64_t>((seed + number * 5) % 15) - 7;
  };
  tally.server.drift(drift(0));
  world.host("server").set_clock_drift(drift(0));
  world.host("server").run([&] { server.run(); });
  for (std::size_t i = 0; i < kClients; ++i) {
    hotline::sim::Host host = world.host("client" + std::to_string(i));
    host.set_clock_drift(drift(i + 1));
    tally.clients[i].drift(drift(i + 1));
    hotline::NtpClientOptions asking;
    asking.reply_timeout = kReplyTimeout;
    asking.interval = milliseconds(100 + 400 * i);
    if ((seed + i) % 2 == 0) asking.mode = hotline::NtpExchangeMode::interleaved;
    if (has_key) asking.key = hotline::NtpKeyChoice{KeyFile::path(), 1};
    host.run([&tally, i, asking] {
      if (hotline::sleep_for(milliseconds(10))) run_client(tally, i, asking);
    });
  }
  if (is_disturbed) disturb(tally, seed);
  const hotline::sim::Outcome outcome = world.run();
  if (is_quiet(options.faults) && !is_disturbed && tally.reports != kClients * kMeasurements) {
    tally.blame("only " + std::to_string(tally.reports) + " reports in a quiet world");
  }
  return findings_of(outcome, std::move(tally.wrong));
}

}  // namespace simulation
