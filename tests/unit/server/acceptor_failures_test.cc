#include <sys/socket.h>
#include <list>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/engine.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/connect.h"
#include "server/acceptor.h"
#include "support/loops.h"
#include "support/running_server.h"
#include "support/simulated.h"
#include "support/sockets.h"

// What becomes of callers, and of the acceptor, while accept fails or callers are not taken.

namespace hotline::server::acceptor_failures_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

/// A program on a simulated host, where accept fails from the beginning, always in the same way.
class Outage {
 public:
  explicit Outage(std::uint64_t seed) : simulation_({}, {}, {}, seed) {}

  void run(const std::function<void(Outage&)>& body) {
    simulation_.run([&] {
      simulation_.universe.plan.set(Fault::accept_outage, 1'000'000);
      ServerOptions options;
      options.log = &log;
      ServerState shared(options);
      shared.drain_server = [] {};
      auto made = listen("tcp://127.0.0.1:80");
      REQUIRE(made);
      Service service;
      TaskGroup own;
      acceptors = &own;
      REQUIRE(own.spawn("accept", [&] {
        Acceptor(shared, service, *made, [&](AdmittedCall) { ++taken; }).run();
      }));
      auto caller = connect("tcp://127.0.0.1:80");
      REQUIRE(caller);
      body(*this);
      own.cancel();
      CHECK(own.join());
    });
  }
  void end_outage() {
    simulation_.universe.plan.set(Fault::accept_outage, 0);
    REQUIRE(sleep_for(minutes(2)));
  }
  int failure() { return simulation_.loop.program().accept_failure; }

  test::CollectingLog log;
  TaskGroup* acceptors = nullptr;
  int taken = 0;

 private:
  test::Simulation simulation_;
};

constexpr std::uint64_t kSeeds = 40;

/// Resets the connection of `caller`.
void reset(UniqueFd caller) {
  const linger none{.l_onoff = 1, .l_linger = 0};
  REQUIRE(::setsockopt(caller.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0);
}

/// Returns what a caller sees that is not served.
int end_of(const UniqueFd& caller) {
  char byte = 0;
  return ::recv(caller.get(), &byte, 1, 0) < 0 ? errno : 0;
}

}  // namespace

TEST_CASE("while accepts fail the acceptor pauses and logs, and goes on afterwards") {
  std::set<int> failures;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    Outage(seed).run([&](Outage& outage) {
      REQUIRE(sleep_for(seconds(30)));
      failures.insert(outage.failure());
      const std::size_t warnings = outage.log.count(LogLevel::warning);
      CHECK(warnings >= 30);
      CHECK(warnings <= 60);
      CHECK(outage.log.has("cannot accept for now"));
      CHECK(outage.taken == 0);
      outage.end_outage();
      CHECK(outage.taken == 1);
    });
  }
  CHECK(failures.size() == 7);
}

TEST_CASE("a drain ends the pause of an acceptor that cannot accept, and the acceptor with it") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    Outage(seed).run([&](Outage& outage) {
      REQUIRE(sleep_for(seconds(30)));
      const Instant before = now();
      outage.acceptors->drain();
      CHECK(outage.acceptors->join());
      CHECK(now() - before < milliseconds(100));
      CHECK(test::kind_of(connect("tcp://127.0.0.1:80")) == "refused");
    });
  }
}

TEST_CASE("an acceptor whose own time is over ends") {
  Outage(1).run([](Outage&) {
    ServerState shared({});
    Service service;
    auto listener = listen("tcp://127.0.0.1:81");
    REQUIRE(listener);
    const DeadlineScope scope(deadline_after(seconds(3)));
    Acceptor(shared, service, *listener, [](AdmittedCall) {}).run();
  });
}

TEST_CASE("a caller that has reset its connection is not served, and does not count") {
  test::on_each_engine([] {
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    const std::uint16_t port = listener->endpoint().port();
    for (int i = 0; i < 5; ++i) reset(test::connect_tcp(port));
    const UniqueFd caller = test::connect_tcp(port);
    auto call = listener->accept(deadline_after(seconds(10)));
    REQUIRE(call);
    CHECK(call->peer().port() != 0);
    CHECK(test::kind_of(listener->accept(deadline_after(milliseconds(5)))) == "timed_out");
  });
}

TEST_CASE("callers that are not served see a reset when the acceptor ends") {
  test::on_each_engine([] {
    ServerOptions options;
    options.calls = CallCount::one;
    ServerState shared(options);
    shared.drain_server = [] {};
    Service service;
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    std::vector<UniqueFd> callers;
    for (int i = 0; i < 8; ++i) {
      callers.push_back(test::connect_tcp(listener->endpoint().port()));
    }
    Acceptor(shared, service, *listener, [](AdmittedCall call) { call.stream.close(); }).run();
    CHECK(end_of(callers.front()) == 0);
    for (std::size_t i = 1; i < callers.size(); ++i) CHECK(end_of(callers[i]) == ECONNRESET);
  });
}

TEST_CASE("a caller beyond the limit of its address sees a reset, and the others do not") {
  test::Simulation simulation;
  std::list<AdmittedCall> calls;
  simulation.start(simulation.a, [&] {
    ServerOptions options;
    options.limits.connections_per_peer_max = 1;
    ServerState shared(options);
    shared.drain_server = [] {};
    Service service;
    auto listener = listen("tcp://:80");
    REQUIRE(listener);
    const DeadlineScope scope(deadline_after(seconds(5)));
    Acceptor(shared, service, *listener, [&](AdmittedCall call) {
      calls.push_back(std::move(call));
    }).run();
    for (AdmittedCall& call : calls) call.stream.close();
    calls.clear();
  });
  std::string first;
  std::string second;
  simulation.start(simulation.b, [&] {
    REQUIRE(sleep_for(milliseconds(100)));
    auto one = connect("tcp://a:80");
    REQUIRE(one);
    REQUIRE(sleep_for(milliseconds(100)));
    auto two = connect("tcp://a:80");
    second = two ? test::kind_of(two->receive()) : test::kind_of(two);
    first = test::kind_of(one->receive());
  });
  CHECK(simulation.run());
  CHECK(first == "closed");
  CHECK(second == "reset");
}

TEST_CASE("an admitted call that is not run is reset, and releases its slot") {
  test::on_each_engine([] {
    ServerState shared({});
    Tally tally;
    shared.drain_server = [] {};
    auto listener = listen("tcp://127.0.0.1:0");
    REQUIRE(listener);
    const UniqueFd caller = test::connect_tcp(listener->endpoint().port());
    {
      auto call = listener->accept();
      REQUIRE(call);
      CallSlot slot = CallSlot::admit(shared, call->peer());
      AdmittedCall admitted(std::move(*call), std::move(slot));
      admitted.slot.begin(tally);
      const AdmittedCall moved = std::move(admitted);
      CHECK(tally.read().calls_in_flight == 1);
    }
    CHECK(tally.read().calls_in_flight == 0);
    CHECK(end_of(caller) == ECONNRESET);
  });
}

}  // namespace hotline::server::acceptor_failures_test
