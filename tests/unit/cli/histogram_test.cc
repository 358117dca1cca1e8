#include "cli/histogram.h"

#include <doctest/doctest.h>

namespace hotline::cli::histogram_test {

TEST_CASE("an empty histogram has only zeros") {
  const Histogram empty;
  CHECK(empty.total() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.mean() == 0);
  CHECK(empty.percentile(0.99) == 0);
}

TEST_CASE("a percentile is the number that such a part does not exceed") {
  Histogram numbers;
  for (int i = 1; i <= 100; ++i) numbers.record(i);
  CHECK(numbers.percentile(0) == 1);
  CHECK(numbers.percentile(0.5) == 50);
  CHECK(numbers.percentile(0.9) == 90);
  CHECK(numbers.percentile(0.99) == 99);
  CHECK(numbers.percentile(0.999) == 100);
  CHECK(numbers.percentile(1) == 100);
  CHECK(numbers.mean() == doctest::Approx(50.5));
  CHECK(numbers.total() == 100);
}

TEST_CASE("every number up to the limit is returned with an error of at most one percent") {
  for (std::int64_t number = 1; number <= Histogram::kMax; number += number / 37 + 1) {
    Histogram one;
    one.record(number);
    one.record(Histogram::kMax);
    const std::int64_t found = one.percentile(0.5);
    CHECK(found >= number);
    CHECK(static_cast<double>(found - number) <= static_cast<double>(number) * 0.01);
  }
}

TEST_CASE("the maximum and a percentile that reaches it are exact") {
  Histogram numbers;
  numbers.record(1'234'567'891);
  CHECK(numbers.max() == 1'234'567'891);
  CHECK(numbers.percentile(0.5) == 1'234'567'891);
}

TEST_CASE("numbers beyond the limits are counted at the limits") {
  Histogram numbers;
  numbers.record(-5);
  CHECK(numbers.percentile(1) == 0);
  numbers.record(INT64_MAX, 3);
  CHECK(numbers.total() == 4);
  CHECK(numbers.max() == Histogram::kMax);
  CHECK(numbers.percentile(0.25) == 0);
  CHECK(numbers.percentile(0.5) == Histogram::kMax);
}

TEST_CASE("histograms add up, and what came since an earlier one can be taken out again") {
  Histogram first;
  first.record(10, 4);
  Histogram both = first;
  Histogram second;
  second.record(1000, 2);
  both.add(second);
  CHECK(both.total() == 6);
  CHECK(both.max() == 1000);
  CHECK(both.mean() == doctest::Approx(340));
  const Histogram later = both.since(first);
  CHECK(later.total() == 2);
  CHECK(later.percentile(0) == 1000);
  CHECK(later.mean() == doctest::Approx(1000));
  CHECK(both.since(both).max() == 0);
  both.clear();
  CHECK(both.total() == 0);
}

}  // namespace hotline::cli::histogram_test
