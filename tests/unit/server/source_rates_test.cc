#include "hotline/server/source_rates.h"

#include <netinet/in.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "net/address.h"
#include "support/memory_shortage.h"
#include "support/sockets.h"

namespace hotline::source_rates_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant(1'000s);

SocketAddress ipv4(std::uint32_t address, std::uint16_t port = 40'000) {
  sockaddr_in typed{};
  typed.sin_family = AF_INET;
  typed.sin_port = htons(port);
  typed.sin_addr.s_addr = htonl(address);
  return {&typed, sizeof typed};
}

SocketAddress ipv6(const char* host) { return test::ipv6_address(1, host); }

const SocketAddress kSource = ipv4(0xc000'0201);

SourceRateOptions limited(Duration interval, std::uint32_t burst, std::size_t sources_max = 4096) {
  return {LimitedSources::all, interval, burst, sources_max};
}

/// Returns how many of `count` requests of `source` at `now` are allowed.
std::uint32_t allowed(SourceRates& rates, const SocketAddress& source, std::uint32_t count,
                      Instant now) {
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < count; ++i) sum += rates.allow(source, now) ? 1 : 0;
  return sum;
}

SourceRateOptions parsed(std::string_view text) {
  return SourceRateOptions::parse(text, {}).value();
}

}  // namespace

TEST_CASE("a source gets a burst at once, and then one request for each interval") {
  SourceRates rates(limited(100ms, 3));
  CHECK(allowed(rates, kSource, 10, kStart) == 3);
  CHECK_FALSE(rates.allow(kSource, kStart + 100ms - 1ns));
  CHECK(allowed(rates, kSource, 10, kStart + 100ms) == 1);
  CHECK(allowed(rates, kSource, 10, kStart + 250ms) == 1);
  CHECK(allowed(rates, kSource, 10, kStart + 300ms) == 1);
}

TEST_CASE("a silence earns at most one burst") {
  SourceRates rates(limited(100ms, 3));
  CHECK(allowed(rates, kSource, 10, kStart) == 3);
  CHECK(allowed(rates, kSource, 10, kStart + 1h) == 3);
}

