#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "engine/loop_event.h"
#include "hotline/sim/world.h"

namespace contract {

/// The world of a simulated row's server and its callers: one machine, so that they share its
/// loopback and its paths. While it exists, Peer, Beside, eventually and pause act in it. The test
/// itself is outside, and lets the world run whenever it waits.
class Stage {
 public:
  explicit Stage(hotline::LoopOptions loop = {});
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Fails the test if a descriptor, a fiber or a lease is left.
  ~Stage();

  /// Returns the current one, or null on a real row.
  static Stage* current();

  /// Runs `action` on a fiber of the callers' program and waits for it; runs it directly if this is
  /// a fiber already.
  void perform(const std::function<void()>& action);

  /// Starts a program.
  void run(std::move_only_function<void()> body);

  /// Runs the world. Returns false if it never becomes done, or after a minute of the world's time.
  /// Not from a fiber.
  bool run_until(const std::function<bool()>& is_done);

  /// Lets time pass, from the test or from a fiber.
  void pause(hotline::Duration duration);

  hotline::Duration elapsed() const { return world_.elapsed(); }

 private:
  /// Shows the seed with a failure in this world.
  struct SeedNote final : doctest::detail::ContextScopeBase {
    explicit SeedNote(std::uint64_t noted) : seed(noted) {}
    SeedNote(const SeedNote&) = delete;
    SeedNote& operator=(const SeedNote&) = delete;
    ~SeedNote() override { destroy(); }
    void stringify(std::ostream* out) const override;
    const std::uint64_t seed;
  };

  void perform_errands();

  SeedNote note_;
  hotline::sim::World world_;
  std::optional<hotline::engine::LoopEvent> has_errand_;
  const std::function<void()>* errand_ = nullptr;
  bool is_over_ = false;
};

/// Returns with how many seeds each test is repeated: SEEDS in the environment. One on real rows.
std::uint64_t seed_count();

/// From now on the stages use the seeds in order, from the first (SEED in the environment,
/// otherwise 1), each for `stages` of them.
void restart_seeds(std::uint64_t stages);

}  // namespace contract
