#include "services/command_places.h"

#include <doctest/doctest.h>

namespace hotline::services::command_places_test {
namespace {

TEST_CASE("a caller gets as many places as each may have, and others get theirs") {
  CommandPlaces places(10, 2);
  const auto first = places.take("alice");
  CHECK(first);
  {
    const auto second = places.take("alice");
    CHECK(second);
    CHECK(places.take("alice").error() == FullLimit::of_each);
    CHECK(places.take("bob"));
  }
  CHECK(places.take("alice"));
}

TEST_CASE("all callers together get as many places as there are") {
  CommandPlaces places(2, 2);
  const auto first = places.take("alice");
  {
    const auto second = places.take("bob");
    CHECK(second);
    CHECK(places.take("carol").error() == FullLimit::of_all);
    CHECK(places.take("alice").error() == FullLimit::of_all);
  }
  CHECK(places.take("carol"));
}

TEST_CASE("a place that is moved is given back once") {
  CommandPlaces places(1, 1);
  {
    auto place = places.take("alice");
    REQUIRE(place);
    const CommandPlaces::Place moved = std::move(*place);
    CHECK_FALSE(places.take("alice"));
  }
  const auto next = places.take("alice");
  CHECK(next);
  CHECK_FALSE(places.take("alice"));
}

}  // namespace
}  // namespace hotline::services::command_places_test
