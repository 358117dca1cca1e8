#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "hotline/net/datagram_socket.h"

namespace hotline::net {

/// Orders datagrams by where they go: those with the route of the first one, in their order, then
/// those with the next route. Reused from batch to batch, without an allocation.
class DatagramGroups {
 public:
  /// Orders at most `count_max` at a time.
  explicit DatagramGroups(std::size_t count_max);

  /// Orders `datagrams`, which must stay in place.
  void arrange(std::span<const OutgoingDatagram> datagrams);

  /// Returns the datagrams in their new order. Valid until the next arrange().
  std::span<const OutgoingDatagram* const> order() const { return order_; }

  /// Returns where each route's datagrams end in that order.
  std::span<const std::size_t> ends() const { return ends_; }

 private:
  /// The datagrams of one route: a list through `next_`.
  struct Group {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  std::uint32_t group_of(std::span<const OutgoingDatagram> datagrams, std::uint32_t index);
  void append(std::uint32_t group, std::uint32_t index);

  std::vector<Group> groups_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> slots_;  ///< A hash table: numbers of groups plus one, or 0.
  std::vector<const OutgoingDatagram*> order_;
  std::vector<std::size_t> ends_;
};

}  // namespace hotline::net
