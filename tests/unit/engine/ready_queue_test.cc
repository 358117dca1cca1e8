#include "engine/ready_queue.h"

#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "support/loops.h"

namespace hotline::engine::ready_queue_test {
namespace {

/// Calls `body` with three parked fibers: only a loop can make fibers.
void with_fibers(const std::function<void(const std::vector<Fiber*>&)>& body) {
  test::on_loop(EngineKind::epoll, [&](EventLoop& loop) {
    std::vector<Fiber*> fibers;
    std::vector<std::unique_ptr<LoopEvent>> ends;
    FiberGroup group(loop);
    for (int i = 0; i < 3; ++i) {
      LoopEvent& end = *ends.emplace_back(std::make_unique<LoopEvent>(loop));
      loop.spawn(
          "parked",
          [&] {
            fibers.push_back(loop.fiber());
            end.wait();
          },
          &group);
    }
    loop.yield();
    body(fibers);
    for (const auto& end : ends) end->set();
    group.join();
  });
}

bool is_any(const Fiber&) { return true; }

}  // namespace

TEST_CASE("fibers leave a ready queue in the order in which they entered it") {
  with_fibers([](const std::vector<Fiber*>& fibers) {
    ReadyQueue queue;
    CHECK(queue.is_empty());
    CHECK(queue.last() == nullptr);
    for (Fiber* fiber : fibers) queue.push(*fiber);
    CHECK(queue.last() == fibers[2]);
    CHECK(queue.count(10, is_any) == 3);
    CHECK(queue.count(10, [&](const Fiber& fiber) { return &fiber == fibers[1]; }) == 1);
    CHECK(queue.count(2, is_any) == 2);
    for (Fiber* fiber : fibers) CHECK(&queue.pop() == fiber);
    CHECK(queue.is_empty());
    CHECK(queue.last() == nullptr);
  });
}

TEST_CASE("a fiber that is pushed first leaves before all others, also if the queue was empty") {
  with_fibers([](const std::vector<Fiber*>& fibers) {
    ReadyQueue queue;
    queue.push_first(*fibers[0]);
    queue.push(*fibers[1]);
    queue.push_first(*fibers[2]);
    CHECK(&queue.pop() == fibers[2]);
    CHECK(&queue.pop() == fibers[0]);
    CHECK(&queue.pop() == fibers[1]);
    CHECK(queue.is_empty());
  });
}

TEST_CASE("a fiber can be taken from any place, and the others stay in order") {
  with_fibers([](const std::vector<Fiber*>& fibers) {
    for (std::size_t taken = 0; taken < 3; ++taken) {
      ReadyQueue queue;
      for (Fiber* fiber : fibers) queue.push(*fiber);
      CHECK(&queue.take(taken, is_any) == fibers[taken]);
      CHECK(queue.count(10, is_any) == 2);
      queue.push(*fibers[taken]);
      std::vector<Fiber*> order;
      while (!queue.is_empty()) order.push_back(&queue.pop());
      std::vector<Fiber*> expected = fibers;
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(taken));
      expected.push_back(fibers[taken]);
      CHECK((order == expected));
    }
  });
}

TEST_CASE("of the fibers that may run, the first is taken, wherever it is") {
  with_fibers([](const std::vector<Fiber*>& fibers) {
    ReadyQueue queue;
    for (Fiber* fiber : fibers) queue.push(*fiber);
    const auto may_run = [&](const Fiber& fiber) { return &fiber != fibers[0]; };
    CHECK(&queue.take(0, may_run) == fibers[1]);
    CHECK(&queue.take(0, may_run) == fibers[2]);
    CHECK(&queue.pop() == fibers[0]);
    CHECK(queue.is_empty());
  });
}

}  // namespace hotline::engine::ready_queue_test