TEST_CASE("refused requests take nothing, so a source that asks too often still gets its rate") {
  SourceRates rates(limited(100ms, 1));
  std::uint32_t sum = 0;
  for (int ms = 0; ms < 1'000; ++ms) sum += allowed(rates, kSource, 5, kStart + ms * 1ms);
  CHECK(sum == 10);
}

TEST_CASE("a burst of one allows exactly one request in an interval") {
  SourceRates rates(limited(8s, 1));
  CHECK(allowed(rates, kSource, 5, kStart) == 1);
  CHECK(allowed(rates, kSource, 5, kStart + 8s - 1ns) == 0);
  CHECK(allowed(rates, kSource, 5, kStart + 8s) == 1);
}

TEST_CASE("a clock that lags on another thread gives no tokens and takes none") {
  SourceRates rates(limited(100ms, 2));
  CHECK(allowed(rates, kSource, 2, kStart + 1s) == 2);
  CHECK_FALSE(rates.allow(kSource, kStart));
  CHECK(allowed(rates, kSource, 5, kStart + 1'100ms) == 1);
}

TEST_CASE("an IPv4 address is one source on all its ports, also when it is mapped into IPv6") {
  SourceRates rates(limited(1s, 1));
  CHECK(rates.allow(ipv4(0xc000'0201, 1), kStart));
  CHECK_FALSE(rates.allow(ipv4(0xc000'0201, 2), kStart));
  CHECK_FALSE(rates.allow(ipv6("::ffff:192.0.2.1"), kStart));
  CHECK(rates.allow(ipv4(0xc000'0202), kStart));
}

TEST_CASE("an IPv6 network of 64 bits is one source") {
  SourceRates rates(limited(1s, 1));
  CHECK(rates.allow(ipv6("2001:db8:0:1::1"), kStart));
  CHECK_FALSE(rates.allow(ipv6("2001:db8:0:1:ffff:ffff:ffff:ffff"), kStart));
  CHECK(rates.allow(ipv6("2001:db8:0:2::1"), kStart));
  CHECK(rates.allow(ipv6("2001:db8:1:1::1"), kStart));
}

TEST_CASE("all UNIX sockets are one source, apart from every address") {
  SourceRates rates(limited(1s, 1));
  CHECK(rates.allow(net::unix_address("a", true), kStart));
  CHECK_FALSE(rates.allow(net::unix_address("/b", false), kStart));
  CHECK_FALSE(rates.allow(SocketAddress(), kStart));
  CHECK(rates.allow(ipv6("::1"), kStart));
  CHECK(rates.allow(ipv4(0), kStart));
}

TEST_CASE("by default callers on this machine are not limited, and others are") {
  SourceRates rates;
  for (const SocketAddress& local : {ipv4(0x7f00'0001), ipv4(0x7fff'fffe), ipv6("::1"),
                                     ipv6("::ffff:127.0.0.1"), net::unix_address("a", true)}) {
    CHECK(allowed(rates, local, 1'000, kStart) == 1'000);
  }
  CHECK(allowed(rates, kSource, 1'000, kStart) == SourceRateOptions().burst);
  CHECK(allowed(rates, ipv6("2001:db8::1"), 1'000, kStart) == SourceRateOptions().burst);
}

TEST_CASE("without limited sources everything is allowed, and no memory is taken") {
  const test::MemoryShortage shortage;
  SourceRates rates({.sources = LimitedSources::none, .sources_max = 1 << 26});
  CHECK(allowed(rates, kSource, 1'000, kStart) == 1'000);
}

TEST_CASE("a million sources neither take memory nor free one that has used up its burst") {
  SourceRates rates(limited(1s, 10));
  CHECK(allowed(rates, kSource, 10, kStart) == 10);
  const test::MemoryShortage shortage;
  std::uint64_t sum = 0;
  for (std::uint32_t address = 0; address < 1'000'000; ++address) {
    sum += rates.allow(ipv4(0x0a00'0000 + address), kStart) ? 1 : 0;
    if (address % 1024 == 0) CHECK_FALSE(rates.allow(kSource, kStart));
  }
  // Ten tokens for each place, less those that the first source took.
  CHECK(sum == 4096 * 10 - 10);
  CHECK(allowed(rates, kSource, 10, kStart + 1s) <= 1);
}

TEST_CASE("a sender that changes its address gets at most the rate of every place of the table") {
  SourceRates rates(limited(1s, 2, 64));
  std::uint64_t sum = 0;
  std::uint32_t address = 0;
  for (int ms = 0; ms < 10'000; ++ms) {
    for (int i = 0; i < 10; ++i) sum += rates.allow(ipv4(address++), kStart + ms * 1ms) ? 1 : 0;
  }
  CHECK(sum <= 64 * (2 + 10));
  CHECK(sum >= 64 * 10);
}

TEST_CASE("after a flood of sources every source has its burst again") {
  SourceRates rates(limited(10ms, 4, 64));
  for (std::uint32_t address = 0; address < 10'000; ++address) rates.allow(ipv4(address), kStart);
  CHECK(allowed(rates, kSource, 10, kStart + 40ms) == 4);
}

TEST_CASE("half as many sources as fit hardly disturb each other") {
  SourceRates rates(limited(1s, 2, 4096));
  std::uint32_t sum = 0;
  for (std::uint32_t address = 0; address < 2'048; ++address) {
    sum += allowed(rates, ipv4(address), 3, kStart);
  }
  CHECK(sum <= 2 * 2'048);
  CHECK(sum > 2 * 2'048 * 95 / 100);
}

TEST_CASE("threads that ask for one source together get exactly its burst") {
  SourceRates rates(limited(1h, 1'000));
  std::atomic<std::uint32_t> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { sum += allowed(rates, kSource, 1'000, kStart); });
  }
  for (std::thread& each : threads) each.join();
  CHECK(sum == 1'000);
}

TEST_CASE("a rate is a count, a time, and perhaps a burst") {
  const struct {
    std::string_view text;
    Duration interval;
    std::uint32_t burst;
  } kRows[] = {
      {"10/s", 100ms, 20}, {"10/s:5", 100ms, 5},    {"1/8s:8", 8s, 8},
      {"1/8s", 8s, 2},     {"600/m:50", 100ms, 50}, {"3/500ms:1", Duration(500ms) / 3, 1},
      {"1/ms", 1ms, 2},    {"60/h:1", 1min, 1},     {"1000000000/s:4", 1ns, 4},
  };
  for (const auto& [text, interval, burst] : kRows) {
    CAPTURE(text);
    CHECK(parsed(text).interval == interval);
    CHECK(parsed(text).burst == burst);
    CHECK(parsed(text).sources == LimitedSources::all);
    CHECK(parsed(text).sources_max == SourceRateOptions().sources_max);
  }
  CHECK(parsed("none").sources == LimitedSources::none);
}

TEST_CASE("what is not a rate is refused with a hint") {
  for (const char* text : {"",          "10",           "/",
                           "10/",       "/s",           "0/s",
                           "-1/s",      "+1/s",         "1.5/s",
                           "10/x",      "10/0s",        "10/none",
                           "10/-1s",    "10/s:",        "10/s:0",
                           "10/s:-1",   "10/s:x",       "10/s:5:5",
                           "10 /s",     "10/s ",        "off",
                           "None",      "4294967296/s", "10/s:4294967296",
                           "1/8760h:2", "2000000000/s", "1/999999999999h"}) {
    CAPTURE(text);
    const auto refused = SourceRateOptions::parse(text, {});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().kind == ErrorKind::invalid_argument);
    CHECK(refused.error().advice.contains("COUNT/TIME or COUNT/TIME:BURST"));
    for (const char* example : {"10/s", "600/m:50", "1/8s:8", "none"}) {
      CHECK(refused.error().advice.contains(example));
      CHECK(SourceRateOptions::parse(example, {}));
    }
  }
}

TEST_CASE("an endpoint limits its sources as its option says, and otherwise by default") {
  const auto taken = [](const char* uri) {
    const Endpoint endpoint = Endpoint::parse(uri).value();
    OptionTaker taker(endpoint, Side::server);
    const auto options = SourceRateOptions::take_from(taker, {.burst = 7});
    CHECK(taker.finish());
    return options;
  };
  CHECK(taken("udp://127.0.0.1:1?limit=5/s:9")->burst == 9);
  CHECK(taken("udp://127.0.0.1:1?limit=none")->sources == LimitedSources::none);
  CHECK(taken("udp://127.0.0.1:1")->sources == LimitedSources::other_machines);
  CHECK(taken("udp://127.0.0.1:1")->burst == 7);
  const auto refused = taken("udp://127.0.0.1:1?limit=fast");
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message().contains("the option 'limit': COUNT is not a number"));
  CHECK(refused.error().message().contains("udp://127.0.0.1:1"));
}

TEST_CASE("options with which no request could be answered, or without bounds, are refused") {
  CHECK(SourceRateOptions().check());
  CHECK_FALSE(limited(0s, 1).check());
  CHECK_FALSE(limited(-1s, 1).check());
  CHECK_FALSE(limited(1s, 0).check());
  CHECK_FALSE(limited(kNoTimeout, 2).check());
  CHECK(limited(std::chrono::hours(24 * 365), 1).check());
  CHECK_FALSE(limited(std::chrono::hours(24 * 365), 2).check());
  CHECK_FALSE(limited(1s, 1, 0).check());
  CHECK(limited(1s, 1, 1 << 26).check());
  CHECK_FALSE(limited(1s, 1, (1 << 26) + 1).check());
}

}  // namespace hotline::source_rates_test
