#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/server/server.h"
#include "hotline/services/ntp.h"
#include "hotline/services/ntp_client.h"
#include "hotline/sim/world.h"
#include "services/ntp_socket.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/temporary_directory.h"

// What the sockets of one NTP server share: the lead, the keys and the counts.

namespace hotline::services::ntp_server_test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A source that notes which fiber follows it.
class NotedSource final : public NtpClockSource {
 public:
  NtpClockReport report(const ClockReading& now) override {
    return {.state = {.leap = NtpLeap::none, .stratum = 3, .as_of = now.wall}};
  }

  void follow() override {
    ++followed;
    if (followed == fails_at) throw std::runtime_error("it fails");
    ++following;
    most = std::max(most, following);
    discard(sleep_for(hours(1), OnDrain::ends));
    --following;
  }

  int followed = 0;
  int following = 0;
  int most = 0;
  int fails_at = 0;
};

NtpServer server_of(const std::shared_ptr<NtpClockSource>& source, LogSink* log = nullptr) {
  NtpOptions options;
  options.log = log;
  return {options, std::make_shared<const NtpKeys>(), source};
}

/// Serves a socket of its own until `group` is drained or cancelled.
void serve(NtpServer& server, const std::string& uri) {
  auto socket = bind_datagrams(uri);
  REQUIRE(socket);
  NtpSocket(server, *socket).run();
}

/// Runs `body` in a world, whose time goes by without waiting.
void in_world(const std::function<void()>& body) {
  bool is_done = false;
  sim::World world(1);
  world.host("a").run([&] {
    body();
    is_done = true;
  });
  CHECK(world.run_until([&] { return is_done; }));
}

TEST_CASE("one socket follows the clock, and another one when that ends") {
  in_world([] {
    const auto source = std::make_shared<NotedSource>();
    test::CollectingLog log;
    NtpServer server = server_of(source, &log);
    std::array<TaskGroup, 3> sockets;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      REQUIRE(sockets[i].spawn(
          "socket", [&server, i] { serve(server, "udp://127.0.0.1:" + std::to_string(1 + i)); }));
    }
    REQUIRE(sleep_for(seconds(5)));
    CHECK(source->followed == 1);
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      sockets[i].cancel();
      REQUIRE(sockets[i].join());
      REQUIRE(sleep_for(seconds(2)));
      const bool is_last = i + 1 == sockets.size();
      CHECK(source->following == (is_last ? 0 : 1));
    }
    // The second one of the three may not have been the one that took over.
    CHECK(source->followed >= 2);
    CHECK(source->most == 1);
    // The state has not changed.
    CHECK(log.services_with("the clock is synchronised").size() == 1);
  });
}

TEST_CASE("while the handler of one socket pauses after a failure, another one takes the lead") {
  in_world([] {
    const auto source = std::make_shared<NotedSource>();
    source->fails_at = 1;
    NtpServer server = server_of(source);
    TaskGroup group;
    REQUIRE(group.spawn("fails", [&] {
      CHECK_THROWS_AS(serve(server, "udp://127.0.0.1:1"), std::runtime_error);
      discard(sleep_for(hours(1)));
    }));
    REQUIRE(sleep_for(milliseconds(10)));
    REQUIRE(group.spawn("goes on", [&] { serve(server, "udp://127.0.0.1:2"); }));
    REQUIRE(sleep_for(seconds(2)));
    CHECK(source->followed == 2);
    CHECK(source->following == 1);
    group.cancel();
    REQUIRE(group.join());
  });
}

TEST_CASE("the log has changes of the kernel's clock while no request comes") {
  test::CollectingLog log;
  sim::World world(1);
  NtpOptions options;
  options.log = &log;
  world.host("a").run([&] {
    Server server({.signals = SignalUse::drain});
    REQUIRE(server.add("udp://:123", *ntp_handler(options)));
    CHECK(server.run());
  });
  const auto status = [&](bool is_synchronised) {
    world.host("a").set_clock_status(
        {.is_synchronised = is_synchronised, .error_max = milliseconds(1)});
  };
  world.at(seconds(3), [&] { status(true); });
  bool was_synchronised = false;
  world.at(seconds(6), [&] {
    was_synchronised = log.has("the clock is synchronised");
    status(false);
  });
  bool is_done = false;
  world.at(seconds(9), [&] { is_done = true; });
  CHECK(world.run_until([&] { return is_done; }));
  CHECK(was_synchronised);
  CHECK(log.services_with("the clock is not synchronised, and replies say so").size() == 2);
}

