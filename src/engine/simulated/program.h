#pragma once

#include <list>
#include <memory>
#include <string>

#include "engine/buffer.h"
#include "engine/fiber_group.h"
#include "engine/simulated/plain_nodes.h"

namespace hotline::engine {

/// One run of a program on a simulated host, the equivalent of a process. All fibers that it
/// starts, directly or indirectly, belong to it: see Scope::program.
struct Program {
  Program(EventLoop& loop, SimulatedHost& where, BufferPool::Options buffer_options)
      : host(where),
        descriptors_max(where.descriptors_max),
        fibers(loop),
        buffers(buffer_options) {}

  SimulatedHost& host;
  int number = 0;               ///< In the order in which programs started.
  std::size_t descriptors_max;  ///< RLIMIT_NOFILE.
  std::size_t descriptors = 0;
  FiberGroup fibers;
  BufferPool buffers;
  std::list<std::weak_ptr<SignalNode>> signals;
  bool is_alive = true;
  Instant runs_from{};            ///< The program is or was stopped until then.
  int accept_failure = 0;         ///< The negated errno with which each of its accepts fails,
  Instant accepts_again_at = {};  ///< until then.
};

}  // namespace hotline::engine
