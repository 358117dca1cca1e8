#pragma once

#include <memory>
#include <vector>

#include "hotline/engine/task_group.h"
#include "hotline/net/datagram_socket.h"
#include "hotline/net/target.h"
#include "sim/fault_dice.h"

namespace hotline::sim {

/// Returns options for the datagram sockets of a proxy: they take one datagram at a time.
DatagramOptions relayed_datagram_options();

/// The callers of a proxy's datagram socket, each with a socket of its own to the target. Forwards
/// in both directions. Used by fibers of one loop.
class DatagramRelay {
 public:
  /// Callers and target outlive it.
  DatagramRelay(ProxyFaults& faults, DatagramSocket& callers, const Target& target)
      : faults_(faults), callers_(callers), target_(target) {}

  /// Forwards until drained or cancelled.
  void run();

 private:
  class Direction;

  /// One caller as the target sees it.
  struct Session {
    DatagramSocket socket;
    DatagramRoute caller;
  };

  std::shared_ptr<Session> session_of(const DatagramRoute& caller);
  std::shared_ptr<Session> begin_session(const DatagramRoute& caller);
  void answer(const std::shared_ptr<Session>& session, std::uint64_t number);

  ProxyFaults& faults_;
  DatagramSocket& callers_;
  const Target& target_;
  std::vector<std::shared_ptr<Session>> sessions_;
  std::uint64_t session_count_ = 0;  ///< All that there were.
  TaskGroup fibers_;                 ///< One for each session.
};

}  // namespace hotline::sim
