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

/// How fast and how wide the simulated network is.
struct NetworkOptions {
  Duration latency_min = std::chrono::microseconds(50);
  Duration latency_max = std::chrono::milliseconds(5);
  std::size_t stream_window_bytes = 64 * 1024;  ///< Sent and not read, for each direction.
  std::size_t datagram_queue_bytes = 256 * 1024;
};

/// Who stands where: hosts, their addresses, what is bound to them, who can reach whom, and how
/// long that takes. One thread.
class Network {
 public:
  Network(Universe& universe, NetworkOptions options) : universe_(universe), options_(options) {}

  /// The host of that name, made on first use with 10.0.0.N, 10.0.1.N and fd00::N.
  SimulatedHost& host(std::string_view name);

  /// The host of that name, if there is one.
  SimulatedHost* find_host(std::string_view name);

  /// The host at `ip` as `from` sees it, which is itself at a loopback or wildcard address; null if
  /// there is none.
  SimulatedHost* host_at(const Ip& ip, SimulatedHost& from);

  /// Gives `node` the address `wanted`, a port too if it has none: bind(2).
  int bind(SocketNode& node, const Site& wanted);

  /// A node without an address gets one to talk to `target` from.
  int bind_for(SocketNode& node, const Site& target);

  void unbind(SocketNode& node) { bound_.remove(&node); }

  /// Whether somebody else keeps `node` from having `site`.
  bool is_taken(const SocketNode& node, const Site& site) const;

  /// Who would get a connection to `target` on `host`; null: nobody listens.
  StreamNode* find_listener(const SimulatedHost& host, const Site& target);

  /// Who would get a datagram from `source` to `target` on `host`.
  DatagramNode* find_receiver(const SimulatedHost& host, const Site& target, const Site& source);

  /// Whether a UNIX socket of another type than `type` has that name: EPROTOTYPE.
  bool is_bound_as_other(const SimulatedHost& host, const Site& target, int type) const;

  /// When what is sent now comes to the other side: not before a partition heals.
  Instant arrival(SimulatedHost& from, SimulatedHost& to);

  /// One trip without faults.
  Duration latency(const SimulatedHost& from, const SimulatedHost& to);

  /// Until `heals`, nothing goes between the two.
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
  SocketNode* choose(const SimulatedHost& host, const Site& target, Filter is_meant);
  Instant healed_at(const SimulatedHost& one, const SimulatedHost& other) const;

  Universe& universe_;
  NetworkOptions options_;
  std::list<SimulatedHost> hosts_;
  std::list<SocketNode*> bound_;
  std::vector<Partition> partitions_;
  std::uint64_t inodes_ = 0;
};

}  // namespace hotline::engine
