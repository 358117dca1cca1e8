#include "server/dispatch_fibers.h"

#include <deque>
#include <optional>
#include <string>

#include <doctest/doctest.h>

#include "engine/loop_event.h"
#include "hotline/engine/clock.h"
#include "support/framed_exchange.h"

namespace hotline::server::dispatch_fibers_test {
namespace {

using engine::EventLoop;
using engine::FiberGroup;
using engine::LoopEvent;

/// Works off a queue of jobs with dispatch fibers.
class Workshop {
 public:
  using Job = std::function<void()>;

  Workshop(EventLoop& loop, std::size_t waiting_max)
      : group_(loop), fibers_(loop, group_, waiting_max, [this] { dispatch(); }) {}

  void add(Job job) { jobs_.push_back(std::move(job)); }
  void run() {
    fibers_.start();
    group_.join();
  }

  /// Adds a job that waits for `gate` and notes `name` before and after.
  void add_waiting(LoopEvent& gate, char name) {
    add([this, &gate, name] {
      notes += name;
      gate.wait();
      notes += static_cast<char>(name - 'a' + 'A');
    });
  }
  void add_quick(char name) {
    add([this, name] { notes += name; });
  }

  std::string notes;
  int taken_over = 0;   ///< Jobs after which another fiber dispatched.
  int dispatchers = 0;  ///< Fibers that have dispatched.
  int waits_noted = 0;

 private:
  class CountedWork final : public DispatchFibers::Work {
   public:
    explicit CountedWork(Workshop& shop) : Work(&shop.fibers_), shop_(shop) {}

   private:
    void waits() noexcept override { ++shop_.waits_noted; }

    Workshop& shop_;
  };

  void dispatch() {
    ++dispatchers;
    while (!jobs_.empty()) {
      if (fibers_.is_full()) return fibers_.give_up();
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      CountedWork work(*this);
      job();
      if (work.end()) continue;
      ++taken_over;
      return;
    }
    fibers_.give_up();
  }

  FiberGroup group_;
  DispatchFibers fibers_;
  std::deque<Job> jobs_;
};

}  // namespace

TEST_CASE("jobs that do not wait are done by one fiber, one after another") {
  test::on_all_loops([](EventLoop& loop) {
    Workshop shop(loop, 4);
    for (const char name : {'a', 'b', 'c'}) shop.add_quick(name);
    shop.run();
    CHECK(shop.notes == "abc");
    CHECK(shop.dispatchers == 1);
    CHECK(shop.waits_noted == 0);
  });
}

TEST_CASE("when a work waits another fiber goes on, and the first stops where it was") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent gate(loop);
    Workshop shop(loop, 4);
    shop.add_waiting(gate, 'a');
    shop.add_quick('x');
    shop.add([&] {
      shop.notes += 'y';
      gate.set();
    });
    shop.run();
    CHECK(shop.notes == "axyA");
    CHECK(shop.dispatchers == 2);
    CHECK(shop.waits_noted == 1);
  });
}

TEST_CASE("a job that waits several times is told of each wait, and replaced once") {
  test::on_all_loops([](EventLoop& loop) {
    Workshop shop(loop, 4);
    shop.add([&] {
      for (int i = 0; i < 5; ++i) loop.yield();
      shop.notes += 'a';
    });
    shop.run();
    CHECK(shop.notes == "a");
    CHECK(shop.dispatchers == 2);
    CHECK(shop.waits_noted == 5);
  });
}

TEST_CASE("when the maximum of fibers wait, dispatching stops until one of them has ended") {
  test::on_all_loops([](EventLoop& loop) {
    LoopEvent one(loop);
    LoopEvent other(loop);
    FiberGroup opener(loop);
    Workshop shop(loop, 2);
    shop.add_waiting(one, 'a');
    shop.add_waiting(other, 'b');
    shop.add_quick('x');
    shop.add_quick('y');
    loop.spawn(
        "opener",
        [&] {
          while (shop.notes != "ab") loop.yield();
          for (int i = 0; i < 10; ++i) loop.yield();
          CHECK(shop.notes == "ab");
          other.set();
          while (shop.notes.size() < 5) loop.yield();
          one.set();
        },
        &opener);
    shop.run();
    opener.join();
    CHECK(shop.notes == "abBxyA");
  });
}

TEST_CASE("at a limit of one, a job that waits is the only one") {
  test::on_all_loops([](EventLoop& loop) {
    Workshop shop(loop, 1);
    for (const char name : {'a', 'b', 'c'}) {
      shop.add([&shop, &loop, name] {
        shop.notes += name;
        loop.yield();
        shop.notes += name;
      });
    }
    shop.run();
    CHECK(shop.notes == "aabbcc");
  });
}

TEST_CASE("a wait after stop_noticing does not start another fiber") {
  test::on_all_loops([](EventLoop& loop) {
    FiberGroup group(loop);
    int dispatchers = 0;
    std::optional<DispatchFibers> fibers;
    fibers.emplace(loop, group, 4, [&] {
      if (++dispatchers > 1) return;
      {
        DispatchFibers::Work work(&*fibers);
        work.stop_noticing();
        loop.yield();
        CHECK_FALSE(work.has_waited());
        CHECK(work.end());
      }
      { const DispatchFibers::Work forgotten(&*fibers); }
      loop.yield();
    });
    fibers->start();
    group.join();
    CHECK(dispatchers == 1);
  });
}

TEST_CASE("on a thread without a loop a job continues where it is, and its waits are noticed") {
  DispatchFibers::Work outer(nullptr);
  {
    DispatchFibers::Work work(nullptr);
    CHECK_FALSE(work.has_waited());
    CHECK(sleep_for(std::chrono::milliseconds(20)));
    CHECK(work.has_waited());
    CHECK(work.end());
  }
  CHECK_FALSE(outer.has_waited());
  CHECK(sleep_for(std::chrono::milliseconds(20)));
  CHECK(outer.has_waited());
  CHECK(outer.end());
}

TEST_CASE("a fiber that takes over has the deadline of the maker of the fibers, not the job's") {
  test::on_all_loops([](EventLoop& loop) {
    const Deadline deadline = loop.scope().deadline;
    std::vector<Deadline> seen;
    Workshop shop(loop, 4);
    shop.add([&] {
      const Deadline before = loop.scope().deadline;
      loop.scope().deadline = deadline_after(std::chrono::hours(1));
      loop.yield();
      loop.scope().deadline = before;
    });
    shop.add([&] { seen.push_back(loop.scope().deadline); });
    shop.run();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0] == deadline);
  });
}

}  // namespace hotline::server::dispatch_fibers_test
