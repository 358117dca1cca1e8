#include <csignal>
#include <optional>
#include <utility>

#include "hotline/engine/clock.h"
#include "hotline/net/connect.h"
#include "hotline/services/file_client.h"
#include "simulation/cut_world.h"
#include "simulation/files_power_scenario.h"

namespace simulation {
namespace {

constexpr std::size_t kCutCallers = 3;
constexpr std::size_t kCutsMax = 3;
constexpr int kQuestions = 100;

/// Small windows and buffers, which other scenarios have, would only take time.
hotline::sim::WorldOptions options_of_cuts(std::uint64_t seed) {
  hotline::sim::WorldOptions options = options_of(seed);
  // A clock that is set back makes an upload younger.
  options.faults.set(hotline::Fault::clock_step, 0);
  options.stream_window_bytes = std::size_t{64} << 10;
  options.loop.receive_buffer_bytes = 4U << 10;
  options.loop.receive_memory_max = 4U << 20;
  return options;
}

std::optional<hotline::FileQuota> ask_quota() {
  auto call = hotline::connect("tcp://server:8000");
  if (!call) return std::nullopt;
  auto client = hotline::FileClient::open(std::move(*call));
  if (!client) return std::nullopt;
  const auto quota = client->quota(hotline::deadline_after(std::chrono::minutes(2)));
  return quota ? std::optional(*quota) : std::nullopt;
}

/// I3: when nothing is asked for and unfinished uploads are out of date, nothing is reserved.
void check_reserved(CutWorld& world) {
  for (int i = 0; i < kQuestions; ++i) {
    const auto quota = ask_quota();
    if (quota && quota->bytes_reserved == 0) return;
    if (!hotline::sleep_for(std::chrono::seconds(1))) return;
  }
  world.blame("room stays reserved that nothing uses");
}

/// Stops the server in order when the callers have ended and unfinished uploads are out of date.
void stop_at_end(CutWorld& world) {
  const auto pause = [](hotline::Duration duration) {
    return hotline::sleep_for(duration).has_value();
  };
  while (world.callers > 0 || world.is_cut_planned) {
    if (!pause(std::chrono::seconds(1))) return;
  }
  if (!pause(2 * CutWorld::kUploadTerm)) return;
  if (world.wrong.empty()) check_reserved(world);
  while (!world.is_over && world.wrong.empty()) {
    if (world.serves_since) {
      world.world.at(world.world.elapsed(),
                     [&world] { world.world.host(CutWorld::kServer).signal(SIGTERM); });
    }
    if (!pause(std::chrono::minutes(2))) return;
  }
}

void end_server(CutWorld& cut) {
  ++cut.life;
  cut.serves_since.reset();
  cut.model.end_server();
  hotline::sim::Host host = cut.world.host(CutWorld::kServer);
  if (cut.chance.below(4) == 0) {
    host.kill();
  } else {
    host.cut_power();
  }
  const auto off = cut.chance.between(hotline::Duration(0), std::chrono::seconds(2));
  cut.world.at(cut.world.elapsed() + off, [&cut] {
    cut.is_cut_planned = false;
    cut.world.host(CutWorld::kServer).run([&cut] { run_cut_server(cut); });
  });
}

}  // namespace

void plan_cut(CutWorld& cut) {
  if (cut.cuts_left == 0 || cut.is_cut_planned || cut.chance.below(5) != 0) return;
  --cut.cuts_left;
  cut.is_cut_planned = true;
  const auto pause = cut.chance.between(hotline::Duration(0), std::chrono::milliseconds(150));
  cut.world.at(cut.world.elapsed() + pause, [&cut] { end_server(cut); });
}

Findings survive_power_cuts(std::uint64_t seed) {
  CutWorld cut(seed, options_of_cuts(seed));
  cut.cuts_left = seed % (kCutsMax + 1);
  cut.callers = kCutCallers;
  cut.world.host(CutWorld::kServer).run([&] { run_cut_server(cut); });
  for (std::size_t i = 0; i < kCutCallers; ++i) {
    cut.world.host("caller" + std::to_string(i)).run([&cut, i] {
      run_cut_caller(cut, i);
      --cut.callers;
    });
  }
  cut.world.host("operator").run([&] { stop_at_end(cut); });
  const hotline::sim::Outcome outcome = cut.world.run();
  if (!cut.is_over) cut.blame("the server was not stopped in order");
  return findings_of(outcome, std::move(cut.wrong));
}

}  // namespace simulation
