#include <memory>
#include <vector>

#include "engine/channel.h"
#include "engine/operations/read_write.h"
#include "engine/operations/wait_process.h"
#include "engine/simulated/simulated_loop.h"
#include "hotline/engine/clock.h"
#include "hotline/engine/deadline_scope.h"
#include "hotline/engine/offload.h"
#include "hotline/engine/queue.h"
#include "hotline/engine/random.h"
#include "hotline/engine/semaphore.h"
#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "simulation/primitives_scenario.h"

namespace simulation {
namespace {

using hotline::Duration;
using hotline::Instant;
using hotline::engine::Channel;
using hotline::engine::SimulatedLoop;
using std::chrono::milliseconds;

struct Tally : Verdict {
  void check(bool holds, std::string what) {
    if (!holds) blame(std::move(what));
  }
};

Duration any_pause() {
  std::byte byte{};
  hotline::random_bytes({&byte, 1});
  return milliseconds(std::to_integer<int>(byte));
}

/// Room for two at once, with many that ask for it and may give up.
void share_room(Tally& tally) {
  constexpr std::size_t kRoom = 2;
  hotline::Semaphore room(kRoom);
  std::size_t inside = 0;
  hotline::TaskGroup group;
  for (int i = 0; i < 12; ++i) {
    const bool has_patience = i % 3 != 0;
    static_cast<void>(group.spawn("share", [&, has_patience] {
      const Instant began = hotline::now();
      const Duration patience = has_patience ? std::chrono::hours(1) : milliseconds(100);
      const hotline::DeadlineScope scope(hotline::deadline_after(patience));
      const auto taken = room.acquire();
      tally.check(hotline::now() - began <= patience, "a wait for room outlived its deadline");
      if (!taken) return;
      tally.check(++inside <= kRoom, "more are inside than there is room for");
      static_cast<void>(hotline::sleep_for(any_pause()));
      --inside;
      room.release();
    }));
  }
  static_cast<void>(group.join());
  tally.check(room.count() == kRoom, "room was lost or made");
}

/// Values go through a small queue between fibers that may give up at any time.
void hand_over(Tally& tally) {
  hotline::Queue<int> queue(2);
  int pushed = 0;
  int popped = 0;
  hotline::TaskGroup poppers;
  for (int i = 0; i < 3; ++i) {
    static_cast<void>(poppers.spawn("pop", [&] {
      for (;;) {
        const auto value = queue.pop(hotline::deadline_after(any_pause()));
        if (value) popped += *value;
        if (!value && value.error().kind == hotline::ErrorKind::closed) return;
      }
    }));
  }
  hotline::TaskGroup pushers;
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(pushers.spawn("push", [&] {
      for (int value = 1; value <= 10; ++value) {
        if (queue.push(value, hotline::deadline_after(any_pause()))) pushed += value;
        static_cast<void>(hotline::sleep_for(any_pause()));
      }
    }));
  }
  static_cast<void>(pushers.join());
  queue.close();
  static_cast<void>(poppers.join());
  tally.check(pushed == popped, "what went through a queue is not what came out");
}

/// Cancels and deadlines race the end of a sleep.
void race_sleeps(Tally& tally) {
  for (int i = 0; i < 10; ++i) {
    const Duration pause = any_pause();
    const Duration bound = any_pause();
    const Instant began = hotline::now();
    {
      const hotline::DeadlineScope scope(hotline::deadline_after(bound));
      const bool has_slept = hotline::sleep_for(pause).has_value();
      const Duration slept = hotline::now() - began;
      tally.check(slept == std::min(pause, bound), "a sleep was not as long as asked");
      tally.check(has_slept == (pause <= bound), "a sleep does not say how it ended");
    }
    hotline::TaskGroup group;
    static_cast<void>(
        group.spawn("sleep", [pause] { static_cast<void>(hotline::sleep_for(pause)); }));
    static_cast<void>(hotline::sleep_for(bound));
    group.cancel();
    const Instant cancelled = hotline::now();
    static_cast<void>(group.join());
    tally.check(hotline::now() == cancelled, "a cancelled sleep went on");
  }
}

void offload_work(Tally& tally) {
  int runs = 0;
  const auto value = hotline::offload([&runs] { return ++runs; });
  tally.check(!value || *value == 1, "offloaded work has another value");
  tally.check(runs == 1, "offloaded work did not run once");
}

std::string read_to_end(Channel& channel) {
  std::string all;
  for (;;) {
    std::byte piece[100];
    hotline::engine::Read read(channel, piece);
    const int count = hotline::engine::Engine::current().perform(read, hotline::Deadline::never());
    if (count <= 0) return all;
    all += hotline::as_text(hotline::Bytes(piece).first(static_cast<std::size_t>(count)));
  }
}

void write_all(Channel& channel, std::string_view text) {
  while (!text.empty()) {
    hotline::engine::Write write(channel, hotline::as_bytes(text));
    const int count = hotline::engine::Engine::current().perform(write, hotline::Deadline::never());
    if (count < 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// A simulated `cat` that exits with 3: more goes through it than its pipes hold.
void talk_to_process(Tally& tally) {
  auto& loop = static_cast<SimulatedLoop&>(*hotline::engine::EventLoop::running());
  const auto made = loop.start_process([](Channel& input, Channel& output) {
    write_all(output, read_to_end(input));
    return hotline::engine::ProcessEnd{.exit_status = 3, .signal = 0};
  });
  const std::string text(200'000, 'p');
  Channel process{hotline::UniqueFd(made.pidfd)};
  Channel output{hotline::UniqueFd(made.output)};
  hotline::TaskGroup group;
  static_cast<void>(group.spawn("write", [&] {
    Channel input{hotline::UniqueFd(made.input)};
    write_all(input, text);
  }));
  tally.check(read_to_end(output) == text, "what went through a process is not what came out");
  static_cast<void>(group.join());
  hotline::engine::WaitProcess wait(process);
  const int result = hotline::engine::Engine::current().perform(wait, hotline::Deadline::never());
  tally.check(result == 0 && wait.end.exit_status == 3, "a process ended in another way");
}

/// However the wall clock jumps and drifts, waits end when they should.
void watch_clocks(Tally& tally) {
  constexpr Duration kPause = std::chrono::seconds(7);
  constexpr Duration kAstray = std::chrono::hours(30);
  const auto first = hotline::wall_clock_now();
  const Instant began = hotline::now();
  for (int i = 0; i < 25; ++i) {
    const Instant before = hotline::now();
    static_cast<void>(hotline::wall_clock_now());
    static_cast<void>(hotline::sleep_for(kPause));
    tally.check(hotline::now() - before == kPause, "a step of the wall clock moved a sleep");
  }
  const Duration shown = hotline::wall_clock_now() - first;
  const Duration passed = hotline::now() - began;
  tally.check(shown - passed < kAstray && passed - shown < kAstray, "a wall clock went astray");
}

}  // namespace

Findings use_primitives(std::uint64_t seed) {
  hotline::sim::World world(seed, options_of(seed));
  Tally tally;
  const auto programs = {share_room,   hand_over,       race_sleeps,
                         offload_work, talk_to_process, watch_clocks};
  world.host("a").set_clock_drift(static_cast<std::int64_t>(seed % 1000) - 500);
  for (const auto program : programs) {
    world.host("a").run([&tally, program] { program(tally); });
  }
  return findings_of(world.run(), std::move(tally.wrong));
}

}  // namespace simulation
