#pragma once

#include "hotline/engine/task_group.h"
#include "hotline/net/stream.h"
#include "sim/fault_dice.h"

namespace hotline::sim {

/// Returns options for streams without deadlines, in pieces of at most 16 KiB.
StreamOptions relayed_stream_options();

/// One caller of a proxy and its connection to the target. Forwards in both directions, on a fiber
/// each, until both have ended or a fault has cut them. Used by fibers of one loop.
class StreamRelay {
 public:
  /// `number` and the next number are those of its dice.
  StreamRelay(ProxyFaults& faults, std::uint64_t number, Stream caller, Stream target)
      : faults_(faults), number_(number), caller_(std::move(caller)), target_(std::move(target)) {}

  /// Returns when nothing will be forwarded any more; close both streams then.
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
