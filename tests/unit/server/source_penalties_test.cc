#include "server/source_penalties.h"

#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/memory_shortage.h"

namespace hotline::server::source_penalties_test {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart = Instant(1'000s);

void add(SourcePenalties& penalties, Misconduct misconduct, int times,
         std::string_view source = "a", Instant now = kStart) {
  for (int i = 0; i < times; ++i) penalties.add(source, misconduct, now);
}

}  // namespace

TEST_CASE("a penalty is enforced from its shortest time on, and not before") {
  const struct {
    Misconduct misconduct;
    int times_before;
  } kRows[] = {{Misconduct::failed_authentication, 2},
               {Misconduct::no_authentication, 14},
               {Misconduct::timed_out, 1}};
  for (const auto& [misconduct, times_before] : kRows) {
    SourcePenalties penalties{Penalties()};
    CHECK_FALSE(penalties.refuses("a", kStart));
    add(penalties, misconduct, times_before);
    CHECK_FALSE(penalties.refuses("a", kStart));
    add(penalties, misconduct, 1);
    CHECK(penalties.refuses("a", kStart));
    CHECK_FALSE(penalties.refuses("b", kStart));
  }
}

TEST_CASE("different kinds of misconduct add up") {
  SourcePenalties penalties{Penalties()};
  penalties.add("a", Misconduct::timed_out, kStart);
  add(penalties, Misconduct::no_authentication, 4);
  CHECK_FALSE(penalties.refuses("a", kStart));
  penalties.add("a", Misconduct::no_authentication, kStart);
  CHECK(penalties.refuses("a", kStart));
}

TEST_CASE("an enforced penalty stays enforced until its end, and no longer") {
  SourcePenalties penalties{Penalties()};
  add(penalties, Misconduct::failed_authentication, 3);
  CHECK(penalties.refuses("a", kStart + 14s));
  CHECK(penalties.refuses("a", kStart + 15s - 1ns));
  CHECK_FALSE(penalties.refuses("a", kStart + 15s));
}

TEST_CASE("time that has passed does not count towards the shortest time") {
  SourcePenalties penalties{Penalties()};
  for (int second = 0; second < 100; second += 5) {
    penalties.add("a", Misconduct::failed_authentication, kStart + second * 1s);
    CHECK_FALSE(penalties.refuses("a", kStart + second * 1s));
  }
}

TEST_CASE("after its end a penalty begins anew") {
  SourcePenalties penalties{Penalties()};
  add(penalties, Misconduct::failed_authentication, 3);
  penalties.add("a", Misconduct::failed_authentication, kStart + 15s);
  CHECK_FALSE(penalties.refuses("a", kStart + 15s));
  CHECK(penalties.size() == 1);
}

TEST_CASE("a penalty grows to the longest time and not beyond") {
  SourcePenalties penalties{Penalties()};
  add(penalties, Misconduct::timed_out, 1'000);
  CHECK(penalties.refuses("a", kStart + 10min - 1ns));
  CHECK_FALSE(penalties.refuses("a", kStart + 10min));
}

TEST_CASE("with too many sources the penalty that ends first is forgotten, be it the new one") {
  Penalties options;
  options.sources_max = 2;
  SourcePenalties penalties(options);
  add(penalties, Misconduct::failed_authentication, 3, "a");
  add(penalties, Misconduct::failed_authentication, 4, "b");
  CHECK(penalties.size() == 2);
  penalties.add("c", Misconduct::no_authentication, kStart);
  CHECK(penalties.size() == 2);
  CHECK(penalties.refuses("a", kStart));
  CHECK(penalties.refuses("b", kStart));
  // Ends later than "a" when it is new.
  Penalties longer = options;
  longer.timed_out = 100s;
  SourcePenalties others(longer);
  add(others, Misconduct::failed_authentication, 3, "a");
  add(others, Misconduct::failed_authentication, 4, "b");
  others.add("c", Misconduct::timed_out, kStart);
  CHECK(others.size() == 2);
  CHECK_FALSE(others.refuses("a", kStart));
  CHECK(others.refuses("b", kStart));
  CHECK(others.refuses("c", kStart));
}

TEST_CASE("the default number of sources is kept, however many misbehave") {
  SourcePenalties penalties{Penalties()};
  for (int i = 0; i < 70'000; ++i) {
    penalties.add(std::to_string(i), Misconduct::no_authentication, kStart);
  }
  CHECK(penalties.size() == 65'536);
}

TEST_CASE("penalties that have ended are forgotten when a caller is looked up") {
  SourcePenalties penalties{Penalties()};
  penalties.add("a", Misconduct::no_authentication, kStart);
  CHECK_FALSE(penalties.refuses("b", kStart + 1s - 1ns));
  CHECK(penalties.size() == 1);
  CHECK_FALSE(penalties.refuses("b", kStart + 1s));
  CHECK(penalties.size() == 0);
}

TEST_CASE("penalties that have ended are forgotten when another is added") {
  SourcePenalties penalties{Penalties()};
  for (int i = 0; i < 100; ++i) {
    penalties.add(std::to_string(i), Misconduct::no_authentication, kStart);
  }
  penalties.add("a", Misconduct::no_authentication, kStart + 1s);
  CHECK(penalties.size() == 1);
}

TEST_CASE("without memory a penalty is not added, and those before it stay") {
  const std::string other(100, 'b');
  test::with_each_allocation_failing([&](std::size_t spared) {
    SourcePenalties penalties{Penalties()};
    add(penalties, Misconduct::failed_authentication, 3, "a");
    bool has_struck = false;
    {
      const test::MemoryShortage shortage(spared);
      penalties.add(other, Misconduct::timed_out, kStart);
      has_struck = shortage.has_struck();
    }
    CHECK(penalties.refuses("a", kStart));
    CHECK(penalties.size() == (has_struck ? 1 : 2));
    add(penalties, Misconduct::timed_out, 2, other);
    CHECK(penalties.refuses(other, kStart));
    return has_struck;
  });
}

TEST_CASE("many threads at once add all their times") {
  SourcePenalties penalties{Penalties()};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        penalties.add("a", Misconduct::no_authentication, kStart);
        static_cast<void>(penalties.refuses("a", kStart));
        penalties.add(std::to_string(t) + ":" + std::to_string(i), Misconduct::timed_out, kStart);
      }
    });
  }
  threads.clear();
  CHECK(penalties.size() == 401);
  CHECK(penalties.refuses("a", kStart + 400s - 1ns));
  CHECK_FALSE(penalties.refuses("a", kStart + 400s));
}

}  // namespace hotline::server::source_penalties_test
