#include "core/replaceable.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

namespace hotline::replaceable_test {

TEST_CASE("a reader keeps the value that it got") {
  Replaceable<int> value(std::make_shared<const int>(1));
  const auto before = value.get();
  value.set(std::make_shared<const int>(2));
  CHECK(*before == 1);
  CHECK(*value.get() == 2);
  CHECK(before.use_count() == 1);
}

TEST_CASE("threads read while another one replaces") {
  Replaceable<int> value(std::make_shared<const int>(0));
  std::atomic<bool> has_ended = false;
  bool is_in_order = true;
  std::thread reader([&] {
    for (int last = 0; !has_ended; last = *value.get()) is_in_order &= *value.get() >= last;
  });
  for (int i = 1; i < 1000; ++i) value.set(std::make_shared<const int>(i));
  has_ended = true;
  reader.join();
  CHECK(is_in_order);
}

}  // namespace hotline::replaceable_test
