#pragma once

#include <array>
#include <cassert>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hotline {

/// A kernel socket address (IPv4, IPv6 or UNIX) as an opaque value: core and engine carry it, net
/// knows what it means. Two are equal if the kernel would take them for the same.
class SocketAddress {
 public:
  /// Holds a `sockaddr_un`, the longest of the kinds that are used here (110 bytes).
  static constexpr std::size_t kSizeMax = 112;

  SocketAddress() = default;

  /// Copies `size` bytes, at most kSizeMax.
  SocketAddress(const void* sockaddr, std::size_t size) : size_(static_cast<std::uint32_t>(size)) {
    assert(size <= kSizeMax);
    std::memcpy(bytes_.data(), sockaddr, size);
  }

  const void* data() const { return bytes_.data(); }
  void* data() { return bytes_.data(); }
  std::size_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }

  /// After a system call wrote through data(): how much of it counts.
  void set_size(std::size_t size) { size_ = static_cast<std::uint32_t>(size); }

  friend bool operator==(const SocketAddress& one, const SocketAddress& other) {
    return one.size_ == other.size_ &&
           std::memcmp(one.bytes_.data(), other.bytes_.data(), one.size_) == 0;
  }

 private:
  alignas(8) std::array<std::byte, kSizeMax> bytes_;
  std::uint32_t size_ = 0;
};

}  // namespace hotline
