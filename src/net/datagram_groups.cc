#include "net/datagram_groups.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>

#include "net/route_control.h"

namespace hotline::net {
namespace {

bool is_same_route(const DatagramRoute* one, const DatagramRoute* other) {
  if (one == other) return true;
  if (one == nullptr || other == nullptr || !(one->peer == other->peer)) return false;
  const std::size_t size = RouteControl::size(*one);
  return size == RouteControl::size(*other) &&
         std::memcmp(RouteControl::data(*one), RouteControl::data(*other), size) == 0;
}

/// Mixes what differs between peers: the port and the address, or the begin of a path.
std::size_t hash_of(const DatagramRoute* route) {
  if (route == nullptr) return 0;
  std::array<std::uint64_t, 3> words{};
  std::memcpy(words.data(), route->peer.data(), std::min(route->peer.size(), sizeof words));
  constexpr std::uint64_t kFactor = 0x9E37'79B9'7F4A'7C15;
  const std::uint64_t mixed = ((words[0] * kFactor ^ words[1]) * kFactor ^ words[2]) * kFactor;
  return static_cast<std::size_t>(mixed >> 32);
}

}  // namespace

DatagramGroups::DatagramGroups(std::size_t count_max)
    : next_(count_max), slots_(std::bit_ceil(2 * count_max)) {
  groups_.reserve(count_max);
  order_.reserve(count_max);
  ends_.reserve(count_max);
}

void DatagramGroups::arrange(std::span<const OutgoingDatagram> datagrams) {
  assert(datagrams.size() <= next_.size() && "more datagrams than DatagramGroups has room for");
  groups_.clear();
  std::ranges::fill(slots_, 0U);
  const auto count = static_cast<std::uint32_t>(datagrams.size());
  std::uint32_t group = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const bool is_next = i > 0 && is_same_route(datagrams[i].route, datagrams[i - 1].route);
    if (!is_next) group = group_of(datagrams, i);
    append(group, i);
  }
  order_.clear();
  ends_.clear();
  for (const Group& each : groups_) {
    for (std::uint32_t i = each.first;; i = next_[i]) {
      order_.push_back(&datagrams[i]);
      if (i == each.last) break;
    }
    ends_.push_back(order_.size());
  }
}

/// Returns the number of the group for the datagram, perhaps that of one that is to be made.
std::uint32_t DatagramGroups::group_of(std::span<const OutgoingDatagram> datagrams,
                                       std::uint32_t index) {
  const DatagramRoute* const route = datagrams[index].route;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_of(route) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const std::uint32_t group = slots_[slot] - 1;
    if (is_same_route(datagrams[groups_[group].first].route, route)) return group;
  }
  const auto fresh = static_cast<std::uint32_t>(groups_.size());
  slots_[slot] = fresh + 1;
  return fresh;
}

void DatagramGroups::append(std::uint32_t group, std::uint32_t index) {
  if (group == groups_.size()) {
    groups_.push_back({index, index});
    return;
  }
  next_[groups_[group].last] = index;
  groups_[group].last = index;
}

}  // namespace hotline::net
