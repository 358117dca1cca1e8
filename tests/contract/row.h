#pragma once

#include <string>
#include <vector>

#include "hotline/engine/engine_choice.h"
#include "hotline/server/concurrency.h"

namespace contract {

/// One way in which the contract must hold: a word of concurrency, and for loops an engine.
struct Row {
  std::string name;
  hotline::Concurrency concurrency;
  hotline::EngineKind engine = hotline::EngineKind::epoll;

  bool is_loops() const { return concurrency.kind == hotline::Concurrency::Kind::loops; }
  bool is_simulated() const { return engine == hotline::EngineKind::simulated; }
  bool is_serial() const { return concurrency.kind == hotline::Concurrency::Kind::serial; }
};

/// The row that this run is for: HOTLINE_ROW in the environment, loops-epoll without. Ends the
/// program with the skip status (77) if the row cannot run here.
const Row& row();

/// With which worlds a test is tried on a simulated row.
enum class Seeds : bool { first, all };

/// What streams are tested over: endpoints to bind, each fresh; on a simulated row all of them
/// again for each seed. UNIX paths lie in a directory that goes with the program.
std::vector<std::string> stream_endpoints(Seeds seeds = Seeds::all);
std::vector<std::string> datagram_endpoints();

}  // namespace contract
