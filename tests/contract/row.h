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

/// Returns the row that this run is for: HOTLINE_ROW in the environment, otherwise loops-epoll.
/// Exits with the skip status (77) if the row cannot run here.
const Row& row();

/// The worlds with which a test runs on a simulated row.
enum class Seeds : bool { first, all };

/// Returns the endpoints over which streams are tested, each fresh; on a simulated row all of them
/// again for each seed. UNIX paths are in a directory that is removed when the program ends.
std::vector<std::string> stream_endpoints(Seeds seeds = Seeds::all);
std::vector<std::string> datagram_endpoints();

}  // namespace contract
