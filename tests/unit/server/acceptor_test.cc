#include "server/acceptor.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/memory_shortage.h"
#include "support/running_server.h"
#include "support/sockets.h"

namespace hotline::server::acceptor_test {
namespace {

/// Lowers the soft limit on descriptors to those that are open, while it exists.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit_) == 0);
    const UniqueFd next(::dup(0));
    const rlimit lowered{static_cast<rlim_t>(next.get()), limit_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
  }
  ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &limit_); }

 private:
  rlimit limit_{};
};

struct Accepting {
  explicit Accepting(ServerOptions options = {}) : shared(std::move(options)) {
    shared.drain_server = [] {};
    auto made = listen("tcp://127.0.0.1:0");
    REQUIRE(made);
    listener.emplace(std::move(*made));
  }
  UniqueFd caller() const { return test::connect_tcp(listener->endpoint().port()); }

  ServerState shared;
  Service service;
  std::optional<Listener> listener;
};

}  // namespace

TEST_CASE(
    "callers are accepted until a drain, waiting ones too, and then connections are refused") {
  test::on_each_engine([] {
    Accepting accepting;
    std::vector<UniqueFd> callers;
    for (int i = 0; i < 5; ++i) callers.push_back(accepting.caller());
    std::size_t taken = 0;
    TaskGroup group;
    REQUIRE(group.spawn("accept", [&] {
      Acceptor(accepting.shared, accepting.service, *accepting.listener, [&](AdmittedCall) {
        ++taken;
      }).run();
    }));
    group.drain();
    CHECK(group.join());
    CHECK(taken == 5);
    CHECK(accepting.service.tally->read().calls == 5);
  });
}

TEST_CASE("if one call is wanted, the acceptor accepts one and closes") {
  test::on_each_engine([] {
    ServerOptions options;
    options.calls = CallCount::one;
    Accepting accepting(options);
    const UniqueFd one = accepting.caller();
    const UniqueFd other = accepting.caller();
    int taken = 0;
    Acceptor(accepting.shared, accepting.service, *accepting.listener, [&](AdmittedCall) {
      ++taken;
    }).run();
    CHECK(taken == 1);
    CHECK(accepting.service.tally->read().calls == 1);
  });
}

TEST_CASE("a full server takes the next call when one has ended") {
  test::on_each_loop([](engine::EventLoop& loop) {
    ServerOptions options;
    options.limits.connections_max = 2;
    Accepting accepting(options);
    std::vector<UniqueFd> callers;
    for (int i = 0; i < 4; ++i) callers.push_back(accepting.caller());
    std::list<AdmittedCall> calls;
    engine::FiberGroup group(loop);
    loop.spawn(
        "accept",
        [&] {
          Acceptor(accepting.shared, accepting.service, *accepting.listener,
                   [&](AdmittedCall call) { calls.push_back(std::move(call)); })
              .run();
        },
        &group);
    for (int i = 0; i < 20; ++i) loop.yield();
    CHECK(calls.size() == 2);
    calls.pop_front();
    for (int i = 0; i < 20; ++i) loop.yield();
    CHECK(calls.size() == 2);
    CHECK(accepting.service.tally->read().calls == 3);
    group.interrupt(engine::kCancelEnd);
    group.join();
  });
}

TEST_CASE(
    "without a descriptor left a caller is refused, and the next is served when there is one") {
  test::on_each_engine([] {
    test::CollectingLog log;
    ServerOptions options;
    options.log = &log;
    Accepting accepting(options);
    const UniqueFd told_off = accepting.caller();
    UniqueFd later;
    std::optional<NoMoreDescriptors> none;
    int taken = 0;
    TaskGroup group;
    REQUIRE(group.spawn("accept", [&] {
      Acceptor acceptor(accepting.shared, accepting.service, *accepting.listener,
                        [&](AdmittedCall) {
                          ++taken;
                          group.drain();
                        });
      // Now that it has its reserve.
      none.emplace();
      acceptor.run();
    }));
    REQUIRE(group.spawn("caller", [&] {
      for (int i = 0; i < 2000 && !log.has("refused: no descriptor is left"); ++i) {
        CHECK(sleep_for(std::chrono::milliseconds(1)));
      }
      none.reset();
      later = accepting.caller();
      for (int i = 0; i < 2000 && taken == 0; ++i) CHECK(sleep_for(std::chrono::milliseconds(1)));
      group.cancel();
    }));
    CHECK(group.join());
    char byte = 0;
    CHECK(::recv(told_off.get(), &byte, 1, 0) == -1);
    CHECK(errno == ECONNRESET);
    CHECK(taken == 1);
  });
}

TEST_CASE("a refusal that has no memory leaves the reserve descriptor to the next one") {
  test::on_each_loop([](engine::EventLoop& loop) {
    test::with_each_allocation_failing([&](std::size_t spared) {
      CAPTURE(spared);
      Accepting accepting{ServerOptions()};
      const UniqueFd caller = accepting.caller();
      std::optional<test::MemoryShortage> shortage;
      bool has_struck = false;
      TaskGroup group;
      REQUIRE(group.spawn("accept", [&] {
        Acceptor acceptor(accepting.shared, accepting.service, *accepting.listener,
                          [](AdmittedCall) {});
        const NoMoreDescriptors none;
        shortage.emplace(spared, test::MemoryShortage::Extent::one);
        acceptor.run();
      }));
      REQUIRE(group.spawn("end", [&] {
        for (int i = 0; i < 20; ++i) loop.yield();
        has_struck = shortage->has_struck();
        shortage.reset();
        group.drain();
      }));
      CHECK(group.join());
      CHECK_FALSE(accepting.shared.is_shedding);
      return has_struck;
    });
  });
}

}  // namespace hotline::server::acceptor_test
