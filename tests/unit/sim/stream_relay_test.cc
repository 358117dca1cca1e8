#include "sim/stream_relay.h"

#include <vector>

#include <doctest/doctest.h>

#include "support/temporary_directory.h"
#include "unit/sim/proxied_call.h"

namespace hotline::stream_relay_test {
namespace {

using std::chrono::milliseconds;
using test::always;
using test::heard;
using test::ProxiedCall;
using test::RunningProxy;
using test::say;
using test::target_listener;

constexpr const char* kTcp = "tcp://127.0.0.1:0";

/// Checks what goes through a proxy without faults, in each direction, and its end.
void check_transparent(const std::string& listen_uri, const std::string& target_uri,
                       EngineKind engine) {
  CAPTURE(listen_uri);
  Listener listener = target_listener(target_uri);
  RunningProxy proxy(listen_uri, listener.endpoint().to_uri(), {}, engine);
  ProxiedCall call(proxy, listener);
  const std::string text = test::varied(16 * 1024);
  say(call.caller, text);
  REQUIRE(call.caller.shut_down_writes());
  CHECK(heard(call.target) == text + "<closed>");
  say(call.target, text);
  REQUIRE(call.target.shut_down_writes());
  CHECK(heard(call.caller) == text + "<closed>");
  CHECK(proxy.stop().total() == 0);
}

/// Sends one byte there and back, `times` times.
void exchange(ProxiedCall& call, int times) {
  for (int i = 0; i < times; ++i) {
    say(call.caller, "?");
    REQUIRE(heard(call.target, 1) == "?");
    say(call.target, "!");
    REQUIRE(heard(call.caller, 1) == "!");
  }
}

/// Writes until the peer takes no more. Returns how much that was.
std::size_t fill(Stream& stream) {
  stream.set_timeouts({.write = milliseconds(50)});
  const std::string piece = test::varied(16 * 1024);
  std::size_t sent = 0;
  auto written = stream.write_some(as_bytes(piece));
  while (written) {
    sent += *written;
    REQUIRE(sent < 8 * 1024 * 1024);
    written = stream.write_some(as_bytes(piece));
  }
  CHECK(test::kind_of(written) == "timed_out");
  return sent;
}

void check_held_up(const std::string& uri, EngineKind engine) {
  Listener listener = target_listener(uri + "target");
  auto alone = connect(listener.endpoint());
  REQUIRE(alone);
  const std::size_t held_by_kernel = fill(*alone);
  REQUIRE(listener.accept());
  RunningProxy proxy(uri + "proxy", listener.endpoint().to_uri(), {}, engine);
  ProxiedCall call(proxy, listener);
  const std::size_t sent = fill(call.caller);
  // The ring may have filled every buffer that the kernel holds before it is stopped.
  const std::size_t held_by_proxy = (engine == EngineKind::uring ? 1024 : 96) * std::size_t{1024};
  CHECK(sent <= 2 * held_by_kernel + held_by_proxy);
  // Nothing was lost: all of it arrives once it is read.
  CHECK(heard(call.target, sent).size() == sent);
}

/// Returns what the target gets of one message each from twenty callers, one after the other.
std::vector<std::string> fates_of_callers(std::uint64_t seed) {
  sim::FaultProxyOptions options{.seed = seed};
  options.faults.set(Fault::stream_reset, 300'000).set(Fault::half_close, 300'000);
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), options);
  std::vector<std::string> fates;
  for (int i = 0; i < 20; ++i) {
    ProxiedCall call(proxy, listener);
    say(call.caller, "how far does this go?");
    static_cast<void>(call.caller.shut_down_writes());
    fates.push_back(heard(call.target));
  }
  return fates;
}

}  // namespace

TEST_CASE("without faults 16 KiB go each way unchanged, and so do both ends") {
  test::TemporaryDirectory directory;
  const std::string unix_uri = "unix://" + directory.path() + "/";
  for (const EngineKind engine : test::loop_engines()) {
    check_transparent(kTcp, kTcp, engine);
    check_transparent("tcp://[::1]:0", unix_uri + "target", engine);
    check_transparent(unix_uri + "proxy", kTcp, engine);
  }
}

TEST_CASE("the target may end its writes first") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri());
  ProxiedCall call(proxy, listener);
  REQUIRE(call.target.shut_down_writes());
  CHECK(heard(call.caller) == "<closed>");
  say(call.caller, "still here");
  call.caller.close();
  CHECK(heard(call.target) == "still here<closed>");
}

TEST_CASE("a reset on one side is a reset on the other") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri());
  ProxiedCall one(proxy, listener);
  one.caller.abort();
  CHECK(heard(one.target) == "<reset>");
  ProxiedCall other(proxy, listener);
  other.target.abort();
  CHECK(heard(other.caller) == "<reset>");
  CHECK(proxy.stop().total() == 0);
}

