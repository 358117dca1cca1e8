#include "engine/simulated/network.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "engine/simulated/datagram_node.h"
#include "engine/simulated/stream_node.h"

namespace hotline::engine {
namespace {

constexpr std::uint16_t kFirstEphemeralPort = 32768;
constexpr std::uint16_t kEphemeralPorts = 28232;
constexpr unsigned kUmask = 022;
constexpr Duration kPartitionMin = std::chrono::milliseconds(1);
constexpr Duration kPartitionMax = std::chrono::minutes(1);
constexpr Duration kDelayMax = std::chrono::seconds(2);

/// Multiplies by 2^64 divided by the golden ratio, which spreads the last byte over the upper bits.
std::size_t hash_of(const Ip& ip) {
  std::uint64_t hash = 0;
  for (const std::uint8_t byte : ip) hash = (hash + byte) * 0x9E3779B97F4A7C15;
  return static_cast<std::size_t>(hash >> 32);
}

bool do_overlap(const SocketNode& one, const Site& site_of_one, const SocketNode& other) {
  const auto covers = [](const SocketNode& node, const Site& wide, const Site& narrow) {
    if (!wide.is_wildcard()) return wide.ip == narrow.ip;
    if (wide.is_ipv4()) return narrow.is_ipv4();
    return !narrow.is_ipv4() || !node.is_v6_only();
  };
  return covers(one, site_of_one, other.local) || covers(other, other.local, site_of_one);
}

/// Returns true if `target` names this UNIX socket. After a path has been removed, or created again
/// by another socket, it does not lead to this one any more.
bool is_named(const SocketNode& node, const Site& target) {
  if (target.name.empty() || node.local.name != target.name) return false;
  if (target.name.front() == '\0') return true;
  const auto found = node.host().paths.find(target.name);
  return found != node.host().paths.end() && found->second.inode == node.inode;
}

}  // namespace

SimulatedHost& Network::host(std::string_view name) {
  if (SimulatedHost* known = find_host(name)) return *known;
  SimulatedHost& made = hosts_.emplace_back();
  made.name = name;
  made.number = static_cast<unsigned>(hosts_.size());
  if (made.number > 254) universe_.die("a world has at most 254 hosts");
  const auto last = static_cast<std::uint8_t>(made.number);
  Ip ipv6{0xfd};
  ipv6[15] = last;
  made.addresses = {ipv4(10, 0, 0, last), ipv4(10, 0, 1, last), ipv6};
  return made;
}

SimulatedHost* Network::find_host(std::string_view name) {
  const auto found = std::ranges::find(hosts_, name, &SimulatedHost::name);
  return found == hosts_.end() ? nullptr : &*found;
}

SimulatedHost* Network::host_at(const Ip& ip, SimulatedHost& from) {
  const Site site{.ip = ip, .port = 0, .name = {}};
  if (site.is_loopback() || site.is_wildcard()) return &from;
  const auto found = std::ranges::find_if(hosts_, [&](const auto& each) { return each.has(ip); });
  return found == hosts_.end() ? nullptr : &*found;
}

int Network::bind(SocketNode& node, const Site& wanted) {
  if (node.is_bound) return -EINVAL;
  if (node.family == AF_UNIX) return bind_name(node, wanted);
  Site site = wanted;
  const bool is_ours = site.is_wildcard() || site.is_loopback() || node.host().has(site.ip);
  if (!is_ours) return -EADDRNOTAVAIL;
  if (site.port == 0) {
    if (const int chosen = choose_port(node, site); chosen < 0) return chosen;
  } else if (is_taken(node, site)) {
    return -EADDRINUSE;
  }
  node.local = site;
  node.is_bound = true;
  bound_.push_back(&node);
  return 0;
}

int Network::bind_name(SocketNode& node, const Site& wanted) {
  Site site = wanted;
  if (site.name.empty()) {
    char name[8] = "";
    std::snprintf(name + 1, sizeof name - 1, "%05x", static_cast<unsigned>(++inodes_ & 0xfffff));
    site.name.assign(name, 6);
  }
  const bool is_path = site.name.front() != '\0';
  if (is_path ? node.host().paths.contains(site.name) : is_taken(node, site)) return -EADDRINUSE;
  if (is_path) {
    node.inode = ++inodes_;
    node.host().paths[site.name] = {.inode = node.inode, .mode = node.mode & ~kUmask};
  }
  node.local = site;
  node.is_bound = true;
  bound_.push_back(&node);
  return 0;
}

int Network::bind_for(SocketNode& node, const Site& target) {
  if (node.is_bound && !node.local.is_wildcard()) return 0;
  const auto& addresses = node.host().addresses;
  const auto fits = [&](const Ip& ip) {
    return Site{.ip = ip, .port = 0, .name = {}}.is_ipv4() == target.is_ipv4();
  };
  const auto found = std::ranges::find_if(addresses, fits);
  if (found == addresses.end()) return -ENETUNREACH;
  const Ip source = target.is_loopback() ? target.ip : *found;
  if (node.is_bound) {
    node.local.ip = source;
    return 0;
  }
  Site site{.ip = source, .port = 0, .name = {}};
  return bind(node, site);
}

int Network::choose_port(SocketNode& node, Site& site) {
  const std::uint64_t first = universe_.chance.below(kEphemeralPorts);
  for (std::uint64_t i = 0; i < kEphemeralPorts; ++i) {
    site.port = static_cast<std::uint16_t>(kFirstEphemeralPort + (first + i) % kEphemeralPorts);
    if (!is_taken(node, site)) return 0;
  }
  return -EADDRINUSE;
}

bool Network::is_taken(const SocketNode& node, const Site& site) const {
  return std::ranges::any_of(bound_, [&](const SocketNode* other) {
    if (other == &node) return false;
    if (&other->host() != &node.host() || other->type() != node.type()) return false;
    if ((other->family == AF_UNIX) != (node.family == AF_UNIX)) return false;
    if (node.family == AF_UNIX) return other->local.name == site.name;
    if (other->local.port != site.port || !do_overlap(node, site, *other)) return false;
    if (node.shares_port() && other->shares_port()) return false;
    return !(node.reuses_address() && other->reuses_address() && !other->is_listening());
  });
}

/// Returns one of the sockets at `target` that satisfy `is_meant`: one bound to that very address,
/// or otherwise one bound to the wildcard.
template <typename Filter>
SocketNode* Network::choose(const SimulatedHost& host, const Site& target, const Ip& source,
                            Filter is_meant) {
  std::vector<SocketNode*> exact;
  std::vector<SocketNode*> wide;
  for (SocketNode* node : bound_) {
    if (&node->host() != &host || !is_meant(*node)) continue;
    if (node->family == AF_UNIX) {
      if (is_named(*node, target)) exact.push_back(node);
      continue;
    }
    if (!target.name.empty() || node->local.port != target.port) continue;
    if (node->local.ip == target.ip) exact.push_back(node);
    const bool takes_family =
        target.is_ipv4() ? node->local.is_ipv4() || !node->is_v6_only() : !node->local.is_ipv4();
    if (node->local.is_wildcard() && takes_family) wide.push_back(node);
  }
  const auto& found = exact.empty() ? wide : exact;
  if (found.empty()) return nullptr;
  const auto connected = std::ranges::find_if(found, &SocketNode::has_peer);
  if (connected != found.end()) return *connected;
  const bool is_steered = std::ranges::any_of(found, &SocketNode::steers_by_source);
  return found[is_steered ? hash_of(source) % found.size() : universe_.chance.below(found.size())];
}

bool Network::is_bound_as_other(const SimulatedHost& host, const Site& target, int type) const {
  return std::ranges::any_of(bound_, [&](const SocketNode* node) {
    return &node->host() == &host && node->family == AF_UNIX && node->type() != type &&
           is_named(*node, target);
  });
}

StreamNode* Network::find_listener(const SimulatedHost& host, const Site& target) {
  return static_cast<StreamNode*>(choose(host, target, {}, [](const SocketNode& node) {
    return node.type() == SOCK_STREAM && node.is_listening();
  }));
}

DatagramNode* Network::find_receiver(const SimulatedHost& host, const Site& target,
                                     const Site& source) {
  return static_cast<DatagramNode*>(choose(host, target, source.ip, [&](const SocketNode& node) {
    return node.type() == SOCK_DGRAM &&
           (!node.has_peer || node.family == AF_UNIX || node.peer == source);
  }));
}

Duration Network::latency(const SimulatedHost& from, const SimulatedHost& to) {
  if (&from == &to) return std::chrono::microseconds(1 + universe_.chance.below(20));
  return universe_.chance.between(options_.latency_min, options_.latency_max);
}

Instant Network::arrival(SimulatedHost& from, SimulatedHost& to) {
  const Duration trip = latency(from, to);
  if (&from == &to) return universe_.now + trip;
  if (universe_.strikes(Fault::partition, from.name)) {
    part(from, to, universe_.now + universe_.chance.between(kPartitionMin, kPartitionMax));
  }
  Instant leaves = std::max(universe_.now, healed_at(from, to));
  if (universe_.strikes(Fault::delay, from.name)) {
    leaves += universe_.chance.between(Duration(0), kDelayMax);
  }
  return leaves + trip;
}

void Network::part(const SimulatedHost& one, const SimulatedHost& other, Instant heals) {
  std::erase_if(partitions_, [&](const Partition& each) { return each.heals <= universe_.now; });
  partitions_.push_back({&one, &other, heals});
}

bool Network::is_parted(const SimulatedHost& one, const SimulatedHost& other) const {
  return healed_at(one, other) > universe_.now;
}

Instant Network::healed_at(const SimulatedHost& one, const SimulatedHost& other) const {
  Instant heals = universe_.now;
  for (const Partition& each : partitions_) {
    const bool is_between =
        (each.one == &one && each.other == &other) || (each.one == &other && each.other == &one);
    if (is_between) heals = std::max(heals, each.heals);
  }
  return heals;
}

}  // namespace hotline::engine
