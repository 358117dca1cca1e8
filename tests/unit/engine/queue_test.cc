#include "hotline/engine/queue.h"

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "hotline/engine/clock.h"
#include "hotline/engine/drain_hold.h"
#include "hotline/engine/task_group.h"
#include "support/loops.h"
#include "support/simulated.h"

namespace hotline::queue_test {
namespace {

using std::chrono::milliseconds;

Deadline soon() { return deadline_after(milliseconds(1)); }

/// Four fibers push the numbers from 1 to `last` and three pop them: the sum of what was popped.
int hand_over(Queue<int>& queue, int last) {
  int sum = 0;
  TaskGroup group;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(group.spawn("popper", [&] {
      while (const auto value = queue.pop()) sum += *value;
    }));
  }
  REQUIRE(group.spawn("pushers", [&] {
    TaskGroup pushers;
    for (int i = 0; i < 4; ++i) {
      REQUIRE(pushers.spawn("pusher", [&] {
        for (int value = 1; value <= last; ++value) CHECK(queue.push(value));
      }));
    }
    CHECK(pushers.join());
    queue.close();
  }));
  CHECK(group.join());
  return sum;
}

/// A fiber that pushes to a full queue, and one that pops from an empty one.
struct BothWait {
  BothWait() {
    CHECK(full.push(1));
    REQUIRE(group.spawn("pusher", [this] { kinds += test::kind_of(full.push(2)) + ' '; }));
    REQUIRE(group.spawn("popper", [this] { kinds += test::kind_of(empty.pop()) + ' '; }));
  }

  Queue<int> full{1};
  Queue<int> empty{1};
  std::string kinds;  ///< How their waits ended.
  TaskGroup group;
};

}  // namespace

TEST_CASE("values come out in the order in which they went in, around the end of the ring") {
  test::on_each_engine([] {
    Queue<std::string> queue(3);
    CHECK(queue.capacity() == 3);
    for (int round = 0; round < 5; ++round) {
      CHECK(queue.push("one"));
      CHECK(queue.push("two"));
      CHECK(queue.size() == 2);
      CHECK(queue.pop().value() == "one");
      CHECK(queue.try_pop().value() == "two");
      CHECK_FALSE(queue.try_pop());
      CHECK(queue.size() == 0);
    }
  });
}

TEST_CASE("a full queue takes nothing more, and says so") {
  test::on_each_engine([] {
    Queue<std::unique_ptr<int>> queue(1);
    auto value = std::make_unique<int>(1);
    CHECK(queue.try_push(std::move(value)));
    CHECK(value == nullptr);
    value = std::make_unique<int>(2);
    CHECK_FALSE(queue.try_push(std::move(value)));
    CHECK(test::kind_of(queue.push(std::move(value), soon())) == "timed_out");
    REQUIRE(value != nullptr);
    CHECK(*value == 2);
    CHECK(**queue.pop() == 1);
    CHECK(queue.push(std::move(value), soon()));
  });
}

TEST_CASE("one that pushes waits until there is room, and one that pops until there is a value") {
  test::on_each_engine([] {
    Queue<int> queue(1);
    std::string order;
    TaskGroup group;
    REQUIRE(group.spawn("pusher", [&] {
      for (int value = 0; value < 3; ++value) {
        CHECK(queue.push(value));
        order += '+';
      }
    }));
    REQUIRE(group.spawn("popper", [&] {
      for (int value = 0; value < 3; ++value) {
        CHECK(queue.pop().value() == value);
        order += '-';
      }
      CHECK(test::kind_of(queue.pop(soon())) == "timed_out");
    }));
    CHECK(group.join());
    CHECK(order.size() == 6);
    CHECK(order.starts_with('+'));
  });
}

TEST_CASE("a closed queue gives what is in it, then says that it is closed") {
  test::on_each_engine([] {
    Queue<int> queue(4);
    CHECK(queue.push(1));
    CHECK(queue.push(2));
    queue.close();
    queue.close();
    CHECK(queue.is_closed());
    CHECK_FALSE(queue.try_push(3));
    const auto pushed = queue.push(3);
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().message() == "cannot push to a queue: it has been closed");
    CHECK(queue.pop().value() == 1);
    CHECK(queue.pop().value() == 2);
    const auto popped = queue.pop();
    REQUIRE_FALSE(popped);
    CHECK(popped.error().kind == ErrorKind::closed);
    CHECK(popped.error().operation == "pop from a queue");
  });
}

