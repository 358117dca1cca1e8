#include "engine/simulated/event_queue.h"

#include <memory>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace hotline::engine::event_queue_test {
namespace {

Instant at(int ticks) { return Instant(Duration(ticks)); }

}  // namespace

TEST_CASE("events run by time, and at the same time in the order of planning") {
  EventQueue queue;
  std::string order;
  const auto plan = [&](int when, char name) {
    queue.plan(at(when), [&order, name] { order += name; });
  };
  plan(3, 'e');
  plan(1, 'a');
  plan(2, 'b');
  plan(2, 'c');
  plan(2, 'd');
  CHECK(queue.run_due(at(3)) == 5);
  CHECK(order == "abcde");
}

TEST_CASE("only due events run") {
  EventQueue queue;
  int count = 0;
  for (const int when : {1, 2, 3}) queue.plan(at(when), [&] { ++count; });
  CHECK(queue.run_due(at(0)) == 0);
  CHECK(queue.run_due(at(2)) == 2);
  CHECK(count == 2);
  CHECK(queue.earliest() == Deadline::at(at(3)));
  CHECK(queue.run_due(at(3)) == 1);
  CHECK(queue.earliest().is_never());
  CHECK(queue.run_due(at(4)) == 0);
}

TEST_CASE("an event planned during a run for the same time runs too, a later one does not") {
  EventQueue queue;
  std::string order;
  queue.plan(at(1), [&] {
    order += 'a';
    queue.plan(at(1), [&] { order += 'c'; });
    queue.plan(at(2), [&] { order += 'd'; });
  });
  queue.plan(at(1), [&] { order += 'b'; });
  CHECK(queue.run_due(at(1)) == 3);
  CHECK(order == "abc");
}

TEST_CASE("hundreds of events run in order") {
  EventQueue queue;
  int last = -1;
  bool is_ordered = true;
  for (int i = 0; i < 500; ++i) {
    const int when = i * 7919 % 500;
    queue.plan(at(when), [&, when] { is_ordered &= std::exchange(last, when) < when; });
  }
  CHECK(queue.run_due(at(500)) == 500);
  CHECK(is_ordered);
}

TEST_CASE("a queue that is cleared destroys its events") {
  EventQueue queue;
  auto held = std::make_shared<int>(0);
  queue.plan(at(1), [held] { ++*held; });
  CHECK(held.use_count() == 2);
  queue.clear();
  CHECK(held.use_count() == 1);
  CHECK(queue.run_due(at(1)) == 0);
}

TEST_CASE("the action of an event is destroyed after it has run") {
  EventQueue queue;
  auto held = std::make_shared<int>(0);
  queue.plan(at(1), [held] { ++*held; });
  queue.run_due(at(1));
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

}  // namespace hotline::engine::event_queue_test
