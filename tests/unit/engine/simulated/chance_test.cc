#include "engine/simulated/chance.h"

#include <algorithm>
#include <array>
#include <set>

#include <doctest/doctest.h>

namespace hotline::engine::chance_test {

TEST_CASE("the same seed draws the same values, another seed others") {
  Chance one(7);
  Chance same(7);
  Chance other(8);
  int differences = 0;
  for (int i = 0; i < 100; ++i) {
    const auto drawn = one.below(1'000'000);
    CHECK(drawn == same.below(1'000'000));
    differences += drawn == other.below(1'000'000) ? 0 : 1;
  }
  CHECK(differences > 90);
}

TEST_CASE("values are below the count and reach each number") {
  Chance chance(1);
  std::set<std::uint64_t> drawn;
  for (int i = 0; i < 200; ++i) {
    drawn.insert(chance.below(5));
    CHECK(chance.below(1) == 0);
  }
  CHECK(drawn == std::set<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("a duration is between its bounds and reaches both, below zero too") {
  Chance chance(1);
  std::set<Duration> drawn;
  for (int i = 0; i < 200; ++i) drawn.insert(chance.between(Duration(-2), Duration(1)));
  CHECK(drawn == std::set{Duration(-2), Duration(-1), Duration(0), Duration(1)});
  CHECK(chance.between(Duration(5), Duration(5)) == Duration(5));
}

TEST_CASE("an impossible fault draws nothing, and a certain one always strikes") {
  Chance chance(3);
  Chance untouched(3);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(chance.strikes(0));
  CHECK(chance.below(1'000'000) == untouched.below(1'000'000));
  for (int i = 0; i < 100; ++i) CHECK(chance.strikes(1'000'000));
}

TEST_CASE("a probability is met about as often as it says") {
  Chance chance(3);
  int struck = 0;
  for (int i = 0; i < 10'000; ++i) struck += chance.strikes(250'000) ? 1 : 0;
  CHECK(struck > 2300);
  CHECK(struck < 2700);
}

TEST_CASE("any number of bytes is filled, and no others") {
  for (std::size_t size = 0; size <= 20; ++size) {
    std::array<std::byte, 24> filled{};
    std::array<std::byte, 24> again{};
    Chance(5).fill(std::span(filled).first(size));
    Chance(5).fill(std::span(again).first(size));
    CHECK(filled == again);
    CHECK(std::ranges::all_of(std::span(filled).subspan(size),
                              [](std::byte each) { return each == std::byte{}; }));
    if (size >= 8) CHECK(filled != std::array<std::byte, 24>{});
  }
}

}  // namespace hotline::engine::chance_test