TEST_CASE("closing ends the waits of those that push and of those that pop") {
  test::on_each_engine([] {
    BothWait waits;
    REQUIRE(waits.group.spawn("closer", [&] {
      waits.full.close();
      waits.empty.close();
    }));
    CHECK(waits.group.join());
    CHECK(waits.kinds == "closed closed ");
    CHECK(waits.full.pop().value() == 1);
  });
}

TEST_CASE("a drain ends a pop from an empty queue, but neither a push nor a pop under a hold") {
  test::on_each_engine([] {
    Queue<int> full(1);
    Queue<int> empty(1);
    CHECK(full.push(1));
    std::string kinds;
    TaskGroup group;
    REQUIRE(group.spawn("all", [&] {
      kinds += test::kind_of(full.pop()) + ' ';
      CHECK(full.push(1));
      kinds += test::kind_of(empty.pop()) + ' ' + test::kind_of(full.push(2, soon())) + ' ';
      const DrainHold hold;
      kinds += test::kind_of(empty.pop(soon()));
    }));
    group.drain();
    CHECK(group.join());
    CHECK(kinds == " draining timed_out timed_out");
  });
}

TEST_CASE("a cancel ends the waits of those that push and of those that pop") {
  test::on_each_engine([] {
    BothWait waits;
    waits.group.cancel();
    CHECK(waits.group.join());
    CHECK(waits.kinds == "cancelled cancelled ");
    CHECK(waits.full.size() == 1);
  });
}

TEST_CASE("between fibers every value that was pushed is popped once") {
  test::on_each_engine([] {
    Queue<int> queue(2);
    CHECK(hand_over(queue, 100) == 4 * 5050);
  });
}

TEST_CASE("in a simulated world every value that was pushed is popped once") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    test::Simulation simulation({}, {}, {}, seed);
    simulation.run([] {
      Queue<int> queue(2);
      CHECK(hand_over(queue, 10) == 4 * 55);
    });
  }
}

TEST_CASE("between threads and loops every value that was pushed is popped once") {
  for (const EngineKind kind : test::loop_engines()) {
    Queue<int> queue(3);
    std::atomic<int> sum = 0;
    std::atomic<int> pushing = 4;
    const auto pop = [&] {
      while (const auto value = queue.pop()) sum += *value;
    };
    const auto push = [&] {
      for (int value = 1; value <= 300; ++value) static_cast<void>(queue.push(value));
      if (--pushing == 0) queue.close();
    };
    const auto on_loop = [&](const std::function<void()>& body) {
      test::on_loop(kind, [&](engine::EventLoop& loop) { loop.spawn("test", [&] { body(); }); });
    };
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 2; ++i) {
        threads.emplace_back(push);
        threads.emplace_back(pop);
        threads.emplace_back(on_loop, push);
        threads.emplace_back(on_loop, pop);
      }
    }
    CHECK(sum == 4 * 300 * 301 / 2);
  }
}

TEST_CASE("a push that has succeeded is popped though the queue is closed at once") {
  test::on_each_engine([] {
    for (int i = 0; i < 100; ++i) {
      Queue<int> queue(1);
      std::atomic<int> pushed = 0;
      std::jthread pusher([&] {
        while (queue.push(1)) ++pushed;
      });
      int popped = queue.pop() ? 1 : 0;
      queue.close();
      while (queue.pop()) ++popped;
      pusher.join();
      CHECK(popped == pushed);
    }
  });
}

TEST_CASE("a queue without room for a value ends the program") {
  const auto report = test::in_child_process([] { Queue<int> queue(0); });
  CHECK(report.signal == SIGABRT);
  CHECK(report.error_text.find("a Queue has no room for a value") != std::string::npos);
}

}  // namespace hotline::queue_test
