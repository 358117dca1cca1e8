#include "server/control_loop.h"

#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "support/on_each_word.h"

namespace hotline::server::control_loop_test {
namespace {

/// A control loop of a server without endpoints, whose tasks and services the test adds.
struct Controlled {
  explicit Controlled(ServerOptions options) : state(with_log(std::move(options))) {
    state.drain_server = [this] { control.ask(engine::kDrainEnd); };
  }

  ServerOptions with_log(ServerOptions options) {
    options.log = &log;
    return options;
  }

  Result<DrainReport> run() {
    return control.run([this] { has_served = true; });
  }

  test::CollectingLog log;
  ServerState state;
  std::vector<Service> services;
  ControlLoop control{state, services};
  bool has_served = false;
};

}  // namespace

TEST_CASE("a server without anything to serve starts, and ends by itself") {
  test::on_each_word([](const ServerOptions& options) {
    Controlled controlled(options);
    const auto report = controlled.run();
    REQUIRE(report);
    CHECK(controlled.has_served);
    CHECK(report->calls == 0);
    CHECK_FALSE(report->loss);
  });
}

TEST_CASE("a drain or a cut that is asked for before the run takes effect in it") {
  test::on_each_word([](const ServerOptions& options) {
    for (const int asked : {engine::kDrainEnd, engine::kCancelEnd}) {
      Controlled controlled(options);
      std::string end;
      controlled.state.tasks.push_back(
          {"task", [&] { end = test::kind_of(sleep_for(std::chrono::hours(1), OnDrain::ends)); }});
      controlled.control.ask(asked);
      CHECK(controlled.run());
      // With a cut, a thread may end before its task begins.
      const std::string expected = asked == engine::kDrainEnd ? "draining" : "cancelled";
      CHECK((end == expected || (asked == engine::kCancelEnd && end.empty())));
    }
  });
}

TEST_CASE("what on_serving throws is logged, and the server goes on") {
  Controlled controlled(test::options_for("loops:1"));
  const auto report = controlled.control.run([] { throw std::runtime_error("no"); });
  CHECK(report);
  CHECK(controlled.log.has("on_serving threw: the server goes on"));
}

TEST_CASE("a server that loses what a handler needs drains, and reports why") {
  test::on_each_word([](const ServerOptions& options) {
    Controlled controlled(options);
    Service service;
    service.handler = [](Stream&) {};
    service.handler.needs([] { return make_error(ErrorKind::reset, "find", "the disk", "gone"); });
    controlled.services.push_back(std::move(service));
    controlled.state.tasks.push_back(
        {"task", [] { discard(sleep_for(std::chrono::hours(1), OnDrain::ends)); }});
    const auto report = controlled.run();
    REQUIRE(report);
    REQUIRE(report->loss);
    CHECK(report->loss->message() == "cannot find the disk: gone");
  });
}

TEST_CASE("the counts of a server are those of its services and its tasks") {
  Controlled controlled(test::options_for("serial"));
  for (int i = 0; i < 2; ++i) {
    controlled.services.emplace_back();
    controlled.services.back().tally->calls = 3;
  }
  controlled.state.tasks_tally.handler_failures = 1;
  const Counters counters = count(controlled.state, controlled.services);
  CHECK(counters.calls == 6);
  CHECK(counters.handler_failures == 1);
}

}  // namespace hotline::server::control_loop_test
