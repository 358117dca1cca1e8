#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/simulated/datagram_node.h"
#include "engine/simulated/network.h"
#include "engine/simulated/simulated_loop.h"
#include "engine/simulated/stream_node.h"

namespace hotline::test {

/// What a receive that finds nothing returns, as text.
inline const std::string kAgain = std::to_string(-EAGAIN);

/// A simulated network of two hosts without programs: the test calls the nodes and lets time pass.
struct Wire {
  explicit Wire(FaultPlan faults = {}, engine::NetworkOptions options = {}, std::uint64_t seed = 1)
      : universe(seed, faults, {}), network(universe, options) {}

  std::shared_ptr<engine::StreamNode> stream(engine::SimulatedHost& where, int family = AF_INET) {
    auto node = std::make_shared<engine::StreamNode>(network, where, family);
    nodes_.push_back(node);
    return node;
  }
  std::shared_ptr<engine::DatagramNode> datagrams(engine::SimulatedHost& where,
                                                  int family = AF_INET) {
    auto node = std::make_shared<engine::DatagramNode>(network, where, family);
    nodes_.push_back(node);
    return node;
  }

  /// Lets time pass until no event is planned.
  void pass() {
    while (!universe.events.earliest().is_never()) step();
  }
  void pass(Duration duration) {
    const Instant end = universe.now + duration;
    while (universe.events.earliest() <= Deadline::at(end)) step();
    universe.now = end;
  }

  engine::Universe universe;
  engine::Network network;
  engine::SimulatedHost& a = network.host("a");
  engine::SimulatedHost& b = network.host("b");

 private:
  std::vector<std::shared_ptr<engine::Node>> nodes_;  ///< Bound nodes must be closed.

  void step() {
    universe.now = universe.events.earliest().instant();
    universe.events.run_due(universe.now);
  }
};

/// The same with a loop that runs programs.
struct Simulation : Wire {
  explicit Simulation(FaultPlan faults = {}, engine::NetworkOptions network_options = {},
                      LoopOptions loop_options = {}, std::uint64_t seed = 1)
      : Wire(faults, network_options, seed), loop(universe, network, roomy(loop_options)) {}

  engine::Program& start(engine::SimulatedHost& host, engine::Fiber::Body body) {
    return loop.start(host, "test", std::move(body));
  }

  /// Runs until every program has ended, or no event is left. Returns true if all have ended.
  /// Rethrows what one of them threw, a failed REQUIRE too.
  bool run() {
    const auto have_ended = [this] {
      return std::ranges::all_of(loop.programs(),
                                 [](const auto& each) { return each.fibers.size() == 0; });
    };
    const bool is_over = loop.run_until(have_ended, universe.now + std::chrono::hours(24));
    for (engine::Program& each : loop.programs()) {
      if (auto thrown = each.fibers.take_thrown()) std::rethrow_exception(thrown);
    }
    return is_over;
  }

  /// Runs one program on host a, to its end.
  void run(engine::Fiber::Body body) {
    start(a, std::move(body));
    run();
  }

  engine::SimulatedLoop loop;

 private:
  /// Failed assertions format their text, which takes more stack than a handler does.
  static LoopOptions roomy(LoopOptions options) {
    options.fiber_stack_bytes = 256 * 1024;
    return options;
  }
};

/// `port` at an address of `host`.
inline engine::Site site_of(const engine::SimulatedHost& host, std::uint16_t port,
                            std::size_t index = 0) {
  return {.ip = host.addresses.at(index), .port = port, .name = {}};
}

inline engine::Site ipv4_site(std::uint8_t first, std::uint8_t last, std::uint16_t port) {
  return {.ip = engine::ipv4(first, 0, 0, last), .port = port, .name = {}};
}

inline engine::Site any_ipv4(std::uint16_t port = 0) { return ipv4_site(0, 0, port); }

inline engine::Site any_ipv6(std::uint16_t port = 0) {
  return {.ip = {}, .port = port, .name = {}};
}

inline engine::Site loopback(std::uint16_t port) { return ipv4_site(127, 1, port); }

inline engine::Site named(std::string name) {
  return {.ip = {}, .port = 0, .name = std::move(name)};
}

/// setsockopt(2) with a number.
inline void set_number(engine::Node& node, int level, int name, int value = 1) {
  node.set_option(level, name, &value, sizeof value);
}

/// getsockopt(2) of a number.
inline int number_of(engine::Node& node, int level, int name) {
  int value = -1;
  std::size_t size = sizeof value;
  return node.get_option(level, name, &value, size) < 0 ? -1 : value;
}

}  // namespace hotline::test
