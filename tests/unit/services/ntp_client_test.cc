#include "hotline/services/ntp_client.h"

#include <sys/stat.h>

#include <array>
#include <chrono>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/sim/world.h"
#include "services/ntp_keys.h"
#include "services/ntp_packet.h"
#include "support/loops.h"
#include "support/ntp_call.h"
#include "support/temporary_directory.h"

namespace hotline::ntp_client_test {
namespace {

using namespace std::chrono_literals;
using namespace test::ntp_call;
using services::kNtpKissDeny;
using services::kNtpKissRate;

}  // namespace

TEST_CASE("several samples give the offset, within the error that is stated") {
  Call call;
  const auto report = call.measure(answer);
  REQUIRE(report);
  CHECK(report->samples.size() == 4);
  CHECK(call.requests == 4);
  CHECK(report->counts.sent == 4);
  CHECK(std::chrono::abs(report->best.offset - 5s) <= report->best.error_max());
  CHECK(report->best.error_max() < 6ms);
  CHECK(report->jitter > 0ns);
}

TEST_CASE("one sample is enough if one is asked for") {
  Call call;
  call.options.samples = 1;
  const auto report = call.measure(answer);
  REQUIRE(report);
  CHECK(call.requests == 1);
  CHECK(report->jitter == 0ns);
}

TEST_CASE("a lost reply is asked for again, and the sample after it counts") {
  Call call;
  const auto report = call.measure([](const NtpPacket& request, int number) {
    return number % 3 == 0 ? answer(request, number) : std::vector<std::string>{};
  });
  REQUIRE(report);
  CHECK(report->samples.size() == 4);
  CHECK(report->counts.lost == 8);
}

TEST_CASE("three lost replies in a row end the measurement, with what there is") {
  Call call;
  const auto some = call.measure([](const NtpPacket& request, int number) {
    return number <= 2 ? answer(request, number) : std::vector<std::string>{};
  });
  REQUIRE(some);
  CHECK(some->samples.size() == 2);
  const auto none = call.measure([](const NtpPacket&, int) { return std::vector<std::string>{}; });
  REQUIRE(test::kind_of(none) == "timed_out");
  CHECK(none.error().message() == "cannot get the time from udp://10.0.0.1:123: no reply in time");
  CHECK(call.requests == 3);
}

TEST_CASE("a port at which no program listens refuses at once") {
  sim::World world(1);
  world.host("server");
  std::string kind;
  world.host("client").run([&] {
    auto client = NtpClient::open("udp://server:123");
    REQUIRE(client);
    kind = test::kind_of(client->measure());
  });
  CHECK(world.run().to_string() == "");
  CHECK(kind == "refused");
}

TEST_CASE("forged replies before the right one are dropped and counted") {
  Call call;
  const auto report = call.measure([](const NtpPacket& request, int) {
    NtpPacket forged = reply_to(request);
    forged.originate_time = {12345};
    forged.receive_time.value += 1ULL << 40;
    forged.transmit_time = forged.receive_time;
    return std::vector<std::string>{bytes_of(forged), "x", bytes_of(reply_to(request))};
  });
  REQUIRE(report);
  CHECK(std::chrono::abs(report->best.offset - 5s) <= report->best.error_max());
  CHECK(report->counts.foreign + report->counts.malformed > 4);
}

TEST_CASE("forged replies without the right one are not waited for longer than for a reply") {
  Call call;
  call.options.samples = 1;
  const auto report = call.measure([](const NtpPacket& request, int) {
    NtpPacket forged = reply_to(request);
    forged.originate_time = {12345};
    return std::vector<std::string>(50, bytes_of(forged));
  });
  REQUIRE(test::kind_of(report) == "timed_out");
  CHECK(report.error().message().ends_with("no reply in time, but other datagrams came"));
  CHECK(call.requests == 3);
}

TEST_CASE("a server that is not synchronised is an error at once") {
  Call call;
  const auto report = call.measure([](const NtpPacket& request, int) { return kiss(request, 0); });
  REQUIRE(test::kind_of(report) == "unsupported");
  CHECK(report.error().message().ends_with("the server's clock is not synchronised (stratum 0)"));
  CHECK(report.error().hint().contains("ask another server"));
  CHECK(call.requests == 1);
}

TEST_CASE("a server that denies its service is not asked again") {
  Call call;
  const auto report =
      call.measure([](const NtpPacket& request, int) { return kiss(request, kNtpKissDeny); });
  CHECK(test::kind_of(report) == "permission_denied");
  CHECK(call.requests == 1);
}

TEST_CASE("a server that limits the rate is asked at twice the interval") {
  Call call;
  call.options.samples = 2;
  std::vector<Instant> times;
  const auto report = call.measure([&](const NtpPacket& request, int number) {
    times.push_back(now());
    return number == 1 ? kiss(request, kNtpKissRate) : answer(request, number);
  });
  REQUIRE(report);
  CHECK(report->counts.refusals == 1);
  CHECK(times[1] - times[0] > 3900ms);
  CHECK(times[2] - times[1] > 3900ms);
  const auto never =
      call.measure([](const NtpPacket& request, int) { return kiss(request, kNtpKissRate); });
  CHECK(test::kind_of(never) == "resource_exhausted");
}

TEST_CASE("requests are as far apart as the interval, whatever a reply takes") {
  Call call;
  call.options.interval = 700ms;
  std::vector<Instant> times;
  REQUIRE(call.measure([&](const NtpPacket& request, int number) {
    times.push_back(now());
    return answer(request, number);
  }));
  REQUIRE(times.size() == 4);
  for (std::size_t i = 1; i < times.size(); ++i) {
    CHECK(std::chrono::abs(times[i] - times[i - 1] - 700ms) < 10ms);
  }
}

TEST_CASE("samples from before this machine's clock was set are discarded") {
  Call call;
  call.options.samples = 3;
  call.at_second = [](sim::World& world) { world.host("client").step_clock(-1h); };
  const auto report = call.measure(answer);
  REQUIRE(report);
  CHECK(report->samples.size() == 2);
  CHECK(std::chrono::abs(report->best.offset - 5s - 1h) <= report->best.error_max());
}

TEST_CASE("a server's clock that was set between two replies is an error") {
  Call call;
  call.options.samples = 3;
  call.at_second = [](sim::World& world) { world.host("server").step_clock(-1h); };
  const auto report = call.measure(answer);
  REQUIRE(test::kind_of(report) == "protocol_violation");
  CHECK(report.error().message().ends_with("the replies contradict each other"));
}

TEST_CASE("a clock of this machine that is set during a reply costs one exchange") {
  Call call;
  call.options.samples = 1;
  call.options.reply_timeout = 10s;
  call.at_second = [](sim::World& world) { world.host("client").step_clock(1h); };
  const auto report = call.measure([](const NtpPacket& request, int number) {
    const NtpPacket reply = reply_to(request);
    if (number == 1) discard(sleep_for(2s));
    return std::vector<std::string>{bytes_of(reply)};
  });
  REQUIRE(report);
  CHECK(call.requests == 2);
  CHECK(report->counts.clock_sets == 1);
  CHECK(std::chrono::abs(report->best.offset - 5s + 1h) <= report->best.error_max());
}

TEST_CASE("in the interleaved mode only interleaved samples count once there are any") {
  Call call;
  call.options.mode = NtpExchangeMode::interleaved;
  NtpPacket last;
  const auto report = call.measure([&](const NtpPacket& request, int) {
    NtpPacket reply = reply_to(request);
    const NtpPacket basic = reply;
    if (request.originate_time.is_set()) {
      CHECK(request.originate_time == last.receive_time);
      reply.originate_time = request.receive_time;
      reply.transmit_time = last.transmit_time;
    }
    last = basic;
    return std::vector<std::string>{bytes_of(reply)};
  });
  REQUIRE(report);
  CHECK(call.requests == 6);
  CHECK(report->samples.size() == 5);
  CHECK(report->best.mode == NtpExchangeMode::interleaved);
  CHECK(std::chrono::abs(report->best.offset - 5s) <= report->best.error_max());
}

TEST_CASE("with a key both directions are authenticated") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("keys");
  std::ofstream(path) << "1 SHA1 HEX:00112233\n2 AES128 0123456789abcdef\n";
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  const services::NtpKeys keys = services::NtpKeys::read(path).value();
  Call call;
  call.options.key = NtpKeyChoice{path, 2};
  call.options.samples = 1;
  const auto sealed = [&](const NtpPacket& request, std::uint32_t id) {
    const std::string reply = bytes_of(reply_to(request));
    std::array<std::byte, services::NtpKey::kMacBytesMax> out;
    const Bytes mac = keys.find(id)->seal(as_bytes(reply), out).value();
    return std::vector<std::string>{reply + std::string(as_text(mac))};
  };
  const auto report =
      call.measure([&](const NtpPacket& request, int) { return sealed(request, 2); });
  REQUIRE(report);
  CHECK(report->best.is_authenticated);
  const auto other =
      call.measure([&](const NtpPacket& request, int) { return sealed(request, 1); });
  REQUIRE(test::kind_of(other) == "timed_out");
  CHECK(other.error().message().ends_with("no reply in time has a MAC of the key"));
  const auto bare = call.measure(answer);
  CHECK(test::kind_of(bare) == "timed_out");
}

