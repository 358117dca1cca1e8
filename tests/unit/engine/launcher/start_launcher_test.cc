#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <thread>

#include <doctest/doctest.h>

#include "hotline/engine/process.h"
#include "support/launched.h"

namespace hotline::start_launcher_test {

TEST_CASE("a launcher is not started if there are threads") {
  std::jthread thread([](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  const auto launcher = start_launcher();
  REQUIRE_FALSE(launcher);
  CHECK(launcher.error().kind == ErrorKind::unsupported);
}

TEST_CASE("a program can have several launchers, one after another and at once") {
  const auto report = test::in_child_process([] {
    for (int i = 0; i < 3; ++i) {
      const auto one = start_launcher();
      const auto other = start_launcher();
      test::must(one && other, "not started");
      for (const auto* each : {&one, &other}) {
        const auto completed = run_to_end(***each, test::shell("echo said"));
        test::must(completed && completed->output == "said\n", "not run");
      }
    }
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("a launcher is not started without a descriptor or a process") {
  const auto report = test::in_child_process([] {
    const rlimit none{0, 1024};
    ::setrlimit(RLIMIT_NOFILE, &none);
    test::must(test::kind_of(start_launcher()) == "resource_exhausted", "started");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

TEST_CASE("a launcher that dies before it is ready is an error") {
  const auto report = test::in_child_process([] {
    ::pthread_atfork(nullptr, nullptr, [] { ::raise(SIGKILL); });
    test::must(test::kind_of(start_launcher()) == "reset", "started");
  });
  CHECK_MESSAGE(report.exit_status == 0, report.error_text);
}

}  // namespace hotline::start_launcher_test
