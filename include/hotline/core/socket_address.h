#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hotline/core/public.h"

namespace hotline HOTLINE_PUBLIC {

/// A kernel socket address (IPv4, IPv6 or UNIX) as an opaque value. Rooms below net carry it; net
/// interprets it. Two addresses are equal if their bytes are equal.
class SocketAddress {
 public:
  /// The size of a `sockaddr_un`, the largest address that is used. For a UNIX path of 108 bytes
  /// the kernel reports 111 bytes but accepts at most this many, so that a size is never larger.
  static constexpr std::size_t kSizeMax = 110;

  SocketAddress() = default;

  /// Copies `size` bytes, at most kSizeMax.
  SocketAddress(const void* sockaddr, std::size_t size) {
    set_size(size);
    std::memcpy(bytes_.data(), sockaddr, size_);
  }

  const void* data() const { return bytes_.data(); }
  void* data() { return bytes_.data(); }
  std::size_t size() const { return size_; }
  bool is_empty() const { return size_ == 0; }

  /// Sets how many bytes are valid, at most kSizeMax. Call it after a system call has written to
  /// data(), which has room for kSizeMax bytes.
  void set_size(std::size_t size) {
    size_ = static_cast<std::uint32_t>(size < kSizeMax ? size : kSizeMax);
  }

  friend bool operator==(const SocketAddress& one, const SocketAddress& other) {
    return one.size_ == other.size_ &&
           std::memcmp(one.bytes_.data(), other.bytes_.data(), one.size_) == 0;
  }

 private:
  alignas(8) std::array<std::byte, kSizeMax> bytes_;
  std::uint32_t size_ = 0;
};

}  // namespace hotline
