#include "server/unauthenticated_calls.h"

#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace hotline::server::unauthenticated_calls_test {
namespace {

constexpr EarlyDrop kLimit{.start = 2, .percent = 50, .full = 4};

/// A Random that returns `lot` and counts its calls.
struct Lots {
  UnauthenticatedCalls::Random source() {
    return [this](std::uint32_t bound) {
      CHECK(bound == EarlyDrop::kCertain);
      ++drawn;
      return lot;
    };
  }
  std::uint32_t lot = 0;
  int drawn = 0;
};

}  // namespace

TEST_CASE("below the start and at the limit nothing is drawn") {
  Lots lots;
  lots.lot = EarlyDrop::kCertain - 1;  // Admits whenever it is asked.
  UnauthenticatedCalls calls(kLimit, lots.source());
  CHECK(calls.admit());
  CHECK(calls.admit());
  CHECK(lots.drawn == 0);
  CHECK(calls.admit());
  CHECK(calls.admit());
  CHECK(lots.drawn == 2);
  CHECK_FALSE(calls.admit());
  CHECK_FALSE(calls.admit());
  CHECK(lots.drawn == 2);
  CHECK(calls.count() == 4);
}

TEST_CASE("a lot below the chance refuses, and one that equals it admits") {
  Lots lots;
  UnauthenticatedCalls calls(kLimit, lots.source());
  CHECK(calls.admit());
  CHECK(calls.admit());
  lots.lot = 4'999;
  CHECK_FALSE(calls.admit());
  lots.lot = 5'000;
  CHECK(calls.admit());
  // Now three are there, and the chance is 75 percent.
  lots.lot = 7'499;
  CHECK_FALSE(calls.admit());
  lots.lot = 7'500;
  CHECK(calls.admit());
  CHECK(calls.count() == 4);
}

TEST_CASE("a call that leaves makes room, and one that was refused takes none") {
  Lots lots;
  UnauthenticatedCalls calls({.start = 1, .percent = 100, .full = 1}, lots.source());
  for (int i = 0; i < 3; ++i) {
    CHECK(calls.admit());
    CHECK_FALSE(calls.admit());
    CHECK(calls.count() == 1);
    calls.leave();
    CHECK(calls.count() == 0);
  }
}

TEST_CASE("many threads at once do not exceed the limit") {
  constexpr std::size_t kFull = 3;
  UnauthenticatedCalls calls({.start = kFull, .percent = 1, .full = kFull}, draw_from_engine);
  std::atomic<std::size_t> inside = 0;
  std::atomic<std::size_t> most = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        if (!calls.admit()) continue;
        const std::size_t now = ++inside;
        std::size_t seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        --inside;
        calls.leave();
      }
    });
  }
  threads.clear();
  CHECK(most <= kFull);
  CHECK(calls.count() == 0);
}

TEST_CASE("the source of the engine stays below its bound, and reaches every number") {
  std::vector<int> seen(8);
  for (int i = 0; i < 1'000; ++i) ++seen.at(draw_from_engine(8));
  for (const int count : seen) CHECK(count > 0);
  CHECK(draw_from_engine(1) == 0);
}

}  // namespace hotline::server::unauthenticated_calls_test
