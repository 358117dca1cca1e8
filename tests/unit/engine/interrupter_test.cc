#include "engine/interrupter.h"

#include <sys/resource.h>

#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/end_code.h"
#include "support/loops.h"

namespace hotline::engine::interrupter_test {

TEST_CASE("an unused interrupter requests nothing") {
  Interrupter interrupter;
  CHECK(interrupter.fd() >= 0);
  CHECK(interrupter.take_end_code() == 0);
}

TEST_CASE("a request is reported once") {
  Interrupter interrupter;
  interrupter.drain();
  CHECK(interrupter.take_end_code() == kDrainEnd);
  CHECK(interrupter.take_end_code() == 0);
  interrupter.cancel();
  CHECK(interrupter.take_end_code() == kCancelEnd);
  CHECK(interrupter.take_end_code() == 0);
}

TEST_CASE("a cancel overrides a drain, in any order") {
  Interrupter interrupter;
  interrupter.drain();
  interrupter.cancel();
  CHECK(interrupter.take_end_code() == kCancelEnd);
  interrupter.cancel();
  interrupter.drain();
  CHECK(interrupter.take_end_code() == kCancelEnd);
}

TEST_CASE("any number of drains is still a drain") {
  Interrupter interrupter;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) interrupter.drain();
    });
  }
  threads.clear();
  CHECK(interrupter.take_end_code() == kDrainEnd);
}

TEST_CASE("an interrupter works across fork") {
  Interrupter interrupter(Interrupter::Reach::forked_processes);
  const auto report = test::in_child_process([&] { interrupter.cancel(); });
  CHECK(report.exit_status == 0);
  CHECK(interrupter.take_end_code() == kCancelEnd);
}

TEST_CASE("without a descriptor nothing is interrupted") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  Interrupter interrupter;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(interrupter.fd() == -1);
  interrupter.cancel();
  CHECK(interrupter.take_end_code() == 0);
}

}  // namespace hotline::engine::interrupter_test
