#pragma once

#include <list>
#include <memory>
#include <string>

#include "engine/buffer.h"
#include "engine/fiber_group.h"
#include "engine/simulated/plain_nodes.h"

namespace hotline::engine {

/// One run of a program on a simulated host: what a process is elsewhere. All fibers that it
/// starts, at however many removes, run on its behalf: see Scope::program.
struct Program {
  Program(EventLoop& loop, SimulatedHost& where, BufferPool::Options buffer_options)
      : host(where),
        descriptors_max(where.descriptors_max),
        fibers(loop),
        buffers(buffer_options) {}

  SimulatedHost& host;
  int number = 0;               ///< In the order of their starts.
  std::size_t descriptors_max;  ///< RLIMIT_NOFILE.
  std::size_t descriptors = 0;
  FiberGroup fibers;
  BufferPool buffers;
  std::list<std::weak_ptr<SignalNode>> signals;
  bool is_alive = true;
  Instant runs_from{};            ///< It was stopped until then, or is.
  int accept_failure = 0;         ///< What each of its accepts gives, a negated errno,
  Instant accepts_again_at = {};  ///< until then.
};

}  // namespace hotline::engine
