#include <sys/socket.h>

#include <set>
#include <string>

#include <doctest/doctest.h>

#include "support/simulated_call.h"

// How the connections of StreamNode end: close, reset, and the faults that cut them.

namespace hotline::engine::stream_node_end_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Call;
using test::kAgain;
using test::kReset;
using test::receive;
using test::send;

}  // namespace

TEST_CASE("callers that were not accepted are reset when the listener closes") {
  for (const int family : {AF_INET, AF_UNIX}) {
    Call call(family);
    const auto caller = call.call();
    call.pass();
    REQUIRE(caller->connect(call.target) == 0);
    call.listener->close();
    call.pass();
    CHECK(receive(caller) == kReset);
    CHECK(receive(caller).empty());
    CHECK(send(caller, "x") == -EPIPE);
  }
}

TEST_CASE("a close after everything was read is an end, and later writes are reset") {
  Call call;
  const auto [caller, answerer] = call.connected();
  send(answerer, "last words");
  answerer->close();
  call.pass();
  CHECK(send(caller, "x") == 1);
  call.pass();
  CHECK(send(caller, "y") == -EPIPE);
  CHECK(receive(caller) == "last words");
  CHECK(receive(caller).empty());
}

TEST_CASE("a UNIX peer that has closed breaks the pipe at once") {
  Call call(AF_UNIX);
  const auto [caller, answerer] = call.connected();
  send(answerer, "last words");
  answerer->close();
  call.pass();
  CHECK(send(caller, "x") == -EPIPE);
  CHECK(receive(caller) == "last words");
  CHECK(receive(caller).empty());
}

TEST_CASE("a close with unread bytes resets") {
  for (const int family : {AF_INET, AF_UNIX}) {
    Call call(family);
    const auto [caller, answerer] = call.connected();
    send(caller, "unread");
    call.pass();
    CHECK(receive(answerer, 2) == "un");
    answerer->close();
    call.pass();
    CHECK(caller->is_ready(Direction::read));
    CHECK(caller->is_ready(Direction::write));
    CHECK(receive(caller) == kReset);
    CHECK(receive(caller).empty());
    CHECK(send(caller, "x") == -EPIPE);
  }
}

TEST_CASE("a reset is reported once, to the first call, and writes stay broken") {
  Call call;
  const auto [caller, answerer] = call.connected();
  answerer->reset();
  call.pass();
  CHECK(send(caller, "x") == -ECONNRESET);
  CHECK(send(caller, "x") == -EPIPE);
  CHECK(receive(caller).empty());
}

TEST_CASE("what arrived before a reset can still be read") {
  Call call;
  const auto [caller, answerer] = call.connected();
  send(answerer, "before");
  answerer->reset();
  call.pass();
  CHECK(receive(caller) == "before");
  CHECK(receive(caller) == kReset);
}

TEST_CASE("a close with a linger of 0 aborts, on TCP only") {
  for (const int family : {AF_INET, AF_UNIX}) {
    Call call(family);
    const auto [caller, answerer] = call.connected();
    const linger abort{.l_onoff = 1, .l_linger = 0};
    answerer->set_option(SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    answerer->close();
    call.pass();
    CHECK(receive(caller) == (family == AF_UNIX ? "" : kReset));
  }
}

TEST_CASE("a caller that closes before it was answered leaves a reset") {
  Call call;
  const auto caller = call.call();
  while (!call.listener->is_ready(Direction::read)) call.pass(milliseconds(1));
  caller->close();
  call.pass();
  const auto answerer = call.listener->take_caller();
  REQUIRE(answerer);
  const std::string received = receive(answerer);
  CHECK((received == kReset || received.empty()));
}

TEST_CASE("a fault cuts a segment somewhere, and both sides see a reset") {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed < 40; ++seed) {
    Call call(AF_INET, 8, FaultPlan().set(Fault::stream_reset, 1'000'000), {}, seed);
    const auto [caller, answerer] = call.connected();
    CHECK(send(caller, "segment") == 7);
    call.pass();
    const std::string received = receive(answerer);
    if (received != kReset) {
      CHECK(std::string("segment").starts_with(received));
      CHECK(receive(answerer) == kReset);
    }
    sizes.insert(received == kReset ? 0 : received.size());
    CHECK(receive(caller) == kReset);
    CHECK(send(caller, "x") == -EPIPE);
    CHECK(send(answerer, "x") == -EPIPE);
  }
  CHECK(sizes.contains(0));
  CHECK(sizes.contains(7));
  CHECK(sizes.size() > 4);
}

TEST_CASE("a fault half-closes: the receiver sees an end, and more resets") {
  Call call(AF_INET, 8, FaultPlan().set(Fault::half_close, 1'000'000));
  const auto [caller, answerer] = call.connected();
  CHECK(send(caller, "segment") == 7);
  call.pass();
  while (!receive(answerer).empty()) {
  }
  CHECK(receive(caller) == kAgain);
  CHECK(send(caller, "more") == 4);
  call.pass();
  CHECK(receive(caller) == kReset);
  CHECK(send(answerer, "x") == -EPIPE);
}

TEST_CASE("a stalled segment takes minutes, and none comes before it") {
  Call call(AF_INET, 8, FaultPlan().set(Fault::stall, 1'000'000));
  const auto [caller, answerer] = call.connected();
  send(caller, "one ");
  send(caller, "two ");
  send(caller, "three");
  std::string all;
  for (int i = 0; i < 6 * 60; ++i) {
    call.pass(seconds(1));
    const std::string received = receive(answerer);
    if (received != kAgain) all += received;
  }
  CHECK(all == "one two three");
  CHECK(call.universe.counts[Fault::stall] > 2);
}

TEST_CASE("one fault refuses although a socket listens, another never answers") {
  Call refused(AF_INET, 8, FaultPlan().set(Fault::connect_refused, 1'000'000));
  const auto caller = refused.call();
  refused.pass();
  CHECK(caller->connect(refused.target) == -ECONNREFUSED);
  CHECK(refused.listener->take_caller() == nullptr);
  Call silent(AF_INET, 8, FaultPlan().set(Fault::connect_timeout, 1'000'000));
  const auto waiting = silent.call();
  const Instant before = silent.universe.now;
  silent.pass();
  CHECK(waiting->connect(silent.target) == -ETIMEDOUT);
  CHECK(silent.universe.now - before == seconds(127));
}

TEST_CASE("network faults do not affect two sockets of one host") {
  FaultPlan plan;
  for (const Fault fault : {Fault::stream_reset, Fault::half_close, Fault::stall, Fault::delay,
                            Fault::connect_refused, Fault::connect_timeout, Fault::partition}) {
    plan.set(fault, 1'000'000);
  }
  Call call(AF_UNIX, 8, plan);
  const auto [caller, answerer] = call.connected();
  CHECK(send(caller, "whole") == 5);
  call.pass();
  CHECK(receive(answerer) == "whole");
  CHECK(call.universe.counts.total() == 0);
}

}  // namespace hotline::engine::stream_node_end_test
