#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "engine/simulated/node.h"
#include "engine/simulated/universe.h"

namespace hotline::engine {

class DatagramNode;
class StreamNode;

/// The speed and the capacity of the simulated network.
struct NetworkOptions {
  Duration latency_min = std::chrono::microseconds(50);
  Duration latency_max = std::chrono::milliseconds(5);
  std::size_t stream_window_bytes = 64 * 1024;  ///< Bytes sent and not yet read, in each direction.
  std::size_t datagram_queue_bytes = 256 * 1024;
};

/// The hosts with their addresses, the sockets bound to them, which hosts can reach each other, and
/// how long that takes. One thread.
class Network {
 public:
  Network(Universe& universe, NetworkOptions options) : universe_(universe), options_(options) {}

  /// Returns the host with that name. On first use, makes it with the addresses 10.0.0.N, 10.0.1.N
  /// and fd00::N.
  SimulatedHost& host(std::string_view name);

  /// Returns the host with that name, or null.
  SimulatedHost* find_host(std::string_view name);

  /// Returns the host at `ip` as seen from `from`, or null. A loopback or wildcard address means
  /// `from` itself.
  SimulatedHost* host_at(const Ip& ip, SimulatedHost& from);

  /// Binds `node` to the address `wanted`; chooses a port if it has none: bind(2).
  int bind(SocketNode& node, const Site& wanted);

  /// Binds `node`, if it has no address, to one from which it can reach `target`.
  int bind_for(SocketNode& node, const Site& target);

  void unbind(SocketNode& node) { bound_.remove(&node); }

  /// Returns true if another socket prevents `node` from being bound to `site`.
  bool is_taken(const SocketNode& node, const Site& site) const;

  /// Returns the listener that gets a connection to `target` on `host`, or null.
  StreamNode* find_listener(const SimulatedHost& host, const Site& target);

  /// Returns the socket that gets a datagram from `source` to `target` on `host`, or null.
  DatagramNode* find_receiver(const SimulatedHost& host, const Site& target, const Site& source);

  /// Returns true if a UNIX socket of a type other than `type` has that name: EPROTOTYPE.
  bool is_bound_as_other(const SimulatedHost& host, const Site& target, int type) const;

  /// Returns when data that is sent now arrives. During a partition, that is after its end.
  Instant arrival(SimulatedHost& from, SimulatedHost& to);

  /// Returns the time of one trip without faults.
  Duration latency(const SimulatedHost& from, const SimulatedHost& to);

  /// Partitions the two hosts until `heals`.
  void part(const SimulatedHost& one, const SimulatedHost& other, Instant heals);
  bool is_parted(const SimulatedHost& one, const SimulatedHost& other) const;

  Universe& universe() { return universe_; }
  const NetworkOptions& options() const { return options_; }
  std::list<SimulatedHost>& hosts() { return hosts_; }

 private:
  struct Partition {
    const SimulatedHost* one;
    const SimulatedHost* other;
    Instant heals;
  };

  int bind_name(SocketNode& node, const Site& wanted);
  int choose_port(SocketNode& node, Site& site);
  template <typename Filter>
  SocketNode* choose(const SimulatedHost& host, const Site& target, const Ip& source,
                     Filter is_meant);
  Instant healed_at(const SimulatedHost& one, const SimulatedHost& other) const;

  Universe& universe_;
  NetworkOptions options_;
  std::list<SimulatedHost> hosts_;
  std::list<SocketNode*> bound_;
  std::vector<Partition> partitions_;
  std::uint64_t inodes_ = 0;
};

}  // namespace hotline::engine
