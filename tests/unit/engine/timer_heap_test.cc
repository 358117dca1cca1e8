#include "engine/timer_heap.h"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "support/loops.h"

namespace hotline::engine::timer_heap_test {
namespace {

Instant at(int tick) { return Instant(std::chrono::milliseconds(tick)); }

Deadline due(int tick) { return Deadline::at(at(tick)); }

/// Calls `body` with that many fibers, parked without a deadline: only a loop can make fibers.
void with_fibers(std::size_t count, const std::function<void(const std::vector<Fiber*>&)>& body) {
  test::on_loop(EngineKind::epoll, [&](EventLoop& loop) {
    std::vector<std::unique_ptr<LoopEvent>> ends;
    std::vector<Fiber*> fibers;
    FiberGroup group(loop);
    for (std::size_t i = 0; i < count; ++i) {
      LoopEvent& end = *ends.emplace_back(std::make_unique<LoopEvent>(loop));
      loop.spawn(
          "timed",
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

std::vector<Fiber*> take_all(TimerHeap& heap, int now) {
  std::vector<Fiber*> taken;
  while (Fiber* fiber = heap.take_expired(at(now))) taken.push_back(fiber);
  return taken;
}

/// The required behaviour of a heap, in the simplest form.
class Model {
 public:
  void arm(Fiber* fiber, Deadline deadline) { deadlines_.insert_or_assign(fiber, deadline); }
  void forget(Fiber* fiber) { deadlines_.erase(fiber); }
  Deadline earliest() const {
    Deadline earliest = Deadline::never();
    for (const auto& [fiber, deadline] : deadlines_) {
      earliest = Deadline::earliest(earliest, deadline);
    }
    return earliest;
  }
  std::vector<Fiber*> take_expired(int now) {
    std::vector<Fiber*> taken;
    for (const auto& [fiber, deadline] : deadlines_) {
      if (deadline.has_passed(at(now))) taken.push_back(fiber);
    }
    for (Fiber* fiber : taken) deadlines_.erase(fiber);
    return taken;
  }

 private:
  std::map<Fiber*, Deadline> deadlines_;
};

}  // namespace

TEST_CASE("a timer fires at its instant, not before, and once") {
  with_fibers(1, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    CHECK(heap.earliest().is_never());
    heap.arm(*fibers[0], due(10));
    CHECK(heap.earliest() == due(10));
    CHECK(take_all(heap, 9).empty());
    CHECK(take_all(heap, 10) == fibers);
    CHECK(take_all(heap, 11).empty());
    CHECK(heap.size() == 0);
  });
}

TEST_CASE("timers fire in the order of their instants") {
  with_fibers(5, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    const int ticks[] = {30, 10, 50, 20, 40};
    for (std::size_t i = 0; i < 5; ++i) heap.arm(*fibers[i], due(ticks[i]));
    const std::vector<Fiber*> expected = {fibers[1], fibers[3], fibers[0], fibers[4], fibers[2]};
    CHECK(take_all(heap, 100) == expected);
  });
}

TEST_CASE("timers of one instant all fire at it") {
  with_fibers(8, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    for (Fiber* fiber : fibers) heap.arm(*fiber, due(10));
    CHECK(take_all(heap, 9).empty());
    std::vector<Fiber*> taken = take_all(heap, 10);
    std::ranges::sort(taken);
    std::vector<Fiber*> expected = fibers;
    std::ranges::sort(expected);
    CHECK(taken == expected);
  });
}

TEST_CASE("a deadline of never takes no place in the heap") {
  with_fibers(1, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    heap.arm(*fibers[0], Deadline::never());
    CHECK(heap.size() == 0);
    CHECK(heap.earliest().is_never());
  });
}

TEST_CASE("a wait that ended early leaves an entry that fires nothing") {
  with_fibers(1, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    heap.arm(*fibers[0], due(10));
    TimerHeap::disarm(*fibers[0]);
    CHECK(heap.size() == 1);
    CHECK(take_all(heap, 100).empty());
    CHECK(heap.size() == 0);
  });
}

TEST_CASE("a later wait of the same fiber uses its entry, and fires when it is due itself") {
  with_fibers(1, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    heap.arm(*fibers[0], due(10));
    TimerHeap::disarm(*fibers[0]);
    heap.arm(*fibers[0], due(20));
    CHECK(heap.size() == 1);
    CHECK(heap.earliest() == due(10));
    CHECK(take_all(heap, 15).empty());
    CHECK(heap.earliest() == due(20));
    CHECK(take_all(heap, 20) == fibers);
  });
}

TEST_CASE("an earlier wait of the same fiber moves its entry forward") {
  with_fibers(2, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    heap.arm(*fibers[0], due(30));
    heap.arm(*fibers[1], due(20));
    heap.arm(*fibers[0], due(10));
    CHECK(heap.size() == 2);
    CHECK(heap.earliest() == due(10));
    CHECK(take_all(heap, 15) == std::vector{fibers[0]});
    CHECK(take_all(heap, 30) == std::vector{fibers[1]});
  });
}

TEST_CASE("a fiber that is removed takes its entry with it, wherever it is in the heap") {
  with_fibers(9, [](const std::vector<Fiber*>& fibers) {
    for (Fiber* going : fibers) {
      TimerHeap heap;
      for (std::size_t i = 0; i < fibers.size(); ++i) {
        heap.arm(*fibers[i], due(10 * static_cast<int>(i * 5 % 9)));
      }
      heap.remove(*going);
      heap.remove(*going);
      const std::vector<Fiber*> taken = take_all(heap, 1000);
      CHECK(taken.size() == 8);
      CHECK(std::ranges::find(taken, going) == taken.end());
    }
  });
}

TEST_CASE("any mixture of waits, early ends and departures fires exactly what is due") {
  with_fibers(24, [](const std::vector<Fiber*>& fibers) {
    std::mt19937 random(7);
    TimerHeap heap;
    Model model;
    int now = 0;
    for (int step = 0; step < 20'000; ++step) {
      Fiber* fiber = fibers[random() % fibers.size()];
      switch (random() % 8) {
        case 0:
          TimerHeap::disarm(*fiber);
          model.forget(fiber);
          break;
        case 1:
          heap.remove(*fiber);
          model.forget(fiber);
          break;
        case 2: {
          now += static_cast<int>(random() % 20);
          std::vector<Fiber*> taken = take_all(heap, now);
          std::ranges::sort(taken);
          REQUIRE(taken == model.take_expired(now));
          break;
        }
        default: {
          const auto delay = static_cast<int>(random() % 40);
          const Deadline deadline = delay == 0 ? Deadline::never() : due(now + delay);
          heap.arm(*fiber, deadline);
          model.arm(fiber, deadline);
        }
      }
      REQUIRE(heap.earliest() <= model.earliest());
    }
    for (Fiber* fiber : fibers) heap.remove(*fiber);
    CHECK(heap.size() == 0);
  });
}

TEST_CASE("a fiber that is put back is returned again at its time, and not before") {
  with_fibers(2, [](const std::vector<Fiber*>& fibers) {
    TimerHeap heap;
    heap.arm(*fibers[0], due(5));
    heap.arm(*fibers[1], due(7));
    REQUIRE(heap.take_expired(at(5)) == fibers[0]);
    heap.postpone(*fibers[0], at(20));
    CHECK(take_all(heap, 19) == std::vector<Fiber*>{fibers[1]});
    CHECK(heap.earliest() == due(20));
    CHECK(take_all(heap, 20) == std::vector<Fiber*>{fibers[0]});
  });
}

}  // namespace hotline::engine::timer_heap_test
