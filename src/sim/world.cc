#include "hotline/sim/world.h"

#include <csignal>
#include <exception>
#include <utility>

#include "engine/simulated/simulated_loop.h"
#include "hotline/net/endpoint.h"

namespace hotline::sim {

using engine::Program;
using engine::SimulatedHost;
using engine::Universe;

struct World::State {
  State(std::uint64_t seed_given, WorldOptions given)
      : seed(seed_given),
        options(std::move(given)),
        universe(seed, options.faults, options.trace),
        network(universe, {options.latency_min, options.latency_max, options.stream_window_bytes,
                           options.datagram_queue_bytes}),
        loop(universe, network, options.loop) {}

  Instant end() const { return Universe::kBeginning + options.time_max; }
  void guard(const std::string& whose, std::move_only_function<void()>& body) noexcept;
  bool have_ended() const;
  std::string what_runs() const;
  bool settle();
  void ask_to_drain();
  void cancel();
  void check_nothing_is_left();
  std::list<Program>& programs() { return loop.programs(); }

  std::uint64_t seed;
  WorldOptions options;
  Universe universe;
  engine::Network network;
  mutable engine::SimulatedLoop loop;
  std::size_t actions = 0;  ///< The actions of the test that have not run yet.
};

std::string Outcome::to_string() const {
  std::string text;
  for (const std::string& each : broken) text += each + '\n';
  return text;
}

std::string_view Host::name() const { return static_cast<SimulatedHost*>(host_)->name; }

std::string Host::address(std::size_t index) const {
  const engine::Ip& ip = static_cast<SimulatedHost*>(host_)->addresses.at(index);
  const engine::Site site{.ip = ip, .port = 0, .name = {}};
  const SocketAddress address = site.address(site.is_ipv4() ? 2 : 10);
  return Endpoint::of_address(Transport::tcp, address).host();
}

void Host::run(std::move_only_function<void()> body) {
  World::State& world = *world_->state_;
  auto& host = *static_cast<SimulatedHost*>(host_);
  world.loop.start(host, "program", [&world, &host, body = std::move(body)]() mutable {
    world.guard("a program on " + host.name, body);
  });
}

void Host::kill() {
  for (Program& each : world_->state_->programs()) {
    if (&each.host == host_ && each.fibers.size() > 0) world_->state_->loop.kill(each);
  }
}

void Host::cut_power() { world_->state_->loop.cut_power(*static_cast<SimulatedHost*>(host_)); }

void Host::stop(Duration duration) {
  for (Program& each : world_->state_->programs()) {
    if (&each.host == host_ && each.fibers.size() > 0) world_->state_->loop.stop(each, duration);
  }
}

void Host::signal(int number) {
  for (Program& each : world_->state_->programs()) {
    if (&each.host == host_ && each.fibers.size() > 0) world_->state_->loop.raise(each, number);
  }
}

void Host::step_clock(Duration step) {
  static_cast<SimulatedHost*>(host_)->wall_clock_offset += step;
}

void Host::set_clock_drift(std::int64_t per_million) {
  auto& host = *static_cast<SimulatedHost*>(host_);
  const Duration elapsed = world_->state_->universe.elapsed();
  // The drift so far is kept.
  host.wall_clock_offset += host.drift(elapsed);
  host.drift_per_million = per_million;
  host.wall_clock_offset -= host.drift(elapsed);
}

void Host::set_clock_status(const ClockStatus& status) {
  static_cast<SimulatedHost*>(host_)->clock_status = status;
}

void Host::set_descriptors_max(std::size_t count) {
  static_cast<SimulatedHost*>(host_)->descriptors_max = count;
  for (Program& each : world_->state_->programs()) {
    if (&each.host == host_) each.descriptors_max = count;
  }
}

World::World(std::uint64_t seed, WorldOptions options)
    : state_(std::make_unique<State>(seed, std::move(options))) {}

World::~World() {
  if (!state_->have_ended()) {
    state_->cancel();
    state_->settle();
  }
  // A fiber that is stuck in it cannot be ended, so the state is leaked.
  if (!state_->have_ended()) static_cast<void>(state_.release());
}

Host World::host(std::string_view name) { return {*this, &state_->network.host(name)}; }

void World::part(Host one, Host other, Duration duration) {
  state_->network.part(*static_cast<SimulatedHost*>(one.host_),
                       *static_cast<SimulatedHost*>(other.host_), state_->universe.now + duration);
}

void World::at(Duration since_beginning, std::move_only_function<void()> action) {
  ++state_->actions;
  state_->universe.events.plan(Universe::kBeginning + since_beginning,
                               [state = state_.get(), action = std::move(action)]() mutable {
                                 --state->actions;
                                 state->guard("an action", action);
                               });
}

bool World::run_until(const std::function<bool()>& is_done) {
  return state_->loop.run_until(is_done, state_->end());
}

/// Reports an exception that leaves `body` as broken.
void World::State::guard(const std::string& whose, std::move_only_function<void()>& body) noexcept {
  try {
    body();
  } catch (const std::exception& thrown) {
    universe.report_broken(whose + " threw: " + thrown.what());
  } catch (...) {
    universe.report_broken(whose + " threw");
  }
}

bool World::State::have_ended() const {
  for (const Program& each : loop.programs()) {
    if (each.fibers.size() > 0) return false;
  }
  return true;
}

/// Returns the hosts on which programs still run, for a report.
std::string World::State::what_runs() const {
  std::string hosts;
  for (const Program& each : loop.programs()) {
    if (each.fibers.size() == 0) continue;
    hosts += (hosts.empty() ? ": a program still runs on " : ", ") + each.host.name;
  }
  return hosts;
}

bool World::State::settle() {
  return loop.run_until([this] { return have_ended() && actions == 0; }, end());
}

void World::State::ask_to_drain() {
  for (Program& each : programs()) {
    if (each.fibers.size() == 0) continue;
    if (!loop.deliver(each, SIGTERM)) each.fibers.interrupt(engine::kDrainEnd);
  }
}

void World::State::cancel() {
  for (Program& each : programs()) {
    if (each.fibers.size() > 0) each.fibers.interrupt(engine::kCancelEnd);
  }
}

void World::State::check_nothing_is_left() {
  for (Program& each : programs()) {
    const std::string where = " on " + each.host.name;
    if (each.fibers.take_thrown()) universe.report_broken("an exception left a fiber" + where);
    if (each.fibers.size() > 0) universe.report_broken("a fiber does not end" + where);
    if (each.buffers.taken_count() > 0) universe.report_broken("a lease is left" + where);
  }
  for (const std::string& each : loop.descriptors().describe_open()) {
    universe.report_broken("left open: " + each);
  }
}

Outcome World::run() {
  State& state = *state_;
  state.settle();
  if (state.universe.now >= state.end()) {
    state.universe.report_broken("it never ends" + state.what_runs());
  }
  state.ask_to_drain();
  if (!state.settle()) {
    state.cancel();
    state.settle();
  }
  state.check_nothing_is_left();
  return {state.universe.broken, state.universe.elapsed(), state.universe.counts,
          state.universe.trace.hash()};
}

std::uint64_t World::seed() const { return state_->seed; }

Duration World::elapsed() const { return state_->universe.elapsed(); }

}  // namespace hotline::sim