/// A key file that only its owner may read.
struct KeyFile {
  explicit KeyFile(const std::string& keys) : path(directory.file("keys")) { write(keys); }

  void write(const std::string& keys) const {
    std::ofstream(path) << keys;
    ::chmod(path.c_str(), 0600);
  }

  const test::TemporaryDirectory directory;
  const std::string path;
};

/// Returns `key`, or why it is not answered.
std::string answer_with(const KeyFile& file, std::uint16_t port) {
  NtpClientOptions options;
  options.key = NtpKeyChoice{file.path, 1};
  options.reply_timeout = milliseconds(200);
  auto client = NtpClient::open("udp://127.0.0.1:" + std::to_string(port), options);
  REQUIRE(client);
  const auto answer = client->ask();
  return answer ? "key" : test::kind_of(answer);
}

TEST_CASE("after a reload requests are checked with the new keys, and a bad file changes nothing") {
  const KeyFile first("1 SHA1 first\n");
  const KeyFile second("1 SHA1 second\n");
  for (const char* word : {"loops:2", "threads:2", "serial"}) {
    CAPTURE(word);
    const KeyFile file("1 SHA1 first\n");
    NtpOptions options;
    options.local_stratum = 5;
    options.keys_file = file.path;
    test::RunningServer running(test::options_for(word), "udp://127.0.0.1:0",
                                *ntp_handler(options));
    CHECK(answer_with(first, running.port()) == "key");
    file.write("1 SHA1 second\nno key\n");
    const auto failed = running.server().reload();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message().contains(file.path));
    CHECK(answer_with(first, running.port()) == "key");
    file.write("1 SHA1 second\n");
    REQUIRE(running.server().reload());
    CHECK(answer_with(second, running.port()) == "key");
    CHECK(answer_with(first, running.port()) == "timed_out");
  }
}

std::array<std::byte, NtpPacket::kBytes> request() {
  NtpPacket packet;
  packet.mode = NtpMode::client;
  packet.transmit_time = {1};
  std::array<std::byte, NtpPacket::kBytes> bytes;
  encode_ntp(packet, bytes);
  return bytes;
}

/// Answers what waits at `socket`, and then a client at `uri`, which repeats its request until it
/// has the reply. Returns the counts in the log.
std::string counts_after(DatagramSocket& socket, const std::string& uri) {
  test::CollectingLog log;
  NtpServer server = server_of(std::make_shared<NotedSource>(), &log);
  TaskGroup group;
  REQUIRE(group.spawn("answer", [&] { NtpSocket(server, socket).run(); }));
  REQUIRE(group.spawn("ask", [&] {
    auto asking = connect_datagrams(uri);
    REQUIRE(asking);
    const auto bytes = request();
    do {
      REQUIRE(asking->send({.bytes = bytes}));
    } while (!asking->receive(deadline_after(seconds(1))));
    group.cancel();
  }));
  REQUIRE(group.join());
  const auto counts = log.details_with("requests");
  REQUIRE(counts.size() == 1);
  return counts.front();
}

TEST_CASE("a reply that cannot be sent is counted as such") {
  test::on_each_engine([] {
    const test::TemporaryDirectory directory;
    const std::string uri = "unixgram://" + directory.file("server");
    auto socket = bind_datagrams(uri);
    REQUIRE(socket);
    const auto bytes = request();
    {
      auto gone = connect_datagrams(uri);
      REQUIRE(gone);
      REQUIRE(gone->send({.bytes = bytes}));
    }
    CHECK(counts_after(*socket, uri).ends_with(", unsent 1"));
  });
}

TEST_CASE("requests for which the socket had no room are counted as lost") {
  test::on_each_engine([] {
    auto socket = bind_datagrams("udp://127.0.0.1:0?receive-buffer=4KiB");
    REQUIRE(socket);
    const std::string uri = socket->endpoint().to_string();
    auto flooding = connect_datagrams(uri);
    REQUIRE(flooding);
    const auto bytes = request();
    constexpr std::size_t kSent = 1000;
    for (std::size_t i = 0; i < kSent; ++i) REQUIRE(flooding->send({.bytes = bytes}));
    const std::string counts = counts_after(*socket, uri);
    std::size_t answered = 0;
    std::size_t lost = 0;
    REQUIRE(std::sscanf(counts.c_str(), "answered %zu, lost %zu", &answered, &lost) == 2);
    CHECK(answered + lost > kSent);
    CHECK(lost > kSent / 2);
  });
}

}  // namespace
}  // namespace hotline::services::ntp_server_test
