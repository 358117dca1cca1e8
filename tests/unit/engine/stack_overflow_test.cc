#include "engine/stack_overflow.h"

#include <csignal>

#include <doctest/doctest.h>

#include "engine/event_loop.h"
#include "engine/annotations.h"
#include "support/loops.h"

namespace hotline::engine {
namespace {

int sink = 0;

// Not a tail call, and no loop either.
[[gnu::noinline]] int recurse(volatile int* above) {
  volatile int frame[64];
  frame[0] = *above + 1;
  if (frame[0] < 0) return 0;
  sink = recurse(frame);
  return frame[0] + sink;
}

void overflow_on(EngineKind kind) {
  auto loop = make_event_loop({.engine = kind});
  if (!loop) return;
  (*loop)->spawn("the deep one", [] {
    volatile int start = 0;
    recurse(&start);
  });
  (*loop)->run();
}

}  // namespace

TEST_CASE("an overflow of a fiber's stack ends the program with a message that names it") {
  if (kUnderAsan) {
    MESSAGE("not tested: AddressSanitizer reports it in its own way");
    return;
  }
  for (const EngineKind kind : test::loop_engines()) {
    const auto report = test::in_child_process([kind] { overflow_on(kind); });
    CHECK(report.exit_status != 0);
    CHECK(report.error_text.find("the stack of fiber 'the deep one' overflowed its ") !=
          std::string::npos);
    CHECK(report.error_text.find("\nhint: ") != std::string::npos);
  }
}

TEST_CASE("another fault is not taken for an overflow") {
  if (kUnderAsan) return;
  const auto report = test::in_child_process([] {
    const StackOverflowReporter reporter;
    auto* volatile nowhere = reinterpret_cast<volatile int*>(8);
    *nowhere = 1;
  });
  CHECK(report.exit_status != 0);
  CHECK(report.error_text.find("overflowed") == std::string::npos);
}

TEST_CASE("reporters may nest, and the signal stack goes with the one that made it") {
  if (kUnderAsan) return;
  {
    const StackOverflowReporter outer;
    const StackOverflowReporter inner;
  }
  stack_t current{};
  REQUIRE(::sigaltstack(nullptr, &current) == 0);
  const StackOverflowReporter again;
  stack_t inside{};
  REQUIRE(::sigaltstack(nullptr, &inside) == 0);
  CHECK((inside.ss_flags & SS_DISABLE) == 0);
}

}  // namespace hotline::engine
