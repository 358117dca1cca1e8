#include "hotline/sim/fault_proxy.h"

#include <doctest/doctest.h>

#include "hotline/engine/task_group.h"
#include "support/datagrams.h"
#include "unit/sim/proxied_call.h"

namespace hotline::fault_proxy_test {
namespace {

using test::always;
using test::heard;
using test::ProxiedCall;
using test::RunningProxy;
using test::say;
using test::target_listener;

constexpr const char* kTcp = "tcp://127.0.0.1:0";
constexpr const char* kUdp = "udp://127.0.0.1:0";

/// Returns how a caller that only listens ends. A reset that comes early is a result of its
/// connect.
std::string end_of_caller(const RunningProxy& proxy) {
  auto caller = connect(proxy.endpoint());
  return caller ? heard(*caller) : "<" + test::kind_of(caller) + ">";
}

}  // namespace

TEST_CASE("an invalid target is refused") {
  struct Form {
    const char* listen;
    const char* target;
    std::string_view kind;
  };
  const Form forms[] = {{"nonsense", "tcp://127.0.0.1:1", "invalid_argument"},
                        {kTcp, "nonsense", "invalid_argument"},
                        {kTcp, "udp://127.0.0.1:1", "invalid_argument"},
                        {kUdp, "unix:@x", "invalid_argument"},
                        {"tcp://127.0.0.1:0?framing=lines", "unix:@x", "invalid_argument"},
                        {"unix:///nowhere/at/all", "unix:@x", "not_found"}};
  for (const Form& form : forms) {
    CAPTURE(form.listen);
    const auto proxy = sim::FaultProxy::bind(form.listen, form.target);
    CHECK(test::kind_of(proxy) == form.kind);
  }
}

TEST_CASE("both endpoints may say how their sockets are tuned") {
  CHECK(sim::FaultProxy::bind("tcp://127.0.0.1:0?send-buffer=16KiB",
                              "tcp://127.0.0.1:1?nodelay=off"));
  CHECK(test::kind_of(sim::FaultProxy::bind("udp://127.0.0.1:0?nodelay=off",
                                            "udp://127.0.0.1:1")) == "invalid_argument");
}

TEST_CASE("an endpoint in use is reported as such") {
  const Listener listener = target_listener();
  const std::string taken = listener.endpoint().to_uri();
  CHECK(test::kind_of(sim::FaultProxy::bind(taken, taken)) == "address_in_use");
}

TEST_CASE("the endpoint has the port that the kernel gave") {
  for (const char* uri : {kTcp, kUdp}) {
    const auto proxy = sim::FaultProxy::bind(uri, uri);
    REQUIRE(proxy);
    CHECK(proxy->endpoint().port() != 0);
    CHECK(proxy->counts().total() == 0);
  }
}

TEST_CASE("it runs beside its callers on any engine") {
  test::on_each_loop([](engine::EventLoop&) {
    Listener listener = target_listener();
    auto proxy = sim::FaultProxy::bind(kTcp, listener.endpoint().to_uri());
    REQUIRE(proxy);
    TaskGroup fibers;
    Result<void> ended;
    REQUIRE(fibers.spawn("proxy", [&] { ended = proxy->run(); }));
    auto caller = connect(proxy->endpoint());
    REQUIRE(caller);
    auto target = listener.accept();
    REQUIRE(target);
    say(*caller, "hello");
    CHECK(heard(*target, 5) == "hello");
    fibers.cancel();
    REQUIRE(fibers.join());
    CHECK(test::kind_of(ended) == "cancelled");
    CHECK(heard(*caller) == "<reset>");
    CHECK(heard(*target) == "<reset>");
  });
}

TEST_CASE("it runs on a thread without a loop, until it is cancelled") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), {}, EngineKind::automatic,
                     engine::WorkerKind::blocking);
  ProxiedCall call(proxy, listener);
  say(call.caller, "hello");
  CHECK(heard(call.target, 5) == "hello");
  proxy.stop();
  CHECK(test::kind_of(proxy.ended()) == "cancelled");
  CHECK(heard(call.caller) == "<reset>");
}

TEST_CASE("a drain forwards what has arrived, then ends both sides in order") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::delay));
  ProxiedCall call(proxy, listener);
  say(call.caller, "hello");
  proxy.drain();
  CHECK(proxy.ended());
  CHECK(heard(call.target) == "hello<closed>");
  CHECK(heard(call.caller) == "<closed>");
  CHECK(test::kind_of(connect(proxy.endpoint())) == "refused");
}

TEST_CASE("a refused caller sees a reset, and the target nothing") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::connect_refused));
  for (int i = 0; i < 3; ++i) {
    CHECK(end_of_caller(proxy) == "<reset>");
  }
  CHECK(proxy.stop().to_string() == "connect_refused 3");
  CHECK(test::kind_of(listener.accept(Deadline::at(now()))) == "timed_out");
}

TEST_CASE("a caller whose connection is never answered waits until it gives up") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::connect_timeout));
  Stream caller = test::caller_of(proxy);
  caller.set_timeouts({.first_byte = std::chrono::milliseconds(10)});
  say(caller, "hello?");
  CHECK(heard(caller) == "<timed_out>");
  REQUIRE(caller.shut_down_writes());
  caller.set_timeouts({});
  CHECK(heard(caller) == "<closed>");
  CHECK(proxy.stop().to_string() == "connect_timeout 1");
  CHECK(test::kind_of(listener.accept(Deadline::at(now()))) == "timed_out");
}

TEST_CASE("a cancel and a drain end the wait of a caller that is never answered") {
  for (const bool is_drained : {false, true}) {
    Listener listener = target_listener();
    RunningProxy proxy(kTcp, listener.endpoint().to_uri(), always(Fault::connect_timeout));
    Stream caller = test::caller_of(proxy);
    is_drained ? proxy.drain() : proxy.stop();
    CHECK(heard(caller).starts_with("<"));
  }
}

TEST_CASE("without a listener at the target a caller sees a reset") {
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri());
  listener.close();
  CHECK(end_of_caller(proxy) == "<reset>");
}

TEST_CASE("a cancel ends a stall") {
  sim::FaultProxyOptions options = always(Fault::stall);
  options.stall_max = std::chrono::hours(1);
  Listener listener = target_listener();
  RunningProxy proxy(kTcp, listener.endpoint().to_uri(), options);
  ProxiedCall call(proxy, listener);
  say(call.caller, "hello");
  proxy.stop();
  CHECK(heard(call.target) == "<reset>");
}

TEST_CASE("a datagram proxy ends when it is drained or cancelled") {
  for (const bool is_drained : {false, true}) {
    DatagramSocket target = test::bound(kUdp);
    RunningProxy proxy(kUdp, target.endpoint().to_uri());
    DatagramSocket caller = test::connected(proxy.uri());
    test::send(caller, "hello");
    CHECK(test::received(target) == "hello");
    is_drained ? proxy.drain() : proxy.stop();
    CHECK(test::kind_of(proxy.ended()) == (is_drained ? "" : "cancelled"));
  }
}

}  // namespace hotline::fault_proxy_test
