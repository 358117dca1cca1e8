#include "engine/stack_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <doctest/doctest.h>

#include "engine/annotations.h"
#include "support/loops.h"

namespace hotline::engine::stack_pool_test {
namespace {

std::size_t page_bytes() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

TEST_CASE("a stack has the requested size, rounded up to pages") {
  StackPool pool(300'001);
  const Stack stack = pool.take();
  REQUIRE(stack);
  CHECK(stack.usable_bytes >= 300'001);
  CHECK(stack.usable_bytes < 300'001 + page_bytes());
  CHECK(reinterpret_cast<std::uintptr_t>(stack.bottom) % page_bytes() == 0);
  CHECK(stack.top() == stack.bottom + stack.usable_bytes);
  pool.give_back(stack);
}

TEST_CASE("a stack too small to run anything is made larger") {
  StackPool pool(1);
  const Stack stack = pool.take();
  CHECK(stack.usable_bytes >= 16 * 1024);
  pool.give_back(stack);
}

TEST_CASE("the stack that was returned last is handed out first") {
  StackPool pool(64 * 1024);
  const Stack one = pool.take();
  const Stack other = pool.take();
  CHECK(one.bottom != other.bottom);
  pool.give_back(one);
  pool.give_back(other);
  CHECK(pool.take().bottom == other.bottom);
  CHECK(pool.take().bottom == one.bottom);
}

TEST_CASE("many stacks at once do not overlap") {
  StackPool pool(64 * 1024);
  std::vector<Stack> stacks;
  for (int i = 0; i < 1000; ++i) {
    stacks.push_back(pool.take());
    REQUIRE(stacks.back());
    *reinterpret_cast<int*>(stacks.back().bottom) = i;
    *(reinterpret_cast<int*>(stacks.back().top()) - 1) = i;
  }
  for (int i = 0; i < 1000; ++i) {
    const Stack& stack = stacks[static_cast<std::size_t>(i)];
    CHECK(*reinterpret_cast<int*>(stack.bottom) == i);
    CHECK(*(reinterpret_cast<int*>(stack.top()) - 1) == i);
  }
  for (const Stack& stack : stacks) pool.give_back(stack);
}

TEST_CASE("when many stacks are idle, the memory of the next returns to the system") {
  StackPool pool(64 * 1024);
  std::vector<Stack> stacks;
  for (int i = 0; i < 300; ++i) {
    stacks.push_back(pool.take());
    *stacks.back().bottom = std::byte{1};
  }
  for (const Stack& stack : stacks) pool.give_back(stack);
  const Stack last = pool.take();
  CHECK(last.bottom == stacks.back().bottom);
  CHECK(*last.bottom == std::byte{0});
}

TEST_CASE("a write below a stack ends the program, anywhere in its guard") {
  StackPool pool(64 * 1024);
  std::vector<Stack> stacks;
  for (std::size_t i = 0; i < StackPool::kWideStacks + 1; ++i) stacks.push_back(pool.take());
  const auto write_at = [](const Stack& stack, std::ptrdiff_t offset) {
    return test::in_child_process([&] {
      std::signal(SIGSEGV, SIG_DFL);
      auto* place = reinterpret_cast<volatile char*>(stack.bottom);
      place[offset] = 1;
    });
  };
  const auto check_guard = [&](const Stack& stack, std::size_t guard_bytes) {
    CHECK(write_at(stack, 0).exit_status == 0);
    CHECK(write_at(stack, -1).signal == SIGSEGV);
    CHECK(write_at(stack, -static_cast<std::ptrdiff_t>(guard_bytes / 2)).signal == SIGSEGV);
    CHECK(write_at(stack, -static_cast<std::ptrdiff_t>(guard_bytes)).signal == SIGSEGV);
  };
  check_guard(stacks.front(), StackPool::kWideGuardBytes);
  check_guard(stacks[StackPool::kWideStacks - 1], StackPool::kWideGuardBytes);
  check_guard(stacks.back(), stacks.back().usable_bytes);
  for (const Stack& stack : stacks) pool.give_back(stack);
}

TEST_CASE("a pool distinguishes its stacks and their guards from other memory") {
  StackPool pool(64 * 1024);
  const Stack stack = pool.take();
  const int elsewhere = 0;
  CHECK(pool.covers(stack.bottom));
  CHECK(pool.covers(stack.top() - 1));
  CHECK(pool.covers(stack.bottom - 1));
  CHECK(pool.covers(stack.bottom - StackPool::kWideGuardBytes));
  CHECK_FALSE(pool.covers(&elsewhere));
  CHECK_FALSE(pool.covers(nullptr));
  CHECK_FALSE(StackPool(64 * 1024).covers(stack.bottom));
  pool.give_back(stack);
}

TEST_CASE("if address space is limited, guards are narrow and stacks are still available") {
  if (kUnderAsan || kThreadsOfSanitizer > 0) return;
  const auto report = test::in_child_process([] {
    const rlimit limit{512 * 1024 * 1024, 512 * 1024 * 1024};
    ::setrlimit(RLIMIT_AS, &limit);
    StackPool pool(64 * 1024);
    for (int i = 0; i < 1000; ++i) {
      if (!pool.take()) ::_exit(EXIT_FAILURE);
    }
    ::_exit(EXIT_SUCCESS);
  });
  CHECK(report.exit_status == EXIT_SUCCESS);
}

}  // namespace hotline::engine::stack_pool_test
