#pragma once

#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "sim/fault_dice.h"

namespace hotline::sim {

/// Streams whose waits are bounded by nothing but their peers, in pieces of at most 16 KiB.
StreamOptions relayed_stream_options();

/// One caller of a proxy and the target that it is connected on to: forwards both ways, a fiber
/// each, until both have ended or a fault has cut them. Of one loop's fiber.
class StreamRelay {
 public:
  /// `number` and the next one are those of its dice.
  StreamRelay(ProxyFaults& faults, std::uint64_t number, Stream caller, Stream target)
      : faults_(faults), number_(number), caller_(std::move(caller)), target_(std::move(target)) {}

  /// Returns when nothing will be forwarded any more; both streams are to be closed then.
  void run();

 private:
  class Direction;

  void cut();

  ProxyFaults& faults_;
  std::uint64_t number_;
  Stream caller_;
  Stream target_;
  TaskGroup fibers_;
};

}  // namespace hotline::sim
