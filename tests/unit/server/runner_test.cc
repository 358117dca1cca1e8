#include "server/runner.h"

#include <doctest/doctest.h>

#include "server/loops_runner.h"
#include "server/processes_runner.h"
#include "server/threads_runner.h"
#include "support/loops.h"
#include "support/running_server.h"

namespace hotline::server::runner_test {

TEST_CASE("every word of concurrency has its runner") {
  test::on_loop(EngineKind::epoll, [](engine::EventLoop& control) {
    const auto is = [&]<typename Kind>(std::type_identity<Kind>, std::string_view word) {
      ServerState shared(test::options_for(word));
      return dynamic_cast<Kind*>(make_runner(shared, control).get()) != nullptr;
    };
    CHECK(is(std::type_identity<ThreadsRunner>(), "serial"));
    CHECK(is(std::type_identity<ThreadsRunner>(), "threads:2"));
    CHECK(is(std::type_identity<ProcessesRunner>(), "processes:2"));
    CHECK(is(std::type_identity<LoopsRunner>(), "loops:2"));
  });
}

TEST_CASE("services are bound for as many loops as there are, and for none without loops") {
  CHECK(loop_count(test::options_for("loops:3")) == 3);
  CHECK(loop_count(test::options_for("serial")) == 0);
  CHECK(loop_count(test::options_for("threads:3")) == 0);
  CHECK(loop_count(test::options_for("processes:3")) == 0);
}

TEST_CASE("a runner without a service has nothing to wait for") {
  test::on_loop(EngineKind::epoll, [](engine::EventLoop& control) {
    for (const char* word : {"serial", "threads:2", "processes:2", "loops:2"}) {
      ServerState shared(test::options_for(word));
      const auto runner = make_runner(shared, control);
      std::vector<Service> none;
      REQUIRE(runner->start(none));
      runner->drain();
      runner->cut();
      runner->wait();
    }
  });
}

}  // namespace hotline::server::runner_test
