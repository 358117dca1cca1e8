#include "engine/stack_overflow.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

#include "engine/annotations.h"
#include "engine/event_loop.h"
#include "engine/worker.h"
#include "hotline/engine/clock.h"
#include "support/large_frames.h"
#include "support/loops.h"

namespace hotline::engine::stack_overflow_test {
namespace {

int sink = 0;

// Neither a tail call nor a loop.
[[gnu::noinline]] int recurse(volatile int* above) {
  volatile int frame[64];
  frame[0] = *above + 1;
  if (frame[0] < 0) return 0;
  sink = recurse(frame);
  return frame[0] + sink;
}

void recurse_without_end() {
  volatile int start = 0;
  recurse(&start);
}

/// Runs `body` on a fiber among others that wait, whose stacks surround it.
void run_among_others(EngineKind kind, void (*body)()) {
  constexpr int kOthers = 20;
  auto loop = make_event_loop({.engine = kind});
  if (!loop) return;
  const auto sleep = [] { static_cast<void>(sleep_for(std::chrono::seconds(10))); };
  for (int i = 0; i < kOthers; ++i) (*loop)->spawn("a neighbour", sleep);
  (*loop)->spawn("the deep one", [body] {
    body();
    ::_exit(EXIT_SUCCESS);
  });
  for (int i = 0; i < kOthers; ++i) (*loop)->spawn("a neighbour", sleep);
  (*loop)->run();
}

void check_overflow(const test::ChildReport& report) {
  CHECK((report.signal == SIGSEGV || report.signal == SIGBUS));
  CHECK(
      report.error_text.starts_with("hotline: the stack of fiber 'the deep one' overflowed its "));
  CHECK(report.error_text.find("\nhint: ") != std::string::npos);
}

struct Overflow {
  const char* name;
  void (*body)();
};

constexpr Overflow kOverflows[] = {
    {"frames of some hundred bytes", recurse_without_end},
    {"frames of 20,000 bytes", [] { test::recurse_with_large_frames(1000); }},
    {"a frame of 70,000 bytes", test::use_frame<70'000>},
    {"a frame of 100,000 bytes", test::use_frame<100'000>},
    {"a frame of 1,000,000 bytes", test::use_frame<1'000'000>},
};

}  // namespace

TEST_CASE("an overflow of any size ends the program by a signal and names the running fiber") {
  if (kUnderAsan) {
    MESSAGE("not tested: AddressSanitizer reports it in its own way");
    return;
  }
  for (const EngineKind kind : test::loop_engines()) {
    for (const Overflow& overflow : kOverflows) {
      CAPTURE(std::string(name_of(kind)));
      CAPTURE(std::string(overflow.name));
      check_overflow(test::in_child_process([&] { run_among_others(kind, overflow.body); }));
    }
  }
}

TEST_CASE("beyond the stacks with wide guards a recursion is still stopped") {
  if (kUnderAsan) return;
  for (const EngineKind kind : test::loop_engines()) {
    check_overflow(test::in_child_process([kind] {
      auto loop = make_event_loop({.engine = kind});
      if (!loop) return;
      const auto sleep = [] { static_cast<void>(sleep_for(std::chrono::seconds(10))); };
      for (std::size_t i = 0; i < StackPool::kWideStacks + 40; ++i) {
        (*loop)->spawn("a neighbour", sleep);
      }
      (*loop)->spawn("the deep one", [] { test::recurse_with_large_frames(1000); });
      (*loop)->run();
    }));
  }
}

TEST_CASE("an overflow on another thread than the first is reported too") {
  if (kUnderAsan) return;
  check_overflow(test::in_child_process([] {
    const auto worker = start_thread_worker({.kind = WorkerKind::loop,
                                             .name = "the deep one",
                                             .loop = {},
                                             .body = recurse_without_end,
                                             .on_end = [] {}});
  }));
}

TEST_CASE("another fault is not taken for an overflow") {
  if (kUnderAsan) return;
  const auto report = test::in_child_process([] {
    // Restores what had the signal before: the default, not a sanitizer's handler.
    std::signal(SIGSEGV, SIG_DFL);
    const StackOverflowReporter reporter;
    auto* volatile nowhere = reinterpret_cast<volatile int*>(8);
    *nowhere = 1;
  });
  CHECK(report.signal == SIGSEGV);
  CHECK(report.error_text.find("overflowed") == std::string::npos);
}

TEST_CASE("reporters may nest, and the signal stack belongs to the one that made it") {
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

}  // namespace hotline::engine::stack_overflow_test
