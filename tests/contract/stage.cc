#include "contract/stage.h"

#include <cstdlib>
#include <ostream>
#include <string>

#include "contract/row.h"
#include "engine/event_loop.h"
#include "hotline/engine/clock.h"

namespace contract {
namespace {

using hotline::engine::EventLoop;

constexpr auto kStagePatience = std::chrono::minutes(1);
constexpr std::uint64_t kSeeds = 20;

Stage* standing = nullptr;

std::uint64_t stages_begun = 0;
std::uint64_t stages_of_seed = 1;

std::uint64_t number_in_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::uint64_t next_seed() {
  return number_in_environment("SEED", 1) + stages_begun++ / stages_of_seed;
}

}  // namespace

std::uint64_t seed_count() {
  return row().is_simulated() ? number_in_environment("SEEDS", kSeeds) : 1;
}

void restart_seeds(std::uint64_t stages) {
  stages_begun = 0;
  stages_of_seed = stages;
}

void Stage::SeedNote::stringify(std::ostream* out) const {
  *out << "replay: SEED=" << seed << " SEEDS=1";
}

Stage::Stage(hotline::LoopOptions loop)
    : note_(next_seed()), world_(note_.seed, {.faults = {}, .loop = loop, .trace = {}}) {
  REQUIRE(standing == nullptr);
  standing = this;
  run([this] { perform_errands(); });
  run_until([this] { return has_errand_.has_value(); });
}

Stage::~Stage() {
  is_over_ = true;
  has_errand_->set();
  const hotline::sim::Outcome outcome = world_.run();
  standing = nullptr;
  CHECK_MESSAGE(outcome.holds(), outcome.to_string());
}

Stage* Stage::current() { return standing; }

void Stage::perform_errands() {
  has_errand_.emplace(*EventLoop::running());
  while (!is_over_) {
    has_errand_->wait();
    if (errand_ != nullptr) (*errand_)();
    errand_ = nullptr;
  }
}

void Stage::perform(const std::function<void()>& action) {
  if (EventLoop::running() != nullptr) return action();
  errand_ = &action;
  has_errand_->set();
  REQUIRE(run_until([this] { return errand_ == nullptr; }));
}

void Stage::run(std::move_only_function<void()> body) {
  world_.host("machine").run(std::move(body));
}

bool Stage::run_until(const std::function<bool()>& is_done) {
  bool is_late = false;
  const auto end = elapsed() + kStagePatience;
  world_.run_until([&] { return is_done() || (is_late = elapsed() > end); });
  return !is_late && is_done();
}

void Stage::pause(hotline::Duration duration) {
  if (EventLoop::running() != nullptr) {
    static_cast<void>(hotline::sleep_for(duration));
    return;
  }
  bool has_passed = false;
  world_.at(elapsed() + duration, [&] { has_passed = true; });
  run_until([&] { return has_passed; });
}

}  // namespace contract
