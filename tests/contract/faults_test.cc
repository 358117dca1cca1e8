#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include "contract/peer.h"
#include "contract/server_process.h"
#include "hotline/net/connect.h"
#include "hotline/services/upper.h"
#include "hotline/sim/seeds.h"
#include "support/datagrams.h"
#include "support/proxied.h"
#include "support/tls_options.h"

// Servers of the row under test, whose callers come over a faulty network.

using contract::ServerProcess;
using contract::upper_cased;
using hotline::Fault;
using hotline::FaultCounts;
using hotline::FaultPlan;
using hotline::sim::FaultProxyOptions;
using hotline::test::RunningProxy;

namespace {

constexpr int kCallsOfSeed = 6;
constexpr int kDatagramsOfSeed = 12;
constexpr hotline::sim::SeedRange kSeeds{1, 20};

FaultProxyOptions options_of(std::uint64_t seed, const FaultPlan& plan) {
  using std::chrono::milliseconds;
  return {.faults = plan,
          .seed = seed,
          .delay_max = milliseconds(2),
          .stall_max = milliseconds(5),
          .reordering_max = milliseconds(2),
          .partition_max = milliseconds(5)};
}

/// A plan with nothing that cuts a connection or loses a datagram.
FaultPlan harmless_plan() {
  FaultPlan plan;
  for (const Fault fault : {Fault::short_read, Fault::short_write, Fault::delay, Fault::stall,
                            Fault::datagram_duplication, Fault::datagram_reordering}) {
    plan.set(fault, 300'000);
  }
  return plan;
}

/// Returns how many calls the proxy can have disturbed.
std::uint64_t cuts_of(const FaultCounts& counts) {
  return counts[Fault::stream_reset] + counts[Fault::half_close] + counts[Fault::connect_refused] +
         counts[Fault::connect_timeout];
}

constexpr std::string_view kTls = "tls://";
constexpr std::string_view kTcp = "tcp://";

std::string with_scheme(std::string_view scheme, const std::string& uri) {
  return std::string(scheme) + uri.substr(uri.find("//") + 2);
}

/// Sends `text`, ends the writes, and reads the reply to its end, however that comes.
std::string reply_to(const std::string& uri, const std::string& text) {
  hotline::ConnectOptions options;
  // A handshake with a proxy that answers nothing (connect_timeout) ends only so.
  options.timeout = std::chrono::seconds(5);
  options.tls = hotline::test::presenting("alice");
  auto call = hotline::connect(uri, options);
  if (!call || !call->write_all(hotline::as_bytes(text))) return {};
  static_cast<void>(call->shut_down_writes());
  std::string reply;
  while (const auto bytes = call->receive()) reply += hotline::as_text(*bytes);
  return reply;
}

/// Returns what is wrong with the calls through one proxy, or an empty string. Adds the faults that
/// occurred. The proxy does not take part in TLS: it passes the bytes of the connection on.
std::string wrong_with_calls(const std::string& server, const FaultProxyOptions& options,
                             FaultCounts& met) {
  const bool has_tls = server.starts_with(kTls);
  RunningProxy proxy("tcp://127.0.0.1:0", has_tls ? with_scheme(kTcp, server) : server, options);
  const std::string uri = has_tls ? with_scheme(kTls, proxy.uri()) : proxy.uri();
  std::uint64_t failed = 0;
  for (int i = 0; i < kCallsOfSeed; ++i) {
    const std::string text = contract::varied_bytes(i % 2 == 0 ? 10 : 40'000, 1U + unsigned(i));
    const std::string reply = reply_to(uri, text);
    const std::string right = upper_cased(text);
    if (!right.starts_with(reply)) return "call " + std::to_string(i) + " has a wrong reply";
    if (reply != right) ++failed;
  }
  const FaultCounts counts = proxy.stop();
  met += counts;
  if (failed <= cuts_of(counts)) return {};
  return std::to_string(failed) + " calls failed, with these faults: " + counts.to_string();
}

/// The same for datagrams, none of which may be corrupt. With `all`, every one must be answered.
std::string wrong_with_datagrams(const std::string& server, const FaultProxyOptions& options,
                                 bool all) {
  RunningProxy proxy("udp://127.0.0.1:0", server, options);
  auto caller = hotline::test::connected(proxy.uri());
  std::set<std::string> sent;
  std::set<std::string> missing;
  for (int i = 0; i < kDatagramsOfSeed; ++i) {
    const std::string text = "datagram " + std::to_string(i);
    hotline::test::send(caller, text);
    sent.insert(upper_cased(text));
    missing.insert(upper_cased(text));
  }
  while (!missing.empty()) {
    const auto patience = std::chrono::milliseconds(all ? 10'000 : 20);
    const auto datagram = caller.receive(hotline::deadline_after(patience));
    if (!datagram) break;
    const std::string reply(hotline::as_text(datagram->bytes));
    if (!sent.contains(reply)) return "without a request: " + reply;
    missing.erase(reply);
  }
  return all && !missing.empty() ? "there is no " + *missing.begin() : std::string();
}

/// Checks that the server is unharmed: it answers, and drains without a call left.
void check_unharmed(ServerProcess& server) {
  contract::Peer peer(server.endpoint());
  peer.send("still there?");
  CHECK(peer.receive_some() == "STILL THERE?");
  peer.close();
  server.drain();
  CHECK(server.wait().cut == 0);
  CHECK(server.exit_status() == 0);
}

void report(const std::optional<hotline::sim::SeedFailure>& failure) {
  INFO((failure ? failure->what : ""));
  CHECK_FALSE(failure);
}

}  // namespace

TEST_CASE(
    "Over a bad network every reply is right as far as it arrives, and complete unless it is cut") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::upper);
    const std::string target = server.endpoint().to_uri();
    FaultCounts met;
    report(hotline::sim::find_failing_seed(kSeeds, [&](std::uint64_t seed) {
      return wrong_with_calls(target, options_of(seed, FaultPlan::of_seed(seed)), met);
    }));
    CHECK(met.total() > 0);
    check_unharmed(server);
  }
}

TEST_CASE("Small pieces that arrive late do not harm any call") {
  for (const std::string& uri : contract::stream_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::upper);
    const std::string target = server.endpoint().to_uri();
    FaultCounts met;
    report(hotline::sim::find_failing_seed({1, 4}, [&](std::uint64_t seed) {
      return wrong_with_calls(target, options_of(seed, harmless_plan()), met);
    }));
    CHECK(met.total() > 0);
    check_unharmed(server);
  }
}

TEST_CASE("Over a bad network every reply to a datagram belongs to a request") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    const std::string target = server.endpoint().to_uri();
    report(hotline::sim::find_failing_seed(kSeeds, [&](std::uint64_t seed) {
      FaultPlan plan = FaultPlan::of_seed(seed);
      plan.set(Fault::datagram_corruption, 0);
      return wrong_with_datagrams(target, options_of(seed, plan), false);
    }));
    check_unharmed(server);
  }
}

TEST_CASE("Datagrams that arrive late, twice and in another order are all answered") {
  for (const std::string& uri : contract::datagram_endpoints()) {
    CAPTURE(uri);
    ServerProcess server(uri, hotline::UpperMessages());
    const std::string target = server.endpoint().to_uri();
    report(hotline::sim::find_failing_seed({1, 4}, [&](std::uint64_t seed) {
      return wrong_with_datagrams(target, options_of(seed, harmless_plan()), true);
    }));
    check_unharmed(server);
  }
}
