#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/simulated/chance.h"
#include "hotline/sim/world.h"
#include "simulation/file_model.h"
#include "simulation/simulation.h"

namespace simulation {

/// What the programs of files_power_scenario.h share: a server of files on a host whose power is
/// cut, its callers, and what they expect.
struct CutWorld : Verdict {
  CutWorld(std::uint64_t seed_of_world, const hotline::sim::WorldOptions& options)
      : seed(seed_of_world),
        is_shared(seed / 4 % 4 == 1),
        world(seed, options),
        chance(seed * 7'919 + 13) {}

  /// Returns what comes before each path of a request.
  std::string prefix() const { return is_shared ? std::string(kShare) + "/" : std::string(); }

  static constexpr const char* kServer = "server";
  static constexpr const char* kUser = "alice";
  static constexpr const char* kShare = "team";
  // Less than what the callers ask for: they come to the end of both.
  static constexpr std::uint64_t kBytesMax = (1U << 20) + 100'000;
  static constexpr std::uint64_t kEntriesMax = 14;
  static constexpr hotline::Duration kUploadTerm = std::chrono::seconds(60);

  std::uint64_t seed;
  bool is_shared;  ///< All is done in a share, and not in the home.
  hotline::sim::World world;
  hotline::engine::Chance chance;  ///< For everything that the world itself does not choose.
  FileModel model{};
  std::size_t callers = 0;  ///< Those that are still at work.
  std::size_t cuts_left = 0;
  bool is_cut_planned = false;
  std::size_t life = 0;  ///< How often the server was started again.
  std::optional<hotline::Instant> serves_since{};
  bool is_over = false;  ///< The server was stopped in order.
};

/// The program of the server: looks at what is on the disk, then serves. It is started again after
/// each cut.
void run_cut_server(CutWorld& world);

/// The program of a caller, one of several: changes files, and looks at them, whatever happens.
void run_cut_caller(CutWorld& world, std::size_t number);

/// Sometimes lets the power of the server be cut, or its program be killed, within the next
/// requests.
void plan_cut(CutWorld& world);

}  // namespace simulation
