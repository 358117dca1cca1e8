#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

#include "support/simulated.h"

// Stream sockets of the simulated kernel that call each other.

namespace hotline::test {

using NodePointer = std::shared_ptr<engine::StreamNode>;

inline int send(const NodePointer& node, std::string_view text) {
  return node->send(as_bytes(text));
}

/// Returns what is received, or the negated errno as text.
inline std::string receive(const NodePointer& node, std::size_t size = 64 * 1024) {
  std::string text(size, '\0');
  const int result = node->receive(std::as_writable_bytes(std::span(text)));
  return result < 0 ? std::to_string(result) : text.substr(0, static_cast<std::size_t>(result));
}

inline const std::string kReset = std::to_string(-ECONNRESET);

/// A listener on host b, at port 80 or a path of host a.
struct Call : Wire {
  explicit Call(int family_of_all = AF_INET, int backlog = 8, FaultPlan faults = {},
                engine::NetworkOptions options = {}, std::uint64_t seed = 1)
      : Wire(faults, options, seed), family(family_of_all) {
    engine::SimulatedHost& where = family == AF_UNIX ? a : b;
    target = family == AF_UNIX ? named("/tmp/x") : site_of(b, 80);
    listener = stream(where, family);
    REQUIRE(network.bind(*listener, family == AF_UNIX ? target : any_ipv4(80)) == 0);
    REQUIRE(listener->listen(backlog) == 0);
  }

  NodePointer call() {
    auto caller = stream(a, family);
    begun = caller->connect(target);
    return caller;
  }

  /// Returns a caller and the accepted side.
  std::pair<NodePointer, NodePointer> connected() {
    auto caller = call();
    pass();
    REQUIRE(caller->connect(target) == 0);
    auto answerer = listener->take_caller();
    REQUIRE(answerer);
    return {caller, answerer};
  }

  int family;
  int begun = 0;
  engine::Site target;
  NodePointer listener;
};

}  // namespace hotline::test