TEST_CASE("short reads and writes cut the data into pieces, and lose none of it") {
  const std::string text = test::varied(16 * 1024);
  for (const Fault fault : {Fault::short_read, Fault::short_write}) {
    CAPTURE(name_of(fault));
    Listener listener = target_listener();
    RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(fault));
    ProxiedCall call(proxy, listener);
    say(call.caller, text);
    CHECK(heard(call.target, text.size()) == text);
    say(call.target, text);
    CHECK(heard(call.caller, text.size()) == text);
    const FaultCounts counts = proxy.stop();
    CHECK(counts[fault] >= 2);
    CHECK(counts.total() == counts[fault]);
  }
}

TEST_CASE("the receiver sees a short write") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::short_write));
  ProxiedCall call(proxy, listener);
  const std::string text = test::varied(16 * 1024);
  // A slow receiver gets the parts joined again.
  std::size_t first = text.size();
  for (int i = 0; i < 1000 && first == text.size(); ++i) {
    say(call.caller, text);
    const auto bytes = call.target.receive();
    REQUIRE(bytes);
    first = bytes->size();
    heard(call.target, text.size() - first);
  }
  CHECK(first < text.size());
}

TEST_CASE("delays and stalls make each piece late, and count each") {
  for (const Fault fault : {Fault::delay, Fault::stall}) {
    CAPTURE(name_of(fault));
    sim::FaultProxyOptions options = always(fault);
    (fault == Fault::delay ? options.delay_max : options.stall_max) = milliseconds(4);
    Listener listener = target_listener();
    RunningProxy proxy(kTcp, listener.endpoint().to_uri(), options);
    ProxiedCall call(proxy, listener);
    const Instant begun = now();
    exchange(call, 5);
    // Ten waits of two milliseconds on average: with this seed, not much less.
    CHECK(now() - begun >= milliseconds(10));
    const FaultCounts counts = proxy.stop();
    CHECK(counts[fault] == 10);
    CHECK(counts.total() == 10);
  }
}

TEST_CASE("a partition delays everything, and then all of it arrives") {
  sim::FaultProxyOptions options = always(Fault::partition);
  options.partition_max = milliseconds(4);
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), options);
  const Instant begun = now();
  ProxiedCall one(proxy, listener);
  ProxiedCall other(proxy, listener);
  exchange(one, 4);
  exchange(other, 4);
  CHECK(now() - begun >= milliseconds(10));
  // Two for the callers, and sixteen for the pieces.
  CHECK(proxy.stop()[Fault::partition] == 18);
}

TEST_CASE("a reset cuts at any byte, and both sides see it") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::stream_reset));
  const std::string text = "a message that is cut";
  std::size_t longest = 0;
  for (int i = 0; i < 10; ++i) {
    ProxiedCall call(proxy, listener);
    say(call.caller, text);
    std::string got = heard(call.target);
    REQUIRE(got.ends_with("<reset>"));
    got.resize(got.size() - 7);
    CHECK(text.starts_with(got));
    longest = std::max(longest, got.size());
    CHECK(heard(call.caller) == "<reset>");
  }
  CHECK(longest > 0);
  const FaultCounts counts = proxy.stop();
  CHECK(counts[Fault::stream_reset] == 10);
  CHECK(counts.total() == 10);
}

TEST_CASE("a half-close cuts at any byte as an orderly end, and more data resets both") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::half_close));
  ProxiedCall call(proxy, listener);
  say(call.caller, "cut");
  const std::string got = heard(call.target);
  REQUIRE(got.ends_with("<closed>"));
  CHECK(got.size() <= std::string("cut<closed>").size());
  say(call.caller, "more");
  CHECK(heard(call.caller) == "<reset>");
  CHECK(heard(call.target) == "<closed>");
  // The target has read its end: only a write fails, when the reset has arrived.
  auto written = call.target.write_all(as_bytes("late"));
  while (written) written = call.target.write_all(as_bytes("late"));
  CHECK(test::kind_of(written) == "reset");
  CHECK(proxy.stop()[Fault::half_close] == 1);
}

TEST_CASE("a peer that does not read is slowed down, and little is held for it") {
  test::TemporaryDirectory directory;
  const std::string uri = "unix://" + directory.path() + "/";
  for (const EngineKind engine : test::loop_engines()) check_held_up(uri, engine);
}

TEST_CASE("the same seed treats the same callers in the same way, another does not") {
  const auto fates = fates_of_callers(7);
  CHECK(fates_of_callers(7) == fates);
  CHECK(fates_of_callers(8) != fates);
}

}  // namespace hotline::stream_relay_test
