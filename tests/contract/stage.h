#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "engine/event.h"
#include "hotline/sim/world.h"

namespace contract {

/// The world that a simulated row's server and its callers live in: one machine, so that its
/// loopback and its paths are theirs. While it stands, Peer, Beside, eventually and pause happen in
/// it. The test itself stays outside, and lets the world run whenever it waits.
class Stage {
 public:
  explicit Stage(hotline::LoopOptions loop = {});
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  /// Fails the test if anything is left behind: a descriptor, a fiber, a lease.
  ~Stage();

  /// The one that stands; null on a real row.
  static Stage* current();

  /// Does `action` on a fiber of the callers' program and waits for it; at once if this is a fiber
  /// already.
  void perform(const std::function<void()>& action);

  /// Starts a program.
  void run(std::move_only_function<void()> body);

  /// False: that never comes, or a minute of the world's time has passed. Not from a fiber.
  bool run_until(const std::function<bool()>& is_done);

  /// Lets time pass; from the test or from a fiber.
  void pause(hotline::Duration duration);

  hotline::Duration elapsed() const { return world_.elapsed(); }

 private:
  /// What a failure in this world is shown with.
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
  std::optional<hotline::engine::Event> has_errand_;
  const std::function<void()>* errand_ = nullptr;
  bool is_over_ = false;
};

/// Each test is repeated with so many seeds: SEEDS in the environment. One on real rows.
std::uint64_t seed_count();

/// From now on the stages take the first seed (SEED in the environment, else 1), each seed for
/// `stages` of them.
void restart_seeds(std::uint64_t stages);

}  // namespace contract
