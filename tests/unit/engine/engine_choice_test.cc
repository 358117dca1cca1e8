#include "hotline/engine/engine_choice.h"

#include <sys/resource.h>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "support/loops.h"

namespace hotline::engine_choice_test {

TEST_CASE("every kind of engine is parsed by its name") {
  for (const EngineKind kind : {EngineKind::automatic, EngineKind::uring, EngineKind::epoll}) {
    const auto parsed = parse_engine_kind(name_of(kind));
    REQUIRE(parsed);
    CHECK(*parsed == kind);
  }
  CHECK(name_of(EngineKind::automatic) == "auto");
}

TEST_CASE("an unknown engine is refused, with the names of the known ones") {
  for (const std::string_view name : {"", "io_uring", "EPOLL", "epoll ", "blocking"}) {
    const auto parsed = parse_engine_kind(name);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().kind == ErrorKind::invalid_argument);
    CHECK(parsed.error().hint().ends_with("the engines are auto, uring and epoll"));
  }
}

TEST_CASE("epoll can always be chosen") {
  const auto decision = choose_engine(EngineKind::epoll);
  REQUIRE(decision);
  CHECK(decision->engine == EngineKind::epoll);
  CHECK(decision->fallback_reason.empty());
}

TEST_CASE("the automatic choice is uring where it runs, otherwise epoll with the reason") {
  const UringReport report = probe_uring();
  const auto decision = choose_engine(EngineKind::automatic);
  REQUIRE(decision);
  CHECK(decision->engine == (report.is_usable ? EngineKind::uring : EngineKind::epoll));
  CHECK(decision->fallback_reason == report.reason);
}

TEST_CASE("a loop is of the requested kind") {
  for (const EngineKind kind : test::loop_engines()) {
    const auto loop = engine::make_event_loop({.engine = kind});
    REQUIRE(loop);
    CHECK((*loop)->name() == name_of(kind));
  }
}

TEST_CASE("without descriptors no loop can be made, and the error says so") {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none{0, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const auto epoll = engine::make_event_loop({.engine = EngineKind::epoll});
  const auto uring = engine::make_event_loop({.engine = EngineKind::uring});
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(test::kind_of(epoll) == "resource_exhausted");
  CHECK_FALSE(uring);
}

}  // namespace hotline::engine_choice_test