TEST_CASE("a key that is not in the file, or a file that is not there, is an error") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("keys");
  NtpClientOptions options;
  options.key = NtpKeyChoice{path, 1};
  CHECK(test::kind_of(NtpClient::open("udp://127.0.0.1:123", options)) == "not_found");
  std::ofstream(path) << "2 MD5 x\n";
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  const auto client = NtpClient::open("udp://127.0.0.1:123", options);
  REQUIRE_FALSE(client);
  CHECK(client.error().message() == "cannot read " + path + ": there is no key 1 in it");
}

TEST_CASE("options out of range and other transports are refused") {
  const auto refusal = [](auto change, std::string_view uri = "udp://127.0.0.1:123") {
    NtpClientOptions options;
    change(options);
    return test::kind_of(NtpClient::open(uri, options)) == "invalid_argument";
  };
  CHECK(refusal([](NtpClientOptions& options) { options.samples = 0; }));
  CHECK(refusal([](NtpClientOptions& options) { options.samples = 10'001; }));
  CHECK(refusal([](NtpClientOptions& options) { options.interval = 0s; }));
  CHECK(refusal([](NtpClientOptions& options) { options.version = 0; }));
  CHECK(refusal([](NtpClientOptions& options) { options.version = 5; }));
  CHECK(refusal([](NtpClientOptions& options) { options.reply_timeout = 0s; }));
  CHECK(refusal([](NtpClientOptions&) {}, "tcp://127.0.0.1:123"));
  CHECK(refusal([](NtpClientOptions&) {}, "nonsense"));
  CHECK(refusal([](NtpClientOptions&) {}, "udp://:123"));
  CHECK(refusal([](NtpClientOptions&) {}, "udp://127.0.0.1:0"));
  CHECK_FALSE(refusal([](NtpClientOptions&) {}));
}

TEST_CASE("a program that is stopped while it asks states an error that covers the truth") {
  Call call;
  call.options.samples = 1;
  call.options.reply_timeout = 1min;
  call.at_second = [](sim::World& world) { world.host("client").stop(30s); };
  const auto report = call.measure([](const NtpPacket& request, int) {
    discard(sleep_for(1s));
    return std::vector<std::string>{bytes_of(reply_to(request))};
  });
  REQUIRE(report);
  CHECK(std::chrono::abs(report->best.offset - 5s) <= report->best.error_max());
}

TEST_CASE("on real sockets, with both ends on one clock, the offset is near 0") {
  test::on_each_engine([] {
    auto server = bind_datagrams("udp://127.0.0.1:0");
    REQUIRE(server);
    TaskGroup group;
    REQUIRE(group.spawn("server", [&] {
      while (const auto datagram = server->receive()) {
        const DatagramRoute route = *datagram->route;
        const std::string reply = bytes_of(reply_to(services::decode_ntp(datagram->bytes)->packet));
        REQUIRE(server->send({as_bytes(reply), &route}));
      }
    }));
    NtpClientOptions options;
    options.interval = 1ms;
    options.reply_timeout = 30s;
    Result<NtpReport> report;
    REQUIRE(group.spawn("client", [&] {
      auto client = NtpClient::open(server->endpoint().to_string(), options);
      REQUIRE(client);
      report = client->measure();
      group.cancel();
    }));
    discard(group.join());
    REQUIRE(report);
    CHECK(report->samples.size() == 4);
    CHECK(std::chrono::abs(report->best.offset) <= report->best.error_max());
  });
}

}  // namespace hotline::ntp_client_test
